"""Runs TF-IDF with logistic regression, or VADER, as a peer process: ``classical.py LIBRARY TRAIN_FILE``.

Both read a file with pandas, score on all cores, and write the file with an additional column.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor
from functools import partial

import numpy as np
import pandas as pd

from dev.benchmarking.measuring import seconds_of
from dev.benchmarking.peers import serve

Scorer = Callable[[Sequence[str]], Sequence[float]]

_scorer: list[Scorer] = []  # the scorer of a pool process, set once at its start


def main() -> None:
    """Trains or loads the library, then answers requests."""
    library, train = sys.argv[1:]
    scorer = vader() if library == "vaderSentiment" else tfidf(pd.read_parquet(train))
    with ProcessPoolExecutor(os.cpu_count(), initializer=_scorer.append, initargs=(scorer,)) as pool:
        list(pool.map(_score, [["a film"]] * (2 * (os.cpu_count() or 1))))  # so that all processes have started
        serve({"score": lambda source, output: seconds_of(partial(score_file, pool, source, output))})


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
    parts = [texts[start :: os.cpu_count()] for start in range(os.cpu_count() or 1)]
    scores = np.empty(len(texts))
    for start, part in enumerate(pool.map(_score, [part for part in parts if part])):
        scores[start :: os.cpu_count()] = part
    table.assign(score=scores).to_csv(output, index=False)


def _score(texts: Sequence[str]) -> Sequence[float]:
    return _scorer[0](texts)


def _tfidf_scores(vectorizer, classifier, texts: Sequence[str]) -> Sequence[float]:  # type: ignore[no-untyped-def]
    return classifier.predict_proba(vectorizer.transform(texts))[:, 1]


def _vader_scores(analyzer, texts: Sequence[str]) -> Sequence[float]:  # type: ignore[no-untyped-def]
    return [analyzer.polarity_scores(text)["compound"] for text in texts]


if __name__ == "__main__":
    main()
