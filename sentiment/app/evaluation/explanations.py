"""The Explanations tab: how faithful the model's explanations are, beside other attribution methods."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple

import pandas as pd
import streamlit as st

from sentiment.app.evaluation.header import Evaluated
from sentiment.app.shared import current_run, evaluation_charts, uploads
from sentiment.faithfulness import card
from sentiment.faithfulness.card import PART
from sentiment.formatting import signed

_METHOD_COLUMN = "Method"


class Measure(NamedTuple):
    """A column of the table of methods: its name, the values by method, their format, and which are better."""

    name: str
    values: dict[str, float]
    format: str
    more_is_better: bool = True

    def shown(self, method: str) -> str:
        """Returns the value of a method as text."""
        return self.format.format(self.values[method]).replace("-", "−")

    def best(self) -> str:
        """Returns the method with the best value."""
        return (max if self.more_is_better else min)(self.values, key=self.values.__getitem__)


def show(evaluated: Evaluated) -> None:
    """Shows the erasure tests, all measures by method, and the checks that hold for any weights."""
    run = evaluated.run
    if not run.has(PART):
        st.info(
            f"No explanation checks saved for {uploads.escape_markdown(run.name)}. Run `python scripts/evaluate.py "
            "--explanations --data PATH --artifacts RUN_FOLDER`."
        )
        return
    with current_run.stop_on_artifact_error():
        report = current_run.read_json(PART)
    method, baseline = (uploads.escape_markdown(report[key]) for key in ("method", "baseline"))
    st.caption(f"Method: {method} (DeepLIFT-style), baseline: {baseline}. Measured {report['date']}.")
    removals = {removal["way"]: removal for removal in report["erasure"]["ways"]}
    st.header("Erasure tests")
    chosen = st.segmented_control(
        "Remove words by",
        list(removals),
        default=next(iter(removals)),
        key="erasure_way",
        bind="query-params",
        required=True,
    )
    removal = removals[chosen]
    left, right = st.columns([3, 2], gap="medium")
    with left:
        st.altair_chart(
            evaluation_charts.erasure(pd.DataFrame(_erasure_rows(removal))),
            alt="Change in probability when the top words are removed or kept, by method",
        )
    with right:
        _gains(removal, report["erasure"]["n"])
    _methods(report, list(removals).index(chosen))
    _checks(report)


def _gains(removal: dict[str, Any], n: int) -> None:
    rows = [
        {"Own method against": uploads.escape_markdown(rival["name"])}
        | {f"Δ {measure} (95% CI)": _gain(rival[measure]) for measure in card.MEASURES}
        for rival in removal["better_than"]
    ]
    if rows:
        st.table(pd.DataFrame(rows), border="horizontal", hide_index=True, alt="Gain of the own method over others")
    st.caption(
        f"{n:,} reviews, 95% CI, paired by review. Comprehensiveness: drop in probability when top words are removed "
        "(higher is better). Sufficiency: drop when only top words are kept (lower is better)."
    )


def _gain(measured: dict[str, Any]) -> str:
    low, high = measured["interval"]
    return f"{signed(measured['mean'], 3)} ({signed(low, 3)} to {signed(high, 3)})"


def _methods(report: dict[str, Any], removal: int) -> None:
    """Shows all measures of each method, the own one marked, and where another is better."""
    own, columns = report["method"], list(measures(report, removal))
    methods = [row["method"] for row in card.method_rows(report, removal)]
    rows = [
        {_METHOD_COLUMN: _marked(method, own), **{column.name: _cell(column, method, own) for column in columns}}
        for method in methods
    ]
    st.header("All methods")
    st.table(pd.DataFrame(rows), border="horizontal", hide_index=True, alt="Every measure of each attribution method")
    better = [
        column for column in columns if own in column.values and column.values[column.best()] != column.values[own]
    ]
    if better:
        listed = "; ".join(f"{column.name}: {column.best()} {column.shown(column.best())}" for column in better)
        st.markdown(
            f":material/info: **{uploads.escape_markdown(own)}** is not the best by {len(better)} of {len(columns)} "
            f"measures. Better: {uploads.escape_markdown(listed)}."
        )
    st.caption(
        f"Shapley: correlation with exact Shapley values ({report['shapley']['n']:,} short texts). Hybrid: top word on "
        f"the right side of joined reviews ({report['hybrids']['n']:,} texts). Completeness: largest error, in logits. "
        f"Shortcuts: precision at tokens that decide the label by construction, {report['shortcuts']['seeds']} models "
        f"each (Bastings et al. 2022); targets {card.aims()}. Time: {report['time']['tokens']:,} tokens."
    )


def measures(report: dict[str, Any], removal: int) -> Iterator[Measure]:
    """Yields the columns of the table of methods, for a kind of word removal."""
    rows = card.method_rows(report, removal)
    for name, key, form, more in (
        ("Comprehensiveness", "comprehensiveness", "{:.3f}", True),
        ("Sufficiency", "sufficiency", "{:.3f}", False),
        ("Shapley", "shapley", "{:.3f}", True),
        ("Hybrid", "hybrids", "{:.1%}", True),
        ("Completeness", "gap", "{:.0e}", False),
        ("Time (ms)", "milliseconds", "{:,.0f}", False),
    ):
        yield Measure(name, {row["method"]: row[key] for row in rows}, form, more)
    planted = card.shortcuts(report)
    for kind in [key for key in planted[0] if key != "method"]:
        yield Measure(f"Shortcut: {kind}", {row["method"]: row[kind] for row in planted}, "{:.3f}")


def _marked(method: str, own: str) -> str:
    name = uploads.escape_markdown(method)
    return f":blue-background[**{name}**] (this app)" if method == own else name


def _cell(column: Measure, method: str, own: str) -> str:
    if method not in column.values:
        return "–"
    shown = column.shown(method)
    return f":blue-background[**{shown}**]" if method == own else shown


def _checks(report: dict[str, Any]) -> None:
    with st.expander("Checks that any correct explanation passes", icon=":material/rule:"):
        rows = [(check, f"{n:,}", result) for check, n, result in card.identities(report)]
        st.table(  # because its cells wrap on a phone
            pd.DataFrame(rows, columns=["Check", "Cases", "Result"]),
            border="horizontal",
            hide_index=True,
            alt="Checks that explanations must pass",
        )
        st.caption(f"The models with planted shortcuts are {card.shortcut_accuracy(report)} accurate on unseen texts.")


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
