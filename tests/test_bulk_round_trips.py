"""Random tables, written by the standard library and by pandas, come back cell for cell."""

import csv
import io
import json

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from sentiment.bulk.pipeline import Task, score_file
from sentiment.tables.base import Options

ANYTHING = st.text(st.characters(exclude_categories=["Cs"]), max_size=12)
AWKWARD = st.text(st.sampled_from(list("aé,;\t|\"'\r\n\0=+-@ 0.🎬\u2028\ufeff")), max_size=8)
CELL = st.one_of(ANYTHING, AWKWARD, st.sampled_from(["NA", "null", "001", "-1", "=1+1", "1e5", ""]))
NAME = st.text(st.sampled_from(list("abc \",;é'")), max_size=4)


@st.composite
def tables(draw, names=NAME):
    """A header and rows; a lone empty name would be a blank line, which is no header."""
    header = draw(st.lists(names, min_size=2, max_size=4))
    return [header, *draw(st.lists(st.lists(CELL, min_size=len(header), max_size=len(header)), max_size=6))]


promise = settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("tables")


def scored(source, form, classifier, **options):
    output = source.with_name(f"scored.{form}")
    score_file(
        Task(source, output, form, text_column=0, raw=True, options=Options(**options)), classifier, lambda *_: None
    )
    return output


def read_csv(path, delimiter=","):
    with path.open(newline="", encoding="utf-8") as file:
        return list(csv.reader(file, delimiter=delimiter))


@given(
    table=tables(),
    delimiter=st.sampled_from(",;\t|"),
    end=st.sampled_from(["\n", "\r\n", "\r"]),
    quoting=st.sampled_from([csv.QUOTE_MINIMAL, csv.QUOTE_ALL, csv.QUOTE_NONNUMERIC]),
    encoding=st.sampled_from(["utf-8", "utf-8-sig", "utf-16"]),
)
@promise
def test_what_the_csv_module_writes(table, delimiter, end, quoting, encoding, classifier, folder):
    text = io.StringIO(newline="")
    csv.writer(text, delimiter=delimiter, lineterminator=end, quoting=quoting).writerows(table)
    if quoting == csv.QUOTE_MINIMAL and any("\r" in cell or "\n" in cell for row in table for cell in row):
        return  # Python 3.11 to 3.12 do not quote a line end that differs from their own
    for row in table:
        if delimiter in "\t|" and delimiter in "".join(row) and set("\r\n") & set("".join(row)):
            return  # each line might have as many delimiters as the header, and be a row of unquoted text
    source = folder / "table.csv"
    source.write_bytes(text.getvalue().encode(encoding))
    output = read_csv(scored(source, "csv", classifier, delimiter=delimiter, header=True, encoding=encoding))
    assert [row[: len(table[0])] for row in output] == table


@given(table=tables(names=st.sampled_from(["review", "id", "note", "x"])))
@promise
def test_what_pandas_writes(table, classifier, folder):
    header = list(dict.fromkeys(table[0]))
    frame = pd.DataFrame([row[: len(header)] for row in table[1:]], columns=header, dtype="str")
    source = folder / "frame.csv"
    frame.to_csv(source, index=False, lineterminator="\r\n")
    if len(header) == 1:
        return  # pandas writes an empty cell of a single column as a blank line would be
    output = read_csv(scored(source, "csv", classifier, delimiter=",", header=True))
    assert [row[: len(header)] for row in output] == [header, *frame.to_numpy().tolist()]


@given(table=tables())
@promise
def test_every_format_of_output_gives_the_cells_back(table, classifier, folder):
    source = folder / "forms.csv"
    with source.open("w", newline="", encoding="utf-8") as file:
        csv.writer(file, quoting=csv.QUOTE_ALL).writerows(table)
    width = len(table[0])
    options = {"delimiter": ",", "header": True, "encoding": "utf-8"}
    as_tsv = read_csv(scored(source, "tsv", classifier, **options), "\t")
    assert [row[:width] for row in as_tsv] == table
    as_json = scored(source, "jsonl", classifier, **options).read_text("utf-8").split("\n")[:-1]
    assert [list(json.loads(line).values())[:width] for line in as_json] == table[1:]
    as_parquet = pq.read_table(scored(source, "parquet", classifier, **options))
    assert [list(row.values())[:width] for row in as_parquet.to_pylist()] == table[1:]


@given(
    rows=st.lists(
        st.dictionaries(
            st.sampled_from(["review", "a", "b"]),
            st.one_of(CELL, st.none(), st.booleans(), st.integers(), st.floats(allow_nan=False), st.lists(CELL)),
        ),
        min_size=1,
        max_size=6,
    ).filter(any),
    ascii=st.booleans(),
)
@promise
def test_json_lines_keep_every_value(rows, ascii, classifier, folder):
    source = folder / "rows.jsonl"
    source.write_text("".join(json.dumps(row, ensure_ascii=ascii) + "\n" for row in rows), "utf-8", newline="\n")
    lines = scored(source, "jsonl", classifier).read_text("utf-8").split("\n")[:-1]
    found = [json.loads(line) for line in lines]
    assert [{key: row[key] for key in given} for row, given in zip(found, rows, strict=True)] == rows
    pq.read_table(scored(source, "parquet", classifier))


@given(
    values=st.lists(
        st.tuples(
            st.one_of(st.none(), CELL),
            st.one_of(st.none(), st.integers(-(2**63), 2**63 - 1)),
            st.one_of(st.none(), st.datetimes()),
            st.one_of(st.none(), st.decimals(-(10**9), 10**9, places=3)),
            st.one_of(st.none(), st.lists(st.floats(width=32, allow_nan=False), max_size=3)),
        ),
        max_size=6,
    )
)
@promise
def test_parquet_keeps_every_value_and_type(values, classifier, folder):
    types = [pa.string(), pa.int64(), pa.timestamp("us"), pa.decimal128(13, 3), pa.list_(pa.float32())]
    columns = list(zip(*values, strict=True)) or [()] * len(types)
    before = pa.table(
        {f"c{i}": pa.array(column, type) for i, (column, type) in enumerate(zip(columns, types, strict=True))}
    )
    source = folder / "values.parquet"
    pq.write_table(before, source)
    after = pq.read_table(scored(source, "parquet", classifier))
    assert after.select(before.column_names).equals(before)
    for form in ("csv", "jsonl"):
        assert scored(source, form, classifier).read_bytes().count(b"\n") >= len(values)
