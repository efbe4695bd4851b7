"""Runs all checks of explanations on a run, for ``explanations.json``.

``prove`` returns::

    {"method", "baseline", "date", "versions",
     "forward": {"n", "largest"},                           attributor's forward pass against the model, logits
     "completeness": {"n", "median", "largest"},            |baseline + contributions - logit|
     "dummy": {"n", "largest"},                             contributions of unknown words in reviews; n words
     "limit": {"n", "segments", "points", "mean", "least",  correlation with integrated gradients, and their largest
               "gap", "reached": {"n", "within", "mean", "least"}}, completeness gap; cases with a gap up to "within"
     "stability": {"n", "segments", "mean", "least"},       correlation of one segment with more
     "shapley": {"n", "longest", "methods": [{"name", "mean", "interval"}]},
     "erasure": {"n", "bins", "ways": [{"way", "methods": [{"name", "comprehensiveness": M, "sufficiency": M}],
                                        "better_than": [{"name", "comprehensiveness": M, "sufficiency": M}]}]},
     "hybrids": {"n", "methods": [{"name", "share", "interval"}]},
     "random_weights": {"n", "mean"},                       correlation with a shuffled model's contributions
     "gaps": {"n", "methods": [{"name", "largest"}]},       completeness gap of every method
     "time": {"tokens", "methods": [{"name", "milliseconds"}]},
     "choice": {"n", "way", "methods": [{"name", "comprehensiveness": M, "sufficiency": M, "milliseconds"}]}}

M is {"mean", "interval"}; intervals are 95% intervals. ``better_than`` is the paired difference between our method and
another one, positive if ours is better. ``choice`` uses validation reviews, so that baseline and number of segments can
be chosen without test reviews.
"""

from __future__ import annotations

import datetime
import hashlib
import json
import platform
import zlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass
from functools import partial
from importlib.metadata import version
from pathlib import Path
from time import perf_counter
from typing import Any

import numpy as np
import numpy.typing as npt

from sentiment.artifacts import sha256, write_json
from sentiment.evaluation.metrics import wilson_interval
from sentiment.explain.grouping import cuts
from sentiment.explain.stability import SEGMENTS, correlation
from sentiment.faithfulness import erasure, hybrids, identities
from sentiment.faithfulness.methods import OURS, RIVALS, Ids, Method, candidates, methods
from sentiment.faithfulness.shapley import LONGEST, shapley_values
from sentiment.model.attribution import Attributor, rescale_rule
from sentiment.model.classifier import Classifier
from sentiment.model.weights import read_onnx

_REACHED = 0.1  # logits; integrated gradients with a larger completeness gap have not converged


@dataclass(frozen=True, slots=True)
class Sizes:
    """The number of reviews for each check.

    Attributes:
        completeness: reviews, or None for all.
        erasure: reviews for comprehensiveness and sufficiency.
        hybrids: pairs of reviews.
        shapley: reviews for the comparison with exact Shapley values of their first tokens.
        sample: reviews for the other checks.
        limit: reviews for the comparison with integrated gradients at many points.
        choice: validation reviews for the choice of baseline and segments.
    """

    completeness: int | None = None
    erasure: int = 1000
    hybrids: int = 300
    shapley: int = 200
    sample: int = 100
    limit: int = 20
    choice: int = 300


@dataclass(frozen=True, slots=True, eq=False)
class _Evidence:
    """The input of the checks."""

    classifier: Classifier
    texts: Sequence[str]
    labels: npt.NDArray[np.int8]
    reviews: Sequence[Ids]
    validation: Sequence[Ids]
    compared: dict[str, Method]
    sizes: Sizes
    rng: np.random.Generator

    def sample(self, count: int | None) -> list[Ids]:
        """Draws ``count`` reviews at random; None returns all, in order."""
        if count is None:
            return list(self.reviews)
        places = self.rng.permutation(len(self.reviews))[:count]
        return [self.reviews[place] for place in places]


