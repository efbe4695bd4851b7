"""The files that documents name exist."""

from __future__ import annotations

import re

import pytest

from sentiment.artifacts import ROOT

HOME = ROOT.parent
DOCUMENTS = sorted([*HOME.glob("*.md"), *HOME.glob("docs/*.md")])
LINK = re.compile(r"\]\((?!https?:)([^)#\s]+)")
NAME = re.compile(r"`((?:artifacts|deploy|dev|docs|scripts|sentiment|tests)/[\w./-]*\w)")
TOOL = re.compile(r"python -m (dev(?:\.\w+)+)")
READERS_OWN = {"artifacts/mine", "artifacts/my-PRESET"}  # where readers' own runs would go


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.name)
def test_every_file_that_a_document_names_is_in_the_repository(document):
    text = document.read_text(encoding="utf-8")
    named = {HOME / name for name in NAME.findall(text) if name not in READERS_OWN}
    named |= {HOME / f"{module.replace('.', '/')}.py" for module in TOOL.findall(text)}
    linked = {document.parent / name for name in LINK.findall(text)}
    assert [str(path) for path in named | linked if not path.exists()] == []


def test_documents_are_found():
    names = {path.name for path in DOCUMENTS}
    assert {"README.md", "model.md"} <= names
