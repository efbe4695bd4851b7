"""Profiles the scoring of one file by stage, each alone on one core.

In a real run the stages overlap on all cores, so the profile counts processor seconds.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from time import perf_counter, process_time
from typing import Any

from dev.benchmarking.setting import Setting
from sentiment.bulk.parts import Parts
from sentiment.bulk.pipeline import OpenedTask, Task, finish
from sentiment.bulk.scoring import build_part
from sentiment.model.lookup_session import load_bulk
from sentiment.tables.open import survey


def profile(setting: Setting, *, fast: bool = False) -> dict[str, Any]:
    """Measures processor seconds of each stage of scoring the setting's reviews, CSV to CSV.

    Returns:
        ``rows`` of the file, and ``seconds`` by stage, in the order of the stages.
    """
    clock, began = _Clock(), perf_counter()
    with clock("load the model"):
        classifier = load_bulk(setting.run.path, fast=fast, threads=1)
    output = setting.folder / "profiled.csv"
    source = setting.file(len(setting.texts))
    with clock("open, hash and count"):
        opened = OpenedTask.open(Task(source, output, "csv", text_column="review", fast=fast), classifier.run)
        survey(opened.source, opened.texts[0], lambda stage, done, rows: None)
    with clock("read"):
        chunks = list(opened.source.chunks(opened.texts[0]))
    texts = [str(text) for chunk in chunks for text in chunk.texts]  # real reviews are never empty
    with clock("tokenize and encode"):
        encoded = [classifier.preprocessor.ids(text) for text in texts]
    with clock("run the model"):
        logits = classifier.logits([ids for ids, _ in encoded]).tolist()
    with clock("judge"):
        predictions = [classifier.decide(logit, *each) for logit, each in zip(logits, encoded, strict=True)]
    by_text = dict(zip(texts, predictions, strict=True))
    parts = Parts(opened.task.parts)
    parts.begin(opened.state, resume=False)
    with clock("write parts"):
        for number, chunk in enumerate(chunks):
            parts.write(number, build_part(chunk, by_text))
    with clock("write the output"):
        finish(opened, classifier.run, began)
    return {"rows": len(texts), "fast": fast, "seconds": clock.seconds}


class _Clock:
    """Processor seconds by stage."""

    def __init__(self) -> None:
        self.seconds: dict[str, float] = {}

    @contextmanager
    def __call__(self, stage: str) -> Iterator[None]:
        start = process_time()
        yield
        self.seconds[stage] = process_time() - start
