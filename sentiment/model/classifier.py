"""The classifier loads a run and gives predictions and explanations for texts, without TensorFlow or Streamlit."""

from __future__ import annotations

import contextlib
import os
import threading
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import fields
from functools import cache, cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import numpy.typing as npt
import onnxruntime as ort

from sentiment.artifacts import REQUIRED, ArtifactError, Run, open_run
from sentiment.model.batching import batches_by_length, pad
from sentiment.model.decision import KNOWN_WORDS, DecisionRule, unscored_prediction
from sentiment.model.session import Model, session_options
from sentiment.model.texts import list_texts
from sentiment.text.preprocessor import Preprocessor
from sentiment.text.reading import READINGS
from sentiment.text.vocabulary import UNK, Vocabulary
from sentiment.types import Explanation, Prediction, Status

if TYPE_CHECKING:
    import pandas as pd

    from sentiment.model.attribution import Attributor
    from sentiment.model.weights import Weights

_errors = vars(ort.capi.onnxruntime_pybind11_state).values()
# ONNX Runtime's errors for a file that is no model, or a model it cannot run. They have no common base class.
_UNLOADABLE: tuple[type[Exception], ...] = tuple(
    error for error in _errors if isinstance(error, type) and issubclass(error, Exception)
)
_BATCH_TOKENS = 16_384  # large enough for fast products, small enough for cache
# Batches at once, for all callers together: many with many texts each leave time for those with a single one.
_AT_WORK = threading.BoundedSemaphore(os.cpu_count() or 1)

# A bound on config.json. Explanations take about 25 kB per token read.
_MOST_TOKENS = 10_000


