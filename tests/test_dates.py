"""Dates in a column of text: columns are found, read in one order of day and month, and doubts reported."""

from __future__ import annotations

import re
import time
from datetime import date
from warnings import catch_warnings

import numpy as np
import pandas as pd
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from sentiment.bulk import dates
from sentiment.bulk.dates import DateReader
from sentiment.bulk.parts import Parts
from sentiment.bulk.results import Results
from sentiment.tables.base import Options
from sentiment.tables.date_forms import DateForms
from sentiment.tables.inspection import inspect
from tests.scored_parts import scored_part

LONG = "A long and winding film that we saw on a rainy evening in the old cinema by the river."
MAX_SECONDS = 15  # for 400,000 times


def read(values: list[str], name: str = "") -> list[str]:
    """Returns the days of all values in a column with this name."""
    forms = DateForms(name)
    forms.add(values)
    return DateReader(values, forms)(values).astype(str).tolist()


@pytest.mark.parametrize(
    ("values", "days"),
    [
        (["05/06/2023", "06/07/2023", "25/07/2023"], ["2023-06-05", "2023-07-06", "2023-07-25"]),
        (["05/06/2023", "06/07/2023", "07/25/2023"], ["2023-05-06", "2023-06-07", "2023-07-25"]),
        (["05-06-2023", "25-07-2023"], ["2023-06-05", "2023-07-25"]),
        (["5/6/23 9:05", "25/7/23 17:30"], ["2023-06-05", "2023-07-25"]),
        (["5/6/2023 9:05 PM", "7/25/2023 5:30 AM"], ["2023-05-06", "2023-07-25"]),
        (["05/06/2023"], ["2023-05-06"]),
        (["05.06.2023", "06.07.2023 10:15"], ["2023-06-05", "2023-07-06"]),
        (["05.06.23", "25.07.98"], ["2023-06-05", "1998-07-25"]),
        (["05.06.2023", "07.25.2023"], ["2023-05-06", "2023-07-25"]),
        (["05.06.2023", "05/06/2023", "07/25/2023"], ["2023-06-05", "2023-05-06", "2023-07-25"]),
        (["98/06/05", "99-07-25"], ["1998-06-05", "1999-07-25"]),
        (["2023/05/06", "2023.05.06", "2023-05-06"], ["2023-05-06"] * 3),
        (["6 May 2023", "06-May-23", "6 May 23", "6th May 2023", "May 6, 2023"], ["2023-05-06"] * 5),
        (["Sat, 6 May 2023 22:00:00 +0000", "Sat 06/05/2023", "Thu 25/05/2023"], ["2023-05-06"] * 2 + ["2023-05-25"]),
        (["2023-05-06T23:30:00-05:00", "2023-05-06T23:30:00+02:00", "2023-05-06T00:30:00+01:00"],
         ["2023-05-07", "2023-05-06", "2023-05-05"]),
        (["05/06/2023", "soon", "31/31/2023", "0/0/2023"], ["2023-05-06", "NaT", "NaT", "NaT"]),
    ],
)  # fmt: skip
def test_one_order_holds_for_the_whole_column(values, days):
    assert read(values) == days


@pytest.mark.parametrize(
    "values",
    [
        ["2024-01-02T10:30:00Z", "2024-01-02T23:30:00-05:00", None],
        ["2024-01-02", "", "no date"],
        ["May 2021", "June 2022"],
        ["3/4/21", "4/25/22"],
        ["3-May-21", "3rd May 21", "May 3, 2021"],
        ["20210304T101112Z"],
        ["3000-01-01", "1200-01-01"],
        ["Sunday, 2 May 2021", "02 May 2021 10:30 PM"],
        [],
    ],
)
def test_dates_are_those_that_pandas_reads_one_by_one(values):
    with catch_warnings(action="ignore"):  # pandas warns that it guesses no format
        each = pd.to_datetime(pd.Series(values, dtype="str"), errors="coerce", format="mixed", utc=True)
    expected = each.dt.tz_localize(None).to_numpy("datetime64[D]")
    np.testing.assert_array_equal(DateReader(filter(None, values))(values), expected)


def test_only_so_many_dates_of_no_known_format_are_parsed_each_once(monkeypatch):
    monkeypatch.setattr(dates, "_OTHER_FORMATS", ())
    monkeypatch.setattr(dates, "_ONE_BY_ONE", 3)
    values = [f"{day} of May, 2021" for day in range(1, 9)]
    reader = DateReader([])
    assert (~np.isnat(reader(values))).sum() == 3
    assert (~np.isnat(reader(values * 2))).sum() == 6


@pytest.mark.parametrize("name", ["date", "Review Date", "created_utc", "unixReviewTime", "timestamp", "posted_at"])
@pytest.mark.parametrize("number", ["1683331200", "1683331200000", "1683331200.0", "1683331200000000", "20230506"])
def test_numbers_are_dates_only_in_a_column_named_for_dates(name, number, tmp_path):
    assert read([number], name) == ["2023-05-06"]
    for header, dated in ((name, [1]), ("votes", [])):
        (tmp_path / "in.tsv").write_text(f"review\t{header}\n" + f"{LONG}\t{number}\n" * 3)
        assert inspect(tmp_path / "in.tsv", Options(), lambda *_: None).dates == dated


