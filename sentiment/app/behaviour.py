"""What the run's folder says of its behaviour: whether it does what a person expects, and reads short texts."""

from __future__ import annotations

from typing import Any

import pandas as pd
import streamlit as st

from sentiment.app import serving
from sentiment.artifacts import Run
from sentiment.behaviour.card import PART
from sentiment.behaviour.report import AIMS, totals
from sentiment.figures import percent


def show(run: Run) -> None:
    """Failure rates by kind and capability, failing cases, and domains beside VADER, if the run has them."""
    if not run.has(PART):
        return
    with serving.sentences():
        found = serving.facts(PART)
    st.header("Does it do what a person expects?")
    _totals(found)
    _capabilities(found)
    _failures(found)
    st.header("Does it read short texts, and other things than films?")
    _domains(found)


def _totals(found: dict[str, Any]) -> None:
    with st.grid(4, min_column_width=180):
        for name, row in totals(found):
            aim = f"aim: {percent(AIMS[name], 0)} or fewer" if name in AIMS else f"of {row['cases']:,} cases"
            st.metric(
                f"{name.capitalize()}: failed",
                percent(row["rate"]),
                aim,
                delta_color="off",
                delta_arrow="off",
                border=True,
                help=f"{row['failures']:,} of {row['cases']:,} cases from {row['templates']:,} templates.",
            )
    st.caption(
        "Texts in our own words, from templates, after CheckList (Ribeiro et al. 2020). The label of a plain text must "
        "be what any reader would say; it must not change with names, numbers, typos or asides; the probability must "
        "move the way in which the opinion was changed. Negation is counted over all three."
    )


def _capabilities(found: dict[str, Any]) -> None:
    columns = ["kind", "capability", "templates", "cases", "failures", "rate", "beyond"]
    st.dataframe(
        pd.DataFrame(found["capabilities"], columns=columns),
        hide_index=True,
        alt="Failure rate by kind of expectation and capability",
        column_config={
            "rate": _bar("failed"),
            "beyond": st.column_config.NumberColumn(
                f"off by more than {found['tolerance']}",
                format="percent",
                help="Share of pairs whose probability differs, or goes the wrong way, by more than CheckList allows.",
            ),
        },
    )


def _failures(found: dict[str, Any]) -> None:
    """Failing cases of the capability chosen, a few of each test."""
    names = list(dict.fromkeys(row["capability"] for row in found["behaviours"] if row["examples"]))
    if not names:
        return
    with st.expander("Failing cases", icon=":material/rule:"):
        chosen = st.selectbox("Capability", names, key="capability", width=320)
        rows = [
            {
                "test": row["name"],
                "expected": row["expected"],
                "failed": row["rate"],
                "text": case["texts"][0],
                "changed": case["texts"][1] if len(case["texts"]) > 1 else None,
                "before": case["probabilities"][0],
                "after": case["probabilities"][-1],
            }
            for row in found["behaviours"]
            if row["capability"] == chosen
            for case in row["examples"]
        ]
        st.dataframe(
            pd.DataFrame(rows),
            hide_index=True,
            alt="Failing cases with the probability of positive",
            column_config={
                "failed": st.column_config.NumberColumn("failed", format="percent", help="Of all cases of this test."),
                "before": _bar("P(positive)"),
                "after": _bar("P, changed"),
            },
        )


def _domains(found: dict[str, Any]) -> None:
    rows = [
        {
            "domain": row["domain"],
            "sentences": row["n"],
            "right": row["accuracy"],
            "VADER": row["vader"]["accuracy"] if row["vader"] else None,
            "confident": row["confident"]["n"] / row["n"],
            "right when confident": row["confident"]["accuracy"],
            **{f"mixed: {level}": row["mixed"][level] for level in ("unsure", "leaning", "confident")},
        }
        for row in found["domains"]
    ]
    shares = ("VADER", "confident", "right when confident")
    st.dataframe(
        pd.DataFrame(rows),
        hide_index=True,
        alt="Accuracy by domain, beside VADER",
        column_config={
            "right": _bar("right"),
            **{name: st.column_config.NumberColumn(format="percent") for name in shares},
        },
    )
    beside = f"VADER {found['vader']} goes by a list of words" if found["vader"] else "VADER was not installed"
    st.caption(
        "Short sentences of our own. “Right” is counted over positive and negative ones; of those with mixed feelings "
        f"it is best to be unsure. {beside}."
    )


def _bar(name: str) -> Any:
    return st.column_config.ProgressColumn(name, min_value=0, max_value=1, format="percent")
