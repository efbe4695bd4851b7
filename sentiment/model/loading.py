"""Reads and checks the files of a run that a classifier needs."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import onnxruntime as ort

from sentiment.artifacts import ArtifactError, Run
from sentiment.model.decision import DecisionRule
from sentiment.model.session import Model
from sentiment.text.preprocessor import Preprocessor
from sentiment.text.reading import READINGS
from sentiment.text.vocabulary import Vocabulary

if TYPE_CHECKING:
    from sentiment.model.weights import Weights

    OpenModel = Callable[[Path, Callable[[], Weights]], Model]

_errors = vars(ort.capi.onnxruntime_pybind11_state).values()
# ONNX Runtime's errors for a file that is not a model, or a model that it cannot run. They have no common base class.
UNLOADABLE: tuple[type[Exception], ...] = tuple(
    error for error in _errors if isinstance(error, type) and issubclass(error, Exception)
)

_MAX_LENGTH = 10_000  # tokens; a bound on config.json. Explanations take about 25 kB per token.


class Parts(NamedTuple):
    """The parts of a classifier; ``weights`` reads the model's weights when it is called."""

    preprocessor: Preprocessor
    rule: DecisionRule
    model: Model
    weights: Callable[[], Weights]


def load_parts(run: Run, open_model: OpenModel) -> Parts:
    """Loads and checks the parts of a classifier.

    Args:
        run: the run.
        open_model: returns a model, given the path of ``model.onnx`` and a function that reads its weights.

    Raises:
        ArtifactError: the run does not hold a model of this program; the message says why.
    """
    try:
        max_length, rule, version = _config(run.json("config.json"))
        preprocessor = Preprocessor(Vocabulary.read(run.file("vocabulary.txt")), max_length, version)
        weights = weights_reader(run.path, len(preprocessor.vocabulary))
        model = open_model(run.file("model.onnx"), weights)
        _check_scores(model, len(preprocessor.vocabulary))
    except ValueError as error:
        reason = " ".join(str(error).split())
        raise ArtifactError(f"The run {run.name} does not hold a model of this program ({reason}).") from error
    except UNLOADABLE as error:
        raise ArtifactError(
            f"The run {run.name} does not hold a model of this program (ONNX Runtime cannot run it)."
        ) from error
    return Parts(preprocessor, rule, model, weights)


def weights_reader(run: Path, vocabulary_size: int) -> Callable[[], Weights]:
    """Returns a function that reads and checks the weights of a run on its first call."""

    @cache
    def weights() -> Weights:
        from sentiment.model.weights import read_onnx  # here, because importing onnx is slow

        return read_onnx(run / "model.onnx", vocabulary_size)

    return weights


def _check_scores(model: Model, vocabulary_size: int) -> None:
    """Checks that the model scores the last word of the vocabulary.

    Raises:
        ValueError: the score is not a finite number.
    """
    [logits] = model.run(
        ["logit"], {"ids": np.array([[vocabulary_size - 1]], np.int32), "lengths": np.ones(1, np.int32)}
    )
    if np.shape(logits) != (1,) or not np.isfinite(logits[0]):
        raise ValueError("it gives no finite score")


def _config(content: object) -> tuple[int, DecisionRule, int]:
    """Returns the maximum number of tokens read from a text, the decision rule, and the version of the text processing.

    Raises:
        ValueError: ``content`` is not a valid ``config.json``.
    """
    if not isinstance(content, dict):
        raise ValueError("config.json is not an object")
    length = content.get("max_length")
    if not isinstance(length, int) or isinstance(length, bool) or not 1 <= length <= _MAX_LENGTH:
        raise ValueError(f"max_length in config.json is not a whole number from 1 to {_MAX_LENGTH:,}")
    rule = DecisionRule.from_config(content)
    version = content.get("text_version", 1)
    if type(version) is not int or version not in READINGS:
        known = " and ".join(map(str, READINGS))
        raise ValueError(f"text_version in config.json is {version!r}; this program knows {known}")
    return length, rule, version
