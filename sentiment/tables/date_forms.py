"""Rewrites the numeric dates of a column with the year first, and one order of day and month for the whole column.

A first number above 12 anywhere shows that the day is first, a second number above 12 that the month is. If no number
shows it, dates with dots have the day first, as in German, and others are assumed to have the month first.
"""

from __future__ import annotations

import calendar
import re
from collections import Counter
from collections.abc import Iterable
from typing import Literal

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

First = Literal["day", "month", "year"]

_DATE = (
    r"(?s)^(?P<before>(?:.*?[^\d.,:/-])?)(?P<first>\d{1,2})(?P<mark>[-/.])(?P<second>\d{1,2})(?P<mark_2>[-/.])"
    r"(?P<third>\d{4}|\d\d)(?P<after>(?:\D.*)?)$"
)  # day or month, month or day, year; or a year of two digits, month, day
_VERSION = re.compile(r"(?!\d\d\.\d\d\.)\d{1,2}\.\d{1,2}\.\d\d")  # 4.10.12
_PLAIN = re.compile(r"\d+(?:\.\d*)?")
_COMPACT = r"^((?:19|20)\d\d)(\d\d)(\d\d)$"
_SINCE_1970 = r"^\d{9,19}(?:\.\d*)?$"
_UNITS = np.array(["seconds", "milliseconds", "microseconds", "nanoseconds"])
_FIRST_YEAR, _LAST_YEAR = 1990, 2100  # of a number that counts from 1970
_NAME = re.compile(r"date|time|created|updated|posted|published|utc|(?:^|[\W_])at$|[a-z]At$", re.IGNORECASE)
_CENTURY = 69  # two-digit years from here on are of the 20th century, as in POSIX


class DateForms:
    """The forms of the dates in one column, all of whose values are added before any is rewritten."""

    def __init__(self, name: str = "") -> None:
        """Starts without values. In a column whose name says date or time, plain numbers may be dates."""
        self._named = _NAME.search(name) is not None
        self._heads: Counter[tuple[str, int, int]] = Counter()  # mark, first and second number
        self._units: set[str] = set()

    def add(self, values: Iterable[str | None] | pa.Array) -> None:
        """Adds values of the column."""
        values = _strings(values)
        _, first, mark, second, *_ = _parts(values)
        heads = pc.binary_join_element_wise(first, mark, second, "").drop_null()
        for each in pc.value_counts(heads).to_pylist():
            numbers = re.split(r"(\D)", each["values"])
            self._heads[numbers[1], int(numbers[0]), int(numbers[2])] += each["counts"]
        if self._named:
            _, units = _since_1970(values.filter(pc.match_substring_regex(values, _SINCE_1970)))
            self._units |= set(_UNITS[np.unique(units[units >= 0])].tolist())

    def rewrite(self, texts: Iterable[str]) -> list[str]:
        """Returns texts with their numeric date as year-month-day; those without one stay as they are."""
        values = _strings(texts)
        if self._heads:
            values = pc.coalesce(self._year_first(values), values)
        if self._named:
            values = pc.replace_substring_regex(values, _COMPACT, r"\1-\2-\3")
        if self._units:
            numbers = pc.fill_null(pc.match_substring_regex(values, _SINCE_1970), False)
            days, units = _since_1970(values.filter(numbers))
            known = pc.if_else(pa.array(units >= 0), pa.array(days.astype(str)), values.filter(numbers))
            values = pc.replace_with_mask(values, numbers, known)
        return list(values.to_pylist())

    def are_dates(self, values: Iterable[str]) -> bool:
        """Returns whether no value is a plain number or a version number after rewriting."""
        return not any(
            _PLAIN.fullmatch(rewritten) or (_VERSION.fullmatch(value) and not self._named)
            for value, rewritten in zip(values, self.rewrite(values), strict=True)
        )

    def doubt(self) -> str:
        """Returns a sentence on how ambiguous values are read; "" if there are none."""
        if self._units:
            return f"Its numbers are read as {' or '.join(sorted(self._units))} since 1970."
        for dotted in (False, True):
            seen = self._seen(dotted)
            if len(seen) != 1 and not (dotted and not seen) and (example := self._example(dotted)):
                if not seen:
                    return f"No date shows whether the day or the month comes first; {example}."
                decided = f"{seen['day']:,} can only begin with the day, {seen['month']:,} only with the month"
                return f"The order of day and month differs between dates: {decided}; {example}."
        return ""

    def _year_first(self, values: pa.Array) -> pa.Array:
        """Returns the values whose date was rewritten; null for the others."""
        before, first, mark, second, third, after = _parts(values)
        order = pc.if_else(pc.equal(mark, "."), self._first(dotted=True), self._first(dotted=False))
        short, by_day = pc.equal(pc.utf8_length(third), 2), pc.equal(order, "day")
        by_year = pc.and_(pc.equal(order, "year"), short)
        year = pc.if_else(by_year, first, third)
        month = pc.if_else(pc.or_(by_year, by_day), second, first)
        day = pc.if_else(by_year, third, pc.if_else(by_day, first, second))
        swapped = pc.and_(pc.greater(_number(month), 12), pc.less_equal(_number(day), 12))  # an exception in its column
        month, day = pc.if_else(swapped, day, month), pc.if_else(swapped, month, day)
        century = pc.if_else(pc.less(_number(year), _CENTURY), "20", pc.if_else(short, "19", ""))
        year, month, day = (pc.utf8_lpad(number, 2, "0") for number in (year, month, day))
        date = pc.binary_join_element_wise(pc.binary_join_element_wise(century, year, ""), month, day, "-")
        return pc.binary_join_element_wise(before, date, after, "")

    def _first(self, dotted: bool) -> First:
        seen = self._seen(dotted)
        if not seen:
            return "day" if dotted else "month"
        orders: tuple[First, ...] = ("year", "day", "month")
        return max(orders, key=seen.__getitem__)

    def _seen(self, dotted: bool) -> Counter[First]:
        """Counts the dates that can be read in one order only."""
        seen: Counter[First] = Counter()
        for (mark, first, second), count in self._heads.items():
            if (mark == ".") == dotted and (only := _only_first(first, second)):
                seen[only] += count
        return seen

    def _example(self, dotted: bool) -> str:
        """Returns how one of the ambiguous dates is read; "" if there is none."""
        for mark, first, second in self._heads:
            if (mark == ".") == dotted and 0 < first <= 12 and 0 < second <= 12 and first != second:
                day, month = (first, second) if self._first(dotted) == "day" else (second, first)
                return f"{first:02}{mark}{second:02}{mark}… is read as {day} {calendar.month_name[month]}"
        return ""


