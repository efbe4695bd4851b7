"""The table of runs, whose selected rows are charted."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import asdict
from functools import partial
from typing import Any

import pandas as pd
import streamlit as st

from sentiment.app.training.histories import Summary
from sentiment.formatting import duration

RUNS = "runs"  # key and query parameter of the charted runs
_TABLE = "runs_table"  # key of the table
_FOLLOWED = "training_served"  # key of the sidebar's model when the page was last drawn
_MAX_HEIGHT = 250  # pixels
_LAST_STAGE = (
    "Fitting the network, as shown in the curves. The total also includes embeddings, teachers and other stages."
)


def follow(model: str, names: Collection[str]) -> None:
    """Selects the runs that a link names, or else the sidebar's model; replaces that model when it changes.

    Args:
        model: name of the model in the sidebar.
        names: all runs that can be charted.
    """
    if RUNS not in st.session_state:
        asked = st.query_params.get_all(RUNS)
        st.session_state[RUNS] = [name for name in asked if name in names] or [model]
    before = st.session_state.get(_FOLLOWED, model)
    st.session_state[_FOLLOWED] = model
    if before != model:
        st.session_state[RUNS] = [model, *(name for name in st.session_state[RUNS] if name not in (before, model))]
    st.session_state[RUNS] = [name for name in dict.fromkeys(st.session_state[RUNS]) if name in names]
    if st.session_state[RUNS] == [model]:
        st.query_params.pop(RUNS, None)
    else:
        st.query_params[RUNS] = st.session_state[RUNS]


def add(names: Sequence[str]) -> None:
    """Adds runs to the selection; for callbacks."""
    st.session_state[RUNS] = [*st.session_state.get(RUNS, []), *names]


def colours(names: Sequence[str]) -> dict[str, str]:
    """Returns a colour of the theme for each run. Blue and orange come last: they mean positive and negative."""
    palette: list[str] = st.get_option(f"theme.{_shade()}.chartCategoricalColors")
    order = [*palette[2:], *palette[:2]]
    return {name: order[place % len(order)] for place, name in enumerate(names)}


def _shade() -> str:
    return "dark" if st.context.theme.type == "dark" else "light"


def show(summaries: Sequence[Summary]) -> None:
    """Shows the table; the selection is kept under ``RUNS``."""
    names = [each.run for each in summaries]
    rows = [names.index(name) for name in st.session_state[RUNS]]
    key = f"{_TABLE}_{_shade()}"  # by theme: a drawn table keeps the colours of its cells
    if list(st.session_state.get(key, {}).get("selection", {}).get("rows", [])) != rows:
        st.session_state[key] = {"selection": {"rows": rows, "columns": [], "cells": []}}
    st.dataframe(
        _coloured(_frame(summaries), colours(names)),
        hide_index=True,
        height="content" if len(names) < 7 else _MAX_HEIGHT,
        key=key,
        on_select=partial(_keep, names, key),
        selection_mode="multi-row",
        placeholder="–",
        alt="The runs with their results; the selected ones are charted",
        column_config=_COLUMNS,
    )


def _keep(names: Sequence[str], key: str) -> None:
    st.session_state[RUNS] = [names[row] for row in st.session_state[key].selection.rows]


def _frame(summaries: Sequence[Summary]) -> pd.DataFrame:
    frame = pd.DataFrame([asdict(each) for each in summaries], columns=list(_COLUMNS))
    frame["colour"] = "●"
    for name in ("best_accuracy", "test_accuracy"):
        frame[name] = 100 * frame[name].astype("float64")
    for name in ("seconds", "last_seconds"):
        frame[name] = [None if pd.isna(each) else duration(each) for each in frame[name]]
    return frame.astype({"best_loss": "float64", "parameters": "Int64"})


def _coloured(frame: pd.DataFrame, chosen: dict[str, str]) -> Any:
    """Returns the table with the dot of each run in its colour."""
    styles = [f"color: {colour}" for colour in chosen.values()]
    return frame.style.apply(lambda _: styles, subset=["colour"])


_COLUMNS: dict[str, Any] = {
    "colour": st.column_config.TextColumn("Line", width=48),
    "run": st.column_config.TextColumn("Run"),  # not pinned, because Streamlit draws pinned cells pale
    "test_accuracy": st.column_config.NumberColumn("Test accuracy", format="%.1f%%"),
    "epochs": st.column_config.TextColumn("Epochs", alignment="right", help="“4 of 6”: early stopping after epoch 4."),
    "best_loss": st.column_config.NumberColumn("Best val. loss", format="%.4f"),
    "best_accuracy": st.column_config.NumberColumn("Val. accuracy (best epoch)", format="%.1f%%"),
    "parameters": st.column_config.NumberColumn("Parameters", format="compact"),
    "seconds": st.column_config.TextColumn("Total time", alignment="right"),
    "last_seconds": st.column_config.TextColumn("Last stage", alignment="right", help=_LAST_STAGE),
    "date": st.column_config.TextColumn("Date"),
}
