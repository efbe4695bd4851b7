"""Encodings of bulk files: UTF-16 without a byte order mark is detected by its NULs; other bytes are escaped."""

from __future__ import annotations

from pathlib import Path

import pyarrow as pa
import pytest

from sentiment.tables.cells import as_texts, as_values
from sentiment.tables.decoding import detect_encoding

GREEK = "ταινία"


def detected(tmp_path: Path, content: bytes) -> str:
    """The encoding that is detected in a file."""
    (tmp_path / "in.csv").write_bytes(content)
    return detect_encoding(tmp_path / "in.csv", "").name


@pytest.mark.parametrize("order", ["le", "be"])
@pytest.mark.parametrize("text", ["a good film\n", f"a good film {GREEK}\n", "a good film, well worth a look\0\n"])
def test_utf_16_is_detected_even_with_greek_letters_or_nuls(text, order, tmp_path):
    assert detected(tmp_path, (text * 40).encode(f"utf-16-{order}")) == f"utf-16-{order}"


@pytest.mark.parametrize(
    "piece",
    [b"good\0", b"ab\0", b"x\0yzzz", b"\0xyzzz", b"x\0" + b"good", b"ab\0\0", b"x\0" * 8 + b"\0x" * 2],
    ids=ascii,
)
def test_text_with_nuls_in_other_patterns_is_not_utf_16(piece, tmp_path):
    assert detected(tmp_path, piece * 120) == "utf-8"


STRINGS = pa.Array.from_buffers(pa.string(), 2, pa.array([b"ok", b"\xe1"], pa.binary()).buffers())
LISTS = pa.ListArray.from_arrays(pa.array([0, 1, 2], pa.int32()), STRINGS)


@pytest.mark.parametrize(
    "column",
    [
        LISTS,
        pa.chunked_array([LISTS]),
        LISTS.cast(pa.large_list(pa.string())),
        pa.FixedSizeListArray.from_arrays(STRINGS, 1),
        pa.StructArray.from_arrays([STRINGS, LISTS], ["a", "b"]),
        pa.MapArray.from_arrays(pa.array([0, 1, 2], pa.int32()), pa.array(["k", "m"]), STRINGS),
    ],
    ids=lambda column: str(column.type),
)
def test_bytes_that_are_not_utf_8_deep_in_a_parquet_column_are_escaped(column):
    for convert in (as_texts, as_values):
        whole, damaged = convert(column)
        assert "ok" in str(whole)
        assert r"\\xe1" in damaged
