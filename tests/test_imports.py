"""The import map: every import points down, and heavy libraries stay in their own package.

The map itself is drawn in the docstring of ``sentiment/__init__.py``; the first test reads it from there.
"""

from __future__ import annotations

import ast
import json
import re
import subprocess
import sys
from collections.abc import Iterator
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import pytest

import sentiment

HOME = Path(__file__).resolve().parent.parent
PACKAGE = HOME / "sentiment"
FILES = sorted(PACKAGE.rglob("*.py"))
ONLY_IN = {"tensorflow": "training", "keras": "training", "gensim": "training", "streamlit": "app"}
SUBPACKAGES = ("app", "bulk", "model")  # whose parts must have no import cycle


def levels() -> list[set[str]]:
    """The levels of the map, top first, as the docstring of the package draws them."""
    drawing = (sentiment.__doc__ or "").split("Imports point down only", 1)[1].split("::", 1)[1]
    lines = re.findall(r"^    (\S.*)$", drawing, flags=re.MULTILINE)
    return [set(re.split(r"\s{2,}", line, maxsplit=1)[0].split()) for line in lines]


def imported(tree: ast.AST) -> Iterator[str]:
    """The dotted names that a module imports, also inside functions; ``from a import b`` gives "a.b"."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (name.name for name in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, "a relative import"
            yield from (f"{node.module}.{name.name}" for name in node.names)


def part_of(path: Path, folder: Path = PACKAGE) -> str:
    """The module or subpackage directly under ``folder`` that a file belongs to."""
    return path.relative_to(folder).parts[0].removesuffix(".py")


def graph(folder: Path = PACKAGE) -> dict[str, set[str]]:
    """The parts of a package that each part imports, without its ``__init__``."""
    dotted = ".".join(folder.relative_to(HOME).parts) + "."
    found: dict[str, set[str]] = {}
    for path in sorted(folder.rglob("*.py")):
        names = imported(ast.parse(path.read_text()))
        parts = {name.removeprefix(dotted).split(".")[0] for name in names if name.startswith(dotted)}
        found.setdefault(part_of(path, folder), set()).update(parts - {part_of(path, folder)})
    found.pop("__init__", None)
    return found


def test_the_map_names_every_part_of_the_package_once() -> None:
    drawn = [part for level in levels() for part in level]
    assert sorted(drawn) == sorted(graph())


def test_every_import_points_down_the_map() -> None:
    level = {part: number for number, parts in enumerate(levels()) for part in parts}
    up = [f"{part} -> {other}" for part, others in graph().items() for other in others if level[other] <= level[part]]
    assert up == []


@pytest.mark.parametrize("name", SUBPACKAGES)
def test_the_parts_of_a_subpackage_import_one_another_in_no_cycle(name: str) -> None:
    try:
        TopologicalSorter(graph(PACKAGE / name)).prepare()
    except CycleError as error:
        pytest.fail(" -> ".join(reversed(error.args[1])))


def test_pages_of_the_app_import_nothing_of_the_app_but_shared() -> None:
    pages = {part: others - {"shared"} for part, others in graph(PACKAGE / "app").items() if part != "shared"}
    assert graph(PACKAGE / "app")["shared"] == set()
    assert {part: others for part, others in pages.items() if others} == {}


def test_the_package_imports_none_of_the_maintainers_tools() -> None:
    importing = [
        str(path) for path in FILES for name in imported(ast.parse(path.read_text())) if name.startswith("dev.")
    ]
    assert importing == []


@pytest.mark.parametrize("library", ONLY_IN)
def test_a_heavy_library_is_imported_in_one_subpackage_only(library: str) -> None:
    users = {
        part_of(path)
        for path in FILES
        for name in imported(ast.parse(path.read_text()))
        if name.split(".")[0] == library
    }
    assert users == {ONLY_IN[library]}
    scripts = sorted((HOME / "scripts").glob("*.py"))
    assert scripts
    importing = [
        path.name
        for path in scripts
        if library in {name.split(".")[0] for name in imported(ast.parse(path.read_text()))}
    ]
    assert importing == []


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(PACKAGE)))
def test_importing_a_module_only_defines_names(path: Path) -> None:
    body = ast.parse(path.read_text()).body
    executing = (ast.For, ast.While, ast.With, ast.Raise, ast.Assert, ast.Delete)
    lines = [node.lineno for node in body if isinstance(node, executing)]
    lines += [node.lineno for node in body if isinstance(node, ast.Expr) and not isinstance(node.value, ast.Constant)]
    assert lines == []


@pytest.mark.process
@pytest.mark.parametrize(
    ("module", "unwanted"),
    [
        ("sentiment", {"numpy", "onnxruntime", "pandas", "streamlit", "tensorflow", "keras"}),
        ("sentiment.model.classifier", {"pandas", "pyarrow", "streamlit", "tensorflow", "keras", "gensim", "altair"}),
        ("sentiment.evaluation.metrics", {"pandas", "onnxruntime", "onnx", "streamlit", "tensorflow"}),
        ("sentiment.evaluation.predictions", {"streamlit", "tensorflow", "keras", "gensim"}),
        ("sentiment.training.label_errors", {"streamlit", "tensorflow", "keras", "gensim"}),
        ("sentiment.training.continuation", {"streamlit", "tensorflow", "keras", "gensim"}),
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
def test_importing_training_registers_its_layers_for_a_later_import_of_keras() -> None:
    pytest.importorskip("tensorflow")
    code = "import sentiment.training, keras; print(keras.saving.get_registered_object('sentiment>Pooling'))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=HOME)
    assert done.stdout.strip() == "<class 'sentiment.training.layers.Pooling'>"