def prove(
    classifier: Classifier,
    texts: Sequence[str],
    labels: npt.NDArray[np.int8],
    validation: Sequence[str],
    *,
    sizes: Sizes | None = None,
    only: Sequence[str] | None = None,
    kept: Path | None = None,
    say: Callable[[str], None] = lambda line: None,
) -> dict[str, Any]:
    """Runs the checks on labelled reviews; the module's docstring describes the result.

    Args:
        classifier: the run's classifier.
        texts: reviews that were not used in training.
        labels: <int8>[texts], 1 positive, 0 negative.
        validation: validation reviews, for the choice of baseline and segments.
        sizes: the number of reviews for each check; the defaults if None.
        only: names of checks; all if None.
        kept: a folder for the result of each check, so that an interrupted call can be resumed.
        say: called with the name of each check before it.
    """
    encoded, tuned = ([classifier.preprocessor.ids(text)[0] for text in each] for each in (texts, validation))
    filled = [place for place, ids in enumerate(encoded) if len(ids)]
    evidence = partial(
        _Evidence,
        classifier,
        [texts[place] for place in filled],
        labels[filled],
        [encoded[place] for place in filled],
        [ids for ids in tuned if len(ids)],
        methods(read_onnx(classifier.run / "model.onnx"), classifier.preprocessor.max_length, classifier.logits),
        sizes or Sizes(),
    )
    inputs = {
        "model": sha256(classifier.run / "model.onnx"),
        "reviews": digest(list(texts), labels.tolist(), list(validation)),
        "sizes": asdict(sizes or Sizes()),
    }
    result: dict[str, Any] = {
        "method": OURS,
        "baseline": "unknown words",
        "date": datetime.datetime.now(datetime.UTC).date().isoformat(),
        "versions": {"python": platform.python_version(), "numpy": version("numpy")},
    }
    for name in only or _CHECKS:
        say(name)
        rng = np.random.default_rng(zlib.crc32(name.encode()))  # draws do not depend on preceding checks
        result[name] = cached_check(kept, name, inputs, partial(_CHECKS[name], evidence(rng)))
    return result


def cached_check(
    folder: Path | None, name: str, inputs: dict[str, Any], check: Callable[[], dict[str, Any]]
) -> dict[str, Any]:
    """Returns a check's result from ``folder`` if it had the same inputs; otherwise runs the check and saves it there.

    Args:
        folder: the cache, None for no cache.
        name: the check's name.
        inputs: identifies the inputs of the check.
        check: computes the result.
    """
    if folder is None:
        return check()
    path = folder / f"{name}.json"
    if path.is_file() and (saved := json.loads(path.read_text(encoding="utf-8")))["of"] == inputs:
        return dict(saved["found"])
    found = check()
    folder.mkdir(exist_ok=True)
    write_json(path, {"of": inputs, "found": found})
    return found


def digest(*lists: list[Any]) -> str:
    """Returns a SHA-256 in hex that identifies reviews and their labels."""
    return hashlib.sha256(json.dumps(lists).encode()).hexdigest()


def lines(report: dict[str, Any]) -> Iterator[str]:
    """Yields a summary of the report for the terminal."""
    complete, limit = report["completeness"], report["limit"]
    yield f"method: {report['method']}; baseline: {report['baseline']}"
    yield f"completeness gap on {complete['n']:,} reviews: at most {complete['largest']:.1e} logits"
    reached = limit["reached"]
    yield f"correlation with integrated gradients at {limit['points']} points: {limit['mean']:.4f}"
    if reached["n"]:
        yield f"where these converged ({reached['n']} of {limit['n']} reviews): {reached['mean']:.4f}"
    for way in report["erasure"]["ways"]:
        yield f"{report['erasure']['n']:,} reviews, removal by {way['way']}:"
        for row in way["methods"]:
            figures = (row[measure]["mean"] for measure in ("comprehensiveness", "sufficiency"))
            yield "  {:<34} comprehensiveness {:+.3f}  sufficiency {:+.3f}".format(row["name"], *figures)
    for name, key in (("shapley", "mean"), ("hybrids", "share")):
        figures = (f"{row['name']} {row[key]:.3f}" for row in report[name]["methods"])
        yield f"{name}: {', '.join(figures)}"


def _forward(evidence: _Evidence) -> dict[str, Any]:
    reviews = evidence.sample(evidence.sizes.sample)
    gaps = identities.forward_gaps(evidence.classifier.attributor, evidence.classifier.logits, reviews)
    return {"n": len(gaps), "largest": float(gaps.max())}


