"""Training examples, in a module without TensorFlow."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Ids = npt.NDArray[np.int32]


@dataclass(frozen=True, slots=True, eq=False)
class Examples:
    """Encoded reviews, not truncated, and their targets.

    Attributes:
        ids: <int32>[tokens] for each review, none of them empty.
        targets: <float32>[reviews], the probability of "positive"; 1 or 0 for a label.

    Raises:
        ValueError: there are not as many targets as reviews.
    """

    ids: Sequence[Ids]
    targets: npt.NDArray[np.float32]

    def __post_init__(self) -> None:
        """Checks the lengths."""
        if len(self.ids) != len(self.targets):
            raise ValueError(f"{len(self.ids)} reviews have {len(self.targets)} targets")

    def draw(self, rng: np.random.Generator) -> tuple[Ids, float]:
        """Returns a random example: its ids and its target."""
        place = int(rng.integers(len(self.ids)))
        return self.ids[place], float(self.targets[place])

    def __add__(self, more: Examples) -> Examples:
        """Returns these examples followed by others."""
        return Examples([*self.ids, *more.ids], np.concatenate([self.targets, more.targets]))


NONE = Examples((), np.zeros(0, np.float32))
