"""Every page of the app: it opens, its charts are complete, and a damaged or missing run is reported in a sentence."""

from __future__ import annotations

import pandas as pd
import pytest

from sentiment.app.bulk import charts as bulk_charts
from sentiment.app.shared import charts
from tests.app_pages import PAGES, black_rules, check_charts, open_page, said
from tests.app_runs import full_run

pytestmark = pytest.mark.usefixtures("serve_runs")


@pytest.mark.parametrize("name", PAGES)
def test_every_page_opens_without_an_error(name):
    app = open_page(name)
    assert not app.exception
    assert not app.error


# Charts


@pytest.mark.parametrize(
    ("name", "tab"),
    [
        *(("evaluation", tab) for tab in ("Overview", "Thresholds", "Calibration")),
        *(("dataset", tab) for tab in ("Overview", "Words")),
    ],
)
def test_a_chart_has_a_description_its_rows_as_csv_and_no_black_rule(name, tab):
    check_charts(open_page(name, tab=tab))


def test_charts_that_a_page_draws_on_request_have_no_black_rule():
    steps = pd.DataFrame({"name": ["a"], "start": [0.0], "end": [1.0], "value": [1.0], "side": ["positive"]})
    groups = pd.DataFrame({"group": ["a"], "n": [1], "share": [0.5], "low": [0.1], "high": [0.9]})
    drawn = charts.waterfall(steps), bulk_charts.shares(groups, "group")
    assert [rule for chart in drawn for rule in black_rules(chart.to_dict())] == []


# Faults


@pytest.mark.parametrize("name", PAGES)
def test_a_damaged_run_is_named_in_a_sentence(tmp_path, monkeypatch, name):
    run = full_run(tmp_path / "broken")
    (tmp_path / "default").write_text("broken\n")
    (run / "model.onnx").write_bytes(b"no model")
    monkeypatch.setenv("SENTIMENT_RUNS", str(tmp_path))
    app = open_page(name)
    assert [error.value.replace("\\", "") for error in app.error] == [
        "Model broken is corrupted: model.onnx doesn't match its checksum."
    ]
    assert not app.exception


@pytest.mark.parametrize("name", PAGES)
def test_without_any_run_each_page_says_so(tmp_path, monkeypatch, name):
    monkeypatch.setenv("SENTIMENT_RUNS", str(tmp_path))
    app = open_page(name)
    [error] = app.error
    assert error.value.startswith("No default model is set")
    assert not app.exception


# Privacy


@pytest.mark.parametrize(
    ("name", "query", "shown"),
    [
        ("model_card", {"tab": "Files"}, r"files of my \*run\*"),
        ("bulk", {}, """--artifacts "${SENTIMENT_RUNS:-artifacts}"/'my *run*'"""),
    ],
)
def test_the_page_does_not_show_where_a_run_is_on_the_server(tmp_path, monkeypatch, name, query, shown):
    full_run(tmp_path / "runs" / "my *run*")
    (tmp_path / "runs" / "default").write_text("my *run*")
    monkeypatch.setenv("SENTIMENT_RUNS", str(tmp_path / "runs"))
    monkeypatch.setenv("SENTIMENT_JOBS", str(tmp_path / "jobs"))
    app = open_page(name, **query)
    text = said(app) + "".join(code.value for code in app.code)
    assert shown in text
    assert str(tmp_path) not in text


@pytest.mark.parametrize(("name", "promise"), [("review", "sent only to this server"), ("bulk", "stay on this server")])
def test_the_note_on_texts_is_also_true_for_a_remote_visitor(tmp_path, monkeypatch, name, promise):
    monkeypatch.setenv("SENTIMENT_JOBS", str(tmp_path / "jobs"))
    assert promise in said(open_page(name))
