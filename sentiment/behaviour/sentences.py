"""Short sentences from six domains, labelled by mood; written for this project, for validation only."""

from __future__ import annotations

import csv
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Sentence:
    """A text with its domain, such as "restaurant", and its mood: "positive", "negative" or "mixed"."""

    domain: str
    mood: str
    text: str


def sentences() -> list[Sentence]:
    """Returns all sentences, in the order of ``sentences.csv``."""
    with Path(__file__).with_name("sentences.csv").open(encoding="utf-8", newline="") as file:
        return [Sentence(**row) for row in csv.DictReader(file)]
