"""A network learns to have the states of a deep one: the teacher stays as it is, and a break costs nothing."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

pytestmark = pytest.mark.training
tf = pytest.importorskip("tensorflow")

import keras  # noqa: E402

from sentiment.presets import BILSTM, DEEP  # noqa: E402
from sentiment.training import hints as hints_module  # noqa: E402
from sentiment.training import steps  # noqa: E402
from sentiment.training.gated import DeepReader  # noqa: E402
from sentiment.training.hints import _Hints, learn_states  # noqa: E402
from sentiment.training.networks import build_network  # noqa: E402

SIZE = 12
TINY = dataclasses.replace(
    BILSTM, embedding_size=8, units=6, batch_size=8, train_length=20, embedding_dropout=0.3, hint_passes=15
)
DEEP_TINY = dataclasses.replace(DEEP, embedding_size=6, units=5, layers=2)
REVIEWS = [np.random.default_rng(n).integers(2, SIZE, 3 + n % 30).astype("i4") for n in range(60)]


@pytest.fixture
def reader():
    keras.utils.set_random_seed(3)
    reader = DeepReader(DEEP_TINY, SIZE)
    reader.embedding.set_weights([np.random.default_rng(1).normal(size=(SIZE, 6))])
    return reader


def network():
    keras.utils.set_random_seed(4)
    return build_network(TINY, SIZE)


def losses(folder):
    rows = (folder / "hints.csv").read_text().splitlines()
    assert rows[0] == "step,loss,seconds"
    return {int(step): float(loss) for step, loss, _ in (row.split(",") for row in rows[1:])}


def test_the_states_of_the_teacher_can_be_told_from_those_the_network_learns_to_have(reader, tmp_path, monkeypatch):
    monkeypatch.setattr(steps, "_EVERY", 20)
    monkeypatch.setattr(hints_module, "_LEARNING_RATE", 0.05)
    student, before = network(), [weights.numpy() for weights in reader.weights]
    dense = student.get_layer("dense").get_weights()
    assert learn_states(student, reader, REVIEWS, TINY, tmp_path, seed=1) > 0
    fallen = losses(tmp_path)
    assert max(fallen) == TINY.hint_passes * -(-len(REVIEWS) // TINY.batch_size)
    assert 0.6 < fallen[20] < 1.2  # 1 is the error of one who tells the mean of each feature, whatever the review
    assert fallen[max(fallen)] < 0.6 * fallen[20]
    for weights, as_before in zip(reader.weights, before, strict=True):
        np.testing.assert_array_equal(weights.numpy(), as_before)
    for weights, as_before in zip(student.get_layer("dense").get_weights(), dense, strict=True):
        np.testing.assert_array_equal(weights, as_before)


def test_what_is_taught_of_a_review_is_the_same_alone_and_among_longer_ones(reader):
    hints = _Hints(network(), reader)
    short, long = REVIEWS[2], REVIEWS[29]
    both = np.zeros((2, len(long)), "i4")
    both[0, : len(short)], both[1] = short, long
    together = hints.taught(tf.constant(both)).numpy()
    np.testing.assert_allclose(together[:, :1, : len(short)], hints.taught(tf.constant(short[None])), atol=1e-2)
    np.testing.assert_allclose(together[:, 1:], hints.taught(tf.constant(long[None])), atol=1e-2)
    forward, backward = together[:, 1]
    turned = hints.taught(tf.constant(long[None, ::-1])).numpy()[:, 0]
    assert not np.allclose(forward, backward, atol=0.1)
    assert not np.allclose(turned[0], forward, atol=0.1)


def test_broken_off_it_goes_on_and_ends_where_an_unbroken_one_ends(reader, tmp_path, monkeypatch):
    monkeypatch.setattr(steps, "_EVERY", 20)
    add, folders = steps._Log.add, [tmp_path / "unbroken", tmp_path / "broken"]
    for folder in folders:
        folder.mkdir()

    def breaking(log, loss):
        add(log, loss)
        if len(log._losses) == 10 and log._path.stat().st_size > 30:
            raise KeyboardInterrupt

    unbroken, resumed = network(), network()
    learn_states(unbroken, reader, REVIEWS, TINY, folders[0], seed=1)
    with monkeypatch.context() as patch, pytest.raises(KeyboardInterrupt):
        patch.setattr(steps._Log, "add", breaking)
        learn_states(network(), reader, REVIEWS, TINY, folders[1], seed=1)
    assert 0 < len(losses(folders[1])) < len(losses(folders[0]))
    learn_states(resumed, reader, REVIEWS, TINY, folders[1], seed=1)
    assert losses(folders[1]) == pytest.approx(losses(folders[0]), abs=0.02)
    for mine, whole in zip(resumed.get_weights(), unbroken.get_weights(), strict=True):
        np.testing.assert_allclose(mine, whole, atol=0.05)
    drawn = [each.get_layer("embedding_dropout").seed_generator.state.numpy() for each in (resumed, unbroken)]
    np.testing.assert_array_equal(*drawn)  # so that what is fitted next drops the same, too