class Classifier:
    """A trained run, ready for prediction. Immutable and thread-safe.

    scikit-learn, LIME, SHAP and cleanlab can use it as it is, by ``predict_proba`` and ``classes_``. A pickle names the
    run's folder and holds no model, so the folder has to be there, unchanged, when it is loaded.

    Args:
        run: the run's folder.
        preprocessor: the run's preprocessor.
        rule: turns logits into predictions.
        model: an implementation of ``model.onnx``.
        weights: reads the model's weights; called when they are needed, possibly more than once.
        threads: number of batches that run in parallel; one per core if None.
        batch_tokens: tokens in a batch, including padding.
    """

    _origin: _Origin | None = None

    def __init__(
        self,
        run: Path,
        preprocessor: Preprocessor,
        rule: DecisionRule,
        model: Model,
        *,
        weights: Callable[[], Weights] | None = None,
        threads: int | None = None,
        batch_tokens: int = _BATCH_TOKENS,
    ) -> None:
        self.run = run
        self.preprocessor = preprocessor
        self.rule = rule
        self._model = model
        self._weights = weights or _weights_reader(run, len(preprocessor.vocabulary))
        self._threads = threads or os.cpu_count()
        self._batch_tokens = batch_tokens

    @classmethod
    def load(
        cls,
        run: Path | str | None = None,
        *,
        threads: int | None = None,
        open_model: Callable[[Path, Callable[[], Weights]], Model] | None = None,
        batch_tokens: int = _BATCH_TOKENS,
    ) -> Classifier:
        """Loads and checks the run at ``run``, or the one that ``default`` in the folder of runs names.

        Args:
            run: the run's folder.
            threads: see the class.
            open_model: returns a model, given the path of ``model.onnx`` and a function that reads its weights. By
                default it returns the fastest implementation for a single review.
            batch_tokens: see the class.

        Raises:
            ArtifactError: there is no usable run; the message says why in a sentence.
        """
        if open_model is None:
            from sentiment.model.single_review import open_single_review  # here, because it imports onnx

            open_model = open_single_review
        opened = open_run(run)
        try:
            max_length, rule, version = _config(opened.json("config.json"))
            preprocessor = Preprocessor(Vocabulary.read(opened.file("vocabulary.txt")), max_length, version)
            weights = _weights_reader(opened.path, len(preprocessor.vocabulary))
            model = open_model(opened.file("model.onnx"), weights)
            _check_scores(model, len(preprocessor.vocabulary))
        except ValueError as error:
            reason = " ".join(str(error).split())
            raise ArtifactError(f"The run {opened.name} does not hold a model of this program ({reason}).") from error
        except _UNLOADABLE as error:
            raise ArtifactError(
                f"The run {opened.name} does not hold a model of this program (ONNX Runtime cannot run it)."
            ) from error
        classifier = cls(
            opened.path,
            preprocessor,
            rule,
            model,
            weights=weights,
            threads=threads,
            batch_tokens=batch_tokens,
        )
        classifier._origin = _Origin(opened, threads, open_model, batch_tokens)
        return classifier

    def predict(self, texts: Iterable[object]) -> list[Prediction]:
        """Returns a prediction for each text, in order. An element that is not a string is ``unreadable``.

        Args:
            texts: a list, a pandas Series, a NumPy or pyarrow array, or any other iterable.

        Raises:
            TypeError: ``texts`` is a single text or a table.
        """
        encoded = [self.preprocessor.ids(text) if isinstance(text, str) else None for text in list_texts(texts)]
        scored = [ids for ids, _ in (e for e in encoded if e) if len(ids)]
        logits = iter(self.logits(scored).tolist())
        predictions = []
        for entry in encoded:
            if entry is None:
                predictions.append(unscored_prediction("unreadable"))
            elif not len(entry[0]):
                predictions.append(unscored_prediction("empty"))
            else:
                predictions.append(self.decide(next(logits), *entry))
        return predictions

    @property
    def classes_(self) -> npt.NDArray[np.str_]:
        """The classes, in the order of the columns of ``predict_proba``."""
        return np.array(["negative", "positive"])

    def predict_proba(self, texts: Iterable[object]) -> npt.NDArray[np.float64]:
        """Returns calibrated probabilities, <float64>[n, 2], one column for each of ``classes_``.

        A text without a score, which is unreadable or empty, gets one half twice.
        """
        positive = np.array([prediction.probability for prediction in self.predict(texts)], np.float64)
        return np.column_stack([1 - positive, positive])

    def predict_frame(self, texts: Iterable[object]) -> pd.DataFrame:
        """Returns a DataFrame of the fields of ``Prediction``, a row for each text, with the index of a Series.

        Raises:
            ModuleNotFoundError: pandas is not installed; it comes with ``sentiment[files]``.
        """
        import pandas as pd  # here, because the core does not need it

        predictions = self.predict(texts)
        names = [field.name for field in fields(Prediction)]
        index = texts.index if isinstance(texts, pd.Series) else None
        return pd.DataFrame({name: [getattr(each, name) for each in predictions] for name in names}, index)

    def __repr__(self) -> str:
        """Returns the run's name, its accuracy if that is known, and the size of its model."""
        accuracy = f"{known}, " if self._origin and (known := _accuracy(self._origin.run)) else ""
        return f"<Classifier {self.run.name}: {accuracy}{(self.run / 'model.onnx').stat().st_size / 1e6:.1f} MB>"

    def __reduce__(self) -> tuple[Any, ...]:
        """Pickles the path of the run and the hashes of its files, not the model."""
        if self._origin is None:
            raise TypeError("only a classifier from Classifier.load can be pickled")
        run, *options = self._origin
        return _load_unchanged, (type(self), run.path, _hashes(run), *options)

    def __deepcopy__(self, memo: object) -> Classifier:
        """Returns the classifier itself, because it is immutable."""
        return self

    def __copy__(self) -> Classifier:
        """Returns the classifier itself, because it is immutable."""
        return self

    def explain(self, text: str) -> Explanation:
        """Explains the score of ``text`` by the contribution of each token read, in logit units."""
        review = self.preprocessor(text)
        if not review.tokens_read:
            nothing = np.zeros(0, np.float32)
            unknown = nothing.astype(bool)
            return Explanation(text, (), nothing, 0.0, 0.0, 0.0, unknown, unscored_prediction("empty"), self.run.name)
        logit = float(self.logits([review.ids])[0])
        [attribution] = self.attributor([review.ids])
        residual = logit - attribution.baseline_logit - float(attribution.contributions.sum(dtype=np.float64))
        prediction = self.decide(logit, review.ids, review.tokens_total)
        return Explanation(
            text,
            review.tokens,
            attribution.contributions,
            attribution.baseline_logit,
            logit,
            residual,
            review.ids == UNK,
            prediction,
            self.run.name,
            self.rule.boundary,
        )

    def logits(self, ids: Sequence[npt.NDArray[np.int32]]) -> npt.NDArray[np.float32]:
        """Returns the model's score of each encoded review, <float32>[len(ids)]; no review may be empty.

        Reviews of similar length are batched to reduce padding. ``threads`` batches run in parallel.
        """
        result = np.empty(len(ids), np.float32)
        self._fill(result, ids, self._model, "logit")
        return result

    def states(self, ids: Sequence[npt.NDArray[np.int32]]) -> npt.NDArray[np.float32]:
        """Returns the pooled states of each encoded review, <float32>[len(ids), features]; no review may be empty.

        They are the input of the last layer, in the order of ``Weights``; batches as in ``logits``.
        """
        result = np.empty((len(ids), self.features), np.float32)
        self._fill(result, ids, self._states_model, "features")
        return result

    @property
    def weights(self) -> Weights:
        """The model's weights, read on first use."""
        return self._weights()

    @property
    def features(self) -> int:
        """The number of pooled states of a review."""
        return self._weights().features

    @cached_property
    def _states_model(self) -> Model:
        """A session of the model up to its pooled states, created on first use."""
        from sentiment.model.weights import states_graph  # here, because it imports onnx

        graph = states_graph(self._weights())
        return ort.InferenceSession(graph, session_options(), providers=["CPUExecutionProvider"])

    def _fill(
        self, result: npt.NDArray[np.float32], ids: Sequence[npt.NDArray[np.int32]], model: Model, output: str
    ) -> None:
        """Fills a row of ``result`` with a model's output for each encoded review."""
        batches = batches_by_length([len(review) for review in ids], self._batch_tokens)

        def run(batch: npt.NDArray[np.intp]) -> None:
            result[batch] = self._run(model, output, [ids[i] for i in batch])

        def run_in_turn(batch: npt.NDArray[np.intp]) -> None:
            with _AT_WORK:
                run(batch)

        if len(batches) == 1:
            run(batches[0])
        elif batches:
            with ThreadPoolExecutor(self._threads) as pool:
                list(pool.map(run_in_turn, reversed(batches)))

    @cached_property
    def attributor(self) -> Attributor:
        """The attributor of the run's model, created on first use.

        Raises:
            ArtifactError: ``model.onnx`` does not hold a model of this program.
        """
        from sentiment.model.attribution import (
            Attributor,  # here, because importing onnx takes a third as long as a score
        )

        try:
            return Attributor(self._weights(), self.preprocessor.max_length)
        except ValueError as error:
            raise ArtifactError(f"The run {self.run.name} does not hold a model of this program ({error}).") from error

    @property
    def embedding(self) -> npt.NDArray[np.float16]:
        """The vector of each vocabulary id, <float16>[vocabulary, embedding]."""
        return self._weights().embedding

    def _run(self, model: Model, output: str, reviews: Sequence[npt.NDArray[np.int32]]) -> npt.NDArray[np.float32]:
        lengths = np.array([len(review) for review in reviews], np.int32)
        try:
            return model.run([output], {"ids": pad(reviews), "lengths": lengths})[0]
        except _UNLOADABLE as error:  # another program's model, opened without reading its weights
            raise ArtifactError(f"ONNX Runtime cannot run the model of the run {self.run.name}.") from error

    def decide(self, logit: float, ids: npt.NDArray[np.int32], total: int) -> Prediction:
        """Returns the prediction for an encoded review with this logit, whose text has ``total`` tokens."""
        status: Status = "ok"
        if self.preprocessor.known_words(ids) < KNOWN_WORDS:
            status = "mostly_unknown"
        elif len(ids) < total:
            status = "truncated"
        return self.rule.predict(logit, status, len(ids), total, float((ids == UNK).mean()))


