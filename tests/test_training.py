"""Guarantees of training: a seed gives one run, an interruption loses nothing, and the exported model is right."""

from __future__ import annotations

import dataclasses
import json
import math
import shutil
from zipfile import ZIP_DEFLATED, ZipFile

import numpy as np
import pandas as pd
import pytest

pytestmark = [pytest.mark.training, pytest.mark.process]  # a run asks git for its commit
pytest.importorskip("tensorflow")

import keras  # noqa: E402

from dev.documents import run_records  # noqa: E402
from sentiment import Classifier  # noqa: E402
from sentiment.artifacts import open_run  # noqa: E402
from sentiment.model.weights import write_onnx  # noqa: E402
from sentiment.training import export  # noqa: E402
from sentiment.training import run as training_run  # noqa: E402
from sentiment.training.fit import OtherSettingsError, StoppedError  # noqa: E402
from sentiment.training.job import FORMS, Job  # noqa: E402
from tests.interruptions import interrupted, interrupted_fit  # noqa: E402
from tests.training import (  # noqa: E402
    CONTINUED,
    TINY,
    TINY_LSTM,
    accuracy,
    history,
    load_reviews,
    logits,
    train_run,
)


@pytest.fixture(scope="module")
def reviews(tmp_path_factory):
    return load_reviews(tmp_path_factory.mktemp("data"))


@pytest.fixture(scope="module")
def finished(reviews, tmp_path_factory):
    return train_run(reviews, tmp_path_factory.mktemp("runs") / "first", tensorboard=True)


def steps(folder):
    """The rows of ``steps.csv`` without the time that they took."""
    return pd.read_csv(folder / "steps.csv").drop(columns="seconds")


def test_a_finished_run_can_be_served_and_has_learned(finished, reviews):
    assert accuracy(finished, reviews) > 0.9


def test_a_finished_run_holds_every_part_and_no_review(finished, reviews):
    files = set(open_run(finished).manifest["files"])
    assert files >= {
        "model.onnx", "model.keras", "vocabulary.txt", "config.json", "history.csv", "steps.csv", "metrics.json",
        "predictions.parquet", "dataset.json", "metadata.json",
    }  # fmt: skip
    text = reviews.train["text"].iloc[0].encode()
    assert not any(text in path.read_bytes() for path in finished.iterdir() if path.is_file())


def test_tensorboard_logs_are_written_on_request(finished):
    assert {path.parent.name for path in finished.glob("logs/*/events.out.tfevents.*")} == {"train", "validation"}


def test_the_keras_file_opens_in_safe_mode_and_agrees_with_the_served_model(finished, reviews):
    network = keras.saving.load_model(finished / "model.keras", safe_mode=True)
    classifier = Classifier.load(finished)
    ids = [classifier.preprocessor.ids(text)[0] for text in reviews.test["text"]]
    padded = keras.utils.pad_sequences(ids, padding="post")
    expected = 1 / (1 + np.exp(-classifier.logits(ids)))
    np.testing.assert_allclose(network.predict(padded, verbose=0)[:, 0], expected, atol=1e-5)


def test_the_keras_file_is_compressed(finished):
    with ZipFile(finished / "model.keras") as archive:
        assert {member.compress_type for member in archive.infolist()} == {ZIP_DEFLATED}


def test_the_same_seed_gives_the_same_run_and_another_seed_another(finished, reviews, tmp_path):
    texts = list(reviews.test["text"])
    np.testing.assert_allclose(
        logits(train_run(reviews, tmp_path / "again"), texts), logits(finished, texts), atol=1e-5
    )
    assert np.abs(logits(train_run(reviews, tmp_path / "other", seed=2), texts) - logits(finished, texts)).max() > 1e-3


@pytest.mark.parametrize("preset", [TINY, TINY_LSTM], ids=["bilstm", "lstm"])
def test_an_interrupted_run_resumes_from_its_last_epoch_and_equals_an_uninterrupted_one(
    preset, finished, reviews, tmp_path, monkeypatch
):
    uninterrupted = finished if preset is TINY else train_run(reviews, tmp_path / "uninterrupted", preset)
    with interrupted_fit(monkeypatch), pytest.raises(StoppedError) as stop:
        train_run(reviews, tmp_path / "resumed", preset)
    assert stop.value.epoch == 1
    assert stop.value.network is not None
    resumed = train_run(reviews, tmp_path / "resumed", preset)
    assert history(resumed) == history(uninterrupted)
    assert steps(resumed).equals(steps(uninterrupted))
    texts = list(reviews.test["text"])
    np.testing.assert_allclose(logits(resumed, texts), logits(uninterrupted, texts), atol=1e-5)


def test_training_does_not_resume_with_other_settings(finished, reviews, tmp_path):
    folder = shutil.copytree(finished, tmp_path / "run")
    with pytest.raises(OtherSettingsError):
        train_run(reviews, folder, dataclasses.replace(TINY, epochs=1))
    with pytest.raises(OtherSettingsError):
        train_run(reviews, folder, TINY, split_seed=1)


