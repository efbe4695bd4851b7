"""The command line that proofs share: its options, and the files with the results."""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from dev import command_line
from dev.proofs.circumstances import circumstances
from sentiment.artifacts import Run, write_json
from sentiment.paths import HOME

Found = dict[str, Any]  # the results of a proof
Part = Callable[[Path], Found]  # measures one part of a proof, with an empty folder for its files
Render = Callable[[Found], str]  # returns the page in Markdown


def parser(description: str | None, name: str) -> argparse.ArgumentParser:
    """Returns a parser with options for the results, by default ``docs/NAME-proof.json`` and ``.md``."""
    made, docs = command_line.parser(description), HOME / "docs"
    made.add_argument("--json", type=Path, default=docs / f"{name}-proof.json", help="file for the results")
    made.add_argument("--page", type=Path, default=docs / f"{name}-proof.md", help="the page to write")
    return made


def add_run(parser: argparse.ArgumentParser) -> None:
    """Adds the option that names the run."""
    parser.add_argument("--artifacts", type=Path, metavar="RUN_FOLDER", help="run to use (default: artifacts/default)")


def add_parts(parser: argparse.ArgumentParser, names: tuple[str, ...]) -> None:
    """Adds the option that chooses parts of a proof."""
    parser.add_argument("--only", action="append", choices=names, help="run only this part; may be repeated")


def prove(parts: Mapping[str, Part], run: Run, options: argparse.Namespace, render: Render) -> int:
    """Runs the chosen parts, and keeps earlier results of the others.

    Args:
        parts: all parts of the proof, by name.
        run: the run that the parts use.
        options: ``only``, ``json`` and ``page``.
        render: renders the page.

    Returns:
        The exit status, 1 if a result misses its target.
    """
    found = json.loads(options.json.read_text(encoding="utf-8")) if options.json.exists() else {}
    for name in options.only or parts:
        print(f"{name} ...", file=sys.stderr)
        with tempfile.TemporaryDirectory(prefix="proof-", ignore_cleanup_errors=True) as folder:
            found[name] = parts[name](Path(folder)) | {"circumstances": circumstances(run)}
        write_json(options.json, found)
    options.page.write_text(render(found), encoding="utf-8")
    return 0 if all(found[name]["holds"] for name in parts if name in found) else 1


def save(found: Found, options: argparse.Namespace, render: Render) -> int:
    """Writes the results of a proof without parts; returns the exit status, 1 if they miss the target."""
    write_json(options.json, found)
    options.page.write_text(render(found), encoding="utf-8")
    return 0 if found["holds"] else 1
