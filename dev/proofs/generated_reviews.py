"""Generates distinct reviews in our own words, for proofs that need many."""

from __future__ import annotations

import random
from collections.abc import Iterator
from pathlib import Path

_SUBJECTS = (
    "The plot", "The lead", "The camera", "The music", "Every scene", "The ending", "The villain", "The dialogue",
)  # fmt: skip
_VERBS = ("never finds", "slowly earns", "always keeps", "quietly loses", "nearly ruins", "gladly carries")
_OBJECTS = ("its rhythm", "the story", "our patience", "any warmth", "a sense of wonder", "the joke")
_ENDS = ("and I loved it", "and I was bored", "which is a pity", "which is a delight", ", and it shows", ", sadly")
_SENTENCE = (_SUBJECTS, _VERBS, _OBJECTS, _ENDS)


def reviews(count: int, seed: int = 0) -> Iterator[str]:
    """Yields distinct, numbered reviews of two to six sentences."""
    rng = random.Random(seed)  # noqa: S311
    for number in range(count):
        text = " ".join(" ".join(map(rng.choice, _SENTENCE)) + "." for _ in range(rng.randint(2, 6)))
        yield f"Review {number}. {text}"


def write_table(path: Path, rows: int, repeats: int = 1) -> None:
    """Writes a CSV of reviews, the text of each repeated ``repeats`` times."""
    with path.open("w", encoding="utf-8") as file:
        file.write("id,review\n")
        file.writelines(f'{number},"{review * repeats}"\n' for number, review in enumerate(reviews(rows)))
