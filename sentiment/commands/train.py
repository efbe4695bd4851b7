"""Trains a model and writes its run folder. The same command resumes an interrupted training after its last epoch."""

from __future__ import annotations

import argparse
import contextlib
import dataclasses
import shlex
import shutil
import sys
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import pandas as pd

from sentiment import artifacts, dataset
from sentiment.artifacts import ArtifactError
from sentiment.commands import fail, program
from sentiment.commands.outputs import check_output, public_name
from sentiment.commands.parser import Parser
from sentiment.commands.quiet import quiet_tensorflow
from sentiment.dataset.records import NAMES
from sentiment.dataset.stored_reading import reading_record, with_record
from sentiment.evaluation import provenance
from sentiment.presets import PARTS, PRESETS, Preset, fine_tuning, leave_out, with_architecture
from sentiment.tables.command_line import add_reading_options, reading, reading_words

if TYPE_CHECKING:
    from sentiment.training.job import Job

_EXAMPLES = """\
%(prog)s --data "IMDB Dataset.csv" --preset lstm --output artifacts/my-lstm
%(prog)s --data mine.csv --text-column comment --label-column verdict --preset bilstm --output artifacts/mine
%(prog)s --data mine.csv --start artifacts/distilled --output artifacts/mine
"""
SMALL = 100  # training reviews of a class below which a model trained from scratch is seldom useful
REHEARSED = 2_000  # texts; half of them are in an epoch


def main(arguments: Sequence[str], prog: str) -> int:
    """Runs the command line; returns the exit status."""
    options = _options(arguments, prog)
    preset, start = _recipe(options)
    check_output(options.output, overwrite=options.overwrite)
    exclude = dataset.read_fingerprints(options.exclude) if options.exclude else frozenset()
    how = reading(options)
    if start and start.has("metadata.json"):
        how = with_record(how, start.json("metadata.json").get("reading"))
    reviews = dataset.load(options.data, how, exclude=exclude, limit=options.limit, seed=options.split_seed)
    _check_preset(preset, reviews, options.data.name)
    if start:
        _check_start(start, reviews, options.split_seed)
    print("\n".join([*dataset.summary_lines(reviews), *_warnings(reviews, start)]), file=sys.stderr)
    if options.overwrite and options.output.exists():
        artifacts.remove_run(options.output)
    return _train(options, preset, reviews, start, prog)


def _train(
    options: argparse.Namespace, preset: Preset, reviews: dataset.Dataset, start: artifacts.Run | None, prog: str
) -> int:
    """Runs the training; returns the exit status. TensorFlow is imported here because that takes seconds."""
    with quiet_tensorflow():
        from sentiment.training.export import ParityError, without_optimizer
        from sentiment.training.fit import OtherSettingsError, StoppedError, forget
        from sentiment.training.run import train

    job = _job(options, preset, reviews, start)
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
            f"{error.folder} has an unfinished training with other settings or data; name another folder, or {remedy}."
        ) from error
    except ParityError as error:
        return fail(prog, str(error), status=1)
    forget(options.output)
    print(f"The run is in {options.output}.", file=sys.stderr)
    return 0


def _job(options: argparse.Namespace, preset: Preset, reviews: dataset.Dataset, start: artifacts.Run | None) -> Job:
    from sentiment.training.job import Job  # here, because SciPy takes a second to import

    return Job(
        preset=preset,
        dataset=reviews,
        output=options.output,
        seed=options.seed,
        split_seed=options.split_seed,
        command=_command(options),
        start=start,
        tensorboard=options.tensorboard,
        rehearsal=_rehearsal(options.rehearse, options.seed) if options.rehearse else (),
        about=options.about or "",
        balanced=options.balanced,
        reading=reading_record(reviews.interpretation, reading(options)),
    )


@contextlib.contextmanager
def _removed_unless_trained(folder: Path) -> Iterator[None]:
    """Removes a new run folder if training fails before the first checkpoint; Ctrl-C leaves it, to be resumed."""
    existed = folder.exists()
    try:
        yield
    except Exception:  # re-raised below; Ctrl-C is not an Exception and leaves the folder
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
    parser.add_argument("--preset", choices=PRESETS, help="the recipe; without one, --start is trained further")
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
        "--start",
        type=Path,
        metavar="RUN_FOLDER",
        help="run to train further on your own data; with a preset that continues a run, the run to continue instead",
    )
    parser.add_argument(
        "--rehearse",
        type=Path,
        metavar="DATA",
        help="texts on which the scores of --start should stay the same",
    )
    parser.add_argument(
        "--balanced", action="store_true", help="choose the threshold so that both classes count the same"
    )
    parser.add_argument("--about", help='what the texts are, such as "reviews of kitchen appliances", for the card')
    parser.add_argument("--exclude", type=Path, metavar="FILE", help="fingerprints to leave out, one on each line")
    parser.add_argument("--tensorboard", action="store_true", help="write TensorBoard logs to RUN_FOLDER/logs")
    parser.add_argument("--overwrite", action="store_true", help="first remove the run in RUN_FOLDER")
    add_reading_options(parser)
    options = parser.parse_args(arguments)
    options.split_seed = options.seed if options.split_seed is None else options.split_seed
    return options


