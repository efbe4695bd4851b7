"""Suspected wrong labels: planted ones are found by models that were trained on neither them nor their film."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

pytest.importorskip("scipy")
pytest.importorskip("cleanlab")

from sentiment.dataset import DatasetError, fingerprint
from sentiment.training import label_errors
from sentiment.training.label_errors import FOLDS, assign_folds, cross_fit, measure, out_of_fold, prepare, suspect
from sentiment.training.ngrams import NgramModel
from tests.command import run_script

GOOD = ["warm", "clever", "moving", "lovely", "funny", "splendid"]
BAD = ["dull", "clumsy", "tedious", "lazy", "hollow", "awful"]
FILLER = ["film", "story", "scene", "camera", "ending", "music", "actor", "hour"]
WRONG = 20


def made_up(n: int = 500, wrong: int = WRONG, seed: int = 0) -> pd.DataFrame:
    """Reviews of fifty films whose words determine the label; the first ``wrong`` reviews have the wrong one."""
    rng = np.random.default_rng(seed)
    label = np.arange(n) % 2
    words = [[*rng.choice(GOOD if good else BAD, 4), *rng.choice(FILLER, 6)] for good in label]
    texts = [" ".join(rng.permutation(each)) + f" number {row}" for row, each in enumerate(words)]
    given = np.where(np.arange(n) < wrong, 1 - label, label).astype("int8")
    frame = pd.DataFrame({"text": texts, "label": given, "rating": np.int8(0), "film": rng.integers(50, size=n)})
    return frame.assign(film=frame["film"].map("tt{:07d}".format), fingerprint=frame["text"].map(fingerprint))


@pytest.fixture(scope="module")
def found():
    rows, reviews = prepare(made_up())
    logits = cross_fit(reviews, lambda line: None)
    return rows, reviews, logits


def test_a_film_is_in_one_fold_and_folds_are_similar():
    frame = made_up(1_000)
    folds = assign_folds(frame, FOLDS, np.random.default_rng(0))
    assert (frame.groupby("film")["film"].transform("size") > 1).any()
    assert (pd.Series(folds).groupby(frame["film"]).nunique() == 1).all()
    assert np.bincount(folds, minlength=FOLDS) == pytest.approx([200] * FOLDS, rel=0.2)
    assert frame["label"].groupby(folds).mean().to_numpy() == pytest.approx([0.5] * FOLDS, abs=0.05)


def test_no_score_comes_from_a_model_trained_on_its_fold(monkeypatch):
    _, reviews = prepare(made_up(200))
    overlaps = []

    class Spy(NgramModel):
        def __init__(self, ids, labels, size, weights):
            super().__init__(ids, labels, size, weights)
            self.training = {review.tobytes() for review in ids}

        def logits(self, ids):
            overlaps.append(self.training & {review.tobytes() for review in ids})
            return super().logits(ids)

    monkeypatch.setattr(label_errors, "NgramModel", Spy)
    logits = cross_fit(reviews, lambda line: None)
    assert overlaps == [set()] * FOLDS**2
    assert np.isfinite(logits).all()


def test_scores_of_models_without_a_fold_do_not_depend_on_its_labels(found):
    _, reviews, logits = found
    labels = np.where(reviews.folds == 2, 1 - reviews.labels, reviews.labels)
    flipped = label_errors.Reviews(reviews.ids, labels, reviews.folds, reviews.size)
    again = cross_fit(flipped, lambda line: None)
    np.testing.assert_array_equal(again[2], logits[2])
    assert not np.allclose(again[1], logits[1])


def test_planted_wrong_labels_are_suspected_and_hardly_any_other(found):
    rows, reviews, logits = found
    verdicts = suspect(reviews.labels, out_of_fold(reviews, logits))
    suspected = set(rows["fingerprint"][verdicts["suspected"]])
    planted = set(made_up()["fingerprint"][:WRONG])
    assert len(suspected & planted) >= 0.9 * WRONG
    assert len(suspected - planted) <= 0.1 * WRONG


def test_the_quality_of_a_label_is_its_probability(found):
    _, reviews, logits = found
    verdicts = suspect(reviews.labels, out_of_fold(reviews, logits))
    own = np.where(reviews.labels == 1, verdicts["probability"], 1 - verdicts["probability"])
    np.testing.assert_allclose(verdicts["quality"], own)
    assert verdicts["quality"][verdicts["suspected"]].max() < 0.5


def test_a_treatment_is_compared_with_the_plain_model_on_every_review(found):
    _, reviews, logits = found
    result = measure(reviews, logits, lambda line: None)
    assert result["n"] == len(reviews.labels)
    assert [each["name"] for each in result["treatments"]] == list(label_errors.TREATMENTS)
    for each in result["treatments"]:
        assert each["accuracy"] - result["accuracy"] == pytest.approx(each["difference"])
        assert each["interval"][0] <= each["difference"] <= each["interval"][1]


def test_a_review_without_a_token_is_left_out():
    frame = made_up(200)
    frame.loc[3, "text"] = "  "
    rows, reviews = prepare(frame)
    assert len(rows) == len(reviews.ids) == len(reviews.labels) == 199
    assert frame["fingerprint"][3] not in set(rows["fingerprint"])


def test_reviews_of_a_single_film_are_refused():
    with pytest.raises(DatasetError, match="There are too few"):
        prepare(made_up().assign(film="tt0000001"))


@pytest.mark.process
def test_the_script_writes_fingerprints_and_figures_but_no_text(tmp_path: Path):
    frame = made_up(300, wrong=15)
    table = pd.DataFrame({"review": frame["text"], "sentiment": frame["label"].map({1: "positive", 0: "negative"})})
    table.to_csv(tmp_path / "reviews.csv", index=False)
    (tmp_path / "excluded.txt").write_text("\n".join(frame["fingerprint"][:8]))
    output = tmp_path / "found"
    done = run_script(
        "find_label_errors.py",
        *("--data", tmp_path / "reviews.csv", "--output", output, "--exclude", tmp_path / "excluded.txt"),
    )
    assert done.status == 0, done.stderr
    suspects = pd.read_parquet(output / "label_errors.parquet")
    facts = json.loads((output / "label_errors.json").read_text())
    assert list(suspects) == ["fingerprint", "film", "label", "rating", "probability", "quality"]
    assert not suspects["fingerprint"].isin(frame["fingerprint"][:8]).any()
    assert suspects["fingerprint"].isin(frame["fingerprint"][8:15]).any()
    assert sum(facts["suspected"].values()) == len(suspects)
    assert facts["data"]["removed"]["excluded"] > 0
    assert str(tmp_path) not in facts["command"]
    assert suspects["quality"].is_monotonic_increasing


def test_the_script_refuses_missing_data_in_one_line(tmp_path: Path):
    done = run_script("find_label_errors.py", "--data", tmp_path / "none", "--output", tmp_path)
    assert done.status == 2
    assert done.stderr.startswith("find_label_errors.py: There is nothing at ")
    assert done.stderr.count("\n") == 1
