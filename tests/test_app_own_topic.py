"""The pages of a run that was trained on a user's own texts: nothing on them is about films."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest
from streamlit.testing.v1 import AppTest

from sentiment.artifacts import write_json, write_manifest
from tests.adapted_runs import adapt, labelled_file, teachable
from tests.app_pages import PAGES, open_page, said
from tests.app_runs import full_run, predictions

pytestmark = [
    pytest.mark.usefixtures("serve_runs"),
    pytest.mark.process,  # a run asks git for its commit
]


@pytest.fixture(scope="module")
def runs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An adapted run, which is the default, a run on other topics with few negative reviews, and one on films."""
    folder = tmp_path_factory.mktemp("own") / "artifacts"
    start = teachable(folder / "start")
    data = labelled_file(folder.parent)
    assert adapt(start, data, folder / "adapted", "--about", "comments on *kettles*") == 0
    unbalanced = full_run(folder / "unbalanced")
    table = predictions(("test",))
    kept = table[(table["label"] == 1) | (table.index % 9 == 0)]
    kept.to_parquet(unbalanced / "test_predictions.parquet")
    metadata = {"about": "comments on kettles", "seed": 1, "training_seconds": 1, "options": {}}
    write_json(unbalanced / "metadata.json", metadata)
    write_manifest(unbalanced)
    full_run(folder / "films")
    (folder / "default").write_text("adapted\n")
    return folder


@pytest.mark.parametrize("page", PAGES)
def test_every_page_opens_for_an_adapted_run_and_mentions_no_films(page: str) -> None:
    app = open_page(page)
    assert not app.exception
    assert not app.error
    if page in ("review", "model_card"):
        assert r"comments on \*kettles\*" in said(app)
        assert "movie" not in said(app)


def offers_examples(app: AppTest) -> bool:
    """Returns whether the page has the buttons of the examples."""
    return any(group.label == "Examples" for group in app.get("button_group"))


def test_film_reviews_are_offered_as_examples_only_for_a_model_of_films() -> None:
    assert not offers_examples(open_page("review"))
    assert offers_examples(open_page("review", run="films"))


def test_balanced_accuracy_and_the_baseline_are_in_the_header_if_a_class_is_rare() -> None:
    names = {
        run: {metric.label for metric in open_page("evaluation", run=run).metric} for run in ("unbalanced", "films")
    }
    assert {"Balanced", "Baseline"} <= names["unbalanced"]
    assert not {"Balanced", "Baseline"} & names["films"]


@pytest.mark.parametrize(("run", "offered"), [("films", True), ("unbalanced", False)])
def test_behavioural_tests_are_offered_only_for_a_model_of_films(run: str, offered: bool) -> None:
    assert ("--behaviour" in said(open_page("evaluation", run=run, tab="Robustness"))) is offered


def test_an_adapted_run_is_evaluated_on_its_validation_reviews(runs: Path) -> None:
    assert pd.read_parquet(runs / "adapted" / "predictions.parquet")["split"].eq("validation").all()
    assert "160 validation reviews (80 positive)" in said(open_page("evaluation"))
