"""Trains a model and writes its run folder. The same command resumes an interrupted training after its last epoch."""

from __future__ import annotations

import argparse
import contextlib
import dataclasses
import os
import shlex
import shutil
import sys
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import pandas as pd

from sentiment import artifacts, dataset
from sentiment.artifacts import ArtifactError
from sentiment.commands import fail, program
from sentiment.commands.outputs import check_output, public_name
from sentiment.commands.parser import Parser
from sentiment.evaluation import provenance
from sentiment.presets import PARTS, PRESETS, Preset, leave_out
from sentiment.tables.command_line import add_reading_options, reading, reading_words

_EXAMPLES = """\
%(prog)s --data "IMDB Dataset.csv" --preset lstm --output artifacts/my-lstm
%(prog)s --data mine.csv --text-column comment --label-column verdict --preset bilstm --output artifacts/mine
"""


def main(arguments: Sequence[str], prog: str) -> int:
    """Runs the command line; returns the exit status."""
    options = _options(arguments, prog)
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    start = _start(options)
    check_output(options.output, overwrite=options.overwrite)
    exclude = dataset.read_fingerprints(options.exclude) if options.exclude else frozenset()
    reviews = dataset.load(
        options.data,
        reading(options),
        exclude=exclude,
        limit=options.limit,
        seed=options.split_seed,
    )
    if start:
        _check_start(start, reviews, options.split_seed)
    print("\n".join(dataset.summary_lines(reviews)), file=sys.stderr)
    if options.overwrite and options.output.exists():
        artifacts.remove_run(options.output)
    return _train(options, reviews, start, prog)


def _train(options: argparse.Namespace, reviews: dataset.Dataset, start: artifacts.Run | None, prog: str) -> int:
    """Runs the training; returns the exit status. TensorFlow is imported here, because that takes seconds."""
    with _no_messages():
        from sentiment.training.export import ParityError, without_optimizer
        from sentiment.training.fit import OtherSettingsError, StoppedError, forget
        from sentiment.training.job import Job
        from sentiment.training.run import train

    job = Job(
        _preset(options),
        reviews,
        options.output,
        options.seed,
        options.split_seed,
        _command(options),
        start,
        options.tensorboard,
    )
    try:
        with _removed_unless_trained(options.output):
            train(job)
    except StoppedError as stop:
        if stop.network is not None:
            without_optimizer(stop.network).save(options.output / "model.keras")
            print(f"\nThe best weights so far are in {options.output / 'model.keras'}.", file=sys.stderr)
        print(f"\nStopped after {stop.epoch} finished epochs; run the same command to resume.", file=sys.stderr)
        return 130
    except KeyboardInterrupt:
        print("\nStopped; run the same command to resume.", file=sys.stderr)
        return 130
    except OtherSettingsError as error:
        remedy = "remove it with --overwrite" if error.folder == options.output else "remove it"
        raise ArtifactError(
            f"{error.folder} has an unfinished training with other settings or data; name another folder, or {remedy}"
        ) from error
    except ParityError as error:
        return fail(prog, str(error), status=1)
    forget(options.output)
    print(f"The run is in {options.output}.", file=sys.stderr)
    return 0


@contextlib.contextmanager
def _no_messages() -> Iterator[None]:
    """Discards what is written to stderr; TensorFlow reports missing GPUs there before its log level counts."""
    sys.stderr.flush()
    kept = os.dup(2)
    try:
        with Path(os.devnull).open("w") as nowhere:
            os.dup2(nowhere.fileno(), 2)
        yield
    finally:
        os.dup2(kept, 2)
        os.close(kept)


@contextlib.contextmanager
def _removed_unless_trained(folder: Path) -> Iterator[None]:
    """Removes a new run folder if training fails before the first checkpoint; Ctrl-C leaves it, to be resumed."""
    existed = folder.exists()
    try:
        yield
    except Exception:  # any error, passed on below; Ctrl-C is none and leaves the folder
        kept = {path.name for path in (folder / "checkpoint").glob("*")}
        if not existed and kept <= {"settings.json", "stages.json"}:
            shutil.rmtree(folder, ignore_errors=True)
        raise


