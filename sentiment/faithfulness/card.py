"""Formats ``explanations.json`` as rows for pages and as Markdown for a model card."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from sentiment.artifacts import Run
from sentiment.formatting import percent, table

PART = "explanations.json"
MEASURES = ("comprehensiveness", "sufficiency")
# The precision to reach at finding planted shortcuts, by kind.
AIMS = {"rare token": 0.99, "token in context": 0.95, "ordered pair": 0.90, "context on either side": 0.90}

_HEADING = """\
## Do its explanations hold?

Contributions are computed by {method}, starting from {baseline}; proved on test reviews on {date}."""

_METHODS = """\
### Beside other methods

*Comprehensiveness*: what the verdict's probability loses without the words a method names first, more is better;
*sufficiency*: what it loses with these words alone, less is better; means over the first {bins} of the words of {n:,}
reviews, removed by {way} (DeYoung et al. 2020). *Shapley*: correlation with the exact Shapley values of {shapley} texts
of at most {longest} words and signs. *Joined texts*: how often the first word stands in a sentence of the right side,
where sentences of a positive and a negative review are joined ({hybrids} texts; Poerner et al. 2018). *Gap*: by how
much baseline and contributions miss the score at worst, in logits. *Time*: for one review of {tokens} words and
signs."""

_SHORTCUTS = """\
### Planted shortcuts

Small models of this shape were trained on texts in which certain tokens decide the label ({seeds} seeds each; Bastings
et al. 2022). Precision is the share of these tokens among those a method names first; we want {aims}."""

_CHOICE = """\
### How the method was chosen

