"""The editor: a text box that colours words by contribution as the user types.

An inline component: a text area over a layer with the coloured words. Every character is shown as text, never as HTML.
Spans are offsets into the analysed text; while the box holds any other text, their colours are faded. If the component
does not load, the page offers a plain text box with a button.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import streamlit as st

from sentiment import budget
from sentiment.app.shared import analyses
from sentiment.app.shared.buttons import primary_label
from sentiment.app.shared.highlight import WORDS_CSS, WORDS_JS, Span, legend_text, strongest

_KEY = "editor"  # key of the component, and the query parameter that selects the plain text box
_BUTTON = "analyse"  # key of the plain box's button
_HERE = Path(__file__).parent
_COMPONENT = st.components.v2.component(
    "sentiment_editor",
    html=(_HERE / "editor.html").read_text(encoding="utf-8"),
    css=WORDS_CSS + (_HERE / "editor.css").read_text(encoding="utf-8"),
    js=WORDS_JS + (_HERE / "editor.js").read_text(encoding="utf-8"),
)
_LABEL = "Your review"
_PLACEHOLDER = "Paste or type a movie review in English"
_LIVE_WORDS = 2_000  # a longer text is analysed only on request
_LIVE_CHARACTERS = 15_000
_HELP = "Review with word contributions. Use arrow keys to move between words"


def show(
    text: str,
    spans: Sequence[Span] = (),
    *,
    rest_note: str = "",
    curve: dict[str, Any] | None = None,
    marks: Mapping[int, str] | None = None,
    on_pick: Callable[[int], None] | None = None,
    on_edit: Callable[[], None] | None = None,
) -> None:
    """Shows the session's text in the editor, with the parts of the analysed text marked.

    Args:
        text: the analysed text.
        spans: its marked parts, in order and without overlap.
        rest_note: why the text after the last span was not read; empty if all was read.
        curve: a line chart below the text: ``points`` as (index of a span, probability, probability in words),
            ``title``, ``description``.
        marks: the replacement of each changed span, by its index; empty if the span is removed.
        on_pick: called with the index of a clicked span; if given, the text is read-only.
        on_edit: called when the user leaves that mode to edit the text.
    """
    if st.query_params.get(_KEY) == "plain":
        _plain()
        return
    offsets = browser_offsets(text)
    _COMPONENT(
        key=_KEY,
        on_typed_change=_typed,
        on_picked_change=partial(_picked, on_pick),
        on_edit_change=on_edit or _ignore,
        data={
            "text": analyses.normalise_line_ends(st.session_state[analyses.TEXT]),
            "revision": analyses.revision(),
            "analysed": analyses.normalise_line_ends(text),
            "spans": [
                (int(offsets[start]), int(offsets[end]), round(value, 4), unknown)
                for start, end, value, unknown in spans
            ],
            "scale": strongest(spans),
            "rest": bool(rest_note) or None,
            "rest_note": rest_note,
            "curve": curve,
            "pick": on_pick is not None,
            "pick_note": "Click a word to remove it; click it again to restore it.",
            "marks": dict(marks or {}),
            "label": _LABEL,
            "help": _HELP + (", Enter to remove one." if on_pick else "."),
            "placeholder": _PLACEHOLDER,
            "legend": legend_text(spans) if spans else "",
            "live_words": _LIVE_WORDS,
            "live_characters": _LIVE_CHARACTERS,
            "long_note": "This text is long. Press Analyse for its verdict.",
            "most": budget.TEXT_CHARACTERS,
            "too_long": analyses.TOO_LONG,
        },
    )


def is_drawn() -> bool:
    """Returns whether the editor was on the page in the previous run."""
    return _KEY in st.session_state or _BUTTON in st.session_state


def _ignore() -> None:
    """Ignores an event."""


def _typed() -> None:
    """Stores a text sent by the browser, which is untrusted."""
    match st.session_state[_KEY].typed:
        case {"text": str(text), "how": how}:
            text = text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")  # as toWellFormed in editor.js
        case _:
            return
    if how == "store" or len(text) > budget.TEXT_CHARACTERS:
        st.session_state[analyses.TEXT] = text
    else:
        analyses.type_text(text, finished=how == "submit")


def _picked(on_pick: Callable[[int], None] | None) -> None:
    """Passes on the index of the clicked span."""
    picked = st.session_state[_KEY].picked
    if on_pick and isinstance(picked, int):
        on_pick(picked)


def _plain() -> None:
    """Shows a text area and a button, not as a form, which would drop unsubmitted text on any other rerun."""
    st.text_area(_LABEL, key=analyses.TEXT, height=200, persist_state="session", placeholder=_PLACEHOLDER)
    st.button(primary_label("Analyse"), key=_BUTTON, type="primary", shortcut="Mod+Enter", on_click=_submit)


def _submit() -> None:
    analyses.show(st.session_state[analyses.TEXT])


def browser_offsets(text: str) -> npt.NDArray[np.intp]:
    """Returns the offset of each character, and of the end, as a browser counts them, <intp>[characters + 1].

    JavaScript counts UTF-16 code units, two for a character beyond U+FFFF. A text area turns CR LF into LF.
    """
    points = np.frombuffer(text.encode("utf-32-le", "surrogatepass"), np.uint32)
    units = 1 + (points > 0xFFFF).astype(np.intp)
    units[:-1] -= (points[:-1] == ord("\r")) & (points[1:] == ord("\n"))
    return np.concatenate([[0], np.cumsum(units)])
