"""Pooled states of reviews, which are the input of the last layer.

Training stores those of the validation reviews with the run, so that the search for similar reviews and adaptation do
not need their texts. A row has the features of ``Classifier.states`` in float16; a text without tokens has zeros.
"""

from __future__ import annotations

import io
import math
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pandas as pd

from sentiment.artifacts import ArtifactError, Run
from sentiment.model.classifier import Classifier

PART = "validation_states.npy"

_FLOAT16 = np.dtype("<f2")


def pooled_states(classifier: Classifier, texts: Sequence[str]) -> npt.NDArray[np.float32]:
    """Returns the pooled states of each text, <float32>[texts, features]."""
    encoded = [classifier.preprocessor.ids(text)[0] for text in texts]
    filled = [row for row, ids in enumerate(encoded) if len(ids)]
    found = classifier.states([encoded[row] for row in filled])
    states = np.zeros((len(texts), found.shape[1]), np.float32)
    states[filled] = found
    return states


def write_validation_states(classifier: Classifier, texts: Sequence[str]) -> None:
    """Writes the states of the validation reviews into the run's folder, in the order of its predictions."""
    save_states(classifier.run / PART, pooled_states(classifier, texts))


def save_states(path: Path, states: npt.NDArray[np.float32]) -> None:
    """Writes states, <float32>[reviews, features], as float16."""
    np.save(path, states.astype(_FLOAT16), allow_pickle=False)


def read_validation_states(run: Run, features: int) -> npt.NDArray[np.float16] | None:
    """Returns the stored states, <float16>[validation reviews, features], mapped from the file; None if there are none.

    Args:
        run: the run.
        features: number of pooled states of a review: ``Classifier.features``.

    Raises:
        ArtifactError: the file is damaged, or its rows are not those of the validation reviews in
            ``predictions.parquet``.
    """
    if not run.has(PART):
        return None
    shape, path = (_validation_reviews(run), features), run.file(PART)
    header = _header(shape)
    with path.open("rb") as file:
        has_header = file.read(len(header)) == header
    if not has_header or path.stat().st_size != len(header) + _FLOAT16.itemsize * math.prod(shape):
        raise ArtifactError(f"Model {run.name} is corrupted: {PART} is not an array {shape} of float16.")
    if not math.prod(shape):
        return np.empty(shape, _FLOAT16)  # no bytes to map
    states = np.memmap(path, _FLOAT16, "r", len(header), shape)
    if not np.isfinite(states).all():
        raise ArtifactError(f"Model {run.name} is corrupted: {PART} has numbers that are not finite.")
    return states


def _header(shape: tuple[int, int]) -> bytes:
    """Returns the only valid header of a file of this shape, so that no untrusted header is parsed."""
    content = io.BytesIO()
    np.lib.format.write_array_header_1_0(content, {"descr": "<f2", "fortran_order": False, "shape": shape})
    return content.getvalue()


def _validation_reviews(run: Run) -> int:
    """Returns the number of validation reviews among the run's predictions."""
    path: Path = run.file("predictions.parquet")
    try:
        splits = pd.read_parquet(path, columns=["split"])["split"]
    except (ValueError, OSError, KeyError) as error:
        raise ArtifactError(f"Model {run.name} is corrupted: predictions.parquet cannot be read.") from error
    return int((splits == "validation").sum())
