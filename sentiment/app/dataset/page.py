"""The Dataset page: statistics of the chosen model's training data, or of a visitor's own file."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import Any

import pandas as pd
import streamlit as st

from sentiment.app.dataset import charts, label_errors, own_data
from sentiment.app.dataset.own_data import Description
from sentiment.app.dataset.word_search import Words
from sentiment.app.shared import chart_block, current_run, navigation, segments, tabs, uploads
from sentiment.artifacts import Run
from sentiment.dataset.summary import log_odds
from sentiment.dataset.wording import count_removed, list_removed
from sentiment.formatting import counted, percent, signed
from sentiment.text.vocabulary import normal_form

_CLEANING = {
    "empty": "Without text",
    "unmatched": "Not in the official release",
    "repeats": "Duplicates in train (removed)",
    "contradicting": "Of these, with a different label",
    "train_in_test": "Training texts that are also in test (removed from train)",
    "unlabelled_in_test": "Unlabelled texts that are also in test (removed)",
    "excluded": "Held out on request",
    "unreadable": "Unreadable rows",
    "missing_label": "Without a label",
    "neutral": "Neither positive nor negative",
    "unknown_label": "With an unknown label",
    "films_in_train_and_test": "Movies in both train and test (kept)",
}
_LABELS = ("positive", "negative", "unlabelled")
_MAX_WORDS = 12  # words for each class
_TABS = ("Overview", "Words", "Quality", "Your data")


def page() -> None:
    """Shows the page: the training data of the chosen model, or a visitor's own file, in tabs."""
    upload = own_data.described()
    caption = f"Your data: {uploads.escape_markdown(upload.name)}" if upload else None
    navigation.show_title("dataset", caption)
    run = current_run.run()
    facts = _read_facts(run, upload)
    if facts:
        with chart_block.report_malformed_file(run.name, "dataset.json"):
            _cards(facts)
    drawn = (_overview, _words, _quality, _your_data)
    for tab, name, draw in zip(tabs.show_tabs(_TABS), _TABS, drawn, strict=True):
        if tab.open:
            with tab, chart_block.report_malformed_file(run.name, "dataset.json"):
                if facts is None and name != "Your data":
                    st.info(f"Model {uploads.escape_markdown(run.name)} has no statistics of its training data.")
                else:
                    draw(run, facts or {}, upload)


def _read_facts(run: Run, upload: Description | None) -> dict[str, Any] | None:
    """Returns the statistics of the upload, or else of the run; None if the run has none."""
    if upload:
        return upload.facts
    with current_run.stop_on_artifact_error():
        facts: dict[str, Any] | None = current_run.read_json("dataset.json") if run.has("dataset.json") else None
    return facts


def _cards(facts: dict[str, Any]) -> None:
    """Shows how many reviews there are, and whether the classes are balanced."""
    with st.grid("auto", min_column_width=150, gap="small"):
        for row in facts["labels"]:
            if n := sum(row[label] for label in _LABELS):
                st.metric(row["split"].capitalize(), f"{n:,}", help=_class_counts(row), border=True)
        positive, negative = (sum(row[label] for row in facts["labels"]) for label in ("positive", "negative"))
        st.metric(
            "Positive", percent(positive / max(1, positive + negative)), help="Of all labelled reviews.", border=True
        )


def _class_counts(row: dict[str, Any]) -> str:
    return ", ".join(f"{row[label]:,} {label}" for label in _LABELS if row[label])


def _overview(run: Run, facts: dict[str, Any], upload: Description | None) -> None:
    """Shows class balance, star ratings and lengths."""
    labels = pd.DataFrame(facts["labels"])
    rows = labels.melt(["split"], list(_LABELS), var_name="label", value_name="n")
    rows = rows[rows["n"] > 0]
    ratings = pd.DataFrame(facts["ratings"])
    ratings = ratings[ratings["rating"] > 0]
    left, right = st.columns(2)
    with left:
        summary = "; ".join(f"{row['split']}: {_class_counts(row)}" for row in facts["labels"])
        chart_block.show_chart("Class balance", charts.balance(rows), rows, summary)
    with right:
        if ratings.empty:
            chart_block.show_heading("Star ratings")
            st.caption("No ratings in this dataset.")
        else:
            ratings = ratings.assign(
                label=ratings["rating"].map(lambda rating: "positive" if rating > 5 else "negative")
            )
            totals = ratings.groupby(["rating", "label"])["n"].sum().reset_index()
            summary = ", ".join(f"{row['n']:,} rated {row['rating']}" for row in totals.to_dict("records"))
            chart_block.show_chart("Star ratings (all splits)", charts.ratings(totals), ratings, summary)
    _lengths(facts["lengths"])


