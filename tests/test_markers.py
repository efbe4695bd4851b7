"""The markers by which ``make check``, ``make test`` and ``make test-all`` select tests."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

import pytest

from tests.conftest import slow_tests

HOME = Path(__file__).resolve().parent.parent

STARTING_PROCESSES = """
import multiprocessing, os, subprocess, sys
import pytest

def end():
    os._exit(0)

def forks():
    if not os.fork():
        os._exit(0)
    os.wait()

def runs():
    subprocess.run([sys.executable, "-c", ""])

def spawns():
    child = multiprocessing.get_context("fork").Process(target=end)
    child.start()
    child.join()

@pytest.mark.parametrize("start", [forks, runs, spawns])
def test_unmarked(start):
    start()

@pytest.mark.process
@pytest.mark.parametrize("start", [forks, runs, spawns])
def test_marked(start):
    start()
"""
IMPORTING_TENSORFLOW = """
import pytest

def test_unmarked():
    import tensorflow

@pytest.mark.training
def test_marked():
    import tensorflow
"""


@pytest.mark.parametrize("line", slow_tests())
def test_a_slow_test_exists(line):
    file, _, name = line.partition("::")
    functions = ast.parse((HOME / file).read_text(encoding="utf-8")).body
    names = {each.name for each in functions if isinstance(each, ast.FunctionDef)}
    assert not name or name.partition("[")[0] in names


def pytest_output(folder: Path, tests: str, *options: str) -> str:
    """Runs pytest on a module under the rules of tests/conftest.py, and returns what it prints."""
    (folder / "test_it.py").write_text(tests)
    (folder / "tensorflow.py").touch()  # only the name matters
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-p", "tests.conftest"]
    command += ["-c", HOME / "pyproject.toml", "--rootdir", folder, *options, folder]
    environment = {"PYTHONPATH": f"{folder}:{HOME}"}
    done = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True)
    return done.stdout + done.stderr


@pytest.mark.process
def test_a_test_that_starts_a_process_without_the_marker_fails(tmp_path):
    output = pytest_output(tmp_path, STARTING_PROCESSES)
    assert "6 passed, 3 errors" in output
    assert output.count("lacks @pytest.mark.process") >= 3


@pytest.mark.process
def test_a_test_that_imports_tensorflow_without_the_marker_fails_in_make_check(tmp_path):
    output = pytest_output(tmp_path, IMPORTING_TENSORFLOW, "-m", "not training")
    assert "1 passed, 1 deselected, 1 error" in output
    assert "lacks @pytest.mark.training" in output


@pytest.mark.process
def test_a_module_that_imports_tensorflow_is_skipped_only_if_it_is_marked(tmp_path):
    marked = "import pytest\n\npytestmark = pytest.mark.training\nimport tensorflow\n\ndef test_it(): pass\n"
    assert "no tests ran" in pytest_output(tmp_path, marked, "-m", "not training")
    assert "1 passed" in pytest_output(tmp_path, marked)
    assert "without `pytestmark" in pytest_output(
        tmp_path, marked.replace("pytestmark =", "other ="), "-m", "not training"
    )


@pytest.mark.process
def test_a_module_that_runs_pages_itself_or_by_a_helper_has_the_marker_page(tmp_path):
    direct, test = "from streamlit.testing.v1 import AppTest\n\n", "def test_it(): pass\n"
    (tmp_path / "opener.py").write_text(direct + "def open_page(): pass\n")
    (tmp_path / "test_direct.py").write_text(direct + test)
    (tmp_path / "test_by_helper.py").write_text("from opener import open_page\n\n" + test)
    assert "2 passed, 1 deselected" in pytest_output(tmp_path, test, "-m", "page")
