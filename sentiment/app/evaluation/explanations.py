"""The Explanations tab: how faithful the app's explanations are, compared with other attribution methods."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple

import pandas as pd
import streamlit as st

from sentiment.app.evaluation import columns
from sentiment.app.evaluation.header import Evaluated
from sentiment.app.shared import chart_block, evaluation_charts, segments, uploads
from sentiment.faithfulness import card
from sentiment.faithfulness.card import PART
from sentiment.formatting import signed, with_minus

_COMPREHENSIVE, _SUFFICIENT = card.MEASURES
_MEASURED = (
    "Comprehensiveness: drop in probability when top words are removed (higher is better). "
    "Sufficiency: drop when only top words are kept (lower is better)."
)
_SHORTCUTS = {
    "rare token": "Rare",
    "token in context": "In context",
    "ordered pair": "Ordered",
    "context on either side": "Either side",
}  # kind of shortcut -> short title
_MARK = "background-color: rgba(0, 114, 178, 0.18); font-weight: 600"  # the row of the app's own method, in both themes


class Measure(NamedTuple):
    """A column of the table of methods.

    Attributes:
        name: its full name.
        title: its short title in the table.
        help: its meaning.
        values: the value of each method.
        format: the format of the values.
        better: whether "more" or "less" is better; "" if it does not measure faithfulness.
    """

    name: str
    title: str
    help: str
    values: dict[str, float]
    format: str
    better: str = "more"

    def best(self) -> str:
        """Returns the method with the best value."""
        return (max if self.better == "more" else min)(self.values, key=self.values.__getitem__)


def show(evaluated: Evaluated) -> None:
    """Shows the erasure tests, all measures by method, and the checks that hold for any weights."""
    report = evaluated.read_part(PART, "explanation checks", "--explanations")
    if report is None:
        return
    method, baseline, date = (uploads.escape_markdown(report[key]) for key in ("method", "baseline", "date"))
    st.caption(f"Method: {method} (DeepLIFT-style), baseline: {baseline}. Measured {date}.")
    removals = {removal["way"]: removal for removal in report["erasure"]["ways"]}
    st.header("Erasure tests", help=_MEASURED)
    left, right = st.columns(2, gap="medium")
    with left:
        chosen = segments.choose(
            "Remove words by",
            list(removals),
            default=next(iter(removals)),
            key="erasure_way",
            bind="query-params",
            label_visibility="collapsed",
        )
        removal = removals[chosen]
        st.altair_chart(
            evaluation_charts.erasure(pd.DataFrame(_erasure_rows(removal))),
            alt=f"Change in probability when the top words are removed or kept, by {chosen}, for each method",
        )
    found = list(measures(report, list(removals).index(chosen)))
    with right:
        _gains(removal, report["erasure"]["n"])
        _where_better(found, report["method"])
    _methods(found, report["method"])
    _checks(report)


def _gains(removal: dict[str, Any], n: int) -> None:
    rows = [
        {"Gain over": uploads.escape_markdown(shown_name(rival["name"]))}
        | {f"Δ {measure} (95% CI)": _gain(rival[measure]) for measure in card.MEASURES}
        for rival in removal["better_than"]
    ]
    if rows:
        st.table(pd.DataFrame(rows), border="horizontal", hide_index=True, alt="Gain of the app's method over others")
    st.caption(f"{n:,} reviews, 95% CI, paired by review.")


def _gain(measured: dict[str, Any]) -> str:
    low, high = measured["interval"]
    return f"{signed(measured['mean'], 3)} ({signed(low, 3)} to {signed(high, 3)})"


def shown_name(method: str) -> str:
    """Returns the displayed name of a method, with a multiplication sign: "gradient × input"."""
    return method.replace(" x ", " × ")


def better_methods(found: list[Measure], own: str) -> tuple[list[str], int]:
    """Returns a line for each measure on which another method beats the app's own, and the number of measures."""
    judged = [each for each in found if each.better and own in each.values]
    lines = [
        f"{each.name}: best: {each.best()} {_score(each.values[each.best()])}; this app: {_score(each.values[own])}"
        for each in judged
        if each.values[each.best()] != each.values[own]
    ]
    return lines, len(judged)


def _score(value: float) -> str:
    return with_minus(f"{value:.3f}")


