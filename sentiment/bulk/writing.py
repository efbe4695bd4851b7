"""Writes the parts to one file: every row, column and value of the input, then the added columns."""

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

from sentiment.bulk.parts import Parts
from sentiment.bulk.scoring import NATIVE, PROBLEM, VERDICT, WORDS
from sentiment.tables.base import Source
from sentiment.tables.cells import as_json, as_texts, as_values
from sentiment.tables.errors import FileError
from sentiment.tables.open import Survey
from sentiment.tables.spreadsheets import (
    XLSX_CHARACTERS,
    XLSX_COLUMNS,
    XLSX_ROWS,
    escape_formula,
    parse_native_cell,
    worksheet_text,
    worksheet_value,
)

_TYPES = {"string": pa.string(), "integer": pa.int64(), "number": pa.float64(), "boolean": pa.bool_()}
_ROW_GROUP = 65_536


class Layout:
    """The columns of an output.

    Args:
        source: the input.
        text: the position of the scored column.
        explain: whether the output has the strongest words.
        problems: whether the output has problems of rows.

    Attributes:
        names: the input's names, unchanged, then those of the added columns. If one of these is taken, in any case,
            all of them get the prefix ``predicted_``.
        source: the input.
        kinds: the types of the input's columns, as in ``Source``. The scored column becomes a string if rows could not
            be parsed, because it then contains those rows whole.
        added: the names of the added columns in the parts.
        types: the Arrow types of the added columns.
        prefix: the prefix of the added columns' names.
    """

    def __init__(self, source: Source, text: int, *, explain: bool, problems: bool) -> None:
        self.source = source
        self.kinds = ["string" if problems and i == text else kind for i, kind in enumerate(source.kinds)]
        fields = [*VERDICT, *(WORDS if explain else []), *([PROBLEM] if problems else [])]
        self.added = [field.name for field in fields]
        self.types = [field.type for field in fields]
        self.prefix = prefix(self.added, source.columns)
        self.names = [*source.columns, *(self.prefix + name for name in self.added)]

    def input_columns(self, part: pa.Table) -> list[pa.ChunkedArray]:
        """Returns the input's columns of a part."""
        return [part[f"c{i}"] for i in range(len(self.source.columns))]

    def added_columns(self, part: pa.Table) -> list[pa.ChunkedArray]:
        """Returns the added columns of a part."""
        return [part[name] for name in self.added]


def prefix(added: Sequence[str], taken: Sequence[str]) -> str:
    """Returns the prefix for the added columns; empty unless one of their names is taken, in any case."""
    lowered = {name.lower() for name in taken}  # spreadsheets and databases do not distinguish "Status" from "status"
    found = ""
    while any(found + name in lowered for name in added):
        found += "predicted_"
    return found


def check_limits(format: str, survey: Survey, width: int) -> None:
    """Checks, before any row is scored, that the output's format can hold the table.

    Args:
        format: the output's format.
        survey: of the input.
        width: the number of columns of the output.

    Raises:
        FileError: the table has too many rows or columns, or a cell that is too long.
    """
    if format != "xlsx":
        return
    if survey.rows + 1 > XLSX_ROWS:
        raise FileError(f"A worksheet holds {XLSX_ROWS:,} rows; this table has {survey.rows:,} and a header.")
    if width > XLSX_COLUMNS:
        raise FileError(f"A worksheet holds {XLSX_COLUMNS:,} columns; this table would have {width:,}.")
    if survey.longest > XLSX_CHARACTERS:
        where = f"one of {survey.longest:,} is in line {survey.longest_line:,}"
        raise FileError(f"A cell of a worksheet holds {XLSX_CHARACTERS:,} characters; {where}.")


def write_output(
    parts: Parts, layout: Layout, output: Path, format: str, *, raw: bool = False, bom: bool = False
) -> None:
    """Writes the output; it appears under its name only when it is complete.

    Args:
        parts: the scored parts.
        layout: the output's columns.
        output: the file.
        format: its format.
        raw: do not escape cells that a spreadsheet would run as formulas.
        bom: begin CSV and TSV with a byte order mark, so that Excel detects UTF-8.
    """
    write: dict[str, Callable[[Path], None]] = {
        "csv": lambda path: _write_delimited(parts, layout, path, ",", raw, bom),
        "tsv": lambda path: _write_delimited(parts, layout, path, "\t", raw, bom),
        "jsonl": lambda path: _write_json_lines(parts, layout, path),
        "parquet": lambda path: _write_parquet(parts, layout, path),
        "xlsx": lambda path: _write_workbook(parts, layout, path, raw),
    }
    temporary = parts.folder / f"output.{format}"
    try:
        write[format](temporary)
        temporary.replace(output)
    except BaseException:
        temporary.unlink(missing_ok=True)  # frees room for a resumed run, in case the disk was full
        raise


