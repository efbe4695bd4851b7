"""Computes the contribution of each token to the logit, by the rescale rule of DeepLIFT along a path.

The model runs once on the review and once on a baseline text of the same length. Multipliers are then propagated back
from the logit; each nonlinearity is replaced by the slope of its chord between the two runs. The terms telescope, so
``baseline_logit + contributions.sum()`` equals the logit up to rounding. This is the rescale rule
(Shrikumar et al. 2017, section 3.5.2), extended to the products of the LSTM and to pooling over time. The straight path
from baseline to review can be divided into segments. The sum stays exact, and with more segments the contributions
converge to integrated gradients (Sundararajan et al. 2017).

The baseline is a text of unknown words of the same length. In each direction's reading order, its states do not depend
on the length, so one run over ``max_length`` tokens serves every review.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np
import numpy.typing as npt

from sentiment.model.batching import batches_by_length, pad
from sentiment.model.numpy_lstm import Array, Lengths, NumpyLSTM, Trace
from sentiment.model.weights import Weights
from sentiment.text.vocabulary import UNK

_SHORT = 40  # tokens; shorter reviews are as fast in a batch as alone
_BATCH_TOKENS = 4_096  # tokens in a batch, including padding; a batch takes about 25 kB per token for 128 units


@dataclass(frozen=True, slots=True, eq=False)
class Attribution:
    """Contributions in logit units.

    Attributes:
        baseline_logit: the logit of the baseline text of the same length.
        contributions: <float32>[length], the contribution of each id.
    """

    baseline_logit: float
    contributions: npt.NDArray[np.float32]


@dataclass(frozen=True, slots=True, eq=False)
class Path:
    """The straight path from the baseline to a batch of reviews, in the space of the gates' inputs.

    Attributes:
        lstm: the model.
        baseline: the forward pass of the baseline.
        start: <float>[steps, 4, directions, 1, units], the projected baseline, with bias.
        change: <float>[steps, 4, directions, batch, units], the projected reviews minus the baseline.
        lengths: <int>[batch], tokens of each review.
    """

    lstm: NumpyLSTM
    baseline: Trace
    start: Array
    change: Array
    lengths: Lengths

    def at(self, share: float) -> Trace:
        """Runs the forward pass at a point of the path: 0 is the baseline, 1 the reviews."""
        return self.lstm.run(self.start, self.change, share) if share else self.baseline

    def multipliers(self, low: Trace, high: Trace) -> Array:
        """Returns the multipliers between two forward passes, shaped like ``change``."""
        return self.lstm.multipliers(low, high, self.lengths)

    def gradient(self, share: float) -> Array:
        """Returns the gradient at a point of the path: the multipliers with tangents as chords."""
        point = self.at(share)
        return self.multipliers(point, point)

    def contributions(self, multipliers: Array) -> Array:
        """Returns multipliers times change, summed by token, <float>[batch, steps]; zero after a review's end."""
        products = np.einsum("sgdbu,sgdbu->dbs", multipliers, self.change)
        return self.lstm.by_token(products, self.lengths)


def rescale_rule(path: Path, segments: int = 1) -> Array:
    """Returns the mean of the multipliers over equal segments of the path, shaped like ``Path.change``."""
    passes = pairwise(path.at(segment / segments) for segment in range(segments + 1))
    total = path.multipliers(*next(passes))
    for low, high in passes:
        total += path.multipliers(low, high)
    total /= segments
    return total


def integrated_gradients(path: Path, points: int) -> Array:
    """Returns the mean gradient along the path, by Gauss-Legendre quadrature (Sundararajan et al. 2017, section 3).

    It is shaped like ``Path.change``.
    """
    total = np.zeros_like(path.change)
    nodes, weights = np.polynomial.legendre.leggauss(points)
    for node, weight in zip(nodes.tolist(), weights.tolist(), strict=True):  # Python floats keep the arrays' dtype
        total += path.gradient((1 + node) / 2) * (weight / 2)
    return total


class Attributor:
    """Computes the contributions of encoded reviews. Immutable and thread-safe.

    Args:
        weights: the model's weights.
        max_length: the maximum length of a review, in tokens.
        baseline: <float>[embedding], the embedding of every baseline token; that of the unknown word if None.
        dtype: the precision of the computation: float32 like the model, or float64.
    """

    def __init__(
        self,
        weights: Weights,
        max_length: int,
        *,
        baseline: Array | None = None,
        dtype: type[np.floating[Any]] = np.float32,
    ) -> None:
        self._lstm = NumpyLSTM(weights, dtype)
        self._embedding, self._dtype = weights.embedding, dtype
        self._base = (weights.embedding[UNK] if baseline is None else baseline).astype(dtype)
        text = np.broadcast_to(self._base, (1, max_length, len(self._base)))
        projected = self._lstm.project(text, np.array([max_length]))
        self._start = projected + self._lstm.bias
        self._baseline = self._lstm.run(self._start, projected, 0)

    def __call__(
        self, ids: Sequence[npt.NDArray[np.int32]], rule: Callable[[Path], Array] = rescale_rule
    ) -> list[Attribution]:
        """Returns an attribution for each encoded review, none of them empty.

        Args:
            ids: <int32>[length] for each review.
            rule: computes the multipliers of a path, shaped like its ``change``.
        """
        result: dict[int, Attribution] = {}
        for batch in self._batches(np.array([len(review) for review in ids], np.intp)):
            path = self.path([ids[place] for place in batch])
            starts = self._lstm.logits(path.baseline, path.lengths)
            values = path.contributions(rule(path)).astype(np.float32)
            for place, start, row, length in zip(batch, starts, values, path.lengths, strict=True):
                result[place] = Attribution(float(start), row[:length])
        return [result[place] for place in range(len(ids))]

    def _batches(self, lengths: Lengths) -> Iterator[npt.NDArray[np.intp]]:
        """Yields indices of reviews to compute together; a long review is alone if single ones run in compiled code."""
        alone = (lengths > _SHORT) & self._lstm.is_compiled
        yield from np.flatnonzero(alone)[:, None]
        others = np.flatnonzero(~alone)
        yield from (others[batch] for batch in batches_by_length(lengths[others], _BATCH_TOKENS))

    def path(self, reviews: Sequence[npt.NDArray[np.int32]]) -> Path:
        """Returns the path to a batch of reviews, none of them empty."""
        lengths = np.array([len(review) for review in reviews])
        change = self._lstm.project(self._embedding[pad(reviews)].astype(self._dtype) - self._base, lengths)
        steps = len(change)
        return Path(self._lstm, self._baseline.repeated(steps, len(reviews)), self._start[:steps], change, lengths)