def _where_better(found: list[Measure], own: str) -> None:
    lines, n = better_methods(found, shown_name(own))
    if lines:
        st.markdown(f":material/info: **Another method is better on {len(lines)} of {n} measures.**")
        st.caption("\n".join(f"- {uploads.escape_markdown(line)}" for line in lines))


def _methods(found: list[Measure], own: str) -> None:
    """Shows all measures of each method, with the app's own method marked."""
    own = shown_name(own)
    methods = list(dict.fromkeys(method for each in found for method in each.values))
    table = pd.DataFrame({each.title: pd.Series(each.values) for each in found}).reindex(methods)
    named = table.rename_axis("method").reset_index()
    chart_block.show_heading("All methods", named)
    named["method"] = named["method"].where(named["method"] != own, f"{own} (this app)")
    marked = [_MARK if method == own else "" for method in methods]
    st.dataframe(
        columns.typographic(named, {each.title: each.format for each in found}).apply(lambda column: marked),
        hide_index=True,
        height="content",
        placeholder="–",
        alt="Every measure of each attribution method; the first is the app's own",
        column_config={
            "method": st.column_config.TextColumn("Method", width=215),
            **{each.title: st.column_config.NumberColumn(help=each.help, width=70) for each in found},
        },
    )

    st.caption(
        "Compr.: comprehensiveness, Suff.: sufficiency, Error: completeness error, the last four: planted shortcuts. "
        "Details are in the help of each column."
    )


def measures(report: dict[str, Any], removal: int) -> Iterator[Measure]:
    """Yields the columns of the table of methods.

    Args:
        report: the content of ``explanations.json``.
        removal: index of the kind of word removal in the report.
    """
    rows = card.method_rows(report, removal)
    shapley = f"Correlation with the exact Shapley values of {report['shapley']['n']:,} short texts."
    hybrid = (
        f"Share of {report['hybrids']['n']:,} documents mixed from reviews of both classes in which the top word comes "
        "from a review with the predicted label."
    )
    gap = "The largest gap between the sum of the contributions and the score, in logits (2e−06 is 0.000002)."
    time = f"Time for a review of {report['time']['tokens']:,} tokens."
    for name, title, meaning, key, form, better in (
        ("Comprehensiveness", "Compr.", "Higher is better.", _COMPREHENSIVE, ".3f", "more"),
        ("Sufficiency", "Suff.", "Lower is better.", _SUFFICIENT, ".3f", "less"),
        ("Shapley", "Shapley", shapley, "shapley", ".3f", "more"),
        ("Hybrid documents", "Hybrid", hybrid, "hybrids", ".3f", "more"),
        ("Completeness error", "Error", gap, "gap", ".0e", ""),
        ("Milliseconds", "ms", time, "milliseconds", ",.0f", ""),
    ):
        values = {shown_name(row["method"]): row[key] for row in rows}
        yield Measure(name, title, f"{name}. {meaning}", values, form, better)
    planted, seeds = card.shortcuts(report), report["shortcuts"]["seeds"]
    for kind in [key for key in planted[0] if key != "method"]:
        name, target = f"Shortcut, {kind}", f" Target {card.AIMS[kind]:.2f}." if kind in card.AIMS else ""
        meaning = f"{name}: precision at tokens that decide the label by construction, {seeds} models.{target}"
        values = {shown_name(row["method"]): row[kind] for row in planted}
        yield Measure(name, _SHORTCUTS.get(kind, kind.capitalize()), meaning, values, ".3f")


def _checks(report: dict[str, Any]) -> None:
    with st.expander("Checks that any correct explanation passes", icon=":material/rule:"):
        rows = [
            (uploads.escape_markdown(check), f"{n:,}", uploads.escape_markdown(result))
            for check, n, result in card.identities(report)
        ]
        st.table(  # rather than st.dataframe, because its cells wrap on a phone
            pd.DataFrame(rows, columns=["Check", "Cases", "Result"]),
            border="horizontal",
            hide_index=True,
            alt="Checks that explanations must pass",
        )
        st.caption(f"Accuracy of the models with planted shortcuts on unseen texts: {card.shortcut_accuracy(report)}.")


def _erasure_rows(removal: dict[str, Any]) -> list[dict[str, Any]]:
    """Returns a row for each method and measure."""
    return [
        {
            "method": shown_name(method["name"]),
            "measure": measure,
            "value": method[measure]["mean"],
            "low": method[measure]["interval"][0],
            "high": method[measure]["interval"][1],
        }
        for method in removal["methods"]
        for measure in card.MEASURES
    ]
