"""Training histories as tidy tables; without Streamlit.

A history is a table with columns ``run``, ``split`` ("train", "validation"), ``metric`` ("loss", "accuracy",
"learning rate"), ``epoch``, ``step``, ``minutes`` and ``value``.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from sentiment.artifacts import MANIFEST
from sentiment.formatting import duration

POINTS = 1_500  # per line at most; more are averaged over neighbouring steps

LOG_SPAN = 1e-4  # share of the largest learning rate at which a logarithmic axis ends
_LEVEL_SHARE = 0.95  # a learning rate that keeps at least this share at a step counts as constant

METRICS = {  # column of ``history.csv`` -> metric and split
    "loss": ("loss", "train"),
    "accuracy": ("accuracy", "train"),
    "val_loss": ("loss", "validation"),
    "val_accuracy": ("accuracy", "validation"),
    "learning_rate": ("learning rate", "train"),
}


def folders(root: Path) -> list[Path]:
    """Returns every folder under ``root`` with a history, finished or unfinished, sorted by name."""
    return sorted({path.parent for pattern in ("*/history.csv", "*/steps.csv") for path in root.glob(pattern)})


def finished(folder: Path) -> bool:
    """Returns whether a run is complete. Without a manifest it is still training, or was interrupted."""
    return (folder / MANIFEST).is_file()


def by_epoch(run: str, history: pd.DataFrame, steps: pd.DataFrame | None) -> pd.DataFrame:
    """Returns a row for each epoch, metric and split of ``history.csv``; ``steps.csv`` gives each epoch's last step."""
    frame = history.assign(run=run, minutes=history["seconds"] / 60)
    if steps is not None and len(steps):
        frame["step"] = frame["epoch"].map(steps.groupby("epoch")["step"].max())
    else:
        frame["step"] = np.nan
    return tidy(frame)


