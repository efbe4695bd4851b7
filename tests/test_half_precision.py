"""Recurrent weights in float16 give exactly the results of the same numbers in float32, in every implementation."""

from __future__ import annotations

from dataclasses import replace
from itertools import product
from pathlib import Path

import numpy as np
import onnx
import onnxruntime as ort
import pytest
from onnx import TensorProto, numpy_helper

from sentiment import Classifier
from sentiment.model.attribution import Attributor
from sentiment.model.batching import pad
from sentiment.model.lookup_session import compiled_batch, load_bulk, open_lookup_session
from sentiment.model.native.batch import int8_backend
from sentiment.model.native.lstm import compiled_lstm
from sentiment.model.weights import Pooling, Weights, read_onnx, write_onnx
from tests.tiny import halved, rounded, tiny_run, tiny_weights

REVIEWS = [np.random.default_rng(length).integers(1, 14, length).astype(np.int32) for length in (1, 2, 3, 17, 40)]
FEED = {"ids": pad(REVIEWS), "lengths": np.array([len(review) for review in REVIEWS], np.int32)}
POOLINGS: list[tuple[Pooling, ...]] = [("last",), ("max", "mean")]


def weights_of(units: int = 64, directions: int = 2, pooling: tuple[Pooling, ...] = ("max", "mean")) -> Weights:
    """Weights of every magnitude of float16, including its smallest subnormal numbers."""
    weights = tiny_weights(embedding=5, units=units, directions=directions, pooling=pooling)
    for direction in weights.directions:
        direction.recurrent[:] /= np.sqrt(units)
        direction.recurrent[::3] *= 1e-5
        direction.recurrent[1::7] = np.float32(3 * 2.0**-24)
        direction.kernel[:] /= 3
    return weights


def convert_recurrent(path: Path, dtype: type) -> None:
    """Converts the recurrent weights in a file to another type."""
    model = onnx.load(path)
    [tensor] = [tensor for tensor in model.graph.initializer if tensor.name == "lstm_r"]
    tensor.CopyFrom(numpy_helper.from_array(numpy_helper.to_array(tensor).astype(dtype), "lstm_r"))
    onnx.save(model, path)


def test_weights_are_read_in_the_precision_in_which_they_were_written(tmp_path: Path) -> None:
    for weights in (weights_of(), halved(weights_of())):
        write_onnx(weights, tmp_path / "model.onnx")
        for got, gave in zip(read_onnx(tmp_path / "model.onnx").directions, weights.directions, strict=True):
            assert got.recurrent.dtype == gave.recurrent.dtype
            np.testing.assert_array_equal(got.recurrent, gave.recurrent)


def test_float16_halves_the_size_of_the_recurrent_weights_in_the_file(tmp_path: Path) -> None:
    sizes = []
    for weights in (weights_of(), halved(weights_of())):
        write_onnx(weights, tmp_path / "model.onnx")
        sizes.append((tmp_path / "model.onnx").stat().st_size)
    numbers = sum(direction.recurrent.size for direction in weights_of().directions)
    assert sizes[0] - sizes[1] == pytest.approx(2 * numbers, abs=100)


@pytest.mark.parametrize(("directions", "pooling"), product((1, 2), POOLINGS))
def test_onnx_runtime_gives_exactly_the_scores_of_float32(
    directions: int, pooling: tuple[Pooling, ...], tmp_path: Path
) -> None:
    scores = []
    for convert in (rounded, halved):
        write_onnx(convert(weights_of(5, directions, pooling)), tmp_path / "model.onnx")
        scores.append(ort.InferenceSession(tmp_path / "model.onnx").run(["logit"], FEED)[0])
    np.testing.assert_array_equal(*scores)


@pytest.mark.parametrize(("units", "directions", "pooling"), product((32, 96), (1, 2), POOLINGS))
@pytest.mark.usefixtures("vectors")
def test_a_single_review_has_exactly_the_score_of_float32(
    units: int, directions: int, pooling: tuple[Pooling, ...]
) -> None:
    weights = weights_of(units, directions, pooling)
    single, half = compiled_lstm(rounded(weights)), compiled_lstm(halved(weights))
    assert single is not None
    assert half is not None
    for review in REVIEWS:
        assert half.logit(review) == single.logit(review)


