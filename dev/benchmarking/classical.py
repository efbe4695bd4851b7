"""Runs TF-IDF with logistic regression, or VADER, as a peer process.

Both read a file with pandas, score on all cores, and write the file with an additional column.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from pathlib import Path

import numpy as np
import pandas as pd

from dev import command_line
from dev.benchmarking.measuring import seconds_of
from dev.benchmarking.peers import serve

_CORES = os.cpu_count() or 1

Scorer = Callable[[Sequence[str]], Sequence[float]]

_scorer: list[Scorer] = []  # the scorer of a pool process, set once at its start


def main() -> int:
    """Trains or loads the library, then answers requests; returns the exit status."""
    parser = command_line.parser(__doc__)
    parser.add_argument("library", choices=("sklearn", "vaderSentiment"), help="the library")
    parser.add_argument("train", type=Path, help="Parquet file with the columns text and label, for sklearn")
    options = parser.parse_args()
    scorer = vader() if options.library == "vaderSentiment" else tfidf(pd.read_parquet(options.train))
    with ProcessPoolExecutor(_CORES, initializer=_scorer.append, initargs=(scorer,)) as pool:
        list(pool.map(_score, [["a film"]] * (2 * _CORES)))  # so that all processes have started
        serve({"score": lambda source, output: seconds_of(partial(score_file, pool, source, output))})
    return 0


def tfidf(train: pd.DataFrame) -> Scorer:
    """Trains logistic regression on TF-IDF of words and word pairs that occur at least twice."""
    from sklearn.feature_extraction.text import TfidfVectorizer
    from sklearn.linear_model import LogisticRegression

    vectorizer = TfidfVectorizer(ngram_range=(1, 2), min_df=2)
    classifier = LogisticRegression(max_iter=1_000).fit(vectorizer.fit_transform(train["text"]), train["label"])
    return partial(_tfidf_scores, vectorizer, classifier)


def vader() -> Scorer:
    """Loads the rule-based VADER (Hutto & Gilbert 2014), which needs no training."""
    from vaderSentiment.vaderSentiment import SentimentIntensityAnalyzer

    return partial(_vader_scores, SentimentIntensityAnalyzer())


def score_file(pool: ProcessPoolExecutor, source: str, output: str) -> None:
    """Scores a CSV file, in as many parts as there are cores."""
    table = pd.read_csv(source)
    texts = table["review"].tolist()
    parts = [texts[start::_CORES] for start in range(_CORES)]
    scores = np.empty(len(texts))
    for start, part in enumerate(pool.map(_score, [part for part in parts if part])):
        scores[start::_CORES] = part
    table.assign(score=scores).to_csv(output, index=False)


def _score(texts: Sequence[str]) -> Sequence[float]:
    return _scorer[0](texts)


def _tfidf_scores(vectorizer, classifier, texts: Sequence[str]) -> Sequence[float]:  # type: ignore[no-untyped-def]
    return classifier.predict_proba(vectorizer.transform(texts))[:, 1]


def _vader_scores(analyzer, texts: Sequence[str]) -> Sequence[float]:  # type: ignore[no-untyped-def]
    return [analyzer.polarity_scores(text)["compound"] for text in texts]


if __name__ == "__main__":
    command_line.run(main)
