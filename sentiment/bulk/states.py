"""Computes and stores the pooled states of the rows of a file that can be labelled; adaptation reads them.

They are stored with the scored parts, so they are removed when the file is scored again or deleted.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from sentiment.bulk.parts import Parts
from sentiment.bulk.results import Results, Rows
from sentiment.evaluation.states import pooled_states
from sentiment.model.classifier import Classifier

_STATES, _ROWS = "states.npy", "states_rows.npy"  # the second is written last, when the states are complete
_BLOCK = 2_048  # rows whose texts are in memory at a time


def write_states(classifier: Classifier, results: Results, rows: Rows) -> None:
    """Computes the states of some rows and stores them with the scored parts.

    Args:
        classifier: the model that scored the file.
        results: the scored rows.
        rows: row numbers, <int64>[rows], in any order.
    """
    folder = results.parts.folder
    (folder / _ROWS).unlink(missing_ok=True)
    shape = (len(rows), classifier.features)
    states = np.lib.format.open_memmap(folder / _STATES, "w+", np.float16, shape)
    in_file = np.argsort(rows)  # neighbours are in the same part
    for start in range(0, len(rows), _BLOCK):
        block = in_file[start : start + _BLOCK]
        texts = [text if isinstance(text, str) else "" for text in results.read_texts(rows[block])]
        distinct = list(dict.fromkeys(texts))
        places = {text: place for place, text in enumerate(distinct)}
        states[block] = pooled_states(classifier, distinct)[[places[text] for text in texts]]
    states.flush()
    temporary = folder / f"{_ROWS}.partial"
    with temporary.open("wb") as file:
        np.save(file, rows)
    temporary.replace(folder / _ROWS)


def read_states(parts: Parts, rows: Rows) -> npt.NDArray[np.float16] | None:
    """Returns the stored states of these rows, <float16>[rows, features], mapped from the file; None without any.

    States that were stored before more rows were scored are ignored.
    """
    try:
        if np.array_equal(np.load(parts.folder / _ROWS, allow_pickle=False), rows):
            states: npt.NDArray[np.float16] = np.load(parts.folder / _STATES, mmap_mode="r", allow_pickle=False)
            return states
    except (FileNotFoundError, ValueError, EOFError):
        pass
    return None


def states_stamp(parts: Parts) -> int:
    """Returns a number that changes when states are stored; 0 without any."""
    path = parts.folder / _ROWS
    return path.stat().st_mtime_ns if path.exists() else 0
