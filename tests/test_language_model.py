"""The language models that a deep reader begins with learn what follows what, and go on where they were broken off."""

from __future__ import annotations

import contextlib
import csv
import dataclasses
import io
import itertools
from types import SimpleNamespace

import numpy as np
import pytest

pytestmark = pytest.mark.training
tf = pytest.importorskip("tensorflow")

import keras  # noqa: E402

from sentiment.presets import DEEP  # noqa: E402
from sentiment.text.vocabulary import UNK  # noqa: E402
from sentiment.training import language_model, steps  # noqa: E402
from sentiment.training.gated import DeepReader  # noqa: E402
from sentiment.training.language_model import cross_entropy, pretrain  # noqa: E402

SIZE = 12
STEPS, RATE = 60, 0.05
TINY = dataclasses.replace(DEEP, embedding_size=4, units=5, layers=2)
SMALL = {"_LENGTH": 16, "_BATCH": 8, "_NEGATIVES": 6}


def reviews(count, seed=0):
    """Each id is followed by the next one, round and round, from any start on; so both neighbours can be told."""
    rng = np.random.default_rng(seed)
    ring = np.arange(UNK + 1, SIZE)
    return [np.roll(ring, rng.integers(len(ring)))[: rng.integers(3, len(ring))].astype("i4") for _ in range(count)]


@pytest.fixture(autouse=True)
def small(monkeypatch):
    for name, value in SMALL.items():
        monkeypatch.setattr(language_model, name, value)
    monkeypatch.setattr(steps, "_EVERY", 20)


def run(folder):
    folder.mkdir(exist_ok=True)
    keras.utils.set_random_seed(1)
    reader = DeepReader(TINY, SIZE)
    seconds = pretrain(
        reader, reviews(200), reviews(40, seed=9), steps=STEPS, rate=RATE, dropout=0.1, folder=folder, seed=3
    )
    return reader, seconds


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    with pytest.MonkeyPatch.context() as patch:
        for name, value in SMALL.items():
            patch.setattr(language_model, name, value)
        patch.setattr(steps, "_EVERY", 20)
        folder = tmp_path_factory.mktemp("language")
        with contextlib.redirect_stderr(io.StringIO()) as said:
            reader, seconds = run(folder)
    return SimpleNamespace(folder=folder, reader=reader, seconds=seconds, said=said.getvalue())


def losses(folder):
    with (folder / "language_model.csv").open() as file:
        return [float(row["loss"]) for row in csv.DictReader(file)]


def test_what_follows_is_learnt(trained):
    found = losses(trained.folder)
    assert found[-1] < 0.5 * found[0]
    assert trained.seconds > 0


def test_perplexity_on_unseen_reviews_is_reported_and_near_one_where_all_can_be_told(trained):
    perplexity = float(trained.said.rsplit("perplexity ", 1)[1].split()[0])
    assert 1 <= perplexity < 4  # of ten words; the first of a review is not judged


def test_the_loss_is_the_cross_entropy_of_the_true_token_and_its_gradient_that_of_differences():
    rng = np.random.default_rng(2)
    true, bias = rng.normal(size=3).astype("f4"), rng.normal(size=4).astype("f4")
    others = rng.integers(-8, 8, (3, 4)) / 4  # which bfloat16 holds
    same = np.zeros((3, 4), bool)
    same[1, 2] = True
    counts = np.array([1, 0.5, 0], np.float32)

    def expected(true, bias):
        logits = np.where(same, -np.inf, others + bias)
        return (counts * (np.logaddexp(true, np.logaddexp.reduce(logits, axis=1)) - true)).sum()

    @tf.function
    def loss_and_gradients(*given):
        with tf.GradientTape() as tape:
            tape.watch(given)
            loss = cross_entropy(*given, same, counts)
        return loss, *tape.gradient(loss, given)

    loss, d_true, d_others, d_bias = loss_and_gradients(true, tf.cast(others, tf.bfloat16), bias)
    assert float(loss) == pytest.approx(expected(true, bias), rel=1e-5)
    for i, step in enumerate(1e-4 * np.eye(3)):
        slope = (expected(true + step, bias) - expected(true - step, bias)) / 2e-4
        assert float(d_true[i]) == pytest.approx(slope, abs=1e-3)
    for i, step in enumerate(1e-4 * np.eye(4)):
        slope = (expected(true, bias + step) - expected(true, bias - step)) / 2e-4
        assert float(d_bias[i]) == pytest.approx(slope, abs=1e-3)
    powers = np.exp(np.where(same, -np.inf, others + bias))
    shares = powers / (powers.sum(1) + np.exp(true))[:, None]
    np.testing.assert_allclose(np.float32(d_others), counts[:, None] * shares, atol=0.01)


