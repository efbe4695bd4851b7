"""Scores reviews: one text to a JSON object, or a file of any size to a file with every row and its score.

INPUT is .csv, .tsv, .txt (one review on each line, or a table), .jsonl, .json, .parquet or .xlsx; the first five may
be compressed as .gz, .zst or .zip. OUTPUT is .csv, .tsv, .jsonl, .parquet or .xlsx. Either may be - for a pipe. With
--engine ray both may be folders. Finished work is kept in OUTPUT.parts, from which --resume continues. OUTPUT.json
records how the output was made.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import shutil
import sys
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, TextIO

from sentiment.artifacts import DEFAULT_RUN, open_run
from sentiment.bulk.progress import TerminalProgress
from sentiment.commands import fail
from sentiment.commands.parser import Parser
from sentiment.explain.fields import explanation_fields, prediction_fields
from sentiment.formatting import counted, interval, percent
from sentiment.model.classifier import Classifier
from sentiment.model.session import open_model
from sentiment.tables.command_line import add_reading_options, reading, reading_words
from sentiment.tables.errors import FileError

_EXAMPLES = """\
%(prog)s --text "Slow to start, but what an ending!" --explain
%(prog)s reviews.csv scored.csv
%(prog)s survey.xlsx scored.xlsx --text-column comment --label-column stars
"""

# Modules for files are imported in functions, which halves the time to score a single text.
if TYPE_CHECKING:
    from sentiment.bulk.pipeline import Task
    from sentiment.types import Report


def main(arguments: Sequence[str], prog: str) -> int:
    """Runs the command line; returns the exit status."""
    options = _options(arguments, prog)
    try:
        if options.text is not None:
            with _standard_output() as out:
                print(_json(_one(options), out.encoding), file=out)
        else:
            _file(options)
    except OSError as error:
        where = f" ({error.filename})" if error.filename else ""
        return fail(prog, f"{error.strerror or error}{where}{_resume_hint(options)}", status=1)
    except KeyboardInterrupt:
        print(file=sys.stderr)
        return fail(prog, f"stopped{_resume_hint(options)}", status=130)
    return 0


def _resume_hint(options: argparse.Namespace) -> str:
    """Returns how to resume, if possible; single texts and pipes cannot be resumed."""
    resumable = options.text is None and "-" not in (options.input, options.output)
    return "; run the same command with --resume to continue." if resumable else "."


@contextlib.contextmanager
def _standard_output() -> Iterator[TextIO]:
    """Provides standard output; closes it after a failed write, so that Python does not fail again at exit."""
    try:
        yield sys.stdout
        sys.stdout.flush()
    except OSError:
        with contextlib.suppress(OSError):
            sys.stdout.close()
        raise


def _json(result: dict[str, Any], encoding: str | None) -> str:
    """Returns one line of JSON, with escapes if the encoding lacks a character or the text has a lone surrogate."""
    line = json.dumps(result, ensure_ascii=False)
    try:
        line.encode(encoding or "utf-8")
    except UnicodeEncodeError:
        return json.dumps(result)
    return line


def _one(options: argparse.Namespace) -> dict[str, Any]:
    """Returns the result for one text; ``label`` and ``confidence`` are null if there is nothing to score."""
    classifier = Classifier.load(options.artifacts, open_model=open_model)  # opens fastest
    explanation = classifier.explain(options.text) if options.explain else None
    [prediction] = classifier.predict([options.text])
    return prediction_fields(prediction) | (explanation_fields(explanation) if explanation else {})


def _file(options: argparse.Namespace) -> None:
    from sentiment.bulk.pipeline import Task
    from sentiment.system import limit_heaps
    from sentiment.tables.formats import output_format

    limit_heaps()
    read = reading(options)
    if read.labels is not None and read.label_column is None:
        raise FileError("--labels needs --label-column, the column whose values it explains.")
    with _paths(options) as (source, output):
        folder = not (options.output_form or output.suffix) and source.is_dir()
        task = Task(
            input=source,
            output=output,
            format="" if folder else output_format(output, options.output_form),
            text_column=read.text_column,
            label_column=read.label_column,
            labels=read.labels,
            explain=options.explain,
            fast=options.fast,
            resume=options.resume,
            raw=options.raw,
            bom=options.bom,
            options=read.options,
        )
        with _progress() as report:
            score = _on_cluster if options.engine == "ray" else _locally
            results = score(task, options, report)
    for result in results:
        for line in _report_lines(result, guessed=options.text_column is None):
            print(line, file=sys.stderr)


def _locally(task: Task, options: argparse.Namespace, report: Report) -> list[dict[str, Any]]:
    from sentiment.bulk.pipeline import score_file
    from sentiment.model.lookup_session import load_bulk

    return [score_file(task, load_bulk(options.artifacts, fast=options.fast), report)]


def _on_cluster(task: Task, options: argparse.Namespace, report: Report) -> list[dict[str, Any]]:
    if options.fast:
        raise FileError("--fast needs --engine local.")
    from sentiment.bulk.cluster import score_on_cluster

    return score_on_cluster(task, open_run(options.artifacts).path, options.address, report)


@contextlib.contextmanager
def _paths(options: argparse.Namespace) -> Iterator[tuple[Path, Path]]:
    """Provides files for the input and the output; for pipes they are temporary."""
    if "-" not in (options.input, options.output):
        yield Path(options.input), Path(options.output)
        return
    if options.resume:
        raise FileError("A pipe cannot be resumed; name files for the input and the output.")
    with tempfile.TemporaryDirectory(prefix="score-") as folder:
        source, output = Path(options.input), Path(options.output)
        if options.input == "-":
            source = Path(folder, f"input.{options.input_form or 'csv'}")
            with source.open("wb") as file:
                shutil.copyfileobj(sys.stdin.buffer, file)
        if options.output == "-":
            output = Path(folder, f"output.{options.output_form or 'csv'}")
        yield source, output
        if options.output == "-":
            with output.open("rb") as file, _standard_output() as out:
                shutil.copyfileobj(file, out.buffer)


@contextlib.contextmanager
def _progress() -> Iterator[Any]:
    if not sys.stderr.isatty():
        yield lambda stage, done, rows: None
        return
    with contextlib.closing(TerminalProgress(sys.stderr)) as progress:
        yield progress


def _report_lines(result: dict[str, Any], *, guessed: bool) -> Iterator[str]:
    """Yields notes on the reading, warnings about the input, and the accuracy; on a terminal also the counts."""
    from sentiment.bulk.left_out import are_mostly_unknown, unknown_words

    statuses, column = result["counts"]["status"], _text_column(result)
    yield from result["input"]["notes"]
    if note := result["input"]["header_in_doubt"]:
        yield f"{note} If it is a review, use --no-header."
    if result["input"]["text_column_doubtful"]:
        doubt = "no column looks like reviews" if guessed else "this does not look like reviews"
        yield f"{doubt}; {column} was scored, --text-column names another"
    if are_mostly_unknown(statuses):
        yield unknown_words(statuses)
    if extra := result["extra_cells"]:
        rows = "1 row has" if extra == 1 else f"{extra:,} rows have"
        yield f"{rows} more cells than there are columns; the rest is in the column {result['columns']['problem']}"
    if sys.stderr.isatty():
        named = ", ".join(f"{n:,} {name}" for name, n in statuses.items() if name != "ok")
        yield f"{result['rows']:,} rows by column {column}" + (f"; {named}" if named else "")
    if measured := result["against_labels"]:
        yield from _accuracy_lines(measured)


def _accuracy_lines(measured: dict[str, Any]) -> Iterator[str]:
    """Yields the accuracy against the labels, and the rows that it leaves out."""
    from sentiment.bulk.left_out import left_out_rows

    if measured["n"]:
        accuracy = f"accuracy {percent(measured['accuracy'])} ({interval(measured['accuracy_interval'])})"
        yield f"against {counted(measured['n'], 'label')}: {accuracy}, F1 {measured['f1']:.4f}"
    else:
        yield "no row has both a verdict and a known label"
    if note := left_out_rows(measured["left_out"]):
        yield note


def _text_column(result: dict[str, Any]) -> str:
    names = result["input"]["text_column"]
    return names if isinstance(names, str) else ", ".join(names)


def _options(arguments: Sequence[str], prog: str) -> argparse.Namespace:
    parser = Parser(prog, __doc__, _EXAMPLES)
    add = parser.add_argument
    add("input", metavar="INPUT", nargs="?", help="a file of reviews, - for standard input")
    add("output", metavar="OUTPUT", nargs="?", help="the file to write, - for standard output")
    add("--text", help="score this one review instead of a file")
    add("--artifacts", type=Path, metavar="RUN_FOLDER", help=f"the run to use (default: {DEFAULT_RUN})")
    add("--explain", action="store_true", help="also return the contributions of words")
    add("--fast", action="store_true", help="int8 arithmetic: faster, slightly different scores")
    add("--resume", action="store_true", help="continue an interrupted run with the same options")
    add("--raw", action="store_true", help="do not escape cells that a spreadsheet would run as formulas")
    add("--bom", action="store_true", help="start CSV and TSV with a byte order mark, so that Excel detects UTF-8")
    add("--engine", choices=["local", "ray"], default="local", help="ray runs on a cluster (default: %(default)s)")
    add("--address", metavar="A", help="address of the Ray cluster (default: this machine)")
    add("--output-form", metavar="F", type=str.lower, help="format of the output, if its name does not end in it")
    add_reading_options(parser)
    options = parser.parse_args(arguments)
    if (options.text is None) == (options.input is None) or (options.input is None) != (options.output is None):
        parser.error('give either INPUT and OUTPUT, or --text "A review"')
    if options.text is not None and (given := reading_words(options)):
        parser.error(f"{given[0]} is for files; leave it out with --text")
    return options
