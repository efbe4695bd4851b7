"""The order of the house: imports point down only, and heavy libraries stay where they belong."""

from __future__ import annotations

import ast
import json
import subprocess
import sys
from collections.abc import Iterator
from functools import cache
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import pytest

HOME = Path(__file__).resolve().parent.parent
PACKAGE = HOME / "sentiment"
FILES = sorted(PACKAGE.rglob("*.py"))

# From the ground up, as drawn in sentiment/__init__.py; a part may lean on those before it and on its own level.
LEVELS = (
    {"records"},
    {"tokenizer", "vocabulary"},
    {"preprocessor", "sessions", "single_review", "attribution", "artifacts", "weights", "verdict"},
    {"classifier", "dataset", "metrics"},
    {"bulk", "evaluation", "behaviour", "training"},
    {"app"},
)
# The one import that points up: inside the method by which a notebook shows an Explanation, so not on importing.
DEFERRED = ("records", "explaining")
HOMES = {"tensorflow": "training", "keras": "training", "gensim": "training", "streamlit": "app"}


@cache
def parsed(path: Path) -> ast.Module:
    """The syntax tree of a file; several tests look at each."""
    return ast.parse(path.read_text(encoding="utf-8"))


def imported(tree: ast.AST) -> Iterator[str]:
    """The dotted names of everything a module imports, wherever in it; ``from a import b`` gives "a.b"."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (name.name for name in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, "a relative import"
            yield from (f"{node.module}.{name.name}" for name in node.names)


def part_of(path: Path) -> str:
    """The part of the house a file belongs to: its module or subpackage directly under ``sentiment``."""
    return path.relative_to(PACKAGE).parts[0].removesuffix(".py")


def graph() -> dict[str, set[str]]:
    """Which part imports which. The package's own ``__init__`` opens the front door and is none of them."""
    found: dict[str, set[str]] = {}
    for path in FILES:
        names = {name.split(".")[1] for name in imported(parsed(path)) if name.startswith("sentiment.")}
        found.setdefault(part_of(path), set()).update(names - {part_of(path)})
    del found["__init__"]
    found[DEFERRED[0]].remove(DEFERRED[1])
    return found


def reached(start: str, edges: dict[str, set[str]]) -> set[str]:
    seen: set[str] = set()
    waiting = [start]
    while waiting:
        new = edges.get(waiting.pop(), set()) - seen
        seen |= new
        waiting.extend(new)
    return seen


def test_no_two_parts_lean_on_each_other() -> None:
    try:
        TopologicalSorter(graph()).prepare()
    except CycleError as error:
        pytest.fail(" -> ".join(reversed(error.args[1])))


def test_every_part_stands_on_a_level_below_those_that_lean_on_it() -> None:
    edges = graph()
    level = {part: number for number, parts in enumerate(LEVELS) for part in parts}
    assert level.keys() <= edges.keys()
    up = [
        f"{part} -> {other}" for part in level for other in reached(part, edges) if level.get(other, -1) > level[part]
    ]
    assert up == []


def test_the_import_that_points_up_waits_until_it_is_needed() -> None:
    part, other = DEFERRED
    tree = parsed(PACKAGE / f"{part}.py")
    at_once = {name for node in tree.body if isinstance(node, ast.Import | ast.ImportFrom) for name in imported(node)}
    assert not any(name.startswith(f"sentiment.{other}") for name in at_once)


@pytest.mark.parametrize("library", HOMES)
def test_a_heavy_library_is_imported_by_its_own_part_alone(library: str) -> None:
    users = {part_of(path) for path in FILES for name in imported(parsed(path)) if name.split(".")[0] == library}
    assert users == {HOMES[library]}
    scripts = [
        p.name for p in (HOME / "scripts").glob("*.py") if library in {n.split(".")[0] for n in imported(parsed(p))}
    ]
    assert scripts == []


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(PACKAGE)))
def test_importing_a_module_only_defines_names(path: Path) -> None:
    body = parsed(path).body
    doing = (ast.For, ast.While, ast.With, ast.Raise, ast.Assert, ast.Delete)
    acts = [node.lineno for node in body if isinstance(node, doing)]
    acts += [node.lineno for node in body if isinstance(node, ast.Expr) and not isinstance(node.value, ast.Constant)]
    assert acts == []


@pytest.mark.process
@pytest.mark.parametrize(
    ("module", "unwanted"),
    [
        ("sentiment", {"numpy", "onnxruntime", "pandas", "streamlit", "tensorflow", "keras"}),
        ("sentiment.classifier", {"pandas", "pyarrow", "streamlit", "tensorflow", "keras", "gensim", "altair"}),
        ("sentiment.metrics", {"pandas", "onnxruntime", "onnx", "streamlit", "tensorflow"}),
        ("sentiment.evaluation", {"streamlit", "tensorflow", "keras", "gensim"}),
        ("sentiment.training.label_errors", {"streamlit", "tensorflow", "keras", "gensim"}),
        ("sentiment.training.counterfactuals", {"streamlit", "tensorflow", "keras", "gensim"}),
    ],
)
def test_importing_a_part_loads_no_library_it_does_not_need(module: str, unwanted: set[str]) -> None:
    code = f"import json, sys, {module}; print(json.dumps(sorted(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=HOME)
    loaded = set(json.loads(done.stdout))
    assert module in loaded
    assert loaded & unwanted == set()


@pytest.mark.process
@pytest.mark.training
def test_importing_training_registers_the_layers_of_model_keras_though_keras_is_imported_later() -> None:
    pytest.importorskip("tensorflow")
    code = "import sentiment.training, keras; print(keras.saving.get_registered_object('sentiment>Pooling'))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=HOME)
    assert done.stdout.strip() == "<class 'sentiment.training.layers.Pooling'>"
