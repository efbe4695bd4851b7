"""Score a file: the meanings of labels can be changed, columns can be joined, and rows left out are counted."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest

from tests.app_pages import said
from tests.bulk_page import button, figures, job_of, open_tab, score, settle, upload

pytestmark = [pytest.mark.page, pytest.mark.usefixtures("settings")]

THREE_LABELS = b"review,label\n" + b"a good film,2\na dull film,0\nnot bad .,1\n" * 5


def scores(output: Path) -> list[tuple[str, str]]:
    """The verdict and the probability of each row of an output."""
    with output.open(newline="", encoding="utf-8-sig") as file:
        return [(row["sentiment"], row["p_positive"]) for row in csv.DictReader(file)]


def test_the_meaning_of_each_label_is_shown_and_ignored_rows_are_counted(settings):
    app = upload("three.csv", THREE_LABELS)
    table = app.data_editor[0].value
    assert dict(zip(table["value"], table["means"], strict=True)) == {"2": "positive", "0": "negative", "1": "ignored"}
    assert "The evaluation ignores 5 rows" in said(app)
    score(app, settings)
    assert job_of(app, settings).read("task")["labels"] == {"2": 1, "0": 0, "1": None}
    assert "10 labelled rows" in said(open_tab(app, "Evaluation"))
    assert "Left out: 5 rows with a label that is neither positive nor negative." in said(app)


def test_a_changed_meaning_of_a_label_is_used_by_the_job(settings):
    app = upload("three.csv", THREE_LABELS)
    values = list(app.data_editor[0].value["value"])
    edits = {values.index("1"): {"means": "positive"}, values.index("0"): {"means": "ignored"}}
    key = f"meanings_{job_of(app, settings).short_id}_1"
    app.session_state[key] = {"edited_rows": edits, "added_rows": [], "deleted_rows": []}
    job = job_of(score(app.run(), settings), settings)
    assert job.read("task")["labels"] == {"2": 1, "0": None, "1": 1}
    assert job.read("result")["input"]["labels"] == {"2": "positive", "0": "neutral", "1": "positive"}
    assert job.read("result")["against_labels"]["positive"] == 10


def test_labels_of_unknown_meaning_are_asked_for(settings):
    app = upload("two.csv", b"review,label\na good film,2\na dull film,3\n")
    assert app.selectbox(key="label_column").value is None
    app.selectbox(key="label_column").set_value(1).run()
    assert "Unrecognised labels" in app.warning[0].value
    score(app, settings)
    assert "No row has both a prediction and a known label. Left out: 2 rows with a label of unknown" in said(app)


def test_columns_of_one_review_can_be_joined(settings):
    app = upload("joined.csv", b"id,title,review\n1,dull,a film\n2,good,a film\n3,,a good film\n")
    assert app.selectbox(key="text_column").value == 2
    app.multiselect(key="joined_columns").set_value([1]).run()
    assert not app.warning
    app.multiselect(key="joined_columns").set_value([0, 1]).run()
    assert "“id” doesn't look like review text" in app.warning[0].value
    app.multiselect(key="joined_columns").set_value([1]).run()
    job = job_of(score(app, settings), settings)
    assert job.read("task")["text"] == [1, 2]
    assert job.read("result")["input"]["text_column"] == ["title", "review"]
    app.text_input(key="only_text").set_value("dull").run()
    assert "1 of 3 rows" in said(app)


def test_joined_columns_are_scored_as_one_text(settings):
    app = upload("joined.csv", b"id,title,review\n1,dull,a film\n")
    app.multiselect(key="joined_columns").set_value([1]).run()
    joined = job_of(score(app, settings), settings)
    single = job_of(score(upload("single.csv", b'review\n"dull\na film"\n'), settings), settings)
    assert scores(joined.folder / "output.csv") == scores(single.folder / "output.csv")


def test_the_label_column_cannot_be_joined_to_the_text(settings):
    app = settle(upload("three.csv", THREE_LABELS), settings, "new")
    app.multiselect(key="joined_columns").set_value([1]).run()
    assert button(app, "Score").disabled


@pytest.mark.parametrize(
    ("others", "sentence"),
    [
        (0, "3 of 3 rows are mostly words the model does not know: another language, or the wrong column?"),
        (2, "3 of 5 rows are mostly words the model does not know"),
        (9, "3 rows of mostly unknown words left out of the figures."),
    ],
)
def test_rows_of_unknown_words_enter_no_figure_and_are_reported_above_the_figures(settings, others, sentence):
    row = "Нам очень понравился этот фильм,neg,a,2024-01-01\n".encode()
    content = b"review,label,genre,seen\n" + row * 3 + b"a good film,pos,b,2024-01-02\n" * others
    app = score(upload("other.csv", content), settings)
    found = figures(app)
    assert any(sentence in element.value for element in [*app.warning, *app.caption])
    assert int(found["Positive"]) + int(found["Unsure"]) + int(found["Negative"]) == others
    assert found["Left out"] == "3"
    assert ("of the reviews are predicted positive" in said(app)) is bool(others)
    assert ("Groups and time" in [tab.label for tab in app.tabs]) is bool(others)
    if others:
        assert "Left out: 3 rows of mostly unknown words." in said(open_tab(app, "Evaluation"))
        assert "No confident prediction contradicts its label" in said(app)