By {n:,} validation reviews, words removed by {way}; the time is that of a review in batches, on average.
`docs/contributions.md` tells what was made of these figures."""


def identities(proof: dict[str, Any]) -> list[tuple[str, int, str]]:
    """Returns the checks that hold for any weights: name, number of cases and result in words.

    Cases are reviews, except for the check of unknown words, which counts words.
    """
    forward, complete, dummy = proof["forward"], proof["completeness"], proof["dummy"]
    limit, stability, other = proof["limit"], proof["stability"], proof["random_weights"]
    reached = limit["reached"]
    return [
        ("Our own pass through the LSTM gives its score", forward["n"], f"within {forward['largest']:.0e}"),
        (
            "Starting point and contributions make up the score",
            complete["n"],
            f"within {complete['largest']:.0e}, half within {complete['median']:.0e}",
        ),
        ("An unknown word in a review contributes nothing", dummy["n"], _nearly_nothing(dummy["largest"])),
        (
            f"{limit['segments']} segments agree with integrated gradients at {limit['points']} points",
            limit["n"],
            _agreement(limit),
        ),
        (f"The same, where these miss the score by {reached['within']} at most", reached["n"], _where_reached(limit)),
        (f"One segment agrees with {stability['segments']}", stability["n"], f"correlation {stability['mean']:.3f}"),
        ("A model of shuffled weights is explained otherwise", other["n"], f"correlation {other['mean']:+.3f}"),
    ]


def _agreement(found: dict[str, Any]) -> str:
    return f"correlation {found['mean']:.4f}, at least {found['least']:.4f}"


def _where_reached(limit: dict[str, Any]) -> str:
    reached = limit["reached"]
    elsewhere = f"elsewhere they miss it by up to {limit['gap']:.3g}" if reached["n"] < limit["n"] else ""
    return "; ".join(filter(None, [_agreement(reached) if reached["n"] else "", elsewhere]))


def _nearly_nothing(largest: float) -> str:
    return f"at most {largest:.0e}" if largest else "exactly"


def method_rows(proof: dict[str, Any], removal: int = 0) -> list[dict[str, Any]]:
    """Returns a row per method: ``method``, the ``MEASURES``, ``shapley``, ``hybrids``, ``gap``, ``milliseconds``.

    Args:
        proof: the content of ``explanations.json``.
        removal: the index of the kind of word removal.
    """
    figures = {
        "shapley": (proof["shapley"], "mean"),
        "hybrids": (proof["hybrids"], "share"),
        "gap": (proof["gaps"], "largest"),
        "milliseconds": (proof["time"], "milliseconds"),
    }
    by_name = {key: {row["name"]: row[figure] for row in part["methods"]} for key, (part, figure) in figures.items()}
    return [
        {
            "method": row["name"],
            **{measure: row[measure]["mean"] for measure in MEASURES},
            **{key: found[row["name"]] for key, found in by_name.items()},
        }
        for row in proof["erasure"]["ways"][removal]["methods"]
    ]


def gains(removal: dict[str, Any]) -> Iterator[str]:
    """Yields a sentence per rival with the mean paired gain of our method over it."""
    for rival in removal["better_than"]:
        by_measure = " and ".join(f"{_gain(rival[measure])} in {measure}" for measure in MEASURES)
        yield f"Gain over {rival['name']}: {by_measure}"


def _gain(measured: dict[str, Any]) -> str:
    low, high = measured["interval"]
    return f"{measured['mean']:+.4f} (95% interval {low:+.4f} to {high:+.4f})".replace("-", "−")


def shortcuts(proof: dict[str, Any]) -> list[dict[str, Any]]:
    """Returns a row per method with the mean precision for each kind of shortcut."""
    kinds = proof["shortcuts"]["kinds"]
    names = [row["name"] for row in kinds[0]["methods"]]
    found = {kind["kind"]: {row["name"]: row["precision"] for row in kind["methods"]} for kind in kinds}
    return [{"method": name, **{kind: rows[name] for kind, rows in found.items()}} for name in names]


def aims() -> str:
    """Returns the precision to reach, in words."""
    return ", ".join(f"{aim:.2f} for {kind}" for kind, aim in AIMS.items())


def shortcut_accuracy(proof: dict[str, Any]) -> str:
    """Returns how often the small models follow their shortcuts, in words."""
    return ", ".join(f"{percent(kind['accuracy'])} ({kind['kind']})" for kind in proof["shortcuts"]["kinds"])


def sections(run: Run) -> Iterator[str]:
    """Yields the model card's sections; none if the run has no ``explanations.json``.

    Raises:
        ArtifactError: ``explanations.json`` is damaged.
    """
    if not run.has(PART):
        return
    proof = run.json(PART)
    rows = ([check, f"{n:,}", result] for check, n, result in identities(proof))
    yield f"{_HEADING.format(**proof)}\n\n{table(['check', 'cases', 'result'], rows)}"
    yield _methods(proof)
    yield _shortcuts(proof)
    yield _choice(proof)


def _methods(proof: dict[str, Any]) -> str:
    erasure, deletion = proof["erasure"], proof["erasure"]["ways"][0]
    text = _METHODS.format(
        bins=", ".join(f"{100 * share:.0f}%" for share in erasure["bins"]),
        n=erasure["n"],
        way=deletion["way"],
        shapley=proof["shapley"]["n"],
        longest=proof["shapley"]["longest"],
        hybrids=proof["hybrids"]["n"],
        tokens=proof["time"]["tokens"],
    )
    header = ["method", *MEASURES, "Shapley", "joined texts", "gap", "time"]
    shown = table(
        header,
        (
            [
                row["method"],
                *(f"{row[measure]:.4f}" for measure in MEASURES),
                f"{row['shapley']:.3f}",
                percent(row["hybrids"]),
                f"{row['gap']:.1g}" if row["gap"] < 1 else f"{row['gap']:.0f}",
                f"{row['milliseconds']:,.0f} ms",
            ]
            for row in method_rows(proof)
        ),
    )
    listed = "\n".join(
        f"- Words removed by {each['way']}. {sentence}." for each in erasure["ways"] for sentence in gains(each)
    )
    return f"{text}\n\n{shown}\n\n{listed}"


def _shortcuts(proof: dict[str, Any]) -> str:
    rows = shortcuts(proof)
    kinds = [key for key in rows[0] if key != "method"]
    shown = table(["method", *kinds], ([row["method"], *(f"{row[kind]:.3f}" for kind in kinds)] for row in rows))
    text = _SHORTCUTS.format(seeds=proof["shortcuts"]["seeds"], aims=aims())
    accuracy = shortcut_accuracy(proof)
    return f"{text} On unseen texts with a shortcut these models are right so often: {accuracy}.\n\n{shown}"


def _choice(proof: dict[str, Any]) -> str:
    choice = proof["choice"]
    rows = (
        [row["name"], *(f"{row[m]['mean']:.4f}" for m in MEASURES), f"{row['milliseconds']:.0f} ms"]
        for row in choice["methods"]
    )
    shown = table(["baseline, segments", *MEASURES, "time"], rows)
    return f"{_CHOICE.format(n=choice['n'], way=choice['way'])}\n\n{shown}"
