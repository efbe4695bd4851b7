"""What the run's folder proves of its explanations: identities they keep, and how they fare against other methods."""

from __future__ import annotations

from typing import Any

import pandas as pd
import streamlit as st

from sentiment.app.shared import current_run, evaluation_charts
from sentiment.artifacts import Run
from sentiment.faithfulness import card
from sentiment.faithfulness.card import PART as PART
from sentiment.formatting import percent

_MEASURED = (
    "Comprehensiveness: what the verdict’s probability loses without the words named first, more is better. "
    "Sufficiency: what it loses with them alone, less is better."
)


def show(run: Run) -> None:
    """The checks on explanations, if the run has them."""
    if not run.has(PART):
        return
    st.header("Do its explanations hold?")
    with current_run.stop_on_artifact_error():
        proof = current_run.read_json(PART)
    st.caption(f"Contributions by {proof['method']}, starting from {proof['baseline']}; proved on {proof['date']}.")
    checks = [(check, f"{n:,}", result) for check, n, result in card.identities(proof)]
    st.table(  # since its sentences wrap on a phone
        pd.DataFrame(checks, columns=["check", "cases", "result"]),
        border="horizontal",
        hide_index=True,
        alt="Checks that explanations must pass",
    )
    _erasure(proof)
    _other_figures(proof)
    _shortcuts(proof)


def _erasure(proof: dict[str, Any]) -> None:
    """Comprehensiveness and sufficiency, by the way in which words are removed."""
    st.subheader("Do the words named matter most?")
    ways = {way["way"]: way for way in proof["erasure"]["ways"]}
    chosen = st.segmented_control(
        "Words are removed by",
        list(ways),
        default=next(iter(ways)),
        key="erasure_way",
        bind="query-params",
        required=True,
    )
    st.altair_chart(
        evaluation_charts.erasure(pd.DataFrame(_erasure_rows(ways[chosen]))),
        alt="What removing and keeping the words named does to the probability, by method",
    )
    st.caption(f"{proof['erasure']['n']:,} reviews, with 95 % intervals. {_MEASURED}")
    for sentence in card.better(ways[chosen]):
        st.text(f"{sentence}, paired by review.")


def _other_figures(proof: dict[str, Any]) -> None:
    st.subheader("By other measures")
    rows = [
        {
            "method": row["method"],
            "Shapley": f"{row['shapley']:.3f}",
            "joined texts": percent(row["hybrids"]),
            "gap": f"{row['gap']:.1e}",
            "time": f"{row['milliseconds']:,.0f} ms",
        }
        for row in card.compared(proof)
    ]
    st.table(  # since it shows every column, whatever the width
        pd.DataFrame(rows),
        border="horizontal",
        hide_index=True,
        alt="Each method by agreement with Shapley values, joined texts, the gap it leaves, and time",
    )
    st.caption(
        f"Shapley: correlation with the exact Shapley values of {proof['shapley']['n']:,} short texts. Joined texts: "
        f"how often the first word is in a sentence of the right side, in {proof['hybrids']['n']:,} texts made of "
        "sentences of both classes. Gap: from the score at worst, in logits. Time: for a review of "
        f"{proof['time']['tokens']:,} words and signs."
    )


def _shortcuts(proof: dict[str, Any]) -> None:
    st.subheader("Does it find a planted shortcut?")
    rows = [
        {name: value if name == "method" else f"{value:.3f}" for name, value in row.items()}
        for row in card.shortcuts(proof)
    ]
    st.table(
        pd.DataFrame(rows),
        border="horizontal",
        hide_index=True,
        alt="Precision of each method at finding planted shortcuts",
    )
    st.caption(
        f"Small models, {proof['shortcuts']['seeds']} of each kind, were taught that certain tokens decide; the figure "
        f"is the share of these among the tokens a method names first. Wanted: {card.aims()}. On unseen texts these "
        f"models are right so often: {card.learned(proof)}."
    )


def _erasure_rows(way: dict[str, Any]) -> list[dict[str, Any]]:
    """A row a method and measure."""
    return [
        {
            "method": method["name"],
            "measure": measure,
            "value": method[measure]["mean"],
            "low": method[measure]["interval"][0],
            "high": method[measure]["interval"][1],
        }
        for method in way["methods"]
        for measure in card.MEASURES
    ]
