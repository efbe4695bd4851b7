"""The proof of many visitors at once in a short form: three visitors and a tiny model."""

from __future__ import annotations

import pytest

from dev.proofs.circumstances import circumstances
from dev.proofs.people import Plan, at_once
from dev.proofs.people_page import page
from dev.visitor import VisitError, Visitor, readable
from sentiment.app.shared.buttons import primary_label
from sentiment.artifacts import open_run, sha256
from tests.app_runs import CIRCUMSTANCES


def test_visitors_at_once_get_their_own_verdicts_and_files_without_an_error(address, served_runs):
    plan = Plan(people=3, texts=3, rows=5, reading=(0.0, 0.5), patience=60, session_expiry=0.0)
    found = at_once(address, served_runs / "tiny", plan)
    assert found["errors"] == []
    assert found["verdict_seconds"]["n"] == 9
    assert found["file_seconds"]["n"] == 3
    assert 0 < found["before_megabytes"] <= found["during_megabytes"]


def test_a_visitor_who_looks_for_a_missing_element_gets_an_error(address):
    with Visitor(address) as visitor, pytest.raises(VisitError, match="no button “Buy”"):
        visitor.press("Buy")


@pytest.mark.parametrize(
    "label", ["Score 2 rows", primary_label("Score 2 rows"), primary_label("Score 2 rows", ":material/play_arrow:")]
)
def test_a_visitor_reads_a_label_without_its_colour_and_icon(label):
    assert readable(label) == "Score 2 rows"


def test_a_visitor_does_not_take_an_old_verdict_for_a_new_one(address):
    with Visitor(address) as visitor:
        assert visitor.received("Analyse a review")
        visitor.analyse("good")
        assert not visitor.received("Analyse a review")


def test_a_proof_names_its_model(served_runs):
    made = circumstances(open_run(served_runs / "tiny"))
    assert made["model"] == sha256(served_runs / "tiny" / "model.onnx")
    assert made.keys() == CIRCUMSTANCES.keys()


def test_the_page_says_if_the_target_is_missed():
    seconds = {"n": 40, "median": 0.2, "p95": 1.5, "most": 2.0}
    found = {
        **CIRCUMSTANCES,
        "people": 20,
        "reading_seconds": [2.0, 8.0],
        "file_rows": 50,
        "verdict_seconds": seconds,
        "page_seconds": seconds,
        "file_seconds": seconds,
        "errors": [],
        "before_megabytes": 300.0,
        "during_megabytes": 360.0,
        "after_megabytes": 310.0,
        "megabytes_a_person": 3.0,
        "holds": False,
    }
    text = page(found)
    assert "the run tiny (`model.onnx` with SHA-256 0123456789ab...) on 2026-01-02, on 2 cores (a processor)" in text
    assert "| a verdict | 40 | 0.20 s | 1.50 s | 2.0 s |" in text
    assert text.endswith("Target missed.\n")
