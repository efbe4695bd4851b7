"""Fits a new last layer (head) of a run to a user's own labels.

The layer is fitted to the pooled states of labelled texts by logistic regression, penalised by its distance from the
run's own layer, so a few labels change little. The metrics are from nested 10-fold cross-validation: the choice of the
penalty and the calibration are repeated in each fold.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, fields, replace
from typing import Any

import numpy as np
import numpy.typing as npt
from threadpoolctl import threadpool_limits

from sentiment.evaluation import metrics
from sentiment.evaluation.calibration import balanced_rule, find_doubt, fit_rule
from sentiment.evaluation.comparison import compare
from sentiment.evaluation.logistic import Basis, fit_best
from sentiment.model.classifier import Classifier
from sentiment.model.decision import DecisionRule
from sentiment.model.weights import Weights

LEAST_LABELS = 40  # distinct texts; with fewer, no head is adopted
LEAST_OF_A_CLASS = 5

_FOLDS = 10

Array = npt.NDArray[Any]
Floats = npt.NDArray[np.float64]
Scores = tuple[Floats, DecisionRule]  # logits <float64>[n] and their decision rule
Calls = tuple[npt.NDArray[np.bool_], Array]  # predictions <bool>[n] and calibrated logits <float64>[n]


@dataclass(frozen=True, slots=True, eq=False)
class Head:
    """The last layer of a run and its decision rule.

    Attributes:
        kernel: <float>[features], as in ``Weights.dense_kernel``.
        bias: the layer's bias.
        rule: the decision rule for its logits.
    """

    kernel: Array
    bias: float
    rule: DecisionRule

    @classmethod
    def of(cls, classifier: Classifier) -> Head:
        """Returns the head of a classifier."""
        weights = classifier.weights
        return cls(weights.dense_kernel, weights.dense_bias, classifier.rule)

    def logits(self, states: Array) -> Floats:
        """Returns the model's logits, <float64>[n], from pooled states [n, features]."""
        return np.asarray(states @ self.kernel.astype(np.float32), np.float64) + self.bias

    def probabilities(self, states: Array) -> Floats:
        """Returns calibrated P(positive), <float64>[n]."""
        return metrics.sigmoid(self.rule.calibrated(self.logits(states)))

    def positive(self, states: Array) -> npt.NDArray[np.bool_]:
        """Returns whether each text is labelled positive, <bool>[n]."""
        return self.logits(states) >= self.rule.boundary

    def in_weights(self, weights: Weights) -> Weights:
        """Returns the weights with this last layer."""
        return replace(weights, dense_kernel=self.kernel.astype(np.float32), dense_bias=float(np.float32(self.bias)))


@dataclass(frozen=True, slots=True)
class Figures:
    """Metrics of labelled texts.

    Attributes:
        n: number of texts.
        correct: number of texts predicted correctly.
        accuracy, interval: the accuracy with Wilson's 95% interval.
        recalls: recall of the negative and of the positive class.
        balanced_accuracy: mean of the recalls.
        mcc: Matthews correlation coefficient.
        log_loss: of the calibrated probabilities, in nats.
    """

    n: int
    correct: int
    accuracy: float
    interval: tuple[float, float]
    recalls: tuple[float, float]
    balanced_accuracy: float
    mcc: float
    log_loss: float


@dataclass(frozen=True, slots=True)
class Judgement:
    """The comparison of a run with an adapted one on held-out texts, and a verdict.

    Attributes:
        before: metrics of the run.
        after: metrics of the adapted one.
        interval: 95% interval of the accuracy after minus that before, by a paired bootstrap.
        majority: accuracy of the majority baseline.
        adopted: whether the adapted one is better.
        reason: a sentence on why it is adopted, or not.
    """

    before: Figures
    after: Figures
    interval: tuple[float, float]
    majority: float
    adopted: bool
    reason: str


@dataclass(frozen=True, slots=True, eq=False)
class Adaptation(Judgement):
    """A head fitted to labels, with cross-validated metrics.

    Attributes:
        head: the new head.
        doubt: why its predictions are always "unsure", as in ``evaluation.calibration``; "" if they are not.
        penalty: the chosen penalty.
        held_out: <float64>[n], P(positive) of each text by the head that was fitted without it.
    """

    head: Head
    doubt: str
    penalty: float
    held_out: Floats


@threadpool_limits.wrap(limits=1)  # on a busy machine, threads of BLAS wait for each other
def adapt(states: Array, labels: Array, head: Head, *, balanced: bool = False, seed: int = 0) -> Adaptation | None:
    """Fits a new head to labelled texts and evaluates it; None if a class has fewer than two labels.

    It takes about a tenth of a second for 80 labels, and half a second for 240, on a busy core.

    The metrics are of the labelled texts. If some of them were selected because the run is unsure of them, accuracy is
    lower than on the whole file; ``estimates.accuracy`` estimates the latter from texts drawn at random.

    Args:
        states: <float>[n, features], from ``evaluation.states.pooled_states``; of distinct texts, because duplicates
            would leak between folds.
        labels: <int>[n], 1 positive and 0 negative.
        head: the run's head, ``Head.of(classifier)``.
        balanced: whether both classes have the same weight, however frequent they are.
        seed: of the folds.
    """
    states, labels = np.asarray(states, np.float32), np.asarray(labels, np.int64)
    if min(np.bincount(labels, minlength=2)) < 2:
        return None
    logits, thresholds = np.empty(len(labels)), np.empty(len(labels))
    for rest, held_out in folds(labels, seed):
        fitted, _ = fit_head(states[rest], labels[rest], head, balanced=balanced)
        logits[held_out] = fitted.rule.calibrated(fitted.logits(states[held_out]))
        thresholds[held_out] = fitted.rule.threshold
    new, penalty = fit_head(states, labels, head, balanced=balanced)
    called = metrics.sigmoid(logits) >= thresholds
    doubt = find_doubt(called, "labelled texts")
    new = replace(new, rule=replace(new.rule, confident=not doubt))
    before = (head.positive(states), head.rule.calibrated(head.logits(states)))
    found = _judge(before, (called, logits), labels, balanced=balanced)
    judgement = {each.name: getattr(found, each.name) for each in fields(found)}
    return Adaptation(**judgement, head=new, doubt=doubt, penalty=penalty, held_out=metrics.sigmoid(logits))


