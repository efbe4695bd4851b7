"""Labelled reviews for training: read from the IMDB formats or any table, cleaned and split.

A data set is loaded in these steps::

    path -> readers (stanford, tables) -> RawData -> the official split, recovered if lost, or a seeded one
         -> repeats and leaks removed -> validation held out -> Dataset

Most users have the 50,000 reviews of Maas et al. 2011, "Learning Word Vectors for Sentiment Analysis", in one of three
formats. All formats give the same texts, labels and split.
"""

from __future__ import annotations

from sentiment.dataset.fingerprints import fingerprint, read_fingerprints
from sentiment.dataset.loading import load
from sentiment.dataset.records import Dataset, DatasetError, Removed, Source
from sentiment.dataset.wording import summary_lines

__all__ = ["Dataset", "DatasetError", "Removed", "Source", "fingerprint", "load", "read_fingerprints", "summary_lines"]
