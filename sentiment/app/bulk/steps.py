"""The steps of scoring a file, with the current one marked."""

from __future__ import annotations

from typing import Literal

import streamlit as st

Step = Literal["Upload", "Columns", "Results"]

_STEPS: tuple[Step, ...] = ("Upload", "Columns", "Results")


def show(current: Step) -> None:
    """Shows every step in one line; those done have a tick, and the current one is blue."""
    at = _STEPS.index(current)
    marks = [":material/check:" if number < at else str(number + 1) for number in range(len(_STEPS))]
    badges = [
        f":{'blue' if step == current else 'gray'}-badge[{mark} {step}]"
        for mark, step in zip(marks, _STEPS, strict=True)
    ]
    st.markdown(" ".join(badges), width="content")
