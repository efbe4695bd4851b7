"""Many people at the app at once: WebSocket sessions that analyse texts and score files, and the server's memory.

Each person opens the Review page, and time after time pastes a review of their own, waits for its verdict and the rest
of the page, and reads for a few seconds; in between they have a small file scored on the Bulk page, up to the download.
"""

from __future__ import annotations

import random
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from dev.proofs.circumstances import told
from dev.proofs.files import reviews
from dev.proofs.server import process_of, resident
from dev.proofs.visitor import VisitError, Visitor
from sentiment.explain.prediction_text import headline
from sentiment.model.classifier import Classifier

VERDICT = 1.0  # seconds, within which 95 % of the verdicts must be there
LEFT = 50  # MB the server may hold more after all have left
_KEPT = 125  # seconds; for 120 Streamlit keeps the session of one who left, who may only have lost the connection
_RUN_WITHIN = 1800  # seconds, for a file that may have to wait in line


@dataclass(frozen=True)
class Plan:
    """What everybody does.

    Attributes:
        people: how many there are.
        texts: reviews each of them analyses.
        rows: reviews in the file each of them has scored.
        reading: the least and the most seconds that someone looks at a verdict.
        kept: seconds after which the sessions of those who left are let go.
    """

    people: int = 20
    texts: int = 30
    rows: int = 50
    reading: tuple[float, float] = (2.0, 8.0)
    kept: float = _KEPT


@dataclass(slots=True)
class Seen:
    """What one person saw: seconds to each verdict, to each whole page, and to the scored file; and what went wrong."""

    verdicts: list[float] = field(default_factory=list)
    pages: list[float] = field(default_factory=list)
    files: list[float] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)


def at_once(address: str, run: Path, plan: Plan) -> dict[str, Any]:
    """Lets everybody in at once, and tells how long verdicts took, what failed, and what the server held when.

    The server is warm before: one person has done all of it and left. Of those who left, Streamlit lets a session go
    when the next one leaves after ``plan.kept`` seconds; so one more person looks in before the last measurement.
    """
    server, classifier = process_of(address), Classifier.load(run)
    _look_in(address, classifier, plan)
    before = resident(server)
    with ThreadPoolExecutor(plan.people) as pool:
        waiting = [pool.submit(_visit, address, classifier, plan, number) for number in range(plan.people)]
        during = before
        while not all(person.done() for person in waiting):
            during = max(during, resident(server))
            time.sleep(0.2)
    seen = [person.result() for person in waiting]
    time.sleep(plan.kept)
    with Visitor(address):
        pass
    time.sleep(5)
    after = resident(server)
    errors = [error for each in seen for error in each.errors]
    verdicts = quantiles([seconds for each in seen for seconds in each.verdicts])
    return {
        "people": plan.people,
        "reading_seconds": list(plan.reading),
        "file_rows": plan.rows,
        "verdict_seconds": verdicts,
        "page_seconds": quantiles([seconds for each in seen for seconds in each.pages]),
        "file_seconds": quantiles([seconds for each in seen for seconds in each.files]),
        "errors": errors,
        "before_megabytes": before,
        "during_megabytes": during,
        "after_megabytes": after,
        "megabytes_a_person": (during - before) / plan.people,
        "holds": not errors and verdicts["p95"] < VERDICT and after - before < LEFT,
    }


def _look_in(address: str, classifier: Classifier, plan: Plan) -> None:
    """One person before all others, alone.

    Raises:
        VisitError: something went wrong even for them.
    """
    if errors := _visit(address, classifier, Plan(1, 2, plan.rows, (0.0, 0.1)), plan.people).errors:
        raise VisitError(errors[0])


