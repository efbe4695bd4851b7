"""The page on the opening time has the measurements, and whether the targets are reached."""

from __future__ import annotations

from dev.proofs.opening_page import page
from tests.app_runs import CIRCUMSTANCES


def result(**changes: object) -> dict[str, object]:
    """The measurements of a proof."""
    app = {"start": [2.0, 2.5, 9.0], "first": [1.0, 1.2], "again": [0.8, 0.9]}
    blank = {"start": [1.9], "first": [0.9], "again": [0.7]}
    return {**CIRCUMSTANCES, "app": app, "blank": blank, "holds": True} | changes


def test_the_page_has_median_minimum_and_maximum_next_to_those_of_an_empty_page():
    text = page(result())
    assert "| from starting the process | 3 | 2.50 s | 2.00 s | 9.00 s | 1.90 s | 3 s |" in text
    assert text.endswith("Target reached.\n")


def test_the_page_says_if_the_target_is_missed():
    assert page(result(holds=False)).endswith("Target missed.\n")
