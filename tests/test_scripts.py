"""Rules for every command line: ``--help``, and status 2 with one sentence for input that cannot be used."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from pathlib import Path

import pytest

from sentiment import commands
from tests.command import SCRIPTS, run_script, run_tool

NAMES = sorted(path.name for path in SCRIPTS.glob("[!_]*.py"))
PROOFS = ("api", "attacks", "bulk", "people")


@pytest.mark.parametrize("name", NAMES)
def test_every_script_shows_its_usage(name):
    done = run_script(name, "--help")
    assert (done.status, done.stdout.startswith(f"usage: {name}")) == (0, True)


@pytest.mark.parametrize("name", NAMES)
def test_a_script_makes_the_package_importable_before_it_imports_it(name):
    imports = [
        (node.lineno, alias.name if isinstance(node, ast.Import) else node.module)
        for node in ast.parse((SCRIPTS / name).read_text(encoding="utf-8")).body
        if isinstance(node, ast.Import | ast.ImportFrom)
        for alias in node.names
    ]
    ours = [line for line, module in imports if module.split(".")[0] in ("sentiment", "scripts", "dev")]
    assert not ours or {module: line for line, module in imports}["_path"] < min(ours)


@pytest.mark.process
def test_a_script_runs_in_any_folder(tmp_path):
    command = [sys.executable, SCRIPTS / "download_data.py", "--help"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True)
    assert (done.returncode, done.stderr) == (0, "")


def options_with_a_parser(name: str) -> list[str]:
    """The options whose values a function of the program reads."""
    source = (Path(commands.__file__).parent / name).read_text(encoding="utf-8")
    return re.findall(r'"(--[\w-]+)"[^\n]*type=(?!Path|str)', source)


def test_an_invalid_value_is_not_reported_by_the_name_of_a_function():
    parsed = [(name, option) for name in NAMES for option in options_with_a_parser(name)]
    assert ("train.py", "--epochs") in parsed
    for name, option in parsed:
        done = run_script(name, option, "never a value")
        assert done.status == 2, f"{name} {option}"
        assert not re.search(r"invalid _?\w*[_A-Z.]\w* value", done.stderr)


def test_a_missing_run_is_reported_in_a_sentence(tmp_path):
    done = run_script("evaluate.py", "--artifacts", tmp_path / "none", "--behaviour")
    assert (done.status, done.stderr) == (2, f"evaluate.py: There is no run at {tmp_path / 'none'}.\n")


@pytest.mark.parametrize("name", PROOFS)
def test_a_proof_of_a_missing_run_reports_it_in_a_sentence(name, tmp_path):
    done = run_tool(f"dev.proofs.prove_{name}", "--artifacts", tmp_path / "none")
    assert (done.status, done.stderr) == (2, f"prove_{name}.py: There is no run at {tmp_path / 'none'}.\n")


@pytest.mark.parametrize("name", ["x" * 300 + ".csv", "none.csv", ""])
def test_an_input_that_cannot_be_opened_is_reported_in_a_sentence(name, tmp_path):
    done = run_script("score.py", tmp_path / name, tmp_path / "out.csv")
    assert (done.status, done.stderr.count("\n")) == (2, 1)
    assert "--resume" not in done.stderr


def test_an_invalid_checksum_is_refused_before_anything_is_downloaded(tmp_path):
    done = run_script("download_data.py", "--output", tmp_path / "new", "--sha256", "c0ffee")
    assert (done.status, (tmp_path / "new").exists()) == (2, False)
    assert "'c0ffee' is not a SHA-256 checksum" in done.stderr


@pytest.mark.parametrize("url", ["http://[bad/x", "http://]/x", "", "x/", "http://a b/x", "http://127.0.0.1:no/x"])
def test_an_invalid_address_is_refused_in_a_sentence(url, tmp_path):
    done = run_script("download_data.py", "--output", tmp_path, "--url", url)
    assert (done.status, done.stderr.count("\n")) == (2, 1)


def test_a_missing_file_leaves_no_folder_for_label_errors(tmp_path):
    done = run_script("find_label_errors.py", "--data", tmp_path / "none.csv", "--output", tmp_path / "found")
    assert (done.status, done.stderr.count("\n"), (tmp_path / "found").exists()) == (2, 1, False)
