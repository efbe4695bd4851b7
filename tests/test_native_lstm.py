"""The compiled LSTM scores a single review as ONNX Runtime does, and explains it as NumPy does."""

from __future__ import annotations

import _ctypes
import dataclasses
import os
import shutil
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from itertools import product
from pathlib import Path

import numpy as np
import onnxruntime as ort
import pytest

from sentiment.model import attribution, numpy_lstm
from sentiment.model.attribution import Attributor, integrated_gradients, rescale_rule
from sentiment.model.batching import pad
from sentiment.model.classifier import Classifier
from sentiment.model.native import build, lstm
from sentiment.model.native.build import STEPS_8, STEPS_16
from sentiment.model.native.lstm import compiled_lstm
from sentiment.model.single_review import SingleReviewModel, open_single_review
from sentiment.model.weights import Pooling, Weights, write_onnx
from tests.compiled import needs_compiled
from tests.tiny import tiny_weights

HOME = Path(__file__).resolve().parent.parent
MAX_LENGTH = 40
POOLINGS: list[tuple[Pooling, ...]] = [("last",), ("max",), ("mean",), ("max", "mean"), ("last", "max", "mean")]
LENGTHS = (1, 2, 3, 4, 17, MAX_LENGTH)
REVIEWS = [np.random.default_rng(length).integers(1, 14, length).astype(np.int32) for length in LENGTHS]


def weights_of(units: int = 64, directions: int = 2, pooling: tuple[Pooling, ...] = ("max", "mean")) -> Weights:
    """Weights so small that few units saturate; otherwise rounding decides where a maximum is."""
    weights = tiny_weights(embedding=5, units=units, directions=directions, pooling=pooling)
    for direction in weights.directions:
        direction.recurrent[:] /= np.sqrt(units)
        direction.kernel[:] /= 3
        direction.bias[:] /= 3
    return weights


def logits(model, reviews: list[np.ndarray]) -> np.ndarray:
    lengths = np.array([len(review) for review in reviews], np.int32)
    [found] = model.run(["logit"], {"ids": pad(reviews), "lengths": lengths})
    return found


@pytest.mark.parametrize(("units", "directions", "pooling"), product((32, 64, 5), (1, 2), POOLINGS))
@pytest.mark.usefixtures("vectors")
def test_the_scores_are_those_of_onnx_runtime(units, directions, pooling, tmp_path):
    path = tmp_path / "model.onnx"
    write_onnx(weights_of(units, directions, pooling), path)
    theirs, ours = ort.InferenceSession(path), open_single_review(path)
    assert isinstance(ours, SingleReviewModel) == (units % 32 == 0)
    assert logits(ours, REVIEWS) == pytest.approx(logits(theirs, REVIEWS), abs=1e-5)
    for review in REVIEWS:
        assert logits(ours, [review]) == pytest.approx(logits(theirs, [review]), abs=1e-5)


@needs_compiled
def test_rare_words_are_scored_like_common_ones(monkeypatch):
    expected = [compiled_lstm(weights_of()).logit(review) for review in REVIEWS]
    monkeypatch.setattr(lstm, "_COMMON", 6)
    assert [compiled_lstm(weights_of()).logit(review) for review in REVIEWS] == pytest.approx(expected, abs=1e-6)


@needs_compiled
@pytest.mark.parametrize("id", [14, -1])
def test_an_id_outside_the_vocabulary_is_refused(id):
    with pytest.raises(IndexError):
        compiled_lstm(weights_of()).logit(np.array([2, id], np.int32))


@needs_compiled
def test_padding_after_a_single_review_is_not_read(tmp_path):
    write_onnx(weights_of(), tmp_path / "model.onnx")
    model, [review] = open_single_review(tmp_path / "model.onnx"), REVIEWS[4:5]
    padded = {"ids": pad([review, REVIEWS[5]])[:1], "lengths": np.array([len(review)], np.int32)}
    assert model.run(["logit"], padded)[0] == logits(model, [review])


@pytest.mark.parametrize(
    "rule", [rescale_rule, partial(rescale_rule, segments=3), partial(integrated_gradients, points=5)]
)
@pytest.mark.parametrize(("directions", "pooling"), product((1, 2), POOLINGS))
@pytest.mark.usefixtures("vectors")
def test_the_contributions_are_those_of_numpy(directions, pooling, rule, monkeypatch):
    ours = Attributor(weights_of(32, directions, pooling), MAX_LENGTH)
    assert ours._lstm._compiled
    monkeypatch.setattr(numpy_lstm, "compiled_lstm", lambda _: None)
    theirs = Attributor(weights_of(32, directions, pooling), MAX_LENGTH)
    for review in REVIEWS[:-1]:  # the states of a long baseline hardly change, so rounding decides its maxima
        [one], [other] = ours([review], rule), theirs([review], rule)
        np.testing.assert_allclose(one.contributions, other.contributions, atol=1e-6, rtol=1e-5)
        assert one.baseline_logit == pytest.approx(other.baseline_logit, abs=1e-5)


