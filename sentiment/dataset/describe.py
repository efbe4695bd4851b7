"""Describes a data set before training, in a process of its own that leaves the server free for other visitors.

``python -m sentiment.dataset.describe INPUT OUTPUT_FOLDER`` writes ``dataset.json`` and ``word_counts.parquet``, as in
a run's folder. It counts all words of the data, whether or not a model knows them. For a table, ``dataset.json`` also
has ``interpretation``: how its columns and labels were understood.
"""

from __future__ import annotations

import argparse
import os
import sys
from collections import Counter
from collections.abc import Iterable
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from sentiment import dataset
from sentiment.artifacts import write_json
from sentiment.dataset import Dataset, DatasetError
from sentiment.dataset.summary import summarise, word_counts
from sentiment.system import limit_memory
from sentiment.tables.command_line import add_reading_options, reading
from sentiment.tables.errors import FileError
from sentiment.text.reading import LATEST, READINGS
from sentiment.text.vocabulary import Vocabulary

FACTS, COUNTS = "dataset.json", "word_counts.parquet"

_MAX_WORDS = 100_000  # words counted
_NICENESS = 10  # gives the server's own work priority


def describe(data: Dataset, max_length: int) -> tuple[dict[str, Any], pd.DataFrame]:
    """Returns the content of ``dataset.json`` and of ``word_counts.parquet``.

    Args:
        data: the reviews, at least one in each part.
        max_length: the number of tokens that a model would read of a review.
    """
    read = {name: _tokens(part["text"]) for name, part in (("train", data.train), ("validation", data.validation))}
    frequencies = Counter(token for tokens in read["train"] for token in tokens)
    vocabulary = Vocabulary.from_counts(frequencies, max_size=_MAX_WORDS, min_count=1)
    ids: list[npt.NDArray[np.int32]] = [
        np.array([vocabulary.id(token) for token in tokens], np.int32) for tokens in read["train"]
    ]
    counts = word_counts(ids, data.train["label"].to_numpy(np.int8), vocabulary)
    lengths = {name: [len(tokens) for tokens in reviews] for name, reviews in read.items()}
    facts = summarise(data, lengths, counts, max_length)
    if data.interpretation is not None:
        facts["interpretation"] = asdict(data.interpretation)
    return facts, counts


def _tokens(texts: Iterable[str]) -> list[list[str]]:
    """Returns the normal forms of each text's tokens."""
    return list(map(READINGS[LATEST].words, texts))


def main() -> int:
    """Runs the command line; returns the exit status."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("input", type=Path, help="labelled reviews, in any format that train.py reads")
    parser.add_argument("output", type=Path, help="an existing folder")
    parser.add_argument("--max-length", type=int, default=1_000, help="tokens that a model would read of a review")
    parser.add_argument("--memory", type=float, default=0.0, help="gigabytes that this may take; 0 for any")
    add_reading_options(parser)
    options = parser.parse_args()
    os.nice(_NICENESS)
    limit_memory(options.memory)
    try:
        data = dataset.load(options.input, reading(options))
        facts, counts = describe(data, options.max_length)
        write_json(options.output / FACTS, facts)
        counts.to_parquet(options.output / COUNTS, index=False)
    except (DatasetError, FileError) as error:
        print(error, file=sys.stderr)
        return 2
    except MemoryError:
        limit_memory(0)  # so that printing the message cannot fail
        print(f"{options.input.name} needs more memory than the server allows; use a part of it.", file=sys.stderr)
        return 2
    except OSError as error:
        print(f"{options.input.name} cannot be described: {error.strerror or 'the disk failed'}.", file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
