"""Says what an adapted run gained over its parent, from ``adaptation.json``, for the card, the app and the terminal."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from sentiment.artifacts import Run
from sentiment.formatting import interval, percent, signed, table

PART = "adaptation.json"
HEADER = ("Metric", "Before", "After")


def read(run: Run) -> dict[str, Any]:
    """Returns the content of ``adaptation.json``; {} for a run that was not adapted.

    Raises:
        ArtifactError: the file is damaged.
    """
    return run.json(PART) if run.has(PART) else {}


def rows(facts: dict[str, Any]) -> list[list[str]]:
    """Returns a row for each metric: its name, and its values before and after."""
    both = (facts["before"], facts["after"])
    return [
        ["Accuracy", *(percent(each["accuracy"]) for each in both)],
        ["95% CI", *(interval(each["interval"]) for each in both)],
        ["Recall, negative", *(percent(each["recalls"][0]) for each in both)],
        ["Recall, positive", *(percent(each["recalls"][1]) for each in both)],
        ["Balanced accuracy", *(percent(each["balanced_accuracy"]) for each in both)],
        ["MCC", *(f"{each['mcc']:.3f}" for each in both)],
        ["Log loss", *(f"{each['log_loss']:.3f}" for each in both)],
    ]


def source(facts: dict[str, Any]) -> str:
    """Returns what was adapted, how, and on what it was judged."""
    parent = facts["parent"]["name"]
    texts = f"{facts['labels']['positive']:,} positive and {facts['labels']['negative']:,} negative texts"
    if facts["method"] == "head":
        return (
            f"This run is {parent} with a new last layer, from {texts}. Each text was judged by a model fitted without "
            "it, whose settings were chosen without it too."
        )
    return f"This run is {parent} with all weights trained further. Training left out these {texts}."


def notes(facts: dict[str, Any]) -> Iterator[str]:
    """Yields sentences on the gain and its cost."""
    low, high = (signed(100 * bound, 1) for bound in facts["interval"])
    yield (
        f"The 95% interval of the difference in accuracy is {low} to {high} points. Always predicting the more "
        f"frequent label would reach {percent(facts['majority'])}."
    )
    parent, cost = facts["parent"]["name"], facts["validation_cost"]
    if cost:
        yield (
            f"On {cost['n']:,} validation reviews of {parent}, accuracy is {percent(cost['before'])} before and "
            f"{percent(cost['after'])} after."
        )
    elif facts["method"] == "head":
        yield f"The cost on reviews of {parent} is unknown, because it stores no states of them."
    else:
        yield f"The cost on reviews of {parent} was not measured."


def sections(run: Run) -> Iterator[str]:
    """Yields the parts of the card in Markdown; none for a run that was not adapted."""
    if not (facts := read(run)):
        return
    yield f"## Adaptation\n\n{source(facts)}\n\n{table(HEADER, rows(facts))}"
    yield from notes(facts)
    hashes = [[part, digest] for part, digest in facts["parent"]["files"].items()]
    yield f"SHA-256 of the parent's files:\n\n{table(['File', 'SHA-256'], hashes)}"
