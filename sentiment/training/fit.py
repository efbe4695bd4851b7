"""Trains a network on texts and targets; resumes from the last finished epoch."""

from __future__ import annotations

import shutil
from collections import defaultdict
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import keras

from sentiment.presets import Preset
from sentiment.system import keep_freed_memory
from sentiment.training.batches import Batches, ScoringBatches
from sentiment.training.callbacks import Checkpoint, Clock, HistoryFiles, MovingAverage, Progress, read_facts
from sentiment.training.examples import Examples
from sentiment.training.networks import build_optimizer


class StoppedError(Exception):
    """Training was stopped by Ctrl-C; ``network`` has the best weights so far, None before the first epoch's end."""

    def __init__(self, network: keras.Model | None, epoch: int) -> None:
        super().__init__(f"stopped in epoch {epoch + 1}")
        self.network = network
        self.epoch = epoch


class OtherSettingsError(Exception):
    """The folder has a training with other settings or data."""

    def __init__(self, folder: Path) -> None:
        super().__init__(f"{folder} has a training with other settings")
        self.folder = folder


def fit(
    preset: Preset,
    network: keras.Model,
    batches: Batches,
    validation: Examples,
    folder: Path,
    *,
    settings: str,
    tensorboard: Path | None = None,
    more: Sequence[keras.callbacks.Callback] = (),
) -> float:
    """Trains a network and sets it to the weights of its best epoch.

    Args:
        preset: the recipe.
        network: the network with its initial weights and seeded dropout.
        batches: the batches of every epoch.
        validation: examples for early stopping and the choice of the best epoch.
        folder: receives ``history.csv``, ``steps.csv`` and ``checkpoint/``.
        settings: identifies the training; a checkpoint with other settings is refused.
        tensorboard: a folder for TensorBoard logs.
        more: further callbacks, which are called first.

    Returns:
        The training time in seconds, including that before an interruption.

    Raises:
        StoppedError: training was stopped by Ctrl-C.
        OtherSettingsError: the checkpoint has other settings.
    """
    checkpoint_file = folder / "checkpoint" / "training.npz"
    facts = _resumable(checkpoint_file, settings)
    clock = Clock(facts["seconds"] if facts else 0.0)
    keep_freed_memory()
    network.compile(
        optimizer=build_optimizer(preset, len(batches) * preset.epochs),
        loss="binary_crossentropy",
        metrics=[accuracy],
    )
    average = MovingAverage(preset.average) if preset.average else None
    checkpoint = Checkpoint(checkpoint_file, clock, average, preset.patience, settings)
    if facts:
        checkpoint.restore(network)
    callbacks = [*more, *([average] if average else [])]
    callbacks += [HistoryFiles(folder, clock, checkpoint.epoch), checkpoint, Progress(clock)]
    if tensorboard:
        callbacks.append(keras.callbacks.TensorBoard(tensorboard, update_freq=20))
    held_out = ScoringBatches([ids[: preset.max_length] for ids in validation.ids], validation.targets)
    try:
        if not checkpoint.finished_early:
            run_epochs(network, batches, held_out, callbacks, checkpoint.epoch, preset.epochs)
    except KeyboardInterrupt:
        if checkpoint.epoch:
            _take_best(network, checkpoint)
        raise StoppedError(network if checkpoint.epoch else None, checkpoint.epoch) from None
    _take_best(network, checkpoint)
    return clock()


@keras.saving.register_keras_serializable("sentiment")
def accuracy(targets: Any, probabilities: Any) -> Any:
    """Computes the accuracy at a threshold of one half, also for soft targets, unlike Keras' own metric."""
    return keras.ops.mean(keras.ops.cast((targets > 0.5) == (probabilities > 0.5), "float32"))


def run_epochs(
    network: keras.Model,
    batches: Batches,
    held_out: ScoringBatches,
    callbacks: list[keras.callbacks.Callback],
    first: int,
    last: int,
) -> None:
    """Runs epochs like ``Model.fit``, but without ``tf.data``, which takes a third of its time."""
    steps = keras.callbacks.CallbackList(callbacks, model=network, epochs=last, steps=len(batches))
    network.stop_training = False
    steps.on_train_begin()
    for epoch in range(first, last):
        steps.on_epoch_begin(epoch)
        means = Means()
        for step, (ids, labels) in enumerate(batches.epoch(epoch)):
            logs = network.train_on_batch(ids, labels, return_dict=True)
            means.add(logs, len(labels))
            steps.on_train_batch_end(step, logs)
        steps.on_test_begin()
        held_out_means = Means()
        for ids, labels in held_out:
            held_out_means.add(network.test_on_batch(ids, labels, return_dict=True), len(labels))
        steps.on_test_end(held_out_means())
        steps.on_epoch_end(epoch, means() | {f"val_{name}": value for name, value in held_out_means().items()})
        if network.stop_training:
            break
    steps.on_train_end()


class Means:
    """Averages Keras' means over batches into means over reviews."""

    def __init__(self) -> None:
        self._sums: defaultdict[str, float] = defaultdict(float)
        self._reviews = 0

    def add(self, logs: Mapping[str, float], reviews: int) -> None:
        """Adds the means of a batch of ``reviews`` reviews."""
        for name, value in logs.items():
            self._sums[name] += float(value) * reviews
        self._reviews += reviews

    def __call__(self) -> dict[str, float]:
        """Returns the means so far."""
        return {name: total / self._reviews for name, total in self._sums.items()}


def forget(folder: Path) -> None:
    """Removes the files that only a resumed training needs."""
    shutil.rmtree(folder / "checkpoint", ignore_errors=True)


def _resumable(checkpoint: Path, settings: str) -> dict[str, Any] | None:
    checkpoint.parent.mkdir(parents=True, exist_ok=True)
    if not checkpoint.exists():
        return None
    facts = read_facts(checkpoint)
    if facts["settings"] != settings:
        raise OtherSettingsError(checkpoint.parent.parent)
    return facts


def _take_best(network: keras.Model, checkpoint: Checkpoint) -> None:
    for variable, weights in zip(network.trainable_variables, checkpoint.best_weights, strict=True):
        variable.assign(weights)
