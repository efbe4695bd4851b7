"""Cells of any type are truncated before they become Python strings."""

import numpy as np
import pyarrow as pa
import pytest

from sentiment.tables.cells import as_texts, longest_cell, truncate


@pytest.mark.parametrize(
    "column",
    [
        pa.array(["héllo world", None, ""]),
        pa.array(["héllo world", "x"], pa.large_string()),
        pa.array(["héllo world" * 9, None], pa.string_view()),
        pa.array([b"\xff\xfe caf\xc3\xa9", None]),
        pa.array([b"abc", None], pa.binary(3)),
        pa.array([1, None]),
        pa.array([[1] * 50, None]),
        pa.array([{"a": 1}]),
        pa.array(["x" * 20, None, "y"]).dictionary_encode(),
        pa.array([None, None]),
        pa.array([], pa.string()),
    ],
    ids=lambda column: str(column.type),
)
def test_a_cell_of_any_type_is_truncated_to_the_start_of_its_text(column):
    for cells in (column, pa.chunked_array([column, column.slice(1)], column.type)):
        assert truncate(cells, 7).to_pylist() == [text and text[:7] for text in as_texts(cells)]


def test_strings_that_are_not_utf_8_are_truncated_too():
    offsets = np.array([0, 4], np.int32).tobytes()
    column = pa.Array.from_buffers(pa.string(), 1, [None, pa.py_buffer(offsets), pa.py_buffer(b"\xff\xffab")])
    assert truncate(column, 6).to_pylist() == [r"\xff\x"]
    assert longest_cell(column) == 4
