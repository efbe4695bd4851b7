"""Converts collections of texts to lists: pandas Series, NumPy arrays, pyarrow arrays and other iterables."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np


def list_texts(texts: Iterable[object]) -> list[object]:
    """Returns the elements of a list, Series or array, in order; an array of one column is that column.

    Raises:
        TypeError: ``texts`` is a single text, which would be read as a list of characters; or a table, of which
            iteration gives the names of the columns.
    """
    if isinstance(texts, str | bytes):
        raise TypeError("give a list of texts; for one text, [text]")
    held: Any = texts  # types of libraries that may not be installed
    if isinstance(texts, Mapping) or hasattr(texts, "columns"):
        raise TypeError('give one column of the table: table["text"]')
    if isinstance(texts, np.ndarray):
        if texts.ndim > 1 and texts.size != len(texts):
            raise TypeError(f"give one column of texts, not an array of the shape {texts.shape}")
        return texts.ravel().tolist()
    if hasattr(texts, "to_pylist"):  # pyarrow's Array and ChunkedArray, whose elements are not strings
        return list(held.to_pylist())
    return [text.as_py() if hasattr(text, "as_py") else text for text in texts]
