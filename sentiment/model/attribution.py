"""What each token added to the score: path secants.

The review and a baseline text of the same length are run once each; then multipliers are carried backwards from the
score, in which every nonlinearity counts with the slope of its chord between the two runs. Everything telescopes, so
``baseline_logit + contributions.sum()`` is the logit but for rounding. This is the rescale rule of DeepLIFT
(Shrikumar et al. 2017, section 3.5.2) extended to the products of the LSTM and to pooling over time. With the
straight path from baseline to review cut into segments, taken one after the other, it stays exact, and tends to
integrated gradients (Sundararajan et al. 2017) as they grow many.

The baseline is the text of as many unknown words. In each direction's own reading order it begins the same whatever
its length, so one run to ``max_length`` serves every review.
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

_SHORT = 40  # tokens of a review that takes no longer in a batch than alone
_BATCH_TOKENS = 4_096  # tokens in a batch, padding included; a batch takes about 25 kB a token for 128 units


@dataclass(frozen=True, slots=True, eq=False)
class Attribution:
    """Contributions in logit units.

    Attributes:
        baseline_logit: the score of the baseline text of the same length.
        contributions: <float32>[length], one for each id.
    """

    baseline_logit: float
    contributions: npt.NDArray[np.float32]


@dataclass(frozen=True, slots=True, eq=False)
class Path:
    """The straight path from the baseline to a batch of reviews, in what the embeddings add to the gates.

    Attributes:
        lstm: the model.
        baseline: the pass at the path's start.
        start: <float>[steps, 4, directions, 1, units], the projected baseline, with bias.
        change: <float>[steps, 4, directions, batch, units], the projected reviews less the baseline.
        lengths: <int>[batch]
    """

    lstm: NumpyLSTM
    baseline: Trace
    start: Array
    change: Array
    lengths: Lengths

    def at(self, share: float) -> Trace:
        """The pass at a point of the path, 0 being the baseline and 1 the reviews."""
        return self.lstm.run(self.start, self.change, share) if share else self.baseline

    def secant(self, low: Trace, high: Trace) -> Array:
        """The multipliers between two passes."""
        return self.lstm.multipliers(low, high, self.lengths)

    def gradient(self, share: float) -> Array:
        """The multipliers at a point of the path, where each chord is a tangent."""
        point = self.at(share)
        return self.secant(point, point)

    def contributions(self, multipliers: Array) -> Array:
        """<float>[batch, steps]: the multipliers' share in the change, token by token, zero after a review's end."""
        products = np.einsum("sgdbu,sgdbu->dbs", multipliers, self.change)
        return self.lstm.by_token(products, self.lengths)


def path_secants(path: Path, segments: int = 1) -> Array:
    """The mean of the multipliers over equal segments of the path: what this module is about."""
    passes = pairwise(path.at(segment / segments) for segment in range(segments + 1))
    total = path.secant(*next(passes))
    for low, high in passes:
        total += path.secant(low, high)
    total /= segments
    return total


def integrated_gradients(path: Path, points: int) -> Array:
    """The mean gradient along the path, by Gauss-Legendre quadrature (Sundararajan et al. 2017, section 3)."""
    total = np.zeros_like(path.change)
    nodes, weights = np.polynomial.legendre.leggauss(points)
    for place, weight in zip(nodes.tolist(), weights.tolist(), strict=True):  # whose type does not widen the arrays
        total += path.gradient((1 + place) / 2) * (weight / 2)
    return total


class Attributor:
    """Explains encoded reviews by the weights of the model. Immutable; safe for any number of threads.

    Args:
        weights: the model's.
        max_length: the length of the longest review that will be asked for.
        baseline: <float>[embedding], what every token of the baseline is; the unknown word where None.
        dtype: the precision of the computation, float32 as the model runs or float64.
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
        self, ids: Sequence[npt.NDArray[np.int32]], rule: Callable[[Path], Array] = path_secants
    ) -> list[Attribution]:
        """An attribution for each encoded review, none of them empty.

        Args:
            ids: <int32>[length] a review.
            rule: from a path to the multipliers that its change is weighed with.
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
        """Places of reviews that are computed together: none with a long one, where single ones are compiled."""
        alone = (lengths > _SHORT) & self._lstm.is_compiled
        yield from np.flatnonzero(alone)[:, None]
        others = np.flatnonzero(~alone)
        yield from (others[batch] for batch in batches_by_length(lengths[others], _BATCH_TOKENS))

    def path(self, reviews: Sequence[npt.NDArray[np.int32]]) -> Path:
        """The path to a batch of reviews, none of them empty."""
        lengths = np.array([len(review) for review in reviews])
        change = self._lstm.project(self._embedding[pad(reviews)].astype(self._dtype) - self._base, lengths)
        steps = len(change)
        return Path(self._lstm, self._baseline.repeated(steps, len(reviews)), self._start[:steps], change, lengths)
