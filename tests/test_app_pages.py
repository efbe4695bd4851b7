"""Every page, run in process: what it shows, how it answers, and what it says when something is wrong."""

from __future__ import annotations

import json
from dataclasses import replace

import pandas as pd
import pytest
from streamlit.testing.v1 import AppTest

from sentiment.app import server
from sentiment.app.bulk import charts as bulk_charts
from sentiment.app.review import history
from sentiment.app.shared import charts
from sentiment.app.shared.examples import EXAMPLES
from sentiment.artifacts import write_json, write_manifest
from sentiment.model.classifier import Classifier
from tests.app_runs import full_run
from tests.review_page import analyse, card, editor, said_by_card

PAGES = ("review", "training", "evaluation", "dataset", "model_card")


@pytest.fixture
def open_page(runs, monkeypatch):
    monkeypatch.setenv("SENTIMENT_RUNS", str(runs))
    return _open


def _open(name: str, **query: str) -> AppTest:
    """A page as the app shows it, with the choice of the run in the sidebar."""

    def script(name):
        import importlib

        from sentiment.app.shared import current_run

        current_run.choose_run()
        importlib.import_module(f"sentiment.app.{name}.page").page()

    app = AppTest.from_function(script, args=(name,), default_timeout=30)
    for key, value in query.items():
        app.query_params[key] = value
    return app.run()


def said(app: AppTest) -> str:
    """Everything a page says in words."""
    kinds = ("title", "header", "subheader", "markdown", "text", "caption", "info", "warning", "error")
    return "\n".join([*(element.value for kind in kinds for element in app.get(kind)), said_by_card(app)])


def curves(app: AppTest) -> dict:
    """The specification of the learning curves."""
    [chart] = app.get("echarts_chart")
    return json.loads(chart.proto.spec)


def panels(app: AppTest) -> list[str]:
    """The titles of the panels on the Training page."""
    return [title["text"] for title in curves(app)["media"][0]["option"]["title"]]


def charted(app: AppTest) -> set[str]:
    """The runs in the chart on the Training page."""
    return {name.partition(", ")[0] for name in curves(app)["baseOption"]["legend"]["data"]}


def select_runs(app: AppTest, *names: str) -> None:
    """Selects rows of the table on the Training page."""
    table = next(table.value for table in app.dataframe if "best_loss" in table.value)
    rows = [list(table["run"]).index(f"● {name}") for name in names]
    app.session_state["runs_table"] = {"selection": {"rows": rows}}
    app.session_state["runs"] = list(names)  # as the callback does, which AppTest does not call
    app.run()


def selections(spec: dict) -> list[dict]:
    """The parameters of a chart and of what it is made of."""
    inner = [part for kind in ("layer", "vconcat") for part in spec.get(kind, [])]
    return [*spec.get("params", []), *(param for part in inner for param in selections(part))]


def black_rules(spec: dict) -> list[dict]:
    """The rules of a chart that have no colour, and are black in the dark theme, too."""
    if "mark" in spec:
        mark = spec["mark"]
        return [mark] if mark["type"] == "rule" and "color" not in {*mark, *spec["encoding"]} else []
    return [mark for kind in ("layer", "vconcat") for part in spec.get(kind, []) for mark in black_rules(part)]


@pytest.mark.parametrize("name", PAGES)
def test_no_rule_in_a_chart_is_left_black_for_the_dark_theme(open_page, name):
    specs = [json.loads(chart.proto.spec) for chart in open_page(name).get("vega_lite_chart")]
    assert [mark for spec in specs for mark in black_rules(spec)] == []


def test_no_rule_is_left_black_in_charts_that_a_page_draws_on_request():
    steps = pd.DataFrame({"name": ["a"], "start": [0.0], "end": [1.0], "value": [1.0], "side": ["positive"]})
    groups = pd.DataFrame({"group": ["a"], "n": [1], "share": [0.5], "low": [0.1], "high": [0.9]})
    drawn = charts.waterfall(steps), bulk_charts.shares(groups, "group")
    assert [mark for chart in drawn for mark in black_rules(chart.to_dict())] == []


