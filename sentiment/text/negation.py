"""The three lists of negation words. They differ, and each difference must stay because recorded results depend on it.

- ``EVALUATION_PATTERN`` decides the column ``negation`` that every committed run records. It searches raw text, so it
  accepts both apostrophes. It lacks "nothing", "none", "nobody", "cannot", "hardly", "barely", "scarcely", "rarely".
- ``EXPLAINED_NEGATORS`` decides which negators an explanation reports. Only it has "scarcely"; it lacks "rarely".
- ``TRAINING_NEGATORS`` decides which clauses and crops a run saw in training. Only it has "rarely"; it lacks
  "scarcely". Its order is that of a regular expression's alternatives.
"""

from __future__ import annotations

import re

EVALUATION_PATTERN = re.compile(r"n['’]t\b|\b(?:not|no|never|neither|nor|without)\b", re.IGNORECASE)

EXPLAINED_NEGATORS = frozenset(
    {"not", "n't", "no", "never", "nothing", "none", "nobody", "neither", "nor", "without", "cannot"}
    | {"hardly", "barely", "scarcely"}
)

TRAINING_NEGATORS = (  # words that negate wherever they occur; "few" does not always
    "not", "n't", "never", "no", "nothing", "nobody", "none", "neither", "nor", "without", "cannot", "hardly", "barely",
    "rarely",
)  # fmt: skip
