"""The Dataset page: the reviews behind the served run, as the run's folder describes them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pandas as pd
import streamlit as st

from sentiment.app import dataset_charts, serving, suspects
from sentiment.app.words import Words
from sentiment.figures import percent

_CLEANING = {
    "empty": "rows without text",
    "unmatched": "rows the official release does not hold",
    "repeats": "repeats within train, removed",
    "train_in_test": "training texts that are also in test, removed from train",
    "unlabelled_in_test": "unlabelled texts that are also in test, removed",
    "excluded": "training texts left out on request",
    "films_in_train_and_test": "films that are in train and in test (kept)",
}
_SHOWN = 15  # telling words a side


def page() -> None:
    """Balance, ratings, lengths, cleaning, vocabulary, words, suspected labels."""
    st.title("What did it learn from?")
    run = serving.run()
    if not run.has("dataset.json"):
        st.info(f"The run {run.name} does not describe its data.")
        return
    with serving.sentences():
        facts = serving.facts("dataset.json")
    _balance(facts)
    _lengths(facts["lengths"])
    _cleaning(facts["cleaning"])
    _vocabulary(facts)
    _telling(facts["telling"])
    if run.has("word_counts.parquet"):
        _search()
    if run.has("predictions.parquet"):
        suspects.show(run)


def _balance(facts: dict[str, Any]) -> None:
    labels = pd.DataFrame(facts["labels"])
    rows = labels.melt(["split"], ["positive", "negative", "unlabelled"], var_name="label", value_name="n")
    ratings = pd.DataFrame(facts["ratings"]).groupby("rating", as_index=False)["n"].sum()
    ratings = ratings[ratings["rating"] > 0]
    left, right = st.columns(2)
    with left:
        st.header("How many reviews of each class")
        st.altair_chart(
            dataset_charts.balance(rows[rows["n"] > 0]),
            alt="; ".join(
                f"{e['split']}: {e['positive']:,} positive, {e['negative']:,} negative" for e in facts["labels"]
            ),
        )
    with right:
        st.header("How they were rated")
        if ratings.empty:
            st.caption("The data has no ratings.")
            return
        ratings["label"] = ratings["rating"].map(lambda rating: "positive" if rating > 5 else "negative")
        st.altair_chart(dataset_charts.ratings(ratings), alt="Reviews by rating, all labelled splits together")


def _lengths(lengths: dict[str, Any]) -> None:
    st.header("How long they are")
    splits = [row["split"] for row in lengths["by_split"]]
    split = st.segmented_control(
        "Reviews", splits, default=splits[0], key="length_split", bind="query-params", required=True
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
        f"Half of them are longer than {facts['median']:,.0f} tokens, the longest has {facts['longest']:,}; the model "
        f"reads {lengths['max_length']:,}, which cuts {percent(facts['truncated'])} of them."
    )
    st.altair_chart(dataset_charts.lengths(rows, lengths["max_length"]), alt=summary)
    st.caption(f"{summary} The last bar holds all that are longer still; the dashed line is where the model stops.")


def _cleaning(cleaning: dict[str, int]) -> None:
    st.header("Repeats and leaks found")
    rows = [(_CLEANING.get(name, name), number) for name, number in cleaning.items()]
    st.dataframe(
        pd.DataFrame(rows, columns=["what", "reviews or films"]),
        hide_index=True,
        width="content",
        alt="What was found and removed before training",
    )


def _vocabulary(facts: dict[str, Any]) -> None:
    coverage = pd.DataFrame(facts["coverage"])
    frequencies = pd.DataFrame([row for row in facts["frequencies"] if row["count"]])  # a logarithm has no zero
    left, right = st.columns(2)
    if coverage.empty:
        return
    with left:
        size, share = coverage.iloc[-1]
        st.header("How much of the text the vocabulary covers")
        st.altair_chart(
            dataset_charts.coverage(coverage, int(size)), alt=f"{int(size):,} tokens cover {percent(share)}"
        )
    with right:
        st.header("A few words do most of the work")
        st.altair_chart(dataset_charts.frequencies(frequencies), alt="Occurrences of a token against its rank")


def _telling(telling: dict[str, list[dict[str, Any]]]) -> None:
    st.header("Words most telling of each class")
    for column, side in zip(st.columns(2), ("positive", "negative"), strict=True):
        words = pd.DataFrame(telling[side]).head(_SHOWN)
        if len(words):
            names = ", ".join(words["token"].head(5))
            column.altair_chart(dataset_charts.telling(words.assign(side=side)), alt=f"Most telling of {side}: {names}")
    st.caption(
        "Log-odds ratio with an informative prior, in standard deviations (Monroe, Colaresi and Quinn 2008): what "
        "stands out for its class, not what is frequent."
    )


@st.fragment
def _search() -> None:
    """Any word: its counts, its lean, its nearest words."""
    st.header("Look up a word")
    word = st.text_input("Word", "wonderful", key="word", bind="query-params", type="search", width=320)
    with serving.sentences():
        words = _words(*serving.place())
    row = words.find(word)
    if row is None:
        st.caption("The model does not know this word." if word.strip() else "Type a word.")
        return
    found = words.counts.loc[row]
    side = "positive" if found["log_odds"] > 0 else "negative"
    st.write(
        f"In training, it stands {found['positive']:,} times in positive and {found['negative']:,} times in negative "
        f"reviews; it leans to {side} (log-odds {found['log_odds']:+.2f}, z {found['z']:+.1f})."
    )
    st.dataframe(
        words.neighbours(row)[["token", "cosine", "log_odds", "positive", "negative"]],
        hide_index=True,
        alt="The nearest words in the model's embedding",
        column_config={
            "token": "nearest word in the embedding",
            "cosine": st.column_config.NumberColumn(format="%.3f"),
            "log_odds": st.column_config.NumberColumn("log-odds", format="%+.2f"),
            "positive": st.column_config.NumberColumn("in positive reviews", format="localized"),
            "negative": st.column_config.NumberColumn("in negative reviews", format="localized"),
        },
    )


@st.cache_resource(max_entries=3, show_spinner=False)
def _words(path: str, stamp: int) -> Words:
    run = serving.open_path(Path(path))
    return Words.of(run, serving.table("word_counts.parquet", run))
