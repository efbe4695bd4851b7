"""The Words tab: the words with the largest contributions over all reviews, compared with the training data."""

from __future__ import annotations

import pandas as pd
import streamlit as st

from sentiment.app.evaluation import columns
from sentiment.app.evaluation.header import Evaluated
from sentiment.app.shared import chart_block, current_run, evaluation_charts, segments, uploads
from sentiment.artifacts import Run
from sentiment.dataset.summary import log_odds
from sentiment.evaluation.words import MIN_COUNT, PART
from sentiment.formatting import counted
from sentiment.text.vocabulary import normal_form

_WORDS_PER_SIDE = 12
_ORDERS = {"Per occurrence": "mean", "In total": "total"}


def show(evaluated: Evaluated) -> None:
    """Shows the words with the largest contributions, and where model and data differ."""
    report = evaluated.read_part(PART, "word contributions", "--words")
    if report is None:
        return
    with current_run.stop_on_artifact_error():
        words = with_data(pd.DataFrame(report["words"], columns=["word", "count", "mean"]), evaluated.run)
    if words.empty:
        st.info(f"No word occurs {MIN_COUNT} times or more.")
        return
    order = segments.choose(
        "Order by",
        list(_ORDERS),
        default=next(iter(_ORDERS)),
        key="word_order",
        bind="query-params",
        help="The mean of a word's contributions over its occurrences, or their sum over all reviews.",
    )
    by = _ORDERS[order]
    left, right = st.columns(2, gap="medium")
    with left:
        _strongest(words, by)
    with right:
        _compare_with_data(words)
        _search(words)
    parts = " and ".join(counted(n, f"{part} review") for part, n in report["reviews"].items())
    st.caption(
        f"Contributions in logits, over {parts}; {report['tokens']:,} tokens. Words with at least {MIN_COUNT} "
        f"occurrences. Measured {uploads.escape_markdown(report['date'])}."
    )


def with_data(words: pd.DataFrame, run: Run) -> pd.DataFrame:
    """Adds ``total``, ``side``, and the training data's ``log_odds`` and ``z``, or NaN if the run has no counts."""
    words = words.assign(total=words["count"] * words["mean"])
    words["side"] = words["mean"].map(lambda mean: "positive" if mean > 0 else "negative")
    if not run.has("word_counts.parquet"):
        return words.assign(log_odds=float("nan"), z=float("nan"))
    counts = current_run.read_table("word_counts.parquet", run)
    in_data = counts[["token"]].assign(**log_odds(counts)).set_index("token")
    return words.join(in_data, on="word")


def _strongest(words: pd.DataFrame, by: str) -> None:
    """Shows the words with the largest positive and negative contributions."""
    ordered = words.sort_values(by, ascending=False, kind="stable")
    up, down = ordered[ordered["mean"] > 0].head(_WORDS_PER_SIDE), ordered[ordered["mean"] < 0].tail(_WORDS_PER_SIDE)
    chart_block.show_chart(
        "Most influential words",
        evaluation_charts.words(pd.concat([up, down]), by),
        words,
        f"Most positive: {', '.join(up['word'].head(5))}; most negative: {', '.join(down['word'].tail(5)[::-1])}",
    )


def _compare_with_data(words: pd.DataFrame) -> None:
    """Shows the mean contribution of each word against its log-odds in the training data."""
    known = words.dropna(subset="log_odds")
    if known.empty:
        st.caption("The model has no word counts of its training data to compare with.")
        return
    chart_block.show_chart(
        "Model vs. data",
        evaluation_charts.words_against_data(known),
        known,
        "Mean contribution of each word by its log-odds in the training data",
    )
    apart = known[(known["mean"] * known["log_odds"] < 0) & (known["z"].abs() > 2)]
    against = apart.reindex((apart["count"] * apart["mean"].abs()).nlargest(6).index)["word"].tolist()
    text = ", ".join(against)
    st.caption(
        "Log-odds: how much more often a word occurs in positive training reviews than in negative ones."
        + (f" Model and data disagree most on: {uploads.escape_markdown(text)}." if against else "")
    )


def _search(words: pd.DataFrame) -> None:
    """Shows the measures of the words that match a search, or of all words."""
    asked = st.text_input("Find a word", key="find_word", type="search", width=260, max_chars=50)
    found = words[words["word"].str.contains(normal_form(asked.strip()), regex=False)] if asked.strip() else words
    if found.empty:
        st.caption("This word is not among those listed.")
        return
    st.dataframe(
        columns.typographic(
            found.loc[found["total"].abs().sort_values(ascending=False, kind="stable").index],
            {"mean": "+.3f", "count": ",", "total": "+,.0f", "log_odds": "+.2f", "z": "+.1f"},
        ),
        hide_index=True,
        height=215,
        column_order=["word", "mean", "count", "total", "log_odds", "z"],
        alt="Words by the sum of their contributions",
        placeholder="–",
        column_config={
            "word": st.column_config.TextColumn("Word", width=90),
            "mean": st.column_config.NumberColumn("Mean", help="Mean contribution, in logits."),
            "count": st.column_config.NumberColumn("Count", help="Occurrences in the reviews."),
            "total": st.column_config.NumberColumn("Total", help="Sum of the contributions, in logits."),
            "log_odds": st.column_config.NumberColumn("Log-odds", help="Positive vs. negative training reviews."),
            "z": st.column_config.NumberColumn("z", help="Log-odds over its standard deviation."),
        },
    )
