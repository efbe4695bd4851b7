"""Fills figures into documents, between markers, from the runs' folders.

``<!-- figures:NAME RUN -->...<!-- /figures -->`` holds the figure ``NAME`` of a run, by default of the default run.
"""

from __future__ import annotations

import re
from pathlib import Path

from dev.documents.figures import FIGURES
from sentiment.artifacts import ArtifactError, default_run, open_run
from sentiment.errors import SentimentError

_FIGURE = re.compile(r"(<!-- figures:(\S+)(?: (\S+))? -->)(.*?)(<!-- /figures -->)", re.DOTALL)
_MARKER = re.compile(r"<!--\s*/?figures")


class FigureError(SentimentError):
    """Raised if the figures of a document cannot be written; the message is one sentence for its author."""


def fill(document: str, root: Path) -> str:
    """Returns the document with every figure updated from the runs under ``root``.

    Raises:
        FigureError: a marker is unpaired or names an unknown figure, or the run lacks the figure.
    """

    def replace(match: re.Match[str]) -> str:
        opening, name, run, _, closing = match.groups()
        if name not in FIGURES:
            raise FigureError(f"There is no figure called {name}; use one of {', '.join(FIGURES)}.")
        try:
            return opening + FIGURES[name](open_run(root / run if run else default_run(root))) + closing
        except ArtifactError as error:
            raise FigureError(f"The figure {name} cannot be written: {error}") from error

    if _MARKER.search(_FIGURE.sub("", document)):
        raise FigureError("A figures marker is unpaired; write both <!-- figures:NAME --> and <!-- /figures -->.")
    return _FIGURE.sub(replace, document)
