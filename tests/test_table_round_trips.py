"""Tables written by the csv module and by pandas are read back equal, whatever the dialect."""

from __future__ import annotations

import csv
import io

import pandas as pd
import pytest
from hypothesis import HealthCheck, Phase, assume, given, settings
from hypothesis import strategies as st

from sentiment.tables.base import Options
from sentiment.tables.headers import ONE_COLUMN
from sentiment.tables.open import open_source

WORDS = [
    "good",
    "dull",
    "film",
    "we",
    "“liked”",
    "café",
    'the "end"',
    '"Well"',
    "C:\\x",
    "it's",
    "great!",
    "5/10",
    "a, b",
]
TEXT = st.lists(st.sampled_from(WORDS), min_size=4, max_size=9).map(" ".join)
LINES = st.lists(TEXT, min_size=1, max_size=3).map("\n".join)
SCHEMES = [["pos", "neg", "neutral"], ["1", "0"], ["1", "2", "3", "4", "5"], ["Positive", "Negative"], ["ham", "spam"]]
# A failing table is small already, so it is not shrunk; filtering by `assume` is intended.
generated = settings(max_examples=80, suppress_health_check=list(HealthCheck), phases=[Phase.generate])


@st.composite
def tables(draw, texts=TEXT):
    """Draws rows of id, review and label, with labels of one scheme."""
    labels = st.sampled_from(draw(st.sampled_from(SCHEMES)))
    rows = draw(st.lists(st.tuples(texts, labels), min_size=3, max_size=12))
    return [[str(100 + i), text, label] for i, (text, label) in enumerate(rows)]


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("tables")


def read(path, **options):
    """The columns and cells of a file that is read without a problem or note."""
    source = open_source(path, Options(**options))
    rows = list(source.rows())
    assert not any(row.problem or row.note for row in rows)
    return source.columns, [[cell or "" for cell in row.cells] for row in rows]


@given(
    table=tables(LINES),
    delimiter=st.sampled_from(",;\t|"),
    header=st.booleans(),
    encoding=st.sampled_from(["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "cp1252"]),
    quoting=st.sampled_from([csv.QUOTE_MINIMAL, csv.QUOTE_ALL, csv.QUOTE_NONNUMERIC]),
    escape=st.booleans(),
    end=st.sampled_from(["\n", "\r\n"]),
)
@generated
def test_what_the_csv_module_writes_is_detected(table, delimiter, header, encoding, quoting, escape, end, folder):
    if escape:  # elsewhere than in a quoted cell a backslash is a plain character
        quoted = [text for _, text, _ in table if quoting != csv.QUOTE_MINIMAL or delimiter in text or "\n" in text]
        assume(any('"' in text for text in quoted))
    names = ["id", "review", "label"] if header else []
    style = {"doublequote": False, "escapechar": "\\"} if escape else {}
    text = io.StringIO(newline="")
    writer = csv.writer(text, delimiter=delimiter, lineterminator=end, quoting=quoting, **style)
    writer.writerows([*([names] if names else []), *table])
    path = folder / "in.csv"
    path.write_bytes(text.getvalue().encode(encoding))
    columns, rows = read(path)
    assert columns == (names or ["column_1", "column_2", "column_3"])
    assert rows == table


@given(table=tables(), sep=st.sampled_from(",;\t|"), names=st.booleans(), compression=st.sampled_from([None, "gzip"]))
@generated
def test_what_pandas_writes_is_detected(table, sep, names, compression, folder):
    frame = pd.DataFrame(table, columns=["id", "review", "label"]).set_index("id")
    path = folder / ("in.csv.gz" if compression else "in.csv")
    frame.to_csv(path, sep=sep, index_label=None if names else False, compression=compression)
    columns, rows = read(path)
    assert columns == (["id"] if names else ["row_name"]) + ["review", "label"]
    assert rows == table


@given(table=tables(), orient=st.sampled_from(["records", "lines", "table"]), indent=st.sampled_from([None, 2]))
@generated
def test_what_pandas_writes_as_json_is_detected(table, orient, indent, folder):
    frame = pd.DataFrame(table, columns=["id", "review", "label"])
    path = folder / "in.json"
    if orient == "table":
        frame.set_index("id").to_json(path, orient="table", indent=indent)
    else:
        frame.to_json(path, orient="records", lines=orient == "lines", indent=None if orient == "lines" else indent)
    assert read(path) == (["id", "review", "label"], table)


@given(table=tables(), sheet=st.sampled_from(["Data", "Sheet1", "Ünï"]), above=st.integers(0, 3))
@settings(generated, max_examples=30)
def test_what_pandas_writes_as_a_workbook_is_detected(table, sheet, above, folder):
    frame = pd.DataFrame(table, columns=["id", "review", "label"])
    path = folder / "in.xlsx"
    with pd.ExcelWriter(path) as writer:
        frame.to_excel(writer, sheet_name=sheet, startrow=above, index=False)
        if above:
            writer.sheets[sheet].cell(1, 1, "All our reviews")
    assert read(path) == (["id", "review", "label"], table)


@given(table=tables(), sign=st.sampled_from("\t@#^|"))
@generated
def test_an_unquoted_table_in_a_txt_is_detected(table, sign, folder):
    rows = [row[1:] for row in table]
    path = folder / "in.txt"
    path.write_text("".join(f"{text}{sign}{label}\n" for text, label in rows), "utf-8")
    assert read(path) == (["column_1", "column_2"], rows)


@given(lines=st.lists(TEXT, min_size=1, max_size=12))
@generated
def test_every_line_is_a_row_if_the_table_has_one_column(lines, folder):
    path = folder / "in.txt"
    path.write_text("".join(f"{line}\n" for line in lines), "utf-8")
    assert read(path, delimiter=ONE_COLUMN) == (["text"], [[line] for line in lines])