def unique_names(names: Sequence[str]) -> list[str]:
    """Makes names distinct: an empty one becomes its position, a repeated one gets a number."""
    taken = set(names)
    used: dict[str, int] = {}  # in order, each with the last number given to a repeat
    for position, name in enumerate(names, 1):
        wanted = free = name or f"column_{position}"
        number = used.get(wanted, 1)
        while free in used or (free != name and free in taken):
            number += 1
            free = f"{wanted}_{number}"
        if wanted in used:
            used[wanted] = number
        used[free] = 1
    return list(used)


def _write_delimited(parts: Parts, layout: Layout, path: Path, delimiter: str, raw: bool, bom: bool) -> None:
    """Writes lines that end in CR LF (RFC 4180); only then does ``csv`` quote a cell with a lone CR."""
    with path.open("w", encoding="utf-8", newline="") as file:
        if bom:
            file.write(codecs.BOM_UTF8.decode())
        writer = csv.writer(file, delimiter=delimiter)
        writer.writerow(layout.names if raw else map(escape_formula, layout.names))
        for part in parts.tables():
            original = [[cell or "" for cell in as_texts(column)] for column in layout.input_columns(part)]
            if not raw:
                original = [[escape_formula(cell) for cell in cells] for cells in original]
            added = [_escaped(column, raw=raw) for column in layout.added_columns(part)]
            writer.writerows(zip(*original, *added, strict=True))


def _escaped(column: pa.ChunkedArray, *, raw: bool) -> list[Any]:
    """Returns the values of an added column; the strongest words come from the input, and may begin with ``=``."""
    values = column.to_pylist()
    return values if raw else [escape_formula(value) if isinstance(value, str) else value for value in values]


def _write_json_lines(parts: Parts, layout: Layout, path: Path) -> None:
    """Writes each JSON object as in the input, with the added values at its end."""
    width = len(layout.source.columns)
    names = unique_names(layout.names)
    with path.open("w", encoding="utf-8", newline="\n") as file:
        for part in parts.tables():
            columns = [as_values(column) for column in _typed(part, layout)]
            rows = zip(*columns, strict=True)
            for row, native in zip(rows, _natives(part, "jsonl", layout), strict=True):
                added = dict(zip(names[width:], row[width:], strict=True))
                if native:
                    body = native[1:-1].strip()
                    file.write("{" + body + (", " if body else "") + as_json(added)[1:] + "\n")
                else:
                    original = dict(zip(names[:width], row[:width], strict=True))
                    file.write(as_json(original | added) + "\n")


def _write_parquet(parts: Parts, layout: Layout, path: Path) -> None:
    names = unique_names(layout.names)
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
    with closing(sheet):  # otherwise openpyxl warns after a cell was refused
        sheet.append([cell(name) for name in layout.names])
        for part in parts.tables():
            columns = [as_values(column) for column in _typed(part, layout)]
            rows = zip(*columns, strict=True)
            for row, native in zip(rows, _natives(part, "xlsx", layout), strict=True):
                original = map(parse_native_cell, row[:width], native.ljust(width, "s")) if native else row[:width]
                sheet.append([cell(worksheet_value(value)) for value in (*original, *row[width:])])
    book.save(path)


def _typed(part: pa.Table, layout: Layout) -> list[pa.ChunkedArray]:
    """Returns the input's columns, in their own types where known, and the added columns."""
    original = layout.input_columns(part)
    if layout.source.schema is None:
        original = [
            column if kind == "string" else pc.cast(column, _TYPES[kind])
            for column, kind in zip(original, layout.kinds, strict=True)
        ]
    return [*original, *layout.added_columns(part)]


def _natives(part: pa.Table, format: str, layout: Layout) -> list[str]:
    if layout.source.format == format and NATIVE.name in part.column_names:
        return part[NATIVE.name].to_pylist()
    return [""] * part.num_rows


def _grouped(tables: Iterator[pa.Table]) -> Iterator[list[pa.Table]]:
    """Groups parts until they fill a row group."""
    group: list[pa.Table] = []
    for table in tables:
        group.append(table)
        if sum(t.num_rows for t in group) >= _ROW_GROUP or sum(t.nbytes for t in group) > 1 << 26:
            yield group
            group = []
    if group:
        yield group
