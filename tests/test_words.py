"""``words.json``: the mean contribution of each word over all reviews, kept with the run."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path

import numpy as np
import pytest

from sentiment import dataset
from sentiment.artifacts import open_run
from sentiment.evaluation import words
from sentiment.model.classifier import Classifier
from tests.test_evaluate import SEED, evaluate, reviews, trained
from tests.tiny import tiny_run


@pytest.fixture(scope="module")
def classifier(tmp_path_factory: pytest.TempPathFactory) -> Classifier:
    return Classifier.load(tiny_run(tmp_path_factory.mktemp("words") / "tiny"))


TEXTS = ["The film is good! zebra", "Not a good film.", "", "zebra", "dull dull dull"] * 12


def test_every_known_word_is_counted_with_the_mean_of_its_contributions(classifier: Classifier) -> None:
    found = words.measure(classifier, {"validation": TEXTS[:7], "test": TEXTS[7:]})
    sums: Counter[str] = Counter()
    counts: Counter[str] = Counter()
    for explanation in map(classifier.explain, TEXTS):
        for token, value in zip(explanation.tokens, explanation.contributions.tolist(), strict=True):
            sums[token.text.lower()] += value
            counts[token.text.lower()] += 1
    rows = {row["word"]: row for row in found["words"]}
    assert set(rows) == {word for word, n in counts.items() if n >= words.MIN_COUNT and word != "zebra"}
    for word, row in rows.items():
        assert row["count"] == counts[word]
        assert row["mean"] == pytest.approx(sums[word] / counts[word], abs=1e-5)
    assert found["reviews"] == {"validation": 7, "test": 53}
    assert found["tokens"] == sum(n for word, n in counts.items() if word != "zebra")
    totals = [row["count"] * row["mean"] for row in found["words"]]
    assert totals == sorted(totals, reverse=True)


def test_the_words_with_the_largest_totals_on_either_side_are_kept(
    classifier: Classifier, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(words, "MIN_COUNT", 1)
    whole = words.measure(classifier, {"test": TEXTS})["words"]
    assert len(whole) > 4
    monkeypatch.setattr(words, "MOST", 2)
    assert words.measure(classifier, {"test": TEXTS})["words"] == [*whole[:2], *whole[-2:]]


def test_chunks_of_any_size_give_the_same_and_progress_ends_with_all_reviews(
    classifier: Classifier, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = words.measure(classifier, {"test": TEXTS})
    monkeypatch.setattr(words, "_CHUNK", 7)
    steps: list[tuple[int, int]] = []
    assert words.measure(classifier, {"test": TEXTS}, lambda *step: steps.append(step)) == whole
    assert steps[0] == (7, 60)
    assert steps[-1] == (60, 60)


@pytest.mark.parametrize("texts", [[], ["", "  "], ["zebra"]])
def test_texts_without_known_words_give_no_word(classifier: Classifier, texts: list[str]) -> None:
    found = words.measure(classifier, {"test": texts})
    assert (found["words"], found["tokens"]) == ([], 0)


def test_only_the_words_are_added_to_an_evaluated_run(tmp_path: Path) -> None:
    own = reviews(tmp_path / "own.csv")
    run = trained(tmp_path / "run", dataset.load(own, seed=SEED).source)
    assert evaluate("--data", own, "--artifacts", run).status == 0
    before = open_run(run).manifest["files"]
    done = evaluate("--data", own, "--artifacts", run, "--words")
    assert done.status == 0, done.stderr
    assert "Words with the largest total contributions" in done.stdout
    after = open_run(run)
    assert set(after.manifest["files"]) - set(before) == {words.PART}
    assert after.manifest["files"]["test.json"] == before["test.json"]
    kept = json.loads((run / words.PART).read_text(encoding="utf-8"))
    assert kept["reviews"]["test"] == 24
    assert kept["words"]
    assert np.isfinite([row["mean"] for row in kept["words"]]).all()


def test_words_are_not_measured_on_other_data_than_the_run_was_trained_on(tmp_path: Path) -> None:
    source = dataset.load(reviews(tmp_path / "own.csv"), seed=SEED).source
    run = trained(tmp_path / "run", source)
    done = evaluate("--data", reviews(tmp_path / "foreign.csv", seed=1), "--artifacts", run, "--words")
    assert (done.status, done.stderr.count("\n")) == (2, 1)
    assert "--words needs the data that run was trained on" in done.stderr
    assert not open_run(run).has(words.PART)


@pytest.mark.parametrize(
    ("options", "message"),
    [((), "--data is required"), (("--data", "x.csv", "--compare", "y"), "--compare only compares; leave out")],
)
def test_words_need_data_and_exclude_a_comparison(options: tuple[str, ...], message: str, tmp_path: Path) -> None:
    done = evaluate("--artifacts", tiny_run(tmp_path / "tiny"), "--words", *options)
    assert done.status == 2
    assert message in done.stderr.splitlines()[-1]
