"""``train.py`` checks its options before it imports TensorFlow, and leaves no empty run behind."""

from __future__ import annotations

import re
from pathlib import Path

import pandas as pd
import pytest

from sentiment import artifacts, dataset
from sentiment.artifacts import add_parts, open_run
from sentiment.commands import train as script
from sentiment.presets import BILSTM, DISTILLED, PartError, leave_out
from tests.command import run_script
from tests.tiny import tiny_run


def parcels_csv(folder: Path, positive: int = 30, negative: int = 30) -> Path:
    """A CSV of labelled texts that are no film reviews."""
    texts = [f"Parcel number {i}" for i in range(positive + negative)]
    pd.DataFrame({"text": texts, "label": [1] * positive + [0] * negative}).to_csv(folder / "parcels.csv", index=False)
    return folder / "parcels.csv"


def required_options(data: Path, output: Path) -> list[object]:
    return ["--data", data, "--preset", "lstm", "--output", output]


@pytest.mark.parametrize("option", ["--epochs", "--limit", "--seed", "--split-seed"])
@pytest.mark.parametrize("value", ["abc", "", "1.5", "-1", "1e3", "9" * 40, "9" * 5_000])
def test_an_invalid_number_is_refused_in_a_short_line(option, value, tmp_path):
    done = run_script("train.py", *required_options(tmp_path / "none.csv", tmp_path / "run"), f"{option}={value}")
    assert done.status == 2
    last = done.stderr.splitlines()[-1]
    assert re.fullmatch(rf"train.py: error: argument {option}: '.*' is not a whole number from \d to [\d,]+", last)
    assert len(last) < 120


@pytest.mark.parametrize("option", ["--output", "--data", "--exclude", "--start"])
def test_a_path_that_is_too_long_is_refused_in_a_sentence(option, tmp_path):
    done = run_script(
        "train.py", *required_options(parcels_csv(tmp_path), tmp_path / "run"), option, tmp_path / ("x" * 300)
    )
    assert (done.status, done.stderr.count("\n")) == (2, 1)
    assert done.stderr.startswith("train.py: ")


def test_a_new_run_folder_is_removed_if_training_fails_before_anything_is_learned(tmp_path):
    folder = tmp_path / "run"
    with pytest.raises(RuntimeError), script._removed_unless_trained(folder):
        write_empty_checkpoint(folder)
        raise RuntimeError
    assert not folder.exists()


@pytest.mark.parametrize("name", ["training.npz", "embedding.npy", "predictions.npy"])
def test_a_run_folder_with_anything_learned_stays_if_training_fails(name, tmp_path):
    folder = tmp_path / "run"
    with pytest.raises(RuntimeError), script._removed_unless_trained(folder):
        write_empty_checkpoint(folder)
        (folder / "checkpoint" / name).touch()
        raise RuntimeError
    assert (folder / "checkpoint" / name).exists()


@pytest.mark.parametrize("stop", [KeyboardInterrupt, RuntimeError])
def test_an_earlier_run_folder_stays_however_training_ends(stop, tmp_path):
    folder = tmp_path / "run"
    write_empty_checkpoint(folder)
    with pytest.raises(stop), script._removed_unless_trained(folder):
        raise stop
    assert folder.exists()


def test_ctrl_c_leaves_a_new_run_folder_to_be_resumed(tmp_path):
    folder = tmp_path / "run"
    with pytest.raises(KeyboardInterrupt), script._removed_unless_trained(folder):
        write_empty_checkpoint(folder)
        raise KeyboardInterrupt
    assert folder.exists()


def write_empty_checkpoint(folder: Path) -> None:
    """Writes the files of a training that has learned nothing yet."""
    (folder / "checkpoint").mkdir(parents=True)
    for name in ("settings.json", "stages.json"):
        (folder / "checkpoint" / name).touch()


SOURCE = {"split": "seeded, stratified: 20% test", "sha256": "a", "removed": {"excluded": 0}}


def start_run(folder: Path, known: list[str], seed: int = 1, **source: object) -> artifacts.Run:
    """A run trained on the reviews with these fingerprints."""
    rows = folder / "rows.parquet"
    pd.DataFrame({"fingerprint": known, "split": "train"}).to_parquet(rows)
    metadata = {"seed": seed, "data": {**SOURCE, **source}}
    run = open_run(tiny_run(folder / "start"))
    return add_parts(run, {"metadata.json": metadata, "predictions.parquet": rows.read_bytes()})


def reviews(**source: object) -> dataset.Dataset:
    """Data whose reviews have the fingerprints 1 and 2, in every part."""
    table = pd.DataFrame({"fingerprint": ["1", "2"]})
    fields = {"form": "CSV", "validation": "", **SOURCE, "removed": dataset.Removed(), **source}
    return dataset.Dataset(table, table, table, table, dataset.Source(**fields))


