"""Training histories as tidy tables: what the Training page draws, and nothing of Streamlit.

A history is a table with columns ``run``, ``split`` ("train", "validation"), ``metric`` ("loss", "accuracy",
"learning rate"), ``epoch``, ``step``, ``minutes`` and ``value``.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from sentiment.artifacts import MANIFEST
from sentiment.formatting import duration, percent

POINTS = 1_500  # of a line at most; a finer one is averaged over neighbouring steps

LOG_SPAN = 1e-4  # of the largest learning rate, shown on a logarithmic axis
_LEVEL_SHARE = 0.95  # a learning rate that keeps this share of itself from point to point stands still

METRICS = {  # a column as in ``history.csv`` -> metric and split
    "loss": ("loss", "train"),
    "accuracy": ("accuracy", "train"),
    "val_loss": ("loss", "validation"),
    "val_accuracy": ("accuracy", "validation"),
    "learning_rate": ("learning rate", "train"),
}


def folders(root: Path) -> list[Path]:
    """Every folder under ``root`` with a history, finished or still being trained, by name."""
    return sorted({path.parent for pattern in ("*/history.csv", "*/steps.csv") for path in root.glob(pattern)})


def finished(folder: Path) -> bool:
    """Whether a run is complete; one without a manifest is still being trained, or was broken off."""
    return (folder / MANIFEST).is_file()


def by_epoch(run: str, history: pd.DataFrame, steps: pd.DataFrame | None) -> pd.DataFrame:
    """A history with a row an epoch, metric and split, from ``history.csv``; ``steps.csv`` tells its last step."""
    frame = history.assign(run=run, minutes=history["seconds"] / 60)
    if steps is not None and len(steps):
        frame["step"] = frame["epoch"].map(steps.groupby("epoch")["step"].max())
    else:
        frame["step"] = np.nan
    return tidy(frame)


def by_step(run: str, steps: pd.DataFrame) -> pd.DataFrame:
    """A history with a row a step and metric, from ``steps.csv``; its epochs are fractions, its values raw.

    More than ``POINTS`` steps are averaged over neighbours, so that a chart stays quick.
    """
    last = steps.groupby("epoch")["step"].transform("max")
    first = steps.groupby("epoch")["step"].transform("min")
    usual = max(1, int((last - first + 1).max()))  # an epoch under way has not all its steps yet
    frame = steps.assign(
        run=run, epoch=steps["epoch"] - 1 + (steps["step"] - first + 1) / usual, minutes=steps["seconds"] / 60
    )
    group = -(-len(frame) // POINTS)
    if group > 1:
        numbers = frame.select_dtypes("number")
        frame = numbers.groupby(np.arange(len(frame)) // group).mean().assign(run=run)
    return tidy(frame)


def run_history(run: str, grain: str, history: pd.DataFrame | None, steps: pd.DataFrame | None) -> pd.DataFrame:
    """All that is known of a run at a grain, "epoch" or "step".

    Validation is measured once an epoch, whatever the grain; a learning rate is known at every step, and its course
    within an epoch (a warm-up, say) is worth seeing at either.
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
    """<float64>[n], an exponential moving average without its bias at the start (Kingma & Ba 2015, section 3)."""
    result = np.empty(len(values))
    average = 0.0
    for i, value in enumerate(values):
        average = weight * average + (1 - weight) * value
        result[i] = average / (1 - weight ** (i + 1))
    return result


def add_smoothed(history: pd.DataFrame, weight: float) -> pd.DataFrame:
    """The history with a column ``smoothed``, each line for itself; a learning rate, which has no noise, stays."""
    history = history.sort_values(["run", "split", "metric", "minutes"], kind="stable").reset_index(drop=True)
    lines = history.groupby(["run", "split", "metric"])["value"]
    smoothed = lines.transform(lambda line: smooth(line.to_numpy(np.float64), weight))
    return history.assign(smoothed=smoothed.where(history["metric"] != "learning rate", history["value"]))


def axis_range(history: pd.DataFrame, x: str, first: float, last: float) -> tuple[float, float]:
    """Where two percentages of the way along the column ``x`` lie, in its unit."""
    low, high = np.interp([first, last], [0, 100], [history[x].min(), history[x].max()])
    return float(low), float(high)


def log_floor(rows: pd.DataFrame) -> float:
    """The value above which rows of one metric are drawn on a logarithmic axis, which has no zero.

    A schedule may end as near to zero as 1e-11: an axis that reaches so far shows nothing else of a learning rate.
    """
    return LOG_SPAN * float(rows["value"].max()) if rows["metric"].eq("learning rate").any() else 0.0


def hover_positions(history: pd.DataFrame, x: str, points: int = 300) -> npt.NDArray[np.float64]:
    """<float64>[at most points], where along ``x`` a hover rule may stand."""
    every = np.unique(history[x].dropna().to_numpy(np.float64))
    if len(every) <= points:
        return every
    return np.unique(every[np.linspace(0, len(every) - 1, points).astype(int)])


def hover_values(history: pd.DataFrame, x: str, positions: npt.NDArray[np.float64]) -> pd.DataFrame:
    """What a hover rule shows at each place: the latest raw and smoothed value of every line, as text a line.

    Returns:
        Column ``x`` (named by the argument), then one column a line.
    """
    shown: dict[str, Any] = {x: positions}
    for (run, split), line in history.groupby(["run", "split"]):
        line = line.sort_values(x)
        index = np.searchsorted(line[x].to_numpy(np.float64), positions, side="right") - 1
        raw, smoothed = line["value"].to_numpy(), line["smoothed"].to_numpy()
        shown[f"{run}, {split}"] = [
            "" if i < 0 else f"{raw[i]:.4g}" + (f" (smoothed {smoothed[i]:.4g})" if smoothed[i] != raw[i] else "")
            for i in index
        ]
    return pd.DataFrame(shown)


