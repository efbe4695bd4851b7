"""The command ``sentiment``: its help, and the same error reports for all of its commands."""

from __future__ import annotations

import ast
import re
import sys
import tomllib
from importlib import import_module
from pathlib import Path

import pytest

import sentiment
from sentiment import commands
from sentiment.commands import COMMANDS, run, run_command
from sentiment.errors import SentimentError
from tests.command import SCRIPTS

HOME = SCRIPTS.parent
TEMPLATE = '''"""Runs ``sentiment {name}``."""

import _path  # noqa: F401 - makes the package importable

from sentiment.commands import run_script

if __name__ == "__main__":
    run_script("{name}")
'''


def call(*words: str) -> int:
    """Runs ``sentiment`` with these words and returns its exit status, 0 if it does not exit by itself."""
    with pytest.MonkeyPatch.context() as patch, pytest.raises(SystemExit) as end:
        patch.setattr(sys, "argv", ["sentiment", *words])
        run()
        raise SystemExit(0)
    return int(end.value.code or 0)


@pytest.mark.parametrize("words", [[], ["--help"], ["-h"]], ids=str)
def test_the_help_names_every_command_and_shows_examples(words, capsys):
    assert call(*words) == 0
    shown = capsys.readouterr().out
    assert all(re.search(rf"^  {name} ", shown, re.MULTILINE) for name in COMMANDS)
    assert "sentiment score --text" in shown
    assert max(map(len, shown.splitlines())) <= 100


def test_the_examples_of_the_help_run_known_commands():
    _, *examples = (line.split() for line in commands._EXAMPLES.splitlines())
    assert examples
    assert all(program == "sentiment" and name in COMMANDS for program, name, *_ in examples)


def test_the_version_is_printed(capsys):
    assert call("--version") == 0
    assert capsys.readouterr().out == f"sentiment {sentiment.__version__}\n"


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_shows_its_usage_under_the_name_of_the_called_program(name, capsys):
    for prog in (f"sentiment {name}", f"{name}.py"):
        with pytest.raises(SystemExit) as end:
            run_command(name, ["--help"], prog)
        assert end.value.code == 0
        shown = capsys.readouterr().out
        assert shown.startswith(f"usage: {prog} ")
        assert name == "compile" or f"examples:\n  {prog}" in shown
        assert "%(prog)s" not in shown


@pytest.mark.parametrize("word", ["scores", "--verbose", "x" * 1000, "score.py"])
def test_an_unknown_command_is_refused_in_one_line_that_names_the_known_ones(word, capsys):
    assert call(word) == 2
    out, err = capsys.readouterr()
    assert (out, err.count("\n")) == ("", 1)
    assert "find-label-errors" in err
    assert len(err) < 250


@pytest.mark.parametrize(
    ("error", "status", "message"),
    [
        (SentimentError("The run x is damaged."), 2, "sentiment ready: The run x is damaged.\n"),
        (OSError(28, "No space left on device", "a.json"), 2, "sentiment ready: a.json: No space left on device.\n"),
        (OSError(28, "No space left on device"), 2, "sentiment ready: a file: No space left on device.\n"),
        (KeyboardInterrupt(), 130, ""),
        (
            ModuleNotFoundError("No module named 'pyarrow.lib'", name="pyarrow.lib"),
            2,
            'sentiment ready: pyarrow is missing; it comes with the extra "files". '
            "Install it with: pip install -r requirements.txt\n",
        ),
    ],
    ids=["unusable input", "named file", "unnamed file", "Ctrl-C", "missing library"],
)
def test_an_error_that_a_user_can_fix_is_reported_in_one_line(error, status, message, monkeypatch, capsys):
    def main(arguments, prog):
        raise error

    monkeypatch.setattr(import_module("sentiment.commands.ready"), "main", main)
    assert run_command("ready", [], "sentiment ready") == status
    assert capsys.readouterr().err == message


def test_a_missing_module_of_the_package_is_not_reported_as_a_missing_extra(monkeypatch):
    def main(arguments, prog):
        raise ModuleNotFoundError("No module named 'sentiment.gone'", name="sentiment.gone")

    monkeypatch.setattr(import_module("sentiment.commands.ready"), "main", main)
    with pytest.raises(ModuleNotFoundError):
        run_command("ready", [], "sentiment ready")


def test_an_installed_command_names_the_extra_of_its_own_version(monkeypatch):
    monkeypatch.setattr(commands, "IS_INSTALLED", True)
    remedy = commands._missing_extra("find-label-errors", ModuleNotFoundError(name="cleanlab.filter"))
    assert remedy.endswith(f'pip install "sentiment[labels]=={sentiment.__version__}"')
    assert '"sentiment[train]' in commands._missing_extra("train", ModuleNotFoundError(name="pandas"))
    assert commands.program("find-label-errors") == ["sentiment", "find-label-errors"]


def test_the_named_extras_require_the_libraries():
    project = tomllib.loads((HOME / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    comes_with = {"keras": "tensorflow", "sklearn": "cleanlab"}
    for extra, libraries in commands._EXTRAS.items():
        required = " ".join(project["optional-dependencies"][extra]).replace("-", "_")
        assert [each for each in libraries if comes_with.get(each, each) not in required] == []


def test_every_command_is_a_module_and_every_script_runs_one():
    parts = {"__init__", "outputs", "parser", "quiet"}
    modules = {path.stem for path in Path(commands.__file__).parent.glob("*.py")} - parts
    assert modules == {name.replace("-", "_") for name in COMMANDS}
    scripts = {path.stem for path in SCRIPTS.glob("[!_]*.py")}
    assert scripts == modules - {"app"}  # make app serves it
    for name in scripts:
        text = (SCRIPTS / f"{name}.py").read_text(encoding="utf-8")
        assert text == TEMPLATE.format(name=name.replace("_", "-"))


def test_only_errors_and_paths_of_the_package_are_imported_before_a_command_is_chosen():
    tree = ast.parse(Path(commands.__file__).read_text(encoding="utf-8"))
    imported = {node.module for node in tree.body if isinstance(node, ast.ImportFrom)}
    assert {name for name in imported if name.startswith("sentiment")} == {"sentiment.errors", "sentiment.paths"}


def test_the_app_is_served_only_to_this_machine_by_default(monkeypatch, tmp_path):
    started = []
    monkeypatch.setattr("os.execv", lambda program, command: started.append(command))
    monkeypatch.chdir(tmp_path)
    run_command("app", ["--port", "8600", "--data", "reviews.csv", "--server.baseUrlPath", "x"], "sentiment app")
    [command] = started
    words = " ".join(command[1:])
    assert "--server.port 8600 --server.address 127.0.0.1 --server.baseUrlPath x" in words
    assert words.endswith(f"-- --data {tmp_path / 'reviews.csv'}")
    assert (Path(command[4]).parent / ".streamlit" / "config.toml").is_file()


def test_an_app_without_a_run_to_serve_does_not_start(monkeypatch, tmp_path, capsys):
    monkeypatch.setattr("os.execv", lambda *_: pytest.fail("started"))
    monkeypatch.setenv("SENTIMENT_RUNS", str(tmp_path))
    (tmp_path / "default").write_text("nothing")
    assert run_command("app", [], "sentiment app") == 2
    assert "default names nothing, which is not there" in capsys.readouterr().err