def _options(arguments: Sequence[str], prog: str) -> argparse.Namespace:
    parser = Parser(prog, __doc__, _EXAMPLES)
    parser.add_argument(
        "--data",
        type=Path,
        required=True,
        help="IMDB reviews (CSV, zip, folder or archive), or a table of your own labelled reviews",
    )
    parser.add_argument("--preset", choices=PRESETS, required=True, help="the recipe")
    parser.add_argument("--without", choices=PARTS, help="a part of the recipe to leave out")
    parser.add_argument("--output", type=Path, required=True, metavar="RUN_FOLDER", help="folder for the run")
    parser.add_argument("--epochs", type=_whole_number(1, 1_000_000), help="maximum number of epochs")
    parser.add_argument(
        "--limit", type=_whole_number(1, 10**9), help="train on this many reviews only, for a quick trial"
    )
    seed = _whole_number(0, 2**32 - 1)
    parser.add_argument("--seed", type=seed, default=1, help="seed of training (default: 1)")
    parser.add_argument(
        "--split-seed", type=seed, help="seed of the split (default: --seed), to share one split between runs"
    )
    parser.add_argument(
        "--start", type=Path, metavar="RUN_FOLDER", help="run to continue instead of the one that the preset names"
    )
    parser.add_argument("--exclude", type=Path, metavar="FILE", help="fingerprints to leave out, one on each line")
    parser.add_argument("--tensorboard", action="store_true", help="write TensorBoard logs to RUN_FOLDER/logs")
    parser.add_argument("--overwrite", action="store_true", help="first remove the run in RUN_FOLDER")
    add_reading_options(parser)
    options = parser.parse_args(arguments)
    options.split_seed = options.seed if options.split_seed is None else options.split_seed
    return options


def _preset(options: argparse.Namespace) -> Preset:
    preset = PRESETS[options.preset]
    if options.without:
        preset = leave_out(preset, options.without)
    return dataclasses.replace(preset, epochs=options.epochs) if options.epochs else preset


def _whole_number(lowest: int, highest: int) -> Callable[[str], int]:
    """Returns an argument type whose errors name the allowed range; argparse would name a Python function."""

    def parse(text: str) -> int:
        with contextlib.suppress(ValueError):
            if lowest <= (number := int(text)) <= highest:
                return number
        raise argparse.ArgumentTypeError(f"{text[:20]!r} is not a whole number from {lowest} to {highest:,}")

    return parse


def _start(options: argparse.Namespace) -> artifacts.Run | None:
    """Opens the run that the training continues: the one that the preset names, or ``--start``.

    Raises:
        ArtifactError: the preset continues no run and one is named; or the run is unusable, has another architecture,
            or is the output folder.
    """
    preset = _preset(options)
    if not preset.continues:
        if options.start:
            raise ArtifactError(f"The preset {preset.name} starts from random numbers; leave out --start.")
        return None
    from sentiment.training.teachers import start_weights  # here, because scipy and onnx take a second

    named = artifacts.ROOT / preset.continues.start
    run = artifacts.open_run(options.start or named)
    if not options.start and run.manifest["files"]["model.onnx"] != preset.continues.sha256:
        raise ArtifactError(f"The model in {named} is not the one that the preset {preset.name} names; restore it.")
    if options.output.resolve() == run.path:
        raise ArtifactError(f"{options.output} is the run to continue; name another folder for the new run.")
    start_weights(run, preset)
    return run


def _check_start(run: artifacts.Run, reviews: dataset.Dataset, split_seed: int) -> None:
    """Refuses to continue a run that was trained on reviews that the new run holds out."""
    known = provenance.training_fingerprints(run, "train")
    shared = int(pd.concat([reviews.validation, reviews.test])["fingerprint"].isin(known).sum())
    if shared:
        remedy = _other_split(run, reviews.source, split_seed)
        raise ArtifactError(f"{run.name} was trained on {shared:,} of the reviews that are held out now; {remedy}.")


def _other_split(run: artifacts.Run, source: dataset.Source, split_seed: int) -> str:
    """Returns why an earlier training held out other reviews, and what to do."""
    made = run.json("metadata.json").get("data", dataclasses.asdict(source))
    excluded, seed = made["removed"]["excluded"], provenance.split_seed(run)
    if _kind_of_split(made["split"]) != _kind_of_split(source.split):
        return f'its data was split otherwise ("{made["split"]}"), so train it again on this data'
    if made["sha256"] != source.sha256 and _kind_of_split(source.split) != "official":
        return "it was trained on other data, so train it again on this data"
    if seed != split_seed:
        return f"name --split-seed {seed}"
    if excluded != source.removed.excluded:
        here = source.removed.excluded
        return f"it left out {excluded:,} reviews and this training {here:,}, so give both the same --exclude"
    return "it was trained with another version of this program or other options, so train it again"


def _kind_of_split(split: str) -> str:
    return split.partition(",")[0]  # "official" and "official, recovered: ..." are the same


def _command(options: argparse.Namespace) -> str:
    """Returns the command, with files outside the repository by name only, to keep their folders private."""
    words = [*program("train"), "--data", options.data.name, "--preset", options.preset]
    words += ["--output", f"artifacts/{options.output.name}", "--seed", str(options.seed)]
    if options.split_seed != options.seed:
        words += ["--split-seed", str(options.split_seed)]
    for name in ("without", "start", "epochs", "limit", "exclude"):
        value = getattr(options, name)
        if value is not None:
            words += [f"--{name.replace('_', '-')}", public_name(value) if isinstance(value, Path) else str(value)]
    return shlex.join(words + reading_words(options))
