"""Benchmarks of one review of 400 tokens: its score and its contributions."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import numpy as np
import onnxruntime as ort

from dev.benchmarking.measuring import OURS, Side, Sides, seconds_of
from dev.benchmarking.peers import Peer
from dev.benchmarking.setting import Setting


def score_against_keras(setting: Setting) -> Sides:
    """Compares text to score with Keras, which gets encoded reviews. Milliseconds."""
    return {OURS: _score(setting), **_keras_predict(setting)}


def score_against_onnx(setting: Setting) -> Sides:
    """Compares text to score with ONNX Runtime, which gets encoded reviews. Milliseconds."""
    ids, _ = setting.classifier.preprocessor.ids(setting.review)
    feed = {"ids": ids[None], "lengths": np.array([len(ids)], np.int32)}
    single = ort.SessionOptions()
    single.intra_op_num_threads = 1
    sides = {OURS: _score(setting)}
    for name, options in {"default options": ort.SessionOptions(), "one thread": single}.items():
        session = ort.InferenceSession(setting.run.file("model.onnx"), options, providers=["CPUExecutionProvider"])
        sides[name] = partial(_milliseconds, setting, partial(session.run, ["logit"], feed))
    return sides


def explanation_against_keras_score(setting: Setting) -> Sides:
    """Compares text to score and contributions with Keras, which only scores encoded reviews. Milliseconds."""
    explain = partial(setting.classifier.explain, setting.review)
    return {OURS: partial(_milliseconds, setting, explain), **_keras_predict(setting)}


def contributions_against_integrated_gradients(setting: Setting) -> Sides:
    """Compares our contributions with integrated gradients, both of encoded reviews. Milliseconds."""
    ids, _ = setting.classifier.preprocessor.ids(setting.review)
    ours = partial(_milliseconds, setting, partial(setting.classifier.attributor, [ids]))
    request = {"ids": setting.padded_review, "points": setting.sizes.points}
    return {OURS: ours, **_keras(setting, "integrated_gradients", request)}


def _score(setting: Setting) -> Side:
    return partial(_milliseconds, setting, partial(setting.classifier.predict, [setting.review]))


def _keras_predict(setting: Setting) -> Sides:
    request = {"ids": setting.padded_review, "calls": setting.sizes.calls, "batch_size": 1}
    return _keras(setting, "predict", request)


def _keras(setting: Setting, task: str, request: dict[str, object]) -> Sides:
    def milliseconds(peer: Peer) -> float:
        return 1e3 * peer.ask(task, **request)

    return {name: partial(milliseconds, peer) for name, peer in setting.keras().items()}


def _milliseconds(setting: Setting, work: Callable[[], object]) -> float:
    return 1e3 * seconds_of(work, setting.sizes.calls)
