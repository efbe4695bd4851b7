"""train.py checks its options in plain words before it imports TensorFlow, and leaves no empty run behind."""

from __future__ import annotations

import re
from pathlib import Path

import pandas as pd
import pytest

from sentiment import artifacts, commands, dataset
from sentiment.artifacts import add_parts, open_run
from sentiment.commands import train as script
from tests.command import SCRIPTS, run_script
from tests.tiny import tiny_run


def mine(folder: Path, rows: int = 60) -> Path:
    path = folder / "mine.csv"
    table = pd.DataFrame({"text": [f"Parcel number {i}" for i in range(rows)], "label": [i % 2 for i in range(rows)]})
    table.to_csv(path, index=False)
    return path


def options(data: Path, output: Path) -> list[object]:
    return ["--data", data, "--preset", "lstm", "--output", output]


@pytest.mark.parametrize("option", ["--epochs", "--limit", "--seed", "--split-seed"])
@pytest.mark.parametrize("value", ["abc", "", "1.5", "-1", "1e3", "9" * 40, "9" * 5_000])
def test_an_invalid_number_is_refused_in_plain_words(option, value, tmp_path):
    done = run_script("train.py", *options(tmp_path / "none.csv", tmp_path / "run"), f"{option}={value}")
    assert done.status == 2
    last = done.stderr.splitlines()[-1]
    assert re.fullmatch(rf"train.py: error: argument {option}: '.*' is not a whole number from \d to [\d,]+", last)
    assert len(last) < 120


@pytest.mark.parametrize("name", sorted(path.stem for path in SCRIPTS.glob("[!_]*.py")))
def test_no_script_shows_the_name_of_a_function_of_its_own_for_a_wrong_value(name):
    source = (Path(commands.__file__).parent / f"{name}.py").read_text(encoding="utf-8")
    for option in re.findall(r"\"(--[\w-]+)\"[^\n]*type=(?!Path|str)", source):
        done = run_script(f"{name}.py", option, "never a value")
        assert done.status == 2
        assert not re.search(r"invalid _?\w*[_A-Z.]\w* value", done.stderr)


def test_an_invalid_checksum_is_refused_before_anything_is_fetched(tmp_path):
    done = run_script("download_data.py", "--output", tmp_path / "new", "--sha256", "c0ffee")
    assert (done.status, (tmp_path / "new").exists()) == (2, False)
    assert "'c0ffee' is not a SHA-256 checksum" in done.stderr


@pytest.mark.parametrize("url", ["http://[bad/x", "http://]/x", "", "x/", "http://a b/x", "http://127.0.0.1:no/x"])
def test_an_invalid_address_is_refused_in_a_sentence(url, tmp_path):
    done = run_script("download_data.py", "--output", tmp_path, "--url", url)
    assert (done.status, done.stderr.count("\n")) == (2, 1)


def test_label_errors_of_data_that_cannot_be_used_leave_no_folder(tmp_path):
    done = run_script("find_label_errors.py", "--data", tmp_path / "none.csv", "--output", tmp_path / "found")
    assert (done.status, done.stderr.count("\n"), (tmp_path / "found").exists()) == (2, 1, False)


@pytest.mark.parametrize("option", ["--output", "--data", "--exclude", "--start"])
def test_a_path_that_is_too_long_is_refused_in_a_sentence(option, tmp_path):
    done = run_script("train.py", *options(mine(tmp_path), tmp_path / "run"), option, tmp_path / ("x" * 300))
    assert (done.status, done.stderr.count("\n")) == (2, 1)
    assert done.stderr.startswith("train.py: ")


def test_a_run_folder_is_removed_when_training_fails_before_anything_is_learned(tmp_path):
    folder = tmp_path / "run"
    with pytest.raises(RuntimeError), script._removed_unless_trained(folder):
        begin(folder)
        raise RuntimeError
    assert not folder.exists()


@pytest.mark.parametrize("name", ["training.npz", "embedding.npy", "predictions.npy"])
def test_a_run_folder_with_anything_learned_stays_when_training_fails(name, tmp_path):
    folder = tmp_path / "run"
    with pytest.raises(RuntimeError), script._removed_unless_trained(folder):
        begin(folder)
        (folder / "checkpoint" / name).touch()
        raise RuntimeError
    assert (folder / "checkpoint" / name).exists()


@pytest.mark.parametrize("stop", [KeyboardInterrupt, RuntimeError])
def test_a_run_folder_that_was_there_before_stays(stop, tmp_path):
    folder = tmp_path / "run"
    begin(folder)
    with pytest.raises(stop), script._removed_unless_trained(folder):
        raise stop
    assert folder.exists()


