"""Training labels that may be wrong: found by confident learning or, without its results, contradicted by the model."""

from __future__ import annotations

from collections import Counter
from typing import Any

import pandas as pd
import streamlit as st

from sentiment.app.shared import chart_block, current_run, movies, review_texts
from sentiment.app.shared.scored_reviews import LABELS
from sentiment.artifacts import Run
from sentiment.evaluation import metrics, review_notes
from sentiment.formatting import counted, interval, percent, signed

_MAX_CONTRADICTIONS = 100  # shown
_TREATMENTS = {"dropped": "removed", "halved": "half weight"}


def show(run: Run) -> None:
    """Shows the suspected label errors among the reviews this run was trained on."""
    st.header("Likely label errors")
    with current_run.stop_on_artifact_error():
        predictions = current_run.read_table("predictions.parquet", run)
        found = review_notes.label_errors()
        if found is None or not (suspected := found[0]["fingerprint"].isin(predictions["fingerprint"])).any():
            _contradictions(predictions)
            return
        verdicts = review_notes.label_verdicts()
    suspects, facts = found[0][suspected], found[1]
    st.write(_summary(suspects, facts, verdicts))
    _table(
        suspects,
        {
            "probability": suspects["probability"],
            "quality": suspects["quality"],
            "read": suspects["fingerprint"].map(verdicts).fillna(""),
        },
        "Likely label errors by label quality",
    )
    st.write(_treatment_effect(facts["treatment"]))


def _summary(suspects: pd.DataFrame, facts: dict[str, Any], verdicts: dict[str, str]) -> str:
    """Returns a sentence on how many labels are suspected, and how many of those checked by hand are wrong."""
    total, n = sum(facts["suspected"].values()), facts["n"]
    sentence = (
        f"{total:,} of {n:,} labels ({percent(total / n)}) flagged by confident learning "
        "(Northcutt et al. 2021; out-of-fold n-gram model, grouped by movie)"
    )
    sentence += "." if len(suspects) == total else f"; {len(suspects):,} of them are in this model's training data."
    if not verdicts:
        return sentence
    counts = Counter(verdicts.values())
    checked = counted(len(verdicts), "review")
    wrong = f"{counts['wrong']} wrong ({percent(counts['wrong'] / len(verdicts), 0)}, 95% CI "
    wrong += f"{interval(metrics.wilson_interval(counts['wrong'], len(verdicts)), 0)})"
    return f"{sentence} Manual check of {checked}: {wrong}, {counts['open']} ambiguous, {counts['right']} correct."


def _treatment_effect(measured: dict[str, Any]) -> str:
    """Returns sentences on how training without the suspected labels changes the accuracy."""
    changes = []
    for each in measured["treatments"]:
        low, high = (signed(100 * bound) for bound in each["interval"])
        changes.append(f"{_TREATMENTS[each['name']]} {signed(100 * each['difference'])} (95% CI {low} to {high})")
    if any(each["interval"][0] > 0 for each in measured["treatments"]):
        effect = "raises"
    elif all(each["interval"][1] < 0 for each in measured["treatments"]):
        effect = "lowers"
    else:
        effect = "does not significantly change"
    return (
        f"Training without them {effect} the held-out accuracy of the n-gram model "
        f"({percent(measured['accuracy'], 2)}, n = {measured['n']:,}). Change in points: {', '.join(changes)}."
    )


def _contradictions(predictions: pd.DataFrame) -> None:
    """Shows the labels that the model contradicts most strongly, although it was trained on them."""
    contradiction = predictions["logit"] * (1 - 2 * predictions["label"])
    rows = predictions.assign(contradiction=contradiction)[contradiction > 0].nlargest(
        _MAX_CONTRADICTIONS, "contradiction"
    )
    columns = {"contradiction": rows["contradiction"], "split": rows["split"]}
    _table(rows, columns, "Labels that the model contradicts most")
    st.caption("The model contradicts these labels although it was trained on them. Some are irony, some are mistakes.")


def _table(rows: pd.DataFrame, columns: dict[str, pd.Series], alt: str) -> None:
    """Shows a row for each review, with its text if the data is available."""
    frame = pd.DataFrame(
        {
            "label": rows["label"].map(LABELS),
            **columns,
            "rating": rows["rating"].replace(0, pd.NA),
            "film": movies.links(rows["film"]),
            "fingerprint": rows["fingerprint"],
        }
    )
    review_texts.show_hint()
    texts = review_texts.load_texts()
    if texts:
        frame["text"] = rows["fingerprint"].map(texts)  # last, so that a phone shows the labels
    event: Any = st.dataframe(
        frame.assign(probability=100 * frame["probability"]) if "probability" in frame else frame,
        hide_index=True,
        on_select="rerun" if texts else "ignore",  # only a text can be opened
        selection_mode="single-row",
        key="suspected",
        alt=alt,
        column_config={
            "label": st.column_config.TextColumn("Label"),
            "text": st.column_config.TextColumn("Text", width="large"),
            "split": st.column_config.TextColumn("Split"),
            "rating": st.column_config.NumberColumn("Rating"),
            "fingerprint": st.column_config.TextColumn("ID", help="Fingerprint of the text."),
            "probability": st.column_config.ProgressColumn("P(positive)", min_value=0, max_value=100, format="%.1f%%"),
            "quality": st.column_config.NumberColumn(
                "Label quality", format="%.4f", help="P(label). Low = suspicious."
            ),
            "read": st.column_config.TextColumn("Manual check"),
            "contradiction": st.column_config.NumberColumn("Contradiction (logits)", format="%.2f"),
            "film": movies.link_column(),
        },
    )
    with st.container(horizontal=True):
        chart_block.show_csv_button(frame, "suspected_labels", "Download CSV")
        selected = event.selection.rows if texts else []
        if chosen := [row for row in selected if row < len(frame)]:
            review_texts.show_open_button(frame["text"].iloc[chosen[0]], "suspected")
