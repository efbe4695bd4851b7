"""What each token added to the score (to be written by its own module test first)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from sentiment.weights import Weights


@dataclass(frozen=True, slots=True, eq=False)
class Attribution:
    """Contributions in logit units.

    Attributes:
        baseline_logit: the score of the baseline text of the same length.
        contributions: <float32>[length], one for each id.
    """

    baseline_logit: float
    contributions: npt.NDArray[np.float32]


class Attributor:
    """Explains encoded reviews by the weights of the model."""

    def __init__(self, weights: Weights, max_length: int) -> None: ...

    def __call__(self, ids: Sequence[npt.NDArray[np.int32]]) -> list[Attribution]:
        """An attribution for each encoded review, none of them empty."""
        ...
