"""Generates test cases from templates, deterministically."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from sentiment.behaviour import lexicon
from sentiment.behaviour.lexicon import Lexicon
from sentiment.behaviour.perturbations import PERTURBATIONS

Kind = Literal["must be", "must not change", "must move"]
Expected = Literal["positive", "negative", "same", "up", "down"]

FILES: dict[Kind, str] = {
    "must be": "minimum_functionality.toml",
    "must not change": "invariance.toml",
    "must move": "directional_expectation.toml",
}
_SAME = "{same}"


@dataclass(frozen=True, slots=True)
class Behaviour:
    """An expected behaviour, and the templates that test it.

    Attributes:
        kind: one of CheckList's three kinds of tests.
        capability: the capability tested, such as "negation".
        name: the expectation, in a few words.
        expected: the label, or the expected change of label or probability.
        change: the name of the perturbation that gives the second text of a pair; None if the template gives it.
        templates: each has one text, or two: before and after.
    """

    kind: Kind
    capability: str
    name: str
    expected: Expected
    change: str | None
    templates: tuple[tuple[str, ...], ...]


@dataclass(frozen=True, slots=True)
class Case:
    """One text, or a pair of texts, with its behaviour. ``template`` is the index among the behaviour's templates."""

    behaviour: Behaviour
    template: int
    texts: tuple[str, ...]


def behaviours() -> list[Behaviour]:
    """Returns every behaviour of the package's files, in their order."""
    folder = Path(__file__).parent
    return [
        _behaviour(kind, entry)
        for kind, name in FILES.items()
        for entry in tomllib.loads((folder / name).read_text(encoding="utf-8"))["behaviour"]
    ]


def cases() -> list[Case]:
    """Returns every case of every behaviour."""
    words = lexicon.read()
    return [case for behaviour in behaviours() for case in _cases(behaviour, words)]


def _behaviour(kind: Kind, entry: dict[str, Any]) -> Behaviour:
    templates = tuple((each,) if isinstance(each, str) else tuple(each) for each in entry["templates"])
    expected = entry.get("expect", "same")
    return Behaviour(kind, entry["capability"], entry["name"], expected, entry.get("change"), templates)


def _cases(behaviour: Behaviour, words: Lexicon) -> Iterator[Case]:
    for number, template in enumerate(behaviour.templates):
        before = template[0]
        whole = tuple(text.replace(_SAME, before) for text in template)
        for texts in lexicon.fillings(whole, words):
            if behaviour.change:
                texts = (*texts, PERTURBATIONS[behaviour.change](texts[0]))
            yield Case(behaviour, number, texts)
