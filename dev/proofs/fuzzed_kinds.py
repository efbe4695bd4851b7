"""The kinds of input that are fuzzed: for each, a function that makes one attempt with a random input."""

from __future__ import annotations

import io
import math
import random
import shutil
import sys
from collections.abc import Callable
from contextlib import suppress
from functools import cache
from pathlib import Path
from typing import Any

from dev.proofs import mutations
from sentiment.artifacts import write_manifest
from sentiment.budget import TEXT_CHARACTERS, Settings
from sentiment.errors import SentimentError

_SCORED = 0.1  # of the tables that can be read are also scored
_FLIPPED = 0.2  # of the texts are also negated and flipped
_PIECES = (
    "<", "</p>", "<br />", "<script>", "&lt;", "not ", "good ", "n't", "\0", "\u202e", "e\u0301", "\ud800", "😀",
    "\u200d", " ", "\n", "\r\n", "...", "http://x.example ", "bad, ", "!" * 50, "İ", "ß", "=1+1", "$x$",
)  # fmt: skip
_NAME_PIECES = (
    ".csv", ".zip", ".gz", ".ZST", ".xlsx", ".", "..", "\0", "/", "\\", "\n", ".exe", "www.", "@", "![](", "</",
)  # fmt: skip
_RUN_FILES = ("config.json", "metadata.json", "metrics.json", "vocabulary.txt", "model.onnx", "history.csv")
_DAMAGED_FILES = ("config.json", "config.json", "model.onnx", "vocabulary.txt", "metadata.json")

Attempt = Callable[[random.Random, Path, Path], None]  # with the source of chance, an empty folder and a run


class RefusedError(Exception):
    """The input was refused; the message is the sentence."""


def tables(chance: random.Random, folder: Path, run: Path) -> None:
    """Opens a damaged table of reviews; scores some, whose rows must all come back."""
    from sentiment.bulk.pipeline import Task, score_file
    from sentiment.tables.base import Options
    from sentiment.tables.inspection import inspect

    name, content = chance.choice(list(mutations.tables().items()))
    path = folder / name
    path.write_bytes(mutations.mutated(content, chance))
    survey = inspect(path, Options(), _ignore).survey
    if chance.random() < _SCORED:
        report = score_file(Task(path, folder / "out.csv", "csv"), _bulk(run), _ignore)
        assert report["rows"] == survey.rows, "rows were lost"


def data_sets(chance: random.Random, folder: Path, run: Path) -> None:
    """Reads a damaged data set for training."""
    from sentiment.dataset.readers import read

    name = chance.choice(("in.csv", "in.zip", "lzma.zip", "in.parquet", "zstd.parquet", "in.xlsx"))
    path = folder / name
    path.write_bytes(mutations.mutated(mutations.tables()[name], chance))
    read(path)


def texts(chance: random.Random, folder: Path, run: Path) -> None:
    """Predicts and explains a text of hostile pieces, saves and opens its explanation, and flips some."""
    from sentiment.explain.counterfactual import smallest_flip
    from sentiment.explain.html_file import to_html
    from sentiment.explain.json_file import from_json, to_json
    from sentiment.explain.negation import negations

    classifier = _classifier(run)
    text = _hostile_text(chance)
    explanation = classifier.explain(text)
    assert all(text[token.start : token.end] == token.text for token in explanation.tokens), "a span is wrong"
    total = explanation.baseline_logit + sum(map(float, explanation.contributions)) + explanation.residual
    assert math.isclose(total, explanation.logit, abs_tol=1e-3), "the contributions do not add up"
    assert classifier.predict([text])[0].logit == explanation.logit, "two logits differ"
    assert "<script" not in to_html(explanation).lower(), "the page has a script"
    with suppress(UnicodeEncodeError):
        text.encode()
        assert from_json(to_json(explanation)).text == text, "the text was not kept"
    if chance.random() < _FLIPPED:
        negations(classifier, text)
        smallest_flip(classifier, explanation)


def explanations(chance: random.Random, folder: Path, run: Path) -> None:
    """Opens a damaged file of a saved explanation."""
    from sentiment.explain.json_file import from_json, to_json

    text = "A good film is not dull, but the ending is."
    content = to_json(_classifier(run).explain(text)).encode()
    try:
        from_json(mutations.mutated(content, chance))
    except ValueError as error:
        raise RefusedError(str(error)) from error


def histories(chance: random.Random, folder: Path, run: Path) -> None:
    """Imports a damaged training history."""
    from sentiment.app.training import imported_histories
    from sentiment.app.training.import_errors import ImportedHistoryError

    name, content = chance.choice(list(mutations.histories().items()))
    content = mutations.mutated(content, chance)
    try:
        if name.endswith(".csv"):
            imported_histories.from_csv(name, content)
        else:
            imported_histories.from_events({name: content})
    except ImportedHistoryError as error:
        raise RefusedError(str(error)) from error


def names(chance: random.Random, folder: Path, run: Path) -> None:
    """Uploads a file with a hostile name; a refused one must leave nothing behind."""
    from sentiment.bulk.jobs.creation import create_job

    name = "".join(chance.choice([*_NAME_PIECES, _character(chance)]) for _ in range(chance.randrange(12)))
    name = name * chance.choice([1, 1, 1, 100]) + chance.choice(_NAME_PIECES)
    settings = Settings(folder / "jobs")
    try:
        job = create_job(settings, name, io.BytesIO(b"review\n"), 7)
    except SentimentError:
        assert not settings.folder.exists() or not list(settings.folder.glob("*/*")), "something was left behind"
        raise
    assert job.input.parent == job.folder, "the file is elsewhere"
    assert job.delete(), "the job could not be deleted"


def models(chance: random.Random, folder: Path, run: Path) -> None:
    """Loads a damaged run, and predicts a text if it loads."""
    from sentiment.model.classifier import Classifier

    own = folder / "run"
    own.mkdir()
    for name in _RUN_FILES:
        shutil.copyfile(run / name, own / name)
    path = own / chance.choice(_DAMAGED_FILES)
    path.write_bytes(mutations.mutated(path.read_bytes(), chance))
    write_manifest(own)
    [prediction] = Classifier.load(own).predict(["A good film."])
    assert math.isfinite(prediction.probability), "the probability is not a number"


def _hostile_text(chance: random.Random) -> str:
    longest = chance.choice([10, 100, 1_000, 1_000, TEXT_CHARACTERS])
    text = ""
    while len(text) < longest:
        piece = chance.choice([*_PIECES, _character(chance)])
        text += piece * (chance.randrange(1, 5) if chance.random() < 0.9 else max(1, longest // len(piece) // 3))
    return text[:longest]


def _character(chance: random.Random) -> str:
    """Returns any character of Unicode."""
    return chr(chance.randrange(sys.maxunicode + 1))


@cache
def _classifier(run_folder: Path) -> Any:
    from sentiment.model.classifier import Classifier

    return Classifier.load(run_folder)


@cache
def _bulk(run_folder: Path) -> Any:
    from sentiment.model.lookup_session import load_bulk

    return load_bulk(run_folder)


def _ignore(*_: object) -> None:
    """Ignores progress."""


KINDS: dict[str, Attempt] = {
    kind.__name__: kind for kind in (tables, data_sets, texts, explanations, histories, names, models)
}
