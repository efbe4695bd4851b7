"""What the run's folder proves of its explanations: identities they keep, and how they fare against other methods."""

from __future__ import annotations

from typing import Any

import pandas as pd
import streamlit as st

from sentiment.app import evaluation_charts, serving
from sentiment.artifacts import Run

_PART = "explanations.json"


def show(run: Run) -> None:
    """The checks on explanations, if the run has them."""
    if not run.has(_PART):
        return
    st.header("Do its explanations hold?")
    with serving.sentences():
        proof = serving.facts(_PART)
    left, right = st.columns(2)
    with left:
        st.dataframe(
            pd.DataFrame(_identities(proof), columns=["check", "reviews", "result"]),
            hide_index=True,
            alt="Checks that explanations must pass",
        )
    with right:
        way = proof["erasure"]["ways"][0]
        st.altair_chart(
            evaluation_charts.erasure(pd.DataFrame(_erasure(way))),
            alt="What removing and keeping the words named does to the score, by method",
        )
        st.caption(
            f"{proof['erasure']['n']:,} reviews, words removed by {way['way']}, with 95 % intervals. "
            "Comprehensiveness: what the score loses without the words named, more is better. Sufficiency: what it "
            "loses with them alone, less is better."
        )


def _identities(proof: dict[str, Any]) -> list[tuple[str, int, str]]:
    """Name, number of reviews and result of each check, in words."""
    forward, complete, dummy = proof["forward"], proof["completeness"], proof["dummy"]
    limit, stability = proof["limit"], proof["stability"]
    return [
        ("Our own pass through the LSTM gives its score", forward["n"], f"within {forward['largest']:.0e}"),
        (
            "Starting point and contributions make up the score",
            complete["n"],
            f"within {complete['largest']:.0e}, half within {complete['median']:.0e}",
        ),
        ("An unknown word contributes nothing", dummy["n"], f"at most {dummy['largest']:.0e}"),
        (
            f"{limit['segments']} segments agree with integrated gradients at {limit['points']} points",
            limit["n"],
            f"correlation {limit['mean']:.4f}",
        ),
        (f"One segment agrees with {stability['segments']}", stability["n"], f"correlation {stability['mean']:.3f}"),
        *_by_method("Agrees with exact Shapley values", proof["shapley"], "mean", "correlation {:.3f}"),
        *_by_method("Top word in the right half of joined texts", proof["hybrids"], "share", "{:.1%}"),
    ]


def _by_method(check: str, results: dict[str, Any], figure: str, form: str) -> list[tuple[str, int, str]]:
    return [(f"{check}: {each['name']}", results["n"], form.format(each[figure])) for each in results["methods"]]


def _erasure(way: dict[str, Any]) -> list[dict[str, Any]]:
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
        for measure in ("comprehensiveness", "sufficiency")
    ]
