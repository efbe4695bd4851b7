"""The export rounds weights once, so that Keras, ONNX and the compiled code have the same numbers."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

pytestmark = pytest.mark.training
pytest.importorskip("tensorflow")

import keras  # noqa: E402

from sentiment.model.weights import read_onnx  # noqa: E402
from sentiment.presets import BILSTM, LSTM  # noqa: E402
from sentiment.training.export import TOLERANCE, ParityError, cells_of, export  # noqa: E402
from sentiment.training.networks import build_network  # noqa: E402

REVIEWS = [np.array(ids, np.int32) for ids in ([2, 7, 1, 5, 13], [3, 3, 8], [12, 1, 4, 9, 10, 11, 2, 6])]


@pytest.mark.parametrize("preset", [BILSTM, LSTM], ids=lambda preset: preset.name)
def test_keras_and_onnx_hold_the_same_weights_in_half_precision(preset, tmp_path):
    network = build_network(dataclasses.replace(preset, embedding_size=4, units=3, max_length=50), 14)
    before = [np.array(cell.recurrent_kernel) for cell in cells_of(network)]
    assert export(network, preset.pooling, tmp_path, REVIEWS) <= TOLERANCE
    weights, saved = read_onnx(tmp_path / "model.onnx"), keras.saving.load_model(tmp_path / "model.keras")
    np.testing.assert_array_equal(saved.get_layer("embedding").embeddings, weights.embedding.astype(np.float32))
    for cell, direction, unrounded in zip(cells_of(saved), weights.directions, before, strict=True):
        assert direction.recurrent.dtype == np.float16
        np.testing.assert_array_equal(cell.recurrent_kernel, direction.recurrent.astype(np.float32))
        np.testing.assert_array_equal(direction.recurrent, unrounded.astype(np.float16))
        np.testing.assert_array_equal(cell.kernel, direction.kernel)
        assert not np.array_equal(unrounded, direction.recurrent.astype(np.float32))  # else nothing was rounded


def test_a_weight_too_large_for_half_precision_is_not_exported(tmp_path):
    network = build_network(dataclasses.replace(LSTM, embedding_size=4, units=3, max_length=50), 14)
    [cell] = cells_of(network)
    cell.recurrent_kernel.assign(np.full(cell.recurrent_kernel.shape, 1e6))
    with pytest.raises(ParityError, match="too large for float16"):
        export(network, LSTM.pooling, tmp_path, REVIEWS)
    assert not list(tmp_path.iterdir())