@pytest.mark.parametrize(
    ("of_start", "of_data", "reason"),
    [
        ({"split": "as the files give it"}, {}, 'split differently ("as the files give it")'),
        ({"sha256": "b"}, {}, "trained on other data"),
        ({"seed": 7}, {}, "name --split-seed 7"),
        ({"removed": {"excluded": 5}}, {}, "left out 5 reviews and this training 0"),
        ({"split": "official", "sha256": "b", "seed": 7}, {"split": "official, recovered: all"}, "name --split-seed 7"),
        ({}, {}, "another version of this program"),
    ],
)
def test_a_start_trained_on_held_out_reviews_is_refused_with_the_reason(of_start, of_data, reason, tmp_path):
    run = start_run(tmp_path, ["2", "3"], **of_start)
    with pytest.raises(artifacts.ArtifactError) as caught:
        script._check_start(run, reviews(**of_data), 1)
    counted = "start was trained on 2 of the reviews that are held out now; "  # one of validation, one of the test
    assert str(caught.value).startswith(counted)
    assert reason in str(caught.value)


def test_a_start_trained_on_no_held_out_review_is_accepted(tmp_path):
    script._check_start(start_run(tmp_path, ["3"]), reviews(), 1)


def test_without_a_preset_or_a_start_both_are_named_in_a_sentence(tmp_path):
    done = run_script("train.py", "--data", parcels_csv(tmp_path), "--output", tmp_path / "run")
    assert (done.status, done.stderr.count("\n")) == (2, 1)
    assert "--preset" in done.stderr
    assert "--start" in done.stderr


def test_distilled_is_refused_without_the_reviews_it_needs(tmp_path):
    words = ["--data", parcels_csv(tmp_path), "--preset", "distilled", "--output", tmp_path / "run"]
    done = run_script("train.py", *words)
    assert (done.status, (tmp_path / "run").exists()) == (2, False)
    assert "needs the IMDB reviews" in done.stderr
    assert "parcels.csv has no unlabelled reviews" in done.stderr


@pytest.mark.parametrize(
    ("negative", "expected"), [(30, "Only 2"), (600, ""), (20, "Only 1")], ids=["small", "enough", "rare"]
)
def test_a_class_with_few_reviews_gives_a_warning(negative, expected, tmp_path):
    lines = script._warnings(dataset.load(parcels_csv(tmp_path, 600, negative)), None)
    assert " ".join(lines).startswith(expected)
    assert any("--balanced" in line for line in lines) == bool(expected)


def test_texts_to_rehearse_are_a_sample_of_the_data(tmp_path, monkeypatch):
    monkeypatch.setattr(script, "REHEARSED", 20)
    texts = script._rehearsal(parcels_csv(tmp_path), 1)
    assert len(set(texts)) == 20
    assert all(text.startswith("Parcel number") for text in texts)


def test_rehearsing_without_a_start_is_refused(tmp_path):
    done = run_script(
        "train.py", *required_options(parcels_csv(tmp_path), tmp_path / "run"), "--rehearse", parcels_csv(tmp_path)
    )
    assert (done.status, done.stderr.count("\n")) == (2, 1)
    assert "--rehearse goes with --start" in done.stderr


def test_a_recipe_cannot_leave_out_a_part_that_it_lacks(tmp_path):
    done = run_script("train.py", *required_options(parcels_csv(tmp_path), tmp_path / "run"), "--without", "clauses")
    assert done.status == 2
    assert "no clauses to leave out" in done.stderr
    with pytest.raises(PartError):
        leave_out(BILSTM, "sayings")
    with pytest.raises(PartError):
        leave_out(DISTILLED, "skipgram")


@pytest.mark.parametrize("part", ["turned", "clauses", "sayings"])
def test_a_part_of_a_continuation_can_be_left_out(part):
    left = leave_out(DISTILLED, part)
    assert (left.name, getattr(left.continues, part)) == (f"distilled-without-{part}", 0.0)
    assert left.summary.endswith(f"; without {part}")


def test_an_existing_run_is_not_overwritten_by_default(tmp_path):
    run = tiny_run(tmp_path / "tiny")
    before = open_run(run).manifest
    done = run_script("train.py", *required_options(parcels_csv(tmp_path), run))
    assert done.status == 2
    assert "finished run" in done.stderr
    assert open_run(run).manifest == before


@pytest.mark.parametrize(
    "wrong", [("--data", "none.csv"), ("--exclude", "none.txt"), ("--text-column", "none")], ids=lambda pair: pair[0]
)
def test_an_error_in_the_command_deletes_no_finished_run_despite_overwrite(wrong, tmp_path):
    run = tiny_run(tmp_path / "tiny")
    option, value = wrong
    words = [*required_options(parcels_csv(tmp_path), run), "--overwrite"]
    done = run_script("train.py", *words, option, value if option == "--text-column" else tmp_path / value)
    assert (done.status, done.stderr.count("\n")) == (2, 1)
    open_run(run)  # raises an error if it is incomplete


@pytest.mark.parametrize("content", ["{}", "[]", "not JSON"])
def test_a_folder_of_another_program_is_not_overwritten_although_it_has_a_manifest(content, tmp_path):
    (tmp_path / "site").mkdir()
    (tmp_path / "site" / "manifest.json").write_text(content)
    done = run_script("train.py", *required_options(parcels_csv(tmp_path), tmp_path / "site"), "--overwrite")
    assert done.status == 2
    assert "not a run's folder" in done.stderr
    assert (tmp_path / "site" / "manifest.json").read_text() == content


def test_an_output_folder_inside_a_file_is_refused_in_a_sentence(tmp_path):
    data = parcels_csv(tmp_path)
    done = run_script("train.py", *required_options(data, data / "run"))
    assert (done.status, done.stderr.count("\n")) == (2, 1)
    assert "is a file" in done.stderr