@pytest.mark.parametrize("name", PAGES)
def test_every_page_opens_without_an_error(open_page, name):
    app = open_page(name)
    assert not app.exception
    assert not app.error


def test_the_first_page_is_the_review_page_with_a_scored_example(runs, monkeypatch):
    monkeypatch.setenv("SENTIMENT_RUNS", str(runs))
    app = AppTest.from_file(str(server.PAGES), default_timeout=30).run()
    assert not app.exception
    assert app.session_state["review_text"] == EXAMPLES["Glowing"]
    assert "Not enough known words" in said(app)
    assert editor(app)["spans"]
    assert "How the score adds up" in [expander.label for expander in app.expander]


def test_a_text_of_unknown_words_has_no_rate(open_page):
    app = open_page("review")
    for text, shown in (("zyx xyz yzx", False), ("the film is good", True)):
        analyse(app, text)
        assert (card(app)["probability"] is not None) == shown


def test_the_most_confident_verdict_is_not_shown_as_certain(tmp_path, monkeypatch):
    run = full_run(tmp_path / "tiny")
    write_json(run / "config.json", {"preset": "tiny", "max_length": 50, "temperature": 0.01})
    write_manifest(run)
    (tmp_path / "default").write_text("tiny")
    monkeypatch.setenv("SENTIMENT_RUNS", str(tmp_path))
    app = _open("review")
    analyse(app, "bad")
    assert card(app)["percent"].startswith("over 99.9")
    assert card(app)["meter"].startswith(("Probability of positive: over 99.9", "Probability of positive: under 0.1"))


def test_one_click_on_an_example_judges_it(open_page):
    app = open_page("review")
    app.get_by_key("example").set_value("Scathing").run()
    assert app.session_state["review_text"] == EXAMPLES["Scathing"]
    assert app.session_state["analyses"][-1].text == EXAMPLES["Scathing"]


def test_a_pasted_review_is_scored_and_is_in_no_address(open_page):
    app = open_page("review")
    analyse(app, "The film is not good!")
    assert app.session_state["analyses"][-1].text == "The film is not good!"
    assert app.session_state["example"] is None
    assert "good" not in str(app.query_params)
    assert not app.exception


def test_two_analyses_are_compared_by_text_score_and_what_each_word_added(open_page):
    app = open_page("review")
    for text in ("the film is good", "the film is bad"):
        analyse(app, text)
    tick(app, 2, 3)
    assert [name for name in ("#2", "#3", "#1") if f"**\\{name}**" in said(app)] == ["#2", "#3"]
    assert said(app).count("Score ") == 2
    assert "P(positive) differs by" in said(app)
    compared = app.dataframe[-1].value.set_index("word")
    assert compared["first"].isna()["bad"]
    assert compared["second"].isna()["good"]
    assert compared.loc["bad", "change"] == compared.loc["bad", "second"]


def tick(app: AppTest, *numbers: int) -> None:
    """Opens the history and ticks analyses in it, by number."""
    every = list(reversed(app.session_state["analyses"]))
    rows = [row for row, each in enumerate(every) if each.number in numbers]
    app.session_state["history"] = True
    app.session_state[history.table_key(every)] = {"selection": {"rows": rows}}
    app.run()
    assert not app.exception


def delete_all(app: AppTest) -> None:
    tick(app)
    press(app, "Delete now")


def press(app: AppTest, label: str) -> None:
    next(button for button in app.button if button.label == label).click().run()
    assert not app.exception


def test_the_example_chosen_is_the_one_whose_text_is_shown(open_page):
    app = open_page("review")
    analyse(app, "the film is good")
    app.get_by_key("example").set_value("Scathing").run()
    for number, example in ((2, None), (1, "Glowing")):
        tick(app, number)
        press(app, f"Open #{number}")
        assert app.session_state["review_text"] == EXAMPLES.get(example, "the film is good")
        assert app.session_state["example"] == example


