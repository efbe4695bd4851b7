"""The Training page: which runs are drawn, what the chart and the table show of them, and in which range."""

from __future__ import annotations

import json
from typing import Any

import pandas as pd
import pytest
from streamlit.testing.v1 import AppTest

from sentiment.app.training import curves as learning_curves
from tests.app_pages import open_page, said
from tests.app_runs import full_run

pytestmark = pytest.mark.usefixtures("serve_runs")

CLASS_COLOURS = {"#0072b2", "#d55e00"}  # of positive and negative reviews, in every chart


def curves(app: AppTest) -> dict[str, Any]:
    """Returns the specification of the learning curves."""
    [chart] = app.get("echarts_chart")
    return json.loads(chart.proto.spec)


def panels(app: AppTest) -> list[str]:
    """Returns the titles of the panels of the chart."""
    return [title["text"] for title in curves(app)["media"][0]["option"]["title"]]


def charted(app: AppTest) -> set[str]:
    """Returns the names of the runs in the chart."""
    return {name.partition(", ")[0] for name in curves(app)["baseOption"]["legend"]["data"]}


def table_with(app: AppTest, column: str) -> pd.DataFrame:
    """Returns the first table of the page that has a column."""
    return next(table.value for table in app.dataframe if column in table.value)


def select_runs(app: AppTest, *names: str) -> None:
    """Selects runs in the table."""
    table = table_with(app, "best_loss")
    rows = [list(table["run"]).index(name) for name in names]
    app.session_state["runs_table"] = {"selection": {"rows": rows}}
    app.session_state["runs"] = list(names)  # as the callback does, which AppTest does not call
    app.run()


def test_runs_are_drawn_together_although_one_is_still_in_training():
    app = open_page("training")
    select_runs(app, "tiny", "other", "young")
    assert not app.exception
    assert "young is training" in said(app)
    assert charted(app) == {"tiny", "other", "young"}
    assert len(panels(app)) == 3
    for grain, against in (("step", "minutes"), ("step", "steps"), ("epoch", "steps")):
        app.get_by_key("grain").set_value(grain)
        app.get_by_key("against").set_value(against).run()
        assert not app.exception
        assert len(panels(app)) == 3


def test_the_model_chosen_in_the_sidebar_is_charted_and_others_can_be_added():
    app = open_page("training")
    assert charted(app) == {"tiny"}
    app.selectbox(key="run").select("other").run()
    assert charted(app) == {"other"}
    select_runs(app, "other", "tiny")
    assert charted(app) == {"other", "tiny"}
    assert app.query_params["runs"] == ["other", "tiny"]
    select_runs(app, "other", "young")
    app.selectbox(key="run").select("tiny").run()
    assert app.session_state["runs"] == ["tiny", "young"]
    assert not app.exception


def test_a_link_with_runs_charts_them():
    app = open_page("training", runs="other", run="tiny")
    assert charted(app) == {"other"}


def test_a_link_with_a_missing_run_charts_the_chosen_model():
    app = open_page("training", runs="gone")
    assert charted(app) == {"tiny"}


def test_without_a_selected_run_the_page_says_what_to_do():
    app = open_page("training")
    select_runs(app)
    assert "Select at least one run." in said(app)
    assert not app.exception


def test_half_written_settings_are_ignored_and_damaged_ones_are_named(tmp_path, monkeypatch):
    whole, young = full_run(tmp_path / "tiny"), full_run(tmp_path / "young")
    (tmp_path / "default").write_text("tiny")
    (young / "manifest.json").unlink()
    (young / "config.json").write_text('{"preset": "ti')
    monkeypatch.setenv("SENTIMENT_RUNS", str(tmp_path))
    app = open_page("training", runs="tiny,young")
    assert not app.exception
    assert not app.error
    (whole / "metadata.json").write_text("{}")
    app = open_page("training")
    assert [error.value.replace("\\", "") for error in app.error] == [
        "Model tiny is corrupted: metadata.json doesn't match its checksum."
    ]
    assert not app.exception


def test_the_table_of_runs_has_the_figures_of_each():
    table = open_page("training").dataframe[0].value.set_index("run")
    assert list(table.index) == ["other", "tiny", "young"]
    assert table.loc["tiny", "epochs"] == "4"
    assert table.loc["tiny", "best_loss"] == pytest.approx(0.4)
    assert (table.loc["tiny", "seconds"], table.loc["tiny", "last_seconds"]) == ("4.0 min", "4.0 min")
    assert table.loc["tiny", "parameters"] > 0
    assert pd.isna(table.loc["young", "test_accuracy"])


def test_the_note_below_the_chart_lists_only_the_marks_that_it_has():
    app = open_page("training", runs="tiny")
    shown = {each["name"] for each in curves(app)["baseOption"]["series"] if each["type"] == "scatter"}
    note = next(each.value for each in app.caption if "Shift+scroll" in each.value)
    assert {event for event, mark in learning_curves._MARKS.items() if mark in note} == shown


def test_for_several_runs_only_settings_that_differ_are_shown_at_first():
    app = open_page("training", runs="tiny")
    all_settings = set(table_with(app, "setting")["setting"])
    select_runs(app, "tiny", "other")
    assert set(table_with(app, "setting")["setting"]) < all_settings
    app.toggle(key="only_differences").set_value(False).run()
    assert set(table_with(app, "setting")["setting"]) >= all_settings


def test_no_run_has_the_colour_of_a_class_while_others_are_free():
    used = {each["color"] for each in curves(open_page("training"))["baseOption"]["series"] if "color" in each}
    assert used
    assert used.isdisjoint(CLASS_COLOURS)


@pytest.mark.parametrize("grain", ["epoch", "step"])
@pytest.mark.parametrize("against", ["minutes", "steps", "epochs"])
def test_every_axis_of_a_training_starts_at_zero(grain, against):
    app = open_page("training", grain=grain, against=against)
    assert [axis["min"] for axis in curves(app)["baseOption"]["xAxis"]] == [0, 0, 0]


def test_a_range_of_the_training_is_chosen_by_slider():
    app = open_page("training")
    app.slider(key="part").set_value((1, 1)).run()
    assert "No data in this range" in said(app)
    app.slider(key="part").set_value((50, 100)).run()
    assert len(panels(app)) == 3
    lines = [each["data"] for each in curves(app)["baseOption"]["series"] if each["type"] == "line"]
    half = (4 + 1 / 20) / 2  # in epochs, from the first of 20 steps in each of 4 epochs to the last
    assert {axis["min"] for axis in curves(app)["baseOption"]["xAxis"]} == {half}
    assert min(x for line in lines for x, _ in line) >= half - 1 / 20
