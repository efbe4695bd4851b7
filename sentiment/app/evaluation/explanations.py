"""The Explanations tab: how faithful the model's explanations are, beside other attribution methods."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple

import pandas as pd
import streamlit as st

from sentiment.app.evaluation.header import Evaluated
from sentiment.app.shared import chart_block, current_run, evaluation_charts, uploads
from sentiment.faithfulness import card
from sentiment.faithfulness.card import PART
from sentiment.formatting import signed

_COMPREHENSIVE, _SUFFICIENT = card.MEASURES
_MARK = "background-color: rgba(0, 114, 178, 0.18); font-weight: 600"  # the row of the own method, on light and dark


class Measure(NamedTuple):
    """A column of the table of methods.

    Attributes:
        title: its title.
        help: its meaning.
        values: the value of each method.
        format: in a table, as printf has it.
        better: whether "more" or "less" is better; "" if it is no measure of faithfulness.
    """

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
    left, right = st.columns([3, 2], gap="medium")
    with left:
        st.header("Erasure tests")
        chosen = st.segmented_control(
            "Remove words by",
            list(removals),
            default=next(iter(removals)),
            key="erasure_way",
            bind="query-params",
            required=True,
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
        if sentence := where_better(found, report["method"]):
            st.markdown(f":material/info: {uploads.escape_markdown(sentence)}")
    _methods(found, report["method"])
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


def where_better(found: list[Measure], own: str) -> str:
    """Returns a sentence on the measures by which another method is better than the own one; "" if there are none."""
    judged = [each for each in found if each.better and own in each.values]
    better = [each for each in judged if each.values[each.best()] != each.values[own]]
    if not better:
        return ""
    listed = "; ".join(
        f"{each.title} {each.best()} {each.values[each.best()]:.3f} (own {each.values[own]:.3f})" for each in better
    )
    return f"{own} is not the best by {len(better)} of {len(judged)} measures. Better: {listed}.".replace("-", "−")


def _methods(found: list[Measure], own: str) -> None:
    """Shows all measures of each method, with the own one marked."""
    methods = list(dict.fromkeys(method for each in found for method in each.values))
    table = pd.DataFrame({each.title: pd.Series(each.values) for each in found}).reindex(methods)
    named = table.rename_axis("method").reset_index()
    chart_block.show_heading("All methods", named)
    named["method"] = named["method"].where(named["method"] != own, f"{own} (this app)")
    marked = [_MARK if method == own else "" for method in methods]
    st.dataframe(
        named.style.apply(lambda column: marked),
        hide_index=True,
        height="content",
        placeholder="–",
        alt="Every measure of each attribution method; the first is the app's own",
        column_config={
            "method": st.column_config.TextColumn("Method", width=215),
            **{
                each.title: st.column_config.NumberColumn(format=each.format, help=each.help, width=70)
                for each in found
            },
        },
    )


def measures(report: dict[str, Any], removal: int) -> Iterator[Measure]:
    """Yields the columns of the table of methods, for a kind of word removal."""
    rows, short, hybrids = card.method_rows(report, removal), report["shapley"]["n"], report["hybrids"]["n"]
    shapley = f"Correlation with the exact Shapley values of {short:,} short texts. Higher is better."
    hybrid = f"How often the top word is on the right side, in {hybrids:,} texts joined of both classes."
    tokens = report["time"]["tokens"]
    for title, meaning, key, form, better in (
        ("Compr.", "Comprehensiveness: drop without the top words. Higher is better.", _COMPREHENSIVE, "%.3f", "more"),
        ("Suff.", "Sufficiency: drop with the top words alone. Lower is better.", _SUFFICIENT, "%.3f", "less"),
        ("Shapley", shapley, "shapley", "%.3f", "more"),
        ("Hybrid", hybrid, "hybrids", "%.3f", "more"),
        ("Error", "Completeness: the largest gap between contributions and score, in logits.", "gap", "%.0e", ""),
        ("ms", f"Time for a review of {tokens:,} tokens, in milliseconds.", "milliseconds", "%.0f", ""),
    ):
        yield Measure(title, meaning, {row["method"]: row[key] for row in rows}, form, better)
    planted, seeds = card.shortcuts(report), report["shortcuts"]["seeds"]
    for kind in [key for key in planted[0] if key != "method"]:
        target = f" Target {card.AIMS[kind]:.2f}." if kind in card.AIMS else ""
        meaning = f"Planted shortcut: precision at the tokens that decide the label by construction, {seeds} models."
        values = {row["method"]: row[kind] for row in planted}
        yield Measure(kind.capitalize(), f"{meaning}{target}", values, "%.3f")


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
