"""Builds the documents as a site: ``make docs``. A broken link is an error."""

import re

from sphinx.application import Sphinx

project = "Sentiment"
author = "the maintainers of Sentiment"
extensions = ["myst_parser"]
exclude_patterns = ["tutorial.ipynb"]  # linked as a file
html_theme = "furo"
html_title = "Sentiment"
html_favicon = "../sentiment/app/shared/icon.svg"
html_copy_source = False
html_show_copyright = False
myst_heading_anchors = 3

_OUTSIDE = re.compile(r"\[([^\]]+)\]\(\.\./([^\s)]*/?[\w-]+(?:\.md)?)(?:#[\w-]+)?\)")


def _name_outside_pages(_app: Sphinx, _page: str, source: list[str]) -> None:
    """Writes links to pages and folders outside ``docs``, which the site does not hold, as plain paths."""
    source[0] = _OUTSIDE.sub(lambda link: link[1] if link[2] in link[1] else f"{link[1]} (`{link[2]}`)", source[0])


def setup(app: Sphinx) -> None:
    """Registers the hook; Sphinx calls it."""
    app.connect("source-read", _name_outside_pages)
