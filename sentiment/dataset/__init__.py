"""Labelled reviews from the files people have, split, cleaned and ready to train on.

The way of one data set::

    path -> readers (stanford, tables) -> RawData -> the official split, recovered where lost, or a seeded one
         -> repeats and leaks removed -> validation held out -> Dataset

The reviews people use are nearly always the 50,000 of Maas et al. 2011, "Learning Word Vectors for Sentiment
Analysis", in one of three forms; each gives the same texts, labels and split here.
"""

from __future__ import annotations

from sentiment.dataset.fingerprints import fingerprint, read_fingerprints
from sentiment.dataset.loading import load
from sentiment.dataset.records import Dataset, DatasetError, Removed, Source

__all__ = ["Dataset", "DatasetError", "Removed", "Source", "fingerprint", "load", "read_fingerprints"]
