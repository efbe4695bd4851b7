"""Fits a run's decision rule to its validation reviews.

The temperature is always fitted. A bias beside it, which makes it Platt scaling (Platt 1999), is another parameter to
overfit, so it must prove itself on reviews it was not fitted to: in k-fold cross-validation it has to lower the log
loss by more than ``NOISE`` standard errors of the mean gain. Both are drawn towards 1 and 0, which counts for little on
hundreds of reviews and keeps a few, which may be separated without error, from an extreme rule. The threshold stays at
one half unless both classes are to count the same, however frequent they are. Below ``LEAST`` reviews, or if all of
them are predicted to be of one class, predictions claim no confidence.
"""

from __future__ import annotations

import math
from dataclasses import asdict, dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt

from sentiment.evaluation.logistic import fit
from sentiment.evaluation.metrics import confusion, log_losses
from sentiment.model.decision import DecisionRule

FOLDS = 10
LEAST = 40  # reviews
NOISE = 2.0  # standard errors that the gain must exceed

PENALTY = 4.0  # on the squared distance of slope and intercept from 1 and 0: a standard deviation of one half

_THRESHOLDS = (0.02, 0.98)
_STEEPEST = 20.0  # bound of the slope, which is 1 / temperature

Array = npt.NDArray[Any]


@dataclass(frozen=True, slots=True)
class Calibration:
    """A fitted rule, and why it has a bias or none.

    Attributes:
        rule: the rule to use.
        bias: the bias that was fitted, used or not.
        gain: nats by which it lowers the log loss of held-out reviews; NaN if there are too few to tell.
        error: the gain's standard error.
        doubt: why predictions claim no confidence; "" if they may.
    """

    rule: DecisionRule
    bias: float
    gain: float
    error: float
    doubt: str

    def config(self) -> dict[str, Any]:
        """Returns the rule as in ``config.json``, and as ``calibration`` how the bias was decided."""
        gain, error = (None if math.isnan(value) else value for value in (self.gain, self.error))
        decision = {"folds": FOLDS, "bias": self.bias, "gain": gain, "standard_error": error}
        return {**rule_config(self.rule, self.doubt), "calibration": decision}


def rule_config(rule: DecisionRule, doubt: str) -> dict[str, Any]:
    """Returns a rule as in ``config.json``: the temperature, what differs from the usual, and the doubt."""
    usual = DecisionRule()
    changed = {name: value for name, value in asdict(rule).items() if value != getattr(usual, name)}
    return {"temperature": rule.temperature, **changed, **({"doubt": doubt} if doubt else {})}


def find_doubt(called: Array, texts: str) -> str:
    """Returns why a model's predictions of some texts, <bool>[n], allow no confidence; "" if they do."""
    if len(called) < LEAST:
        return f"it was tested on only {len(called)} {texts}"
    if called.all() or not called.any():
        return f"it predicts the same class for all {len(called):,} {texts}"
    return ""


def calibrate(logits: Array, labels: Array, seed: int = 0, *, balanced: bool = False) -> Calibration:
    """Fits the temperature, and the bias if it proves itself; see the module's docstring.

    Args:
        logits: <float>[n], of held-out reviews.
        labels: <int>[n], 1 positive and 0 negative.
        seed: of the cross-validation.
        balanced: whether to balance the rule, with the bias, as ``balanced_rule`` does.
    """
    logits, labels = np.asarray(logits, np.float64), np.asarray(labels)
    plain, biased = fit_rule(logits, labels, bias=False), fit_rule(logits, labels)
    gains = _held_out_gains(logits, labels, seed)
    gain = error = math.nan
    if len(gains):
        gain, error = float(gains.mean()), float(gains.std(ddof=1) / math.sqrt(len(gains)))
    rule = biased if gain > NOISE * error else plain
    if balanced:
        rule = balanced_rule(biased, logits, labels)
    doubt = find_doubt(logits >= rule.boundary, "validation reviews")
    return Calibration(replace(rule, confident=not doubt), biased.bias, gain, error, doubt)


def balanced_rule(rule: DecisionRule, logits: Array, labels: Array) -> DecisionRule:
    """Returns a rule under which both classes count the same, if these labelled reviews show that it helps.

    Its threshold is the share of positives, at which calibrated probabilities have the highest balanced accuracy (Elkan
    2001). A model that knows nothing would only change the class that it always predicts, so it keeps its rule.
    """
    changed = replace(rule, threshold=float(np.clip(np.mean(labels), *_THRESHOLDS)))
    before, after = (confusion(logits, labels, each.boundary).balanced_accuracy for each in (rule, changed))
    return changed if after > before else rule


def fit_rule(logits: Array, labels: Array, *, bias: bool = True) -> DecisionRule:
    """Fits temperature and bias, or the temperature alone, by penalised logistic regression on the logits."""
    logits = np.asarray(logits, np.float64)
    x = np.column_stack([logits, np.ones(len(logits))] if bias else [logits])
    beta = fit(x, labels, logits, np.ones(len(logits)), PENALTY).beta
    slope = min(max(1 + beta[0], 1 / _STEEPEST), _STEEPEST)
    return DecisionRule(float(1 / slope), float(beta[1] / slope) if bias else 0.0)


def _held_out_gains(logits: Array, labels: Array, seed: int) -> Array:
    """Returns each review's fall in log loss by a bias that was fitted without it; empty if a fold is too small."""
    folds = np.array_split(np.random.default_rng(seed).permutation(len(labels)), FOLDS)
    gains = np.zeros(len(labels))
    for held_out in folds:
        rest = np.setdiff1d(np.arange(len(labels)), held_out)
        if len(held_out) < 2 or len(np.unique(labels[rest])) < 2:
            return np.empty(0)
        biased = fit_rule(logits[rest], labels[rest])
        plain = fit_rule(logits[rest], labels[rest], bias=False)
        before, after = (log_losses(rule.calibrated(logits[held_out]), labels[held_out]) for rule in (plain, biased))
        gains[held_out] = before - after
    return gains
