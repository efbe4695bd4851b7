"""The review's own text, coloured by what each part added to the score: an inline component that sets text content.

Every character is shown, line breaks included, and never as HTML. Colour, underline style and underline thickness say
side and size; pointer and arrow keys tell the number of a part.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import streamlit as st

Span = tuple[int, int, float, bool]  # [start, end) in the text, its contribution, whether it is an unknown word

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
        text: the review, shown as it is.
        spans: what is marked, in order and without overlap; what stands after the last one counts as unread where
            ``rest_note`` is given.
        key: names the element on its page.
        rest_note: says why the rest was not read; empty when everything was.
        scale: the contribution of the deepest colour; that of the strongest span if None.
        curve: a line beneath the text: ``points`` (a span's index, a probability, and that in words), ``title``,
            ``description``.
        pick: whether a click, or Enter, picks a span.
        legend: whether the scale is shown; not where one nearby holds for this text too.

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
    """The size of the largest contribution, 0 where there is none."""
    return max((abs(value) for _, _, value, _ in spans), default=0.0)


def _parts(text: str, spans: Iterable[Span]) -> Iterable[tuple[str, float | None, bool]]:
    """The text cut into marked parts and the gaps between them, which together are the text again."""
    done = 0
    for start, end, value, unknown in spans:
        if start > done:
            yield text[done:start], None, False
        yield text[start:end], value, unknown
        done = end
    if done < len(text):
        yield text[done:], None, False
