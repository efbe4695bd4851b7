"""What happens beside the steps of training: averaging, history, progress, and a state to go on from."""

from __future__ import annotations

import csv
import json
import sys
import time
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import keras
import numpy as np
import numpy.typing as npt
import tensorflow as tf

HISTORY = ("epoch", "loss", "accuracy", "val_loss", "val_accuracy", "learning_rate", "seconds")
STEPS = ("step", "epoch", "loss", "accuracy", "learning_rate", "seconds")
PULL = 0.1  # of the distance from the start, in units of the learning rate


class PullToStart(keras.callbacks.Callback):
    """Draws the weights of a network towards those that it has now, after every step."""

    def __init__(self, network: keras.Model) -> None:
        super().__init__()
        self._start = [tf.constant(np.array(weight)) for weight in network.trainable_variables]

    def on_train_batch_end(self, batch: int, logs: Any = None) -> None:
        """Takes the step."""
        self._pull(tf.constant(PULL * float(self.model.optimizer.learning_rate)))

    @tf.function
    def _pull(self, share: tf.Tensor) -> None:
        for weight, start in zip(self.model.trainable_variables, self._start, strict=True):
            weight.assign_add(share * (start - tf.convert_to_tensor(weight)))


class MovingAverage(keras.callbacks.Callback):
    """Exponential moving average of the weights (Polyak & Juditsky 1992), which stands in for them in validation.

    The momentum grows from 2/11 with the number of steps, so that the random start is soon forgotten.
    """

    def __init__(self, momentum: float) -> None:
        super().__init__()
        self._momentum = momentum
        self.variables: list[tf.Variable] = []

    def set_model(self, model: keras.Model) -> None:
        """Begins the averages at the weights."""
        super().set_model(model)
        if not self.variables:
            self.step = tf.Variable(0.0, name="average_step")
            self.averages = [tf.Variable(weight, name="average") for weight in model.trainable_variables]
            self.variables = [self.step, *self.averages]

    def on_train_batch_end(self, batch: int, logs: Any = None) -> None:
        """Moves every average towards its weight."""
        self._update()

    @tf.function
    def _update(self) -> None:
        self.step.assign_add(1.0)
        rate = 1 - tf.minimum(self._momentum, (1 + self.step) / (10 + self.step))
        for average, weight in zip(self.averages, self.model.trainable_variables, strict=True):
            average.assign_add(rate * (tf.convert_to_tensor(weight) - average))

    def swap(self) -> None:
        """Exchanges weights and averages."""
        for average, weight in zip(self.averages, self.model.trainable_variables, strict=True):
            kept = weight.numpy()
            weight.assign(average)
            average.assign(kept)

    def on_test_begin(self, logs: Any = None) -> None:
        """Validates the averages."""
        self.swap()

    def on_test_end(self, logs: Any = None) -> None:
        """Goes on with the weights."""
        self.swap()


class Clock:
    """Seconds since training began, those of earlier processes of the same run included."""

    def __init__(self, before: float = 0.0) -> None:
        self._start = time.monotonic() - before

    def __call__(self) -> float:
        """Seconds so far."""
        return time.monotonic() - self._start


class HistoryFiles(keras.callbacks.Callback):
    """Writes ``history.csv`` and ``steps.csv`` as training goes; rows of an epoch that was broken off are dropped."""

    def __init__(self, folder: Path, clock: Clock, epoch: int) -> None:
        super().__init__()
        self._clock = clock
        self._history, self._steps = folder / "history.csv", folder / "steps.csv"
        _keep_epochs(self._history, HISTORY, epoch)
        _keep_epochs(self._steps, STEPS, epoch)

    def on_epoch_begin(self, epoch: int, logs: Any = None) -> None:
        """Remembers which epoch it is."""
        self._epoch = epoch

    def on_train_batch_end(self, batch: int, logs: Any = None) -> None:
        """One row a step, with the batch's own loss and accuracy."""
        step = int(self.model.optimizer.iterations.numpy())
        values = _short(logs["loss"], logs["accuracy"], self._rate())
        _append(self._steps, [[step, self._epoch + 1, *values, round(self._clock(), 2)]])

    def on_epoch_end(self, epoch: int, logs: Any = None) -> None:
        """One row a finished epoch."""
        values = (logs["loss"], logs["accuracy"], logs["val_loss"], logs["val_accuracy"], self._rate())
        _append(self._history, [[epoch + 1, *_short(*values), round(self._clock(), 2)]])

    def _rate(self) -> float:
        return float(self.model.optimizer.learning_rate)


def _short(*values: float) -> list[str]:
    return [f"{value:.6g}" for value in values]


def _keep_epochs(path: Path, columns: Sequence[str], epoch: int) -> None:
    """Begins a CSV file with its header and the rows it already has up to ``epoch``."""
    kept: list[list[Any]] = []
    if path.exists():
        with path.open(encoding="utf-8", newline="") as file:
            rows = csv.DictReader(file)
            kept = [[row[column] for column in columns] for row in rows if int(row["epoch"]) <= epoch]
    path.unlink(missing_ok=True)
    _append(path, [columns, *kept])


def _append(path: Path, rows: Iterable[Sequence[Any]]) -> None:
    """Adds rows so that whoever follows the file sees them at once."""
    with path.open("a", encoding="utf-8", newline="") as file:
        csv.writer(file, lineterminator="\n").writerows(rows)


