"""The model as files are scored with it gives the scores of ``model.onnx``."""

from __future__ import annotations

from itertools import product

import numpy as np
import onnxruntime as ort
import pytest

from sentiment import Classifier
from sentiment.model import lookup_session
from sentiment.model.batching import pad
from sentiment.model.lookup_session import load_bulk, open_lookup_session
from sentiment.model.native import batch
from sentiment.model.native.build import load_library
from sentiment.model.weights import write_onnx
from tests.tiny import tiny_weights

RUNS = ["distilled", "lstm"]


@pytest.fixture(scope="module")
def reviews():
    """Ids of 60 made-up reviews of 1 to 300 tokens."""
    rng = np.random.default_rng(0)
    return [rng.integers(1, 10_000, length).astype(np.int32) for length in rng.integers(1, 300, 60)]


@pytest.mark.parametrize("run", RUNS)
def test_a_table_and_the_lstm_give_the_same_scores(run, reviews):
    exact = Classifier.load(f"artifacts/{run}").logits(reviews)
    assert load_bulk(f"artifacts/{run}").logits(reviews) == pytest.approx(exact, abs=2e-5)


@pytest.fixture(params=["AMX", "AVX-512 VNNI", "ONNX Runtime"])
def way(request, monkeypatch):
    """Each available implementation of int8 arithmetic."""
    found = None
    if request.param != "ONNX Runtime":
        library = load_library(batch._BACKENDS[request.param], batch._FUNCTIONS)
        if not library:
            pytest.skip("this processor has no such instructions, or nothing was compiled: scripts/compile.py")
        found = request.param, library
    monkeypatch.setattr(batch, "_library", lambda: found)
    assert batch.int8_backend() == request.param


def hold_alone_and_together(bulk, reviews):
    alone = np.concatenate([bulk.logits([review]) for review in reviews])
    assert bulk.logits(reviews) == pytest.approx(alone, abs=1e-5)


def test_a_score_does_not_depend_on_batch_or_padding(reviews):
    hold_alone_and_together(load_bulk("artifacts/distilled"), reviews)


@pytest.mark.usefixtures("way")
def test_a_score_in_int8_does_not_depend_on_batch_or_padding(reviews):
    hold_alone_and_together(load_bulk("artifacts/distilled", fast=True), reviews)


@pytest.mark.parametrize(("id", "length"), [(14, 2), (-15, 2), (2, 3), (2, -1)])
@pytest.mark.usefixtures("way")
def test_a_word_beyond_the_vocabulary_is_refused_and_a_length_beyond_the_batch(id, length):
    model = lookup_session.compiled_batch(tiny_weights(units=64)) or open_lookup_session(
        tiny_weights(units=64), fast=True
    )
    feed = {"ids": np.array([[2, id]], np.int32), "lengths": np.array([length], np.int32)}
    theirs = ort.capi.onnxruntime_pybind11_state
    with pytest.raises((IndexError, theirs.InvalidArgument, theirs.Fail)):
        model.run(["logit"], feed)


@pytest.mark.parametrize("run", RUNS)
@pytest.mark.usefixtures("way")
def test_int8_is_near_the_truth_and_not_the_truth(run, reviews):
    exact, fast = (
        load_bulk(f"artifacts/{run}").logits(reviews),
        load_bulk(f"artifacts/{run}", fast=True).logits(reviews),
    )
    assert 0 < np.abs(exact - fast).max() < 0.1


@pytest.mark.parametrize(("units", "directions", "pooling"), product((64, 192), (1, 2), (("last",), ("max", "mean"))))
@pytest.mark.usefixtures("way")
def test_int8_is_near_the_truth_in_every_form_of_the_model(units, directions, pooling, reviews, tmp_path):
    weights = tiny_weights(units=units, directions=directions, pooling=pooling)
    for direction in weights.directions:
        direction.recurrent[:] /= np.sqrt(units)
    weights.dense_kernel[:] /= np.sqrt(units)
    write_onnx(weights, tmp_path / "model.onnx")
    short = [review[:40] % 14 for review in reviews]
    feed = {"ids": pad(short), "lengths": np.array([len(review) for review in short], np.int32)}
    [exact] = ort.InferenceSession(tmp_path / "model.onnx").run(["logit"], feed)
    model = lookup_session.compiled_batch(weights) or open_lookup_session(weights, fast=True)
    [found] = model.run(["logit"], feed)
    assert found.dtype == np.float32
    assert np.abs(found - exact).max() < 0.1


def test_tanh_in_pieces_is_near_it_everywhere():
    curve = batch._curve()
    constants, slopes, squares = curve[:48].reshape(3, 16)
    size = np.linspace(0, 6, 10_001, dtype=np.float32)
    capped = np.minimum(size, curve[49])
    piece = np.rint(capped * curve[48]).astype(int)
    found = constants[piece] + capped * (slopes[piece] + capped * squares[piece])
    assert np.abs(found - np.tanh(size)).max() < 3e-4


@pytest.mark.parametrize(
    ("usable", "way"),
    [
        (["AMX", "AVX-512 VNNI"], "AMX"),
        (["AVX-512 VNNI"], "AVX-512 VNNI"),
        ([], "ONNX Runtime"),
    ],
)
def test_the_fastest_way_that_the_processor_has_is_taken(usable, way, monkeypatch):
    libraries = [batch._BACKENDS[name] for name in usable]
    monkeypatch.setattr(batch, "load_library", lambda library, _: library if library in libraries else None)
    monkeypatch.setattr(batch, "_library", batch._library.__wrapped__)
    assert batch.int8_backend() == way