@pytest.mark.parametrize("directions", [1, 2])
@pytest.mark.usefixtures("vectors")
def test_a_single_review_has_exactly_the_contributions_of_float32(directions: int) -> None:
    weights = weights_of(32, directions)
    ours, theirs = Attributor(halved(weights), 40), Attributor(rounded(weights), 40)
    assert ours._lstm.is_compiled
    for review in REVIEWS:
        [one], [other] = ours([review]), theirs([review])
        np.testing.assert_array_equal(one.contributions, other.contributions)
        assert one.baseline_logit == other.baseline_logit


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_numpy_gives_exactly_the_contributions_of_float32(dtype: type) -> None:
    ours, theirs = (Attributor(convert(weights_of(5)), 40, dtype=dtype) for convert in (halved, rounded))
    for one, other in zip(ours(REVIEWS), theirs(REVIEWS), strict=True):
        np.testing.assert_array_equal(one.contributions, other.contributions)


@pytest.mark.parametrize("fast", [False, True])
def test_files_have_exactly_the_scores_of_float32(fast: bool) -> None:
    sessions = [open_lookup_session(convert(weights_of(64)), fast=fast) for convert in (rounded, halved)]
    np.testing.assert_array_equal(*(session.run(["logit"], FEED)[0] for session in sessions))


def test_the_compiled_batch_gives_exactly_the_scores_of_float32() -> None:
    if int8_backend() == "ONNX Runtime":
        pytest.skip("this processor has no instructions for int8, or nothing was compiled: scripts/compile.py")
    batches = [compiled_batch(convert(weights_of(64))) for convert in (rounded, halved)]
    np.testing.assert_array_equal(*(batch.run(["logit"], FEED)[0] for batch in batches))


def test_a_run_in_float16_is_loaded_explained_and_scored_in_bulk(tmp_path: Path) -> None:
    run = tiny_run(tmp_path / "tiny", weights=halved(tiny_weights()))
    classifier, texts = Classifier.load(run), ["The film is good!", "not a great film ."]
    scores = [each.logit for each in classifier.predict(texts)]
    assert [each.logit for each in load_bulk(run).predict(texts)] == pytest.approx(scores, abs=1e-5)
    assert abs(classifier.explain(texts[0]).residual) < 1e-4


def test_directions_of_different_precision_are_refused() -> None:
    first, second = halved(weights_of()).directions[0], weights_of().directions[1]
    with pytest.raises(ValueError, match="differ in type"):
        replace(weights_of(), directions=(first, second))


@pytest.mark.parametrize("dtype", [np.float64, np.int8, np.uint16])
def test_recurrent_weights_of_another_type_are_refused(dtype: type, tmp_path: Path) -> None:
    write_onnx(weights_of(), tmp_path / "model.onnx")
    convert_recurrent(tmp_path / "model.onnx", dtype)
    with pytest.raises(ValueError, match="lstm_r has the wrong type"):
        read_onnx(tmp_path / "model.onnx")


def test_a_file_of_one_precision_with_the_graph_of_the_other_is_refused(tmp_path: Path) -> None:
    for weights, dtype in ((weights_of(), np.float16), (halved(weights_of()), np.float32)):
        write_onnx(weights, tmp_path / "model.onnx")
        convert_recurrent(tmp_path / "model.onnx", dtype)
        with pytest.raises(ValueError, match="graph is not one of this program"):
            read_onnx(tmp_path / "model.onnx")


@pytest.mark.parametrize("value", [np.inf, -np.inf, np.nan])
def test_a_weight_that_is_not_finite_is_refused(value: float, tmp_path: Path) -> None:
    weights = halved(weights_of())
    weights.directions[0].recurrent[3, 3] = value
    write_onnx(weights, tmp_path / "model.onnx")
    with pytest.raises(ValueError, match="lstm_r holds numbers that are not finite"):
        read_onnx(tmp_path / "model.onnx")


def test_the_graph_casts_the_stored_weights_to_float32(tmp_path: Path) -> None:
    write_onnx(halved(weights_of()), tmp_path / "model.onnx")
    graph = onnx.load(tmp_path / "model.onnx").graph
    [stored] = [tensor for tensor in graph.initializer if tensor.name == "lstm_r"]
    assert stored.data_type == TensorProto.FLOAT16
    [cast] = [node for node in graph.node if "lstm_r" in node.input]
    assert (cast.op_type, cast.attribute[0].i) == ("Cast", TensorProto.FLOAT)
