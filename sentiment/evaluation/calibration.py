"""Fits a run's decision rule to its validation reviews.

The temperature is always fitted. With a bias, the rule is Platt scaling (Platt 1999). A bias is another parameter to
overfit, so it is used only if it lowers the log loss in k-fold cross-validation by more than ``NOISE`` standard errors
of the mean gain. A penalty draws slope and intercept towards 1 and 0. It has little influence on hundreds of reviews,
and prevents an extreme rule on a few, which may be separable. The threshold is one half unless both classes are to
have the same weight, however frequent they are. With fewer than ``LEAST`` reviews, or if all of them are predicted to
be of one class, every prediction is "unsure".
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

PENALTY = 4.0  # on the squared distance of slope and intercept from 1 and 0: a prior standard deviation of one half

_THRESHOLDS = (0.02, 0.98)
_STEEPEST = 20.0  # bound of the slope, which is 1 / temperature

Array = npt.NDArray[Any]


@dataclass(frozen=True, slots=True)
class Calibration:
    """A fitted rule, and the evidence for its bias.

    Attributes:
        rule: the rule to use.
        bias: the fitted bias, used or not.
        gain: nats by which it lowers the log loss of held-out reviews; NaN if there are too few reviews.
        error: the standard error of the gain.
        doubt: why every prediction is "unsure"; "" if this is not so.
    """

    rule: DecisionRule
    bias: float
    gain: float
    error: float
    doubt: str

    def config(self) -> dict[str, Any]:
        """Returns the rule as in ``config.json``, with the evidence for the bias as ``calibration``."""
        gain, error = (None if math.isnan(value) else value for value in (self.gain, self.error))
        decision = {"folds": FOLDS, "bias": self.bias, "gain": gain, "standard_error": error}
        return {**rule_config(self.rule, self.doubt), "calibration": decision}


def rule_config(rule: DecisionRule, doubt: str) -> dict[str, Any]:
    """Returns a rule as in ``config.json``: the temperature, values other than the default, and the doubt."""
    default = DecisionRule()
    changed = {name: value for name, value in asdict(rule).items() if value != getattr(default, name)}
    return {"temperature": rule.temperature, **changed, **({"doubt": doubt} if doubt else {})}


def find_doubt(called: Array, texts: str) -> str:
    """Returns why predictions of some texts, <bool>[n], are insufficient for confidence levels; "" if they suffice."""
    if len(called) < LEAST:
        return f"it was tested on only {len(called)} {texts}"
    if called.all() or not called.any():
        return f"it predicts the same class for all {len(called):,} {texts}"
    return ""


def calibrate(logits: Array, labels: Array, seed: int = 0, *, balanced: bool = False) -> Calibration:
    """Fits the temperature, and the bias if it is significant; see the module's docstring.

    Args:
        logits: <float>[n], of held-out reviews, before calibration.
        labels: <int>[n], 1 positive and 0 negative.
        seed: of the cross-validation.
        balanced: whether to use the bias, and the threshold of ``balanced_rule``.
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
    """Returns the rule with a threshold for balanced classes, if it improves the balanced accuracy on these reviews.

    The threshold is the share of positives, which maximises the balanced accuracy of calibrated probabilities (Elkan
    2001). Otherwise the rule is returned unchanged.
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
    """Returns the out-of-fold gain in log loss by the bias, <float64>[n]; empty if a fold is too small."""
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
