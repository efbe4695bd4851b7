"""What ``behaviour.json`` says of a run.

``behave`` gives::

    {"date", "tolerance",
     "kinds": [{"kind", R}],
     "capabilities": [{"kind", "capability", R}],
     "negation": {R},                                   the cases of all kinds whose capability is negation
     "behaviours": [{"kind", "capability", "name", "expected", R, "examples": [{"texts", "probabilities"}]}],
     "vader": its version, or None where it is not installed,
     "domains": [{"domain", S, "vader": {"accuracy", "silent"} or None, "confident": {S},
                  "mixed": {"n", "confident", "leaning", "unsure"}}]}   the last domain is "all"

where R is "templates", "cases", "failures", "rate" and "beyond", the last a share of the pairs or None where there are
none (``checking.py`` defines both); S is "n", "accuracy" and its 95 % "interval", over the positive and negative
sentences. Texts are the package's own. Confidence is as in ``model/decision.py``.
"""

from __future__ import annotations

import datetime
from collections.abc import Hashable, Iterator, Sequence
from typing import Any

from sentiment.behaviour import domains
from sentiment.behaviour.cases import cases
from sentiment.behaviour.checking import TOLERANCE, Outcome, Predict, check
from sentiment.behaviour.sentences import sentences
from sentiment.formatting import percent

NEGATION = "negation"
AIMS = {"must not change": 0.05, NEGATION: 0.15}  # the failure rates we would at most have
_EXAMPLES = 3  # failing cases kept of each behaviour


def behave(predict: Predict) -> dict[str, Any]:
    """Tries every case and every sentence; see the module for what it gives.

    Args:
        predict: as ``Classifier.predict``.
    """
    outcomes = check(predict, cases())
    return {
        "date": datetime.datetime.now(datetime.UTC).date().isoformat(),
        "tolerance": TOLERANCE,
        "kinds": _grouped(outcomes, "kind"),
        "capabilities": _grouped(outcomes, "kind", "capability"),
        "negation": _rates([each for each in outcomes if each.case.behaviour.capability == NEGATION]),
        "behaviours": _grouped(outcomes, "kind", "capability", "name", "expected", examples=_EXAMPLES),
        **domains.judge(predict, sentences()),
    }


def lines(report: dict[str, Any]) -> Iterator[str]:
    """The report in short, for the terminal."""
    for name, row in totals(report):
        aim = f" (aim: {percent(AIMS[name], 0)} or fewer)" if name in AIMS else ""
        yield f"{name:<17}{row['failures']:>5,} of {row['cases']:>5,} cases failed: {percent(row['rate']):>7}{aim}"
    for row in report["domains"]:
        beside = f"; VADER {percent(row['vader']['accuracy'])}" if row["vader"] else ""
        sure = row["confident"]
        right = f", right {percent(sure['accuracy'])}" if sure["n"] else ""
        yield (
            f"{row['domain']:<12}{row['n']:>4} sentences: {percent(row['accuracy'])} right{beside}; "
            f"confident of {sure['n']}{right}; of {row['mixed']['n']} mixed ones of {row['mixed']['confident']}"
        )
    if report["vader"] is None:
        yield "VADER is not installed, so nothing stands beside: pip install vaderSentiment"


def totals(report: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    """Each kind, and negation over all kinds, with its rates."""
    for row in report["kinds"]:
        yield row["kind"], row
    yield NEGATION, report["negation"]


def _grouped(outcomes: Sequence[Outcome], *by: str, examples: int = 0) -> list[dict[str, Any]]:
    """A row for each group of outcomes alike in these attributes of their behaviour."""
    groups: dict[tuple[Hashable, ...], list[Outcome]] = {}
    for outcome in outcomes:
        groups.setdefault(tuple(getattr(outcome.case.behaviour, name) for name in by), []).append(outcome)
    rows = []
    for key, group in groups.items():
        row = {**dict(zip(by, key, strict=True)), **_rates(group)}
        if examples:
            row["examples"] = [_example(each) for each in _spread([o for o in group if o.failed], examples)]
        rows.append(row)
    return rows


def _rates(outcomes: Sequence[Outcome]) -> dict[str, Any]:
    failures = sum(outcome.failed for outcome in outcomes)
    pairs = [outcome for outcome in outcomes if len(outcome.probabilities) > 1]
    return {
        "templates": len({(id(outcome.case.behaviour), outcome.case.template) for outcome in outcomes}),
        "cases": len(outcomes),
        "failures": failures,
        "rate": failures / len(outcomes),
        "beyond": sum(outcome.beyond for outcome in pairs) / len(pairs) if pairs else None,
    }


def _spread(outcomes: Sequence[Outcome], most: int) -> list[Outcome]:
    """A few of them from all over, the first included, so that they are not all of one template."""
    return [outcomes[place] for place in range(0, len(outcomes), max(1, -(-len(outcomes) // most)))]


def _example(outcome: Outcome) -> dict[str, Any]:
    return {"texts": list(outcome.case.texts), "probabilities": list(outcome.probabilities)}