@pytest.mark.parametrize("scale", [1e-4, 1e-2, 30.0, 1e4])
@pytest.mark.usefixtures("vectors")
def test_weak_and_strong_words_are_explained_equally_well(scale):
    """The inputs of the gates range from almost zero, where secants are nearly tangents, to full saturation."""
    weights = weights_of(32, pooling=("mean",))
    for direction in weights.directions:
        direction.kernel[:] *= scale
    [theirs], [ours] = (Attributor(weights, MAX_LENGTH, dtype=kind)(REVIEWS[-1:]) for kind in (np.float64, np.float32))
    size = np.abs(theirs.contributions).max()
    np.testing.assert_allclose(ours.contributions, theirs.contributions, atol=3e-4 * size)


@needs_compiled
def test_threads_at_once_get_the_same_scores():
    model = compiled_lstm(weights_of())
    expected = [model.logit(review) for review in REVIEWS]
    with ThreadPoolExecutor(8) as pool:
        assert list(pool.map(model.logit, REVIEWS * 50)) == expected * 50


@needs_compiled
@pytest.mark.parametrize("failing", [0, 1])
def test_an_error_in_either_direction_is_raised(failing):
    model = compiled_lstm(weights_of())
    with pytest.raises(ZeroDivisionError):
        model._each_direction(lambda direction: 1 / (failing - direction), [(0,), (1,)])


@needs_compiled
def test_long_reviews_among_short_ones_are_explained_as_alone(monkeypatch):
    monkeypatch.setattr(attribution, "_SHORT", 3)
    attributor = Attributor(weights_of(), MAX_LENGTH)
    together, order = attributor(REVIEWS[::-1]), REVIEWS[::-1]
    for ours, review in zip(together, order, strict=True):
        [alone] = attributor([review])
        assert len(ours.contributions) == len(review)
        np.testing.assert_allclose(ours.contributions, alone.contributions, atol=1e-5)


@needs_compiled
def test_a_classifier_uses_the_compiled_lstm_by_default():
    assert isinstance(Classifier.load()._model, SingleReviewModel)


@pytest.fixture
def fresh_library():
    """Forgets the loaded library before and after the test."""
    lstm._library.cache_clear()
    yield
    lstm._library.cache_clear()


@needs_compiled
@pytest.mark.parametrize("damage", ["missing", "of another machine", "another program", "older"])
def test_without_a_library_of_this_source_reviews_are_still_scored_and_explained(
    damage, fresh_library, tmp_path, monkeypatch
):
    library = tmp_path / "lib.so"
    if damage == "of another machine":
        library.write_bytes(b"\x7fELF of some other machine")
    elif damage == "another program":
        library = Path(_ctypes.__file__)
    elif damage == "older":
        shutil.copy((STEPS_16 if lstm._library()[1] == 32 else STEPS_8).path, library)
        monkeypatch.setattr(build, "_hash", lambda _: "0" * 64)
    lstm._library.cache_clear()
    for name in ("STEPS_16", "STEPS_8"):
        monkeypatch.setattr(lstm, name, dataclasses.replace(STEPS_8, path=library))
    assert compiled_lstm(weights_of()) is None
    write_onnx(weights_of(), tmp_path / "model.onnx")
    theirs, ours = ort.InferenceSession(tmp_path / "model.onnx"), open_single_review(tmp_path / "model.onnx")
    assert logits(ours, REVIEWS[:1]) == pytest.approx(logits(theirs, REVIEWS[:1]), abs=1e-6)
    [explained] = Attributor(weights_of(), MAX_LENGTH)(REVIEWS[-1:])
    whole = explained.baseline_logit + explained.contributions.sum()
    assert whole == pytest.approx(float(logits(theirs, REVIEWS[-1:])[0]), abs=1e-4)


@pytest.mark.process
@pytest.mark.parametrize(
    ("compiler", "message"), [("no-such-compiler", "No such file"), ("false", "could not compile")]
)
def test_a_failed_compilation_is_reported_and_the_command_succeeds(compiler, message, tmp_path):
    shutil.copytree(
        HOME / "sentiment", tmp_path / "sentiment", ignore=shutil.ignore_patterns("*.so", "app", "training")
    )
    shutil.copytree(HOME / "scripts", tmp_path / "scripts")
    done = subprocess.run(
        [sys.executable, "scripts/compile.py"],
        cwd=tmp_path, env=os.environ | {"CC": compiler}, capture_output=True, text=True,
    )  # fmt: skip
    assert done.returncode == 0
    assert message in done.stderr
    assert done.stderr.count("using the slower fallback") == len(build.libraries())
    assert not list((tmp_path / "sentiment").rglob("*.so"))
