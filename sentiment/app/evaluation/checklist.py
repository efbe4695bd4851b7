"""The behavioural tests of the Robustness tab, presented as in CheckList (Ribeiro et al. 2020)."""

from __future__ import annotations

from typing import Any

import pandas as pd
import streamlit as st

from sentiment.app.evaluation import columns
from sentiment.app.shared import chart_block
from sentiment.app.shared.uploads import escape_markdown
from sentiment.behaviour.report import AIMS, KINDS, NEGATION, capability_name, totals
from sentiment.formatting import percent

_KINDS = {
    "must be": "Minimum functionality",
    "must not change": "Invariance",
    "must move": "Directional expectation",
}  # kind in ``behaviour.json`` -> its full name
_TITLES = {
    "must be": "Minimum (MFT)",
    "must not change": "Invariance (INV)",
    "must move": "Direction (DIR)",
    NEGATION: "Negation, all kinds",
}  # the same, short enough for a phone
_EXPECTED = {"same": "same label", "up": "P rises", "down": "P falls"}  # in ``behaviour.json`` -> in the table
_CAPABILITY, _MATRIX = "capability", "capability_matrix"  # keys


def show(report: dict[str, Any]) -> None:
    """Shows the failure rates by kind and by capability, and failed examples of the chosen capability."""
    with st.grid(4, min_column_width=170):
        for name, row in totals(report):
            st.metric(
                _TITLES[name],
                f"{percent(row['rate'])} failed",
                f"target ≤ {percent(AIMS[name], 0)}" if name in AIMS else f"of {row['cases']:,} cases",
                delta_color="off",
                delta_arrow="off",
                border=True,
                help=(f"{_KINDS[name]}: " if name in _KINDS else "")
                + f"{row['failures']:,} of {row['cases']:,} cases failed, from {row['templates']:,} templates."
                + _describe_tolerance(row, report),
            )
    st.caption(
        "Failure rate; lower is better (CheckList, Ribeiro et al. 2020). MFT: expected label. INV: prediction "
        "unchanged. DIR: probability moves in the expected direction.",
    )
    failed = list(dict.fromkeys(row["capability"] for row in report["behaviours"] if row["examples"]))
    _matrix(report, failed)
    if failed:
        _failures(report, failed)


def _matrix(report: dict[str, Any], failed: list[str]) -> None:
    """Shows CheckList's matrix: a row for each capability, a column for each kind of test."""
    kinds = [row["kind"] for row in report["kinds"]]
    rates = pd.DataFrame(report["capabilities"])
    cases = rates.groupby("capability", sort=False)["cases"].sum()
    matrix = rates.pivot_table(index="capability", columns="kind", values="rate").loc[cases.index, kinds]
    matrix.insert(0, "cases", cases)
    matrix = columns.in_percent(matrix, kinds).reset_index()

    def choose() -> None:
        state: Any = st.session_state[_MATRIX]
        for row in state.selection.rows:
            if matrix["capability"].iloc[row] in failed:
                st.session_state[_CAPABILITY] = matrix["capability"].iloc[row]

    chart_block.show_heading("Failure rate by capability", matrix)
    st.dataframe(
        matrix.assign(capability=matrix["capability"].map(capability_name)),
        hide_index=True,
        height=320,
        placeholder="",
        key=_MATRIX,
        on_select=choose,
        selection_mode="single-row",
        alt="Share of failed cases by capability and kind of test; selecting a row shows its failed examples",
        column_config={
            "capability": st.column_config.TextColumn("Capability", width=200),
            "cases": st.column_config.NumberColumn("Cases", format="localized"),
            **{kind: columns.share(KINDS[kind], help=_KINDS[kind]) for kind in kinds},
        },
    )


def _failures(report: dict[str, Any], failed: list[str]) -> None:
    """Shows a few failed cases of each test of the chosen capability."""
    with st.container(horizontal=True, vertical_alignment="center"):
        st.header("Failed examples", width="content", anchor=False)
        chosen = st.selectbox(
            "Capability",
            failed,
            format_func=capability_name,
            key=_CAPABILITY,
            width=260,
            label_visibility="collapsed",
        )
    rows = [
        {
            "Text": " **→** ".join(map(escape_markdown, case["texts"])),
            "P(positive)": " → ".join(map(percent, case["probabilities"])),
            "Expected": _EXPECTED.get(row["expected"], row["expected"]),
            "Test": f"{escape_markdown(row['name'])} ({percent(row['rate'], 0)} failed)",
        }
        for row in report["behaviours"]
        if row["capability"] == chosen
        for case in row["examples"]
    ]
    st.table(  # rather than st.dataframe, because its cells wrap
        pd.DataFrame(rows),
        border="horizontal",
        height=290,
        hide_index=True,
        alt="Failed cases: text, prediction and expected answer; of pairs, before and after the change",
    )
    st.caption("→ separates the original text from the changed one, and their probabilities.")


def _describe_tolerance(row: dict[str, Any], report: dict[str, Any]) -> str:
    if row["beyond"] is None:
        return ""
    return f" {percent(row['beyond'])} of the pairs are off by more than {report['tolerance']} in probability."
