"""The words with the largest contributions over all reviews of the validation and test parts.

``measure`` returns the content of ``words.json``, which holds no text::

    {"date", "reviews": {part: number}, "tokens": known tokens read,
     "words": [{"word", "count", "mean"}]}

"count" is the number of occurrences of a word, and "mean" its mean contribution in logits. Words with fewer than
``MIN_COUNT`` occurrences are left out. Of the others, the ``MOST`` with the largest sum of contributions are kept on
each side.
"""

from __future__ import annotations

import datetime
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from sentiment.text.vocabulary import UNK

if TYPE_CHECKING:
    from sentiment.model.classifier import Classifier

PART = "words.json"
MIN_COUNT = 20
MOST = 1_000
_CHUNK = 250  # reviews explained between two updates of the progress; bounds memory


def measure(
    classifier: Classifier, parts: Mapping[str, Sequence[str]], progress: Callable[[int, int], None] | None = None
) -> dict[str, Any]:
    """Sums the contributions of every known word over all texts; the module's docstring describes the result.

    Args:
        classifier: the run's classifier.
        parts: the texts of each part, by name.
        progress: called with the number of texts explained so far, and the total.
    """
    size = len(classifier.preprocessor.vocabulary)
    counts, totals = np.zeros(size, np.int64), np.zeros(size, np.float64)
    texts, done = [text for part in parts.values() for text in part], 0
    for start in range(0, len(texts), _CHUNK):
        chunk = texts[start : start + _CHUNK]
        encoded = [ids for ids, _ in map(classifier.preprocessor.ids, chunk) if len(ids)]
        for ids, found in zip(encoded, classifier.attributor(encoded), strict=True):
            counts += np.bincount(ids, minlength=size)
            totals += np.bincount(ids, found.contributions, minlength=size)
        done += len(chunk)
        if progress:
            progress(done, len(texts))
    counts, totals = counts[UNK + 1 :], totals[UNK + 1 :]  # without padding and the unknown token
    return {
        "date": datetime.datetime.now(datetime.UTC).date().isoformat(),
        "reviews": {name: len(part) for name, part in parts.items()},
        "tokens": int(counts.sum()),
        "words": _strongest(classifier.preprocessor.vocabulary.tokens, counts, totals),
    }


def _strongest(tokens: Sequence[str], counts: Any, totals: Any) -> list[dict[str, Any]]:
    """Returns the rows of the kept words, in descending order of the sum."""
    enough = np.flatnonzero(counts >= MIN_COUNT)
    order = enough[np.argsort(-totals[enough], kind="stable")]
    kept = order if len(order) <= 2 * MOST else np.concatenate([order[:MOST], order[-MOST:]])
    return [
        {"word": tokens[row], "count": int(counts[row]), "mean": round(float(totals[row] / counts[row]), 6)}
        for row in kept.tolist()
    ]
