"""A last layer fitted to a user's labels: its gain, its cost, and when it is not adopted."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from sentiment.adapt.cost import validation_cost
from sentiment.adapt.curve import Point, advice, learning_curve, tf_idf
from sentiment.adapt.head import LEAST_LABELS, Adaptation, Head, adapt, figures, fit_head
from sentiment.adapt.labelled import distinct
from sentiment.artifacts import add_parts, open_run
from sentiment.evaluation.logistic import Basis, fit
from sentiment.evaluation.metrics import sigmoid
from sentiment.evaluation.states import pooled_states, write_validation_states
from sentiment.model.attribution import Attributor
from sentiment.model.classifier import Classifier
from sentiment.model.decision import DecisionRule
from tests.tiny import tiny_run

FEATURES = 30


def head(rule: DecisionRule | None = None) -> Head:
    """Returns a head that reads the first feature only."""
    return Head(np.eye(FEATURES)[0] * 2, 0.1, rule or DecisionRule())


def draw(n: int, direction: Sequence[float], seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """Draws states, and labels that depend on their first features in this direction."""
    rng = np.random.default_rng(seed)
    states = rng.normal(size=(n, FEATURES)).astype(np.float32)
    logits = 3 * states[:, : len(direction)] @ np.array(direction)
    return states, (rng.random(n) < sigmoid(logits)).astype(int)


def accuracy(head: Head, states: np.ndarray, labels: np.ndarray) -> float:
    return float((head.positive(states) == labels).mean())


def adapted(states: np.ndarray, labels: np.ndarray, start: Head, *, balanced: bool = False) -> Adaptation:
    """Returns the result of ``adapt`` where there must be one."""
    found = adapt(states, labels, start, balanced=balanced)
    assert found is not None
    return found


def test_a_head_that_errs_on_the_file_improves_with_eighty_labels_and_is_adopted() -> None:
    states, labels = draw(2_080, [0.3, 1.5])
    found = adapted(states[:80], labels[:80], head())
    assert found.adopted
    assert found.after.accuracy > found.before.accuracy + 0.1
    assert found.interval[0] > -0.05
    assert found.interval[1] > 0.1
    rest = accuracy(found.head, states[80:], labels[80:])
    assert rest > accuracy(head(), states[80:], labels[80:]) + 0.1
    assert found.after.accuracy == pytest.approx(rest, abs=0.1)  # measured on held-out labels, so not too high
    assert f"{found.after.accuracy:.1%}" in found.reason


@pytest.mark.parametrize("seed", range(4))
def test_a_head_that_is_right_for_the_file_is_kept(seed: int) -> None:
    states, labels = draw(1_080, [1.0], seed)
    found = adapted(states[:80], labels[:80], head())
    assert not found.adopted
    assert found.reason.startswith("Not adopted: ")
    assert accuracy(found.head, states[80:], labels[80:]) > accuracy(head(), states[80:], labels[80:]) - 0.03


def test_with_too_few_labels_nothing_is_adopted_and_the_reason_names_the_number_needed() -> None:
    states, labels = draw(LEAST_LABELS - 1, [-3.0])
    found = adapted(states, labels, head())
    assert not found.adopted
    assert f"at least {LEAST_LABELS} are needed" in found.reason


def test_with_labels_of_almost_one_class_nothing_is_adopted_and_of_one_class_nothing_is_fitted() -> None:
    states, labels = draw(60, [-3.0])
    labels[:] = 1
    assert adapt(states, labels, head()) is None
    labels[:3] = 0
    found = adapted(states, labels, head())
    assert not found.adopted
    assert "only 3 labels" in found.reason


@pytest.mark.parametrize("rule", [DecisionRule(), DecisionRule(2.5, 0.7), DecisionRule(0.6, -0.4, 0.3)])
def test_labels_that_agree_with_the_run_hardly_change_its_probabilities(rule: DecisionRule) -> None:
    states, _ = draw(300, [1.0])
    start = head(rule)
    probabilities = start.probabilities(states)
    labels = (np.random.default_rng(0).random(300) < probabilities).astype(int)
    found, _ = fit_head(states, labels, start)
    assert np.abs(found.probabilities(states) - probabilities).mean() < 0.08
    assert found.rule.threshold == rule.threshold


@pytest.mark.parametrize("rows", [12, 100])
def test_a_fit_in_coordinates_gives_the_solution_of_a_fit_in_features(rows: int) -> None:
    states, labels = draw(rows, [1.0, -1.0])
    basis = Basis.of(states)
    ones, offset = np.ones(rows), states[:, 0].astype(float)
    found = fit(basis.coordinates(states), labels, offset, ones, 0.5)
    size = np.sqrt(((states - states.mean(axis=0)) ** 2).sum(axis=1).mean())
    features = np.column_stack([(states - states.mean(axis=0)) / size, np.full(rows, 0.3)]).astype(float)
    assert np.allclose(found.scores, fit(features, labels, offset, ones, 0.5).scores, atol=1e-3)
    kernel, intercept = basis.in_features(found.beta)
    assert np.allclose(offset + states @ kernel + intercept, found.scores, atol=1e-5)


def test_leave_one_out_scores_approximate_fits_that_leave_one_out() -> None:
    states, labels = draw(40, [1.0, -1.0])
    x, offset, ones = Basis.of(states).coordinates(states), states[:, 0].astype(float), np.ones(40)
    found = fit(x, labels, offset, ones, 1.0)
    for row in range(0, 40, 8):
        rest = np.delete(np.arange(40), row)
        exact = offset[row] + x[row] @ fit(x[rest], labels[rest], offset[rest], ones[rest], 1.0).beta
        assert found.left_out[row] == pytest.approx(exact, abs=0.05)
        assert abs(found.left_out[row] - exact) < abs(found.scores[row] - exact)


def test_balancing_raises_the_recall_of_the_rare_class() -> None:
    states, labels = draw(4_000, [1.0, 1.0])
    kept = (labels == 1) | (np.arange(4_000) % 15 == 0)
    states, labels = states[kept], labels[kept]
    plain, balanced = (adapted(states[:200], labels[:200], head(), balanced=each) for each in (False, True))
    recalls = [
        figures(each.head.positive(states[200:]), each.head.logits(states[200:]), labels[200:]).recalls[0]
        for each in (plain, balanced)
    ]
    assert recalls[1] > recalls[0] + 0.15
    assert balanced.after.balanced_accuracy > plain.after.balanced_accuracy


def test_contributions_add_up_to_the_new_score(tmp_path: Path) -> None:
    classifier = Classifier.load(tiny_run(tmp_path / "run"))
    texts = ["the film is great !", "a dull film .", "not good", "is n't bad", "good", "dull"] * 4
    states = pooled_states(classifier, texts)
    found = adapted(states, np.tile([0, 1, 1, 0, 0, 1], 4), Head.of(classifier))
    assert np.allclose(
        Head.of(classifier).logits(states), [each.logit for each in classifier.predict(texts)], atol=1e-5
    )
    weights = found.head.in_weights(classifier.weights)
    ids = [classifier.preprocessor.ids(text)[0] for text in texts[:6]]
    for each, logit in zip(Attributor(weights, 50)(ids), found.head.logits(states[:6]), strict=True):
        assert each.baseline_logit + each.contributions.sum() == pytest.approx(logit, abs=1e-4)


def test_the_cost_on_validation_reviews_comes_from_stored_states(tmp_path: Path) -> None:
    folder = tiny_run(tmp_path / "run")
    classifier = Classifier.load(folder)
    start = Head.of(classifier)
    assert validation_cost(open_run(folder), start, start) is None
    texts = ["the film is great !", "a dull film .", "not good", "good"]
    called = start.positive(pooled_states(classifier, texts))
    table = pd.DataFrame({"split": ["train", *["validation"] * 4], "label": [0, *called.astype(int)]})
    table.to_parquet(folder / "predictions.parquet")
    write_validation_states(classifier, texts)
    parts = ("predictions.parquet", "validation_states.npy")
    run = add_parts(open_run(folder), {name: (folder / name).read_bytes() for name in parts})
    opposite = Head(-start.kernel, -start.bias, start.rule)
    cost = validation_cost(run, start, opposite)
    assert cost is not None
    assert (cost.n, cost.before, cost.after) == (4, 1.0, 0.0)


def test_copies_of_a_text_count_once_with_their_most_frequent_label() -> None:
    rows, labels = distinct(["Good!", "bad", "good", "GOOD", "bad."], [1, 0, 0, 1, 1])
    assert rows.tolist() == [0, 1]
    assert labels.tolist() == [1, 0]


def test_above_a_limit_labelled_texts_are_sampled(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sentiment.adapt.labelled.MOST", 20)
    rows, labels = distinct([f"text {row}" for row in range(90)], [row % 3 == 0 for row in range(90)])
    assert len(set(rows.tolist())) == 20
    assert ((rows % 3 == 0) == (labels == 1)).all()


def test_the_learning_curve_rises_if_labels_help_and_has_the_accuracy_of_words_alone() -> None:
    states, labels = draw(250, [0.2, 2.0])
    texts = [f"row {i} {'lovely kettle' if label else 'it leaks'}" for i, label in enumerate(labels)]
    points = learning_curve(states, labels, texts, head())
    assert [point.n for point in points] == [10, 20, 40, 80, 160, 200]
    assert points[-1].head > points[0].head + 0.1
    assert points[-1].words == 1
    assert points[-1].majority < 0.7
    assert len({point.start for point in points}) == 1
    assert learning_curve(states, np.zeros(250, int), texts, head()) == []


@pytest.mark.parametrize(("last", "expected"), [(0.9, "likely to help"), (0.801, "unlikely"), (0.7, "unlikely")])
def test_more_labels_are_advised_while_accuracy_rises(last: float, expected: str) -> None:
    assert expected in advice([Point(40, 0.8, 0, 0, 0), Point(80, last, 0, 0, 0)])
    assert advice([Point(40, 0.8, 0, 0, 0)]) == ""


def test_tf_idf_ignores_words_unknown_to_the_fit_and_weights_rare_ones_more() -> None:
    known, unknown = tf_idf(["the kettle", "the lid"], ["the spout", "spout"])
    assert known.shape == (2, 3)
    assert np.allclose(np.linalg.norm(known, axis=1), 1)
    assert known[0].max() > known[0, 0] > 0  # "the" is the most frequent word
    assert np.linalg.norm(unknown, axis=1).tolist() == [1, 0]
