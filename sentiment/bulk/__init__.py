"""Scores files of reviews, of any size: reads them in chunks, scores the rows and writes every row out again.

::

    file -> readers -> chunks -> scoring -> parts -> writing -> file

A chunk becomes one part, a small Parquet file, as soon as it is scored. An interrupted run resumes from its parts, and
the app reads them through ``results``. ``jobs`` runs the same code in a worker process, with a folder for each job.
"""
