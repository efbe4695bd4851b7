"""The tab Evaluation of a labelled file on the page Score a file, and the rows that it leads to."""

from __future__ import annotations

import json
import re

import pytest

from sentiment.app.bulk import labels
from sentiment.bulk.jobs.job import find_job
from tests.app_pages import said, selections
from tests.bulk_page import button, job_of, open_page, open_tab, score, upload

pytestmark = [pytest.mark.page, pytest.mark.usefixtures("settings")]


def test_labels_give_accuracy_curves_calibration_and_slices(scored):
    open_tab(scored, "Evaluation")
    titles = {header.value for header in scored.subheader}
    assert {"Confusion matrix", "ROC curve", "Precision-recall curve", "Reliability diagram"} <= titles
    assert "Accuracy by slice" in titles
    shown = {metric.label for metric in scored.metric}
    assert shown == {"Accuracy", "F1", "ROC AUC", "ECE", "Cost-optimal threshold"}
    assert not scored.exception
    open_tab(scored, "Rows")


def test_the_page_says_if_calling_no_review_positive_is_cheapest(settings):
    app = score(upload("labelled.csv", b"review,label\na good film,neg\na good film,neg\na good film,pos\n"), settings)
    open_tab(app, "Evaluation")
    shown = next(metric for metric in app.metric if metric.label == "Cost-optimal threshold")
    assert (shown.value, shown.delta) == ("> 1", "predict all negative")


def test_the_rows_of_a_confusion_cell_are_found_without_a_mouse(scored):
    def matrix():
        open_tab(scored, "Evaluation")
        found = next(chart.proto for chart in scored.get("vega_lite_chart") if "a click lists" in chart.proto.alt)
        open_tab(scored, "Rows")
        return found

    wrong = int(matrix().alt.split(" and ")[1].split()[0])
    scored.selectbox(key="only_verdicts").set_value("false positives").run()
    assert f"{wrong} of 120 rows" in said(scored)
    [marked] = [param["value"] for param in selections(json.loads(matrix().spec))]
    assert marked == [{"label": "negative", "verdict": "positive"}]
    scored.selectbox(key="only_verdicts").set_value("everything").run()
    assert "120 of 120 rows" in said(scored)


def test_the_rows_of_a_confusion_cell_follow_the_threshold(scored):
    open_tab(scored, "Evaluation").slider(key=labels.THRESHOLD).set_value(0.99).run()
    open_tab(scored, "Rows")
    scored.selectbox(key="only_verdicts").set_value("false negatives").run()
    assert "80 of 120 rows" in said(scored)  # every row that is labelled positive
    scored.selectbox(key="only_verdicts").set_value("everything").run()
    open_tab(scored, "Evaluation").slider(key=labels.THRESHOLD).set_value(0.5).run()
    open_tab(scored, "Rows")
    assert "120 of 120 rows" in said(scored)


def test_confident_contradictions_of_labels_are_counted_and_can_be_listed(scored):
    shown = said(open_tab(scored, "Evaluation"))
    suspected = int(re.search(r"(\d+) confident predictions contradict their labels: check them", shown)[1])
    open_tab(scored, "Rows")
    scored.checkbox(key="only_mislabelled").check().run()
    assert f"{suspected} of 120 rows" in said(scored)
    scored.checkbox(key="only_mislabelled").uncheck().run()


def test_every_tab_leads_to_the_errors_the_most_confident_first(scored):
    scored.text_input(key="only_text").set_value("no such text").run()
    open_tab(scored, "Summary")
    correct, wrong = map(int, re.search(r"(\d+) of 120 correct\*\* · (\d+) errors", said(scored)).groups())
    assert correct + wrong == 120
    button(scored, "Show errors").click().run()
    assert not scored.exception
    assert scored.session_state["tab"] == "Rows"
    assert f"{wrong} errors, most confident first." in said(scored)
    table = scored.dataframe[0]
    order = list(table.proto.column_order)
    assert order[:4] == ["row", "sentiment", "c2", "c1"]  # the label next to the sentiment, then the review
    assert len(table.value) == min(wrong, 50)
    assert all(row["sentiment"][0][:3] != row["c2"][0] for _, row in table.value.iterrows())
    scored.selectbox(key="only_verdicts").set_value("everything").run()
    scored.selectbox(key="order").set_value("as in the file").run()
    assert "120 of 120 rows" in said(scored)


def test_rows_without_a_label_count_neither_as_correct_nor_as_errors(settings):
    content = b"review,label\na good film,pos\na good film,neg\na good film,\n"
    assert "**1 of 2 labelled rows correct** · 1 error" in said(score(upload("labelled.csv", content), settings))


@pytest.mark.parametrize("folder", ["relative", "linked", "each run linked"])
def test_the_run_that_scored_a_file_is_not_offered_as_another(scored, settings, runs, tmp_path, monkeypatch, folder):
    monkeypatch.chdir(runs.parent)
    if folder == "linked":
        (tmp_path / "link").symlink_to(runs)
    elif folder == "each run linked":
        (tmp_path / "link").mkdir()
        for path in runs.iterdir():
            (tmp_path / "link" / path.name).symlink_to(path)
    monkeypatch.setenv("SENTIMENT_RUNS", runs.name if folder == "relative" else str(tmp_path / "link"))
    app = open_page(job=job_of(scored, settings).id, tab="Evaluation")
    assert app.selectbox(key="bulk_compare").options == ["other"]


def test_another_run_scores_the_same_file_and_is_compared_with_a_paired_test(scored, settings):
    open_tab(scored, "Evaluation")
    scored.selectbox(key="bulk_compare").set_value("other").run()
    button(scored, "Also score with").click().run()
    (id,) = job_of(scored, settings).read("twins").values()
    assert find_job(settings, id).state == "done"
    scored.run()
    assert "120 reviews; 95% CI" in said(scored).replace("\\", "")
    assert "McNemar" in said(scored)
    open_tab(scored, "Rows")
