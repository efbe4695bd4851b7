"""Prevents conflicts between the answer keys and the element that has the keyboard focus.

Streamlit's shortcuts listen to every key on the page. The arrow keys also move between tabs and between the words of a
coloured text, and the space bar presses a button. A key that the focused element handles is not an answer.
"""

from __future__ import annotations

import streamlit as st

_SCRIPT = """
const withhold = (event) => {
  const target = event.composedPath()[0]
  const pressed = event.key === " " && target.matches("button, a, input, [role]") && target.matches(":focus-visible")
  if (event.defaultPrevented || pressed) event.stopPropagation() // the shortcuts listen on the document
}

export default function () {
  document.activeElement?.closest("[role=tab]:not(:focus-visible)")?.blur() // the tab just clicked
  document.body.addEventListener("keydown", withhold)
  return () => document.body.removeEventListener("keydown", withhold)
}
"""
_COMPONENT = st.components.v2.component("sentiment_answer_keys", js=_SCRIPT)


def ignore_keys_of_focused_element() -> None:
    """Keeps the shortcuts from acting on a key that the focused element handles."""
    _COMPONENT(key="answer_keys")
