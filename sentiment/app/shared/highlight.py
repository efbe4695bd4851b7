"""The review's text, coloured by contribution. The component sets text content only, never HTML.

Every character is shown, including line breaks. Colour, underline style and underline thickness encode sign and size.
The pointer or the arrow keys show the value of a part.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path

import streamlit as st

Span = tuple[int, int, float, bool]  # start, end (exclusive), contribution, whether it is unknown

_HERE = Path(__file__).parent
WORDS_CSS, WORDS_JS = ((_HERE / name).read_text(encoding="utf-8") for name in ("words.css", "words.js"))
_COMPONENT = st.components.v2.component(
    "sentiment_highlight",
    html=(_HERE / "highlight.html").read_text(encoding="utf-8"),
    css=WORDS_CSS + (_HERE / "highlight.css").read_text(encoding="utf-8"),
    js=WORDS_JS + (_HERE / "highlight.js").read_text(encoding="utf-8"),
)


def highlight(
    text: str,
    spans: Sequence[Span],
    *,
    key: str,
    rest_note: str = "",
    scale: float | None = None,
    legend: bool = True,
) -> None:
    """Shows ``text`` with its ``spans`` marked.

    Args:
        text: the review, shown literally.
        spans: the marked parts, in order and without overlap. With a ``rest_note``, the text after the last one is
            shown as unread.
        key: widget key.
        rest_note: why the rest was not read; empty if all was read.
        scale: the contribution with the deepest colour; by default the largest absolute one.
        legend: whether to show the scale; not needed next to a text with the same scale.
    """
    read = spans[-1][1] if spans and rest_note else len(text)
    _COMPONENT(
        key=key,
        data={
            "parts": list(_parts(text[:read], spans)),
            "rest": text[read:],
            "rest_note": rest_note,
            "scale": strongest(spans) if scale is None else scale,
            "label": "Review with word contributions. Use arrow keys to move between words.",
            "legend": legend_text(spans) if legend else "",
        },
    )


def legend_text(spans: Iterable[Span]) -> str:
    """Returns the meaning of the colours; grey only if a word is unknown."""
    unknown = ", grey = unknown word" if any(unknown for *_, unknown in spans) else ""
    return f"Blue = positive, orange = negative{unknown}"


def strongest(spans: Iterable[Span]) -> float:
    """Returns the largest absolute contribution, 0 without spans."""
    return max((abs(value) for _, _, value, _ in spans), default=0.0)


def _parts(text: str, spans: Iterable[Span]) -> Iterable[tuple[str, float | None, bool]]:
    """Splits the text into marked parts and the gaps between them; joined, they are the text again."""
    done = 0
    for start, end, value, unknown in spans:
        if start > done:
            yield text[done:start], None, False
        yield text[start:end], value, unknown
        done = end
    if done < len(text):
        yield text[done:], None, False
