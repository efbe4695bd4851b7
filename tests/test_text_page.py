"""The table of docs/text.md shows what its snippet returns."""

from __future__ import annotations

import re
from typing import Any

import pytest

from sentiment.artifacts import ROOT
from tests.test_python_page import run

PAGE = (ROOT.parent / "docs" / "text.md").read_text(encoding="utf-8")
ROWS = re.findall(r"^\| `(.+?)` \| `(.+?)` \| ", PAGE, re.MULTILINE)


@pytest.fixture(scope="module")
def names() -> dict[str, Any]:
    """The names that the snippet defines."""
    [code] = re.findall(r"^```python\n(.*?)^```", PAGE, re.DOTALL | re.MULTILINE)
    names: dict[str, Any] = {}
    assert run(code, names) == []
    return names


@pytest.mark.parametrize(("written", "read"), ROWS)
def test_a_text_is_read_as_the_table_shows(written: str, read: str, names: dict[str, Any]) -> None:
    assert names["read"](written) == read.replace("\\|", "|")


def test_the_table_has_rows() -> None:
    assert len(ROWS) >= 15
