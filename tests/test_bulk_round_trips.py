"""Every cell of a random table is the same in the scored output, whatever wrote the table."""

import csv
import io
import json

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from sentiment.bulk.pipeline import Task, score_file
from sentiment.tables.base import Options

ANYTHING = st.text(st.characters(exclude_categories=["Cs"]), max_size=12)
AWKWARD = st.text(st.sampled_from(list("aé,;\t|\"'\r\n\0=+-@ 0.🎬\u2028\ufeff")), max_size=8)
CELL = st.one_of(ANYTHING, AWKWARD, st.sampled_from(["NA", "null", "001", "-1", "=1+1", "1e5", ""]))
NAME = st.text(st.sampled_from(list("abc \",;é'")), max_size=4)


@st.composite
def tables(draw, names=NAME):
    """A header and rows. A header of one empty name would be a blank line, so there are at least two names."""
    header = draw(st.lists(names, min_size=2, max_size=4))
    return [header, *draw(st.lists(st.lists(CELL, min_size=len(header), max_size=len(header)), max_size=6))]


many_tables = settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("tables")


def score(source, format, classifier, **options):
    """Scores the first column, and returns the path of the output."""
    output = source.with_name(f"scored.{format}")
    task = Task(source, output, format, text_column=0, raw=True, options=Options(**options))
    score_file(task, classifier, lambda *_: None)
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
@many_tables
def test_a_table_written_by_the_csv_module_comes_back(table, delimiter, end, quoting, encoding, classifier, folder):
    text = io.StringIO(newline="")
    csv.writer(text, delimiter=delimiter, lineterminator=end, quoting=quoting).writerows(table)
    if quoting == csv.QUOTE_MINIMAL:  # Python 3.11 and 3.12 do not quote a line end that differs from their own
        assume(not any(set("\r\n") & set(cell) for row in table for cell in row))
    if delimiter in "\t|":  # each line of a cell might have as many delimiters as the header, as a row has
        assume(not any(delimiter in "".join(row) and set("\r\n") & set("".join(row)) for row in table))
    source = folder / "table.csv"
    source.write_bytes(text.getvalue().encode(encoding))
    output = read_csv(score(source, "csv", classifier, delimiter=delimiter, header=True, encoding=encoding))
    assert [row[: len(table[0])] for row in output] == table


@given(table=tables(names=st.sampled_from(["review", "id", "note", "x"])))
@many_tables
def test_a_table_written_by_pandas_comes_back(table, classifier, folder):
    header = list(dict.fromkeys(table[0]))
    assume(len(header) > 1)  # pandas writes an empty cell of a single column as a blank line
    frame = pd.DataFrame([row[: len(header)] for row in table[1:]], columns=header, dtype="str")
    source = folder / "frame.csv"
    frame.to_csv(source, index=False, lineterminator="\r\n")
    output = read_csv(score(source, "csv", classifier, delimiter=",", header=True))
    assert [row[: len(header)] for row in output] == [header, *frame.to_numpy().tolist()]


@given(table=tables())
@many_tables
def test_every_output_format_gives_the_cells_back(table, classifier, folder):
    source = folder / "quoted.csv"
    with source.open("w", newline="", encoding="utf-8") as file:
        csv.writer(file, quoting=csv.QUOTE_ALL).writerows(table)
    width = len(table[0])
    options = {"delimiter": ",", "header": True, "encoding": "utf-8"}
    as_tsv = read_csv(score(source, "tsv", classifier, **options), "\t")
    assert [row[:width] for row in as_tsv] == table
    as_json = score(source, "jsonl", classifier, **options).read_text("utf-8").split("\n")[:-1]
    assert [list(json.loads(line).values())[:width] for line in as_json] == table[1:]
    as_parquet = pq.read_table(score(source, "parquet", classifier, **options))
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
@many_tables
def test_json_lines_keep_every_value(rows, ascii, classifier, folder):
    source = folder / "rows.jsonl"
    source.write_text("".join(json.dumps(row, ensure_ascii=ascii) + "\n" for row in rows), "utf-8", newline="\n")
    lines = score(source, "jsonl", classifier).read_text("utf-8").split("\n")[:-1]
    found = [json.loads(line) for line in lines]
    assert [{key: row[key] for key in given} for row, given in zip(found, rows, strict=True)] == rows
    pq.read_table(score(source, "parquet", classifier))


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
@many_tables
def test_parquet_keeps_every_value_and_type(values, classifier, folder):
    types = [pa.string(), pa.int64(), pa.timestamp("us"), pa.decimal128(13, 3), pa.list_(pa.float32())]
    columns = list(zip(*values, strict=True)) or [()] * len(types)
    before = pa.table(
        {f"c{i}": pa.array(column, type) for i, (column, type) in enumerate(zip(columns, types, strict=True))}
    )
    source = folder / "values.parquet"
    pq.write_table(before, source)
    after = pq.read_table(score(source, "parquet", classifier))
    assert after.select(before.column_names).equals(before)
    assert len(read_csv(score(source, "csv", classifier))) == 1 + len(values)
    assert score(source, "jsonl", classifier).read_bytes().count(b"\n") == len(values)