@pytest.mark.parametrize("example", [None, "Glowing", "Mixed"])
def test_a_text_opened_from_another_page_marks_its_example(runs, monkeypatch, example):
    def script():
        import streamlit as st

        from sentiment.app.review import page
        from sentiment.app.shared import analyses, current_run

        current_run.choose_run()
        if "elsewhere" not in st.session_state:
            page.page()
        elif st.button("Open"):
            analyses.show(st.session_state.pop("elsewhere"))
            st.rerun()

    monkeypatch.setenv("SENTIMENT_RUNS", str(runs))
    app = AppTest.from_function(script, default_timeout=30).run()
    app.get_by_key("example").set_value("Scathing").run()
    app.session_state["elsewhere"] = EXAMPLES.get(example, "a text")
    app.run()
    press(app, "Open")
    assert app.session_state["review_text"] == EXAMPLES.get(example, "a text")
    assert app.session_state["example"] == example


def test_a_changed_example_is_no_longer_that_example(open_page):
    app = open_page("review")
    app.session_state["reasons_view"] = "What if?"
    app.run()
    press(app, "Apply")
    app.button(key="what_if_use").click().run()
    assert app.session_state["review_text"] not in EXAMPLES.values()
    assert app.session_state["example"] is None


def test_delete_all_forgets_texts_and_analyses(open_page):
    app = open_page("review")
    delete_all(app)
    assert app.session_state["analyses"] == []
    assert not app.session_state["review_text"]
    assert not app.exception


@pytest.mark.parametrize(("run", "varied"), [("other", True), ("gone", False)])
def test_an_explanation_by_another_model_is_marked_and_varied_only_if_that_model_is_here(open_page, runs, run, varied):
    saved = replace(Classifier.load(runs / "other").explain("the film is good"), run=run)

    def script():
        import streamlit as st

        from sentiment.app.review import page
        from sentiment.app.shared import analyses, current_run

        current_run.choose_run()
        if "saved" in st.session_state:
            analyses.reopen(analyses.add(st.session_state.pop("saved")))
        page.page()

    app = AppTest.from_function(script, default_timeout=30)
    app.session_state["saved"] = saved
    app.run()
    assert not app.exception
    assert f"Made with {run}" in said(app)
    assert ("isn't available here" in said(app)) is not varied
    assert ("What if?" in [tab.label for tab in app.tabs]) is varied
    assert app.session_state["run"] == "tiny"


def test_a_link_opens_its_example_and_its_run(open_page):
    app = open_page("review", example="Negated", run="other")
    assert app.session_state["review_text"] == EXAMPLES["Negated"]
    assert app.session_state["analyses"][-1].run == "other"


def test_the_served_run_changes_and_changes_back(open_page):
    app = open_page("review")
    app.selectbox(key="run").select("other").run()
    app.selectbox(key="run").select("tiny").run()
    assert [analysis.run for analysis in app.session_state["analyses"]] == ["tiny", "other"]
    assert not app.exception


@pytest.mark.parametrize(
    "text", ["", "   \n", "🎬", "<script>alert(1)</script>", "word " * 20_000, "‮gnorw", "$x$ :red[a]"]
)
def test_any_pasted_text_gets_an_answer(open_page, runs, text):
    app = open_page("review")
    analyse(app, text)
    assert not app.exception
    if Classifier.load(runs / "tiny").predict([text])[0].label:
        assert app.session_state["analyses"][-1].text == text
    else:
        assert "No text to analyse" in said(app)


def test_a_text_without_a_word_gets_no_verdict(open_page):
    app = open_page("review")
    analyse(app, "  ")
    assert "No text to analyse" in said(app)


