"""The run's checks of its explanations: identities, and comparisons with other attribution methods."""

from __future__ import annotations

from typing import Any

import pandas as pd
import streamlit as st

from sentiment.app.shared import current_run, evaluation_charts
from sentiment.artifacts import Run
from sentiment.faithfulness import card
from sentiment.faithfulness.card import PART
from sentiment.formatting import percent

_MEASURED = (
    "Comprehensiveness: what the verdict’s probability loses without the words named first, more is better. "
    "Sufficiency: what it loses with them alone, less is better."
)


def show(run: Run) -> None:
    """Shows the checks of the explanations, if the run has them."""
    if not run.has(PART):
        return
    st.header("Do its explanations hold?")
    with current_run.stop_on_artifact_error():
        report = current_run.read_json(PART)
    st.caption(f"Contributions by {report['method']}, starting from {report['baseline']}; proved on {report['date']}.")
    checks = [(check, f"{n:,}", result) for check, n, result in card.identities(report)]
    st.table(  # because its cells wrap on a phone
        pd.DataFrame(checks, columns=["check", "cases", "result"]),
        border="horizontal",
        hide_index=True,
        alt="Checks that explanations must pass",
    )
    _erasure(report)
    _other_figures(report)
    _shortcuts(report)


def _erasure(report: dict[str, Any]) -> None:
    """Shows comprehensiveness and sufficiency for the chosen way of removing words."""
    st.subheader("Do the words named matter most?")
    removals = {removal["way"]: removal for removal in report["erasure"]["ways"]}
    chosen = st.segmented_control(
        "Words are removed by",
        list(removals),
        default=next(iter(removals)),
        key="erasure_way",
        bind="query-params",
        required=True,
    )
    st.altair_chart(
        evaluation_charts.erasure(pd.DataFrame(_erasure_rows(removals[chosen]))),
        alt="What removing and keeping the words named does to the probability, by method",
    )
    st.caption(f"{report['erasure']['n']:,} reviews, with 95 % intervals. {_MEASURED}")
    for sentence in card.gains(removals[chosen]):
        st.text(f"{sentence}, paired by review.")


def _other_figures(report: dict[str, Any]) -> None:
    st.subheader("By other measures")
    rows = [
        {
            "method": row["method"],
            "Shapley": f"{row['shapley']:.3f}",
            "joined texts": percent(row["hybrids"]),
            "gap": f"{row['gap']:.1e}",
            "time": f"{row['milliseconds']:,.0f} ms",
        }
        for row in card.method_rows(report)
    ]
    st.table(  # because it shows every column at any width
        pd.DataFrame(rows),
        border="horizontal",
        hide_index=True,
        alt="Each method by agreement with Shapley values, joined texts, the gap it leaves, and time",
    )
    st.caption(
        f"Shapley: correlation with the exact Shapley values of {report['shapley']['n']:,} short texts. Joined texts: "
        f"how often the first word is in a sentence of the right side, in {report['hybrids']['n']:,} texts made of "
        "sentences of both classes. Gap: from the score at worst, in logits. Time: for a review of "
        f"{report['time']['tokens']:,} words and signs."
    )


def _shortcuts(report: dict[str, Any]) -> None:
    st.subheader("Does it find a planted shortcut?")
    rows = [
        {name: value if name == "method" else f"{value:.3f}" for name, value in row.items()}
        for row in card.shortcuts(report)
    ]
    st.table(
        pd.DataFrame(rows),
        border="horizontal",
        hide_index=True,
        alt="Precision of each method at finding planted shortcuts",
    )
    st.caption(
        f"Small models, {report['shortcuts']['seeds']} of each kind, were taught that certain tokens decide; the "
        f"figure is the share of these among the tokens a method names first. Wanted: {card.aims()}. On unseen texts "
        f"these models are right so often: {card.shortcut_accuracy(report)}."
    )


def _erasure_rows(removal: dict[str, Any]) -> list[dict[str, Any]]:
    """Returns a row for each method and measure."""
    return [
        {
            "method": method["name"],
            "measure": measure,
            "value": method[measure]["mean"],
            "low": method[measure]["interval"][0],
            "high": method[measure]["interval"][1],
        }
        for method in removal["methods"]
        for measure in card.MEASURES
    ]
