"""The section of a model card on behavioural tests, in Markdown."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from sentiment.artifacts import Run
from sentiment.behaviour import contrast, edited
from sentiment.behaviour.report import AIMS, WRITING_HEADER, totals, writing_rows
from sentiment.formatting import interval, percent, share, table

PART = "behaviour.json"

_CASES = """\
## Does it do what a person expects?

{cases:,} cases made from {templates:,} templates in our own words, after CheckList (Ribeiro et al. 2020), tried on
{date}. The label of a plain text *must be* what any reader would say; it *must not change* with names, numbers, typos
or asides; the probability *must move* the way in which the opinion was changed. Recipes were chosen by
these cases, too. A recipe that learns from clauses made by rule (`negations.toml`) was written by people who knew which
kinds of cases had failed, and can make some of the plainest word for word. `{part}` holds failing cases of every
test."""

_WRITING = """\
### The same text, written in another way

Changes that no reader notices, tried on {sentences} sentences with a negation such as "don't" ({confident} of them
judged confidently) and on {reviews} whole reviews ({confident_reviews}), drawn from the unlabelled reviews. "Flipped"
is the share of texts that get the other label; "no longer confident" is the share of those that were."""

_DOMAINS = """\
### Short texts, and other things than films

{n} short sentences of our own, {mixed} more with mixed feelings. "Right" is counted over the former; of the latter it
is best to be unsure.{vader}"""

_CONTRAST = """\
### Contrast, reported opinion and their like

Pairs of short texts of our own that share most of their words and have opposite labels. Half of them are for
development. Of the held-out half only totals are computed, so that nobody tunes to it."""

_EDITED = """\
### Reviews edited into their opposite

A person changed a review until its label was the opposite (Kaushik et al. 2020). "Crosses zero" counts the edited texts
with the right verdict. "Moves the right way" counts the scores that came nearer to the new label. Of {pairs:,}
originals, {trained_on:,} are training reviews. Judged on {date}; SHA-256 of the file: `{sha256}`."""

CONTRAST_HEADER = ("kind", "texts", "right", "pairs", "both right", "confidently wrong")
EDITED_HEADER = ("pairs", "number", *edited.MEASURES.values())
_HEADER = ("domain", "sentences", "right", "95% interval", "VADER", "confident", "right when confident")


def sections(run: Run) -> Iterator[str]:
    """Yields the failure rates, the domains, contrast and edited reviews, as far as they have been tested.

    Raises:
        ArtifactError: the run's ``behaviour.json`` or ``edited.json`` is damaged.
    """
    if run.has(PART):
        found = run.json(PART)
        yield _cases(found)
        if "writing" in found:
            yield _writing(found)
        yield _domains(found)
        if "contrast" in found:
            yield f"{_CONTRAST}\n\n{table(CONTRAST_HEADER, contrast_rows(found['contrast']))}"
    if run.has(edited.PART):
        judged = run.json(edited.PART)
        text = _EDITED.format(**judged, pairs=judged["sets"][0]["pairs"])
        yield f"{text}\n\n{table(EDITED_HEADER, edited_rows(judged))}"


def contrast_rows(rows: Sequence[dict[str, Any]]) -> list[list[str]]:
    """Returns the cells of a table with ``CONTRAST_HEADER``: the development part's kinds, then both parts' totals."""
    return [
        [
            f"**{row['part']}**" if row["kind"] == contrast.ALL else row["kind"],
            f"{row['n']:,}",
            share(row["accuracy"], row["interval"]),
            f"{row['pairs']:,}",
            share(row["both"], row["both_interval"]),
            f"{row['confidently_wrong']:,}",
        ]
        for row in rows
    ]


def edited_rows(report: dict[str, Any]) -> list[list[str]]:
    """Returns the cells of a table with ``EDITED_HEADER``."""
    return [
        [edited.SETS[row["of"]], f"{row['pairs']:,}", *(share(**row[name]) for name in edited.MEASURES)]
        for row in report["sets"]
    ]


def _cases(found: dict[str, Any]) -> str:
    size = {name: sum(row[name] for row in found["kinds"]) for name in ("cases", "templates")}
    rows = [[row["kind"], row["capability"], *_rates(row)] for row in found["capabilities"]]
    rows += [[f"**{name}**", "", *_rates(row)] for name, row in totals(found)]
    aims = ", ".join(f"{name} {percent(aim, 0)}" for name, aim in AIMS.items())
    shown = table(["kind", "capability", "templates", "cases", "failed"], rows)
    return f"{_CASES.format(**size, date=found['date'], part=PART)}\n\n{shown}\n\nAt most we would have: {aims}."


def _rates(row: dict[str, Any]) -> list[str]:
    return [f"{row['templates']:,}", f"{row['cases']:,}", percent(row["rate"])]


def _writing(found: dict[str, Any]) -> str:
    sentences, reviews = found["writing"]["sentences"], found["writing"]["reviews"]
    text = _WRITING.format(
        sentences=f"{sentences['n']:,}",
        confident=f"{sentences['confident']:,}",
        reviews=f"{reviews['n']:,}",
        confident_reviews=f"{reviews['confident']:,}",
    )
    rows = [[f"`` {change} ``", *cells] for change, *cells in writing_rows(found)]
    return f"{text}\n\n{table(WRITING_HEADER, rows)}"


def _domains(found: dict[str, Any]) -> str:
    overall, version = found["domains"][-1], found["vader"]
    vader = (
        f" VADER {version} (Hutto and Gilbert 2014) goes by a list of words; where it finds none, a coin is tossed."
        if version
        else ""
    )
    text = _DOMAINS.format(n=overall["n"], mixed=overall["mixed"]["n"], vader=vader)
    mixed = [f"mixed: {level}" for level in ("unsure", "leaning", "confident")]
    return f"{text}\n\n{table([*_HEADER, *mixed], [_domain(row) for row in found['domains']])}"


def _domain(row: dict[str, Any]) -> list[object]:
    sure, mixed = row["confident"], row["mixed"]
    return [
        row["domain"],
        row["n"],
        percent(row["accuracy"]),
        interval(row["interval"]),
        percent(row["vader"]["accuracy"]) if row["vader"] else "",
        percent(sure["n"] / row["n"]),
        percent(sure["accuracy"]) if sure["n"] else "",
        *(mixed[level] for level in ("unsure", "leaning", "confident")),
    ]