@pytest.mark.parametrize("name", PAGES)
def test_a_damaged_run_is_named_in_a_sentence(tmp_path, monkeypatch, name):
    run = full_run(tmp_path / "broken")
    (tmp_path / "default").write_text("broken\n")
    (run / "model.onnx").write_bytes(b"no model")
    monkeypatch.setenv("SENTIMENT_RUNS", str(tmp_path))
    app = _open(name)
    assert [error.value.replace("\\", "") for error in app.error] == [
        "Model broken is corrupted: model.onnx doesn't match its checksum."
    ]
    assert not app.exception


@pytest.mark.parametrize("name", PAGES)
def test_without_any_run_each_page_says_so(tmp_path, monkeypatch, name):
    monkeypatch.setenv("SENTIMENT_RUNS", str(tmp_path))
    app = _open(name)
    assert len(app.error) == 1
    assert app.error[0].value.startswith("No default model is set")
    assert not app.exception


def test_a_link_to_a_run_that_is_gone_says_so_and_shows_the_default(open_page):
    app = open_page("review", run="gone")
    assert "The model in this link isn't available. Showing tiny instead." in said(app)
    assert app.session_state["analyses"][-1].run == "tiny"


def test_several_runs_are_drawn_together_one_of_them_still_being_trained(open_page):
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


def test_half_written_settings_are_ignored_and_damaged_ones_are_named(tmp_path, monkeypatch):
    whole, young = full_run(tmp_path / "tiny"), full_run(tmp_path / "young")
    (tmp_path / "default").write_text("tiny")
    (young / "manifest.json").unlink()
    (young / "config.json").write_text('{"preset": "ti')
    monkeypatch.setenv("SENTIMENT_RUNS", str(tmp_path))
    app = _open("training", runs="tiny,young")
    assert not app.exception
    assert not app.error
    (whole / "metadata.json").write_text("{}")
    app = _open("training")
    assert [error.value.replace("\\", "") for error in app.error] == [
        "Model tiny is corrupted: metadata.json doesn't match its checksum."
    ]
    assert not app.exception


def test_the_model_chosen_in_the_sidebar_is_charted_and_others_can_be_added(open_page):
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


def test_a_link_to_certain_runs_charts_those(open_page):
    app = open_page("training", runs="other", run="tiny")
    assert charted(app) == {"other"}


def test_a_link_to_a_run_that_is_gone_charts_the_model(open_page):
    app = open_page("training", runs="gone")
    assert charted(app) == {"tiny"}


def test_without_a_selected_run_the_page_says_what_to_do(open_page):
    app = open_page("training")
    select_runs(app)
    assert "Select at least one run." in said(app)
    assert not app.exception


def test_the_table_of_runs_has_the_figures_of_each(open_page):
    table = open_page("training").dataframe[0].value.set_index("run")
    assert list(table.index) == ["● other", "● tiny", "● young"]
    assert table.loc["● tiny", "epochs"] == "4"
    assert table.loc["● tiny", "best_loss"] == pytest.approx(0.4)
    assert (table.loc["● tiny", "seconds"], table.loc["● tiny", "last_seconds"]) == ("4.0 min", "4.0 min")
    assert table.loc["● tiny", "parameters"] > 0
    assert pd.isna(table.loc["● young", "test_accuracy"])


def test_no_run_has_the_colour_of_a_class_while_others_are_free(open_page):
    used = {each["color"] for each in curves(open_page("training"))["baseOption"]["series"] if "color" in each}
    assert used
    assert used.isdisjoint({"#0072b2", "#d55e00"})


def test_several_runs_show_only_the_settings_that_differ_at_first(open_page):
    app = open_page("training", runs="tiny")
    whole = next(table.value for table in app.dataframe if "setting" in table.value)
    select_runs(app, "tiny", "other")
    differing = next(table.value for table in app.dataframe if "setting" in table.value)
    assert set(differing["setting"]) < set(whole["setting"])
    app.toggle(key="only_differences").set_value(False).run()
    assert len(next(table.value for table in app.dataframe if "setting" in table.value)) >= len(whole)


