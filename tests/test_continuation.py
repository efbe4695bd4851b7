"""The examples of a continued training: their rates, their soft targets, and sources without examples."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from sentiment.artifacts import open_run
from sentiment.evaluation.metrics import sigmoid
from sentiment.presets import DISTILLED
from sentiment.text.vocabulary import PAD, Vocabulary
from sentiment.training import continuation
from sentiment.training.continuation import mixture
from sentiment.training.examples import Examples
from sentiment.training.stages import Stages
from sentiment.training.teachers import read_weights, run_logits
from tests.tiny import WORDS, tiny_run

VOCABULARY = Vocabulary(WORDS)
ONLY_LABELLED = {"turned": 0.0, "clauses": 0.0, "sayings": 0.0, "sentences": 0.0, "labelled": 1.0}


def reviews(number: int, seed: int) -> list[np.ndarray]:
    """Returns random reviews of two to five words."""
    rng = np.random.default_rng(seed)
    return [rng.integers(2, len(VOCABULARY), rng.integers(2, 6)).astype(np.int32) for _ in range(number)]


LABELLED = Examples(reviews(40, 1), (np.arange(40) % 2).astype(np.float32))
UNLABELLED = reviews(60, 2)


def first_epoch(folder, *, labelled_reviews=LABELLED, unlabelled_reviews=UNLABELLED, **changes):
    """Returns the starting run, and the ids and the target of every example of the first epoch.

    Args:
        folder: where the run is created, or found.
        labelled_reviews: the reviews with labels.
        unlabelled_reviews: the reviews without.
        **changes: rates and other settings of the recipe.
    """
    run = open_run(folder / "tiny") if (folder / "tiny").exists() else open_run(tiny_run(folder / "tiny"))
    recipe = dataclasses.replace(DISTILLED.continues, epoch_examples=2_000, **changes)
    preset = dataclasses.replace(DISTILLED, embedding_size=3, units=2, unknown_rate=0.0, continues=recipe)
    stages = Stages(folder / "stages.json")
    batches = mixture(
        preset, run, read_weights(run), labelled_reviews, unlabelled_reviews, VOCABULARY,
        work=folder, stages=stages, seed=1, split_seed=1,
    )  # fmt: skip
    return run, [
        (tuple(row[row != PAD].tolist()), float(target))
        for ids, targets in batches.epoch(0)
        for row, target in zip(ids, targets[:, 0], strict=True)
    ]


def test_the_target_of_a_labelled_review_mixes_its_label_and_the_start_s_prediction(tmp_path):
    run, shown = first_epoch(tmp_path, **ONLY_LABELLED, label_weight=0.3)
    soft = 0.3 * LABELLED.targets + 0.7 * sigmoid(run_logits(run, LABELLED.ids))
    expected = {(tuple(ids.tolist()), round(float(target), 4)) for ids, target in zip(LABELLED.ids, soft, strict=True)}
    assert {(ids, round(target, 4)) for ids, target in shown} == expected


def test_unlabelled_reviews_have_the_start_s_prediction_and_take_the_rest(tmp_path):
    run, shown = first_epoch(tmp_path, **ONLY_LABELLED | {"labelled": 0.25})
    soft = sigmoid(run_logits(run, UNLABELLED))
    known = {tuple(ids.tolist()): float(target) for ids, target in zip(UNLABELLED, soft, strict=True)}
    targets = [(target, known[ids]) for ids, target in shown if ids in known]
    assert len(targets) / len(shown) == pytest.approx(0.75, abs=0.05)
    assert np.mean([abs(target - own) < 1e-3 for target, own in targets]) > 0.9  # a text may be in both lists


def test_without_unlabelled_reviews_labelled_ones_take_the_rest(tmp_path, capsys):
    _, shown = first_epoch(tmp_path, unlabelled_reviews=[], **ONLY_LABELLED | {"labelled": 0.25})
    assert {ids for ids, _ in shown} <= {tuple(ids.tolist()) for ids in LABELLED.ids}
    assert "no unlabelled reviews" in capsys.readouterr().err


def test_a_source_without_examples_leaves_its_rate_to_the_rest(tmp_path):
    _, shown = first_epoch(tmp_path, turned=0.4, clauses=0.4, sayings=0.0, sentences=0.0, labelled=0.2)
    whole = {tuple(ids.tolist()) for ids in [*LABELLED.ids, *UNLABELLED]}
    assert np.mean([ids in whole for ids, _ in shown]) == 1.0


def test_sayings_are_drawn_at_their_rate(tmp_path):
    _, shown = first_epoch(tmp_path, **ONLY_LABELLED | {"sayings": 0.5, "labelled": 0.5})
    whole = {tuple(ids.tolist()) for ids in LABELLED.ids}
    assert np.mean([ids not in whole for ids, _ in shown]) == pytest.approx(0.5, abs=0.05)


def test_the_targets_of_short_sentences_are_the_start_s_around_their_median(tmp_path):
    sentences = [VOCABULARY.encode(words.split()) for words in ("the film is good", "the film is bad", "a dull film")]
    end = VOCABULARY.encode(["."])
    texts = [np.concatenate([sentence, end]).astype(np.int32) for sentence in sentences]
    run, shown = first_epoch(
        tmp_path,
        unlabelled_reviews=[],
        labelled_reviews=Examples(texts, np.ones(3, np.float32)),
        **ONLY_LABELLED | {"sentences": 0.5, "labelled": 0.5},
    )
    targets = {ids: target for ids, target in shown if ids[-1] != end[0]}
    logits = run_logits(run, sentences)
    expected = sigmoid(logits - np.median(logits))
    assert targets == {tuple(s.tolist()): pytest.approx(t, abs=1e-6) for s, t in zip(sentences, expected, strict=True)}


def test_a_resumed_training_reuses_the_start_s_predictions(tmp_path, monkeypatch):
    _, first = first_epoch(tmp_path)
    monkeypatch.setattr(continuation, "run_logits", lambda *_: pytest.fail("predicted again"))
    _, again = first_epoch(tmp_path)
    assert first == again
