"""The language models that a network can begin with learn what follows what, and go on where they were broken off."""

from __future__ import annotations

import csv
import dataclasses

import numpy as np
import pytest

pytestmark = pytest.mark.training
pytest.importorskip("tensorflow")

from sentiment.training import language_model  # noqa: E402
from sentiment.training.language_model import pretrain  # noqa: E402
from sentiment.training.networks import build_network  # noqa: E402
from sentiment.training.presets import BILSTM, LanguageModel  # noqa: E402
from sentiment.vocabulary import UNK  # noqa: E402

SIZE = 12
OPTIONS = LanguageModel(units=5, steps=60, learning_rate=0.05)


def reviews(count, seed=0):
    """Each id is followed by the next one, round and round, from any start on; so both neighbours can be told."""
    rng = np.random.default_rng(seed)
    ring = np.arange(UNK + 1, SIZE)
    return [np.roll(ring, rng.integers(len(ring)))[: rng.integers(3, len(ring))].astype("i4") for _ in range(count)]


@pytest.fixture(autouse=True)
def small(monkeypatch):
    for name, value in {"_LENGTH": 16, "_BATCH": 8, "_NEGATIVES": 6, "_EVERY": 20}.items():
        monkeypatch.setattr(language_model, name, value)


def run(folder, options=OPTIONS):
    folder.mkdir(exist_ok=True)
    embedding = np.random.default_rng(1).normal(size=(SIZE, 4)).astype("f4")
    return pretrain(reviews(200), reviews(40, seed=9), embedding, options, folder, seed=3)


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    with pytest.MonkeyPatch.context() as patch:
        for name, value in {"_LENGTH": 16, "_BATCH": 8, "_NEGATIVES": 6, "_EVERY": 20}.items():
            patch.setattr(language_model, name, value)
        folder = tmp_path_factory.mktemp("language")
        start, seconds = run(folder)
    return folder, start, seconds


def losses(folder):
    with (folder / "language_model.csv").open() as file:
        return [float(row["loss"]) for row in csv.DictReader(file)][1:]


def test_what_follows_is_learnt(trained):
    folder, _, seconds = trained
    assert losses(folder)[-1] < 0.5 * losses(folder)[0]
    assert seconds > 0


def test_perplexity_on_unseen_reviews_is_reported_and_near_one_where_all_can_be_told(trained, capsys, tmp_path):
    run(tmp_path / "again")
    said = capsys.readouterr().err
    perplexity = float(said.rsplit("perplexity ", 1)[1].split()[0])
    assert 1 <= perplexity < 4  # of ten words; the first of a review is not judged


def test_a_network_begins_with_what_the_language_models_have_learnt(trained):
    _, start, _ = trained
    preset = dataclasses.replace(BILSTM, embedding_size=4, units=5)
    network = build_network(preset, SIZE, start)
    np.testing.assert_array_equal(network.get_layer("embedding").get_weights()[0], start.embedding)
    for weights, begun in zip(network.get_layer("lstm").get_weights(), start.lstm, strict=True):
        np.testing.assert_array_equal(weights, begun)


def test_broken_off_they_go_on_from_the_last_checkpoint_and_end_where_an_unbroken_run_ends(
    trained, tmp_path, monkeypatch
):
    _, start, _ = trained
    original, seen = language_model._Log.add, []

    def break_off(self, loss):
        seen.append(loss)
        if len(seen) == 30:
            raise KeyboardInterrupt
        original(self, loss)

    with monkeypatch.context() as patch:
        patch.setattr(language_model._Log, "add", break_off)
        with pytest.raises(KeyboardInterrupt):
            run(tmp_path / "broken")
    assert len(losses(tmp_path / "broken")) == 1
    resumed, _ = run(tmp_path / "broken")
    assert len(losses(tmp_path / "broken")) == 3
    np.testing.assert_allclose(resumed.embedding, start.embedding, atol=1e-4)


def test_pieces_cover_every_token_of_every_review_once_a_pass():
    made = [np.arange(2, 2 + n, dtype="i4") for n in (1, 2, 15, 16, 17, 50)]
    batches = language_model._Batches(made, 60, seed=0)
    pieces = np.concatenate(batches._pieces(3))
    whole = np.concatenate([review for review in made if len(review) > 1])
    # a piece of one token at a review's end predicts nothing, and is left out
    assert len(whole) - 3 <= len(pieces) <= len(whole)
    assert not set(pieces) - set(whole)


def test_batches_from_a_step_on_are_those_of_an_unbroken_pass():
    batches = language_model._Batches(reviews(100), SIZE, seed=5)
    whole = [batch for _, batch in zip(range(30), batches.from_step(0), strict=False)]
    later = [batch for _, batch in zip(range(10), batches.from_step(20), strict=False)]
    for expected, again in zip(whole[20:], later, strict=True):
        for array, same in zip(expected, again, strict=True):
            np.testing.assert_array_equal(array, same)
