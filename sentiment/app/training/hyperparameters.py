"""The hyperparameters and the environment of the charted runs, side by side."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pandas as pd
import streamlit as st

from sentiment.app.shared import chart_block
from sentiment.app.training import histories, run_files

_TINT = "background-color: rgba(86, 180, 233, 0.22); font-weight: bold"  # visible on white and on black
_HEIGHT = 320  # pixels


def show(folders: list[Path]) -> None:
    """Shows a column for each run. For several runs, it shows only the differences at first."""
    facts = {}
    with chart_block.report_malformed_file(", ".join(folder.name for folder in folders), "metadata.json"):
        facts = {folder.name: run_files.read_settings(folder) for folder in folders}
    if not facts:
        return
    table = histories.settings_table(facts)
    with st.container(horizontal=True, vertical_alignment="center"):
        several = "differs" in table
        only = several and st.toggle("Show differences only", True, key="only_differences", bind="query-params")
        differs = table.pop("differs") if several else pd.Series(False, table.index)
        table = table[differs] if only else table
        chart_block.show_csv_button(table, "hyperparameters")
    columns: dict[str, Any] = {name: st.column_config.TextColumn(width="medium") for name in table.columns}
    columns["setting"] = st.column_config.TextColumn("Parameter", width="medium", pinned=True)
    st.dataframe(
        table.style.apply(lambda row: [_TINT if differs[row.name] and not only else ""] * len(row), axis=1),
        hide_index=True,
        height=_HEIGHT if len(table) > 8 else "content",
        alt="Hyperparameters of the charted runs",
        column_config=columns,
    )