def _completeness(evidence: _Evidence) -> dict[str, Any]:
    reviews = evidence.sample(evidence.sizes.completeness)
    gaps = identities.completeness_gaps(evidence.compared[OURS], evidence.classifier.logits, reviews)
    return {"n": len(gaps), "median": float(np.median(gaps)), "largest": float(gaps.max())}


def _dummy(evidence: _Evidence) -> dict[str, Any]:
    longest = evidence.classifier.preprocessor.max_length * 9 // 10  # leaves room for the inserted tokens
    reviews = [review[:longest] for review in evidence.sample(evidence.sizes.sample)]
    values = identities.dummy_values(evidence.compared[OURS], reviews, evidence.rng)
    return {"n": len(values), "largest": float(np.abs(values).max())}


def _limit(evidence: _Evidence) -> dict[str, Any]:
    reviews, segments, points = evidence.sample(evidence.sizes.limit), 64, 256
    classifier = evidence.classifier
    agreement, gaps = identities.limit_agreement(classifier.attributor, classifier.logits, reviews, segments, points)
    reached = agreement[gaps <= _REACHED]
    there = {"n": len(reached), "within": _REACHED, **(_mean_and_least(reached) if len(reached) else {})}
    found = {"n": len(agreement), "segments": segments, "points": points, **_mean_and_least(agreement)}
    return {**found, "gap": float(gaps.max()), "reached": there}


def _stability(evidence: _Evidence) -> dict[str, Any]:
    reviews = evidence.sample(evidence.sizes.sample)
    finer = partial(evidence.classifier.attributor, rule=partial(rescale_rule, segments=SEGMENTS))
    found = _correlations(evidence.compared[OURS], finer, reviews)
    return {"n": len(found), "segments": SEGMENTS, **_mean_and_least(found)}


def _shapley(evidence: _Evidence) -> dict[str, Any]:
    texts = [review[:LONGEST] for review in evidence.sample(evidence.sizes.shapley)]
    exact = [shapley_values(evidence.classifier.logits, text) for text in texts]
    rows = []
    for name, method in evidence.compared.items():
        pairs = zip(method(texts), exact, strict=True)
        found = np.array([correlation(each.contributions, values) for each, values in pairs])
        rows.append({"name": name, **_measured(found)})
    return {"n": len(texts), "longest": LONGEST, "methods": rows}


def _erasure(evidence: _Evidence) -> dict[str, Any]:
    reviews = evidence.sample(evidence.sizes.erasure)
    values = {name: [a.contributions for a in method(reviews)] for name, method in evidence.compared.items()}
    score = partial(erasure.erase, evidence.classifier.logits, evidence.classifier.rule, reviews)
    ways = []
    for way in erasure.REMOVALS:
        found = {name: score(each, way) for name, each in values.items()}
        ours = found[OURS]
        ways.append(
            {
                "way": way,
                "methods": [
                    {
                        "name": name,
                        "comprehensiveness": _measured(each.comprehensiveness),
                        "sufficiency": _measured(each.sufficiency),
                    }
                    for name, each in found.items()
                ],
                "better_than": [
                    {
                        "name": name,
                        "comprehensiveness": _measured(ours.comprehensiveness - found[name].comprehensiveness),
                        "sufficiency": _measured(found[name].sufficiency - ours.sufficiency),
                    }
                    for name in RIVALS
                ],
            }
        )
    return {"n": len(reviews), "bins": list(erasure.BINS), "ways": ways}


def _hybrids(evidence: _Evidence) -> dict[str, Any]:
    sides = [evidence.rng.permutation(np.flatnonzero(evidence.labels == side)) for side in (1, 0)]
    pairs = list(zip(*(side.tolist() for side in sides), strict=False))[: evidence.sizes.hybrids]
    joined = [hybrids.join(_sentences(evidence, a), _sentences(evidence, b), evidence.rng) for a, b in pairs]
    documents = [d for d in joined if len(d.ids) <= evidence.classifier.preprocessor.max_length]
    texts = [document.ids for document in documents]
    scores = evidence.classifier.logits(texts)
    rows = []
    for name, method in evidence.compared.items():
        found = hybrids.hits(
            documents, scores, [a.contributions for a in method(texts)], evidence.classifier.rule.boundary
        )
        interval = wilson_interval(int(found.sum()), len(found))
        rows.append({"name": name, "share": float(found.mean()), "interval": list(interval)})
    return {"n": len(documents), "methods": rows}


