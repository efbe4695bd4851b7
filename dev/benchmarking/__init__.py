"""The speed and the memory of this program beside those of other ways to the same result.

The way of one figure::

    table.BENCHMARKS -> its sides, each a function that measures once (one_review, files, arithmetic, processes, growth)
                     -> measuring.alternate: ours, theirs, ours, theirs ... -> medians and ratios -> page

Only what was measured in the same minutes on the same machine is ever divided. Other libraries run in processes of
their own (``peers``), which time themselves; one that is not installed is named in place of its figures.
"""
