"""What the run's folder proves of its explanations: identities they keep, and how they fare against other methods."""

from __future__ import annotations

from typing import Any

import pandas as pd
import streamlit as st

from sentiment.app import evaluation_charts, serving
from sentiment.artifacts import Run
from sentiment.proofs import card

_MEASURED = (
    "Comprehensiveness: what the verdict’s probability loses without the words named first, more is better. "
    "Sufficiency: what it loses with them alone, less is better."
)


def show(run: Run) -> None:
    """The checks on explanations, if the run has them."""
    if not run.has(card.PART):
        return
    st.header("Do its explanations hold?")
    with serving.sentences():
        proof = serving.facts(card.PART)
    st.caption(f"Contributions by {proof['method']}, starting from {proof['baseline']}; proved on {proof['date']}.")
    checks = [(check, f"{n:,}", result) for check, n, result in card.identities(proof)]
    st.table(  # since its sentences wrap on a phone
        pd.DataFrame(checks, columns=["check", "cases", "result"]),
        border="horizontal",
        hide_index=True,
        alt="Checks that explanations must pass",
    )
    _erasure(proof)
    left, right = st.columns(2, gap="medium")
    with left:
        _other_figures(proof)
    with right:
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
    st.dataframe(
        pd.DataFrame(card.compared(proof)).drop(columns=list(card.MEASURES)),
        hide_index=True,
        alt="Each method by agreement with Shapley values, joined texts, the gap it leaves, and time",
        column_config={
            "method": st.column_config.TextColumn("method", width="medium"),
            "shapley": st.column_config.NumberColumn(
                "Shapley",
                format="%.3f",
                help=f"correlation with the exact Shapley values of {proof['shapley']['n']:,} short texts",
            ),
            "hybrids": st.column_config.NumberColumn(
                "joined texts",
                format="percent",
                help=f"first word in a sentence of the right side, in {proof['hybrids']['n']:,} texts of two minds",
            ),
            "gap": st.column_config.NumberColumn("gap", format="%.1e", help="from the score at worst, in logits"),
            "milliseconds": st.column_config.NumberColumn(
                "time", format="%.0f ms", help=f"for a review of {proof['time']['tokens']:,} words and signs"
            ),
        },
    )


def _shortcuts(proof: dict[str, Any]) -> None:
    st.subheader("Does it find a planted shortcut?")
    rows = card.shortcuts(proof)
    st.dataframe(
        pd.DataFrame(rows),
        hide_index=True,
        alt="Precision of each method at finding planted shortcuts",
        column_config={
            "method": st.column_config.TextColumn("method", width="medium"),
            **{kind: st.column_config.NumberColumn(kind, format="%.3f") for kind in list(rows[0])[1:]},
        },
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