def _only_first(first: int, second: int) -> First | None:
    if first > 31:
        return "year"
    if (first > 12) == (second > 12):
        return None
    return "day" if first > 12 else "month"


def _strings(values: Iterable[str | None] | pa.Array) -> pa.Array:
    if isinstance(values, pa.Array):
        return values
    return pa.array([value and value.encode(errors="replace").decode() for value in values], pa.string())


def _parts(values: pa.Array) -> list[pa.Array]:
    """Returns what is before a date, its three numbers with the mark after the first, and the rest; else null."""
    found = pc.extract_regex(values, _DATE)
    before, first, mark, second, mark_2, third, after = (pc.struct_field(found, i) for i in range(7))
    return [before, first, pc.if_else(pc.equal(mark, mark_2), mark, None), second, third, after]  # null if they differ


def _number(digits: pa.Array) -> pa.Array:
    return digits.cast(pa.int16())


def _since_1970(numbers: pa.Array) -> tuple[npt.NDArray[np.datetime64], npt.NDArray[np.int64]]:
    """Returns the day of each number that counts from 1970, and the position of its unit, -1 if none is plausible."""
    counts = numbers.cast(pa.float64()).to_numpy(zero_copy_only=False)
    days, units = np.zeros(len(counts), "datetime64[D]"), np.full(len(counts), -1)
    first, last = (np.datetime64(f"{year}-01-01", "s").astype(np.float64) for year in (_FIRST_YEAR, _LAST_YEAR))
    for unit in range(len(_UNITS)):
        seconds = counts / 1000**unit
        known = (first <= seconds) & (seconds < last)
        days[known], units[known] = seconds[known].astype("datetime64[s]").astype("datetime64[D]"), unit
    return days, units
