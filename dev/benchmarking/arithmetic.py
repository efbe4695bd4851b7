"""Benchmarks of the model's arithmetic against a matrix product."""

from __future__ import annotations

from functools import partial

import numpy as np

from dev.benchmarking.measuring import OURS, Sides, seconds_of
from dev.benchmarking.setting import Setting
from sentiment.model.classifier import Classifier
from sentiment.model.weights import Weights, read_onnx

_PRODUCTS = 10  # matrix products timed together


def float32_against_matrix_product(setting: Setting) -> Sides:
    """Compares scoring encoded reviews with NumPy's matrix product on all cores. GFLOP/s, without padding."""
    return _against_matrix_product(setting, setting.bulk_classifier)


def fast_against_matrix_product(setting: Setting) -> Sides:
    """Compares int8 scoring with the float32 matrix product; both count the same operations. GFLOP/s."""
    return _against_matrix_product(setting, setting.fast_classifier)


def _against_matrix_product(setting: Setting, classifier: Classifier) -> Sides:
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
    """Returns the operations per token in the LSTM's matrix products; an addition and a product count as two."""
    return sum(2 * (direction.kernel.size + direction.recurrent.size) for direction in weights.directions)
