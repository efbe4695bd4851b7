"""Formats ``explanations.json`` as rows for pages and as Markdown for a model card."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from sentiment.artifacts import Run
from sentiment.formatting import percent, signed, table

PART = "explanations.json"
MEASURES = ("comprehensiveness", "sufficiency")
_TITLES = tuple(map(str.capitalize, MEASURES))
AIMS = {
    "rare token": 0.99,
    "token in context": 0.95,
    "ordered pair": 0.90,
    "context on either side": 0.90,
}  # kind of planted shortcut -> target of the precision
_HEADING = """\
## Explanation faithfulness

Method of the contributions: {method}; baseline: {baseline}. Checked on the test reviews on {date}.
`docs/contributions.md` describes the method and the checks."""

_METHODS = """\
### Comparison of attribution methods

- *Comprehensiveness* (higher is better): fall in the probability of the predicted label when the top-ranked tokens are
  removed (DeYoung et al. 2020).
- *Sufficiency* (lower is better): the fall when only these tokens are kept. Both are means over the top {bins} of the
  tokens and over {n:,} reviews; the table is for removal by {removal}.
- *Shapley*: mean Pearson correlation with exact Shapley values, on the first {longest} tokens of {shapley} reviews.
- *Hybrid documents*: share of {hybrids} documents, mixed from sentences of a positive and a negative review, whose
  top-ranked token is from the side of the predicted label (Poerner et al. 2018).
- *Completeness gap*: the largest difference between baseline plus contributions and the logit, in logits.
- *Time*: for one review of {tokens} tokens."""

_SHORTCUTS = """\
### Planted shortcuts

Small bidirectional LSTMs with max and mean pooling were trained on texts in which certain tokens determine the label,
with {seeds} seeds for each kind of shortcut (Bastings et al. 2022). Precision at k is the share of the k planted tokens
among the k tokens that a method ranks first.

Targets: {aims}. Accuracy of these models on unseen texts with a shortcut: {accuracy}."""

_CHOICE = """\
### Choice of baseline and segments

Candidates for the baseline and the number of segments, on {n:,} validation reviews, with removal by {removal}. The
time is the mean for a review in batches. `docs/contributions.md` explains the choice."""


def identities(proof: dict[str, Any]) -> list[tuple[str, int, str]]:
    """Returns the checks that hold for any weights: name, number of cases and result in words.

    Cases are reviews, except for the check of unknown words, which counts words.
    """
    forward, complete, dummy = proof["forward"], proof["completeness"], proof["dummy"]
    limit, stability, other = proof["limit"], proof["stability"], proof["random_weights"]
    reached = limit["reached"]
    return [
        ("Forward pass of the attribution gives the model's logit", forward["n"], f"within {forward['largest']:.0e}"),
        (
            "Completeness: baseline + contributions = logit",
            complete["n"],
            f"within {complete['largest']:.0e}, median gap {complete['median']:.0e}",
        ),
        ("Dummy: an unknown word contributes nothing", dummy["n"], _nearly_zero(dummy["largest"])),
        (
            f"Limit: {limit['segments']} segments vs. integrated gradients at {limit['points']} points",
            limit["n"],
            _agreement(limit),
        ),
        (
            f"The same, where the completeness gap of integrated gradients is at most {reached['within']}",
            reached["n"],
            _where_converged(limit),
        ),
        (f"Stability: one segment vs. {stability['segments']}", stability["n"], _correlation(stability["mean"], 3)),
        (
            "Randomisation (Adebayo et al. 2018): trained vs. shuffled weights",
            other["n"],
            f"mean correlation {signed(other['mean'], 3)}",
        ),
    ]


def _correlation(mean: float, digits: int) -> str:
    return f"mean correlation {mean:.{digits}f}".replace("-", "−")


def _agreement(found: dict[str, Any]) -> str:
    return f"{_correlation(found['mean'], 4)}, minimum {found['least']:.4f}".replace("-", "−")


def _where_converged(limit: dict[str, Any]) -> str:
    reached = limit["reached"]
    elsewhere = f"elsewhere the gap is up to {limit['gap']:.3g}" if reached["n"] < limit["n"] else ""
    return "; ".join(filter(None, [_agreement(reached) if reached["n"] else "", elsewhere]))


def _nearly_zero(largest: float) -> str:
    return f"at most {largest:.0e}" if largest else "exactly zero"


def method_rows(proof: dict[str, Any], removal: int = 0) -> list[dict[str, Any]]:
    """Returns a row for each method: ``method``, the ``MEASURES``, ``shapley``, ``hybrids``, ``gap``, ``milliseconds``.

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


