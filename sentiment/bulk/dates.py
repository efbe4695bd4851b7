"""Parses the dates in a column of text by the column's formats, each distinct value once, in bounded time."""

from __future__ import annotations

import warnings
from collections.abc import Iterable, Sequence

import numpy as np
import numpy.typing as npt
import pandas as pd
from pandas.tseries.api import guess_datetime_format

Days = npt.NDArray[np.datetime64]

CHARACTERS = 60  # of a cell; a longer one is not a date
_MOST_FORMATS = 8
_GUESSED_FROM = 50  # values whose formats are guessed in one step
_ONE_BY_ONE = 10_000  # distinct values without a known format that are parsed one by one, in 50 microseconds each
_OTHER_FORMATS = (  # formats that pandas does not guess
    "%m/%d/%y", "%d/%m/%y", "%m/%d/%y %H:%M", "%d/%m/%y %H:%M", "%d-%b-%y", "%d-%b-%Y", "%b %Y", "%B %Y",
)  # fmt: skip


class DateReader:
    """Parses the dates of one column.

    "03/08/2024" alone has the month first. In one column with "19/08/2024", both have the day first.
    """

    def __init__(self, sample: Iterable[str]) -> None:
        self._formats = _formats(list(dict.fromkeys(sample)))
        self._known: dict[str, np.datetime64] = {}

    def __call__(self, values: Sequence[str | None]) -> Days:
        """Returns the day of each value in UTC, NaT for a value without a date, as <datetime64[D]>[n]."""
        codes, distinct = pd.factorize(np.array(values, dtype=object))
        days = np.append(self._parse(distinct), np.datetime64("NaT"))  # the code -1, of None, selects NaT
        return days[codes]

    def _parse(self, distinct: npt.NDArray[np.object_]) -> Days:
        days = np.full(len(distinct), np.datetime64("NaT"), "datetime64[D]")
        for format in self._formats:
            left = np.flatnonzero(np.isnat(days))
            if not len(left):
                return days
            days[left] = _parse_dates(distinct[left], format)
        left = np.flatnonzero(np.isnat(days))
        new = [value for value in distinct[left] if value not in self._known][: _ONE_BY_ONE - len(self._known)]
        self._known.update(zip(new, _parse_dates(new, "mixed"), strict=True))
        days[left] = [self._known.get(value, np.datetime64("NaT")) for value in distinct[left]]
        return days


def _formats(values: list[str]) -> list[str]:
    """Returns the formats that together parse most of the values, the most useful first."""
    found: list[str] = []
    left = np.array(values, dtype=object)
    while len(left) and len(found) < _MOST_FORMATS:
        counts = {
            format: int((~np.isnat(_parse_dates(left, format))).sum()) for format in _candidates(left[:_GUESSED_FROM])
        }
        best = max(counts, key=counts.__getitem__)  # the first in a tie, month before day
        if not counts[best]:
            break
        found.append(best)
        left = left[np.isnat(_parse_dates(left, best))]
    return found


def _candidates(values: Iterable[str]) -> list[str]:
    guessed: list[str | None] = []
    with warnings.catch_warnings(action="ignore", category=UserWarning):
        for value in values:
            guessed.append(guess_datetime_format(value))
            if not (guessed[-1] or "").startswith("%Y"):
                guessed.append(guess_datetime_format(value, dayfirst=True))
    return list(dict.fromkeys([*filter(None, guessed), *_OTHER_FORMATS]))


def _parse_dates(values: Sequence[str] | npt.NDArray[np.object_], format: str) -> Days:
    with warnings.catch_warnings(action="ignore", category=UserWarning):
        times = pd.to_datetime(pd.Series(values, dtype="str"), errors="coerce", format=format, utc=True)
    return times.dt.tz_localize(None).to_numpy(dtype="datetime64[D]")
