"""Runs docs/tutorial.ipynb from start to end and saves its outputs.

Jupyter is not needed: a cell is run as Jupyter would run it, and its output is saved in the same form.
"""

from __future__ import annotations

import ast
import contextlib
import io
import json
import sys
from typing import Any

from dev import command_line
from sentiment.paths import HOME

NOTEBOOK = HOME / "docs" / "tutorial.ipynb"


def main() -> int:
    """Runs the notebook; returns the exit status."""
    command_line.parser(__doc__).parse_args()
    notebook = json.loads(NOTEBOOK.read_text(encoding="utf-8"))
    run(notebook)
    NOTEBOOK.write_text(json.dumps(notebook, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    print(f"{NOTEBOOK} written.", file=sys.stderr)
    return 0


def run(notebook: dict[str, Any]) -> dict[str, Any]:
    """Runs the code cells in order, puts their outputs into the notebook, and returns the names they have defined."""
    names: dict[str, Any] = {"__name__": "__main__"}
    cells = [cell for cell in notebook["cells"] if cell["cell_type"] == "code"]
    for number, cell in enumerate(cells, start=1):
        printed = io.StringIO()
        with contextlib.redirect_stdout(printed):
            value = _run(ast.parse("".join(cell["source"])), names)
        cell["execution_count"], cell["outputs"] = number, []
        if text := printed.getvalue():
            lines = text.splitlines(keepends=True)
            cell["outputs"].append({"output_type": "stream", "name": "stdout", "text": lines})
        if value is not None:
            result = {"output_type": "execute_result", "execution_count": number, "metadata": {}}
            cell["outputs"].append({**result, "data": _shown(value)})
    return names


def _run(tree: ast.Module, names: dict[str, Any]) -> object:
    """Runs a cell and returns the value of its last line if that is an expression."""
    names["_"], last = None, tree.body[-1]
    if isinstance(last, ast.Expr):
        tree.body[-1] = ast.Assign([ast.Name("_", ast.Store())], last.value)
    exec(compile(ast.fix_missing_locations(tree), "<cell>", "exec"), names)  # noqa: S102 - the repository's own notebook
    return names["_"]


def _shown(value: Any) -> dict[str, Any]:
    """Returns the forms in which a notebook shows a value."""
    if hasattr(value, "to_dict") and hasattr(value, "mark_line"):  # a chart of Altair
        return {"application/vnd.vegalite.v6+json": value.to_dict(), "text/plain": ["a chart"]}
    found = {"text/plain": repr(value).splitlines(keepends=True)}
    if hasattr(value, "_repr_html_"):
        found["text/html"] = value._repr_html_().splitlines(keepends=True)
    return found


if __name__ == "__main__":
    command_line.run(main)
