"""The page on the opening time shows what was measured, and whether the targets are reached."""

from __future__ import annotations

from dev.proofs.opening_page import page
from tests.app_runs import CIRCUMSTANCES


def found(**changes: object) -> dict[str, object]:
    app = {"start": [2.0, 2.5, 9.0], "first": [1.0, 1.2], "again": [0.8, 0.9]}
    blank = {"start": [1.9], "first": [0.9], "again": [0.7]}
    return {**CIRCUMSTANCES, "app": app, "blank": blank, "holds": True} | changes


def test_the_page_compares_median_and_extremes_with_an_empty_page():
    sentence = page(found())
    assert "| from starting the process | 3 | 2.50 s | 2.00 s | 9.00 s | 1.90 s | 3 s |" in sentence
    assert sentence.endswith("Target reached.\n")


def test_the_page_says_when_the_promise_is_broken():
    assert page(found(holds=False)).endswith("Target missed.\n")
