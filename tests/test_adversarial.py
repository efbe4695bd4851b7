"""Training against a push to the embeddings: where it goes, how far, and that a network learns under it."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

pytestmark = pytest.mark.training
tf = pytest.importorskip("tensorflow")

import keras  # noqa: E402

from sentiment.training.adversarial import AdversarialNetwork, worst_push  # noqa: E402
from sentiment.training.export import without_optimizer  # noqa: E402
from sentiment.training.networks import build_network, build_optimizer  # noqa: E402
from sentiment.training.presets import BILSTM  # noqa: E402

SIZE = 12
GOOD, BAD = 2, 3
PRESET = dataclasses.replace(
    BILSTM, units=6, embedding_size=5, embedding_dropout=0.0, dropout=0.0, learning_rate=0.02, schedule="constant"
)


def texts(n=64):
    rng = np.random.default_rng(1)
    ids = rng.integers(4, SIZE, (n, 9)).astype(np.int32)
    ids[:, 6:] = 0
    targets = (np.arange(n) % 2).astype(np.float32)
    ids[np.arange(n), rng.integers(6, size=n)] = np.where(targets == 1, GOOD, BAD)
    return tf.constant(ids), tf.constant(targets[:, None])


def network(push):
    keras.utils.set_random_seed(0)
    built = build_network(dataclasses.replace(PRESET, adversarial_push=push), SIZE)
    built.compile(optimizer=build_optimizer(PRESET, 100), loss="binary_crossentropy", metrics=["accuracy"])
    return built


def losses_along(built, ids, targets, push):
    """The loss without a push, along the worst one and against it, and that push."""
    embedding, rest = built.get_layer("embedding"), built._after_embedding
    with tf.GradientTape() as tape:
        embedded = embedding(ids)
        tape.watch(embedded)
        loss = built.compute_loss(ids, targets, rest([ids, embedded]))
    worst = worst_push(ids, embedded, tape.gradient(loss, embedded), push)
    there, back = (built.compute_loss(ids, targets, rest([ids, embedded + side * worst])) for side in (1.0, -1.0))
    return float(loss), float(there), float(back), worst.numpy()


def test_a_push_raises_the_loss_and_the_opposite_one_lowers_it_and_padding_stays_as_it_is():
    loss, there, back, push = losses_along(network(0.3), *texts(), 0.3)
    assert back < loss < there
    assert not np.any(push[:, 6:])


def test_a_push_is_as_long_as_asked_in_each_review():
    built = network(0.3)
    ids, _ = texts()
    embedded = built.get_layer("embedding")(ids)
    push = worst_push(ids, embedded, tf.random.normal(embedded.shape), 0.3).numpy()
    size = np.sqrt((embedded.numpy()[:, :6] ** 2).sum(2).mean())
    np.testing.assert_allclose(np.sqrt((push**2).sum((1, 2))), 0.3 * size, rtol=1e-5)


def test_a_network_trained_under_a_push_minds_it_less_than_one_that_was_not():
    ids, targets = texts()
    rises = {}
    for push in (None, 0.5):
        built = network(push)
        for _ in range(60):
            logs = built.train_on_batch(ids, targets, return_dict=True)
        assert logs["accuracy"] > 0.95
        judge = network(0.5)
        judge.set_weights(built.get_weights())
        loss, there, *_ = losses_along(judge, ids, targets, 0.5)
        rises[push] = there - loss
    assert rises[0.5] < rises[None]


def test_what_is_kept_of_it_is_a_plain_network(tmp_path):
    built = network(0.3)
    assert isinstance(built, AdversarialNetwork)
    without_optimizer(built).save(tmp_path / "model.keras")
    ids, _ = texts()
    again = keras.models.load_model(tmp_path / "model.keras")
    assert not isinstance(again, AdversarialNetwork)
    np.testing.assert_allclose(again.predict_on_batch(ids), built.predict_on_batch(ids), atol=1e-6)