class Progress(keras.callbacks.Callback):
    """A line on stderr: live on a terminal, with the epoch's mean loss and the time left; elsewhere one an epoch."""

    def __init__(self, clock: Clock) -> None:
        super().__init__()
        self._clock = clock
        self._live = sys.stderr.isatty()
        self._first: tuple[float, int] | None = None

    def on_epoch_begin(self, epoch: int, logs: Any = None) -> None:
        """Begins the means of the epoch."""
        self._epoch = epoch
        self._loss = self._accuracy = 0.0

    def on_train_batch_end(self, batch: int, logs: Any = None) -> None:
        """Rewrites the live line."""
        if not self._live:
            return
        self._loss += (logs["loss"] - self._loss) / (batch + 1)
        self._accuracy += (logs["accuracy"] - self._accuracy) / (batch + 1)
        done = self._epoch * self.params["steps"] + batch + 1
        self._first = self._first or (self._clock(), done)
        pace = (self._clock() - self._first[0]) / max(done - self._first[1], 1)
        left = pace * (self.params["epochs"] * self.params["steps"] - done)
        print(
            f"\repoch {self._epoch + 1}/{self.params['epochs']}  step {batch + 1}/{self.params['steps']}  "
            f"loss {self._loss:.4f}  accuracy {self._accuracy:.2%}  {left / 60:.0f} min left ",
            end="",
            file=sys.stderr,
            flush=True,
        )

    def on_epoch_end(self, epoch: int, logs: Any = None) -> None:
        """The epoch in a line."""
        print(
            f"{chr(13) if self._live else ''}epoch {epoch + 1}/{self.params['epochs']}  loss {logs['loss']:.4f}  "
            f"accuracy {logs['accuracy']:.2%}  validation loss {logs['val_loss']:.4f}  "
            f"accuracy {logs['val_accuracy']:.2%}  {self._clock():.0f} s",
            file=sys.stderr,
            flush=True,
        )


class Checkpoint(keras.callbacks.Callback):
    """After each epoch, writes one file with all that training needs to resume as if it had never stopped.

    Also keeps the weights of the epoch with the lowest validation loss, and stops after ``patience`` epochs without a
    lower one. Without patience, keeps those of the last epoch.
    """

    def __init__(
        self, path: Path, clock: Clock, average: MovingAverage | None, patience: int | None, settings: str
    ) -> None:
        super().__init__()
        self._path, self._clock, self._average = path, clock, average
        self._patience, self._settings = patience, settings
        self.epoch, self.best_loss, self.best_epoch = 0, float("inf"), 0
        self.best_weights: list[npt.NDArray[Any]] = []

    @property
    def finished_early(self) -> bool:
        """Whether patience ran out."""
        return self._patience is not None and self.epoch > 0 and self.epoch - self.best_epoch >= self._patience

    def on_epoch_end(self, epoch: int, logs: Any = None) -> None:
        """Keeps the best weights and saves the state."""
        self.epoch = epoch + 1
        if self._patience is None or logs["val_loss"] < self.best_loss:
            self.best_loss, self.best_epoch = float(logs["val_loss"]), self.epoch
            self.best_weights = self._validated_weights()
        if self.finished_early:
            self.model.stop_training = True
        self._save()

    def _validated_weights(self) -> list[npt.NDArray[Any]]:
        """Copies of the trainable weights as validation saw them."""
        variables = self._average.averages if self._average else self.model.trainable_variables
        return [np.array(variable) for variable in variables]

    def _state(self) -> list[Any]:
        """Every variable that changes in training; dropout's random state is among the model's."""
        averages = self._average.variables if self._average else []
        return [*self.model.variables, *self.model.optimizer.variables, *averages]

    def _save(self) -> None:
        facts = {
            "settings": self._settings,
            "epoch": self.epoch,
            "best_loss": self.best_loss,
            "best_epoch": self.best_epoch,
            "seconds": self._clock(),
        }
        arrays = {f"state_{i:03}": np.array(variable) for i, variable in enumerate(self._state())}
        arrays |= {f"best_{i:03}": array for i, array in enumerate(self.best_weights)}
        partial = self._path.with_suffix(".partial.npz")
        arrays["facts"] = np.frombuffer(json.dumps(facts).encode(), np.uint8)
        np.savez(partial, allow_pickle=False, **arrays)
        partial.replace(self._path)

    def restore(self, model: keras.Model) -> None:
        """Sets the model, its optimizer and the averages to the saved state. Call after ``compile``."""
        self.set_model(model)
        if self._average:
            self._average.set_model(model)
        model.optimizer.build(model.trainable_variables)
        with np.load(self._path) as saved:
            facts = read_facts(self._path)
            self.epoch, self.best_loss, self.best_epoch = facts["epoch"], facts["best_loss"], facts["best_epoch"]
            self.best_weights = [saved[name] for name in sorted(saved.files) if name.startswith("best_")]
            for i, variable in enumerate(self._state()):
                variable.assign(saved[f"state_{i:03}"])


def read_facts(path: Path) -> dict[str, Any]:
    """What a checkpoint says of itself: settings, epoch, best loss and epoch, seconds."""
    with np.load(path) as saved:
        return json.loads(saved["facts"].tobytes())
