"""Small files that are made to take much time or memory, for a hostile visitor to upload."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Iterator

import numpy as np
import openpyxl
import pyarrow as pa
import pyarrow.parquet as pq

_SHEET = "xl/worksheets/sheet1.xml"
_ROW = '<row r="{0}"><c r="A{0}" t="inlineStr"><is><t>{1}</t></is></c></row>'


def hostile_files() -> Iterator[tuple[str, bytes]]:
    """Yields names and contents, each below a megabyte."""
    yield "quotes.csv", b"review,id\n" + b'x","\n' * 100_000
    yield "wide.csv", ",".join(["review"] * 100_000).encode() + b"\n" + b"good\n" * 100
    yield "dictionary.parquet", _dictionary("x" * 4_000_000, 3_000)
    yield "gap.xlsx", _workbook(_ROW.format(1, "review") + _ROW.format(1_000_000, "good"))
    yield "packed.csv.zst", pa.compress(b"review\n" + b"x" * 300_000_000, "zstd", asbytes=True)


def long_cells(rows: int = 4, characters: int = 4_000_000) -> bytes:
    """Returns a CSV file of a few rows whose only cell is very long."""
    words = b"not good "
    return b"review\n" + (words * (characters // len(words)) + b"\n") * rows


def _dictionary(text: str, rows: int) -> bytes:
    """Returns a Parquet file whose rows all have one text, which is stored once."""
    column = pa.DictionaryArray.from_arrays(pa.array(np.zeros(rows, "int32")), pa.array([text]))
    file = io.BytesIO()
    pq.write_table(pa.table({"review": column}), file, compression="zstd", dictionary_pagesize_limit=1 << 30)
    return file.getvalue()


def _workbook(rows: str) -> bytes:
    """Returns a workbook whose only sheet has these rows of XML."""
    empty, file = io.BytesIO(), io.BytesIO()
    openpyxl.Workbook().save(empty)
    sheet = f'<worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><sheetData>{rows}'
    with zipfile.ZipFile(empty) as old, zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as new:
        for name in old.namelist():
            new.writestr(name, f"{sheet}</sheetData></worksheet>" if name == _SHEET else old.read(name))
    return file.getvalue()
