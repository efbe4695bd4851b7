"""The Robustness tab: behavioural tests (CheckList), short texts of other domains, and small changes of a text."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pandas as pd
import streamlit as st

from sentiment.app.evaluation import checklist, columns
from sentiment.app.evaluation.header import Evaluated
from sentiment.app.shared import chart_block, current_run, segments
from sentiment.app.shared.uploads import escape_markdown
from sentiment.artifacts import Run
from sentiment.behaviour import edited
from sentiment.behaviour.card import EDITED_HEADER, PART, edited_rows
from sentiment.behaviour.contrast import ALL
from sentiment.behaviour.robustness import SAMPLES
from sentiment.formatting import counted, share

_SUITE = "suite"  # key
_FULL_WIDTH = "\N{FULLWIDTH APOSTROPHE}"  # few fonts have it
_MEANINGS = {
    "flips": "Share of the predictions whose label changed.",
    "lost": "Share of the confident predictions that are no longer confident.",
}  # key in ``behaviour.json`` -> help


def show(evaluated: Evaluated) -> None:
    """Shows one suite of tests at a time."""
    run = evaluated.run
    suites = _suites(run)
    if not suites and current_run.topic() is not None:
        st.info(f"The behavioural tests are about movies, but {escape_markdown(run.name)} was trained on other texts.")
        return
    if not suites:
        st.info("No behavioural tests saved. Run `python scripts/evaluate.py --behaviour --artifacts RUN_FOLDER`.")
        return
    suite = segments.choose(
        "Tests",
        list(suites),
        default=next(iter(suites)),
        key=_SUITE,
        bind="query-params",
        label_visibility="collapsed",
        wrap=False,
    )
    suites[suite]()


def _suites(run: Run) -> dict[str, Callable[[], None]]:
    """Returns the suites for which the run has results, with the function that shows each."""
    suites: dict[str, Callable[[], None]] = {}
    with current_run.stop_on_artifact_error():
        if run.has(PART):
            report = current_run.read_json(PART)
            suites["CheckList"] = lambda: checklist.show(report)
            suites["Other domains"] = lambda: _domains(report)
            if "writing" in report:
                suites["Writing"] = lambda: _writing(report["writing"])
            if "contrast" in report:
                suites["Contrast pairs"] = lambda: _contrast(report["contrast"])
        if run.has(edited.PART):
            suites["Edited reviews"] = lambda: _edited(run)
    return suites


def _writing(writing: dict[str, Any]) -> None:
    """Shows how often a change of writing changes a prediction."""
    names = {
        f"{sample}_{key}": (f"{title} ({sample})", sample, key)
        for sample in SAMPLES
        for key, title in (("flips", "Flipped"), ("lost", "No longer sure"))
    }
    table = pd.DataFrame(
        {
            "change": row["change"].replace(_FULL_WIDTH, "U+FF07"),
            **{name: row[sample][key]["share"] for name, (_, sample, key) in names.items()},
        }
        for row in writing["changes"]
    )
    chart_block.show_heading("Changes of writing", table)
    st.markdown(f"**{unflipped(writing)}**")
    st.dataframe(
        columns.in_percent(table, names),
        hide_index=True,
        height="content",
        placeholder="",
        alt="Share of predictions that change with the writing of a text",
        column_config={
            "change": "Change",
            **{name: columns.share(title, help=_MEANINGS[key]) for name, (title, _, key) in names.items()},
        },
    )
    sentences, reviews = (writing[sample] for sample in SAMPLES)
    st.caption(
        "Changes that no reader notices; lower is better. Tested on "
        f"{sentences['n']:,} negated sentences ({sentences['confident']:,} confident) and {reviews['n']:,} reviews "
        f"({reviews['confident']:,} confident), all unlabelled."
    )


def unflipped(writing: dict[str, Any]) -> str:
    """Returns a sentence on how many changes of writing flipped no predicted label."""
    rows = writing["changes"]
    n = sum(not any(row[sample]["flips"]["n"] for sample in SAMPLES) for row in rows)
    return f"{n} of {counted(len(rows), 'change')} flipped no predicted label."


def _domains(report: dict[str, Any]) -> None:
    table = pd.DataFrame(
        {
            "domain": row["domain"],
            "n": row["n"],
            "accuracy": row["accuracy"],
            "vader": row["vader"]["accuracy"] if row["vader"] else None,
            "confident": row["confident"]["n"] / row["n"],
            "confident_accuracy": row["confident"]["accuracy"],
            "unsure": row["mixed"]["unsure"] / row["mixed"]["n"],
            "overconfident": row["mixed"]["confident"] / row["mixed"]["n"],
        }
        for row in report["domains"]
    )
    chart_block.show_heading("Out-of-domain short texts", table)
    st.dataframe(
        columns.in_percent(table, table.columns[2:]),
        hide_index=True,
        height="content",
        placeholder="",
        alt="Accuracy by domain, compared with VADER",
        column_config={
            "domain": "Domain",
            "n": "Sentences",
            "accuracy": columns.share("Accuracy"),
            "vader": columns.share("VADER accuracy", help="A lexicon baseline."),
            "confident": columns.share("Confident"),
            "confident_accuracy": columns.share("Accuracy when confident"),
            "unsure": columns.share("Mixed: unsure"),
            "overconfident": columns.share("Mixed: overconfident"),
        },
    )
    vader = f" VADER {report['vader']} is a lexicon baseline." if report["vader"] else ""
    st.caption(
        "Hand-written sentences. Accuracy counts clear positive and negative ones; for mixed ones, unsure is the "
        f"desired outcome.{vader} The Errors tab lists the sentences."
    )


def _contrast(rows: list[dict[str, Any]]) -> None:
    table = [
        {
            "Kind": f"**All, {escape_markdown(row['part'])}**" if row["kind"] == ALL else escape_markdown(row["kind"]),
            "Texts": f"{row['n']:,}",
            "Accuracy (95% CI)": share(row["accuracy"], row["interval"]),
            "Pairs": f"{row['pairs']:,}",
            "Both correct (95% CI)": share(row["both"], row["both_interval"]),
            "High-confidence errors": f"{row['confidently_wrong']:,}",
        }
        for row in rows
    ]
    st.header("Contrast pairs")
    st.table(pd.DataFrame(table), border="horizontal", hide_index=True, alt="Accuracy on pairs of texts by kind")
    st.caption(
        "Hand-written pairs that share most words and have opposite labels. Half are for development; only totals are "
        "computed for the held-out half."
    )


def _edited(run: Run) -> None:
    st.header("Edited reviews")
    with chart_block.report_malformed_file(run.name, edited.PART):
        _edited_table(current_run.read_json(edited.PART))


def _edited_table(report: dict[str, Any]) -> None:
    st.table(  # because it shows every column at any width
        pd.DataFrame(edited_rows(report), columns=EDITED_HEADER),
        border="horizontal",
        hide_index=True,
        alt="Share of edited reviews whose prediction and score follow the edit",
    )
    st.caption(
        "Reviews that a person edited until the label was the opposite (Kaushik et al. 2020), with 95% CI. "
        f"{report['trained_on']:,} originals are training reviews. Measured {escape_markdown(report['date'])}."
    )
