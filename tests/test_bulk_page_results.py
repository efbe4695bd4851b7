"""The results on the page Score a file: tabs, the table with its filters, a row's explanation, and downloads."""

from __future__ import annotations

import io

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from tests.app_pages import said
from tests.bulk_page import button, figures, job_of, offers, open_page, open_tab, score, settle, upload

pytestmark = [pytest.mark.page, pytest.mark.usefixtures("settings")]

TABS = ("Summary", "Words", "Groups and time", "Evaluation", "Label", "Adapt")  # next to Rows


# Tabs


def test_the_counts_of_the_summary_add_up(scored):
    assert "120 of 120 rows" in said(scored)
    found = figures(scored)
    assert found.pop("Rows") == "120"
    assert list(found) == ["Positive", "Unsure", "Negative", "Left out"]
    assert sum(map(int, found.values())) == 120
    unsure = ", unsure ones included" if int(found["Unsure"]) else ""
    assert f"of the reviews are predicted positive{unsure}." in said(scored)
    assert not scored.exception
    open_tab(scored, "Rows")


@pytest.mark.parametrize("tab", TABS)
def test_each_tab_of_the_results_has_an_address(scored, settings, tab):
    app = open_page(job=job_of(scored, settings).id, tab=tab)
    assert not app.exception
    assert app.session_state["tab"] == tab
    assert "Select a row" not in said(app)
    assert app.get("vega_lite_chart") or tab in ("Label", "Adapt")  # these chart answers, and there are none yet


def test_only_what_the_file_has_gets_a_tab(settings):
    app = score(upload("plain.csv", b"review\na good film\na dull film\n"), settings)
    assert [tab.label for tab in app.tabs] == ["Rows", "Summary", "Words", "Label", "Adapt"]


def test_a_file_scored_without_explanations_can_be_scored_again_with_them(settings):
    app = upload("plain.csv", b"review\na good film\na dull film\n")
    app.checkbox(key="explain").set_value(False).run()
    score(app, settings)
    assert "scored without explanations" in said(open_tab(app, "Words"))
    button(app, "Score again with explanations").click().run()
    settle(app, settings, "done")
    assert app.get("vega_lite_chart")
    assert not app.exception


def test_every_table_has_a_name(scored):
    tables = [*upload().dataframe, *(each for tab in (*TABS, "Rows") for each in open_tab(scored, tab).dataframe)]
    assert len(tables) == 5
    assert all(table.proto.alt for table in tables)


# The table


def test_the_table_is_searched_and_filtered_over_all_rows(scored, settings):
    scored.text_input(key="only_text").set_value("DULL").run()
    assert "40 of 120 rows" in said(scored)
    scored.text_input(key="only_text").set_value("").run()
    scored.multiselect(key="only_sentiment").set_value(["positive"]).run()
    positive = job_of(scored, settings).read("result")["counts"]["sentiment"]["positive"]
    assert f"{positive} of 120 rows" in said(scored)
    scored.multiselect(key="only_sentiment").set_value([]).run()
    assert not scored.exception


def test_filters_are_kept_during_a_visit_to_another_tab(scored):
    scored.multiselect(key="only_sentiment").set_value(["negative"]).run()
    before = next(each.value for each in scored.caption if "of 120 rows" in each.value)
    open_tab(scored, "Summary")
    open_tab(scored, "Rows")
    assert before in said(scored)
    scored.multiselect(key="only_sentiment").set_value([]).run()


def test_a_selected_row_is_explained_at_once_and_opens_only_on_request(scored):
    scored.session_state["review_text"] = "half typed"
    scored.session_state["rows-1"] = {"selection": {"rows": [40]}}
    scored.run()
    assert "**Row 41**" in said(scored)
    assert "true label negative" in said(scored)
    assert scored.button(key="open_bulk")
    assert scored.session_state["review_text"] == "half typed"
    scored.text_input(key="only_text").set_value("dull film 1").run()  # fewer rows than the selected one's number
    assert not scored.exception
    assert scored.session_state["rows-1"]["selection"]["rows"] == [40]
    assert "**Row" not in said(scored)
    scored.session_state["rows-1"] = {"selection": {"rows": []}}
    scored.text_input(key="only_text").set_value("").run()


def test_a_row_is_explained_by_the_model_that_scored_the_file(scored, settings, monkeypatch):
    models = []
    monkeypatch.setattr("sentiment.app.shared.explained_review.show", lambda _, model, *__, **___: models.append(model))
    app = open_page(job=job_of(scored, settings).id, run="other")
    app.session_state["rows-1"] = {"selection": {"rows": [0]}}
    app.run()
    assert [model.run.name for model in models] == ["tiny"]


@pytest.mark.parametrize(
    "content",
    [
        pytest.param(b"review,x\n,1\n", id="empty"),
        pytest.param(b"review,x\na film,1,2,3\n", id="malformed"),
        pytest.param("review\n\U0001f600\n".encode(), id="unknown words"),
    ],
)
def test_a_row_without_a_verdict_can_be_selected(settings, content):
    app = score(upload("odd.csv", content), settings)
    app.session_state["rows-1"] = {"selection": {"rows": [0]}}
    app.run()
    assert not app.exception
    assert "Row 1" in said(app)


# Downloads


def test_the_listed_rows_can_be_downloaded_next_to_the_table(scored):
    scored.text_input(key="only_text").set_value("dull").run()
    assert "Download 40 listed rows" in {each.label for each in scored.get("download_button")}
    scored.text_input(key="only_text").set_value("").run()


@pytest.mark.parametrize(("format", "offered"), [("csv", True), ("tsv", True), ("xlsx", True), ("jsonl", False)])
def test_formulas_can_be_kept_in_every_spreadsheet_format(format, offered, scored):
    scored.selectbox(key="form").set_value(format).run()
    assert any(each.label == "Don't escape formulas" for each in scored.checkbox) == offered


def test_another_format_is_created_and_then_offered(scored, settings):
    scored.selectbox(key="form").set_value("xlsx").run()
    assert not offers(scored, "XLSX")
    button(scored, "Create").click().run()
    settle(scored, settings, "done")
    assert offers(scored, "XLSX")


def test_a_download_that_fails_says_why_and_removes_no_result(settings):
    file = io.BytesIO()
    pq.write_table(pa.table({"review": ["good"], "words": [["a word"] * 10_000]}), file)
    app = score(upload("films.parquet", file.getvalue()), settings)
    (job_of(app, settings).folder / "download.xlsx").write_bytes(b"made with other options")
    app.selectbox(key="form").set_value("xlsx").run()
    button(app, "Create").click().run()
    settle(app, settings, "done", "failed")
    assert "one here has" in app.error[0].value
    assert figures(app)["Rows"] == "1"
    app.selectbox(key="form").set_value("jsonl").run()
    assert not app.error
    button(app, "Create").click().run()
    settle(app, settings, "done")
    assert offers(app, "JSONL")
