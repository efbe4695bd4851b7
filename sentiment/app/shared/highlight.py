"""The review's text, coloured by contribution: an inline component that only ever sets text content.

Every character is shown, including line breaks, and never as HTML. Colour, underline style and underline thickness
encode sign and size. The pointer or the arrow keys show the value of a part.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import streamlit as st

Span = tuple[int, int, float, bool]  # start, end (exclusive), contribution, whether it is unknown

_HERE = Path(__file__).parent
_COMPONENT = st.components.v2.component(
    "sentiment_highlight",
    html=(_HERE / "highlight.html").read_text(encoding="utf-8"),
    css=(_HERE / "highlight.css").read_text(encoding="utf-8"),
    js=(_HERE / "highlight.js").read_text(encoding="utf-8"),
)
_LEGEND = (
    "Blue over a solid line pushes towards positive, orange over a dotted line towards negative; "
    "the stronger, the deeper and thicker. Grey italics are words the model does not know."
)


def highlight(
    text: str,
    spans: Sequence[Span],
    *,
    key: str,
    rest_note: str = "",
    scale: float | None = None,
    curve: dict[str, Any] | None = None,
    pick: bool = False,
    legend: bool = True,
) -> int | None:
    """Shows ``text`` with its ``spans`` marked.

    Args:
        text: the review, shown literally.
        spans: the marked parts, in order and without overlap. With a ``rest_note``, the text after the last one is
            shown as unread.
        key: widget key.
        rest_note: why the rest was not read; empty if all was read.
        scale: the contribution with the deepest colour; by default that of the strongest span.
        curve: a line below the text: ``points`` (a span's index, a probability, and that in words), ``title``,
            ``description``.
        pick: whether a click, or Enter, picks a span.
        legend: whether to show the scale; not needed beside a text with the same scale.

    Returns:
        The index of the span that was just picked, or None.
    """
    read = spans[-1][1] if spans and rest_note else len(text)
    result = _COMPONENT(
        key=key,
        on_picked_change=lambda: None,
        data={
            "parts": list(_parts(text[:read], spans)),
            "rest": text[read:],
            "rest_note": rest_note,
            "scale": strongest(spans) if scale is None else scale,
            "label": "The review, marked by contribution. Arrow keys move from part to part."
            + (" Enter drops one." if pick else ""),
            "legend": _LEGEND if legend else "",
            "curve": curve,
            "pick": pick,
        },
    )
    return int(result.picked) if result.picked is not None else None


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