def _recipe(options: argparse.Namespace) -> tuple[Preset, artifacts.Run | None]:
    """Returns the recipe, and the run that the training continues: the one that the preset names, or ``--start``.

    Raises:
        ArtifactError: neither is named, or they do not go together; or the run is unusable or is the output folder.
    """
    preset = _preset(options) if options.preset else None
    if preset and options.rehearse:
        raise ArtifactError("--rehearse goes with --start and without a preset.")
    if preset and not preset.continues:
        if options.start:
            raise ArtifactError(
                f"The preset {preset.name} trains from scratch; leave out --start, or leave out --preset to "
                "train that run further."
            )
        return preset, None
    run = _start(preset, options.start)
    if options.output.resolve() == run.path:
        raise ArtifactError(f"{options.output} is the run to continue; name another folder for the new run.")
    from sentiment.training.teachers import read_weights  # here, because scipy and onnx take a second

    weights = read_weights(run)
    if preset:
        return with_architecture(preset, weights), run
    return _changed(fine_tuning(run.name, weights, run.json("config.json")["max_length"]), options), run


def _start(preset: Preset | None, start: Path | None) -> artifacts.Run:
    """Opens the run to continue: ``start``, or the one that the preset names, which must be unchanged."""
    if start:
        return artifacts.open_run(start)
    if preset is None or not preset.continues:
        raise ArtifactError("Name a recipe with --preset, or a run to train further with --start.")
    named = artifacts.ROOT / preset.continues.start
    run = artifacts.open_run(named)
    if run.manifest["files"]["model.onnx"] != preset.continues.sha256:
        raise ArtifactError(f"The model in {named} is not the one that the preset {preset.name} names; restore it.")
    return run


def _preset(options: argparse.Namespace) -> Preset:
    preset = PRESETS[options.preset]
    return _changed(leave_out(preset, options.without) if options.without else preset, options)


def _changed(preset: Preset, options: argparse.Namespace) -> Preset:
    return dataclasses.replace(preset, epochs=options.epochs) if options.epochs else preset


def _check_preset(preset: Preset, reviews: dataset.Dataset, name: str) -> None:
    """Refuses to continue a model of film reviews on texts that its recipe is not made for."""
    if preset.continues and reviews.unlabelled.empty and not reviews.source.split.startswith("official"):
        raise ArtifactError(
            f"The preset {preset.name} needs the IMDB reviews, or a folder with train.parquet, test.parquet and "
            f"unsup.parquet; {name} has no unlabelled reviews. To teach the finished model your texts, leave out "
            "--preset and name the run with --start."
        )


def _warnings(reviews: dataset.Dataset, start: artifacts.Run | None) -> list[str]:
    """Returns warnings about data with few reviews of a class, or with unbalanced classes."""
    counts = {name: int((reviews.train["label"] == label).sum()) for label, name in NAMES.items()}
    fewest, n = min(counts, key=lambda name: counts[name]), sum(counts.values())
    lines = []
    if counts[fewest] < SMALL and not start:
        lines.append(
            f"Only {counts[fewest]} {fewest} reviews to train on: a model trained from scratch is likely to be "
            "worse than a shipped one. Compare with adapt.py, which teaches a shipped run your labels."
        )
    if counts[fewest] < n / 10:
        lines.append(
            f"{1 - counts[fewest] / n:.0%} of the reviews are of one class, so read the balanced accuracy, not the "
            "accuracy; --balanced makes both classes count the same."
        )
    return lines


def _rehearsal(data: Path, seed: int) -> list[str]:
    """Returns texts of a data set, at most ``REHEARSED``, drawn at random."""
    found = dataset.load(data, seed=seed)
    texts = pd.concat([found.train["text"], found.unlabelled["text"]])
    return texts.sample(min(len(texts), REHEARSED), random_state=seed).tolist()


def _whole_number(lowest: int, highest: int) -> Callable[[str], int]:
    """Returns an argument type whose errors name the allowed range; argparse would name a Python function."""

    def parse(text: str) -> int:
        with contextlib.suppress(ValueError):
            if lowest <= (number := int(text)) <= highest:
                return number
        raise argparse.ArgumentTypeError(f"{text[:20]!r} is not a whole number from {lowest} to {highest:,}")

    return parse


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
        return f'its data was split differently ("{made["split"]}"), so train it again on this data'
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
    words = [*program("train"), "--data", options.data.name]
    words += ["--preset", options.preset] if options.preset else []
    words += ["--output", f"artifacts/{options.output.name}", "--seed", str(options.seed)]
    if options.split_seed != options.seed:
        words += ["--split-seed", str(options.split_seed)]
    for name in ("without", "start", "rehearse", "about", "epochs", "limit", "exclude"):
        value = getattr(options, name)
        if value is not None:
            words += [f"--{name.replace('_', '-')}", public_name(value) if isinstance(value, Path) else str(value)]
    words += ["--balanced"] if options.balanced else []
    return shlex.join(words + reading_words(options))
