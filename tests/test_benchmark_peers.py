"""The benchmark's Keras peer computes the same as this program, so that only the speed differs."""

from __future__ import annotations

import dataclasses

import numpy as np
import pandas as pd
import pytest

pytestmark = [pytest.mark.training, pytest.mark.process]
pytest.importorskip("tensorflow")

from dev.benchmarking.keras_peer import KerasPeer  # noqa: E402
from dev.benchmarking.measuring import MissingError  # noqa: E402
from dev.benchmarking.peers import Peer  # noqa: E402
from dev.benchmarking.results import measure  # noqa: E402
from dev.benchmarking.rows import BENCHMARKS  # noqa: E402
from dev.benchmarking.setting import QUICK, Sizes  # noqa: E402
from sentiment import Classifier, dataset  # noqa: E402
from sentiment.artifacts import open_run, write_json, write_manifest  # noqa: E402
from sentiment.model.batching import pad  # noqa: E402
from sentiment.presets import BILSTM, LSTM  # noqa: E402
from sentiment.text.vocabulary import UNK, Vocabulary  # noqa: E402
from sentiment.training.export import export  # noqa: E402
from sentiment.training.networks import build_network  # noqa: E402
from tests.tiny import WORDS  # noqa: E402

LAYERS = pytest.mark.parametrize("stock", [True, False], ids=["Keras' own layers", "the run's layers"])
SIZE = len(WORDS) + 2  # of the vocabulary, with padding and unknown words
REVIEWS = [np.array(ids, np.int32) for ids in ([2, 7, 1, 5, 13], [3, 3, 8], [12, 1, 4, 9, 10, 11, 2, 6])]


@pytest.fixture(scope="module", params=[BILSTM, LSTM], ids=lambda preset: preset.name)
def run(request, tmp_path_factory):
    """An untrained run with its Keras model."""
    preset = dataclasses.replace(request.param, embedding_size=4, units=3, max_length=50)
    folder = tmp_path_factory.mktemp("runs") / preset.name
    folder.mkdir()
    export(build_network(preset, SIZE), preset.pooling, folder, REVIEWS)
    Vocabulary(WORDS).write(folder / "vocabulary.txt")
    options = dataclasses.asdict(preset) | {"vocabulary_size": SIZE}
    write_json(folder / "config.json", {"model": options, "max_length": preset.max_length, "temperature": 1.0})
    write_manifest(folder)
    return open_run(folder)


@LAYERS
def test_keras_scores_as_the_run_does(run, stock):
    network = KerasPeer(run, stock=stock).network
    expected = 1 / (1 + np.exp(-Classifier.load(run.path).logits(REVIEWS)))
    np.testing.assert_allclose(network.predict(pad(REVIEWS), verbose=0)[:, 0], expected, atol=1e-5)


@LAYERS
def test_integrated_gradients_add_up_to_the_change_of_the_logit(run, stock):
    review = REVIEWS[2]
    contributions = KerasPeer(run, stock=stock).contributions(review, 300)
    after, before = Classifier.load(run.path).logits([review, np.full_like(review, UNK)])
    assert contributions.shape == review.shape
    assert contributions[1] == 0  # the baseline is made of unknown words
    assert contributions.sum() == pytest.approx(after - before, abs=1e-4)
    assert abs(after - before) > 1e-4


@pytest.mark.parametrize("run", [LSTM], indirect=True, ids=["lstm"])
@LAYERS
def test_an_epoch_takes_time_and_changes_every_weight(run, stock, tmp_path):
    path = tmp_path / "reviews.npz"
    lengths = [len(review) for review in REVIEWS]
    labels = np.array([1, 0, 1], np.int8)
    np.savez(path, ids=np.concatenate(REVIEWS), ends=np.cumsum(lengths), labels=labels)
    peer = KerasPeer(run, stock=stock)
    assert peer.train(path) > 0
    before = [np.array(weights) for weights in peer.untrained.trainable_variables]
    assert peer.train(path) > 0
    changes = [np.abs(b - w).max() for b, w in zip(before, peer.untrained.trainable_variables, strict=True)]
    assert min(changes) > 0


def test_the_learning_rate_stays_above_zero_for_every_measured_batch(run):
    optimizer = KerasPeer(run, stock=False).untrained.optimizer
    sizes = Sizes()
    optimizer.iterations.assign(sizes.batches * (sizes.warmups + sizes.repeats))
    assert float(optimizer.learning_rate) > 0


@pytest.mark.parametrize("run", [LSTM], indirect=True, ids=["lstm"])
def test_a_row_with_keras_has_figures_for_both_kinds_of_layers(run, tmp_path):
    path = tmp_path / "own.csv"
    texts = [f"film {n} is {'great good' if n % 2 else 'dull bad'} !" for n in range(60)]
    pd.DataFrame({"review": texts, "sentiment": ["positive", "negative"] * 30}).to_csv(path, index=False)
    [file] = [each for each in BENCHMARKS if each.name == "file"]
    [row] = measure(run, dataset.load(path), QUICK, [file])["rows"]
    assert [each["name"] for each in row["others"]] == ["Keras' own layers", "the run's layers"]
    assert row["ratio"]["median"] > 0


def test_a_peer_that_ends_early_counts_as_missing():
    peer = Peer("sentiment.no_such_module")
    with pytest.raises(MissingError, match="no_such_module ended with status 1"):
        peer.ask("predict")
    peer.close()
