"""How much of the machine's arithmetic the model alone makes use of."""

from __future__ import annotations

from functools import partial

import numpy as np

from dev.benchmarking.measuring import OURS, Sides, seconds_of
from dev.benchmarking.setting import Setting
from sentiment.model.classifier import Classifier
from sentiment.model.weights import Weights, read_onnx

_PRODUCTS = 10  # timed together


def float32_beside_matrix_product(setting: Setting) -> Sides:
    """Ready ids to scores, counted in operations on real tokens, and NumPy's matrix product on all cores. GFLOP/s."""
    return _beside_matrix_product(setting, setting.bulk_classifier)


def fast_beside_matrix_product(setting: Setting) -> Sides:
    """The same with int8 arithmetic, its operations counted alike, and the matrix product still in float32."""
    return _beside_matrix_product(setting, setting.fast_classifier)


def _beside_matrix_product(setting: Setting, classifier: Classifier) -> Sides:
    work = operations(read_onnx(setting.run.file("model.onnx"))) * sum(map(len, setting.ids))
    size = setting.sizes.matrix
    left, right = np.random.default_rng(0).random((2, size, size), np.float32)
    score = partial(classifier.logits, setting.ids)
    product = partial(np.matmul, left, right)
    return {
        OURS: lambda: work / seconds_of(score) / 1e9,
        f"NumPy, {size:,} x {size:,}": lambda: 2 * size**3 / seconds_of(product, _PRODUCTS) / 1e9,
    }


def operations(weights: Weights) -> int:
    """Floating-point operations a token: the matrix products of the LSTM, an addition and a product each counted."""
    return sum(2 * (direction.kernel.size + direction.recurrent.size) for direction in weights.directions)
