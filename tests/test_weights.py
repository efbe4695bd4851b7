"""The graph in ``model.onnx`` computes a plain LSTM, and its weights can be read back."""

from __future__ import annotations

from itertools import product
from pathlib import Path

import numpy as np
import onnxruntime as ort
import pytest

from sentiment.model.weights import Direction, Pooling, Weights, read_onnx, write_onnx
from tests.tiny import tiny_weights

POOLINGS: list[tuple[Pooling, ...]] = [("last",), ("max",), ("mean",), ("max", "mean"), ("last", "max", "mean")]
RNG = np.random.default_rng(5)
REVIEWS = [RNG.integers(1, 14, length).astype(np.int32) for length in (1, 7, 3, 12)]


def sigmoid(x: np.ndarray) -> np.ndarray:
    return 1 / (1 + np.exp(-x))


def hidden_states(direction: Direction, embedded: np.ndarray) -> np.ndarray:
    """<float>[time, units], the hidden states of Hochreiter & Schmidhuber's cell, with Keras' order of gates."""
    hidden, cell, states = np.zeros(direction.units), np.zeros(direction.units), []
    for step in embedded:
        gates = step @ direction.kernel + hidden @ direction.recurrent + direction.bias
        enter, forget, new, out = np.split(gates, 4)
        cell = sigmoid(forget) * cell + sigmoid(enter) * np.tanh(new)
        hidden = sigmoid(out) * np.tanh(cell)
        states.append(hidden)
    return np.array(states)


def naive_logit(weights: Weights, ids: np.ndarray) -> float:
    """The logit of one review, computed without batch, padding or graph."""
    embedded = weights.embedding.astype(np.float64)[ids]
    both = [hidden_states(weights.directions[0], embedded)]
    if len(weights.directions) == 2:
        both.append(hidden_states(weights.directions[1], embedded[::-1]))
    pool = {"last": lambda s: s[-1], "max": lambda s: s.max(axis=0), "mean": lambda s: s.mean(axis=0)}
    features = np.concatenate([pool[name](each) for name in weights.pooling for each in both])
    return float(features @ weights.dense_kernel + weights.dense_bias)


def graph_logits(path: Path, reviews: list[np.ndarray], padding: int = 0) -> np.ndarray:
    """The logits of a batch, with more padding than it needs."""
    lengths = np.array([len(review) for review in reviews], np.int32)
    ids = np.zeros((len(reviews), lengths.max() + padding), np.int32)
    for row, review in zip(ids, reviews, strict=True):
        row[: len(review)] = review
    return ort.InferenceSession(path).run(["logit"], {"ids": ids, "lengths": lengths})[0]


@pytest.mark.parametrize(("directions", "pooling"), product((1, 2), POOLINGS))
def test_the_graph_computes_a_plain_lstm(directions: int, pooling: tuple[Pooling, ...], tmp_path: Path) -> None:
    weights = tiny_weights(directions=directions, pooling=pooling, units=3)
    write_onnx(weights, tmp_path / "model.onnx")
    logits = graph_logits(tmp_path / "model.onnx", REVIEWS)
    assert logits.shape == (len(REVIEWS),)
    assert logits.dtype == np.float32
    assert logits == pytest.approx([naive_logit(weights, review) for review in REVIEWS], abs=1e-5)


@pytest.mark.parametrize(("directions", "pooling"), product((1, 2), POOLINGS))
def test_padding_and_other_reviews_in_a_batch_change_no_score(
    directions: int, pooling: tuple[Pooling, ...], tmp_path: Path
) -> None:
    path = tmp_path / "model.onnx"
    write_onnx(tiny_weights(directions=directions, pooling=pooling), path)
    alone = np.concatenate([graph_logits(path, [review]) for review in REVIEWS])
    assert graph_logits(path, REVIEWS) == pytest.approx(alone, abs=1e-6)
    assert graph_logits(path, REVIEWS, padding=40) == pytest.approx(alone, abs=1e-6)


@pytest.mark.parametrize(("directions", "pooling"), product((1, 2), POOLINGS))
def test_weights_read_from_the_file_are_those_written_to_it(
    directions: int, pooling: tuple[Pooling, ...], tmp_path: Path
) -> None:
    weights = tiny_weights(directions=directions, pooling=pooling)
    write_onnx(weights, tmp_path / "model.onnx")
    read = read_onnx(tmp_path / "model.onnx")
    assert (read.pooling, read.units, read.dense_bias) == (pooling, 2, 0.25)
    np.testing.assert_array_equal(read.embedding, weights.embedding)
    np.testing.assert_array_equal(read.dense_kernel, weights.dense_kernel)
    assert len(read.directions) == directions
    for got, gave in zip(read.directions, weights.directions, strict=True):
        for name in ("kernel", "recurrent", "bias"):
            np.testing.assert_array_equal(getattr(got, name), getattr(gave, name))


def test_the_embedding_is_stored_in_half_precision(tmp_path: Path) -> None:
    write_onnx(tiny_weights(vocabulary=10_000, embedding=50), tmp_path / "model.onnx")
    half_precision, graph = 10_000 * 50 * 2, 10_000  # bytes
    assert (tmp_path / "model.onnx").stat().st_size < half_precision + graph


@pytest.mark.parametrize("content", [b"", b"Hello!", b"\x08\x09"])
def test_a_file_that_is_not_a_model_is_refused(content: bytes, tmp_path: Path) -> None:
    path = tmp_path / "model.onnx"
    path.write_bytes(content)
    with pytest.raises(ValueError, match=r"model\.onnx: "):
        read_onnx(path)
