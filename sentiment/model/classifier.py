"""The classifier loads a run, and predicts and explains texts, without TensorFlow or Streamlit."""

from __future__ import annotations

import contextlib
import os
import threading
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import fields
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import numpy.typing as npt
import onnxruntime as ort

from sentiment.artifacts import REQUIRED, ArtifactError, Run, open_run
from sentiment.model.batching import batches_by_length, pad
from sentiment.model.decision import KNOWN_WORDS, DecisionRule, unscored_prediction
from sentiment.model.loading import UNLOADABLE, load_parts, weights_reader
from sentiment.model.session import Model, session_options
from sentiment.model.texts import list_texts
from sentiment.text.preprocessor import Preprocessor
from sentiment.text.vocabulary import UNK
from sentiment.types import Explanation, Prediction, Status

if TYPE_CHECKING:
    import pandas as pd

    from sentiment.model.attribution import Attributor
    from sentiment.model.loading import OpenModel
    from sentiment.model.weights import Weights

_BATCH_TOKENS = 16_384  # large enough for fast products, small enough for cache
# Limits the batches that run at once for all callers, so that single texts are not delayed by large requests.
_BATCH_SLOTS = threading.BoundedSemaphore(os.cpu_count() or 1)


class Classifier:
    """A trained run, ready for prediction. Immutable and thread-safe.

    ``predict_proba`` and ``classes_`` make it usable by scikit-learn, LIME, SHAP and cleanlab. A pickle names the run's
    folder and holds no model, so the folder must exist unchanged when the pickle is loaded.

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
        self._weights = weights or weights_reader(run, len(preprocessor.vocabulary))
        self._threads = threads or os.cpu_count()
        self._batch_tokens = batch_tokens

    @classmethod
    def load(
        cls,
        run: Path | str | None = None,
        *,
        threads: int | None = None,
        open_model: OpenModel | None = None,
        batch_tokens: int = _BATCH_TOKENS,
    ) -> Classifier:
        """Loads and checks a run.

        Args:
            run: the run's folder; if None, the one that ``default`` in the folder of runs names.
            threads: see the class.
            open_model: returns a model, given the path of ``model.onnx`` and a function that reads its weights. By
                default it returns the fastest implementation for a single review.
            batch_tokens: see the class.

        Raises:
            ArtifactError: there is no usable run; the message is one sentence.
        """
        if open_model is None:
            from sentiment.model.single_review import open_single_review  # here, because it imports onnx

            open_model = open_single_review
        opened = open_run(run)
        loaded = load_parts(opened, open_model)
        classifier = cls(
            opened.path,
            loaded.preprocessor,
            loaded.rule,
            loaded.model,
            weights=loaded.weights,
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

        A text that is unreadable or empty has no score; both its probabilities are 0.5.

        Raises:
            TypeError: ``texts`` is a single text or a table.
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
        """Returns the run's name, its accuracy if known, and the size of its model."""
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
        """Explains the logit of ``text`` by the contribution of each token read, in logits.

        Raises:
            ArtifactError: the model cannot be run, or is not one of this program.
        """
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
        """Returns the logit of each encoded review, <float32>[len(ids)], before calibration; no review may be empty.

        Reviews of similar length are batched to reduce padding. ``threads`` batches run in parallel.
        """
        result = np.empty(len(ids), np.float32)
        self._fill(result, ids, self._model, "logit")
        return result

    def states(self, ids: Sequence[npt.NDArray[np.int32]]) -> npt.NDArray[np.float32]:
        """Returns the pooled states of each encoded review, <float32>[len(ids), features]; no review may be empty.

        They are the input of the last layer, in the order that ``Weights`` defines. Batching is that of ``logits``.
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

        def run_in_slot(batch: npt.NDArray[np.intp]) -> None:
            with _BATCH_SLOTS:
                run(batch)

        if len(batches) == 1:
            run(batches[0])
        elif batches:
            with ThreadPoolExecutor(self._threads) as pool:
                list(pool.map(run_in_slot, reversed(batches)))

    @cached_property
    def attributor(self) -> Attributor:
        """The attributor of the run's model, created on first use.

        Raises:
            ArtifactError: ``model.onnx`` does not hold a model of this program.
        """
        from sentiment.model.attribution import Attributor  # here, because it imports onnx

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
        except UNLOADABLE as error:  # a model of another program, whose weights were not read on opening
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
    open_model: OpenModel
    batch_tokens: int


def _hashes(run: Run) -> tuple[str, ...]:
    return tuple(run.manifest["files"][part] for part in REQUIRED)


def _load_unchanged(
    cls: type[Classifier],
    path: Path,
    hashes: tuple[str, ...],
    threads: int | None,
    open_model: OpenModel,
    batch_tokens: int,
) -> Classifier:
    """Loads a pickled classifier.

    Raises:
        ArtifactError: the run is missing, or its model has changed since pickling.
    """
    if _hashes(open_run(path)) != hashes:
        raise ArtifactError(f"The model of the run {path.name} has changed since the classifier was pickled.")
    return cls.load(path, threads=threads, open_model=open_model, batch_tokens=batch_tokens)


def _accuracy(run: Run) -> str:
    """Returns the accuracy on the test or, without one, validation reviews, in words; "" without readable results."""
    for part, split in (("test.json", "test"), ("metrics.json", "validation")):
        with contextlib.suppress(ArtifactError, KeyError, TypeError, ValueError):
            measured = run.json(part)[split]
            return f"{measured['accuracy']:.1%} accuracy on {measured['n']:,} {split} reviews"
    return ""