class _Origin(NamedTuple):
    """The arguments of ``Classifier.load``, from which it can be loaded again."""

    run: Run
    threads: int | None
    open_model: Callable[[Path, Callable[[], Weights]], Model]
    batch_tokens: int


def _hashes(run: Run) -> tuple[str, ...]:
    return tuple(run.manifest["files"][part] for part in REQUIRED)


def _load_unchanged(
    cls: type[Classifier],
    path: Path,
    hashes: tuple[str, ...],
    threads: int | None,
    open_model: Callable[[Path, Callable[[], Weights]], Model],
    batch_tokens: int,
) -> Classifier:
    """Loads a pickled classifier.

    Raises:
        ArtifactError: the run is not there, or its model has changed since.
    """
    if _hashes(open_run(path)) != hashes:
        raise ArtifactError(f"The run {path.name} has another model than when the classifier was pickled.")
    return cls.load(path, threads=threads, open_model=open_model, batch_tokens=batch_tokens)


def _accuracy(run: Run) -> str:
    """Returns the accuracy on test reviews, or else on validation reviews; nothing if there are no readable results."""
    for part, split in (("test.json", "test"), ("metrics.json", "validation")):
        with contextlib.suppress(ArtifactError, KeyError, TypeError, ValueError):
            measured = run.json(part)[split]
            return f"{measured['accuracy']:.1%} accuracy on {measured['n']:,} {split} reviews"
    return ""


def _weights_reader(run: Path, vocabulary_size: int) -> Callable[[], Weights]:
    """Returns a function that reads and checks the weights of a run on its first call."""

    @cache
    def weights() -> Weights:
        from sentiment.model.weights import read_onnx  # here, because importing onnx takes a third as long as a score

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
        raise ValueError("it gives no score")


def _config(content: object) -> tuple[int, DecisionRule, int]:
    """Returns the maximum number of tokens read from a text, the decision rule, and the version of reading.

    Raises:
        ValueError: ``content`` is not a valid ``config.json``.
    """
    if not isinstance(content, dict):
        raise ValueError("config.json is not an object")
    length = content.get("max_length")
    if not isinstance(length, int) or isinstance(length, bool) or not 1 <= length <= _MOST_TOKENS:
        raise ValueError(f"max_length in config.json is not a whole number from 1 to {_MOST_TOKENS:,}")
    rule = DecisionRule.from_config(content)
    version = content.get("text_version", 1)
    if type(version) is not int or version not in READINGS:
        known = " and ".join(map(str, READINGS))
        raise ValueError(f"text_version in config.json is {version!r}; this program knows {known}")
    return length, rule, version
