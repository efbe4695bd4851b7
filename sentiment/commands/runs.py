"""Manages the folder of runs that the app and the commands serve from: artifacts, or the one that SENTIMENT_RUNS names.

list shows the runs; * marks the default one. import checks a run's folder and copies it there. activate makes a run the
default one, after a trial prediction. rollback restores the previous default.
"""

from __future__ import annotations

import argparse
import shutil
from collections.abc import Sequence
from pathlib import Path

from sentiment import adaptation_card, artifacts
from sentiment.artifacts import ArtifactError, Run
from sentiment.commands.parser import Parser

PREVIOUS = "default.previous"  # next to ``default``; holds the name that was there before

_EXAMPLES = """\
%(prog)s list
%(prog)s import downloads/kettles
%(prog)s activate kettles
%(prog)s rollback
"""


def main(arguments: Sequence[str], prog: str) -> int:
    """Runs the command line; returns the exit status."""
    options = _options(arguments, prog)
    root = artifacts.runs_root()
    match options.action:
        case "list":
            print("\n".join(_list(root)))
        case "import":
            print(f"{import_run(options.folder, root).name} is in {root}; activate it to serve it.")
        case "activate":
            activate(options.name, root)
            print(f"{options.name} is the default run now.")
        case _:
            print(f"{roll_back(root)} is the default run again.")
    return 0


def import_run(folder: Path, root: Path) -> Run:
    """Checks every file of a run and copies it into the folder of runs, under its own name.

    Raises:
        ArtifactError: the run is unusable, or there is one of this name.
    """
    run = artifacts.open_run(folder)
    for part in run.manifest["files"]:
        if Path(part).name != part:
            raise ArtifactError(f"The manifest of {run.name} names {part}, which is not a file of its own.")
        run.file(part)
    _try(folder)
    target = root / run.name
    if target.exists():
        raise ArtifactError(f"{root} already has a run {run.name}; rename the folder {folder}.")
    copy = root / f".{run.name}.new"  # hidden until every file is there
    shutil.rmtree(copy, ignore_errors=True)
    copy.mkdir(parents=True)
    try:
        for part in (*run.manifest["files"], artifacts.MANIFEST):
            shutil.copyfile(run.path / part, copy / part)
        copy.rename(target)
    except BaseException:
        shutil.rmtree(copy, ignore_errors=True)
        raise
    return artifacts.open_run(target)


def activate(name: str, root: Path) -> None:
    """Makes a run the default one and remembers the previous one.

    Raises:
        ArtifactError: there is no such run, or it cannot predict.
    """
    if name not in {path.name for path in artifacts.list_runs(root)}:
        raise ArtifactError(f"{root} has no run {name}; it has {_names(root)}.")
    _try(root / name)
    before = _read(root / "default")
    if before == name:
        return
    if before:
        artifacts.write_atomically(root / PREVIOUS, f"{before}\n".encode())
    artifacts.write_atomically(root / "default", f"{name}\n".encode())


def roll_back(root: Path) -> str:
    """Makes the previous default run the default again, and returns its name.

    Raises:
        ArtifactError: none was activated before, or it is gone.
    """
    before = _read(root / PREVIOUS)
    if not before:
        raise ArtifactError(f"{root} has no previous default run to return to.")
    activate(before, root)
    return before


def _try(folder: Path) -> None:
    """Lets a run predict a text, which loads and checks its model."""
    from sentiment.model.classifier import Classifier  # here, because `list` does not need it

    Classifier.load(folder).predict(["good"])


def _list(root: Path) -> list[str]:
    default = _read(root / "default")
    lines = []
    for folder in artifacts.list_runs(root):
        mark = "*" if folder.name == default else " "
        try:
            lines.append(f"{mark} {folder.name:<24} {_describe(artifacts.open_run(folder))}".rstrip())
        except ArtifactError as error:
            lines.append(f"{mark} {folder.name:<24} {error}")
    return lines or [f"{root} has no runs."]


def _describe(run: Run) -> str:
    """Returns the date of a run and where it comes from."""
    metadata = run.json("metadata.json") if run.has("metadata.json") else {}
    adapted = adaptation_card.read(run)
    parent = f"adapted from {adapted['parent']['name']}" if adapted else None
    facts = (metadata.get("date"), parent, metadata.get("about"))
    return ", ".join(str(fact) for fact in facts if fact)


def _names(root: Path) -> str:
    return ", ".join(path.name for path in artifacts.list_runs(root)) or "none"


def _read(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError):
        return ""


def _options(arguments: Sequence[str], prog: str) -> argparse.Namespace:
    parser = Parser(prog, __doc__, _EXAMPLES)
    actions = parser.add_subparsers(
        dest="action", required=True, metavar="ACTION", parser_class=argparse.ArgumentParser
    )
    actions.add_parser("list", help="show the runs")
    actions.add_parser("import", help="copy a run to it").add_argument("folder", type=Path, help="the run's folder")
    actions.add_parser("activate", help="make a run the default one").add_argument("name", help="the run's name")
    actions.add_parser("rollback", help="return to the previous default run")
    return parser.parse_args(arguments)
