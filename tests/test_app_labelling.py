"""The tabs Label and Adapt: answers by button, estimates for the whole file, and a model that only its owner sees."""

import csv
import io
import re
from pathlib import Path
from types import SimpleNamespace
from zipfile import ZipFile

import pytest

from sentiment.app.bulk import labelling, own_model
from sentiment.bulk.jobs.answers import Answers
from sentiment.bulk.jobs.job import Job
from sentiment.bulk.labelling import RANDOM, Labelling, Pool
from sentiment.bulk.results import Results
from sentiment.model.classifier import Classifier
from tests.app_pages import components, said
from tests.bulk_page import button, job_of, open_page, settle, upload

pytestmark = [pytest.mark.page, pytest.mark.usefixtures("settings")]

WORDS = ("good", "great", "dull", "bad")
REVIEWS = [f"the film is {WORDS[i % 4]} {WORDS[i // 4 % 4]} number {i}" for i in range(160)]
LABELS = ["pos" if i % 4 < 2 else "neg" for i in range(160)]


def scored(content: str, settings) -> Job:
    """Uploads and scores a CSV file, and returns its job."""
    app = settle(upload("comments.csv", content.encode()), settings, "new")
    button(app, "Score").click().run()
    return job_of(settle(app, settings, "done"), settings)


@pytest.fixture
def job(settings):
    """A scored file whose labels depend on one word; each test has its own, because it stores answers."""
    rows = (f"{review},{label}\n" for review, label in zip(REVIEWS, LABELS, strict=True))
    return scored("review,label\n" + "".join(rows), settings)


def open_tab(job: Job, tab: str):
    """Opens a tab of the job's page."""
    app = open_page(job=job.id, tab=tab)
    assert not app.exception
    return app


def results(job: Job) -> Results:
    """Returns the scored rows of a job."""
    return Results(job.parts, job.read("inspection")["columns"], 0)


def answer(job: Job, n: int) -> None:
    """Answers the next ``n`` rows with their labels."""
    pool = Pool.of(results(job), job.id)
    for _ in range(n):
        row = int(pool.rows[Labelling(pool, Answers(job).read()[0]).next_place])
        Answers(job).add(row, "positive" if LABELS[row] == "pos" else "negative")


def adapted(job: Job) -> Path:
    """Returns the folder of the adapted model."""
    [folder] = (job.folder / "adapted").iterdir()
    return folder


def row_asked(app) -> int:
    """Returns the number of the row that the page asks about."""
    return int(re.search(r"\*\*Row ([\d,]+)\*\*", said(app))[1].replace(",", ""))


def is_coloured(app) -> bool:
    """Returns whether a part of the text that the page shows has a colour."""
    [text] = components(app, "highlight")
    return any(contribution is not None for _, contribution, _ in text["parts"])


def test_an_answer_by_button_survives_a_refresh_and_can_be_undone(job):
    app = open_tab(job, "Label")
    assert "Random row 1 of 40" in said(app)
    first = row_asked(app)
    app.button(key="answer_positive").click().run()
    second = row_asked(app)
    assert second != first
    app.button(key="answer_skip").click().run()
    assert list(Answers(job).read()[0].items()) == [(first - 1, "positive"), (second - 1, "skip")]
    later = open_tab(job, "Label")
    assert "Random row 2 of 40" in said(later)
    assert row_asked(later) == row_asked(app)
    button(later, "Undo").click().run()
    assert row_asked(later) == second
    assert not later.exception


def test_the_prediction_and_its_colours_can_be_hidden(job):
    app = open_tab(job, "Label")
    assert "P(positive)" in said(app)
    assert is_coloured(app)
    app.toggle(key="label_hidden").set_value(True).run()
    assert "P(positive)" not in said(app)
    assert "Prediction hidden" in said(app)
    assert not is_coloured(app)


def test_only_random_rows_enter_the_estimates_for_the_file_and_uncertain_rows_come_later(job):
    answer(job, RANDOM)
    app = open_tab(job, "Label")
    assert "least sure" in said(app)
    estimates = {metric.label: (metric.value, metric.delta) for metric in app.metric}
    assert estimates.keys() == {"Positive reviews in this file", "Accuracy of the model on this file"}
    assert "95% CI" in estimates["Positive reviews in this file"][1]
    assert f"of {RANDOM} labelled positive" in said(app)
    answer(job, 3)
    later = open_tab(job, "Label")
    assert {metric.label: (metric.value, metric.delta) for metric in later.metric} == estimates
    assert f"{RANDOM} random and 3 uncertain rows" in later.get("progress")[0].proto.text


def test_the_labels_of_the_file_can_be_used_as_answers_and_dropped_again(job):
    app = open_tab(job, "Label")
    app.checkbox(key=f"label_from_file_{job.short_id}").check().run()
    assert "Every row has an answer" in app.success[0].value
    evaluation = open_page(job=job.id, tab="Evaluation")
    of_file = {metric.label: metric.value for metric in app.metric}["Accuracy of the model on this file"]
    assert of_file == {metric.label: metric.value for metric in evaluation.metric}["Accuracy"]
    app.checkbox(key=f"label_from_file_{job.short_id}").uncheck().run()
    assert "Random row 1 of 40" in said(app)


