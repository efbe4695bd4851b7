"""The pages of the app, in the order of the navigation.

To add a page, create a package ``sentiment/app/NAME/`` whose module ``page`` has a function ``page()`` that draws it,
then add an ``Entry`` with that name to ``ENTRIES``. The first entry is the home page; every other one has the address
``/NAME``, with hyphens for underscores. Other spellings, and the entry's ``aliases``, redirect to it.
"""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module
from pathlib import Path
from typing import Any, NamedTuple

import streamlit as st

import sentiment

NAME = "Sentiment"
ICON = str(Path(__file__).with_name("icon.svg"))
LOGO = str(Path(__file__).with_name("logo.svg"))


class Entry(NamedTuple):
    """A page in the navigation; the package ``module`` has the module ``page`` with the function ``page``."""

    module: str
    title: str
    icon: str
    caption: str
    aliases: tuple[str, ...] = ()


ENTRIES = (
    Entry(
        "review",
        "Analyse a review",
        ":material/rate_review:",
        "Classify one review and see which words drove the prediction.",
        ("analyse", "analyze"),
    ),
    Entry("bulk", "Score a file", ":material/upload_file:", "Score a whole file of reviews.", ("batch", "score")),
    Entry("training", "Training", ":material/show_chart:", "Training curves for each run, including runs in progress."),
    Entry("evaluation", "Evaluation", ":material/fact_check:", "Test metrics, errors and calibration."),
    Entry(
        "dataset",
        "Dataset",
        ":material/database:",
        "Training and test data: class balance, lengths, vocabulary.",
        ("data",),
    ),
    Entry("model_card", "Model card", ":material/badge:", "Intended use, limitations, training details, licence."),
)


def pages() -> list[Any]:
    """Returns the pages for ``st.navigation``. Each module is imported when its page is first opened."""
    return [*map(_build_page, ENTRIES), *(_build_alias(entry, path) for entry in ENTRIES for path in _aliases(entry))]


def about() -> str:
    """Returns the text of the menu's About entry, without links, because nothing may lead away from this server."""
    return (
        f"**{NAME}** {sentiment.__version__}: an LSTM that classifies movie reviews as positive or negative.\n\n"
        "Your text is sent only to this server."
    )


def show_title(module: str, caption: str | None = None) -> None:
    """Shows the title of a page as in the navigation, and a one-line caption, by default that of the navigation."""
    entry = _entry(module)
    st.title(entry.title)
    st.caption(caption or entry.caption)


def show_link(module: str, label: str | None = None) -> None:
    """Shows a link to another page, by default with its title; the session is kept."""
    entry = _entry(module)
    st.page_link(_build_page(entry), label=label or entry.title, icon=entry.icon)


def open_page(module: str) -> None:
    """Opens another page.

    The empty ``query_params`` are needed: without them Streamlit does not leave a page whose widgets are bound to query
    parameters. The chosen model returns to the address by itself.
    """
    st.switch_page(_build_page(_entry(module)), query_params={})


def redirect_alias(page: Any) -> None:
    """Redirects from an alias to the page itself. Call it before any widget is drawn."""
    for entry in ENTRIES:
        if page.url_path in _aliases(entry):
            drawn_before = len(st.session_state) > 0  # query parameters then return by themselves, as in ``open_page``
            st.switch_page(_build_page(entry), query_params={} if drawn_before else st.query_params.to_dict())


def _entry(module: str) -> Entry:
    return next(entry for entry in ENTRIES if entry.module == module)


def _build_page(entry: Entry) -> Any:
    return st.Page(
        _page_function(entry.module),
        title=entry.title,
        icon=entry.icon,
        url_path=_url_path(entry),
        default=entry is ENTRIES[0],
        help=entry.caption,
    )


def _aliases(entry: Entry) -> set[str]:
    """Returns other addresses that people type for a page: its names in other spellings."""
    names = (entry.title, entry.module.replace("_", " "), *entry.aliases)
    spellings = {join.join(name.lower().split()) for name in names for join in ("-", "_", "")}
    return {*spellings, *map(str.title, spellings), *map(str.capitalize, spellings)} - {_url_path(entry)}


def _build_alias(entry: Entry, path: str) -> Any:
    """Builds a hidden page, from which ``redirect_alias`` redirects."""
    return st.Page(_page_function(entry.module), title=entry.title, url_path=path, visibility="hidden")


def _url_path(entry: Entry) -> str:
    return "" if entry is ENTRIES[0] else entry.module.replace("_", "-")


def _page_function(module: str) -> Callable[[], None]:
    return lambda: import_module(f"sentiment.app.{module}.page").page()