def _random_weights(evidence: _Evidence) -> dict[str, Any]:
    reviews = evidence.sample(evidence.sizes.sample)
    weights = identities.shuffled(read_onnx(evidence.classifier.run / "model.onnx"), evidence.rng)
    other = Attributor(weights, evidence.classifier.preprocessor.max_length)
    return {"n": len(reviews), "mean": float(np.mean(_correlations(evidence.compared[OURS], other, reviews)))}


def _gaps(evidence: _Evidence) -> dict[str, Any]:
    reviews = evidence.sample(evidence.sizes.sample)
    rows = []
    for name, method in evidence.compared.items():
        gaps = identities.completeness_gaps(method, evidence.classifier.logits, reviews)
        rows.append({"name": name, "largest": float(gaps.max())})
    return {"n": len(reviews), "methods": rows}


def _time(evidence: _Evidence) -> dict[str, Any]:
    tokens = min(400, evidence.classifier.preprocessor.max_length)
    review = np.resize(np.concatenate(evidence.sample(10)), tokens).astype(np.int32)
    rows = []
    for name, method in evidence.compared.items():
        seconds = []
        for _ in range(5):
            start = perf_counter()
            method([review])
            seconds.append(perf_counter() - start)
        rows.append({"name": name, "milliseconds": 1000 * min(seconds)})
    return {"tokens": tokens, "methods": rows}


def _choice(evidence: _Evidence) -> dict[str, Any]:
    """Computes every candidate's comprehensiveness and sufficiency by deletion, and its time per review."""
    classifier = evidence.classifier
    reviews = [evidence.validation[place] for place in evidence.rng.permutation(len(evidence.validation))]
    reviews = reviews[: evidence.sizes.choice]
    weights = read_onnx(classifier.run / "model.onnx")
    rows = []
    for name, method in candidates(weights, classifier.preprocessor.max_length, evidence.validation).items():
        start = perf_counter()
        values = [a.contributions for a in method(reviews)]
        seconds = perf_counter() - start
        found = erasure.erase(classifier.logits, classifier.rule, reviews, values, erasure.REMOVALS[0])
        rows.append(
            {
                "name": name,
                "comprehensiveness": _measured(found.comprehensiveness),
                "sufficiency": _measured(found.sufficiency),
                "milliseconds": 1000 * seconds / len(reviews),
            }
        )
    return {"n": len(reviews), "way": erasure.REMOVALS[0], "methods": rows}


_CHECKS: dict[str, Callable[[_Evidence], dict[str, Any]]] = {
    "forward": _forward,
    "completeness": _completeness,
    "dummy": _dummy,
    "limit": _limit,
    "stability": _stability,
    "shapley": _shapley,
    "erasure": _erasure,
    "hybrids": _hybrids,
    "random_weights": _random_weights,
    "gaps": _gaps,
    "time": _time,
    "choice": _choice,
}


def _sentences(evidence: _Evidence, place: int) -> list[Ids]:
    """Returns the encoded sentences of one review."""
    review = evidence.classifier.preprocessor(evidence.texts[place])
    return np.split(review.ids, cuts(evidence.texts[place], review.tokens, "sentence"))


def _correlations(first: Method, second: Method, reviews: Sequence[Ids]) -> list[float]:
    pairs = zip(first(reviews), second(reviews), strict=True)
    return [correlation(a.contributions, b.contributions) for a, b in pairs]


def _measured(values: npt.NDArray[np.float64]) -> dict[str, Any]:
    mean, low, high = erasure.mean_interval(values)
    return {"mean": mean, "interval": [low, high]}


def _mean_and_least(values: Sequence[float] | npt.NDArray[np.float64]) -> dict[str, float]:
    return {"mean": float(np.mean(values)), "least": float(np.min(values))}
