"""From parts to one file in the form asked for: every row, column and value of the input, then ours."""

from __future__ import annotations

import codecs
import csv
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from pathlib import Path
from typing import Any

import openpyxl
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from openpyxl.cell import WriteOnlyCell

from sentiment.bulk.cells import as_json, as_texts, as_values
from sentiment.bulk.errors import BulkError
from sentiment.bulk.parts import Parts
from sentiment.bulk.readers.base import Source
from sentiment.bulk.readers.open import Survey
from sentiment.bulk.scoring import NATIVE, PROBLEM, VERDICT, WORDS
from sentiment.bulk.spreadsheets import (
    XLSX_CHARACTERS,
    XLSX_COLUMNS,
    XLSX_ROWS,
    escape_formula,
    from_letter,
    worksheet_text,
    worksheet_value,
)

_TYPES = {"string": pa.string(), "integer": pa.int64(), "number": pa.float64(), "boolean": pa.bool_()}
_ROW_GROUP = 65_536


class Layout:
    """The columns of an output.

    Attributes:
        names: what they are called: the input's as they stand, then ours, all of them with the prefix
            ``predicted_`` where one is taken.
        source: the input.
        kinds: of the input's columns, as ``Source`` has them; a row that could not be taken apart makes a string of the
            scored one, in which it stands whole.
        ours: the names that the parts have for ours.
    """

    def __init__(self, source: Source, text: int, *, explain: bool, problems: bool) -> None:
        self.source = source
        self.kinds = ["string" if problems and i == text else kind for i, kind in enumerate(source.kinds)]
        fields = [*VERDICT, *(WORDS if explain else []), *([PROBLEM] if problems else [])]
        self.ours = [field.name for field in fields]
        self.types = [field.type for field in fields]
        self.prefix = prefix(self.ours, source.columns)
        self.names = [*source.columns, *(self.prefix + name for name in self.ours)]

    def input_columns(self, part: pa.Table) -> list[pa.ChunkedArray]:
        """The input's columns of a part."""
        return [part[f"c{i}"] for i in range(len(self.source.columns))]

    def our_columns(self, part: pa.Table) -> list[pa.ChunkedArray]:
        """Our columns of a part."""
        return [part[name] for name in self.ours]


def prefix(ours: Sequence[str], theirs: Sequence[str]) -> str:
    """What stands before all of our names of columns where one of them is taken, nothing where none is."""
    found = ""
    while any(found + name in theirs for name in ours):
        found += "predicted_"
    return found


def check_limits(form: str, survey: Survey, width: int) -> None:
    """Refuses before the work starts what the output's form cannot hold.

    Args:
        form: the output's.
        survey: of the input.
        width: columns of the output.

    Raises:
        BulkError: the table is too long, too wide, or has too long a cell.
    """
    if form != "xlsx":
        return
    if survey.rows + 1 > XLSX_ROWS:
        raise BulkError(f"A worksheet holds {XLSX_ROWS:,} rows; this table has {survey.rows:,} and a header.")
    if width > XLSX_COLUMNS:
        raise BulkError(f"A worksheet holds {XLSX_COLUMNS:,} columns; this table would have {width:,}.")
    if survey.longest > XLSX_CHARACTERS:
        where = f"one of {survey.longest:,} stands in line {survey.longest_line:,}"
        raise BulkError(f"A cell of a worksheet holds {XLSX_CHARACTERS:,} characters; {where}.")


def write_output(
    parts: Parts, layout: Layout, output: Path, form: str, *, raw: bool = False, bom: bool = False
) -> None:
    """Writes the output; it appears under its name only when complete.

    Args:
        parts: what was scored.
        layout: the output's columns.
        output: the file.
        form: its form.
        raw: leave cells as they are that a spreadsheet would run.
        bom: begin CSV and TSV with a byte order mark, by which Excel knows UTF-8.
    """
    write: dict[str, Callable[[Path], None]] = {
        "csv": lambda path: _write_delimited(parts, layout, path, ",", raw, bom),
        "tsv": lambda path: _write_delimited(parts, layout, path, "\t", raw, bom),
        "jsonl": lambda path: _write_json_lines(parts, layout, path),
        "parquet": lambda path: _write_parquet(parts, layout, path),
        "xlsx": lambda path: _write_workbook(parts, layout, path, raw),
    }
    temporary = parts.folder / f"output.{form}"
    try:
        write[form](temporary)
        temporary.replace(output)
    except BaseException:
        temporary.unlink(missing_ok=True)  # room for a resumed run, where it was the disk that was full
        raise


def unique(names: Sequence[str]) -> list[str]:
    """The names, each different: an empty one is called by its place, one that repeats gets a number."""
    taken = set(names)
    used: dict[str, int] = {}  # in order, each with the last number that was given to its repeats
    for place, name in enumerate(names, 1):
        wanted = free = name or f"column_{place}"
        number = used.get(wanted, 1)
        while free in used or (free != name and free in taken):
            number += 1
            free = f"{wanted}_{number}"
        if wanted in used:
            used[wanted] = number
        used[free] = 1
    return list(used)