def test_broken_off_they_go_on_from_the_last_checkpoint_and_end_where_an_unbroken_run_ends(
    trained, tmp_path, monkeypatch
):
    original, seen = steps._Log.add, []

    def break_off(self, loss):
        seen.append(loss)
        if len(seen) == 30:
            raise KeyboardInterrupt
        original(self, loss)

    with monkeypatch.context() as patch:
        patch.setattr(steps._Log, "add", break_off)
        with pytest.raises(KeyboardInterrupt):
            run(tmp_path / "broken")
    assert len(losses(tmp_path / "broken")) == 1
    resumed, _ = run(tmp_path / "broken")
    assert len(losses(tmp_path / "broken")) == 3
    for weights, expected in zip(resumed.get_weights(), trained.reader.get_weights(), strict=True):
        np.testing.assert_allclose(weights, expected, atol=1e-3)


def test_negatives_are_drawn_as_often_as_the_loss_takes_them_to_be():
    languages = language_model._Languages(DeepReader(TINY, SIZE), dropout=0.0)
    batches = language_model._Batches(reviews(9), SIZE, seed=2)
    drawn = np.concatenate([batches._negatives(step) for step in range(3_000)])
    ids = np.arange(UNK + 1, SIZE)
    expected = np.exp(languages._log_rate(tf.constant(ids, tf.int32)))
    np.testing.assert_allclose(np.bincount(drawn, minlength=SIZE)[ids] / 3_000, expected, rtol=0.1)


def test_pieces_cover_every_token_of_every_review_once_a_pass(monkeypatch):
    monkeypatch.setattr(language_model, "_BATCH", 2)
    made = [np.arange(2, 2 + n, dtype="i4") for n in (1, 2, 15, 16, 17, 50)]
    batches = language_model._Batches(made, 60, seed=0)
    shown = np.concatenate([ids.ravel() for ids, _ in itertools.islice(batches.from_step(0), batches.steps)])
    assert set(shown) >= set(range(2, 2 + 49))  # the last of 50 may be the piece of one token that is left out
    pieces = np.concatenate(batches._pieces(3))
    whole = np.concatenate([review for review in made if len(review) > 1])
    # a piece of one token at a review's end predicts nothing
    assert len(whole) - 3 <= len(pieces) <= len(whole)
    assert not set(pieces) - set(whole)


def test_batches_from_a_step_on_are_those_of_an_unbroken_pass():
    batches = language_model._Batches(reviews(100), SIZE, seed=5)
    whole = [batch for _, batch in zip(range(30), batches.from_step(0), strict=False)]
    later = [batch for _, batch in zip(range(10), batches.from_step(20), strict=False)]
    for expected, again in zip(whole[20:], later, strict=True):
        for array, same in zip(expected, again, strict=True):
            np.testing.assert_array_equal(array, same)


@pytest.mark.parametrize("negatives", [1_000, 20_000])
def test_the_sampled_loss_is_that_of_the_whole_vocabulary_however_many_are_drawn(negatives, monkeypatch):
    monkeypatch.setattr(language_model, "_NEGATIVES", negatives)
    languages = language_model._Languages(DeepReader(TINY, SIZE), dropout=0.0)
    rng = np.random.default_rng(4)
    languages.bias.assign(rng.normal(size=SIZE))
    ids = rng.integers(UNK + 1, SIZE, (8, 16)).astype(np.int32)
    batches = language_model._Batches(reviews(9), SIZE, seed=5)
    sampled = [float(languages.sampled_loss(ids, tf.constant(batches._negatives(step)))) for step in range(20)]
    nats, tokens = languages.entropy(tf.constant(ids))
    assert np.mean(sampled) == pytest.approx(float(nats) / float(tokens), rel=0.01)


def test_channels_are_dropped_in_what_is_learnt_from_and_not_in_what_is_judged():
    languages = language_model._Languages(DeepReader(TINY, SIZE), dropout=0.5)
    languages.bias.assign(np.linspace(-1, 1, SIZE))
    ids = np.random.default_rng(4).integers(UNK + 1, SIZE, (8, 16)).astype(np.int32)
    negatives = tf.constant(language_model._Batches(reviews(9), SIZE, seed=5)._negatives(0))
    assert float(languages.sampled_loss(ids, negatives)) != float(languages.sampled_loss(ids, negatives))
    assert float(languages.entropy(ids)[0]) == float(languages.entropy(ids)[0])
