"""User-defined slices: reviews with a word or pattern, a range of values, or a movie. They are kept for the session."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
import streamlit as st

from sentiment.app.evaluation import columns
from sentiment.app.shared import chart_block, review_texts
from sentiment.app.shared.scored_reviews import ScoredReviews
from sentiment.app.shared.uploads import escape_markdown
from sentiment.formatting import signed

MAX_SLICES = 12
MAX_PATTERN = 100  # characters
_SEARCH_SECONDS = 4.0
_CHUNK = 200  # texts searched between two checks of the time
_KEY = "own_slices"  # key of the slices
_NOTE = "own_slices_note"  # key of the error message until it is shown
_WORD, _PATTERN = "Word or phrase", "Regular expression"
_RANGES = {"Length in tokens": "length", "Rating": "rating", "Unknown words (%)": "unknown_rate", "P(positive) (%)": ""}
_MOVIE = "Movie ID"

Flags = npt.NDArray[np.bool_]


class SliceError(ValueError):
    """Raised for a slice that cannot be added; the message is one sentence for the user."""


@dataclass(frozen=True)
class OwnSlice:
    """A user-defined slice.

    Attributes:
        name: the name shown.
        column: the column of the predictions that decides; "fingerprint" for words and patterns.
        bounds: both ends of the range of values, if the column has numbers.
        values: the values that are in the slice, if the column has text.
    """

    name: str
    column: str
    bounds: tuple[float, float] | None = None
    values: frozenset[str] = frozenset()

    def mask(self, table: pd.DataFrame) -> Flags:
        """Returns which rows of a table of scored reviews are in the slice: <bool>[n]."""
        column = table[self.column]
        if self.bounds is None:
            return column.isin(self.values).to_numpy()
        return column.between(*self.bounds).to_numpy()


def finders() -> list[tuple[str, Callable[[pd.DataFrame], Flags]]]:
    """Returns the name and ``mask`` of each slice of this session."""
    return [(each.name, each.mask) for each in all_slices()]


def all_slices() -> list[OwnSlice]:
    """Returns the slices of this session."""
    found: list[OwnSlice] = st.session_state.get(_KEY, [])
    return found


def search(texts: Mapping[str, str], pattern: str, *, is_regex: bool = False) -> frozenset[str]:
    """Returns the fingerprints of the texts that contain a word or match a pattern, in any case.

    RE2 takes time linear in the text for any pattern. A costly pattern can still be slow, so there is a time limit.

    Raises:
        SliceError: the pattern is empty, too long, not valid, or takes too long.
    """
    pattern = pattern.strip()
    if not pattern:
        raise SliceError("Enter a word or a pattern.")
    if len(pattern) > MAX_PATTERN:
        raise SliceError(f"A pattern may have {MAX_PATTERN} characters at most.")
    expression = pattern if is_regex else _whole_words(pattern)
    fingerprints, found, end = list(texts), [], time.monotonic() + _SEARCH_SECONDS
    for start in range(0, len(fingerprints), _CHUNK):
        chunk = fingerprints[start : start + _CHUNK]
        try:
            hits = pc.match_substring_regex(pa.array([texts[each] for each in chunk]), expression, ignore_case=True)
        except (pa.ArrowInvalid, UnicodeEncodeError) as error:
            raise SliceError("This is not a valid regular expression (RE2).") from error
        found += [each for each, hit in zip(chunk, hits.to_pylist(), strict=True) if hit]
        if time.monotonic() > end:
            raise SliceError("This pattern takes too long. Use a simpler one.")
    return frozenset(found)


def _whole_words(phrase: str) -> str:
    """Returns a pattern that matches a phrase as whole words, with any white space between them."""
    body = r"\s+".join(map(re.escape, phrase.split()))
    left, right = (r"\b" if edge.isalnum() and edge.isascii() else "" for edge in (phrase[0], phrase[-1]))
    return f"{left}{body}{right}"


def show(scored: ScoredReviews) -> None:
    """Shows the form for a new slice, and the slices of this session compared with all other reviews."""
    chart_block.show_heading("Your slices")
    _form()
    if note := st.session_state.pop(_NOTE, None):
        st.warning(note, icon=":material/error:")
    if all_slices():
        _table(scored)
    else:
        st.caption("Slices are kept for this session. The Errors tab can filter by them.")


def _form() -> None:
    has_texts = review_texts.load_texts() is not None
    kinds = [*([_WORD, _PATTERN] if has_texts else []), *_RANGES, _MOVIE]
    kind = st.selectbox("Slice by", kinds, key="own_kind", width=300)
    with st.container(horizontal=True, vertical_alignment="bottom"):
        if kind in _RANGES:
            st.number_input("From", 0, 100_000, 0, key="own_from", width=100)
            st.number_input("To", 0, 100_000, 100, key="own_to", width=100)
        else:
            st.text_input(kind, key="own_text", max_chars=MAX_PATTERN, width=200)
        st.button("Add slice", icon=":material/add:", on_click=_add, args=(kind,))
    if not has_texts:
        st.caption("Words and patterns need the review texts, which this server does not have.", help=review_texts.HELP)


def _add(kind: str) -> None:
    """Adds the slice of the form, or stores a message on why it cannot be added."""
    try:
        new = _slice_from_form(kind)
    except SliceError as error:
        st.session_state[_NOTE] = str(error)
        return
    kept = [each for each in all_slices() if each.name != new.name]
    if len(kept) >= MAX_SLICES:
        st.session_state[_NOTE] = f"There can be at most {MAX_SLICES} slices. Remove them first."
        return
    st.session_state[_KEY] = [*kept, new]


def _slice_from_form(kind: str) -> OwnSlice:
    """Returns the slice that the form describes.

    Raises:
        SliceError: the form does not describe a valid slice.
    """
    if kind in _RANGES:
        low, high = sorted((st.session_state["own_from"], st.session_state["own_to"]))
        scale = 100 if kind.endswith("(%)") else 1
        name = f"{kind.removesuffix(' (%)')}: {low:,}–{high:,}{'%' if scale == 100 else ''}"
        return OwnSlice(name, _RANGES[kind] or "probability", (low / scale, high / scale))
    text = " ".join(st.session_state["own_text"].split())
    if kind == _MOVIE:
        if not text:
            raise SliceError("Enter the ID of a movie, such as tt0133093.")
        return OwnSlice(f"Movie: {text}", "film", values=frozenset([text]))
    texts = review_texts.load_texts() or {}
    found = search(texts, text, is_regex=kind == _PATTERN)
    name = f"Matches {text}" if kind == _PATTERN else f"Contains “{text}”"
    return OwnSlice(name, "fingerprint", values=found)


def _table(scored: ScoredReviews) -> None:
    """Shows the accuracy of each slice, and its difference from that of all other reviews with its interval."""
    parts = scored.by_slice(scored.own_parts())
    missing = [each.name for each in all_slices() if each.name not in set(parts["slice"])]
    for name in missing:
        st.caption(f"No reviews in this split: {escape_markdown(name)}")
    if len(parts):
        table = columns.in_percent(parts, ["accuracy"])[["slice", "n", "accuracy", "errors"]]
        table["difference"] = [
            f"{signed(100 * gap, 1)} ({signed(100 * low, 1)} to {signed(100 * high, 1)})"
            for gap, low, high in parts[["difference", "difference_low", "difference_high"]].to_numpy().tolist()
        ]
        st.dataframe(
            table,
            hide_index=True,
            height="content",
            alt="Your slices compared with all other reviews",
            column_config={
                "slice": "Slice",
                "n": st.column_config.NumberColumn("Reviews", format="localized"),
                "accuracy": columns.share("Accuracy"),
                "errors": st.column_config.NumberColumn("Errors", format="localized"),
                "difference": st.column_config.TextColumn(
                    "Vs. the rest, points (95% CI)", help="Accuracy minus that of all other reviews (Newcombe)."
                ),
            },
        )
    with st.container(horizontal=True):
        chart_block.show_csv_button(parts, "your_slices")
        st.button("Remove all", icon=":material/delete:", type="tertiary", on_click=_remove_all)


def _remove_all() -> None:
    st.session_state[_KEY] = []
