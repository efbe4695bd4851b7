"""Converts a logit to a prediction; the only definition of probability, label and confidence."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, TypeVar

import numpy as np
import numpy.typing as npt

from sentiment.artifacts import ArtifactError, Run
from sentiment.types import Confidence, Label, Prediction, Status

# Lower bounds on the certainty. For a threshold of one half, it is the calibrated probability of the label.
CONFIDENT = 0.90
LEANING = 0.70
# A text with a smaller share of known words gets a label, but is always "unsure".
KNOWN_WORDS = 0.5

# Bounds on config.json.
TEMPERATURES = (0.01, 100.0)
BIASES = (-100.0, 100.0)

Logits = TypeVar("Logits", float, npt.NDArray[np.floating[Any]])


@dataclass(frozen=True, slots=True)
class DecisionRule:
    """Maps a run's logits to probabilities, labels and confidence levels; stored in its ``config.json``.

    Attributes:
        temperature: the divisor of the logits.
        bias: added to the logits before the division.
        threshold: the label is "positive" at this probability or above.
        confident: whether predictions may be more than "unsure"; false if the evaluation of the model is insufficient.
    """

    temperature: float = 1.0
    bias: float = 0.0
    threshold: float = 0.5
    confident: bool = True

    @classmethod
    def from_config(cls, config: Mapping[str, Any]) -> DecisionRule:
        """Returns the rule in the content of a ``config.json``; all but ``temperature`` may be absent.

        Raises:
            ValueError: a number is not within its bounds, or ``confident`` is not true or false.
        """
        temperature = _number(config, "temperature", None)
        bias, threshold = _number(config, "bias", 0.0), _number(config, "threshold", 0.5)
        for name, value, (low, high) in (("temperature", temperature, TEMPERATURES), ("bias", bias, BIASES)):
            if value is None or not low <= value <= high:
                raise ValueError(f"{name} in config.json is not a number from {low:g} to {high:g}")
        if threshold is None or not 0 < threshold < 1:
            raise ValueError("threshold in config.json is not a number between 0 and 1")
        if not isinstance(confident := config.get("confident", True), bool):
            raise ValueError("confident in config.json is not true or false")
        return cls(float(temperature), float(bias), float(threshold), confident)

    @property
    def boundary(self) -> float:
        """The lowest logit with the label "positive"."""
        return math.log(self.threshold / (1 - self.threshold)) * self.temperature - self.bias

    def calibrated(self, logits: Logits) -> Logits:
        """Returns ``(logits + bias) / temperature``, the logits of the probabilities."""
        return (logits + self.bias) / self.temperature

    def probability(self, logit: float) -> float:
        """Returns the calibrated P(positive), the sigmoid of the calibrated logit (Guo et al. 2017, section 4.2)."""
        z = self.calibrated(logit)
        return 1 / (1 + math.exp(-z)) if z >= 0 else math.exp(z) / (1 + math.exp(z))

    def label(self, probability: float) -> Label:
        """Returns "positive" for a probability at the threshold or above."""
        return "positive" if probability >= self.threshold else "negative"

    def certainty(self, probability: float) -> float:
        """Returns the distance of a probability from the threshold, scaled to 0.5 at the threshold and 1 at 0 and 1.

        It is linear on either side. For a threshold of one half, it is the probability of the label.
        """
        if probability >= self.threshold:
            return 1 - (1 - probability) / (1 - self.threshold) / 2
        return 1 - probability / self.threshold / 2

    @property
    def unsure_zone(self) -> tuple[float, float]:
        """The probabilities between which a prediction is unsure."""
        share = 2 * (1 - LEANING)
        return share * self.threshold, 1 - share * (1 - self.threshold)

    def confidence(self, probability: float, status: Status = "ok") -> Confidence:
        """Returns the confidence level for a calibrated probability of "positive"."""
        certainty = self.certainty(probability)
        if not self.confident or status == "mostly_unknown" or certainty < LEANING:
            return "unsure"
        return "confident" if certainty >= CONFIDENT else "leaning"

    def predict(self, logit: float, status: Status, read: int, total: int, unknown_rate: float) -> Prediction:
        """Returns the prediction for a scored text.

        Args:
            logit: the model's logit.
            status: the status of the text.
            read: number of tokens read.
            total: number of tokens in the text.
            unknown_rate: share of unknown words among the tokens read.
        """
        probability = self.probability(logit)
        confidence = self.confidence(probability, status)
        return Prediction(self.label(probability), probability, logit, confidence, status, read, total, unknown_rate)


def read_rule(run: Run) -> DecisionRule:
    """Returns the rule in a run's ``config.json``.

    Raises:
        ArtifactError: the file is damaged, or a value is not a number within its bounds.
    """
    config = run.json("config.json")
    try:
        return DecisionRule.from_config(config if isinstance(config, dict) else {})
    except ValueError as error:
        raise ArtifactError(f"Model {run.name} is corrupted: {error}.") from error


def unscored_prediction(status: Status) -> Prediction:
    """Returns the prediction for a text without a score: ``unreadable`` or ``empty``."""
    return Prediction(None, 0.5, 0.0, None, status, 0, 0, 0.0)


def _number(config: Mapping[str, Any], name: str, default: float | None) -> Any:
    """Returns a number of ``config.json``; None if the value is something else."""
    value = config.get(name, default)
    return value if isinstance(value, int | float) and not isinstance(value, bool) else None
