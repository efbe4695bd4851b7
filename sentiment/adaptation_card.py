"""Describes the gain of an adapted run over its parent, from ``adaptation.json``, for card, app and terminal."""

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
    """Returns the parent, the method of the adaptation, and the texts that the metrics are of."""
    parent = facts["parent"]["name"]
    texts = f"{facts['labels']['positive']:,} positive and {facts['labels']['negative']:,} negative texts"
    if facts["method"] == "head":
        return (
            f"This run is {parent} with a new last layer, fitted to {texts}. The metrics “after” are from nested "
            "cross-validation: each text was scored by a layer that was fitted and tuned without it."
        )
    return f"This run is {parent} with all weights fine-tuned. The metrics are on {texts} held out from training."


def notes(facts: dict[str, Any]) -> Iterator[str]:
    """Yields sentences on the gain, and on the accuracy on the parent's validation reviews."""
    low, high = (signed(100 * bound, 1) for bound in facts["interval"])
    yield (
        f"The 95% interval of the difference in accuracy is {low} to {high} percentage points. The majority baseline "
        f"has an accuracy of {percent(facts['majority'])}."
    )
    parent, cost = facts["parent"]["name"], facts["validation_cost"]
    if cost:
        yield (
            f"On {cost['n']:,} validation reviews of {parent}, accuracy is {percent(cost['before'])} before and "
            f"{percent(cost['after'])} after."
        )
    elif facts["method"] == "head":
        yield f"Accuracy on the validation reviews of {parent} is unknown, because {parent} stores no states of them."
    else:
        yield f"Accuracy on the validation reviews of {parent} was not measured."


def sections(run: Run) -> Iterator[str]:
    """Yields the parts of the card in Markdown; none for a run that was not adapted."""
    if not (facts := read(run)):
        return
    yield f"## Adaptation\n\n{source(facts)}\n\n{table(HEADER, rows(facts))}"
    yield from notes(facts)
    hashes = [[part, digest] for part, digest in facts["parent"]["files"].items()]
    yield f"SHA-256 of the parent's files:\n\n{table(['File', 'SHA-256'], hashes)}"
