"""Training by steps rather than epochs, where nothing is validated meanwhile; broken off, it goes on."""

from __future__ import annotations

import csv
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import keras
import numpy as np
import tensorflow as tf

_EVERY = 250  # steps between two checkpoints


def take_steps(
    name: str,
    step: Callable[..., tf.Tensor],
    batches: Callable[[int], Iterator[tuple[Any, ...]]],
    steps: int,
    optimizer: keras.optimizers.Optimizer,
    folder: Path,
    also: Sequence[keras.Variable] = (),
) -> float:
    """Takes steps, from the last checkpoint on if there is one; gives the seconds it took.

    Args:
        name: what is learnt, for people; in the names of the files, too.
        step: takes one, given a batch, and gives its loss.
        batches: gives batches without end, the first so many left out.
        steps: how many to take in all.
        optimizer: built for all that is learnt.
        folder: where ``{name}.csv`` and the checkpoints go.
        also: what else changes with every step, such as the random state of dropout.
    """
    file_name = name.replace(" ", "_")
    also_kept = [variable.value for variable in also]
    checkpoint = tf.train.Checkpoint(optimizer=optimizer, also=also_kept)  # an optimizer holds the weights as well
    manager = tf.train.CheckpointManager(checkpoint, folder / file_name, max_to_keep=1)
    checkpoint.restore(manager.latest_checkpoint)
    first = int(optimizer.iterations)
    log = _Log(name, folder / f"{file_name}.csv", first)
    for number, batch in zip(range(first + 1, steps + 1), batches(first), strict=False):
        log.add(step(*map(tf.constant, batch)))
        if number % _EVERY == 0 or number == steps:
            log.write(number)
            manager.save()
    return log.seconds


class _Log:
    """The mean loss between two checkpoints, and the seconds since the beginning.

    Args:
        name: what is learnt, for people.
        path: of the file.
        first: the step to go on after; rows of later ones, whose checkpoint was not finished, are dropped.
    """

    def __init__(self, name: str, path: Path, first: int) -> None:
        self._name, self._path = name, path
        self._losses: list[Any] = []
        header = "step,loss,seconds"
        rows = path.read_text(encoding="utf-8").splitlines()[1:] if path.exists() else []
        kept = [row for row in rows if int(row.split(",")[0]) <= first]
        path.write_text("\n".join([header, *kept, ""]), encoding="utf-8")
        self.seconds = float(kept[-1].split(",")[2]) if kept else 0.0
        self._start = time.monotonic() - self.seconds

    def add(self, loss: tf.Tensor) -> None:
        """Keeps a step's loss."""
        self._losses.append(loss)

    def write(self, step: int) -> None:
        """One row, and one line on stderr."""
        loss, self.seconds = float(np.mean(self._losses)), time.monotonic() - self._start
        self._losses.clear()
        with self._path.open("a", encoding="utf-8", newline="") as file:
            csv.writer(file, lineterminator="\n").writerow([step, f"{loss:.4f}", f"{self.seconds:.0f}"])
        print(f"{self._name}, step {step}: loss {loss:.4f}, {self.seconds:.0f} s", file=sys.stderr, flush=True)
