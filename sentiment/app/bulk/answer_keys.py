"""Keeps the keys that answer from being taken by, or taken from, what has the keyboard's focus.

Streamlit's shortcuts listen to every key on the page. The arrow keys also move between tabs and between the words of a
coloured text, and the space bar presses a button. A key that such a part has used, or would use, is not an answer.
"""

from __future__ import annotations

import streamlit as st

_SCRIPT = """
const keep = (event) => {
  const target = event.composedPath()[0]
  const pressed = event.key === " " && target.matches("button, a, input, [role]") && target.matches(":focus-visible")
  if (event.defaultPrevented || pressed) event.stopPropagation() // on its way to the document, where shortcuts listen
}

export default function () {
  document.activeElement?.closest("[role=tab]:not(:focus-visible)")?.blur() // clicked on to come here
  document.body.addEventListener("keydown", keep)
  return () => document.body.removeEventListener("keydown", keep)
}
"""
_COMPONENT = st.components.v2.component("sentiment_answer_keys", js=_SCRIPT)


def keep_from_other_parts() -> None:
    """Leaves a key to the part of the page that has the focus, where that part uses it."""
    _COMPONENT(key="answer_keys")
