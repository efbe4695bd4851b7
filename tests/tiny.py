"""A run small enough to build in a test: a dozen words, two units, random weights, no training, no TensorFlow."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path

import numpy as np

from sentiment.artifacts import write_json, write_manifest
from sentiment.model.weights import Direction, Pooling, Weights, write_onnx
from sentiment.text.tokenizer import FIRST
from sentiment.text.vocabulary import Vocabulary, normal_form
from sentiment.types import Token

WORDS = ("the", "film", "is", "a", ".", "good", "bad", "not", "n't", "great", "dull", "!")


def tokenize(text: str) -> list[Token]:
    """The tokens of a text by the first version of reading, without a vocabulary."""
    return [Token(text[start:end], start, end, normal_form(text[start:end])) for start, end in FIRST.spans(text)]


def token_texts(text: str) -> list[str]:
    """The texts of ``tokenize``."""
    return FIRST.texts(text)


def decode(ids: Iterable[int], vocabulary: Vocabulary) -> str:
    """The tokens of ids, with a space between each two."""
    tokens = ("", "<unknown>", *vocabulary.tokens)
    return " ".join(tokens[id] for id in ids)


def tiny_weights(
    vocabulary: int = len(WORDS) + 2,
    embedding: int = 3,
    units: int = 2,
    directions: int = 2,
    pooling: tuple[Pooling, ...] = ("max", "mean"),
    seed: int = 0,
) -> Weights:
    """Random weights of a network of this shape."""
    rng = np.random.default_rng(seed)

    def normal(*shape: int) -> np.ndarray:
        return rng.normal(size=shape).astype(np.float32)

    return Weights(
        embedding=normal(vocabulary, embedding).astype(np.float16),
        directions=tuple(
            Direction(normal(embedding, 4 * units), normal(units, 4 * units), normal(4 * units))
            for _ in range(directions)
        ),
        pooling=pooling,
        dense_kernel=normal(len(pooling) * directions * units),
        dense_bias=0.25,
    )


def halved(weights: Weights) -> Weights:
    """The same model with its recurrent weights rounded to float16, as training exports them."""
    directions = (replace(each, recurrent=each.recurrent.astype(np.float16)) for each in weights.directions)
    return replace(weights, directions=tuple(directions))


def rounded(weights: Weights) -> Weights:
    """The same model with its recurrent weights rounded to float16, held as float32."""
    directions = (replace(each, recurrent=each.recurrent.astype(np.float32)) for each in halved(weights).directions)
    return replace(weights, directions=tuple(directions))


def tiny_run(folder: Path, *, max_length: int = 50, seed: int = 0, weights: Weights | None = None) -> Path:
    """A verified run that ``Classifier.load`` accepts."""
    folder.mkdir(parents=True)
    write_onnx(weights or tiny_weights(seed=seed), folder / "model.onnx")
    Vocabulary(WORDS).write(folder / "vocabulary.txt")
    write_json(folder / "config.json", {"preset": "tiny", "max_length": max_length, "temperature": 1.5})
    write_manifest(folder)
    return folder
