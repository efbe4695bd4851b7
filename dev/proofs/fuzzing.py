"""Fuzzes one kind of input, in a process of its own that may crash: ``python -m dev.proofs.fuzzing KIND RUN SECONDS``.

Every attempt has a number, from which its input follows. An input is either taken or refused in one sentence; anything
else is a fault. ``run`` starts the process, and starts it again with the next number where it crashes or hangs.
"""

from __future__ import annotations

import faulthandler
import io
import json
import math
import random
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from contextlib import suppress
from functools import cache
from pathlib import Path
from typing import Any

from dev.proofs import mutations
from sentiment.artifacts import ArtifactError, write_manifest
from sentiment.budget import TEXT_CHARACTERS, Settings
from sentiment.errors import SentimentError
from sentiment.system import limit_memory

_HANG = 30  # seconds after which an attempt counts as hanging
_MEMORY = 4.0  # gigabytes that an attempt may ask for
_SCORED = 0.1  # of the tables that can be read are also scored

Attempt = Callable[[random.Random, Path, Path], None]


class RefusedError(Exception):
    """The input was refused; the message is the sentence."""


def tables(chance: random.Random, folder: Path, run: Path) -> None:
    """Opens a damaged table of reviews; scores some, which must give every row back."""
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

    names = ("in.csv", "in.zip", "lzma.zip", "in.parquet", "zstd.parquet", "in.xlsx")
    name = chance.choice(names)
    path = folder / name
    path.write_bytes(mutations.mutated(mutations.tables()[name], chance))
    read(path)


def texts(chance: random.Random, folder: Path, run: Path) -> None:
    """Judges and explains a text of hostile pieces, flips it, and saves and opens its explanation."""
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
    assert "<script" not in to_html(explanation).lower(), "the page holds a script"
    with suppress(UnicodeEncodeError):
        text.encode()
        assert from_json(to_json(explanation)).text == text, "the text was not kept"
    if chance.random() < 0.2:
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
    """Uploads a file with a hostile name; what is refused must leave nothing behind."""
    from sentiment.bulk.jobs.creation import create_job

    ends = [".csv", ".zip", ".gz", ".ZST", ".xlsx", ".", "..", "\0", "/", "\\", "\n", ".exe", "www.", "@", "![](", "</"]
    name = "".join(chance.choice([*ends, chr(chance.randrange(0x110000))]) for _ in range(chance.randrange(12)))
    name = name * chance.choice([1, 1, 1, 100]) + chance.choice(ends)
    settings = Settings(folder / "jobs")
    try:
        job = create_job(settings, name, io.BytesIO(b"review\n"), 7)
    except SentimentError:
        assert not settings.folder.exists() or not list(settings.folder.glob("*/*")), "something was left behind"
        raise
    assert job.input.parent == job.folder, "the file is elsewhere"
    assert job.delete(), "the job could not be deleted"


def models(chance: random.Random, folder: Path, run: Path) -> None:
    """Loads a damaged run, and judges a text if it loads."""
    own = folder / "run"
    own.mkdir()
    for name in ("config.json", "metadata.json", "metrics.json", "vocabulary.txt", "model.onnx", "history.csv"):
        shutil.copyfile(run / name, own / name)
    path = own / chance.choice(["config.json", "config.json", "model.onnx", "vocabulary.txt", "metadata.json"])
    path.write_bytes(mutations.mutated(path.read_bytes(), chance))
    write_manifest(own)
    from sentiment.model.classifier import Classifier

    [prediction] = Classifier.load(own).predict(["A good film."])
    assert math.isfinite(prediction.probability), "the probability is no number"


KINDS: dict[str, Attempt] = {
    kind.__name__: kind for kind in (tables, data_sets, texts, explanations, histories, names, models)
}


def run(kind: str, run_folder: Path, seconds: float) -> dict[str, Any]:
    """Fuzzes a kind for so many seconds; returns the numbers of inputs taken and refused, and the faults.

    Args:
        kind: one of ``KINDS``.
        run_folder: the run to use.
        seconds: for all attempts together.
    """
    found: dict[str, Any] = {"taken": 0, "refused": 0, "faults": []}
    end, first = time.monotonic() + seconds, 0
    while (left := end - time.monotonic()) > 0:
        command = [sys.executable, "-m", "dev.proofs.fuzzing", kind, str(run_folder), str(left), str(first)]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        outcomes = [json.loads(line) for line in done.stdout.splitlines()]
        for each in outcomes:
            found["taken"] += each["outcome"] == "taken"
            found["refused"] += each["outcome"] == "refused"
            if each["outcome"] not in ("taken", "refused"):
                found["faults"].append(f"{kind} {each['number']}: {each['outcome']}")
        first = outcomes[-1]["number"] + 1 if outcomes else first
        if done.returncode:
            found["faults"].append(f"{kind} {first}: the process ended with {done.returncode}: {done.stderr[-500:]}")
            first += 1
    return {**found, "inputs": found["taken"] + found["refused"] + len(found["faults"])}


def attempt(kind: str, number: int, run_folder: Path) -> str:
    """Makes one attempt; returns "taken", "refused", or what went wrong."""
    chance = random.Random(f"{kind} {number}")  # noqa: S311
    try:
        with tempfile.TemporaryDirectory(prefix="fuzzing-") as folder:
            KINDS[kind](chance, Path(folder), run_folder)
    except (SentimentError, ArtifactError, RefusedError) as error:
        sentence = str(error)
        return "refused" if sentence.endswith(".") and "\n" not in sentence else f"no sentence: {sentence!r}"
    except Exception as error:  # of any kind: this is what is looked for
        return f"{type(error).__name__}: {error}"[:500]
    return "taken"


def _hostile_text(chance: random.Random) -> str:
    pieces = ["<", "</p>", "<br />", "<script>", "&lt;", "not ", "good ", "n't", "\0", "\u202e", "e\u0301", "\ud800"]
    pieces += [
        "😀",
        "\u200d",
        " ",
        "\n",
        "\r\n",
        "...",
        "http://x.example ",
        "bad, ",
        "!" * 50,
        "İ",
        "ß",
        "=1+1",
        "$x$",
    ]
    longest = chance.choice([10, 100, 1_000, 1_000, TEXT_CHARACTERS])
    text = ""
    while len(text) < longest:
        piece = chance.choice([*pieces, chr(chance.randrange(0x110000))])
        text += piece * (chance.randrange(1, 5) if chance.random() < 0.9 else max(1, longest // len(piece) // 3))
    return text[:longest]


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


def main() -> None:
    """Makes attempts until the time is over; prints each one's number and outcome as a line of JSON."""
    kind, run_folder, end, number = (
        sys.argv[1],
        Path(sys.argv[2]),
        time.monotonic() + float(sys.argv[3]),
        int(sys.argv[4]),
    )
    limit_memory(_MEMORY / 2)
    while time.monotonic() < end:
        faulthandler.dump_traceback_later(_HANG, exit=True)
        outcome = attempt(kind, number, run_folder)
        faulthandler.cancel_dump_traceback_later()
        print(json.dumps({"number": number, "outcome": outcome}), flush=True)
        number += 1


if __name__ == "__main__":
    main()