@pytest.mark.parametrize("grain", ["epoch", "step"])
@pytest.mark.parametrize("against", ["minutes", "steps", "epochs"])
def test_every_axis_of_a_training_starts_at_zero(open_page, grain, against):
    app = open_page("training", grain=grain, against=against)
    assert [axis["min"] for axis in curves(app)["baseOption"]["xAxis"]] == [0, 0, 0]


def test_without_texts_no_row_can_be_selected_and_the_page_says_why(open_page):
    app = open_page("dataset", tab="Quality")
    tables = [table for table in app.dataframe if "fingerprint" in table.value]
    assert tables
    assert all(not table.proto.selection_mode for table in tables)
    assert "Review texts aren't included. Start the app with `make app DATA=" in said(app)


def test_a_part_of_the_training_is_shown_without_a_mouse(open_page):
    app = open_page("training")
    app.slider(key="part").set_value((1, 1)).run()
    assert "No data in this range" in said(app)
    app.slider(key="part").set_value((50, 100)).run()
    assert len(panels(app)) == 3
    lines = [each["data"] for each in curves(app)["baseOption"]["series"] if each["type"] == "line"]
    assert min(x for line in lines for x, _ in line) >= 2
    assert {axis["min"] for axis in curves(app)["baseOption"]["xAxis"]} == {2.025}


def test_every_chart_has_a_name_a_text_and_its_data_as_csv(open_page):
    for name, tab in (("evaluation", ""), ("dataset", "Overview"), ("dataset", "Words")):
        app = open_page(name, tab=tab) if tab else open_page(name)
        charts = app.get("vega_lite_chart")
        assert all(chart.proto.alt for chart in charts)
        csv = [button for button in app.get("download_button") if "CSV" in button.proto.label + button.proto.help]
        assert len(csv) >= len(charts) - 1  # the causes of mistakes are in a table next to their chart


def test_a_word_is_looked_up_with_its_counts_and_neighbours(open_page):
    app = open_page("dataset", tab="Words", word="GOOD")
    assert "in negative training reviews (log-odds" in said(app)
    app.text_input(key="word").set_value("zebra").run()
    assert "isn't in the vocabulary" in said(app)


def test_the_model_card_shows_the_figures_and_the_limits_of_the_model(open_page):
    app = open_page("model_card")
    assert {"Test accuracy", "Model size", "Reads up to"} <= {each.label for each in app.metric}
    assert {"Use it for", "Do not use it for", "Confidence levels", "Data and licence"} <= {
        each.value for each in app.header
    }
    assert "first 50 tokens" in said(app)


@pytest.mark.parametrize("name", ["model_card", "bulk"])
def test_the_page_does_not_show_where_a_run_is_on_the_server(tmp_path, monkeypatch, name):
    full_run(tmp_path / "runs" / "my *run*")
    (tmp_path / "runs" / "default").write_text("my *run*")
    monkeypatch.setenv("SENTIMENT_RUNS", str(tmp_path / "runs"))
    monkeypatch.setenv("SENTIMENT_JOBS", str(tmp_path / "jobs"))
    app = _open(name, tab="Files") if name == "model_card" else _open(name)
    shown = said(app) + "".join(code.value for code in app.code)
    assert str(tmp_path) not in shown
    command = """--artifacts "${SENTIMENT_RUNS:-artifacts}"/'my *run*'"""
    assert {"model_card": r"files of my \*run\*", "bulk": command}[name] in shown


@pytest.mark.parametrize(("name", "promise"), [("review", "sent only to this server"), ("bulk", "stay on this server")])
def test_the_note_on_texts_is_also_true_for_a_remote_visitor(open_page, tmp_path, monkeypatch, name, promise):
    monkeypatch.setenv("SENTIMENT_JOBS", str(tmp_path / "jobs"))
    assert promise in said(open_page(name))


def test_deleting_all_analyses_takes_the_changes_tried_on_them_along(open_page):
    app = open_page("review")
    app.session_state["what_if"] = {1: [{0: "secret"}]}
    delete_all(app)
    assert app.session_state["what_if"] == {}
    assert not app.exception
