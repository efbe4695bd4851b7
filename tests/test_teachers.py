"""Soft targets, and the run that a training starts from: which is accepted, and which is refused."""

from __future__ import annotations

import dataclasses
import shutil

import numpy as np
import pandas as pd
import pytest

from sentiment import Classifier, artifacts
from sentiment.artifacts import open_run, write_json, write_manifest
from sentiment.dataset import fingerprint
from sentiment.evaluation.metrics import sigmoid
from sentiment.model.weights import read_onnx
from sentiment.presets import DISTILLED, LSTM, PRESETS, with_architecture
from sentiment.training.examples import Examples
from sentiment.training.teachers import ngram_targets, read_weights, run_logits
from tests.command import run_script
from tests.data_forms import release, stanford_folder
from tests.tiny import tiny_run

START = artifacts.ROOT / DISTILLED.continues.start
FITTING = dataclasses.replace(DISTILLED, embedding_size=3, units=2)  # the tiny run


def test_an_ngram_model_gives_calibrated_targets():
    rng = np.random.default_rng(1)
    good, bad = 2, 3

    def drawn(number):
        labels = rng.integers(0, 2, number)
        opinions = np.where(rng.random(number) < 0.8, labels, 1 - labels)  # one in five disagrees with the label
        return [np.array([good if side else bad, *rng.integers(4, 9, 3)], np.int32) for side in opinions], labels

    parts = [drawn(600) for _ in range(3)]
    labelled, held_out = (Examples(reviews, labels.astype(np.float32)) for reviews, labels in parts[:2])
    unlabelled, _ = parts[2]
    targets = ngram_targets(unlabelled, labelled, held_out, 9)
    praised = np.array([review[0] == good for review in unlabelled])
    assert targets[praised].mean() == pytest.approx(0.8, abs=0.1)
    assert targets[~praised].mean() == pytest.approx(0.2, abs=0.1)


def test_the_logits_of_a_run_include_the_temperature_of_its_classifier(tmp_path):
    run = open_run(tiny_run(tmp_path / "tiny"))
    classifier = Classifier.load(run.path)
    texts = ["A good film.", "bad", "good and bad"]
    ids = [classifier.preprocessor.ids(text)[0] for text in texts]
    probabilities = [p.probability for p in classifier.predict(texts)]
    np.testing.assert_allclose(sigmoid(run_logits(run, ids)), probabilities, atol=1e-5)


def test_every_start_named_by_a_preset_is_complete_and_of_its_architecture():
    presets = [preset for preset in PRESETS.values() if preset.continues]
    assert presets
    for preset in presets:
        run = open_run(artifacts.ROOT / preset.continues.start)
        for part in run.manifest["files"]:
            run.file(part)
        assert run.manifest["files"]["model.onnx"] == preset.continues.sha256
        weights = read_weights(run)
        assert with_architecture(preset, weights) == preset
        assert len(weights.embedding) == len(Classifier.load(run.path).preprocessor.vocabulary)
        rates = preset.continues
        assert 0 < rates.turned + rates.clauses + rates.sayings + rates.labelled <= 1


def test_a_start_is_not_listed_as_a_run():
    assert START not in artifacts.list_runs(artifacts.ROOT)
    assert START.is_relative_to(artifacts.ROOT / "teachers")


def test_a_recipe_takes_the_architecture_of_the_start(tmp_path):
    weights = read_weights(open_run(tiny_run(tmp_path / "tiny")))
    assert with_architecture(DISTILLED, weights) == FITTING
    assert with_architecture(LSTM, weights).bidirectional


def train(*options, preset="distilled"):
    """Runs ``train.py``."""
    return run_script("train.py", "--preset", preset, *options)


def test_a_preset_that_trains_from_scratch_accepts_no_start(tmp_path):
    done = train("--data", tmp_path, "--output", tmp_path / "run", "--start", tiny_run(tmp_path / "t"), preset="lstm")
    assert (done.status, done.stderr) == (
        2,
        "train.py: The preset lstm trains from scratch; leave out --start, or leave out --preset to train that "
        "run further.\n",
    )


def test_a_start_with_another_checksum_than_the_preset_names_is_refused(tmp_path, monkeypatch):
    shutil.copytree(tiny_run(tmp_path / "tiny"), tmp_path / "root" / DISTILLED.continues.start)
    monkeypatch.setattr(artifacts, "ROOT", tmp_path / "root")
    done = train("--data", tmp_path / "none.csv", "--output", tmp_path / "run")
    assert (done.status, done.stderr.count("\n")) == (2, 1)
    assert "is not the one that the preset distilled names" in done.stderr


def test_a_start_is_not_overwritten_despite_overwrite(tmp_path):
    start = tiny_run(tmp_path / "tiny")
    done = train("--data", tmp_path / "none.csv", "--output", start, "--start", start, "--overwrite")
    assert done.status == 2
    assert "is the run to continue" in done.stderr
    open_run(start)  # raises an error if it is incomplete


def test_a_missing_start_deletes_no_finished_run_despite_overwrite(tmp_path):
    run = tiny_run(tmp_path / "tiny")
    done = train("--data", tmp_path / "none.csv", "--output", run, "--overwrite", "--start", tmp_path / "none")
    assert (done.status, done.stderr.count("\n")) == (2, 1)
    open_run(run)  # raises an error if it is incomplete


@pytest.mark.parametrize(("split_seed", "remedy"), [(1, "another version of this program"), (2, "name --split-seed 1")])
def test_a_start_trained_on_held_out_reviews_is_refused_with_the_remedy(split_seed, remedy, tmp_path):
    data = stanford_folder(release(), tmp_path / "data")
    start = tiny_run(tmp_path / "tiny")
    trained_on = [fingerprint(text) for text in release()["text"]]
    pd.DataFrame({"fingerprint": trained_on, "split": "train"}).to_parquet(start / "predictions.parquet")
    write_json(start / "metadata.json", {"seed": 1})
    write_manifest(start)
    done = train("--data", data, "--start", start, "--output", tmp_path / "run", "--split-seed", split_seed)
    assert (done.status, done.stderr.count("\n")) == (2, 1)
    assert "tiny was trained on" in done.stderr
    assert remedy in done.stderr


def test_the_start_of_distilled_was_trained_on_the_split_that_its_readme_names():
    run = open_run(START)
    assert run.json("metadata.json")["split_seed"] == 1
    assert "seed 1" in run.file("README.md").read_text(encoding="utf-8")
    assert (
        len(read_onnx(run.file("model.onnx")).embedding) == 30_000 + 2
    )  # the vocabulary, padding and the unknown token
