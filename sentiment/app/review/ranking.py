"""The parts of a review that push its score most, in a list for each side, as an inline component.

A component of its own, because Streamlit's data frame takes longer to load than the rest of the page.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import streamlit as st

from sentiment.explain.grouping import Group
from sentiment.formatting import signed

_HERE = Path(__file__).parent
_COMPONENT = st.components.v2.component(
    "sentiment_ranking",
    html='<div class="sides"></div>',
    css=(_HERE / "ranking.css").read_text(encoding="utf-8"),
    js=(_HERE / "ranking.js").read_text(encoding="utf-8"),
)


def show(text: str, groups: Sequence[Group], level: str) -> None:
    """Shows the groups of each side, the strongest first, with bars on one scale.

    Args:
        text: the review.
        groups: its parts with their contributions.
        level: what a part is, such as "word".
    """
    if not any(each.value for each in groups):
        st.caption("Nothing in this text moves the score.")
        return
    sides = [_side(text, groups, name, sign) for name, sign in (("positive", 1), ("negative", -1))]
    scale = max(abs(each.value) for each in groups)
    _COMPONENT(key="ranking", data={"sides": sides, "scale": scale, "part": level.capitalize()})


def _side(text: str, groups: Sequence[Group], name: str, sign: int) -> dict[str, Any]:
    ranked = sorted((each for each in groups if sign * each.value > 0), key=lambda each: -abs(each.value))
    rows = [[text[each.start : each.end], abs(each.value), signed(each.value)] for each in ranked]
    return {"name": name, "title": f"Most {name}", "rows": rows}
