"""Runs the behavioural tests and builds the content of ``behaviour.json``.

``run_tests`` returns::

    {"date", "tolerance",
     "kinds": [{"kind", R}],
     "capabilities": [{"kind", "capability", R}],
     "negation": {R},                                   all cases whose capability is negation
     "behaviours": [{"kind", "capability", "name", "expected", R, "examples": [{"texts", "probabilities"}]}],
     "contrast": [{"part", "kind", "n", "accuracy", "interval", "pairs", "both", "both_interval", "confidently_wrong"}],
                                                        the kind "all" has a part's totals; missing in older files
     "vader": its version, or None if it is not installed,
     "domains": [{"domain", S, "vader": {"accuracy", "silent"} or None, "confident": {S},
                  "mixed": {"n", "confident", "leaning", "unsure"}}],   the last domain is "all"
     "writing": {"seed", "sentences": {"n", "confident"}, "reviews": {"n", "confident"},
                 "changes": [{"change", "sentences": {"changed", "flips": {F}, "lost": {F}}, "reviews": the same}]}}

R is "templates", "cases", "failures", "rate" and "beyond". ``checking.py`` defines failures and "beyond", which is a
share of the pairs, or None if there are none. S is "n", "accuracy" and its 95% "interval", over the positive and
negative sentences. "both" is the share of pairs with both texts correct. F is the number "n" of texts whose label
flips, or whose prediction is no longer confident, its "share" and the share's 95% "interval". "writing" is absent
without unlabelled reviews, from which its texts are drawn; all other texts are in the package.
``sentiment/model/decision.py`` defines the levels of confidence.
"""

from __future__ import annotations

import datetime
from collections.abc import Hashable, Iterator, Sequence
from typing import Any

from sentiment.behaviour import contrast, domains, robustness
from sentiment.behaviour.cases import cases
from sentiment.behaviour.checking import TOLERANCE, Outcome, Predict, check
from sentiment.behaviour.sentences import sentences
from sentiment.formatting import interval, percent

NEGATION = "negation"
AIMS = {"must not change": 0.05, NEGATION: 0.15}  # targets: the highest acceptable failure rates
KINDS = {
    "must be": "MFT",
    "must not change": "INV",
    "must move": "DIR",
}  # kind in ``behaviour.json`` -> CheckList's abbreviation
_CAPABILITIES = {
    "marks": "emphasis and quotation",
    "other words": "synonyms",
    "capitals": "capitalisation",
    "actors and film": "people vs. movie",
    "irrelevant additions": "irrelevant sentences",
}  # capability in ``behaviour.json`` -> the name shown, where that is another
WRITING_HEADER = (
    "Change",
    *(
        f"{sample.capitalize()}: {name}"
        for sample in robustness.SAMPLES
        for name in ("flipped", "95% CI", "no longer confident")
    ),
)
_EXAMPLES = 3  # failed cases kept for each behaviour


def capability_name(capability: str) -> str:
    """Returns the name of a capability as people read it."""
    return _CAPABILITIES.get(capability, capability)


def run_tests(predict: Predict, unlabelled: Sequence[str] = ()) -> dict[str, Any]:
    """Tests every case and every sentence; the module's docstring describes the result.

    Args:
        predict: a function like ``Classifier.predict``.
        unlabelled: reviews for the test of robustness to typing and encoding, which is left out without any.
    """
    outcomes = check(predict, cases())
    return {
        "date": datetime.datetime.now(datetime.UTC).date().isoformat(),
        "tolerance": TOLERANCE,
        "kinds": _grouped(outcomes, "kind"),
        "capabilities": _grouped(outcomes, "kind", "capability"),
        "negation": _rates([each for each in outcomes if each.case.behaviour.capability == NEGATION]),
        "behaviours": _grouped(outcomes, "kind", "capability", "name", "expected", examples=_EXAMPLES),
        "contrast": contrast.evaluate(predict, contrast.texts()),
        **domains.evaluate(predict, sentences()),
        **({"writing": robustness.measure(predict, unlabelled)} if unlabelled else {}),
    }


def lines(report: dict[str, Any]) -> Iterator[str]:
    """Yields a summary of the report for the terminal."""
    for name, row in totals(report):
        aim = f" (target: at most {percent(AIMS[name], 0)})" if name in AIMS else ""
        yield f"{name:<17}{row['failures']:>5,} of {row['cases']:>5,} cases failed: {percent(row['rate']):>7}{aim}"
    yield from contrast.lines(report.get("contrast", ()))
    for row in report["domains"]:
        baseline = f"; VADER {percent(row['vader']['accuracy'])}" if row["vader"] else ""
        confident, mixed = row["confident"], row["mixed"]
        correct = f", {percent(confident['accuracy'])} of them correct" if confident["n"] else ""
        yield (
            f"{row['domain']:<12}{row['n']:>4} sentences: {percent(row['accuracy'])} correct{baseline}; "
            f"confident in {confident['n']}{correct}; confident in {mixed['confident']} of {mixed['n']} mixed ones"
        )
    if report["vader"] is None:
        yield "VADER is not installed, so there is no baseline: pip install vaderSentiment"
    for change, *cells in writing_rows(report):
        samples = zip(robustness.SAMPLES, (cells[:3], cells[3:]), strict=True)
        measured = (
            f"{name}: {flips} flip ({between}), {lost} no longer confident" for name, (flips, between, lost) in samples
        )
        yield f"{change:<42}{'; '.join(measured)}"


def writing_rows(report: dict[str, Any]) -> Iterator[list[str]]:
    """Yields a row for each change of writing, under ``WRITING_HEADER``; none if they were not tested."""
    for row in report.get("writing", {}).get("changes", []):
        cells = [row["change"]]
        for sample in robustness.SAMPLES:
            flips, lost = row[sample]["flips"], row[sample]["lost"]
            cells += [_shown(flips), interval(flips["interval"]), _shown(lost)]
        yield cells


def _shown(share: dict[str, Any]) -> str:
    return "–" if share["share"] is None else percent(share["share"])


def totals(report: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yields the rates of each kind, and of negation over all kinds."""
    for row in report["kinds"]:
        yield row["kind"], row
    yield NEGATION, report["negation"]


def _grouped(outcomes: Sequence[Outcome], *by: str, examples: int = 0) -> list[dict[str, Any]]:
    """Returns a row for each group of outcomes, grouped by these attributes of their behaviour."""
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


def _spread(outcomes: Sequence[Outcome], count: int) -> list[Outcome]:
    """Returns at most ``count`` outcomes at equal distances, so that they come from several templates."""
    return [*outcomes[:: max(1, -(-len(outcomes) // count))]]


def _example(outcome: Outcome) -> dict[str, Any]:
    return {"texts": list(outcome.case.texts), "probabilities": list(outcome.probabilities)}
