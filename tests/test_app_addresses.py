"""Addresses: other spellings lead to their page, only this machine reaches the app, and no name becomes a link."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import pytest

from sentiment.app.shared import navigation
from sentiment.app.shared.uploads import escape_markdown

HOME = Path(__file__).resolve().parent.parent
LINK = re.compile(  # as Streamlit's frontend finds links in Markdown
    r"(https?://|www(?=\.))([-.\w]+)|([-.\w+]+)@([-\w]+(?:\.[-\w]+)+)", re.IGNORECASE
)


def test_other_spellings_of_an_address_lead_to_the_page():
    known = {path: entry.module for entry in navigation.ENTRIES for path in navigation._aliases(entry)}
    for entry in navigation.ENTRIES[1:]:
        assert known[entry.module.title().replace("_", "-")] == entry.module
    for path in ("review", "Review", "analyse", "Analyse", "analyze", "analyse-a-review"):
        assert known[path] == "review"
    for path in ("batch", "Batch", "score-a-file", "Score-a-file", "score_a_file"):
        assert known[path] == "bulk"
    for path in ("model_card", "modelcard", "Model-card", "Model_Card", "Model-Card"):
        assert known[path] == "model_card"
    assert not known.keys() & {navigation._url_path(entry) for entry in navigation.ENTRIES}


def test_by_default_only_this_machine_reaches_the_app_and_errors_link_to_no_other_site():
    settings = tomllib.loads((HOME / ".streamlit/config.toml").read_text(encoding="utf-8"))
    assert settings["server"]["address"] == "127.0.0.1"
    assert settings["client"]["showErrorLinks"] is False
    assert settings["client"]["allowedOrigins"] == []


@pytest.mark.parametrize(
    "name",
    ["www.evil.example.csv", "WWW.evil.example", "user@evil.example", "https://evil.example/a", "HTTP://evil.example"],
)
def test_an_address_in_a_name_is_not_a_link(name):
    shown = re.sub(r"\\(.)", r"\1", escape_markdown(f"a {name} b"))
    assert LINK.search(f"a {name} b")
    assert not LINK.search(shown)
    assert shown.replace("\u2060", "") == f"a {name} b"
