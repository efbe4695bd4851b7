"""The Dataset page: the training data of the served run, from the summary in the run's folder."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pandas as pd
import streamlit as st

from sentiment.app.dataset import charts, label_errors, own_data
from sentiment.app.dataset.word_search import Words
from sentiment.app.shared import chart_block, current_run
from sentiment.dataset.summary import log_odds
from sentiment.dataset.wording import count_removed, list_removed
from sentiment.formatting import counted, percent
from sentiment.text.vocabulary import normal_form

_CLEANING = {
    "empty": "rows without text",
    "unmatched": "rows the official release does not hold",
    "repeats": "repeats within train, removed",
    "contradicting": "of these, with another label than the copy that was kept",
    "train_in_test": "training texts that are also in test, removed from train",
    "unlabelled_in_test": "unlabelled texts that are also in test, removed",
    "excluded": "training texts left out on request",
    "unreadable": "rows that could not be read",
    "missing_label": "rows without a label",
    "neutral": "rows neither positive nor negative",
    "unknown_label": "rows with a label of unknown meaning",
    "films_in_train_and_test": "films that are in train and in test (kept)",
}
_LABELS = ("positive", "negative", "unlabelled")
_MAX_WORDS = 15  # words for each class


def page() -> None:
    """Shows balance, ratings, lengths, cleaning, vocabulary, words and label errors, of the run or of an upload."""
    st.title("What did it learn from?")
    run = current_run.run()
    max_length = None
    with chart_block.report_malformed_file(run.name, "config.json"):
        max_length = run.json("config.json")["max_length"]
    if max_length is None:
        return
    upload = own_data.show_form(max_length)
    if upload is None and not run.has("dataset.json"):
        st.info(f"The run {run.name} does not describe its data.")
        return
    with chart_block.report_malformed_file(run.name, "dataset.json"):
        facts = upload.facts if upload else current_run.read_json("dataset.json")
        if upload:
            st.write(_removed_rows(facts))
            own_data.show_interpretation(upload)
        _balance(facts)
        _lengths(facts["lengths"])
        if upload is None:
            _cleaning(facts["cleaning"])
        _vocabulary(facts, upload is None)
        if upload and run.has("word_counts.parquet"):
            _known_words(upload.counts)
        _distinctive_words(facts["telling"])
    if run.has("word_counts.parquet"):
        _search(upload, run.name)
    if upload is None and run.has("predictions.parquet"):
        with chart_block.report_malformed_file(run.name, "predictions.parquet"):
            label_errors.show(run)


def _balance(facts: dict[str, Any]) -> None:
    labels = pd.DataFrame(facts["labels"])
    rows = labels.melt(["split"], list(_LABELS), var_name="label", value_name="n")
    rows = rows[rows["n"] > 0]
    ratings = pd.DataFrame(facts["ratings"])
    ratings = ratings[ratings["rating"] > 0]
    left, right = st.columns(2)
    with left:
        summary = "; ".join(
            f"{row['split']}: {row['positive']:,} positive, {row['negative']:,} negative" for row in facts["labels"]
        )
        chart_block.show_chart("How many reviews of each class", charts.balance(rows), rows, summary)
    with right:
        if ratings.empty:
            st.header("How they were rated")
            st.caption("The data has no ratings.")
            return
        ratings = ratings.assign(label=ratings["rating"].map(lambda rating: "positive" if rating > 5 else "negative"))
        totals = ratings.groupby(["rating", "label"])["n"].sum().reset_index()
        summary = ", ".join(f"{row['n']:,} rated {row['rating']}" for row in totals.to_dict("records"))
        chart_block.show_chart("How they were rated", charts.ratings(totals), ratings, summary)


def _lengths(lengths: dict[str, Any]) -> None:
    splits = [row["split"] for row in lengths["by_split"]]
    split = st.segmented_control(
        "Lengths of", splits, default=splits[0], key="length_split", bind="query-params", required=True
    )
    edges = lengths["edges"]
    ends = {"low": edges, "high": [*edges[1:], 2 * edges[-1] - edges[-2]]}
    rows = pd.concat(
        pd.DataFrame({**ends, "label": row["label"], "n": row["n"]})
        for row in lengths["counts"]
        if row["split"] == split
    )
    facts = next(row for row in lengths["by_split"] if row["split"] == split)
    summary = (
        f"Half of them are longer than {counted(round(facts['median']), 'token')}, the longest has "
        f"{facts['longest']:,}; the model reads {lengths['max_length']:,}, which cuts {percent(facts['truncated'])} of "
        "them."
    )
    limit = lengths["max_length"] if lengths["max_length"] < ends["high"][-1] else None
    note = "" if limit is None else " The dashed line is where the model stops."
    if max(row["longest"] for row in lengths["by_split"]) >= ends["high"][-1]:
        note = f" The last bar holds all that are longer still.{note}"
    chart_block.show_chart(f"Lengths in {split}", charts.lengths(rows, limit), rows, summary)
    st.caption(f"{summary}{note}")


def _removed_rows(facts: dict[str, Any]) -> str:
    """Returns a sentence on how many rows of an upload were removed, and how the others were split."""
    parts = {row["split"]: sum(row.get(label, 0) for label in _LABELS) for row in facts["labels"]}
    n, left = sum(parts.values()), count_removed(facts["cleaning"])
    reasons = ", ".join(list_removed(facts["cleaning"]))
    summary = (
        f"Of {counted(n + left, 'row')}, {left:,} were left out: {reasons}. The other {n:,}"
        if left
        else f"All {n:,} rows"
    )
    others = f", and {parts['unlabelled']:,} without a label" if parts.get("unlabelled") else ""
    return (
        f"{summary} were split into {parts['train']:,} for training, {parts['validation']:,} for validation and "
        f"{parts['test']:,} for testing{others}."
    )


def _cleaning(cleaning: dict[str, int]) -> None:
    st.header("Repeats and leaks found")
    rows = [(_CLEANING.get(name, name), number) for name, number in cleaning.items() if number]
    if not rows:
        st.caption("None were found.")
        return
    st.dataframe(
        pd.DataFrame(rows, columns=["what", "reviews or films"]),
        hide_index=True,
        width="content",
        alt="What was found and removed before training",
    )


def _vocabulary(facts: dict[str, Any], of_run: bool) -> None:
    coverage = pd.DataFrame(facts["coverage"])
    frequencies = pd.DataFrame([row for row in facts["frequencies"] if row["count"]])  # zero has no logarithm
    left, right = st.columns(2)
    if coverage.empty:
        return
    with left:
        size, share = coverage.iloc[-1]
        chart_block.show_chart(
            "How much of the text the vocabulary covers",
            charts.coverage(coverage, int(size) if of_run else None),
            coverage,
            f"{int(size):,} tokens cover {percent(share)}",
        )
    with right:
        chart_block.show_chart(
            "A few words do most of the work",
            charts.frequencies(frequencies),
            frequencies,
            "Occurrences of a token against its rank",
        )


def _known_words(counts: pd.DataFrame) -> None:
    """Shows the share of the uploaded text that is in the served model's vocabulary."""
    with current_run.stop_on_artifact_error():
        words = _load_words(*current_run.location())
    running = counts["positive"] + counts["negative"]
    share = running[counts["token"].isin(words.counts["token"])].sum() / max(1, running.sum())
    st.caption(f"The served model knows {percent(share)} of the words in the training part, counted as they occur.")