def test_ctrl_c_leaves_a_new_run_folder_to_be_resumed(tmp_path):
    folder = tmp_path / "run"
    with pytest.raises(KeyboardInterrupt), script._removed_unless_trained(folder):
        begin(folder)
        raise KeyboardInterrupt
    assert folder.exists()


def begin(folder: Path) -> None:
    (folder / "checkpoint").mkdir(parents=True)
    for name in ("settings.json", "stages.json"):
        (folder / "checkpoint" / name).touch()


MADE = {"split": "seeded, stratified: 20% test", "sha256": "a", "removed": {"excluded": 0}}


def start(folder: Path, known: list[str], seed: int = 1, **data: object) -> artifacts.Run:
    rows = folder / "rows.parquet"
    pd.DataFrame({"fingerprint": known, "split": "train"}).to_parquet(rows)
    made = {"seed": seed, "data": {**MADE, **data}}
    run = open_run(tiny_run(folder / "start"))
    return add_parts(run, {"metadata.json": made, "predictions.parquet": rows.read_bytes()})


def reviews(**source: object) -> dataset.Dataset:
    table = pd.DataFrame({"fingerprint": ["1", "2"]})
    made = {"form": "CSV", "validation": "", **MADE, "removed": dataset.Removed(), **source}
    return dataset.Dataset(table, table, table, table, dataset.Source(**made))


@pytest.mark.parametrize(
    ("its", "ours", "reason"),
    [
        ({"split": "as the files give it"}, {}, 'split differently ("as the files give it")'),
        ({"sha256": "b"}, {}, "trained on other data"),
        ({"seed": 7}, {}, "name --split-seed 7"),
        ({"removed": {"excluded": 5}}, {}, "left out 5 reviews and this training 0"),
        ({"split": "official", "sha256": "b", "seed": 7}, {"split": "official, recovered: all"}, "name --split-seed 7"),
        ({}, {}, "another version of this program"),
    ],
)
def test_a_start_that_knows_what_is_held_out_is_refused_for_the_reason_that_holds(its, ours, reason, tmp_path):
    run = start(tmp_path, ["2", "3"], **its)
    with pytest.raises(artifacts.ArtifactError) as caught:
        script._check_start(run, reviews(**ours), 1)
    assert str(caught.value).startswith("start was trained on 2 of the reviews that are held out now; ")
    assert reason in str(caught.value)


def test_a_start_that_knows_nothing_of_what_is_held_out_is_taken(tmp_path):
    script._check_start(start(tmp_path, ["3"]), reviews(), 1)


def test_neither_a_preset_nor_a_start_is_refused_in_a_sentence(tmp_path):
    done = run_script("train.py", "--data", mine(tmp_path), "--output", tmp_path / "run")
    assert (done.status, done.stderr.count("\n")) == (2, 1)
    assert "--preset" in done.stderr
    assert "--start" in done.stderr


def test_distilled_says_at_once_what_it_needs(tmp_path):
    words = ["--data", mine(tmp_path), "--preset", "distilled", "--output", tmp_path / "run"]
    done = run_script("train.py", *words)
    assert (done.status, (tmp_path / "run").exists()) == (2, False)
    assert "needs the IMDB reviews" in done.stderr
    assert "mine.csv has no unlabelled reviews" in done.stderr


@pytest.mark.parametrize(
    ("negative", "expected"), [(30, "Only 2"), (600, ""), (20, "Only 1")], ids=["small", "enough", "rare"]
)
def test_small_and_lopsided_data_are_warned_of(negative, expected, tmp_path):
    texts = [f"Parcel number {i}" for i in range(600 + negative)]
    labels = [1] * 600 + [0] * negative
    pd.DataFrame({"text": texts, "label": labels}).to_csv(tmp_path / "mine.csv", index=False)
    lines = script._warnings(dataset.load(tmp_path / "mine.csv"), None)
    assert " ".join(lines).startswith(expected)
    assert any("--balanced" in line for line in lines) == bool(expected)


def test_texts_to_rehearse_are_a_sample_of_what_the_data_holds(tmp_path, monkeypatch):
    monkeypatch.setattr(script, "REHEARSED", 20)
    texts = script._rehearsal(mine(tmp_path), 1)
    assert len(set(texts)) == 20
    assert all(text.startswith("Parcel number") for text in texts)


def test_rehearsing_needs_a_run_to_train_further(tmp_path):
    done = run_script("train.py", *options(mine(tmp_path), tmp_path / "run"), "--rehearse", mine(tmp_path))
    assert (done.status, done.stderr.count("\n")) == (2, 1)
    assert "--rehearse goes with --start" in done.stderr
