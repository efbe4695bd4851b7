"""Runs that lack something: errors, one class, confident predictions, reviews in a split, or words."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from streamlit.testing.v1 import AppTest

from sentiment import front_matter, model_card
from sentiment.app.training import histories
from sentiment.artifacts import open_run, write_json, write_manifest
from sentiment.dataset.summary import summarise, word_counts
from sentiment.evaluation import review_notes
from sentiment.evaluation.predictions import summary
from sentiment.text.vocabulary import Vocabulary
from tests.app_runs import RULE, dataset_of, full_run, history, predictions

Change = Callable[[pd.DataFrame], pd.DataFrame]


def _signs(rows: pd.DataFrame) -> pd.Series:
    """The side of each label, -1 or 1."""
    return rows["label"] * 2 - 1


SHAPES: dict[str, Change] = {
    "no error": lambda rows: rows.assign(logit=6.0 * _signs(rows)),
    "nothing but errors": lambda rows: rows.assign(logit=-6.0 * _signs(rows)),
    "no confident review": lambda rows: rows.assign(logit=0.05 * _signs(rows)),
    "no confident error": lambda rows: rows.assign(logit=np.where(np.arange(len(rows)) % 5, 6.0, -0.1) * _signs(rows)),
    "all predicted positive": lambda rows: rows.assign(logit=np.linspace(0.5, 6, len(rows))),
    "all predicted negative": lambda rows: rows.assign(logit=-np.linspace(0.5, 6, len(rows))),
    "one score for all": lambda rows: rows.assign(logit=1.0),
    "all labelled positive": lambda rows: rows.assign(label=1),
    "all labelled negative": lambda rows: rows.assign(label=0),
    "one review": lambda rows: rows.head(1),
    "two reviews": lambda rows: rows.head(2),
    "no review": lambda rows: rows.head(0),
}
CONFIDENT_ERRORS = {  # of 40 reviews
    "no error": 0,
    "nothing but errors": 40,
    "no confident review": 0,
    "no confident error": 0,
    "no review": 0,
}
every_shape = pytest.mark.parametrize("shape", SHAPES)


def shaped(shape: str, split: str = "test", n: int = 40) -> pd.DataFrame:
    """Predictions of one split in this shape."""
    rows = predictions((split,), n=n)
    return SHAPES[shape](rows).astype(rows.dtypes.to_dict())


def shaped_run(folder: Path, shape: str) -> Path:
    """A run whose splits all have this shape."""
    full_run(folder)
    tested = shaped(shape)
    trained = pd.concat([shaped(shape, split) for split in ("train", "validation")], ignore_index=True)
    tested.to_parquet(folder / "test_predictions.parquet")
    trained.to_parquet(folder / "predictions.parquet")
    if len(tested):
        results = {"data": {}, "test": summary(tested, RULE), "date": "2026-01-02", "versions": {}}
        write_json(folder / "test.json", results)
    else:
        (folder / "test.json").unlink()
    (folder / "metrics.json").unlink()
    (folder / "metadata.json").unlink()
    write_manifest(folder)
    return folder


def open_page(folder: Path, name: str, **query: str) -> AppTest:
    """Opens a page of the app with the runs next to ``folder``, which is the default run."""
    (folder.parent / "default").write_text(folder.name)

    def script(name):
        import importlib

        from sentiment.app.shared import current_run

        current_run.choose_run()
        importlib.import_module(f"sentiment.app.{name}.page").page()

    app = AppTest.from_function(script, args=(name,), default_timeout=60)
    for key, value in query.items():
        app.query_params[key] = value
    return app.run()


@every_shape
def test_confident_mistakes_are_a_table_with_these_columns_even_if_it_is_empty(shape: str) -> None:
    rows = review_notes.confident_mistakes(shaped(shape), RULE)
    assert {"fingerprint", "label", "probability", "cause"} <= set(rows.columns)
    if shape in CONFIDENT_ERRORS:
        assert len(rows) == CONFIDENT_ERRORS[shape]


@every_shape
def test_a_run_of_every_shape_has_a_model_card(tmp_path: Path, shape: str) -> None:
    card = model_card.render(open_run(shaped_run(tmp_path / "small", shape)))
    assert front_matter.without(card).startswith("# Model card: small")


@every_shape
@pytest.mark.parametrize("name", ["evaluation", "dataset"])
def test_the_pages_of_a_run_of_every_shape_open(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str, shape: str
) -> None:
    monkeypatch.setenv("SENTIMENT_RUNS", str(tmp_path))
    app = open_page(shaped_run(tmp_path / "small", shape), name)
    assert not app.exception
    assert not app.error


@every_shape
def test_every_tab_of_the_evaluation_page_opens_for_a_run_of_every_shape(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, shape: str
) -> None:
    monkeypatch.setenv("SENTIMENT_RUNS", str(tmp_path))
    full_run(tmp_path / "other", seed=3)
    run = shaped_run(tmp_path / "small", shape)
    for tab in ("Errors", "Slices", "Thresholds", "Calibration", "Compare"):
        query = {"tab": tab, "compare": "other", "verdicts": "False negatives", "threshold": "0.99"}
        app = open_page(run, "evaluation", **query)
        assert not app.exception
        assert not app.error


def test_a_history_without_validation_has_no_early_stop() -> None:
    rows = histories.by_epoch("a", history().drop(columns=["val_loss", "val_accuracy"]), None)
    assert not {"best epoch", "early stopping"} & set(histories.events(rows, {"a": 9})["event"])
    validated = histories.by_epoch("a", history(), None)
    assert {"best epoch", "early stopping"} <= set(histories.events(validated, {"a": 9})["event"])


@pytest.mark.parametrize("texts", [["!", "...", "?"], ["", " "], []])
def test_data_without_a_word_has_no_distinctive_words(texts: list[str]) -> None:
    vocabulary = Vocabulary([token for token in ("!", "...", "?") if token in texts])
    ids = [np.array([vocabulary.id(text)] if text.strip() else [], np.int32) for text in texts]
    counts = word_counts(ids, np.zeros(len(texts), np.int8), vocabulary)
    lengths = [len(own) for own in ids]
    facts = summarise(dataset_of(texts), {"train": lengths, "validation": lengths}, counts, 50)
    assert facts["telling"] == {"positive": [], "negative": []}
