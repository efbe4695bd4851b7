"""Updates all documents on runs: records, model cards, artifacts/RUNS.md, and figures in README.md and docs/.

It covers the runs with a record in artifacts/records/; --remember creates a record.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

from dev import command_line
from dev.documents import fill_figures, run_records
from sentiment import artifacts, model_card
from sentiment.paths import HOME


def main() -> int:
    """Updates the documents; returns the exit status, 1 if --check finds a stale document."""
    options = _options()
    for folder in options.remember:
        _write_record(folder, options.home / "artifacts")
    status = 0
    for path, write in _stale(options.home):
        if options.check:
            print(f"report.py: {path} is stale; run python -m dev.documents.report.", file=sys.stderr)
            status = 1
        else:
            write()
            print(f"{path} written.", file=sys.stderr)
    return status


def _write_record(folder: Path, root: Path) -> None:
    run = artifacts.open_run(folder)
    (root / "records").mkdir(exist_ok=True)
    artifacts.write_json(root / "records" / f"{run.name}.json", run_records.record(run))


def _stale(home: Path) -> Iterator[tuple[Path, Callable[[], object]]]:
    """Yields each stale document with a function that writes it; documents come after those that they depend on."""
    root = home / "artifacts"
    for path in sorted(root.glob("records/*.json")):
        if (root / path.stem / artifacts.MANIFEST).is_file():
            run = artifacts.open_run(root / path.stem)
            record = run_records.record(run)
            if run_records.read_one(path) != record:
                yield path, partial(artifacts.write_json, path, record)
            card = run.path / "README.md"
            if _text(card) != model_card.render(run):
                yield card, partial(model_card.write, run)
    if records := run_records.read(root):
        yield from _stale_text(root / "RUNS.md", run_records.page(records, artifacts.default_run(root).name))
    for path in (home / "README.md", *sorted((home / "docs").glob("*.md"))):
        if document := _text(path):
            yield from _stale_text(path, fill_figures.fill(document, root))


def _stale_text(path: Path, text: str) -> Iterator[tuple[Path, Callable[[], object]]]:
    if _text(path) != text:
        yield path, partial(artifacts.write_atomically, path, text.encode())


def _text(path: Path) -> str | None:
    return path.read_text(encoding="utf-8") if path.exists() else None


def _options() -> argparse.Namespace:
    parser = command_line.parser(__doc__)
    parser.add_argument("--check", action="store_true", help="write nothing; exit with 1 if a document is stale")
    parser.add_argument(
        "--remember", type=Path, action="append", default=[], metavar="RUN_FOLDER", help="create a record of this run"
    )
    parser.add_argument("--home", type=Path, default=HOME, help="the folder with README.md and artifacts/")
    options = parser.parse_args()
    if options.check and options.remember:
        parser.error("--check writes nothing; leave out --remember")
    return options


if __name__ == "__main__":
    command_line.run(main)
