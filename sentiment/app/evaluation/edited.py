"""The run's results on reviews that a person edited into their opposite."""

from __future__ import annotations

import pandas as pd
import streamlit as st

from sentiment.app.shared import current_run
from sentiment.artifacts import Run
from sentiment.behaviour.card import EDITED_HEADER, edited_rows
from sentiment.behaviour.edited import PART


def show(run: Run) -> None:
    """Shows how many edits the verdict and the score follow, if the run was tested."""
    if not run.has(PART):
        return
    with current_run.stop_on_artifact_error():
        report = current_run.read_json(PART)
    st.header("Does it follow an edit?")
    st.table(  # because it shows every column at any width
        pd.DataFrame(edited_rows(report), columns=list(EDITED_HEADER)),
        border="horizontal",
        hide_index=True,
        alt="Share of edited reviews that the verdict and the score follow",
    )
    st.caption(
        "Reviews that a person changed until their label was the opposite (Kaushik et al. 2020), with 95 % intervals. "
        "“Crosses zero” counts the edited texts with the right verdict, “moves the right way” the scores that came "
        f"nearer to the new label. {report['trained_on']:,} originals are training reviews. Judged on {report['date']}."
    )
