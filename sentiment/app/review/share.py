"""The popover "Share": a link, Python code, shell commands for script and API, and downloads."""

from __future__ import annotations

import json
import shlex
from collections.abc import Callable
from typing import NamedTuple
from urllib.parse import urlencode

import streamlit as st

from sentiment.app.review import turns
from sentiment.app.shared import analyses, current_run
from sentiment.app.shared.analyses import Analysis
from sentiment.app.shared.examples import EXAMPLES
from sentiment.explain.html_file import to_html
from sentiment.explain.json_file import to_json
from sentiment.model.classifier import Classifier
from sentiment.types import Explanation

_SETTINGS = ("level", "along")  # query parameters that a link keeps, in addition to example and model
_MAX_INLINE = 500  # characters of a text that is written into code; a longer one is read from a file
_FILE = "review.txt"
_LONG = f"The review is too long to show here. Save it as {_FILE} first, under Downloads."


class Snippet(NamedTuple):
    """Something to copy.

    Attributes:
        title: the title of its tab.
        write: returns the snippet for an analysis.
        language: its language for syntax highlighting, None for plain text.
        hint: the caption below it.
    """

    title: str
    write: Callable[[Analysis], str]
    language: str | None
    hint: str


@st.fragment
def show(analysis: Analysis, classifier: Classifier | None) -> None:
    """Shows the popover; ``classifier`` is the model that made the analysis, None if it is not available."""
    if analysis.prediction.label is None:
        return
    popover = st.popover("Share", icon=":material/share:", key="share", on_change="rerun")
    if not popover.open:  # filled when it opens, with the current settings
        return
    with popover:
        *tabs, downloads = st.tabs([*(snippet.title for snippet in SNIPPETS), "Downloads"])
        for tab, snippet in zip(tabs, SNIPPETS, strict=True):
            with tab:
                st.code(snippet.write(analysis), language=snippet.language, wrap_lines=True)
                st.caption(snippet.hint if snippet.write is link or _fits(analysis.text) else _LONG)
        with downloads:
            _downloads(analysis, classifier)


def link(analysis: Analysis) -> str:
    """Returns a link to this page with the example, the model and the settings, never the user's own text."""
    example = next((name for name, text in EXAMPLES.items() if text == analysis.text), None)
    query = {analyses.EXAMPLE: example} if example else {}
    query |= {} if current_run.is_own(analysis.run) else {"run": analysis.run}
    query |= {name: st.query_params[name] for name in _SETTINGS if name in st.query_params}
    return f"{(st.context.url or '').rstrip('/')}/?{urlencode(query)}"


def python(analysis: Analysis) -> str:
    """Returns a Python program that gives the same prediction and explanation."""
    if _fits(analysis.text):
        imports, text = "", repr(analysis.text)
    else:
        imports, text = "from pathlib import Path\n\n", f'Path("{_FILE}").read_text(encoding="utf-8")'
    return (
        f"{imports}from sentiment import Classifier\n\n"
        f"classifier = Classifier.load({_folder(analysis)!r})\n"
        f"explanation = classifier.explain({text})\n"
        "print(explanation.prediction.label, explanation.prediction.probability)\n"
        "for token, value in zip(explanation.tokens, explanation.contributions):\n"
        '    print(f"{value:+.3f} {token.text}")'
    )


def command(analysis: Analysis) -> str:
    """Returns a shell command that gives the same prediction and explanation as JSON."""
    text = f"--text {shlex.quote(analysis.text)}"
    if not _fits(analysis.text):
        text = f'--text "$(cat {_FILE})"'
    elif analysis.text.startswith("-"):
        text = text.replace(" ", "=", 1)
    return f"python scripts/score.py {text} --artifacts {shlex.quote(_folder(analysis))} --explain"


def http(analysis: Analysis) -> str:
    """Returns a shell command that asks the API of this server for the explanation by the default model."""
    address = f"{(st.context.url or '').rstrip('/')}/api/explain"
    send = f"curl --silent {shlex.quote(address)} \\\n  --header 'Content-Type: application/json' \\\n  --data"
    if not _fits(analysis.text):
        return f"jq --raw-input --slurp '{{text: .}}' {_FILE} | {send} @-"
    return f"{send} {shlex.quote(json.dumps({'text': analysis.text}, ensure_ascii=False))}"


SNIPPETS = (
    Snippet(
        "Link", link, None, "Opens the example with this model and these settings. Your own text is never in a link."
    ),
    Snippet("Python", python, "python", "Run it in the project's folder, or where the package is installed."),
    Snippet("Command line", command, "bash", "Prints one JSON object. Run it in the project's folder."),
    Snippet("HTTP", http, "bash", "Asks the default model of this server. From another machine, it needs a token."),
)


def _fits(text: str) -> bool:
    """Returns whether a text can be written into code: it is short, and has no NUL, which a shell cannot hold."""
    return len(text) <= _MAX_INLINE and "\0" not in text


def _folder(analysis: Analysis) -> str:
    return f"{current_run.runs_folder().name}/{analysis.run}"


def _downloads(analysis: Analysis, classifier: Classifier | None) -> None:
    """Offers the explanation and the review as files, written on click."""
    if classifier is None and analysis.explanation is None:
        return

    def explained() -> Explanation:
        if analysis.explanation is None and classifier:
            with turns.in_turn(analysis):
                return analysis.get_explanation(classifier)
        assert analysis.explanation is not None
        return analysis.explanation

    name = f"sentiment-{analysis.number}-{analysis.prediction.label}"
    files = (
        ("Report (HTML)", f"{name}.html", "text/html", lambda: to_html(explained())),
        ("Analysis (JSON)", f"{name}.json", "application/json", lambda: to_json(explained())),
        ("Review (text)", _FILE, "text/plain", lambda: analysis.text.encode("utf-8", "replace")),
    )
    for label, file, mime, write in files:
        st.download_button(label, write, file, mime, icon=":material/download:", on_click="ignore", width="stretch")
    st.caption("These files contain your text. History can reopen the JSON file.")
