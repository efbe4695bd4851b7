"""``train.py`` trains, resumes after an interruption, and records its options."""

from __future__ import annotations

import signal
import subprocess
import sys

import numpy as np
import pandas as pd
import pytest

pytestmark = [pytest.mark.training, pytest.mark.process]  # a run asks git for its commit
pytest.importorskip("tensorflow")

import keras  # noqa: E402

from sentiment import Classifier  # noqa: E402
from sentiment.artifacts import ROOT, open_run  # noqa: E402
from tests.command import SCRIPTS, run_script  # noqa: E402
from tests.training import history, labelled_csv  # noqa: E402


@pytest.fixture(scope="module")
def data(tmp_path_factory):
    return labelled_csv(tmp_path_factory.mktemp("data") / "own.csv")


def options(data, output):
    columns = ("--text-column", "comment", "--label-column", "verdict")
    return ("--data", data, *columns, "--preset", "lstm", "--epochs", "6", "--output", output)


def test_runs_of_two_seeds_may_share_a_split_and_leave_a_part_out(data, tmp_path):
    runs = [tmp_path / "first", tmp_path / "second"]
    reserved = ROOT / "reviews" / "reserved.txt"
    for seed, output in enumerate(runs, 1):
        more = ("--seed", seed, "--split-seed", 1, "--without", "average", "--epochs", 1, "--exclude", reserved)
        assert run_script("train.py", *options(data, output), *more).status == 0
    first, second = (pd.read_parquet(folder / "predictions.parquet") for folder in runs)
    assert first["fingerprint"].tolist() == second["fingerprint"].tolist()
    assert not np.allclose(first["logit"], second["logit"])
    metadata = open_run(runs[1]).json("metadata.json")
    assert (metadata["seed"], metadata["split_seed"]) == (2, 1)
    assert (metadata["preset"], metadata["options"]["average"]) == ("lstm-without-average", None)
    assert "--without average" in metadata["command"]
    assert "--split-seed 1" in metadata["command"]
    assert "--exclude artifacts/reviews/reserved.txt" in metadata["command"]
    assert str(tmp_path) not in metadata["command"]


@pytest.mark.parametrize("stop", [signal.SIGINT, signal.SIGKILL], ids=["ctrl-c", "kill -9"])
def test_the_same_command_resumes(stop, data, tmp_path):
    output = tmp_path / "run"
    with subprocess.Popen(
        [sys.executable, SCRIPTS / "train.py", *options(data, output)], stderr=subprocess.PIPE, text=True
    ) as process:
        for line in process.stderr:
            if line.startswith("epoch 2/6"):
                process.send_signal(stop)
                break
        stderr = process.stderr.read()
    if stop is signal.SIGINT:
        assert process.returncode == 130
        assert "run the same command to resume" in stderr
        keras.saving.load_model(output / "model.keras", safe_mode=True)
    assert not (output / "manifest.json").exists()
    again = run_script("train.py", *options(data, output))
    assert again.status == 0, again.stderr
    assert "epoch 2/6" not in again.stderr
    epochs = [int(row["epoch"]) for row in history(output)]
    assert epochs == list(range(1, len(epochs) + 1))
    assert len(Classifier.load(output).predict(["a splendid film"])) == 1


def test_reviews_without_a_repeated_word_are_refused_and_leave_no_folder(tmp_path):
    table = pd.DataFrame({"text": [f"w{i}" for i in range(60)], "label": [i % 2 for i in range(60)]})
    table.to_csv(tmp_path / "words.csv", index=False)
    more = ("--preset", "lstm", "--epochs", 1, "--output", tmp_path / "run")
    done = run_script("train.py", "--data", tmp_path / "words.csv", *more)
    assert done.status == 2
    assert done.stderr.splitlines()[-1].startswith("train.py: No word occurs 2 times in the training reviews")
    assert not (tmp_path / "run").exists()
