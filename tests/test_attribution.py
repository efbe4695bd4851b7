"""Contributions of tokens: complete, exact for the baseline, and consistent with gradients."""

from __future__ import annotations

from functools import partial
from pathlib import Path

import numpy as np
import onnxruntime as ort
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sentiment.model.attribution import Attributor, integrated_gradients, rescale_rule
from sentiment.model.numpy_lstm import NumpyLSTM
from sentiment.model.weights import Pooling, Weights, write_onnx
from sentiment.text.vocabulary import UNK
from tests.tiny import tiny_weights

MAX_LENGTH = 60
LENGTHS = (1, 2, 3, 17, 17, MAX_LENGTH)
SHAPES = [
    pytest.param(pooling, directions, id=f"{'+'.join(pooling)}-{directions}")
    for pooling in [("last",), ("max",), ("mean",), ("max", "mean")]
    for directions in (1, 2)
]


def weights_of(pooling: tuple[Pooling, ...], directions: int, seed: int = 0) -> Weights:
    return tiny_weights(embedding=6, units=5, directions=directions, pooling=pooling, seed=seed)


def random_reviews(seed: int, lengths: tuple[int, ...] = LENGTHS) -> list[np.ndarray]:
    rng = np.random.default_rng(seed)
    return [rng.integers(UNK, 14, length).astype(np.int32) for length in lengths]


def onnx_logits(weights: Weights, texts: list[np.ndarray], folder: Path) -> list[float]:
    """The scores that ONNX Runtime computes."""
    write_onnx(weights, folder / "model.onnx")
    session = ort.InferenceSession(folder / "model.onnx", providers=["CPUExecutionProvider"])
    return [
        float(session.run(["logit"], {"ids": ids[None], "lengths": np.array([len(ids)], np.int32)})[0][0])
        for ids in texts
    ]


@pytest.mark.parametrize(("pooling", "directions"), SHAPES)
def test_the_numpy_network_gives_the_scores_of_onnx_runtime(pooling, directions, tmp_path):
    weights, texts = weights_of(pooling, directions), random_reviews(1)
    path = Attributor(weights, MAX_LENGTH).path(texts)

    ours = path.lstm.logits(path.at(1), path.lengths)

    np.testing.assert_allclose(ours, onnx_logits(weights, texts, tmp_path), atol=1e-4)


@pytest.mark.parametrize("segments", [1, 3])
@pytest.mark.parametrize(("pooling", "directions"), SHAPES)
def test_the_contributions_and_the_score_of_the_baseline_add_up_to_the_score(pooling, directions, segments, tmp_path):
    weights, texts = weights_of(pooling, directions), random_reviews(2)

    explained = Attributor(weights, MAX_LENGTH)(texts, partial(rescale_rule, segments=segments))

    sums = [a.baseline_logit + a.contributions.sum(dtype=np.float64) for a in explained]
    np.testing.assert_allclose(sums, onnx_logits(weights, texts, tmp_path), atol=1e-5)
    unknown = [np.full_like(ids, UNK) for ids in texts]
    np.testing.assert_allclose(
        [a.baseline_logit for a in explained], onnx_logits(weights, unknown, tmp_path), atol=1e-5
    )


@given(
    ids=st.lists(st.integers(UNK, 13), min_size=1, max_size=MAX_LENGTH),
    pooling=st.sampled_from([("last",), ("max",), ("mean",), ("max", "mean")]),
    seed=st.integers(0, 1000),
)
@settings(max_examples=60)
def test_the_residual_is_nearly_zero_in_double_precision(ids, pooling, seed):
    attributor = Attributor(weights_of(pooling, 2, seed), MAX_LENGTH, dtype=np.float64)
    path = attributor.path([np.array(ids, np.int32)])
    lstm, lengths = path.lstm, path.lengths

    values = path.contributions(rescale_rule(path))

    rise = lstm.logits(path.at(1), lengths) - lstm.logits(path.baseline, lengths)
    assert abs(values.sum() - rise[0]) < 1e-12


@pytest.mark.parametrize(("pooling", "directions"), SHAPES)
def test_gradients_agree_with_finite_differences(pooling, directions):
    weights = weights_of(pooling, directions)
    lstm = NumpyLSTM(weights, np.float64)
    rng = np.random.default_rng(3)
    lengths, step = np.array([7, 9]), 1e-6
    start, change = (lstm.project(rng.normal(size=(2, 9, 6)), lengths) for _ in range(2))
    start += lstm.bias

    trace = lstm.run(start, change, 0)
    along = (lstm.multipliers(trace, trace, lengths) * change).sum(axis=(0, 1, 2, 4))

    up, down = (lstm.logits(lstm.run(start, change, sign * step), lengths) for sign in (1, -1))
    np.testing.assert_allclose(along, (up - down) / (2 * step), rtol=1e-6)


def test_many_segments_converge_to_integrated_gradients():
    path = Attributor(weights_of(("max", "mean"), 2), MAX_LENGTH, dtype=np.float64).path(random_reviews(4))

    integrated = path.contributions(integrated_gradients(path, 256)).ravel()
    gaps = [
        np.abs(path.contributions(rescale_rule(path, segments)).ravel() - integrated).max() for segments in (1, 8, 64)
    ]

    assert gaps[0] > gaps[1] > gaps[2]
    assert gaps[2] < 0.02 * np.abs(integrated).max()


def test_a_token_of_the_baseline_contributes_exactly_zero():
    [ids] = random_reviews(5, (20,))
    ids[[0, 7, 19]] = UNK

    [explained] = Attributor(weights_of(("max", "mean"), 2), MAX_LENGTH)([ids])

    assert set(np.flatnonzero(explained.contributions == 0)) == set(np.flatnonzero(ids == UNK))


def test_a_review_has_the_same_explanation_alone_and_in_any_batch():
    attributor, texts = Attributor(weights_of(("max", "mean"), 2), MAX_LENGTH), random_reviews(6)

    together = attributor(texts)

    for ids, one in zip(texts, together, strict=True):
        [alone] = attributor([ids])
        assert alone.baseline_logit == pytest.approx(one.baseline_logit, abs=1e-6)
        np.testing.assert_allclose(alone.contributions, one.contributions, atol=1e-5)


def test_another_baseline_can_be_chosen():
    weights, texts = weights_of(("max",), 2), random_reviews(7)
    mean = weights.embedding[UNK:].mean(axis=0, dtype=np.float32)

    unknown, other = (Attributor(weights, MAX_LENGTH, baseline=b)(texts) for b in (None, mean))

    for a, b in zip(unknown, other, strict=True):
        assert a.baseline_logit != b.baseline_logit
        assert a.baseline_logit + a.contributions.sum() == pytest.approx(
            b.baseline_logit + b.contributions.sum(), abs=1e-5
        )


def test_other_weights_give_other_contributions():
    texts = random_reviews(8, (MAX_LENGTH,))
    [one], [other] = (Attributor(weights_of(("max", "mean"), 2, seed), MAX_LENGTH)(texts) for seed in (0, 1))

    assert abs(np.corrcoef(one.contributions, other.contributions)[0, 1]) < 0.9
