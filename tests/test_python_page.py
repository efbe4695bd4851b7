"""The snippets of docs/python.md run unchanged, one after the other, and give the values after their arrows."""

from __future__ import annotations

import ast
import re
from importlib.util import find_spec
from typing import Any

import pytest

from sentiment.artifacts import ROOT

PAGE = (ROOT.parent / "docs" / "python.md").read_text(encoding="utf-8")
SNIPPETS = re.findall(r"^```python\n(.*?)^```", PAGE, re.DOTALL | re.MULTILINE)
NEEDS = re.compile(r"# needs: (\w+)")


@pytest.fixture(scope="module")
def names() -> dict[str, Any]:
    """The names that earlier snippets have defined."""
    return {}


def run(code: str, names: dict[str, Any]) -> list[str]:
    """Runs a snippet; returns a message for each expression whose value is not the one after its arrow."""
    wrong, lines = [], code.splitlines()

    def compare(expression: ast.Expr) -> ast.Expr:
        line = lines[expression.end_lineno - 1]
        if " # -> " not in line:
            return expression
        arguments = [ast.Constant(line), expression.value]
        call = ast.Call(ast.Name("_compare", ast.Load()), arguments, [])
        return ast.fix_missing_locations(ast.copy_location(ast.Expr(call), expression))

    class Compare(ast.NodeTransformer):
        def visit_Expr(self, node: ast.Expr) -> ast.Expr:
            return compare(node)

    def check(line: str, value: object) -> None:
        expected = line.rpartition(" # -> ")[2]
        if repr(value) != expected:
            wrong.append(f"{value!r} instead of {expected}")

    names["_compare"] = check
    exec(compile(Compare().visit(ast.parse(code)), "docs/python.md", "exec"), names)
    return wrong


@pytest.mark.parametrize("number", range(len(SNIPPETS)))
def test_a_snippet_gives_the_values_after_its_arrows(number: int, names: dict[str, Any]) -> None:
    for code in SNIPPETS[:number] if not names else []:  # if this test is run alone
        if not NEEDS.search(code):
            run(code, names)
    if (needed := NEEDS.search(SNIPPETS[number])) and find_spec(needed[1]) is None:
        pytest.skip(f"{needed[1]} is not installed")
    assert run(SNIPPETS[number], names) == []


def test_a_wrong_value_after_an_arrow_is_reported() -> None:
    assert run("1 + 1  # -> 3\nif True:\n    'a'  # -> 'a'", {}) == ["2 instead of 3"]


def test_all_snippets_but_at_most_one_have_an_arrow() -> None:
    assert sum(" # -> " in code for code in SNIPPETS) >= len(SNIPPETS) - 1 > 5
