"""The models that score files give the scores of ``model.onnx``, approximately in int8."""

from __future__ import annotations

from itertools import product

import numpy as np
import onnxruntime as ort
import pytest

from sentiment import Classifier
from sentiment.model.batching import pad
from sentiment.model.lookup_session import compiled_batch, load_bulk, open_lookup_session
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
def test_files_have_the_scores_of_single_reviews(run, reviews):
    exact = Classifier.load(f"artifacts/{run}").logits(reviews)
    assert load_bulk(f"artifacts/{run}").logits(reviews) == pytest.approx(exact, abs=2e-5)


@pytest.fixture(params=["AMX", "AVX-512 VNNI", "ONNX Runtime"])
def int8_implementation(request, monkeypatch):
    """Each available implementation of int8 arithmetic."""
    backend = None
    if request.param != "ONNX Runtime":
        library = load_library(batch._BACKENDS[request.param], batch._FUNCTIONS)
        if not library:
            pytest.skip("this processor has no such instructions, or nothing was compiled: scripts/compile.py")
        backend = request.param, library
    monkeypatch.setattr(batch, "_library", lambda: backend)
    assert batch.int8_backend() == request.param


def int8_model(weights):
    return compiled_batch(weights) or open_lookup_session(weights, fast=True)


def assert_same_alone_and_together(bulk, reviews):
    alone = np.concatenate([bulk.logits([review]) for review in reviews])
    assert bulk.logits(reviews) == pytest.approx(alone, abs=1e-5)


def test_a_score_does_not_depend_on_batch_or_padding(reviews):
    assert_same_alone_and_together(load_bulk("artifacts/distilled"), reviews)


@pytest.mark.usefixtures("int8_implementation")
def test_a_score_in_int8_does_not_depend_on_batch_or_padding(reviews):
    assert_same_alone_and_together(load_bulk("artifacts/distilled", fast=True), reviews)


@pytest.mark.parametrize(("id", "length"), [(14, 2), (-15, 2), (2, 3), (2, -1)])
@pytest.mark.usefixtures("int8_implementation")
def test_ids_outside_the_vocabulary_and_invalid_lengths_are_refused(id, length):
    model = int8_model(tiny_weights(units=64))
    feed = {"ids": np.array([[2, id]], np.int32), "lengths": np.array([length], np.int32)}
    runtime = ort.capi.onnxruntime_pybind11_state
    with pytest.raises((IndexError, runtime.InvalidArgument, runtime.Fail)):
        model.run(["logit"], feed)


@pytest.mark.parametrize("run", RUNS)
@pytest.mark.usefixtures("int8_implementation")
def test_int8_scores_are_close_to_the_exact_ones_but_not_equal(run, reviews):
    exact, fast = (load_bulk(f"artifacts/{run}", fast=fast).logits(reviews) for fast in (False, True))
    assert 0 < np.abs(exact - fast).max() < 0.1


@pytest.mark.parametrize(("units", "directions", "pooling"), product((64, 192), (1, 2), (("last",), ("max", "mean"))))
@pytest.mark.usefixtures("int8_implementation")
def test_int8_scores_are_close_to_the_exact_ones_in_every_architecture(units, directions, pooling, reviews, tmp_path):
    weights = tiny_weights(units=units, directions=directions, pooling=pooling)
    for direction in weights.directions:
        direction.recurrent[:] /= np.sqrt(units)
    weights.dense_kernel[:] /= np.sqrt(units)
    write_onnx(weights, tmp_path / "model.onnx")
    short = [review[:40] % 14 for review in reviews]
    feed = {"ids": pad(short), "lengths": np.array([len(review) for review in short], np.int32)}
    [exact] = ort.InferenceSession(tmp_path / "model.onnx").run(["logit"], feed)
    [found] = int8_model(weights).run(["logit"], feed)
    assert found.dtype == np.float32
    assert np.abs(found - exact).max() < 0.1


def test_the_piecewise_approximation_of_tanh_is_close_everywhere():
    curve = batch._curve()
    constants, slopes, squares = curve[:48].reshape(3, 16)
    size = np.linspace(0, 6, 10_001, dtype=np.float32)
    capped = np.minimum(size, curve[49])
    piece = np.rint(capped * curve[48]).astype(int)
    found = constants[piece] + capped * (slopes[piece] + capped * squares[piece])
    assert np.abs(found - np.tanh(size)).max() < 3e-4


@pytest.mark.parametrize(
    ("supported", "chosen"),
    [
        (["AMX", "AVX-512 VNNI"], "AMX"),
        (["AVX-512 VNNI"], "AVX-512 VNNI"),
        ([], "ONNX Runtime"),
    ],
)
def test_the_fastest_implementation_that_the_processor_supports_is_chosen(supported, chosen, monkeypatch):
    libraries = [batch._BACKENDS[name] for name in supported]
    monkeypatch.setattr(batch, "load_library", lambda library, _: library if library in libraries else None)
    monkeypatch.setattr(batch, "_library", batch._library.__wrapped__)
    assert batch.int8_backend() == chosen