def _visit(address: str, classifier: Classifier, plan: Plan, number: int) -> Seen:
    seen, rng = Seen(), random.Random(number)  # noqa: S311
    texts = reviews(plan.texts + plan.rows, seed=number)
    moment = rng.randrange(plan.texts)  # in the middle of their texts, at another place for each, they score the file
    try:
        _analyse(address, classifier, [next(texts) for _ in range(moment)], plan, rng, seen)
        _score(address, [next(texts) for _ in range(plan.rows)], seen)
        _analyse(address, classifier, list(texts), plan, rng, seen)
    except (VisitError, OSError) as error:
        seen.errors.append(str(error))
    return seen


def _analyse(
    address: str, classifier: Classifier, texts: list[str], plan: Plan, rng: random.Random, seen: Seen
) -> None:
    with Visitor(address) as visitor:
        for text, prediction in zip(texts, classifier.predict(texts), strict=True):
            expected = headline(prediction)
            visitor.fill("Review", text)
            visitor.press("Analyse")
            seen.verdicts.append(visitor.wait(lambda expected=expected: visitor.hears(expected)))  # type: ignore[misc]
            seen.pages.append(visitor.wait())
            visitor.stay(rng.uniform(*plan.reading))


def _score(address: str, texts: list[str], seen: Seen) -> None:
    with Visitor(address, "bulk") as visitor:
        began = time.perf_counter()
        visitor.upload("reviews.csv", "\n".join(["review", *(f'"{text}"' for text in texts)]).encode())
        visitor.wait(lambda: visitor.offers("button", f"Score {len(texts)} rows"), _RUN_WITHIN)
        visitor.wait()
        visitor.press("Score")
        visitor.wait(lambda: visitor.offers("download_button", "Download"), _RUN_WITHIN)
        visitor.wait()
        lines = visitor.download("Download").decode().splitlines()
        seen.files.append(time.perf_counter() - began)
        if len(lines) != len(texts) + 1:
            raise VisitError(f"The scored file has {len(lines)} lines.")
        visitor.press("Delete now")
        visitor.wait()


def quantiles(seconds: list[float]) -> dict[str, Any]:
    """``{"n", "median", "p95", "most"}`` of durations; infinite where there are none."""
    at = np.quantile(seconds, [0.5, 0.95, 1.0]) if seconds else [float("inf")] * 3
    return {"n": len(seconds), "median": float(at[0]), "p95": float(at[1]), "most": float(at[2])}


def page(found: dict[str, Any]) -> str:
    """The page about it, Markdown; ``found`` is what ``dev/proofs/prove_people.py`` keeps."""
    return "\n".join(_lines(found)) + "\n"


def _lines(found: dict[str, Any]) -> Iterator[str]:
    least, most = found["reading_seconds"]
    yield "# Many people at once"
    yield ""
    yield (
        f"Written by `make proof` (`dev/proofs/prove_people.py`), {told(found)}, which the visitors shared with the "
        "server."
    )
    yield ""
    yield (
        f"{found['people']} WebSocket sessions at once. Each pasted {found['verdict_seconds']['n'] // found['people']} "
        f"reviews of its own and looked at each verdict for {least:g} to {most:g} seconds; at some point among them it "
        f"had a file of {found['file_rows']} rows scored, up to the download."
    )
    yield ""
    yield "| | times | median | 95 % within | slowest |"
    yield "| --- | ---: | ---: | ---: | ---: |"
    for name, said in (("verdict", "a verdict"), ("page", "the whole page"), ("file", "a file, upload to download")):
        each = found[f"{name}_seconds"]
        yield f"| {said} | {each['n']:,} | {each['median']:.2f} s | {each['p95']:.2f} s | {each['most']:.1f} s |"
    yield ""
    yield (
        f"Errors: {len(found['errors'])}. The server held {found['before_megabytes']:.0f} MB before they came, "
        f"{found['during_megabytes']:.0f} MB at most while they were there ({found['megabytes_a_person']:.1f} MB a "
        f"person), and {found['after_megabytes']:.0f} MB after they had left."
    )
    yield ""
    yield (
        f"Asked: 95 % of the verdicts within {VERDICT:g} s, no error, memory back to within {LEFT} MB. "
        f"{'It holds.' if found['holds'] else 'It does not hold.'}"
    )