def _gain_rows(erasure: dict[str, Any]) -> Iterator[list[str]]:
    """Yields a row for each kind of removal and rival: the mean paired gain of the own method, positive if better."""
    for removal in erasure["ways"]:
        for rival in removal["better_than"]:
            gains = (_gain(rival[measure]) for measure in MEASURES)
            yield [removal["way"], rival["name"], *gains]


def _gain(measured: dict[str, Any]) -> str:
    low, high = (signed(bound, 4) for bound in measured["interval"])
    return f"{signed(measured['mean'], 4)} ({low} to {high})"


def shortcuts(proof: dict[str, Any]) -> list[dict[str, Any]]:
    """Returns a row for each method with its mean precision for each kind of shortcut."""
    kinds = proof["shortcuts"]["kinds"]
    names = [row["name"] for row in kinds[0]["methods"]]
    found = {kind["kind"]: {row["name"]: row["precision"] for row in kind["methods"]} for kind in kinds}
    return [{"method": name, **{kind: rows[name] for kind, rows in found.items()}} for name in names]


def aims() -> str:
    """Returns the targets of the precision, in words."""
    return ", ".join(f"{aim:.2f} for {kind}" for kind, aim in AIMS.items())


def shortcut_accuracy(proof: dict[str, Any]) -> str:
    """Returns the accuracy of the small models on texts with each kind of shortcut, in words."""
    return ", ".join(f"{percent(kind['accuracy'])} ({kind['kind']})" for kind in proof["shortcuts"]["kinds"])


def sections(run: Run) -> Iterator[str]:
    """Yields the parts of the card on explanations; none if the run has no ``explanations.json``.

    Raises:
        ArtifactError: ``explanations.json`` is damaged.
    """
    if not run.has(PART):
        return
    proof = run.json(PART)
    heading = _HEADING.format(method=proof["method"], baseline=proof["baseline"], date=proof["date"])
    rows = ([check, f"{n:,}", result] for check, n, result in identities(proof))
    yield f"{heading}\n\n{table(['Check', 'Cases', 'Result'], rows)}"
    yield _methods(proof)
    yield _shortcuts(proof)
    yield _choice(proof)


def _methods(proof: dict[str, Any]) -> str:
    erasure = proof["erasure"]
    text = _METHODS.format(
        bins=", ".join(f"{100 * share:.0f}%" for share in erasure["bins"]),
        n=erasure["n"],
        removal=erasure["ways"][0]["way"],
        shapley=proof["shapley"]["n"],
        longest=proof["shapley"]["longest"],
        hybrids=proof["hybrids"]["n"],
        tokens=proof["time"]["tokens"],
    )
    header = ["Method", *_TITLES, "Shapley", "Hybrid documents", "Completeness gap", "Time"]
    shown = table(
        header,
        (
            [
                row["method"],
                *(f"{row[measure]:.4f}".replace("-", "−") for measure in MEASURES),
                f"{row['shapley']:.3f}".replace("-", "−"),
                percent(row["hybrids"]),
                f"{row['gap']:.1g}" if row["gap"] < 1 else f"{row['gap']:.0f}",
                f"{row['milliseconds']:,.0f} ms",
            ]
            for row in method_rows(proof)
        ),
    )
    own = proof["method"]
    gains = table(["Removal by", "Compared with", *(f"{title} (95% CI)" for title in _TITLES)], _gain_rows(erasure))
    return f"{text}\n\n{shown}\n\nPaired gain of this run's method ({own}) over others; positive is better:\n\n{gains}"


def _shortcuts(proof: dict[str, Any]) -> str:
    rows = shortcuts(proof)
    kinds = [key for key in rows[0] if key != "method"]
    precisions = ([row["method"], *(f"{row[kind]:.3f}" for kind in kinds)] for row in rows)
    shown = table(["Method", *map(str.capitalize, kinds)], precisions)
    accuracy = shortcut_accuracy(proof)
    return f"{_SHORTCUTS.format(seeds=proof['shortcuts']['seeds'], aims=aims(), accuracy=accuracy)}\n\n{shown}"


def _choice(proof: dict[str, Any]) -> str:
    choice = proof["choice"]
    rows = (
        [
            row["name"],
            *(f"{row[measure]['mean']:.4f}".replace("-", "−") for measure in MEASURES),
            f"{row['milliseconds']:.0f} ms",
        ]
        for row in choice["methods"]
    )
    shown = table(["Baseline, segments", *_TITLES, "Time"], rows)
    return f"{_CHOICE.format(n=choice['n'], removal=choice['way'])}\n\n{shown}"
