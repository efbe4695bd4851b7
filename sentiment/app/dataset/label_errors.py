"""Training labels that may be wrong, found by confident learning or else contradicted by the model itself."""

from __future__ import annotations

from collections import Counter
from typing import Any

import pandas as pd
import streamlit as st

from sentiment.app.shared import chart_block, current_run, review_texts
from sentiment.artifacts import Run
from sentiment.evaluation import metrics, review_notes
from sentiment.formatting import percent

_MAX_ROWS = 100  # of reviews that the model contradicts
_TREATMENTS = {"dropped": "leaving them out", "halved": "counting them half"}
_SIDES = {1: "positive", 0: "negative"}


def show(run: Run) -> None:
    """Shows the suspected label errors among the reviews this run was trained on."""
    st.header("Suspected wrong labels")
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
        "Reviews whose label models that never saw them contradict",
    )
    st.write(_treatment_effect(facts["treatment"]))


def _summary(suspects: pd.DataFrame, facts: dict[str, Any], verdicts: dict[str, str]) -> str:
    """Returns a sentence on how many labels are suspected, and how many of those checked by hand are wrong."""
    total, n = sum(facts["suspected"].values()), facts["n"]
    sentence = (
        f"{total:,} of {n:,} labels ({percent(total / n)}) are contradicted by an n-gram model that saw neither the "
        "review nor another one of its film (confident learning, Northcutt, Jiang and Chuang 2021)"
    )
    sentence += "." if len(suspects) == total else f"; this run learned from {len(suspects):,} of them."
    if not verdicts:
        return sentence
    counts = Counter(verdicts.values())
    low, high = metrics.wilson_interval(counts["wrong"], len(verdicts))
    return (
        f"{sentence} Of {len(verdicts):,} drawn at random and read by hand, {counts['wrong']} proved plainly wrong "
        f"({percent(counts['wrong'] / len(verdicts), 0)}, 95% interval {100 * low:.0f} to {100 * high:.0f}%), "
        f"{counts['right']} right, and {counts['open']} could carry either label."
    )


def _treatment_effect(measured: dict[str, Any]) -> str:
    """Returns a sentence on whether training without the suspected labels helps."""
    changes = []
    for each in measured["treatments"]:
        low, high = (100 * bound for bound in each["interval"])
        points = f"{100 * each['difference']:+.2f} points (95% interval {low:+.2f} to {high:+.2f})"
        changes.append(f"{_TREATMENTS[each['name']]} by {points}")
    if any(each["interval"][0] > 0 for each in measured["treatments"]):
        effect = "helps"
    elif all(each["interval"][1] < 0 for each in measured["treatments"]):
        effect = "does harm"
    else:
        effect = "makes no significant difference"
    return (
        f"To train without them {effect}: of {measured['n']:,} reviews of films held out, the n-gram model has "
        f"{percent(measured['accuracy'], 2)} right, which changes with {' and with '.join(changes)}, judged by the "
        "labels as given, wrong ones among them."
    )


def _contradictions(predictions: pd.DataFrame) -> None:
    """Shows the labels that the model contradicts most strongly, although it was trained on them."""
    contradiction = predictions["logit"] * (1 - 2 * predictions["label"])
    rows = predictions.assign(contradiction=contradiction)[contradiction > 0].nlargest(_MAX_ROWS, "contradiction")
    columns = {"contradiction": rows["contradiction"], "split": rows["split"]}
    _table(rows, columns, "Reviews whose label the model contradicts most firmly")
    st.caption(
        "The model has seen the training labels, and still contradicts these: some are irony, some are rated one way "
        "and written another, some are mistakes."
    )


def _table(rows: pd.DataFrame, columns: dict[str, pd.Series], alt: str) -> None:
    """Shows a row for each review, with its text if the data is available."""
    frame = pd.DataFrame(
        {
            "label": rows["label"].map(_SIDES),
            **columns,
            "rating": rows["rating"].replace(0, pd.NA),
            "film": rows["film"].map(lambda film: f"https://www.imdb.com/title/{film}/" if film else None),
            "fingerprint": rows["fingerprint"],
        }
    )
    review_texts.show_hint()
    texts = review_texts.load_texts()
    if texts:
        frame.insert(1, "text", rows["fingerprint"].map(texts))
    event: Any = st.dataframe(
        frame,
        hide_index=True,
        on_select="rerun" if texts else "ignore",  # only a text can be opened
        selection_mode="single-row",
        key="suspected",
        alt=alt,
        column_config={
            "text": st.column_config.TextColumn(width="large"),
            "probability": st.column_config.ProgressColumn("P(positive)", min_value=0, max_value=1, format="percent"),
            "quality": st.column_config.NumberColumn("P(label)", format="%.4f", help="Label quality: low is suspect."),
            "read": st.column_config.TextColumn("read by hand"),
            "contradiction": st.column_config.NumberColumn("logits against the label", format="%.2f"),
            "film": st.column_config.LinkColumn("film", display_text=r"(tt\d+)"),
        },
    )
    with st.container(horizontal=True):
        chart_block.show_csv_button(frame, "suspected_labels")
        selected = event.selection.rows if texts else []
        if chosen := [row for row in selected if row < len(frame)]:
            review_texts.show_open_button(frame["text"].iloc[chosen[0]], "suspected")
