"""Keras callbacks: weight averaging, history files, progress, and checkpoints for resumption."""

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
PULL = 0.1  # share of the distance from the start per step, in units of the learning rate


class PullToStart(keras.callbacks.Callback):
    """Pulls the weights of a network towards its initial weights after every step (decoupled L2-SP).

    The source is Li, Grandvalet & Davoine 2018; the decay is decoupled from the gradient as in AdamW.

    Args:
        network: the network; its present weights are the initial ones.
    """

    def __init__(self, network: keras.Model) -> None:
        super().__init__()
        self._start = [tf.constant(np.array(weight)) for weight in network.trainable_variables]

    def on_train_batch_end(self, batch: int, logs: Any = None) -> None:
        """Pulls every weight."""
        self._pull(tf.constant(PULL * float(self.model.optimizer.learning_rate)))

    @tf.function
    def _pull(self, share: tf.Tensor) -> None:
        for weight, start in zip(self.model.trainable_variables, self._start, strict=True):
            weight.assign_add(share * (start - tf.convert_to_tensor(weight)))


class MovingAverage(keras.callbacks.Callback):
    """Exponential moving average of the weights (Polyak & Juditsky 1992), used for validation.

    The momentum grows from 2/11 with the number of steps, so that the initial weights lose their influence quickly.

    Args:
        momentum: the final momentum, below 1.
    """

    def __init__(self, momentum: float) -> None:
        super().__init__()
        self._momentum = momentum
        self.variables: list[tf.Variable] = []

    def set_model(self, model: keras.Model) -> None:
        """Initializes the averages with the weights."""
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
        """Puts the averages in place of the weights."""
        self.swap()

    def on_test_end(self, logs: Any = None) -> None:
        """Restores the weights."""
        self.swap()


class Clock:
    """Measures the seconds since training began, including ``before``, those of earlier processes of the same run."""

    def __init__(self, before: float = 0.0) -> None:
        self._start = time.monotonic() - before

    def __call__(self) -> float:
        """Returns the seconds so far."""
        return time.monotonic() - self._start


class HistoryFiles(keras.callbacks.Callback):
    """Writes ``history.csv`` and ``steps.csv`` during training; rows of an interrupted epoch are removed first."""

    def __init__(self, folder: Path, clock: Clock, epoch: int) -> None:
        super().__init__()
        self._clock = clock
        self._history, self._steps = folder / "history.csv", folder / "steps.csv"
        _keep_epochs(self._history, HISTORY, epoch)
        _keep_epochs(self._steps, STEPS, epoch)

    def on_epoch_begin(self, epoch: int, logs: Any = None) -> None:
        """Stores the number of the epoch."""
        self._epoch = epoch

    def on_train_batch_end(self, batch: int, logs: Any = None) -> None:
        """Appends a row for the step, with loss and accuracy of the batch."""
        step = int(self.model.optimizer.iterations.numpy())
        values = _short(logs["loss"], logs["accuracy"], self._rate())
        _append(self._steps, [[step, self._epoch + 1, *values, round(self._clock(), 2)]])

    def on_epoch_end(self, epoch: int, logs: Any = None) -> None:
        """Appends a row for the epoch."""
        values = (logs["loss"], logs["accuracy"], logs["val_loss"], logs["val_accuracy"], self._rate())
        _append(self._history, [[epoch + 1, *_short(*values), round(self._clock(), 2)]])

    def _rate(self) -> float:
        return float(self.model.optimizer.learning_rate)


def _short(*values: float) -> list[str]:
    return [f"{value:.6g}" for value in values]


def _keep_epochs(path: Path, columns: Sequence[str], epoch: int) -> None:
    """Rewrites a CSV file with its header and its rows up to ``epoch``."""
    kept: list[list[Any]] = []
    if path.exists():
        with path.open(encoding="utf-8", newline="") as file:
            rows = csv.DictReader(file)
            kept = [[row[column] for column in columns] for row in rows if int(row["epoch"]) <= epoch]
    path.unlink(missing_ok=True)
    _append(path, [columns, *kept])


def _append(path: Path, rows: Iterable[Sequence[Any]]) -> None:
    """Appends rows and closes the file, so that readers see them immediately."""
    with path.open("a", encoding="utf-8", newline="") as file:
        csv.writer(file, lineterminator="\n").writerows(rows)


class Progress(keras.callbacks.Callback):
    """Prints progress to stderr: on a terminal a live line with mean loss and time left, elsewhere a line per epoch."""

    def __init__(self, clock: Clock) -> None:
        super().__init__()
        self._clock = clock
        self._live = sys.stderr.isatty()
        self._first: tuple[float, int] | None = None

    def on_epoch_begin(self, epoch: int, logs: Any = None) -> None:
        """Resets the means of the epoch."""
        self._epoch = epoch
        self._loss = self._accuracy = 0.0

    def on_train_batch_end(self, batch: int, logs: Any = None) -> None:
        """Updates the live line."""
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
        """Prints a line on the epoch."""
        print(
            f"{chr(13) if self._live else ''}epoch {epoch + 1}/{self.params['epochs']}  loss {logs['loss']:.4f}  "
            f"accuracy {logs['accuracy']:.2%}  validation loss {logs['val_loss']:.4f}  "
            f"accuracy {logs['val_accuracy']:.2%}  {self._clock():.0f} s",
            file=sys.stderr,
            flush=True,
        )


class Checkpoint(keras.callbacks.Callback):
    """Writes the full state of training after each epoch, so that it can be resumed exactly.

    It also keeps the weights of the epoch with the lowest validation loss, and stops training after ``patience`` epochs
    without a lower one. Without patience, it keeps those of the last epoch.

    Args:
        path: the ``.npz`` file of the state.
        clock: the training time.
        average: the moving average of the weights, if one is used.
        patience: epochs; None for no early stopping.
        settings: identifies the training.
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
        """Updates the best weights and saves the state."""
        self.epoch = epoch + 1
        if self._patience is None or logs["val_loss"] < self.best_loss:
            self.best_loss, self.best_epoch = float(logs["val_loss"]), self.epoch
            self.best_weights = self._validated_weights()
        if self.finished_early:
            self.model.stop_training = True
        self._save()

    def _validated_weights(self) -> list[npt.NDArray[Any]]:
        """Returns copies of the trainable weights that were validated."""
        variables = self._average.averages if self._average else self.model.trainable_variables
        return [np.array(variable) for variable in variables]

    def _state(self) -> list[Any]:
        """Returns every variable that changes in training; those of the model include dropout's random state."""
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
    """Returns the facts in a checkpoint: settings, epoch, best loss, best epoch and seconds."""
    with np.load(path) as saved:
        return json.loads(saved["facts"].tobytes())