def best_epochs(history: pd.DataFrame) -> pd.DataFrame:
    """The row of least validation loss of each run, where there is one: the epoch whose weights were kept."""
    losses = history[(history["metric"] == "loss") & (history["split"] == "validation")].dropna(subset=["value"])
    return losses.loc[losses.groupby("run")["value"].idxmin()]


def events(history: pd.DataFrame, planned: Mapping[str, int | None]) -> pd.DataFrame:
    """The rows of a history that are marked on its curves, with a column ``event`` that says why.

    Args:
        history: of several runs.
        planned: the epochs that each finished run was to take at most, where that is known.
    """
    place = ["run", "epoch", "step"]  # a history by steps has no epochs, and NaN matches NaN
    best = best_epochs(history)[place].drop_duplicates()
    validated = history[history["split"] == "validation"]
    losses = validated[validated["metric"] == "loss"].dropna(subset=["epoch"])
    ends = losses.loc[losses.groupby("run")["epoch"].idxmax()]
    limits = np.array([planned.get(run) or 0 for run in ends["run"]], dtype=np.float64)
    early = ends[ends["epoch"].to_numpy(np.float64) < limits]
    return pd.concat(
        [
            validated.merge(best, on=place).assign(event="least validation loss"),
            early.assign(event="stopped early"),
            schedule_changes(history),
        ]
    )


def schedule_changes(history: pd.DataFrame) -> pd.DataFrame:
    """The rows of a learning rate at which something happens, with the ``event``: a warm-up ends, or it drops."""
    rates = history[history["metric"] == "learning rate"]
    marked = []
    for _, line in rates.groupby("run"):
        values = line["value"].to_numpy(np.float64)
        peak = int(values.argmax())
        alive = values[:-1] > 0.05 * values[peak]  # what fades out to zero in the end is no change of its own
        level = np.append(False, values[1:-1] >= _LEVEL_SHARE * values[:-2])  # a line that falls all along has no drop
        sudden = np.flatnonzero((values[1:] <= 0.7 * values[:-1]) & alive & level[: len(alive)]) + 1
        changes = dict.fromkeys(sudden.tolist(), "drop of the rate") | (
            {peak: "end of warm-up"} if 0 < peak < len(values) - 1 else {}
        )
        found = sorted(changes)
        marked.append(line.iloc[found].assign(event=[changes[place] for place in found]))
    return pd.concat(marked) if marked else rates.assign(event="")


def summary_sentence(run: str, history: pd.DataFrame, planned: int | None) -> str:
    """How a training went, in a sentence, from ``history.csv``.

    Args:
        run: its name.
        history: the content of ``history.csv``, an epoch at least.
        planned: the epochs it was to take at most, if that is known.
    """
    best, last = history.iloc[int(history["val_loss"].to_numpy().argmin())], history.iloc[-1]
    ended = f"trained {int(last['epoch'])} epochs"
    if planned and last["epoch"] < planned:
        ended = f"stopped early, after {int(last['epoch'])} of {planned} epochs"
    return (
        f"{run} {ended} in {duration(last['seconds'])}; least validation loss {best['val_loss']:.4f} after epoch "
        f"{int(best['epoch'])}, with an accuracy of {percent(best['val_accuracy'])}."
    )


def progress_sentence(run: str, steps: pd.DataFrame | None, planned: int | None, quiet: float | None) -> str:
    """How far a run without an end is, in a sentence.

    Args:
        run: its name.
        steps: the content of ``steps.csv`` so far.
        planned: the epochs it is to take at most, if that is known.
        quiet: seconds since it last wrote, if that is suspiciously long.
    """
    if quiet is not None:
        return f"{run} is unfinished and has not written for {duration(quiet)}; it was probably broken off."
    said = f"{run} is being trained; its curves follow"
    if steps is None or steps.empty:
        return f"{said}."
    done, seconds = float(by_step(run, steps)["epoch"].max()), float(steps["seconds"].iloc[-1])
    at = f"epoch {int(steps['epoch'].iloc[-1])}" + (f" of {planned}" if planned else "")
    foreseen = planned and steps["epoch"].iloc[-1] > 1 and planned > done  # how long an epoch is, its end tells
    left = f", about {duration(seconds * (planned - done) / done)} left" if planned and foreseen else ""
    return f"{said}: {at}, step {int(steps['step'].iloc[-1]):,} after {duration(seconds)}{left}."


def settings_table(settings: Mapping[str, Mapping[str, Any]]) -> pd.DataFrame:
    """Settings of several runs side by side.

    Args:
        settings: name of a run to its settings, nested ones allowed.

    Returns:
        A row a setting, columns ``setting``, one a run (as text), and ``differs`` when there are several.
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
    """A history from columns as in ``history.csv``, with ``run`` and ``minutes``; what is not there is left out."""
    measured = [name for name in METRICS if name in frame]
    long = frame.melt(["run", "epoch", "step", "minutes"], measured, var_name="column", value_name="value")
    named = long["column"].map(METRICS)
    long["metric"], long["split"] = named.str[0], named.str[1]
    return long.drop(columns="column").dropna(subset=["value"]).reset_index(drop=True)
