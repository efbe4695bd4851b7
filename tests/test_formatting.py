"""Counts and percentages as text."""

from __future__ import annotations

import pytest

from sentiment.formatting import counted, percent


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
