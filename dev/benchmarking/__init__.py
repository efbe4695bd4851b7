"""Benchmarks of speed and memory against other libraries.

A figure is measured in these steps::

    table.BENCHMARKS -> its sides, each a function that measures once (one_review, files, arithmetic, processes, growth)
                     -> measuring.alternate: ours, theirs, ours, theirs ... -> medians and ratios -> page

Ratios only compare measurements made in turn on the same machine. Other libraries run in processes of their own
(``peers``), which time themselves. If one is not installed, the table says so.
"""
