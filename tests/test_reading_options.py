"""Every script that reads a table takes the same options for it, and refuses those that cannot apply."""

from __future__ import annotations

import argparse
from pathlib import Path

import pytest

from sentiment.commands import train
from sentiment.tables.base import Options
from sentiment.tables.command_line import add_reading_options, reading, reading_words
from sentiment.tables.errors import FileError
from sentiment.tables.reading import Reading
from tests.command import run_script
from tests.data_forms import release, stanford_folder

NEED_LABELS = ("train.py", "evaluate.py", "find_label_errors.py")
SCRIPTS = (*NEED_LABELS, "score.py")
OPTIONS = ("--text-column", "--label-column", "--labels", "--input-form", "--sheet", "--encoding", "--delimiter")


def parsed(*words: str) -> argparse.Namespace:
    parser = argparse.ArgumentParser()
    add_reading_options(parser)
    return parser.parse_args(words)


def parcels_csv(folder: Path) -> Path:
    """A CSV of 40 texts with the labels fine and torn, whose meanings are not clear."""
    path = folder / "parcels.csv"
    rows = [f"The parcel number {i} came late;{('fine', 'torn')[i % 2]}\n" for i in range(40)]
    path.write_text("said;felt\n" + "".join(rows), encoding="utf-8")
    return path


def arguments(name: str, data: Path, folder: Path, *options: str) -> list[object]:
    """The arguments that the script needs to read the data, and these options."""
    needed = {
        "train.py": ["--data", data, "--preset", "lstm", "--output", folder / "run"],
        "evaluate.py": ["--data", data],
        "find_label_errors.py": ["--data", data, "--output", folder / "found"],
        "score.py": [data, folder / "out.csv", "--label-column", "felt"],
    }
    return [*needed[name], *options]


@pytest.mark.parametrize("name", SCRIPTS)
def test_every_script_has_every_option(name):
    shown = run_script(name, "--help").stdout
    assert all(option in shown for option in (*OPTIONS, "--header, --no-header"))


def test_options_become_a_reading_and_are_recorded_as_given():
    given = ["--text-column", "a,b", "--label-column", "2", "--labels", "good=positive,ok=none"]
    given += ["--input-form", "csv", "--sheet", "2", "--encoding", "cp1252", "--delimiter", "tab", "--no-header"]
    assert reading(parsed(*given)) == Reading(
        "a,b", "2", {"good": 1, "ok": None}, Options("csv", "cp1252", "\t", False, "2")
    )
    assert reading_words(parsed(*given)) == given
    assert reading(parsed()) == Reading()
    assert reading_words(parsed()) == []


@pytest.mark.parametrize(
    ("option", "value"), [("--labels", "good=fine"), ("--labels", "good"), ("--labels", ""), ("--delimiter", "ab")]
)
def test_a_value_that_is_not_valid_is_refused(option, value):
    with pytest.raises(FileError, match=r"\.$"):
        reading(parsed(f"{option}={value}"))


@pytest.mark.parametrize("name", SCRIPTS)
@pytest.mark.parametrize(
    ("option", "sentence"),
    [
        ("--labels=fine=splendid", "“splendid” is not a meaning of fine; write positive, negative or none."),
        ("--text-column=none", "There is no column called none; the columns are said, felt."),
        ("--sheet=2", "The option sheet cannot be used for parcels.csv"),
        ("--delimiter=ab", "The delimiter must be one character"),
        ("--encoding=nothing", "There is no text encoding called nothing"),
    ],
)
def test_every_script_refuses_an_option_that_does_not_apply_in_one_sentence(name, option, sentence, tmp_path):
    done = run_script(name, *arguments(name, parcels_csv(tmp_path), tmp_path, option))
    assert (done.status, done.stderr.count("\n")) == (2, 1)
    assert done.stderr.startswith(f"{name}: {sentence}")


@pytest.mark.parametrize("name", NEED_LABELS)
def test_labels_without_a_clear_meaning_are_refused(name, tmp_path):
    done = run_script(name, *arguments(name, parcels_csv(tmp_path), tmp_path, "--label-column", "felt"))
    assert (done.status, done.stderr.count("\n")) == (2, 1)
    assert "“fine”, “torn”. Give it with --labels" in done.stderr


@pytest.mark.parametrize("name", NEED_LABELS)
def test_meanings_of_labels_are_refused_for_the_stanford_release(name, tmp_path):
    folder = stanford_folder(release(), tmp_path)
    done = run_script(name, *arguments(name, folder, tmp_path, "--labels", "pos=positive"))
    assert (done.status, done.stderr.count("\n")) == (2, 1)
    assert done.stderr.endswith("is the Stanford release, to which --labels does not apply; leave it out.\n")


@pytest.mark.parametrize(
    ("name", "task"), [("score.py", ["--text", "Fine"]), ("evaluate.py", ["--behaviour"])], ids=["score", "evaluate"]
)
def test_an_option_for_files_is_refused_without_a_file(name, task):
    done = run_script(name, *task, "--labels", "fine=positive")
    assert done.status == 2
    assert "--labels is for" in done.stderr.splitlines()[-1]


def test_the_recorded_command_holds_the_options(tmp_path):
    given = ("--labels", "fine=positive,torn=negative", "--header")
    words = arguments("train.py", parcels_csv(tmp_path), tmp_path, *given)
    recorded = train._command(train._options([*map(str, words)], "train.py"))
    assert recorded.endswith("--labels fine=positive,torn=negative --header")
    assert str(tmp_path) not in recorded