def _lengths(lengths: dict[str, Any]) -> None:
    splits = [row["split"] for row in lengths["by_split"]]
    split = segments.choose("Split", splits, default=splits[0], key="length_split", bind="query-params")
    edges = lengths["edges"]
    ends = {"low": edges, "high": [*edges[1:], 2 * edges[-1] - edges[-2]]}
    rows = pd.concat(
        pd.DataFrame({**ends, "label": row["label"], "n": row["n"]})
        for row in lengths["counts"]
        if row["split"] == split
    )
    facts = next(row for row in lengths["by_split"] if row["split"] == split)
    limit = lengths["max_length"] if lengths["max_length"] < ends["high"][-1] else None
    summary = f"Median {counted(round(facts['median']), 'token')}, maximum {facts['longest']:,}."
    if limit is not None or facts["truncated"]:
        summary += f" {percent(facts['truncated'])} exceed the {lengths['max_length']:,}-token limit (dashed)."
    last = " The last bar includes all longer reviews."
    note = last if max(row["longest"] for row in lengths["by_split"]) >= ends["high"][-1] else ""
    chart_block.show_chart(f"Review length ({split})", charts.lengths(rows, limit), rows, summary)
    st.caption(f"{summary}{note}")


def _words(run: Run, facts: dict[str, Any], upload: Description | None) -> None:
    """Shows the word explorer, the words of each class, and how much of the text the vocabulary covers."""
    if run.has("word_counts.parquet"):
        _search(upload, run.name)
    _distinctive_words(facts["telling"])
    with st.expander("Vocabulary coverage and word frequency", icon=":material/ssid_chart:"):
        _vocabulary(facts, upload is None)
    if upload and run.has("word_counts.parquet"):
        _known_words(upload.counts)


def _quality(run: Run, facts: dict[str, Any], upload: Description | None) -> None:
    """Shows duplicates and leakage, and for the run's own data the likely label errors."""
    _cleaning(facts["cleaning"])
    if upload:
        navigation.show_link("bulk", "Score it and find label errors")
    elif run.has("predictions.parquet"):
        with chart_block.report_malformed_file(run.name, "predictions.parquet"):
            label_errors.show(run)


def _your_data(run: Run, facts: dict[str, Any], upload: Description | None) -> None:
    """Shows the form for a visitor's own file, or how its file was read."""
    with chart_block.report_malformed_file(run.name, "config.json"):
        own_data.show_form(run.json("config.json")["max_length"])
    if upload:
        st.write(_removed_rows(upload.facts))
        own_data.show_interpretation(upload)


def _removed_rows(facts: dict[str, Any]) -> str:
    """Returns a sentence on how many rows of an upload were removed, and how the others were split."""
    parts = {row["split"]: sum(row.get(label, 0) for label in _LABELS) for row in facts["labels"]}
    n, left = sum(parts.values()), count_removed(facts["cleaning"])
    reasons = ", ".join(list_removed(facts["cleaning"]))
    summary = (
        f"Of {counted(n + left, 'row')}, {left:,} {'was' if left == 1 else 'were'} left out: {reasons}. The other {n:,}"
        if left
        else f"All {n:,} rows"
    )
    others = f", and {parts['unlabelled']:,} without a label" if parts.get("unlabelled") else ""
    return (
        f"{summary} were split into {parts['train']:,} for training, {parts['validation']:,} for validation and "
        f"{parts['test']:,} for testing{others}."
    )


def _cleaning(cleaning: dict[str, int]) -> None:
    st.header("Duplicates and leakage")
    rows = [(_CLEANING.get(name, name), f"{number:,}") for name, number in cleaning.items() if number]
    if not rows:
        st.caption("None were found.")
        return
    st.table(
        pd.DataFrame(rows, columns=["Check", "Count"]),
        border="horizontal",
        hide_index=True,
        width="content",
        alt="Duplicates and leakage, found before training",
    )


