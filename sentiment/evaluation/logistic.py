"""L2-penalised logistic regression with an offset, and approximate leave-one-out scores in closed form.

It minimises ``sum(weights * log_loss(offset + x @ beta)) + penalty / 2 * |beta| ** 2`` by Newton's method. The penalty
is the same in all directions, so the solution is in the span of the rows, and features can be replaced by their
coordinates in it: ``Basis``.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from sentiment.evaluation.metrics import log_losses, sigmoid

Array = npt.NDArray[Any]
Floats = npt.NDArray[np.float64]

PENALTIES = tuple(float(penalty) for penalty in np.geomspace(64, 0.03125, 8))  # for rows of mean square 1
MOST_DIRECTIONS = 128  # maximum number of principal directions

_INTERCEPT = 0.3  # the constant coordinate; a smaller value is penalised more
_STEPS = 25  # maximum number of Newton steps
_EXACT = 1e-6  # relative decrease of the loss below which they stop


@dataclass(frozen=True, slots=True, eq=False)
class Basis:
    """Coordinates of rows of features: centred, in principal directions, and scaled to a mean squared norm of 1.

    The last coordinate is a constant, so the intercept is penalised like any other.

    Attributes:
        centre: <float64>[features], the mean of the rows.
        directions: <float64>[features, coordinates - 1], orthogonal and scaled.
    """

    centre: Floats
    directions: Floats

    @classmethod
    def of(cls, features: Array) -> Basis:
        """Returns the basis of the rows of ``features``, <float>[n, features], n at least 1."""
        features = np.asarray(features, np.float64)
        centre = features.mean(axis=0)
        rows = features - centre
        size = float(np.sqrt((rows**2).sum(axis=1).mean())) or 1.0
        gram = rows @ rows.T if len(rows) < rows.shape[1] else rows.T @ rows
        values, vectors = np.linalg.eigh(gram)
        kept = np.flatnonzero(values > 1e-10 * max(values[-1], 1e-30))[-MOST_DIRECTIONS:]
        directions = vectors[:, kept]
        if len(rows) < rows.shape[1]:
            directions = rows.T @ directions / np.sqrt(values[kept])
        return cls(centre, directions / size)

    def coordinates(self, features: Array) -> Floats:
        """Returns the coordinates of the rows of ``features``, <float64>[n, coordinates]."""
        inner = (np.asarray(features, np.float64) - self.centre) @ self.directions
        return np.column_stack([inner, np.full(len(inner), _INTERCEPT)])

    def in_features(self, beta: Floats) -> tuple[Floats, float]:
        """Converts coefficients of coordinates to coefficients of features, <float64>[features], and an intercept."""
        kernel = self.directions @ beta[:-1]
        return kernel, float(_INTERCEPT * beta[-1] - self.centre @ kernel)


@dataclass(frozen=True, slots=True, eq=False)
class Fit:
    """A fitted regression.

    Attributes:
        beta: <float64>[coordinates].
        scores: <float64>[n], logits of the rows to which it was fitted.
        left_out: <float64>[n], approximate leave-one-out logits (Rad & Maleki 2020).
        penalty: the penalty.
    """

    beta: Floats
    scores: Floats
    left_out: Floats
    penalty: float


def fit_best(
    x: Floats, labels: Array, offset: Floats, weights: Floats, penalties: tuple[float, ...] = PENALTIES
) -> Fit:
    """Returns the fit with the largest penalty whose leave-one-out loss is within one standard error of the lowest.

    This is the one-standard-error rule (Breiman et al. 1984, section 3.4.3) with the standard error of the paired mean
    difference. Each fit starts from the preceding one.

    Args:
        x: <float64>[n, coordinates], from a ``Basis``.
        labels: <int>[n], 1 positive and 0 negative.
        offset: <float64>[n], the logits at coefficients of zero.
        weights: <float64>[n], sample weights.
        penalties: the penalties to choose from, in descending order.
    """
    fits: list[Fit] = []
    for penalty in penalties:
        fits.append(fit(x, labels, offset, weights, penalty, fits[-1].beta if fits else None))
    losses = np.array([weights / weights.mean() * log_losses(each.left_out, labels) for each in fits])
    excess = losses - losses[np.argmin(losses.mean(axis=1))]
    error = excess.std(axis=1) / np.sqrt(len(labels))
    return fits[int(np.argmax(excess.mean(axis=1) <= error))]


def fit(x: Floats, labels: Array, offset: Floats, weights: Floats, penalty: float, beta: Floats | None = None) -> Fit:
    """Fits coefficients with this penalty; see ``fit_best``. Newton's method starts from ``beta``, by default zero."""
    labels = np.asarray(labels, np.float64)
    beta = np.zeros(x.shape[1]) if beta is None else beta
    identity = penalty * np.eye(x.shape[1])

    def cost(beta: Floats) -> float:
        return float(weights @ log_losses(offset + x @ beta, labels) + penalty / 2 * beta @ beta)

    least = cost(beta)
    for _ in range(_STEPS):
        probabilities = sigmoid(offset + x @ beta)
        slope = x.T @ (weights * (probabilities - labels)) + penalty * beta
        curved = x * (weights * probabilities * (1 - probabilities))[:, None]
        step = np.linalg.solve(x.T @ curved + identity, slope)
        while (reached := cost(beta - step)) > least and np.abs(step).max() > _EXACT:
            step /= 2  # far from the solution, a full step may overshoot
        beta, gained, least = beta - step, least - reached, reached
        if gained < _EXACT * (1 + least):
            break
    scores = offset + x @ beta
    probabilities = sigmoid(scores)
    curvature = weights * probabilities * (1 - probabilities)
    inverse = np.linalg.inv(x.T @ (x * curvature[:, None]) + identity)
    leverage = np.einsum("ij,ij->i", x @ inverse, x)
    residual = weights * (probabilities - labels)
    left_out = scores + leverage * residual / (1 - np.minimum(leverage * curvature, 0.999))
    return Fit(beta, scores, left_out, penalty)