def _distinctive_words(telling: dict[str, list[dict[str, Any]]]) -> None:
    for column, side in zip(st.columns(2), ("positive", "negative"), strict=True):
        words = pd.DataFrame(telling[side])
        if words.empty:
            continue
        most = words.head(_MAX_WORDS).assign(side=side)
        with column:
            chart_block.show_chart(
                f"Words most telling of {side}",
                charts.distinctive_words(most),
                words,
                f"Most telling of {side}: {', '.join(most['token'].head(5))}",
            )
    st.caption(
        "Log-odds ratio with an informative prior, in standard deviations (Monroe, Colaresi and Quinn 2008): what "
        "stands out for its class, not what is frequent."
    )


@st.fragment
def _search(upload: own_data.Description | None, run: str) -> None:
    """Looks up a word: its counts and log-odds in the data shown, its nearest neighbours in the model."""
    st.header("Look up a word")
    word = st.text_input("Word", "wonderful", key="word", bind="query-params", type="search", width=320).strip()
    with chart_block.report_malformed_file(run, "word_counts.parquet"):
        _word(word, upload, _load_words(*current_run.location()))


def _word(word: str, upload: own_data.Description | None, words: Words) -> None:
    """Shows the counts and the neighbours of a word."""
    counts = (upload.counts.assign(**log_odds(upload.counts)) if upload else words.counts).set_index("token")
    token, row = normal_form(word), words.find(word)
    if token not in counts.index and row is None:
        unknown = "The model does not know this word" + (", nor does it stand in the data." if upload else ".")
        st.caption(unknown if word else "Type a word.")
        return
    st.write(_lean(counts.loc[[token]].iloc[0]) if token in counts.index else "It does not stand in the data.")
    if row is None:
        st.caption("The model does not know this word, so it has no neighbours.")
        return
    neighbours = words.neighbours(row)[["token", "cosine"]].join(counts, on="token")
    st.dataframe(
        neighbours[["token", "cosine", "log_odds", "positive", "negative"]],
        hide_index=True,
        placeholder="–",
        alt="The nearest words in the model's embedding",
        column_config={
            "token": "nearest word in the embedding",
            "cosine": st.column_config.NumberColumn(format="%.3f"),
            "log_odds": st.column_config.NumberColumn("log-odds", format="%+.2f"),
            "positive": st.column_config.NumberColumn("in positive reviews", format="localized"),
            "negative": st.column_config.NumberColumn("in negative reviews", format="localized"),
        },
    )


def _lean(found: pd.Series) -> str:
    side = "positive" if found["log_odds"] > 0 else "negative"
    return (
        f"In training, it stands {counted(int(found['positive']), 'time')} in positive and "
        f"{counted(int(found['negative']), 'time')} in negative reviews; it leans to {side} "
        f"(log-odds {found['log_odds']:+.2f}, z {found['z']:+.1f})."
    )


@st.cache_resource(max_entries=3, show_spinner=False)
def _load_words(path: str, stamp: int) -> Words:
    run = current_run.open_path(Path(path))
    return Words.load(run, current_run.read_table("word_counts.parquet", run))
