"""The pages of a run that learned from a user's own texts: nothing on them is about films."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest
from streamlit.testing.v1 import AppTest

from sentiment.artifacts import write_json, write_manifest
from tests.app_runs import full_run, predictions
from tests.test_adapt_command import adapt, labelled_file, teachable
from tests.test_app_pages import PAGES, _open, said

pytestmark = pytest.mark.process  # a run asks git for its commit


@pytest.fixture(scope="module")
def runs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An adapted run, which is served, one that was trained on rarely negative texts, and one on films."""
    folder = tmp_path_factory.mktemp("own") / "artifacts"
    start = teachable(folder / "start")
    data = labelled_file(folder.parent)
    assert adapt(start, data, folder / "adapted", "--about", "comments on *kettles*") == 0
    rare = full_run(folder / "rare")
    table = predictions(("test",))
    kept = table[(table["label"] == 1) | (table.index % 9 == 0)]
    kept.to_parquet(rare / "test_predictions.parquet")
    write_json(
        rare / "metadata.json", {"about": "comments on kettles", "seed": 1, "training_seconds": 1, "options": {}}
    )
    (rare / "behaviour.json").unlink(missing_ok=True)
    write_manifest(rare)
    full_run(folder / "films")
    (folder / "default").write_text("adapted\n")
    return folder


@pytest.fixture(autouse=True)
def served(runs: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SENTIMENT_RUNS", str(runs))


@pytest.mark.parametrize("page", PAGES)
def test_every_page_opens_for_an_adapted_run_and_speaks_of_no_films(page: str) -> None:
    app = _open(page)
    assert not app.exception
    assert not app.error
    if page in ("review", "model_card"):
        assert r"comments on \*kettles\*" in said(app)
        assert "movie" not in said(app)


def test_film_reviews_are_offered_as_examples_for_a_model_of_films_only() -> None:
    assert not _pills(_open("review"))
    assert _pills(_open("review", run="films"))


def _pills(app: AppTest) -> bool:
    return any(group.label == "Try an example" for group in app.get("button_group"))


def test_rare_classes_bring_balanced_accuracy_and_the_baseline_into_the_header() -> None:
    names = {run: {metric.label for metric in _open("evaluation", run=run).metric} for run in ("rare", "films")}
    assert {"Balanced", "Baseline"} <= names["rare"]
    assert not {"Balanced", "Baseline"} & names["films"]


def test_tests_about_films_are_not_offered_for_other_texts() -> None:
    shown = said(_open("evaluation", run="rare", tab="Robustness"))
    assert "--behaviour" not in shown


def test_the_prediction_of_the_adapted_run_is_shown(runs: Path) -> None:
    assert pd.read_parquet(runs / "adapted" / "predictions.parquet")["split"].eq("validation").all()
    assert "160 validation reviews (80 positive)" in said(_open("evaluation"))
