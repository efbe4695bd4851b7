"""Files of reviews, of any size: read in chunks, scored, written out again, and nothing lost on the way.

::

    file -> decoding -> reading -> Chunks -> scoring -> Parts -> writing -> file
                                    ^ columns says which of them holds the text

A chunk becomes one part, a small Parquet file, as soon as it is scored; that is what a run resumes from, and what the
app's table reads. ``jobs`` runs the same code in a child process, one folder a job.
"""
