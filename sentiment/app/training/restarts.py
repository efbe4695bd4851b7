"""Resolves trainings that were restarted: a later measurement replaces all earlier ones at its epoch and after it."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

Numbers = npt.NDArray[np.float64]
Mask = npt.NDArray[np.bool_]


def kept(counts: Numbers, *, repeats: bool = False) -> Mask:
    """Returns which measurements still count: <bool>[n].

    Args:
        counts: epochs or steps, in the order in which they were measured.
        repeats: whether one epoch or step may have several measurements.
    """
    later = np.append(np.minimum.accumulate(counts[::-1])[::-1][1:], np.inf)
    return counts <= later if repeats else counts < later


def abandoned(counts: Numbers, times: Numbers, pilot_counts: Numbers, pilot_times: Numbers) -> Mask:
    """Returns which measurements a restart made obsolete: <bool>[n].

    Args:
        counts: epochs or steps of the measurements.
        times: the times of the measurements, in seconds.
        pilot_counts: epochs or steps of another series of the training, in order; a restart is where they go back.
        pilot_times: the times of that series, in seconds.
    """
    restarts = np.flatnonzero(np.diff(pilot_counts) < 0) + 1
    if not len(restarts):
        return np.zeros(len(counts), bool)
    least = np.append(np.minimum.accumulate(pilot_counts[restarts][::-1])[::-1], np.inf)
    return counts >= least[np.searchsorted(pilot_times[restarts], times, side="right")]


def sentence(unit: str, counts: Numbers, keep: Mask) -> str:
    """Returns a sentence on what was replaced, "" if nothing was.

    Args:
        unit: "epoch" or "step".
        counts: as shown to the user, in the order in which they were measured.
        keep: which measurements still count.
    """
    if keep.all():
        return ""
    first, last = counts[~keep].min(), counts[~keep].max()
    span = f"{unit} {first:,.0f}" if first == last else f"{unit}s {first:,.0f}–{last:,.0f}"
    fits = 1 + int((np.diff(counts) < 0).sum())
    if fits == 1:
        return f"It has several values for {span}; the last is drawn."
    if fits == 2:
        return f"It holds two fits; the second replaces {span} of the first."
    return f"It holds {fits:,} fits; later ones replace {span} of earlier ones."
