"""The model card has the content of the run's files, and no section without one."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from sentiment import artifacts, front_matter, model_card
from sentiment.artifacts import Run, add_parts, open_run
from sentiment.evaluation import review_notes
from sentiment.evaluation.predictions import calibration_by_length, summary
from sentiment.model.decision import DecisionRule, read_rule
from tests.app_runs import predictions, proofs
from tests.tiny import tiny_run

METADATA: dict[str, Any] = {
    "preset": "tiny",
    "summary": "two units, untrained",
    "command": "python scripts/train.py --data reviews.csv --preset tiny",
    "seed": 1,
    "date": "2026-01-02",
    "commit": "0123456789ab",
    "data": {
        "form": "CSV",
        "sha256": "f" * 64,
        "split": "seeded, stratified: 20% test",
        "validation": "40 reviews held out by text",
        "removed": {
            "empty": 0, "unmatched": 0, "repeats": 3, "train_in_test": 0, "unlabelled_in_test": 0, "excluded": 0,
        },
        "limit": None,
    },
    "options": {},
    "stages": [{"name": "fitting the network", "seconds": 200.0}],
    "training_seconds": 240.0,
    "versions": {"python": "3.12"},
    "machine": {"processor": "a small one", "cores": 2},
}  # fmt: skip


@pytest.fixture
def run(tmp_path: Path) -> Run:
    return open_run(tiny_run(tmp_path / "tiny"))


def with_test(run: Run) -> Run:
    """The run with test results."""
    evaluated = summary(predictions(("test",)), DecisionRule(1.5))
    return add_parts(run, {"test.json": {"data": {}, "test": evaluated, "date": "2026-01-03", "versions": {}}})


def test_a_bare_run_gets_a_card_without_the_parts_it_lacks(run: Run) -> None:
    card = model_card.render(run)
    assert front_matter.without(card).startswith("# Model card: tiny\n")
    assert "first 50 tokens" in card
    assert "## Metrics" not in card
    assert "## Training" not in card


def test_a_trained_run_s_card_has_validation_metrics_and_says_that_there_is_no_test(run: Run) -> None:
    figures = {split: summary(predictions((split,)), DecisionRule(1.5)) for split in ("train", "validation")}
    card = model_card.render(add_parts(run, {"metrics.json": figures, "metadata.json": METADATA}))
    assert "| Metric | validation | train |" in card
    assert f"{100 * figures['validation']['accuracy']:.1f}%" in card
    assert "On the validation set:" in card
    assert "There are no test results yet." in card
    assert METADATA["command"] in card
    assert "4.0 min on a small one, 2 cores" in card
    assert "3 duplicates in train" in card


def test_a_tested_run_s_card_has_the_test_s_interval_slices_and_levels(run: Run) -> None:
    tested = with_test(run)
    evaluated = tested.json("test.json")["test"]
    card = model_card.render(tested)
    low, high = evaluated["accuracy_interval"]
    assert f"{100 * low:.1f} to {100 * high:.1f}%" in card
    assert "Test set evaluated on 2026-01-03" in card
    assert "| Star rating | 4 |" in card
    assert "| confident | 90% or more |" in card


def test_a_tested_run_s_card_compares_calibration_by_length_with_chance(run: Run, tmp_path: Path) -> None:
    assert "Calibration by length" not in model_card.render(with_test(run))
    table = predictions(("test",))
    table.to_parquet(tmp_path / "rows.parquet", index=False)
    tested = add_parts(with_test(run), {"test_predictions.parquet": (tmp_path / "rows.parquet").read_bytes()})
    bands = calibration_by_length(table, read_rule(tested))
    card = model_card.render(tested)
    for band in bands:
        shares = (100 * band[key] for key in ("calibration_error", "by_chance", "by_chance_high"))
        cells = " | ".join(f"{share:.2f}%" for share in shares)
        assert f"| {band['value']} | {band['n']:,} | {cells} |" in card
    assert len(bands) > 1


def test_the_causes_of_confident_errors_are_counted_among_the_annotated_ones(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(review_notes, "FOLDER", tmp_path)
    table = predictions(("test",))
    table.assign(label=1 - table["label"]).to_parquet(tmp_path / "rows.parquet", index=False)
    tested = add_parts(with_test(run), {"test_predictions.parquet": (tmp_path / "rows.parquet").read_bytes()})
    assert "Causes of high-confidence errors" not in model_card.render(tested)
    rows = pd.read_parquet(tmp_path / "rows.parquet")
    errors = review_notes.confident_mistakes(rows, DecisionRule(1.5))["fingerprint"]
    lines = [f"{errors.iloc[0]},irony", f"{errors.iloc[1]},plot", f"{errors.iloc[2]},plot"]
    (tmp_path / "causes.csv").write_text("\n".join(["fingerprint,cause", *lines, "f" * 16 + ",aside"]))
    card = model_card.render(tested)
    assert f"3 of the {len(errors):,} high-confidence errors on the test reviews were annotated by hand" in card
    assert f"| **plot.** {review_notes.CAUSES['plot']} | 2 |" in card
    assert f"| **irony.** {review_notes.CAUSES['irony']} | 1 |" in card
    assert "**aside.**" not in card


def test_the_terms_of_the_imdb_reviews_are_in_the_card_of_a_run_trained_on_them(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    table = predictions(("train",), n=20)
    table.to_parquet(tmp_path / "rows.parquet", index=False)
    parts = {"predictions.parquet": (tmp_path / "rows.parquet").read_bytes(), "metadata.json": METADATA}
    trained = add_parts(run, parts)
    own = model_card.render(trained)
    assert "those of the training data" in own
    assert "Maas" not in own
    monkeypatch.setattr("sentiment.dataset.official.read_index", lambda: pd.DataFrame(table[["fingerprint"]]))
    imdb = model_card.render(trained)
    assert "Learning Word Vectors for Sentiment Analysis" in imdb
    assert "research use" in imdb
    official = {**METADATA, "data": {**METADATA["data"], "split": "official"}}
    assert "1 to 4 or 7 to 10 stars" in model_card.render(add_parts(trained, {"metadata.json": official}))


def test_a_written_card_is_part_of_the_run_and_replaces_the_previous_one(run: Run) -> None:
    before = model_card.write(run)
    assert open_run(before.path).file("README.md").read_text(encoding="utf-8") == model_card.render(before)
    after = model_card.write(with_test(before))
    assert "Test set evaluated on 2026-01-03" in open_run(after.path).file("README.md").read_text(encoding="utf-8")
    assert artifacts.list_runs(run.path.parent) == [run.path]


def test_the_card_has_the_checks_of_the_explanations_and_of_other_methods(run: Run) -> None:
    card = model_card.render(add_parts(run, {"explanations.json": proofs()}))
    assert "| Completeness: baseline + contributions = logit | 10 | within 2e-06, median gap 1e-07 |" in card
    assert "| ours | 0.4000 | 0.4000 | 0.970 | 90.0% | 0.5 | 20 ms |" in card
    assert "| deletion | random | +0.4000 (+0.3000 to +0.5000) | +0.4000 (+0.3000 to +0.5000) |" in card
    assert "| ours | 0.995 |" in card
    assert "Choice of baseline and segments" in card


def test_limitations_come_first_with_the_accuracy_of_confident_predictions(run: Run) -> None:
    tested = with_test(run)
    card = model_card.render(tested)
    headings = [line for line in card.splitlines() if line.startswith("## ")]
    assert headings[:2] == ["## Intended use and limitations", "## Metrics"]
    assert headings[-1] == "## Files"
    confident = next(e for e in tested.json("test.json")["test"]["confidence"] if e["level"] == "confident")
    assert f"On the test set, {100 * confident['accuracy']:.1f}% of the confident predictions are correct." in card
    assert "first 50 tokens" in card
