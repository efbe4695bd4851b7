"""Counts and percentages as text."""

from __future__ import annotations

import pytest

from sentiment.formatting import counted, duration, interval, percent, size, table


@pytest.mark.parametrize(
    ("n", "expected"), [(0, "0 reviews"), (1, "1 review"), (2, "2 reviews"), (2_500, "2,500 reviews")]
)
def test_one_thing_is_counted_in_the_singular(n: int, expected: str) -> None:
    assert counted(n, "review") == expected


def test_an_irregular_plural_is_used() -> None:
    assert [counted(n, "match", "matches") for n in (1, 3)] == ["1 match", "3 matches"]


@pytest.mark.parametrize(
    ("share", "digits", "expected"), [(0.9328, 1, "93.3%"), (1, 0, "100%"), (0, 2, "0.00%"), (-0.0451, 1, "−4.5%")]
)
def test_a_percentage_has_no_space_and_a_typographic_minus(share: float, digits: int, expected: str) -> None:
    assert percent(share, digits) == expected


def test_an_interval_has_one_percent_sign() -> None:
    assert interval((0.9138, 0.9206)) == "91.4 to 92.1%"


@pytest.mark.parametrize(("seconds", "expected"), [(48, "48 s"), (570, "9.5 min"), (7560, "2.1 h")])
def test_a_duration_is_in_the_unit_that_fits(seconds: float, expected: str) -> None:
    assert duration(seconds) == expected


@pytest.mark.parametrize(
    ("n", "expected"), [(0, "0 bytes"), (1, "1 byte"), (12, "12 bytes"), (10_038, "10.0 kB"), (1_300_000, "1.3 MB")]
)
def test_a_size_is_in_the_unit_that_fits(n: int, expected: str) -> None:
    assert size(n) == expected


def test_a_bar_in_a_cell_does_not_end_it_and_numbers_are_aligned_right() -> None:
    assert table(["a", "b"], [["x|y", 1]]) == "| a | b |\n| --- | ---: |\n| x\\|y | 1 |"