def test_training_interrupted_before_its_first_epoch_does_not_resume_with_another_seed(reviews, tmp_path, monkeypatch):
    with monkeypatch.context() as patch, pytest.raises(KeyboardInterrupt):
        patch.setattr(training_run, "fit", interrupted)
        train_run(reviews, tmp_path / "run")
    with pytest.raises(OtherSettingsError):
        train_run(reviews, tmp_path / "run", seed=2)


@pytest.mark.parametrize("preset", [TINY, CONTINUED], ids=["bilstm", "distilled"])
def test_edited_forms_change_the_settings_of_presets_that_use_them(preset, reviews, tmp_path, monkeypatch):
    job = Job(preset, reviews, tmp_path, 1, 0, "python ...")
    for place, path in enumerate(FORMS):
        before = job.settings
        edited = tmp_path / path.name
        edited.write_bytes(path.read_bytes() + b"# edited")
        monkeypatch.setattr("sentiment.training.job.FORMS", (*FORMS[:place], edited, *FORMS[place + 1 :]))
        assert (job.settings != before) == (preset is CONTINUED)


def test_the_recipe_of_a_run_states_that_it_had_no_unlabelled_reviews(finished):
    suffix = "; this data had no unlabelled reviews"
    run = open_run(finished)
    assert run.json("metadata.json")["summary"] == TINY.summary + suffix
    assert f"Recipe: {TINY.summary}{suffix}." in run.file("README.md").read_text(encoding="utf-8")
    assert run_records.record(run)["recipe"].endswith(suffix)


@pytest.mark.parametrize(("preset", "warned"), [(TINY_LSTM, False), (TINY, True)], ids=["lstm", "bilstm"])
def test_missing_unlabelled_reviews_are_reported_if_the_preset_uses_them(
    preset, warned, reviews, tmp_path, monkeypatch, capsys
):
    monkeypatch.setattr(training_run, "fit", interrupted)
    with pytest.raises(KeyboardInterrupt):
        train_run(reviews, tmp_path / "run", preset)
    assert ("no unlabelled reviews" in capsys.readouterr().err) is warned


def test_unlabelled_reviews_alternate_with_labelled_ones(reviews, tmp_path):
    texts = reviews.test.assign(label=-1)
    texts.loc[texts.index[3], "text"] = ""  # without a token it is left out
    folder = train_run(dataclasses.replace(reviews, unlabelled=texts), tmp_path / "run")
    assert accuracy(folder, reviews) > 0.9
    shown = len(reviews.train) + (len(texts) - 1) // 2  # in an epoch
    assert steps(folder).groupby("epoch").size().tolist() == [math.ceil(shown / TINY.batch_size)] * TINY.epochs


@pytest.mark.parametrize("preset", [TINY, TINY_LSTM], ids=["bilstm", "lstm"])
def test_a_network_with_the_exported_weights_of_another_is_exported_the_same(preset, tmp_path):
    network, other = (training_run.build_network(preset, 30) for _ in range(2))
    training_run.set_weights(other, export.weights_of(network, preset.pooling))
    for each, name in ((network, "network.onnx"), (other, "other.onnx")):
        write_onnx(export.weights_of(each, preset.pooling), tmp_path / name)
    assert (tmp_path / "network.onnx").read_bytes() == (tmp_path / "other.onnx").read_bytes()


@pytest.mark.parametrize("average", [None, 0.9])
def test_the_history_has_the_accuracy_of_the_exported_model(average, reviews, tmp_path):
    folder = train_run(reviews, tmp_path / "run", dataclasses.replace(TINY, epochs=2, batch_size=7, average=average))
    best = min(history(folder), key=lambda row: float(row["val_loss"]))
    exported = json.loads((folder / "metrics.json").read_text())["validation"]
    assert float(best["val_accuracy"]) == pytest.approx(exported["accuracy"], abs=1e-4)


def test_early_stopping_keeps_the_best_epoch(reviews, tmp_path):
    folder = train_run(
        reviews, tmp_path / "run", dataclasses.replace(TINY_LSTM, epochs=30, patience=1, learning_rate=0.3)
    )
    losses = [float(row["val_loss"]) for row in history(folder)]
    assert len(losses) < 30
    assert losses[-1] > 1.02 * min(losses)
    exported = pd.read_parquet(folder / "predictions.parquet").query("split == 'validation'")
    towards_label = np.where(exported["label"] == 1, exported["logit"], -exported["logit"])
    assert np.logaddexp(0, -towards_label).mean() == pytest.approx(min(losses), rel=0.01)


@pytest.mark.parametrize("error", [1e-3, np.nan])
def test_an_export_whose_logits_differ_from_those_of_the_network_is_refused(error, finished, tmp_path, monkeypatch):
    network = keras.saving.load_model(finished / "model.keras")
    weights_of = export.weights_of

    def wrong(network, pooling):
        weights = weights_of(network, pooling)
        return dataclasses.replace(weights, dense_bias=weights.dense_bias + error)

    monkeypatch.setattr(export, "weights_of", wrong)
    ids = [np.array([2, 3, 4], np.int32)]
    with pytest.raises(export.ParityError, match="nothing was exported"):
        export.export(network, TINY.pooling, tmp_path, ids)
    assert not list(tmp_path.iterdir())