@pytest.mark.parametrize(
    ("name", "cells", "dated"),
    [
        ("seen", ["05.06.2023", "6.7.2023"], True),
        ("seen", ["05.06.23", "25.07.23"], True),
        ("version", ["5.6.23", "5.7.11"], False),
        ("date", ["5.6.23", "5.7.11"], True),
        ("seen", ["25/07/2023", "05/06/2023"], True),
        ("seen", ["2023/05/06"], True),
        ("seen", ["6 May 2023"], True),
        ("seen", ["2023-05-06T10:00:00+02:00"], True),
        ("seen", ["3.14", "2.71"], False),
        ("date", ["2019", "2020"], False),
        ("time", ["12", "35"], False),
        ("date", ["5", "4"], False),
        ("date", ["9" * 10, "1"], False),
        ("date", ["45.45.2023"], False),
        ("seen", ["192.168.10.20"], False),
    ],
)
def test_only_columns_of_dates_are_recognised(name, cells, dated, tmp_path):
    path = tmp_path / "in.tsv"
    path.write_text(f"review\t{name}\n" + "".join(f"{LONG}\t{cell}\n" for cell in cells))
    assert inspect(path, Options(), lambda *_: None).dates == ([1] if dated else [])


@pytest.mark.parametrize(
    ("values", "name", "doubt"),
    [
        (["05/06/2023", "07/07/2023"], "",
         "No date shows whether the day or the month comes first; 05/06/… is read as 6 May."),
        (["05/06/2023", "25/06/2023"], "", ""),
        (["05/06/2023", "06/25/2023"], "", ""),
        (["05/06/2023", "06/25/2023", "25/06/2023", "26/06/2023"], "",
         "The order of day and month differs between dates: 2 can only begin with the day, 1 only with the month; "
         "05/06/… is read as 5 June."),
        (["05.06.2023"], "", ""),
        (["05.06.2023", "06.25.2023", "25.06.2023", "06.26.2023"], "",
         "The order of day and month differs between dates: 1 can only begin with the day, 2 only with the month; "
         "05.06.… is read as 6 May."),
        (["2023-05-06", "6 May 2023", "07/07/2023", None], "", ""),
        (["1683331200000"], "created", "Its numbers are read as milliseconds since 1970."),
        ([], "date", ""),
    ],
)  # fmt: skip
def test_a_doubt_is_explained_in_a_sentence(values, name, doubt):
    forms = DateForms(name)
    forms.add(values)
    assert forms.doubt() == doubt


def results_of(folder, *parts):
    """Returns results whose only column has these cells, part by part."""
    for number, cells in enumerate(parts):
        Parts(folder).write(number, scored_part(c0=cells))
    return Results(Parts(folder), ["date"], 0)


def test_sparse_reviews_are_grouped_by_month(tmp_path):
    cells = [f"2023-{month:02}-{day:02}" for month in (3, 4, 5) for day in (2, 9, 17, 25)]
    points = results_of(tmp_path, cells).over_time(0)
    assert points["group"].dt.strftime("%Y-%m-%d").tolist() == ["2023-03-01", "2023-04-01", "2023-05-01"]
    assert points["n"].tolist() == [4, 4, 4]


def test_a_date_in_a_late_part_decides_how_the_first_ones_are_read(tmp_path):
    first, last = ["05/06/2023"] * 3000, ["05/06/2023"] * 600 + ["25/06/2023"]
    results = results_of(tmp_path, first, last)
    points = results.over_time(0)
    assert points["group"].dt.strftime("%Y-%m-%d").tolist() == ["2023-06-05", "2023-06-25"]
    assert points["n"].tolist() == [3600, 1]
    assert results.date_doubt(0) == ""


@settings(max_examples=40, deadline=None)
@given(st.lists(st.dates(date(1970, 1, 1), date(2067, 12, 31)), min_size=1), st.sampled_from("/-."), st.booleans())
def test_one_day_above_12_decides_the_order_of_day_and_month(days, mark, day_first):
    assume(any(day.day > 12 for day in days))
    format = f"%d{mark}%m{mark}%Y" if day_first else f"%m{mark}%d{mark}%Y"
    assert read([day.strftime(format) for day in days]) == [day.isoformat() for day in days]


@settings(deadline=None)
@given(st.lists(st.text(max_size=70)), st.sampled_from(["", "date"]))
def test_a_value_without_digits_is_never_rewritten_and_no_text_is_an_error(values, name):
    forms = DateForms(name)
    forms.add(values)
    assert isinstance(forms.doubt(), str)
    for value, rewritten in zip(values, forms.rewrite(values), strict=True):
        assert rewritten == value or re.search(r"\d", value)


def test_400000_distinct_times_are_read_in_seconds():
    minutes = ((i, i // 60 % 24, i // 1440) for i in range(400_000))
    values = [f"{day % 28 + 1}/{day // 28 % 12 + 1}/2023 {hour}:{i % 60:02}" for i, hour, day in minutes]
    start = time.process_time()
    forms = DateForms()
    forms.add(values)
    days = DateReader(values[:5000], forms)(values)
    assert time.process_time() - start < MAX_SECONDS
    assert not np.isnat(days).any()
