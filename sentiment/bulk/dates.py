"""Parses the dates in a column of text by the column's formats, each distinct value once, in bounded time."""

from __future__ import annotations

import warnings
from collections.abc import Iterable, Sequence

import numpy as np
import numpy.typing as npt
import pandas as pd
from pandas.tseries.api import guess_datetime_format

from sentiment.tables.date_forms import DateForms

Days = npt.NDArray[np.datetime64]

CHARACTERS = 60  # of a cell; a longer one is not a date
_MOST_FORMATS = 8
_GUESSED_FROM = 50  # values whose formats are guessed in one step
_ONE_BY_ONE = 10_000  # distinct values without a known format that are parsed one by one, in 50 microseconds each
_OTHER_FORMATS = ("%d-%b-%y", "%d-%b-%Y", "%d %b %y", "%b %Y", "%B %Y")  # that pandas does not guess


class DateReader:
    """Parses the dates of one column, whose ``DateForms`` decide whether the day or the month comes first."""

    def __init__(self, sample: Iterable[str], forms: DateForms | None = None) -> None:
        """Guesses the formats.

        Args:
            sample: some values of the column.
            forms: the forms of the dates in the whole column; None if the sample is all of it.
        """
        sample = list(dict.fromkeys(sample))
        if forms is None:
            forms = DateForms()
            forms.add(sample)
        self._forms = forms
        self._formats = _formats(forms.rewrite(sample))
        self._known: dict[str, np.datetime64] = {}

    def __call__(self, values: Sequence[str | None]) -> Days:
        """Returns the day of each value in UTC, NaT for a value without a date, as <datetime64[D]>[n]."""
        codes, distinct = pd.factorize(np.array(values, dtype=object))
        days = self._parse(np.array(self._forms.rewrite(distinct), dtype=object))
        return np.append(days, np.datetime64("NaT"))[codes]  # the code -1, of None, selects NaT

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
        best = max(counts, key=counts.__getitem__)
        if not counts[best]:
            break
        found.append(best)
        left = left[np.isnat(_parse_dates(left, best))]
    return found


def _candidates(values: Iterable[str]) -> list[str]:
    with warnings.catch_warnings(action="ignore", category=UserWarning):
        guessed = [guess_datetime_format(value) for value in values]
    return list(dict.fromkeys([*filter(None, guessed), *_OTHER_FORMATS]))


def _parse_dates(values: Sequence[str] | npt.NDArray[np.object_], format: str) -> Days:
    with warnings.catch_warnings(action="ignore", category=UserWarning):
        times = pd.to_datetime(pd.Series(values, dtype="str"), errors="coerce", format=format, utc=True)
    return times.dt.tz_localize(None).to_numpy(dtype="datetime64[D]")
