"""The run's behavioural tests (CheckList), and its accuracy on short texts of several domains."""

from __future__ import annotations

from typing import Any

import pandas as pd
import streamlit as st

from sentiment.app.shared import current_run
from sentiment.artifacts import Run
from sentiment.behaviour.card import CONTRAST_HEADER, PART, contrast_rows
from sentiment.behaviour.report import AIMS, totals
from sentiment.behaviour.robustness import SAMPLES
from sentiment.formatting import percent


def show(run: Run) -> None:
    """Shows failure rates, failing cases, and domains beside VADER, if the run has them."""
    if not run.has(PART):
        return
    with current_run.stop_on_artifact_error():
        report = current_run.read_json(PART)
    st.header("Does it do what a person expects?")
    _totals(report)
    _capabilities(report)
    _failures(report)
    _writing(report)
    st.header("Does it read short texts, and other things than films?")
    _domains(report)
    if "contrast" in report:
        st.header("Does it follow a turn of phrase?")
        _contrast(report["contrast"])


def _totals(report: dict[str, Any]) -> None:
    with st.grid(4, min_column_width=180):
        for name, row in totals(report):
            aim = f"aim: {percent(AIMS[name], 0)} or fewer" if name in AIMS else f"of {row['cases']:,} cases"
            count = f"{row['failures']:,} of {row['cases']:,} cases failed, from {row['templates']:,} templates."
            st.metric(
                name.capitalize(),
                percent(row["rate"]),
                aim,
                delta_color="off",
                delta_arrow="off",
                border=True,
                help=count + _beyond(row, report),
            )
    st.caption(
        "The share that failed of texts in our own words, after CheckList (Ribeiro et al. 2020). The label of a plain "
        "text must be what any reader would say; it must not change with names, numbers, typos or asides; the "
        "probability must move the way in which the opinion was changed. Negation is counted over all three."
    )


def _capabilities(report: dict[str, Any]) -> None:
    """Shows CheckList's matrix: a row for each capability, a column for each kind of test."""
    kinds = [row["kind"] for row in report["kinds"]]
    rates = pd.DataFrame(report["capabilities"])
    cases = rates.groupby("capability", sort=False)["cases"].sum()
    matrix = rates.pivot_table(index="capability", columns="kind", values="rate").loc[cases.index, kinds].round(3)
    matrix.insert(0, "cases", cases)
    st.dataframe(
        matrix.reset_index(),
        hide_index=True,
        height="content",
        placeholder="",
        alt="Share of failed cases by capability and kind of expectation",
        column_config={kind: _bar(f"{kind}: failed") for kind in kinds},
    )


def _failures(report: dict[str, Any]) -> None:
    """Shows a few failing cases of each test of the chosen capability."""
    names = list(dict.fromkeys(row["capability"] for row in report["behaviours"] if row["examples"]))
    if not names:
        return
    with st.expander("Failing cases", icon=":material/rule:"):
        chosen = st.selectbox("Capability", names, key="capability", width=320)
        rows = [
            {
                "test": f"{row['name']} ({percent(row['rate'], 0)} failed)",
                "expected": row["expected"],
                "text": case["texts"][0],
                "P": case["probabilities"][0],
                "changed": case["texts"][1] if len(case["texts"]) > 1 else None,
                "P changed": case["probabilities"][1] if len(case["texts"]) > 1 else None,
            }
            for row in report["behaviours"]
            if row["capability"] == chosen
            for case in row["examples"]
        ]
        st.dataframe(
            pd.DataFrame(rows),
            hide_index=True,
            placeholder="",
            alt="Failing cases with the probability of positive",
            column_config={
                "test": st.column_config.TextColumn(width=200),
                "text": st.column_config.TextColumn(width=300),
                "P": st.column_config.NumberColumn(format="%.2f", help="Probability of positive."),
                "changed": st.column_config.TextColumn(width=300),
                "P changed": st.column_config.NumberColumn(format="%.2f", help="The same, of the changed text."),
            },
        )


def _writing(report: dict[str, Any]) -> None:
    """Shows how often a change of writing changes a verdict, if it was measured."""
    if "writing" not in report:
        return
    st.header("Does it matter how a text is written?")
    table = pd.DataFrame(
        {
            "change": row["change"],
            **{
                f"{sample}: {name}": row[sample][key]["share"]
                for sample in SAMPLES
                for key, name in (("flips", "flipped"), ("lost", "no longer confident"))
            },
        }
        for row in report["writing"]["changes"]
    )
    shares = table.columns[1:]
    st.dataframe(
        table.round(dict.fromkeys(shares, 3)),
        hide_index=True,
        placeholder="",
        alt="Share of verdicts that change with the writing of a text",
        column_config={name: st.column_config.NumberColumn(format="percent") for name in shares},
    )
    sizes = [report["writing"][sample] for sample in SAMPLES]
    st.caption(
        f"No reader notices these changes. Tried on {sizes[0]['n']:,} sentences with a negation such as “don't” "
        f"({sizes[0]['confident']:,} of them judged confidently) and on {sizes[1]['n']:,} whole reviews "
        f"({sizes[1]['confident']:,}), drawn from the unlabelled reviews. “Flipped” texts get the other label; “no "
        "longer confident” is a share of those that were."
    )


def _domains(report: dict[str, Any]) -> None:
    table = pd.DataFrame(
        {
            "domain": row["domain"],
            "sentences": row["n"],
            "right": row["accuracy"],
            "VADER": row["vader"]["accuracy"] if row["vader"] else None,
            "confident": row["confident"]["n"] / row["n"],
            "right if confident": row["confident"]["accuracy"],
            "mixed: unsure": row["mixed"]["unsure"] / row["mixed"]["n"],
            "mixed: confident": row["mixed"]["confident"] / row["mixed"]["n"],
        }
        for row in report["domains"]
    )
    shares = table.columns[2:]
    st.dataframe(
        table.round(dict.fromkeys(shares, 3)),
        hide_index=True,
        placeholder="",
        alt="Accuracy by domain, beside VADER",
        column_config={name: st.column_config.NumberColumn(format="percent") for name in shares},
    )
    beside = f"VADER {report['vader']} goes by a list of words" if report["vader"] else "VADER was not installed"
    st.caption(
        "Short sentences of our own. “Right” is counted over positive and negative ones; of those with mixed feelings "
        f"it is best to be unsure. {beside}."
    )


def _contrast(rows: list[dict[str, Any]]) -> None:
    st.table(  # because it shows every column at any width
        pd.DataFrame(contrast_rows(rows), columns=list(CONTRAST_HEADER)),
        border="horizontal",
        hide_index=True,
        alt="Accuracy on pairs of texts by kind",
    )
    st.caption(
        "Pairs of short texts of our own that share most of their words and have opposite labels: contrast, reported "
        "opinion and their like, with 95 % intervals. Half of them are for development; the others are held out, and "
        "only their totals are computed."
    )


def _beyond(row: dict[str, Any], report: dict[str, Any]) -> str:
    if row["beyond"] is None:
        return ""
    return f" Of the pairs, {percent(row['beyond'])} are off by more than {report['tolerance']} of probability."


def _bar(name: str) -> Any:
    return st.column_config.ProgressColumn(name, min_value=0, max_value=1, format="percent")
