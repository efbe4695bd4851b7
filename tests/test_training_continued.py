"""A training that continues a run: its vocabulary, examples and weights, and how it resumes."""

from __future__ import annotations

import dataclasses

import numpy as np
import pandas as pd
import pytest

pytestmark = [pytest.mark.training, pytest.mark.process]  # a run asks git for its commit
pytest.importorskip("tensorflow")

from sentiment.artifacts import open_run  # noqa: E402
from sentiment.model.weights import read_onnx  # noqa: E402
from sentiment.training import run as training_run  # noqa: E402
from sentiment.training.fit import OtherSettingsError, StoppedError  # noqa: E402
from tests.interruptions import interrupted, interrupted_fit  # noqa: E402
from tests.training import CONTINUED, accuracy, history, load_reviews, logits, train_run  # noqa: E402


@pytest.fixture(scope="module")
def reviews(tmp_path_factory):
    return load_reviews(tmp_path_factory.mktemp("data"))


@pytest.fixture(scope="module")
def finished(reviews, tmp_path_factory):
    return train_run(reviews, tmp_path_factory.mktemp("runs") / "first")


def train_further(reviews, start, output, *, unlabelled=True, **changes):
    """Continues a run with changes of the recipe; the test reviews serve as the unlabelled ones."""
    data = dataclasses.replace(reviews, unlabelled=reviews.test.assign(label=-1)) if unlabelled else reviews
    recipe = dataclasses.replace(CONTINUED.continues, **changes)
    return train_run(data, output, dataclasses.replace(CONTINUED, continues=recipe), start=start)


@pytest.fixture(scope="module")
def successor(reviews, finished, tmp_path_factory):
    return train_further(reviews, finished, tmp_path_factory.mktemp("runs") / "successor")


def test_a_run_continues_an_earlier_one_with_its_vocabulary(successor, finished, reviews):
    assert (successor / "vocabulary.txt").read_bytes() == (finished / "vocabulary.txt").read_bytes()
    assert accuracy(successor, reviews) > 0.9
    texts = list(reviews.test["text"])
    assert np.abs(logits(successor, texts) - logits(finished, texts)).max() > 1e-3


def test_a_continued_run_records_its_start_and_stages(successor, finished):
    metadata = open_run(successor).json("metadata.json")
    assert metadata["teachers"] == {finished.name: open_run(finished).manifest["files"]["model.onnx"]}
    assert open_run(successor).json("config.json")["text_version"] == 2
    names = [stage["name"] for stage in metadata["stages"]]
    assert {"predictions of the start", "counterfactual clauses", "sayings", "opposites"} <= set(names)


def test_every_epoch_has_as_many_examples_as_the_recipe_says(successor):
    steps = pd.read_csv(successor / "steps.csv")
    assert steps.groupby("epoch").size().tolist() == [7] * CONTINUED.epochs  # 100 examples in batches of 16
    assert len(history(successor)) == CONTINUED.epochs


@pytest.mark.parametrize("share", [0.0, 0.5])
def test_the_weights_are_the_mean_of_the_old_and_the_new_by_share(share, finished, reviews, tmp_path, monkeypatch):
    def fit(preset, network, *_, **__):
        for weights in network.trainable_variables:
            weights.assign(weights + 0.125)
        return 0.0

    monkeypatch.setattr(training_run, "fit", fit)
    folder = train_further(reviews, finished, tmp_path / "run", share=share)
    old, mean = (read_onnx(path / "model.onnx").dense_kernel for path in (finished, folder))
    np.testing.assert_allclose(mean, old + share * 0.125, atol=1e-4)
    if not share:
        texts = list(reviews.test["text"])
        np.testing.assert_allclose(logits(folder, texts), logits(finished, texts), atol=1e-4)


def test_an_interrupted_continuation_resumes_and_equals_an_uninterrupted_one(
    successor, finished, reviews, tmp_path, monkeypatch
):
    with interrupted_fit(monkeypatch), pytest.raises(StoppedError) as stop:
        train_further(reviews, finished, tmp_path / "run")
    assert (stop.value.epoch, stop.value.network is not None) == (1, True)
    with monkeypatch.context() as patch:
        patch.setattr("sentiment.training.continuation.run_logits", lambda *_: pytest.fail("predicted again"))
        resumed = train_further(reviews, finished, tmp_path / "run")
    assert history(resumed) == history(successor)
    texts = list(reviews.test["text"])
    np.testing.assert_allclose(logits(resumed, texts), logits(successor, texts), atol=1e-5)


def test_a_continuation_of_another_run_is_not_resumed(finished, successor, reviews, tmp_path, monkeypatch):
    with monkeypatch.context() as patch, pytest.raises(KeyboardInterrupt):
        patch.setattr(training_run, "fit", interrupted)
        train_further(reviews, finished, tmp_path / "run")
    with pytest.raises(OtherSettingsError):
        train_further(reviews, successor, tmp_path / "run")


def test_labelled_reviews_replace_missing_unlabelled_ones(finished, reviews, tmp_path):
    folder = train_further(reviews, finished, tmp_path / "run", unlabelled=False)
    assert "no unlabelled reviews" in open_run(folder).json("metadata.json")["summary"]
    assert accuracy(folder, reviews) > 0.9
