"""The run that the API serves: the default one, reloaded when it changes."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from pathlib import Path
from time import monotonic

from sentiment.api.errors import RequestError
from sentiment.artifacts import MANIFEST, ArtifactError, default_run
from sentiment.model.classifier import Classifier
from sentiment.types import Explanation, Prediction

_FEW_TEXTS = 8  # for more texts, it pays to load the bulk model
_CHUNK_TEXTS = 256  # scored between two checks of the deadline
_SENTENCE = "A film to see again."  # scored to check that the model works

_TOO_SLOW = "The texts take longer than the server allows. Send fewer texts in a request."


class ServedModel:
    """Predicts and explains with the default run; thread-safe.

    Args:
        load: returns the classifier of a run for a few texts; the app passes the one that its pages use.
    """

    def __init__(self, load: Callable[[Path], Classifier]) -> None:
        self._load = load
        self._lock = threading.Lock()
        self._bulk: tuple[tuple[Path, int], Classifier] | None = None

    def predict(self, texts: Sequence[str], deadline: float) -> tuple[list[Prediction], str]:
        """Returns the predictions and the name of the run.

        Args:
            texts: the texts.
            deadline: a time of ``monotonic``; no further texts are started after it.

        Raises:
            ArtifactError: the run cannot be used.
            RequestError: the deadline has passed.
        """
        classifier = self._load(default_run()) if len(texts) <= _FEW_TEXTS else self._load_bulk()
        predictions: list[Prediction] = []
        for start in range(0, len(texts), _CHUNK_TEXTS):
            if monotonic() > deadline:
                raise RequestError(503, _TOO_SLOW)
            predictions += classifier.predict(texts[start : start + _CHUNK_TEXTS])
        return predictions, classifier.run.name

    def explain(self, text: str) -> Explanation:
        """Returns the explanation of a text.

        Raises:
            ArtifactError: the run cannot be used.
        """
        return self._load(default_run()).explain(text)

    def check(self) -> str:
        """Scores a sentence; returns the name of the run.

        Raises:
            ArtifactError: the run cannot be used.
        """
        classifier = self._load(default_run())
        classifier.predict([_SENTENCE])
        return classifier.run.name

    def _load_bulk(self) -> Classifier:
        """Returns the classifier with which files are scored, loaded once for each version of the run."""
        from sentiment.model.lookup_session import load_bulk  # here, because it imports onnx

        run = default_run()
        key = (run, (run / MANIFEST).stat().st_mtime_ns)
        with self._lock:
            if self._bulk is None or self._bulk[0] != key:
                self._bulk = key, load_bulk(run)
            return self._bulk[1]


def default_run_name() -> str:
    """Returns the name of the run that is served, "" if there is none."""
    try:
        return default_run().name
    except ArtifactError:
        return ""
