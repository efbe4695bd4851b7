"""Labels of primary buttons."""

from __future__ import annotations


def primary_label(label: str, icon: str = "", *, disabled: bool = False) -> str:
    """Returns the label of a primary button, readable in both themes.

    The theme's violet is the text colour for primary buttons. A disabled button has no fill, so it keeps its own.

    Args:
        label: the text.
        icon: an icon before the text, as ``:material/download:``. The button's own ``icon`` would stay white.
        disabled: whether the button is disabled.
    """
    text = f"{icon} {label}".strip()
    return text if disabled else f":violet[{text}]"