def test_labels_are_downloaded_with_their_text_and_formulas_are_escaped(settings):
    lines = "".join(f"=good film {i}\n" for i in range(4))
    job = scored(f"review\n{lines}", settings)
    for row, given in ((2, "positive"), (0, "skip"), (1, "negative")):
        Answers(job).add(row, given)
    view = SimpleNamespace(results=results(job))
    answers = Labelling(Pool.of(view.results, job.id), *Answers(job).read())
    rows = list(csv.DictReader(io.StringIO(labelling._as_csv(view, answers))))
    assert [(each["row"], each["label"], each["text"]) for each in rows] == [
        ("3", "positive", "'=good film 2"),
        ("2", "negative", "'=good film 1"),
    ]
    assert {each["chosen"] for each in rows} <= {"random", "least sure"}


def test_the_page_says_how_many_labels_are_missing(job):
    answer(job, 5)
    app = open_tab(job, "Adapt")
    assert "Label 15 more rows, or use the 160 labels in your file, to" in app.info[-1].value


def test_a_small_file_asks_for_no_more_rows_than_it_has(settings):
    rows = "".join(f"{review},{label}\n" for review, label in zip(REVIEWS[:30], LABELS[:30], strict=True))
    job = scored(f"review,label\n{rows}", settings)
    app = open_tab(job, "Label")
    assert "This file has 30 rows to label." in said(app)
    assert "Random row 1 of 30" in said(app)
    assert "Label 20 rows, or use the 30 labels in your file, to" in open_tab(job, "Adapt").info[-1].value
    job = scored("review\na good film\na bad film\n", settings)
    assert "This file has 2 rows to label." in said(open_tab(job, "Label"))
    assert "This file has 2 rows to label" in open_tab(job, "Adapt").info[-1].value


def test_with_too_few_labels_no_model_is_offered(job):
    answer(job, 25)
    app = open_tab(job, "Adapt")
    assert "25 labels are too few; at least 40 are needed" in said(app)
    assert {metric.label for metric in app.metric} >= {"Accuracy before", "Accuracy after", "Rows changed"}
    assert not [each for each in app.button if "Make this model" in each.label]


@pytest.fixture
def made(job):
    """The page of a job whose adapted model was made and chosen."""
    answer(job, 100)
    app = open_tab(job, "Adapt")
    assert "Adopted" in app.success[0].value
    button(app, "Make this model").click().run()
    assert not app.exception
    button(app, "Use it").click().run()
    assert not app.exception
    return app


@pytest.mark.process  # git, for the commit in the run's metadata
def test_a_better_model_is_made_and_only_its_owner_sees_it(made, job):
    name = made.sidebar.selectbox[0].value
    assert re.fullmatch(r"tiny-adapted-100-[0-9a-f]{4}", name)
    assert name in made.sidebar.selectbox[0].options
    assert "run" not in made.query_params  # a link would work for nobody else
    stranger = open_page()
    assert name not in stranger.sidebar.selectbox[0].options
    stranger = open_page(run=name)
    assert "isn't available" in stranger.sidebar.warning[0].value
    old, new = (Classifier.load(path) for path in (job.read("task")["run"], adapted(job)))
    right_before, right_after = (
        sum(each.label[:3] == label for each, label in zip(model.predict(REVIEWS), LABELS, strict=True))
        for model in (old, new)
    )
    assert right_after > right_before + 20
    explanation = new.explain(REVIEWS[0])
    total = explanation.baseline_logit + explanation.contributions.sum()
    assert total == pytest.approx(explanation.logit, abs=1e-4)


@pytest.mark.process
def test_the_download_contains_the_run_and_its_card_but_no_text_of_the_file(made, job, tmp_path):
    with ZipFile(io.BytesIO(own_model._zip(adapted(job)))) as archive:
        archive.extractall(tmp_path)
    [folder] = tmp_path.iterdir()
    assert Classifier.load(folder).predict(["the film is good"])
    assert "100" in (folder / "README.md").read_text()
    assert not [path for path in folder.rglob("*") if "number 7" in path.read_bytes().decode("latin-1")]


@pytest.mark.process
def test_the_model_is_deleted_with_the_job_and_the_page_shows_the_default(made, job):
    name = made.sidebar.selectbox[0].value
    button(made, "Delete now").click().run()
    assert not made.exception
    assert made.sidebar.selectbox[0].value == "tiny"
    assert name not in made.sidebar.selectbox[0].options


@pytest.mark.process
def test_other_labels_make_another_model_that_replaces_the_first(made, job):
    first = adapted(job).name
    Answers(job).undo()
    app = open_tab(job, "Adapt")
    button(app, "Make this model").click().run()
    second = adapted(job).name
    assert second.startswith("tiny-adapted-99-")
    assert first != second


def test_a_row_that_changes_side_is_explained_by_both_models(job):
    answer(job, 60)
    app = open_tab(job, "Adapt")
    app.session_state["adapt_changed_60"] = {"selection": {"rows": [0]}}
    app.run()
    assert not app.exception
    assert "original**" in said(app)
    assert "adapted**" in said(app)
