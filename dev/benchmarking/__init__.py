"""Benchmarks of speed and memory against other libraries.

A figure is measured in these steps::

    rows     each row has sides, functions that measure once: one_review, files, arithmetic, epoch, processes, growth
    results  measures the sides in turn (measuring.alternate): ours, theirs, ours, theirs ...; medians and ratios
    page     renders the results as tables, and chart as a picture

Ratios only compare measurements made in turn on the same machine. Other libraries run in processes of their own
(``peers``), which time themselves. If one is not installed, the table says so.
"""