def judge(before: Scores, after: Scores, labels: Array) -> Judgement:
    """Compares a run with an adapted one on texts that were held out from the adaptation.

    Args:
        before: logits of the texts, <float64>[n], and decision rule of the run.
        after: the same of the adapted one.
        labels: <int>[n], 1 positive and 0 negative.
    """
    calls = [(logits >= rule.boundary, rule.calibrated(logits)) for logits, rule in (before, after)]
    return _judge(calls[0], calls[1], np.asarray(labels, np.int64))


def _judge(before: Calls, after: Calls, labels: Array, *, balanced: bool = False) -> Judgement:
    """Compares predictions and calibrated logits before and after an adaptation."""
    first, second = (figures(*each, labels) for each in (before, after))
    difference = compare(before[0] == labels, after[0] == labels, samples=2_000)
    error = _error(before[0] != after[0], labels, balanced=balanced)
    adopted, reason = _verdict(first, second, labels, error, balanced=balanced)
    majority = float(max(labels.mean(), 1 - labels.mean()))
    return Judgement(first, second, difference.interval, majority, adopted, reason)


def fit_head(states: Array, labels: Array, head: Head, *, balanced: bool = False) -> tuple[Head, float]:
    """Fits a head to labelled texts, with a penalty chosen by leave-one-out; returns head and penalty.

    The regression has the run's calibrated logits as offset. The new layer is scaled back by the temperature, so that
    the logits of both heads are comparable.

    Args:
        states: <float>[n, features].
        labels: <int>[n], 1 positive and 0 negative.
        head: the run's head.
        balanced: whether both classes have the same weight.
    """
    basis = Basis.of(states)
    weights = np.ones(len(labels))
    if balanced:
        weights = len(labels) / 2 / np.maximum(np.bincount(labels, minlength=2), 1)[labels]
    offset: Floats = np.asarray(head.rule.calibrated(head.logits(states)), np.float64)
    best = fit_best(basis.coordinates(states), labels, offset, weights)
    kernel, intercept = basis.in_features(best.beta)
    scale, shift = head.rule.temperature, head.rule.bias
    calibration = replace(fit_rule(best.left_out, labels), threshold=head.rule.threshold)
    if balanced:
        calibration = balanced_rule(calibration, best.left_out, labels)
    rule = replace(calibration, temperature=scale * calibration.temperature, bias=shift + scale * calibration.bias)
    return Head(head.kernel + scale * kernel, head.bias + scale * intercept, rule), best.penalty


def figures(called: Array, logits: Array, labels: Array) -> Figures:
    """Returns the metrics of the predictions ``called`` <bool>[n], and of calibrated logits <float>[n]."""
    table = metrics.confusion(np.asarray(called, np.float64), labels, 0.5)
    n, correct = len(labels), table.tp + table.tn
    return Figures(
        n, correct, table.accuracy, metrics.wilson_interval(correct, n), (table.specificity, table.recall),
        table.balanced_accuracy, table.mcc, metrics.log_loss(logits, labels),
    )  # fmt: skip


def folds(labels: Array, seed: int, parts: int = _FOLDS) -> Iterator[tuple[npt.NDArray[np.intp], npt.NDArray[np.intp]]]:
    """Yields the training rows and held-out rows of each stratified fold."""
    order = np.random.default_rng(seed).permutation(len(labels))
    order = order[np.argsort(labels[order], kind="stable")]
    for part in range(min(parts, len(labels))):
        held_out = order[part::parts]
        yield np.setdiff1d(order, held_out), held_out


def _error(changed: Array, labels: Array, *, balanced: bool) -> float:
    """Returns the standard error of a difference in (balanced) accuracy; ``changed`` <bool>[n] marks changed rows."""
    if not balanced:
        return float(np.sqrt(changed.sum()) / len(labels))
    shares = [np.sqrt(changed[labels == label].sum()) / max((labels == label).sum(), 1) for label in (0, 1)]
    return float(np.hypot(*shares) / 2)


def _verdict(before: Figures, after: Figures, labels: Array, error: float, *, balanced: bool) -> tuple[bool, str]:
    """Returns whether a head is adopted, and why: accuracy gains at least its standard error, and log loss falls."""
    n, fewest = len(labels), int(min(np.bincount(labels, minlength=2)))
    name = "balanced accuracy" if balanced else "accuracy"
    old, new = (before.balanced_accuracy, after.balanced_accuracy) if balanced else (before.accuracy, after.accuracy)
    if n < LEAST_LABELS:
        return False, f"Not adopted: {n} labels are too few; at least {LEAST_LABELS} are needed."
    if fewest < LEAST_OF_A_CLASS:
        return False, f"Not adopted: one class has only {fewest} labels; label at least {LEAST_OF_A_CLASS} of each."
    change = f"On held-out texts, {name} is {old:.1%} before and {new:.1%} after."
    if new <= old or after.log_loss >= before.log_loss:
        return False, f"Not adopted: it is not better. {change}"
    if new - old < error:
        return False, f"Not adopted: the gain may be due to chance. {change}"
    return True, f"Adopted. {change}"
