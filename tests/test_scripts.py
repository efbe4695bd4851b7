"""Rules for every command line: --help, and one sentence and status 2 for missing input."""

from __future__ import annotations

import ast
import subprocess
import sys

import pytest

from tests.command import SCRIPTS, run_script, run_tool

NAMES = sorted(path.name for path in SCRIPTS.glob("[!_]*.py"))
PROOFS = ("bulk", "people")


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
