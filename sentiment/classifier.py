"""The classifier: a run, loaded; texts in, predictions and explanations out. No TensorFlow, no Streamlit."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
import onnxruntime as ort

from sentiment.artifacts import ArtifactError, open_run
from sentiment.batching import batches_by_length, pad
from sentiment.preprocessor import Preprocessor
from sentiment.records import Explanation, Prediction, Status
from sentiment.sessions import Model
from sentiment.verdict import KNOWN_WORDS, no_verdict, verdict
from sentiment.vocabulary import UNK, Vocabulary

if TYPE_CHECKING:
    from sentiment.attribution import Attributor

_errors = ort.capi.onnxruntime_pybind11_state
# What ONNX Runtime raises for a file that is no model, or a model it cannot run; the errors have no common base.
_UNLOADABLE = (
    _errors.Fail,
    _errors.InvalidArgument,
    _errors.InvalidGraph,
    _errors.InvalidProtobuf,
    _errors.NotImplemented,
    _errors.RuntimeException,
)
_BATCH_TOKENS = 16_384  # large enough for fast products, small enough for cache


class Classifier:
    """A trained run, ready to read reviews. Immutable; one instance serves any number of threads.

    Args:
        run: the run's folder.
        preprocessor: the run's own.
        temperature: by which logits are divided.
        model: ``model.onnx`` in one of its forms.
        threads: how many batches run side by side; one a core where None.
        batch_tokens: tokens in a batch, padding included.
    """

    def __init__(
        self,
        run: Path,
        preprocessor: Preprocessor,
        temperature: float,
        model: Model,
        *,
        threads: int | None = None,
        batch_tokens: int = _BATCH_TOKENS,
    ) -> None:
        self.run = run
        self.preprocessor = preprocessor
        self.temperature = temperature
        self._model = model
        self._threads = threads or os.cpu_count()
        self._batch_tokens = batch_tokens

    @classmethod
    def load(
        cls,
        run: Path | str | None = None,
        *,
        threads: int | None = None,
        form: Callable[[Path], Model] | None = None,
        batch_tokens: int = _BATCH_TOKENS,
    ) -> Classifier:
        """Loads the run at ``run``, or the one that ``artifacts/default`` names, after checking its hashes.

        Args:
            run: its folder.
            threads: see the class.
            form: opens ``model.onnx``, and raises ValueError where the file is no model of this program; that in which
                a single review is scored soonest where None.
            batch_tokens: see the class.

        Raises:
            ArtifactError: there is no usable run; the message says why in a sentence.
        """
        if form is None:
            from sentiment.single_review import open_single_review  # here, for it brings onnx

            form = open_single_review
        opened = open_run(run)
        try:
            max_length, temperature = _config(opened.json("config.json"))
            preprocessor = Preprocessor(Vocabulary.read(opened.file("vocabulary.txt")), max_length)
            model = form(opened.path / "model.onnx")
            return cls(opened.path, preprocessor, temperature, model, threads=threads, batch_tokens=batch_tokens)
        except (ValueError, *_UNLOADABLE) as error:
            raise ArtifactError(f"The run {opened.name} does not hold a model of this program.") from error

    def predict(self, texts: Iterable[object]) -> list[Prediction]:
        """A prediction for each text, in order. Anything in ``texts`` that is not a string is ``unreadable``.

        Raises:
            TypeError: ``texts`` is itself a string, whose letters would each be taken for a text.
        """
        if isinstance(texts, str):
            raise TypeError("predict takes a list of texts; for one text, predict([text])")
        texts = list(texts)
        encoded = [self.preprocessor.ids(text) if isinstance(text, str) else None for text in texts]
        scored = [ids for ids, _ in (e for e in encoded if e) if len(ids)]
        logits = iter(self.logits(scored).tolist())
        predictions = []
        for entry in encoded:
            if entry is None:
                predictions.append(no_verdict("unreadable"))
            elif not len(entry[0]):
                predictions.append(no_verdict("empty"))
            else:
                predictions.append(self.judge(next(logits), *entry))
        return predictions

    def explain(self, text: str) -> Explanation:
        """The contribution of each token read to the score of ``text``, in logit units."""
        review = self.preprocessor(text)
        if not review.tokens_read:
            nothing = np.zeros(0, np.float32)
            unknown = nothing.astype(bool)
            return Explanation(text, (), nothing, 0.0, 0.0, 0.0, unknown, no_verdict("empty"), self.run.name)
        logit = float(self.logits([review.ids])[0])
        [attribution] = self.attributor([review.ids])
        residual = logit - attribution.baseline_logit - float(attribution.contributions.sum(dtype=np.float64))
        prediction = self.judge(logit, review.ids, review.tokens_total)
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
        )

    def logits(self, ids: Sequence[npt.NDArray[np.int32]]) -> npt.NDArray[np.float32]:
        """<float32>[len(ids)], the model's score of each encoded review, none of them empty.

        Reviews of like length run together, so that little is computed for padding, one batch a core at a time.
        """
        batches = batches_by_length([len(review) for review in ids], self._batch_tokens)
        result = np.empty(len(ids), np.float32)

        def run(batch: npt.NDArray[np.intp]) -> None:
            result[batch] = self._run([ids[i] for i in batch])

        if len(batches) == 1:
            run(batches[0])
        elif batches:
            with ThreadPoolExecutor(self._threads) as pool:
                list(pool.map(run, reversed(batches)))
        return result

    @cached_property
    def attributor(self) -> Attributor:
        """What computes contributions, made from the weights in ``model.onnx`` when first needed."""
        from sentiment.attribution import Attributor  # here, for it brings onnx, a fifth of the time a score needs
        from sentiment.weights import read_onnx

        return Attributor(read_onnx(self.run / "model.onnx"), self.preprocessor.max_length)

    def _run(self, reviews: Sequence[npt.NDArray[np.int32]]) -> npt.NDArray[np.float32]:
        lengths = np.array([len(review) for review in reviews], np.int32)
        return self._model.run(["logit"], {"ids": pad(reviews), "lengths": lengths})[0]

    def judge(self, logit: float, ids: npt.NDArray[np.int32], total: int) -> Prediction:
        """The verdict on an encoded review of this score, whose text has ``total`` tokens."""
        status: Status = "ok"
        if self.preprocessor.known_words(ids) < KNOWN_WORDS:
            status = "mostly_unknown"
        elif len(ids) < total:
            status = "truncated"
        return verdict(logit, self.temperature, status, len(ids), total, float((ids == UNK).mean()))


def _config(content: object) -> tuple[int, float]:
    """The tokens read of a text, and the temperature.

    Raises:
        ValueError: ``content`` is not that of a ``config.json``.
    """
    match content:
        case {"max_length": int(max_length), "temperature": int() | float() as temperature} if (
            max_length > 0 and temperature > 0
        ):
            return max_length, float(temperature)
    raise ValueError("config.json names no length or no temperature")