def _write_delimited(parts: Parts, layout: Layout, path: Path, delimiter: str, raw: bool, bom: bool) -> None:
    """Lines end as RFC 4180 has them, in CR LF; only so does ``csv`` quote a cell that holds a lone CR."""
    with path.open("w", encoding="utf-8", newline="") as file:
        if bom:
            file.write(codecs.BOM_UTF8.decode())
        writer = csv.writer(file, delimiter=delimiter)
        writer.writerow(layout.names if raw else map(escape_formula, layout.names))
        for part in parts.tables():
            theirs = [[cell or "" for cell in as_texts(column)] for column in layout.input_columns(part)]
            if not raw:
                theirs = [[escape_formula(cell) for cell in cells] for cells in theirs]
            ours = [_escaped(column, raw=raw) for column in layout.our_columns(part)]
            writer.writerows(zip(*theirs, *ours, strict=True))


def _escaped(column: pa.ChunkedArray, *, raw: bool) -> list[Any]:
    """Values of a column of ours; the strongest words are a visitor's, and may begin with ``=``."""
    values = column.to_pylist()
    return values if raw else [escape_formula(value) if isinstance(value, str) else value for value in values]


def _write_json_lines(parts: Parts, layout: Layout, path: Path) -> None:
    """A line that was a JSON object stays as it was written, with ours added at its end."""
    width = len(layout.source.columns)
    names = unique(layout.names)
    with path.open("w", encoding="utf-8", newline="\n") as file:
        for part in parts.tables():
            columns = [as_values(column) for column in _typed(part, layout)]
            rows = zip(*columns, strict=True)
            for row, native in zip(rows, _natives(part, "jsonl", layout), strict=True):
                ours = dict(zip(names[width:], row[width:], strict=True))
                if native:
                    body = native[1:-1].strip()
                    file.write("{" + body + (", " if body else "") + as_json(ours)[1:] + "\n")
                else:
                    theirs = dict(zip(names[:width], row[:width], strict=True))
                    file.write(as_json(theirs | ours) + "\n")


def _write_parquet(parts: Parts, layout: Layout, path: Path) -> None:
    names = unique(layout.names)
    source = layout.source
    types = source.schema.types if source.schema else [_TYPES[kind] for kind in layout.kinds]
    metadata = source.schema.metadata if source.schema else None
    fields = [pa.field(name, type) for name, type in zip(names, [*types, *layout.types], strict=True)]
    schema = pa.schema(fields, metadata)
    with pq.ParquetWriter(path, schema, compression="zstd") as writer:
        for tables in _grouped(parts.tables()):
            columns = [pa.table(_typed(part, layout), schema=schema) for part in tables]
            writer.write_table(pa.concat_tables(columns), row_group_size=_ROW_GROUP)


def _write_workbook(parts: Parts, layout: Layout, path: Path, raw: bool) -> None:
    book = openpyxl.Workbook(write_only=True)
    sheet = book.create_sheet("reviews")

    def cell(value: Any) -> Any:
        if not isinstance(value, str):
            return value
        text = WriteOnlyCell(sheet, worksheet_text(value, raw=raw))
        text.data_type = "s"  # never a formula, whatever it begins with
        return text

    width = len(layout.source.columns)
    with closing(sheet):  # or it complains later, where a cell is refused
        sheet.append([cell(name) for name in layout.names])
        for part in parts.tables():
            columns = [as_values(column) for column in _typed(part, layout)]
            rows = zip(*columns, strict=True)
            for row, native in zip(rows, _natives(part, "xlsx", layout), strict=True):
                theirs = map(from_letter, row[:width], native.ljust(width, "s")) if native else row[:width]
                sheet.append([cell(worksheet_value(value)) for value in (*theirs, *row[width:])])
    book.save(path)


def _typed(part: pa.Table, layout: Layout) -> list[pa.ChunkedArray]:
    """The input's columns as what they are, where that is known, and ours."""
    theirs = layout.input_columns(part)
    if layout.source.schema is None:
        theirs = [
            column if kind == "string" else pc.cast(column, _TYPES[kind])
            for column, kind in zip(theirs, layout.kinds, strict=True)
        ]
    return [*theirs, *layout.our_columns(part)]


def _natives(part: pa.Table, form: str, layout: Layout) -> list[str]:
    if layout.source.form == form and NATIVE.name in part.column_names:
        return part[NATIVE.name].to_pylist()
    return [""] * part.num_rows


def _grouped(tables: Iterator[pa.Table]) -> Iterator[list[pa.Table]]:
    """Parts enough for a row group of good size."""
    group: list[pa.Table] = []
    for table in tables:
        group.append(table)
        if sum(t.num_rows for t in group) >= _ROW_GROUP or sum(t.nbytes for t in group) > 1 << 26:
            yield group
            group = []
    if group:
        yield group
