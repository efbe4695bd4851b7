"""Scores reviews: one text to a JSON object, or a file of any size to a file with every row and its verdict.

  score.py --text "A review" [--explain]
  score.py INPUT OUTPUT      [--text-column C] [--explain] [--fast] [--resume] ...

INPUT is .csv, .tsv, .txt (a review a line), .jsonl, .parquet or .xlsx, the first four also as .gz, .zst or .zip;
OUTPUT ends in .csv, .tsv, .jsonl, .parquet or .xlsx; either may be - for a pipe. With --engine ray both may be folders,
a file for each file. Work done so far stands in
OUTPUT.parts, from which --resume goes on; a small OUTPUT.json says how the output came about.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import shutil
import sys
import tempfile
from collections.abc import Iterator, Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any, TextIO

import _path  # noqa: F401 - makes the package importable

from sentiment import Classifier
from sentiment.artifacts import DEFAULT_RUN, ArtifactError, open_run
from sentiment.bulk.errors import BulkError
from sentiment.bulk.progress import Report, TerminalProgress
from sentiment.formatting import interval, percent
from sentiment.model.session import open_model

# What files need is imported where they are met: a single text is scored in half the time without it.
if TYPE_CHECKING:
    from sentiment.bulk.pipeline import Task


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs the command line; gives the exit status."""
    options = _options(arguments)
    try:
        if options.text is not None:
            with _standard_output() as out:
                print(_json(_one(options), out.encoding), file=out)
        else:
            _file(options)
    except (BulkError, ArtifactError) as error:
        print(f"score.py: {error}", file=sys.stderr)
        return 2
    except OSError as error:
        where = f" ({error.filename})" if error.filename else ""
        print(f"score.py: {error.strerror or error}{where}{_way_on(options)}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print(f"\nscore.py: stopped{_way_on(options)}", file=sys.stderr)
        return 130
    return 0


def _way_on(options: argparse.Namespace) -> str:
    """How to go on after a break, where that is possible: a text is no work, and of pipes nothing is left."""
    resumable = options.text is None and "-" not in (options.input, options.output)
    return "; the same command with --resume goes on from here." if resumable else "."


@contextlib.contextmanager
def _standard_output() -> Iterator[TextIO]:
    """Standard output; where what was written does not arrive, it is closed, so as not to fail once more at the end."""
    try:
        yield sys.stdout
        sys.stdout.flush()
    except OSError:
        with contextlib.suppress(OSError):
            sys.stdout.close()
        raise


def _json(result: dict[str, Any], encoding: str | None) -> str:
    """An object in a line, in escapes where the encoding lacks a character or a text has half of one."""
    line = json.dumps(result, ensure_ascii=False)
    try:
        line.encode(encoding or "utf-8")
    except UnicodeEncodeError:
        return json.dumps(result)
    return line


def _one(options: argparse.Namespace) -> dict[str, Any]:
    """What is printed for one text; ``label`` and ``confidence`` are null where there is nothing to judge."""
    classifier = Classifier.load(options.artifacts, form=lambda path, _: open_model(path))  # opens soonest
    explanation = classifier.explain(options.text) if options.explain else None
    [prediction] = classifier.predict([options.text])
    judged = prediction.label is not None
    result: dict[str, Any] = {
        "label": prediction.label,
        "probability": prediction.probability if judged else None,
        "logit": prediction.logit if judged else None,
        "confidence": prediction.confidence,
        "status": prediction.status,
        "tokens_read": prediction.tokens_read,
        "tokens_total": prediction.tokens_total,
        "unknown_rate": prediction.unknown_rate,
    }
    if explanation is not None:
        result["baseline_logit"] = explanation.baseline_logit
        result["residual"] = explanation.residual
        result["contributions"] = [
            {"token": token.text, "start": token.start, "end": token.end, "value": value}
            for token, value in zip(explanation.tokens, explanation.contributions.tolist(), strict=True)
        ]
    return result


def _file(options: argparse.Namespace) -> None:
    from sentiment.bulk.pipeline import Task
    from sentiment.bulk.readers.base import Options
    from sentiment.bulk.readers.decoding import output_form
    from sentiment.system import share_heaps

    share_heaps()
    with _paths(options) as (source, output):
        folder = not (options.output_form or output.suffix) and source.is_dir()
        task = Task(
            input=source,
            output=output,
            form="" if folder else output_form(output, options.output_form),
            text_column=options.text_column,
            label_column=options.label_column,
            explain=options.explain,
            fast=options.fast,
            resume=options.resume,
            raw=options.raw,
            bom=options.bom,
            options=Options(options.input_form, options.encoding, options.delimiter, options.header),
        )
        with _progress() as report:
            results = _on_cluster(task, options, report) if options.engine == "ray" else [_here(task, options, report)]
    for result in results:
        _say(result)


def _here(task: Task, options: argparse.Namespace, report: Report) -> dict[str, Any]:
    from sentiment.bulk.pipeline import score_file
    from sentiment.model.lookup_session import load_bulk

    return score_file(task, load_bulk(options.artifacts, fast=options.fast), report)


def _on_cluster(task: Task, options: argparse.Namespace, report: Report) -> list[dict[str, Any]]:
    if find_spec("ray") is None:
        raise BulkError('Ray is not installed; pip install "ray[data]" brings it.')
    if options.fast:
        raise BulkError("--fast works on the local engine only.")
    from sentiment.bulk.cluster import score_on_cluster

    return score_on_cluster(task, open_run(options.artifacts).path, options.address, report)


@contextlib.contextmanager
def _paths(options: argparse.Namespace) -> Iterator[tuple[Path, Path]]:
    """Files for the input and the output, which a pipe has for as long as the work lasts."""
    if "-" not in (options.input, options.output):
        yield Path(options.input), Path(options.output)
        return
    if options.resume:
        raise BulkError("A pipe cannot be resumed; name files for the input and the output.")
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


def _say(result: dict[str, Any]) -> None:
    """Reports the result on a terminal; accuracy, doubts about header and column, and rows with extra cells always."""
    if note := result["input"]["header_in_doubt"]:
        print(f"{note} If it is a review, use --no-header.", file=sys.stderr)
    if result["input"]["text_column_doubtful"]:
        column = result["input"]["text_column"]
        print(f"no column looks like reviews; {column} was scored, --text-column names another", file=sys.stderr)
    if extra := result["extra_cells"]:
        rows = "1 row has" if extra == 1 else f"{extra:,} rows have"
        column = result["columns"]["problem"]
        print(f"{rows} more cells than there are columns; the rest is in the column {column}", file=sys.stderr)
    if sys.stderr.isatty():
        column = result["input"]["text_column"]
        named = ", ".join(f"{n:,} {name}" for name, n in result["counts"]["status"].items() if name != "ok")
        print(f"{result['rows']:,} rows by column {column}" + (f"; {named}" if named else ""), file=sys.stderr)
    if judged := result["against_labels"]:
        said = "no row has a verdict and a label that is known"
        if judged["n"]:
            right = f"accuracy {percent(judged['accuracy'])} ({interval(judged['accuracy_interval'])})"
            said = f"against {judged['n']:,} labels: {right}, F1 {judged['f1']:.4f}"
        print(said, file=sys.stderr)


def _options(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    add = parser.add_argument
    add("input", metavar="INPUT", nargs="?", help="a file of reviews, - for standard input")
    add("output", metavar="OUTPUT", nargs="?", help="the file to write, - for standard output")
    add("--text", help="one review, instead of a file")
    add("--artifacts", type=Path, metavar="RUN_FOLDER", help=f"the run to use (default: {DEFAULT_RUN})")
    add("--text-column", metavar="C", help="name or number of the column of reviews; guessed without")
    add("--label-column", metavar="C", help="name or number of a column of labels, to measure against")
    add("--explain", action="store_true", help="also the words that pushed the score")
    add(
        "--fast",
        action="store_true",
        help="int8 arithmetic: faster; OUTPUT.json says what that changes, where it was measured",
    )
    add("--resume", action="store_true", help="go on where an earlier run with the same options stopped")
    add("--raw", action="store_true", help="leave cells as they are that a spreadsheet would run as a formula")
    add("--bom", action="store_true", help="begin CSV and TSV with a byte order mark, by which Excel knows UTF-8")
    add("--encoding", metavar="E", help="of the input; found out without")
    add("--delimiter", metavar="D", help="of the input; found out without")
    add("--header", action=argparse.BooleanOptionalAction, default=None, help="whether the first row names the columns")
    add("--engine", choices=["local", "ray"], default="local", help="where to run; ray is for a cluster, %(default)s")
    add("--address", metavar="A", help="of the Ray cluster; one on this machine alone without")
    add("--input-form", metavar="F", type=str.lower, help="the input's form, where its name does not say it")
    add("--output-form", metavar="F", type=str.lower, help="the output's form, where its name does not say it")
    options = parser.parse_args(arguments)
    if (options.text is None) == (options.input is None) or (options.input is None) != (options.output is None):
        parser.error('give either INPUT and OUTPUT, or --text "A review"')
    if options.delimiter is not None:
        options.delimiter = {"tab": "\t", r"\t": "\t"}.get(options.delimiter, options.delimiter)
        if len(options.delimiter) != 1:
            parser.error("--delimiter is one character, or tab")
    return options


if __name__ == "__main__":
    sys.exit(main())