def by_step(run: str, steps: pd.DataFrame) -> pd.DataFrame:
    """Returns a row for each step and metric of ``steps.csv``, with fractional epochs and raw values.

    More than ``POINTS`` steps are averaged over neighbours to keep the chart fast.
    """
    last = steps.groupby("epoch")["step"].transform("max")
    first = steps.groupby("epoch")["step"].transform("min")
    usual = max(1, int((last - first + 1).max()))  # the current epoch is incomplete
    frame = steps.assign(
        run=run, epoch=steps["epoch"] - 1 + (steps["step"] - first + 1) / usual, minutes=steps["seconds"] / 60
    )
    group = -(-len(frame) // POINTS)
    if group > 1:
        numbers = frame.select_dtypes("number")
        frame = numbers.groupby(np.arange(len(frame)) // group).mean().assign(run=run)
    return tidy(frame)


def run_history(run: str, grain: str, history: pd.DataFrame | None, steps: pd.DataFrame | None) -> pd.DataFrame:
    """Returns the whole history of a run, with its training metrics for each epoch or each step.

    Validation is always measured once per epoch. The learning rate has a row for each step whenever steps are known,
    because its course within an epoch (a warm-up, for example) is useful.

    Args:
        run: name of the run.
        grain: "epoch" or "step".
        history: the content of ``history.csv``, if any.
        steps: the content of ``steps.csv``, if any.
    """
    finest = None if steps is None or steps.empty else by_step(run, steps)
    epochs = None if history is None or history.empty else by_epoch(run, history, steps)
    parts = []
    if epochs is not None:
        is_rate, is_train = epochs["metric"] == "learning rate", epochs["split"] == "train"
        keep = ~is_train | (is_rate & (finest is None)) | (~is_rate & (grain == "epoch" or finest is None))
        parts.append(epochs[keep])
    if finest is not None:
        parts.append(finest[(finest["metric"] == "learning rate") | (grain == "step")])
    return pd.concat(parts) if parts else tidy(pd.DataFrame(columns=["run", "epoch", "step", "minutes"]))


def smooth(values: npt.NDArray[np.float64], weight: float) -> npt.NDArray[np.float64]:
    """Returns a bias-corrected exponential moving average (Kingma & Ba 2015, section 3): <float64>[n]."""
    result = np.empty(len(values))
    average = 0.0
    for i, value in enumerate(values):
        average = weight * average + (1 - weight) * value
        result[i] = average / (1 - weight ** (i + 1))
    return result


def add_smoothed(history: pd.DataFrame, weight: float) -> pd.DataFrame:
    """Adds a column ``smoothed``, line by line. A learning rate has no noise and is not smoothed."""
    history = history.sort_values(["run", "split", "metric", "minutes"], kind="stable").reset_index(drop=True)
    lines = history.groupby(["run", "split", "metric"])["value"]
    smoothed = lines.transform(lambda line: smooth(line.to_numpy(np.float64), weight))
    return history.assign(smoothed=smoothed.where(history["metric"] != "learning rate", history["value"]))


def axis_range(history: pd.DataFrame, x: str, first: float, last: float) -> tuple[float, float]:
    """Returns the values of column ``x`` at two percentages of its range."""
    low, high = np.interp([first, last], [0, 100], [history[x].min(), history[x].max()])
    return float(low), float(high)


def log_floor(rows: pd.DataFrame) -> float:
    """Returns the value above which one metric is drawn on a logarithmic axis, which has no zero.

    A schedule may end near zero (1e-11), and an axis down to there would hide the rest of a learning rate.
    """
    return LOG_SPAN * float(rows["value"].max()) if rows["metric"].eq("learning rate").any() else 0.0


def hover_positions(history: pd.DataFrame, x: str, points: int = 300) -> npt.NDArray[np.float64]:
    """Returns the positions of the hover rule along ``x``: <float64>[at most points]."""
    every = np.unique(history[x].dropna().to_numpy(np.float64))
    if len(every) <= points:
        return every
    return np.unique(every[np.linspace(0, len(every) - 1, points).astype(int)])


def hover_values(history: pd.DataFrame, x: str, positions: npt.NDArray[np.float64]) -> pd.DataFrame:
    """Returns the latest value of every line at each position, to four digits, missing before its first point.

    Returns:
        Column ``x`` (named by the argument), and for each line a column "run, split" of its values, or a column "run,
        split, smoothed" of the smoothed ones if they differ.
    """
    values: dict[str, Any] = {x: positions}
    for (run, split), line in history.groupby(["run", "split"]):
        line = line.sort_values(x)
        index = np.searchsorted(line[x].to_numpy(np.float64), positions, side="right") - 1
        smoothed = bool((line["smoothed"] != line["value"]).any())
        shown = line["smoothed"].to_numpy(np.float64)
        name = f"{run}, {split}, smoothed" if smoothed else f"{run}, {split}"
        values[name] = [float(f"{shown[i]:.4g}") if i >= 0 else np.nan for i in index]
    return pd.DataFrame(values)


def best_epochs(history: pd.DataFrame) -> pd.DataFrame:
    """Returns each run's row with the lowest validation loss."""
    losses = history[(history["metric"] == "loss") & (history["split"] == "validation")].dropna(subset=["value"])
    return losses.loc[losses.groupby("run")["value"].idxmin()]


def events(history: pd.DataFrame, planned: Mapping[str, int | None]) -> pd.DataFrame:
    """Returns the rows to mark on the curves, with the reason in a column ``event``.

    Args:
        history: the history of several runs.
        planned: the maximum number of epochs of each finished run, if known.
    """
    place = ["run", "epoch", "step"]  # a history by steps has NaN epochs, and NaN matches NaN
    best = best_epochs(history)[place].drop_duplicates()
    validated = history[history["split"] == "validation"]
    losses = validated[validated["metric"] == "loss"].dropna(subset=["epoch"])
    ends = losses.loc[losses.groupby("run")["epoch"].idxmax()]
    limits = np.array([planned.get(run) or 0 for run in ends["run"]], dtype=np.float64)
    early = ends[ends["epoch"].to_numpy(np.float64) < limits]
    return pd.concat(
        [
            validated.merge(best, on=place).assign(event="best epoch"),
            early.assign(event="early stopping"),
            schedule_changes(history),
        ]
    )


def schedule_changes(history: pd.DataFrame) -> pd.DataFrame:
    """Returns the rows where a learning rate's warm-up ends or the rate drops, with a column ``event``."""
    rates = history[history["metric"] == "learning rate"]
    marked = []
    for _, line in rates.groupby("run"):
        values = line["value"].to_numpy(np.float64)
        peak = int(values.argmax())
        not_final = values[:-1] > 0.05 * values[peak]  # a final decay to zero is not a drop
        level = np.append(False, values[1:-1] >= _LEVEL_SHARE * values[:-2])  # a steady decay is not a drop
        drops = np.flatnonzero((values[1:] <= 0.7 * values[:-1]) & not_final & level[: len(not_final)]) + 1
        changes = dict.fromkeys(drops.tolist(), "learning-rate drop") | (
            {peak: "end of warm-up"} if 0 < peak < len(values) - 1 else {}
        )
        found = sorted(changes)
        marked.append(line.iloc[found].assign(event=[changes[place] for place in found]))
    return pd.concat(marked) if marked else rates.assign(event="")


@dataclass(slots=True)
class Summary:
    """A row of the table of runs; what is unknown is None.

    Attributes:
        run: name of the run.
        epochs: number of epochs trained, and of those planned if training stopped early.
        best_loss, best_accuracy: on validation, at the epoch with the lowest loss, whose weights were kept.
        test_accuracy: share of correct test predictions.
        parameters: number of parameters of the network.
        seconds: duration of all stages of the training.
        last_seconds: duration of the last stage, fitting the network, which the curves show.
        date: when the training ended.
        soft: whether the training targets are a teacher's probabilities.
        mixed: whether the saved weights are a mean with those of an earlier model.
    """

    run: str
    epochs: str | None = None
    best_loss: float | None = None
    best_accuracy: float | None = None
    test_accuracy: float | None = None
    parameters: int | None = None
    seconds: float | None = None
    last_seconds: float | None = None
    date: str | None = None
    soft: bool = False
    mixed: bool = False


def summarise(
    run: str,
    history: pd.DataFrame | None,
    metadata: Mapping[str, Any],
    test: Mapping[str, Any],
    planned: int | None,
) -> Summary:
    """Summarises a training.

    Args:
        run: name of the run.
        history: the content of ``history.csv``, if any.
        metadata: the content of ``metadata.json``, {} if the run is not finished.
        test: the content of ``test.json``, {} if the run was not tested.
        planned: the maximum number of epochs, if known.
    """
    found = Summary(
        run,
        test_accuracy=test.get("test", {}).get("accuracy"),
        seconds=metadata.get("training_seconds"),
        date=metadata.get("date"),
        soft=bool(metadata.get("teachers")),
        mixed=bool(metadata.get("options", {}).get("continues")),
    )
    if history is not None and len(history):
        last = history.iloc[-1]
        done = int(last["epoch"])
        found.epochs = f"{done} of {planned}" if planned and done < planned else str(done)
        found.last_seconds = float(last["seconds"])
        if "val_loss" in history and history["val_loss"].notna().any():
            best = history.iloc[int(np.nanargmin(history["val_loss"].to_numpy(np.float64)))]
            found.best_loss, found.best_accuracy = float(best["val_loss"]), float(best["val_accuracy"])
    return found


def summarise_imported(history: pd.DataFrame) -> Summary:
    """Summarises an imported history of one run."""
    found = Summary(str(history["run"].iloc[0]))
    if history["epoch"].notna().any():
        found.epochs = f"{history['epoch'].max():.0f}"
    best = best_epochs(history)
    if len(best):
        row = best.iloc[0]
        found.best_loss = float(row["value"])
        at = history[(history["metric"] == "accuracy") & (history["split"] == "validation")]
        accuracy = at.loc[at["step"].eq(row["step"]) | at["epoch"].eq(row["epoch"]), "value"]
        found.best_accuracy = float(accuracy.iloc[0]) if len(accuracy) else None
    if history["minutes"].notna().any():
        found.last_seconds = 60 * float(history["minutes"].max())
    return found


_NOTES = {  # by the field of ``Summary`` that calls for the note
    "soft": "training targets are soft (a teacher's probabilities), so the train loss cannot reach 0 and may exceed "
    "the validation loss.",
    "mixed": "the saved model averages two sets of weights, so its results differ from these curves and from the "
    "table's validation columns.",
}


def notes(summaries: Sequence[Summary]) -> Iterator[str]:
    """Yields what must be known to read the curves of these runs, each note with the names of its runs."""
    for field, note in _NOTES.items():
        if runs := [each.run for each in summaries if getattr(each, field)]:
            yield f"{', '.join(runs)}: {note}"


def progress_sentence(run: str, steps: pd.DataFrame | None, planned: int | None, quiet: float | None) -> str:
    """Returns a sentence on the progress of an unfinished run.

    Args:
        run: name of the run.
        steps: the content of ``steps.csv`` so far.
        planned: the maximum number of epochs, if known.
        quiet: seconds since the last line, if so many that the run was probably interrupted.
    """
    if quiet is not None:
        return f"{run}: no update for {duration(quiet)}, probably interrupted."
    if steps is None or steps.empty:
        return f"{run} is training; no step has finished yet."
    done, seconds = float(by_step(run, steps)["epoch"].max()), float(steps["seconds"].iloc[-1])
    at = f"epoch {int(steps['epoch'].iloc[-1])}" + (f"/{planned}" if planned else "")
    left = ""
    if planned and planned > done and steps["epoch"].iloc[-1] > 1:  # the length of an epoch is known after the first
        left = f", about {duration(seconds * (planned - done) / done)} left"
    return f"{run} is training: {at}, step {int(steps['step'].iloc[-1]):,}, {duration(seconds)} elapsed{left}."


def settings_table(settings: Mapping[str, Mapping[str, Any]]) -> pd.DataFrame:
    """Returns the settings of several runs side by side.

    Args:
        settings: settings by name of the run, nested ones allowed.

    Returns:
        A row for each setting: ``setting``, a text column for each run, and ``differs`` for several runs.
    """
    flat = {run: dict(_flatten(values)) for run, values in settings.items()}
    names = list(dict.fromkeys(name for values in flat.values() for name in values))
    table = pd.DataFrame(
        {"setting": names, **{run: [values.get(n, "–") for n in names] for run, values in flat.items()}}
    )
    if len(flat) > 1:
        table["differs"] = table[list(flat)].nunique(axis=1) > 1
    return table


def _flatten(values: Mapping[str, Any], prefix: str = "") -> Iterable[tuple[str, str]]:
    for name, value in values.items():
        if isinstance(value, Mapping):
            yield from _flatten(value, f"{prefix}{name} · ")
        elif isinstance(value, list | tuple):
            yield f"{prefix}{name}", ", ".join(str(each) for each in value)
        else:
            yield f"{prefix}{name}", str(value)


def tidy(frame: pd.DataFrame) -> pd.DataFrame:
    """Converts a table with the columns of ``history.csv``, ``run`` and ``minutes`` to a history, and drops NaN."""
    measured = [name for name in METRICS if name in frame]
    long = frame.melt(["run", "epoch", "step", "minutes"], measured, var_name="column", value_name="value")
    keys = long["column"].map(METRICS)
    long["metric"], long["split"] = keys.str[0], keys.str[1]
    return long.drop(columns="column").dropna(subset=["value"]).reset_index(drop=True)