def _vocabulary(facts: dict[str, Any], of_run: bool) -> None:
    coverage = pd.DataFrame(facts["coverage"])
    frequencies = pd.DataFrame([row for row in facts["frequencies"] if row["count"]])  # zero has no logarithm
    if coverage.empty:
        return
    left, right = st.columns(2)
    with left:
        size, share = coverage.iloc[-1]
        chart_block.show_chart(
            "Vocabulary coverage",
            charts.coverage(coverage, int(size) if of_run else None),
            coverage,
            f"{int(size):,} tokens cover {percent(share)}",
        )
    with right:
        chart_block.show_chart(
            "Word frequency (Zipf plot)",
            charts.frequencies(frequencies),
            frequencies,
            "Occurrences of a token against its rank",
        )


def _known_words(counts: pd.DataFrame) -> None:
    """Shows the share of the uploaded text that is in the chosen model's vocabulary."""
    with current_run.stop_on_artifact_error():
        words = _load_words(*current_run.location())
    running = counts["positive"] + counts["negative"]
    share = running[counts["token"].isin(words.counts["token"])].sum() / max(1, running.sum())
    st.caption(f"Token coverage by the current model: {percent(share)}.")


def _distinctive_words(by_side: dict[str, list[dict[str, Any]]]) -> None:
    for column, side in zip(st.columns(2), ("positive", "negative"), strict=True):
        words = pd.DataFrame(by_side[side])
        if words.empty:
            continue
        most = words.head(_MAX_WORDS).assign(side=side)
        with column:
            chart_block.show_chart(
                f"Most {side} words",
                charts.distinctive_words(most),
                words,
                f"Most {side}: {', '.join(most['token'].head(5))}",
            )
    st.caption(
        "Log-odds ratio with informative Dirichlet prior (Monroe et al. 2008): what stands out, not what is frequent."
    )


@st.fragment
def _search(upload: Description | None, run: str) -> None:
    """Looks up a word: its counts and log-odds in the data shown, and its nearest neighbours in the model."""
    st.header("Word explorer")
    word = st.text_input("Enter a word", "wonderful", key="word", bind="query-params", type="search", width=320).strip()
    with chart_block.report_malformed_file(run, "word_counts.parquet"):
        _word_result(word, upload, _load_words(*current_run.location()))


def _word_result(word: str, upload: Description | None, words: Words) -> None:
    """Shows the counts and the neighbours of a word."""
    counts = (upload.counts.assign(**log_odds(upload.counts)) if upload else words.counts).set_index("token")
    token, row = normal_form(word), words.find(word)
    if token not in counts.index and row is None:
        place = "the vocabulary or the data" if upload else "the vocabulary"
        shown = uploads.escape_markdown(word)
        st.caption(f"“{shown}” isn't in {place} (single words only)." if word else "Enter a word.")
        return
    st.write(_describe_counts(counts.loc[[token]].iloc[0]) if token in counts.index else "This word isn't in the data.")
    if row is None:
        st.caption("This word isn't in the model's vocabulary, so it has no neighbours.")
        return
    neighbours = words.neighbours(row)[["token", "cosine"]].join(counts, on="token")
    st.dataframe(
        neighbours[["token", "cosine", "log_odds", "positive", "negative"]].style.format(
            {"log_odds": partial(signed, digits=2), "cosine": "{:.3f}"}, na_rep="–", thousands=","
        ),
        hide_index=True,
        placeholder="–",
        height=248,  # six rows and the header
        alt="The nearest words in the model's embedding",
        column_config={
            "token": "Nearest neighbours",
            "cosine": st.column_config.NumberColumn("Cosine similarity"),
            "log_odds": st.column_config.NumberColumn("Log-odds"),
            "positive": st.column_config.NumberColumn("In positive reviews", format="localized"),
            "negative": st.column_config.NumberColumn("In negative reviews", format="localized"),
        },
    )


def _describe_counts(found: pd.Series) -> str:
    """Returns a sentence on how often a word occurs in reviews of each class."""
    return (
        f"{counted(int(found['positive']), 'time')} in positive, {int(found['negative']):,} in negative training "
        f"reviews (log-odds {signed(found['log_odds'])}, z = {signed(found['z'], 1)})."
    )


@st.cache_resource(max_entries=3, show_spinner=False)
def _load_words(path: str, stamp: int) -> Words:
    run = current_run.open_path(Path(path))
    return Words.load(run, current_run.read_table("word_counts.parquet", run))
