"""Scores chunks of rows into parts; a text that a chunk repeats is scored once."""

from __future__ import annotations

from collections import defaultdict, deque
from collections.abc import Iterable, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from functools import partial

import pyarrow as pa

from sentiment.bulk.parts import Parts
from sentiment.model.classifier import Classifier
from sentiment.model.decision import unscored_prediction
from sentiment.tables.base import Chunk, Source
from sentiment.tables.empty_words import is_empty_word
from sentiment.tables.joining import joined_chunks
from sentiment.types import Prediction, Report, Token

VERDICT = pa.schema(
    [
        ("sentiment", pa.string()),
        ("p_positive", pa.float64()),
        ("confidence", pa.string()),
        ("status", pa.string()),
        ("tokens_read", pa.int32()),
    ]
)
WORDS = pa.schema([("words_positive", pa.string()), ("words_negative", pa.string())])
PROBLEM = pa.field("problem", pa.string())
NATIVE = pa.field("native", pa.string())

STRONGEST = 5  # words listed for each side
DIGITS = 6  # decimal places of a probability

_MAX_PENDING = 3  # chunks read before the first of them is scored
_THREADS = 2  # one chunk is tokenized while the network scores the other


def score_all(
    classifier: Classifier,
    source: Source,
    texts: Sequence[int],
    parts: Parts,
    explain: bool,
    rows: int,
    report: Report,
) -> None:
    """Scores every chunk whose part is missing; an interrupted run resumes here.

    Args:
        classifier: the model.
        source: the table.
        texts: the positions of the columns to score, joined.
        parts: receives the scored parts.
        explain: whether to add the strongest words.
        rows: the number of rows, for the report.
        report: called after every part.
    """
    done = 0
    pending: deque[tuple[int, Future[None]]] = deque()
    pool = ThreadPoolExecutor(_THREADS)
    try:
        for number, chunk in enumerate(joined_chunks(source, texts)):
            if parts.path(number).exists():
                done += len(chunk.texts)
                report("resuming", done, rows)
                continue
            work = partial(_score_part, classifier, chunk, parts, number, explain)
            pending.append((len(chunk.texts), pool.submit(work)))
            if len(pending) == _MAX_PENDING:
                done += _finish(pending)
                report("scoring", done, rows)
        while pending:
            done += _finish(pending)
            report("scoring", done, rows)
    finally:
        pool.shutdown(cancel_futures=True)


def score_chunk(classifier: Classifier, chunk: Chunk, explain: bool = False) -> pa.Table:
    """Returns the chunk's columns as ``c0``, ``c1``, ..., then the added ones. A repeated text is scored once."""
    texts = list(dict.fromkeys(text for text in _texts(chunk) if isinstance(text, str)))
    verdicts = dict(zip(texts, classifier.predict(texts), strict=True))
    words = dict(zip(texts, _words(classifier, texts), strict=True)) if explain else None
    return build_part(chunk, verdicts, words)


def build_part(
    chunk: Chunk, verdicts: Mapping[str, Prediction], words: Mapping[str, tuple[str, str]] | None = None
) -> pa.Table:
    """Builds the table of ``score_chunk`` from the verdict on each text, and its strongest words if given."""
    rows = _texts(chunk)
    predictions = [verdicts[text] if isinstance(text, str) else unscored_prediction("unreadable") for text in rows]
    columns = {f"c{i}": column for i, column in enumerate(chunk.columns)}
    columns |= _verdicts(predictions)
    if words is not None:
        for side, field in enumerate(WORDS):
            named = [words[text][side] if isinstance(text, str) else None for text in rows]
            columns[field.name] = pa.array(named, field.type)
    remarks = chunk.notes | chunk.problems
    columns[PROBLEM.name] = pa.array([remarks.get(i) for i in range(len(rows))], PROBLEM.type)
    if chunk.native is not None:
        columns[NATIVE.name] = chunk.native
    return pa.table(columns)


def _texts(chunk: Chunk) -> list[object]:
    """Returns the texts to score: None for a row that cannot be read, "" for a missing text or a word such as "NA"."""
    return [None if i in chunk.problems else _without_empty_word(text) for i, text in enumerate(chunk.texts)]


def _without_empty_word(text: object) -> object:
    return "" if text is None or (isinstance(text, str) and is_empty_word(text)) else text


def strongest_words(tokens: Iterable[Token], contributions: Iterable[float]) -> tuple[str, str]:
    """Returns the words that push most toward positive and toward negative, as ``great:+1.20 fun:+0.31``.

    A word's push is the sum of its contributions over all its occurrences, in logit units.
    """
    pushes: defaultdict[str, float] = defaultdict(float)
    for token, value in zip(tokens, contributions, strict=True):
        if any(map(str.isalnum, token.form)):
            pushes[token.form] += value
    ranked = sorted(pushes.items(), key=lambda push: (-push[1], push[0]))
    positive = [push for push in ranked[:STRONGEST] if push[1] > 0]
    negative = [push for push in ranked[: -STRONGEST - 1 : -1] if push[1] < 0]
    return _join_words(positive), _join_words(negative)


def _words(classifier: Classifier, texts: list[str]) -> list[tuple[str, str]]:
    reviews = [classifier.preprocessor(text) for text in texts]
    attributions = iter(classifier.attributor([review.ids for review in reviews if review.tokens_read]))
    return [
        strongest_words(review.tokens, next(attributions).contributions.tolist()) if review.tokens_read else ("", "")
        for review in reviews
    ]


def _join_words(pushes: list[tuple[str, float]]) -> str:
    return " ".join(f"{word}:{value:+.2f}" for word, value in pushes)


def _verdicts(predictions: list[Prediction]) -> dict[str, pa.Array]:
    known = [prediction.label is not None for prediction in predictions]
    values = {
        "sentiment": [p.label for p in predictions],
        "p_positive": [round(p.probability, DIGITS) if ok else None for p, ok in zip(predictions, known, strict=True)],
        "confidence": [p.confidence for p in predictions],
        "status": [p.status for p in predictions],
        "tokens_read": [p.tokens_read for p in predictions],
    }
    return {field.name: pa.array(values[field.name], field.type) for field in VERDICT}


def _score_part(classifier: Classifier, chunk: Chunk, parts: Parts, number: int, explain: bool) -> None:
    parts.write(number, score_chunk(classifier, chunk, explain))


def _finish(pending: deque[tuple[int, Future[None]]]) -> int:
    rows, future = pending.popleft()
    future.result()
    return rows
