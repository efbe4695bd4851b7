"""The Evaluation page: its header and tabs, links to them, and the Overview, from which a click leads to a filter."""

from __future__ import annotations

import json
from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
import streamlit as st
from streamlit.testing.v1 import AppTest

from sentiment.app.evaluation import filters, overview, page
from sentiment.app.shared.scored_reviews import CELLS, EVERYTHING, SURE_ERRORS
from sentiment.artifacts import write_manifest
from tests.app_pages import black_rules, chart_specs, open_page, said
from tests.app_runs import all_runs, predictions
from tests.evaluation_page import scored_reviews

pytestmark = pytest.mark.usefixtures("serve_runs")
TABS = tuple(page._TABS)


# The header and the tabs


@pytest.mark.parametrize("tab", TABS)
def test_a_tab_is_opened_by_its_address_in_any_case_and_only_that_tab_is_drawn(tab):
    app = open_page("evaluation", tab=tab.lower())
    assert not app.exception
    assert not app.error
    assert app.session_state["tab"] == tab
    assert [each.label for each in app.metric[:5]] == ["Accuracy", "F1", "ROC AUC", "ECE", "Reviews"]
    assert [rule for spec in chart_specs(app) for rule in black_rules(spec)] == []
    assert all(chart.proto.alt for chart in app.get("vega_lite_chart"))
    assert [name for name, each in zip(TABS, app.tabs, strict=True) if each.children] == [tab]


def blocks(block: Any) -> Iterator[Any]:
    """Yields all elements and blocks inside a block."""
    for child in getattr(block, "children", {}).values():
        yield child
        yield from blocks(child)


def popover_labels(app: AppTest) -> list[str]:
    """Returns the labels of the buttons that open a popover."""
    return [each.proto.popover.label for each in blocks(app.main) if each.type == "popover"]


def test_the_threshold_changes_the_accuracy_but_not_the_auc_and_its_button_names_it():
    app = open_page("evaluation")
    before = {each.label: each.value for each in app.metric}
    app.slider(key="threshold").set_value(0.95).run()
    after = {each.label: each.value for each in app.metric}
    assert after["Accuracy"] != before["Accuracy"]
    assert after["ROC AUC"] == before["ROC AUC"]
    assert "Threshold 0.95" in popover_labels(app)


@pytest.mark.parametrize(("asked", "shown"), [("0.8", "0.80"), ("x", "0.50"), ("nan", "0.50"), ("7", "0.50")])
def test_the_threshold_in_a_link_is_used_and_an_invalid_one_is_ignored(asked, shown):
    app = open_page("evaluation", threshold=asked)
    assert not app.exception
    assert f"Threshold {shown}" in popover_labels(app)


def test_the_page_starts_with_the_threshold_of_the_model(tmp_path, monkeypatch):
    run = all_runs(tmp_path / "runs") / "tiny"
    config = json.loads((run / "config.json").read_text())
    (run / "config.json").write_text(json.dumps({**config, "threshold": 0.7}))
    write_manifest(run)
    monkeypatch.setenv("SENTIMENT_RUNS", str(run.parent))
    assert open_page("evaluation").slider(key="threshold").value == 0.7


def test_a_high_cost_of_false_positives_raises_the_cost_optimal_threshold():
    app = open_page("evaluation", cost="20.0")
    assert "Expected cost per 100 reviews" in said(app)
    button = next(each for each in app.button if each.label.startswith("Use cost-optimal"))
    button.click().run()
    assert app.slider(key="threshold").value > 0.5
    assert f"({app.slider(key='threshold').value:g}" in button.label


@pytest.mark.parametrize(
    ("query", "tab"),
    [
        ({"compare": "other"}, "Compare"),
        ({"verdicts": "false negatives"}, "Errors"),
        ({"slice": "Rating: 8"}, "Errors"),
        ({"threshold": "0.8"}, "Overview"),
        ({"tab": "Words", "compare": "other"}, "Words"),
        ({"tab": "nonsense"}, "Overview"),
    ],
)
def test_a_link_without_a_tab_opens_the_one_that_its_settings_belong_to(query, tab):
    app = open_page("evaluation", **query)
    assert not app.exception
    assert app.session_state["tab"] == tab


# Overview


def test_the_findings_name_the_errors_and_the_accuracy_of_confident_verdicts():
    scored = scored_reviews()
    weakest, confidence, errors = overview.findings(scored)
    sure = scored.confidence == "confident"
    assert f"{100 * scored.right[sure].mean():.1f}" in confidence.sentence
    assert errors.sentence.startswith(f"{int((~scored.right).sum())} errors, {int(scored.sure_errors.sum())} of them")
    assert (weakest.tab, confidence.tab, errors.tab) == ("Slices", "Calibration", "Errors")


def test_the_weakest_slice_is_significantly_below_the_rest():
    rows = predictions(("test",)).assign(truncated=False, negation=False, contrast=False)
    weak = rows["rating"] == 3
    rows.loc[weak, "logit"] = np.where(np.arange(int(weak.sum())) % 2, 4.0, -4.0).astype("float32")
    scored = scored_reviews(rows)
    assert scored.weakest_slice()["slice"] == "Rating: 3"
    assert "Rating: 3" in next(overview.findings(scored)).sentence
    even = scored_reviews(rows.assign(logit=np.float32(9) * (2 * rows["label"] - 1)))
    assert even.weakest_slice() is None
    assert "No slice" in next(overview.findings(even)).sentence


def test_a_finding_opens_its_tab_with_its_filter():
    app = open_page("evaluation")
    app.button(key="finding_Errors").click().run()
    assert app.session_state["tab"] == "Errors"
    assert app.selectbox(key="verdicts").value == SURE_ERRORS
    assert f"**{len(app.dataframe[0].value):,} error" in said(app)


@pytest.mark.parametrize("cell", CELLS)
def test_a_click_on_a_cell_lists_its_reviews_and_nothing_else(monkeypatch, cell):
    label, verdict = CELLS[cell]
    state = {"cells": SimpleNamespace(selection={"cell": [{"label": label, "verdict": verdict}]}), "slice": "Rating: 8"}
    monkeypatch.setattr(st, "session_state", state)
    monkeypatch.setattr(st, "query_params", address := {})
    overview._list_cell()
    assert (address["tab"], state["verdicts"], state["slice"]) == ("Errors", cell, EVERYTHING)


def test_a_click_that_clears_a_selection_stays_on_the_tab(monkeypatch):
    state = {"cells": SimpleNamespace(selection={}), "bins": SimpleNamespace(selection={})}
    monkeypatch.setattr(st, "session_state", state)
    monkeypatch.setattr(st, "query_params", address := {})
    overview._list_cell()
    overview._list_bin()
    assert address == {}


def test_a_filter_set_by_a_click_is_in_the_address(monkeypatch):
    monkeypatch.setattr(st, "session_state", state := {})
    monkeypatch.setattr(st, "query_params", address := {})
    filters.open_errors(**{filters.OUTCOME: "false positives", filters.BETWEEN: (0.4, 0.6), filters.CAUSE: "irony"})
    assert address == {"tab": "Errors", "verdicts": "False positives", "between": ["0.4", "0.6"], "cause": "irony"}
    assert state["slice"] == EVERYTHING
