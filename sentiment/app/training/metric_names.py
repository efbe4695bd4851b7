"""Maps loggers' names for losses, accuracies and learning rates to the columns of ``histories.METRICS``."""

from __future__ import annotations

import re
from collections.abc import Iterable

_SPLITS = {
    **dict.fromkeys(("train", "training"), ""),
    **dict.fromkeys(("validation", "valid", "val", "eval", "dev"), "val_"),
}  # word in a name or a folder -> prefix of a column
_ACCURACIES = {"accuracy", "acc", "binary_accuracy", "categorical_accuracy", "sparse_categorical_accuracy"}
_OTHER_WORDS = {"epoch", "batch", "step", "weighted", *_SPLITS}  # that do not change which metric is meant
_MAX_NAMES, _NAME_CHARACTERS = 5, 40  # in a sentence


def split_prefix(word: str) -> str | None:
    """Returns the prefix of a split's columns: "" for training, "val_" for validation, None for another word."""
    return _SPLITS.get(word.lower())


def column(name: str, split: str = "") -> str | None:
    """Returns the history column of a metric, None if it is not drawn.

    Args:
        name: the logger's name, such as "val_binary_accuracy", "Loss/train" or "lr-Adam".
        split: the prefix of the column if the name has no split.
    """
    words = _words(name)
    split = next((_SPLITS[word] for word in words if word in _SPLITS), split)
    metric = "_".join(word for word in words if word not in _OTHER_WORDS)
    if metric == "learning_rate" or metric.split("_")[0] == "lr":
        return "learning_rate"
    if metric in _ACCURACIES:
        return f"{split}accuracy"
    return f"{split}loss" if metric == "loss" else None


def plainness(name: str) -> tuple[bool, bool, int, str]:
    """Returns a sort key for several names of one column: the plainest comes first, and per-step values come last."""
    words = _words(name)
    return "step" in words, "acc" in words, len(name), name


def choose(names: Iterable[str]) -> dict[str, str]:
    """Returns the column of each name that is drawn. Of several names for one column, only the plainest is drawn.

    If the losses name their split and an accuracy does not, it belongs to validation, as in the logs of fastai.
    """
    names = sorted(names, key=plainness)
    losses = {column(name, "?") for name in names} & {"loss", "val_loss", "?loss"}
    split = "val_" if losses == {"loss", "val_loss"} else ""
    chosen: dict[str, str] = {}
    for name in names:
        if (found := column(name, split)) and found not in chosen.values():
            chosen[name] = found
    return chosen


def undrawn(names: Iterable[str], drawn: Iterable[str]) -> str:
    """Returns a sentence that lists the losses and accuracies that are not drawn, "" if there are none."""
    metrics = {"loss", "acc", "accuracy"}
    left = [name[:_NAME_CHARACTERS] for name in sorted({*names} - {*drawn}) if metrics & {*_words(name)}]
    more = f" and {len(left) - _MAX_NAMES:,} more" if len(left) > _MAX_NAMES else ""
    return f"Not drawn: {', '.join(left[:_MAX_NAMES])}{more}." if left else ""


def _words(name: str) -> list[str]:
    return [word.lower() for word in re.findall(r"[A-Z]?[a-z]+|[A-Z]+", name)]
