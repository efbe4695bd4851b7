"""Pooled states of the rows of a file that can be labelled, computed once, from which the model is adapted to them.

They are stored beside the scored parts, so they go when the file is scored again or deleted.
"""

from __future__ import annotations

from zipfile import BadZipFile

import numpy as np
import numpy.typing as npt

from sentiment.bulk.parts import Parts
from sentiment.bulk.results import Results, Rows
from sentiment.evaluation.states import pooled_states
from sentiment.model.classifier import Classifier

_FILE = "states.npz"
_BLOCK = 2_048  # rows whose texts are in memory at a time


def write_states(classifier: Classifier, results: Results, rows: Rows) -> None:
    """Computes the states of some rows and stores them with the scored parts.

    Args:
        classifier: the model that scored the file.
        results: the scored rows.
        rows: their numbers, which may be in any order.
    """
    states = np.zeros((len(rows), classifier.features), np.float16)
    in_file = np.argsort(rows)  # neighbours are in the same part
    for start in range(0, len(rows), _BLOCK):
        block = in_file[start : start + _BLOCK]
        texts = [text if isinstance(text, str) else "" for text in results.read_texts(rows[block])]
        distinct = list(dict.fromkeys(texts))
        places = {text: place for place, text in enumerate(distinct)}
        states[block] = pooled_states(classifier, distinct)[[places[text] for text in texts]]
    path = results.parts.folder / _FILE
    temporary = path.with_suffix(".partial")
    with temporary.open("wb") as file:
        np.savez(file, rows=rows, states=states)
    temporary.replace(path)


def read_states(parts: Parts, rows: Rows) -> npt.NDArray[np.float16] | None:
    """Returns the stored states of these rows, <float16>[rows, features]; None if there are none yet.

    States that were stored before more rows were scored count as none.
    """
    try:
        with np.load(parts.folder / _FILE, allow_pickle=False) as content:
            states: npt.NDArray[np.float16] = content["states"]
            return states if np.array_equal(content["rows"], rows) else None
    except (FileNotFoundError, BadZipFile, ValueError, KeyError):
        return None


def states_stamp(parts: Parts) -> int:
    """Returns a number that changes when states are stored; 0 without any."""
    path = parts.folder / _FILE
    return path.stat().st_mtime_ns if path.exists() else 0
