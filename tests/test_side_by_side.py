"""A single review is read from both ends at once, and scored as before."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from itertools import product

import numpy as np
import onnxruntime as ort
import pytest

from sentiment.batching import pad
from sentiment.classifier import Classifier
from sentiment.side_by_side import Directions, open_side_by_side
from sentiment.weights import Pooling, write_onnx
from tests.tiny import tiny_weights

POOLINGS: list[tuple[Pooling, ...]] = [("last",), ("max",), ("mean",), ("max", "mean"), ("last", "max", "mean")]
REVIEWS = [np.random.default_rng(length).integers(1, 14, length).astype(np.int32) for length in (1, 7, 3, 12)]


def logits(model, reviews: list[np.ndarray]) -> np.ndarray:
    lengths = np.array([len(review) for review in reviews], np.int32)
    [found] = model.run(["logit"], {"ids": pad(reviews), "lengths": lengths})
    return found


@pytest.mark.parametrize(("directions", "pooling"), product((1, 2), POOLINGS))
def test_the_scores_are_those_of_the_whole_graph(directions, pooling, tmp_path):
    path = tmp_path / "model.onnx"
    write_onnx(tiny_weights(directions=directions, pooling=pooling, units=3), path)
    whole, apart = ort.InferenceSession(path), open_side_by_side(path)
    assert logits(apart, REVIEWS) == pytest.approx(logits(whole, REVIEWS), abs=1e-6)
    for review in REVIEWS:
        assert logits(apart, [review]) == pytest.approx(logits(whole, [review]), abs=1e-6)


def test_any_number_of_threads_may_ask_at_once():
    model = Directions(tiny_weights(directions=2, pooling=("max", "mean")))
    expected = [logits(model, [review])[0] for review in REVIEWS]
    with ThreadPoolExecutor(8) as pool:
        found = list(pool.map(lambda review: logits(model, [review])[0], REVIEWS * 50))
    assert found == expected * 50


class Broken:
    def run(self, outputs, feed):
        raise RuntimeError("no memory")


@pytest.mark.parametrize("direction", ["_forward", "_backward"])
def test_what_fails_in_one_direction_is_not_swallowed(direction, monkeypatch):
    model = Directions(tiny_weights(directions=2, pooling=("max",)))
    monkeypatch.setattr(model, direction, Broken())
    with pytest.raises(RuntimeError, match="no memory"):
        logits(model, REVIEWS[:1])


def test_one_direction_is_refused():
    with pytest.raises(ValueError, match="argument 2 is longer"):
        Directions(tiny_weights(directions=1, pooling=("max",)))


def test_it_is_what_a_classifier_opens_unless_told_otherwise():
    assert isinstance(Classifier.load()._model, Directions)
