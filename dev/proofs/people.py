"""Measures the app with many concurrent visitors: WebSocket sessions that analyse texts and score files.

Each visitor opens the app and repeatedly pastes a review, waits for its verdict and the rest of the page, and reads for
a few seconds. At some point each visitor has a small file scored and downloads the result.
"""

from __future__ import annotations

import random
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from dev.proofs.generated_reviews import reviews
from dev.proofs.verdicts import MAX_VERDICT_SECONDS, quantiles
from dev.system import process_of, resident_megabytes
from dev.visitor import VisitError, Visitor
from sentiment.explain.prediction_text import headline
from sentiment.model.classifier import Classifier

MAX_GROWTH = 50  # MB of server memory, after all visitors have left
_SESSION_EXPIRY = 125  # seconds; Streamlit keeps a closed session for 120, in case the visitor reconnects
_REST = 5  # seconds after the last session has closed, in which the server frees memory
_POLL = 0.2  # seconds between two measurements of memory


@dataclass(frozen=True)
class Plan:
    """The actions of all visitors.

    Attributes:
        people: number of visitors.
        texts: reviews that each visitor analyses.
        rows: reviews in the file that each visitor scores.
        reading: minimum and maximum seconds that a visitor reads a verdict.
        patience: seconds that a visitor waits for a step of its file, which may be queued.
        session_expiry: seconds after which closed sessions are removed.
    """

    people: int = 20
    texts: int = 30
    rows: int = 50
    reading: tuple[float, float] = (2.0, 8.0)
    patience: float = 300
    session_expiry: float = _SESSION_EXPIRY


@dataclass(slots=True)
class Measurements:
    """The measurements of one visitor: seconds to each verdict, whole page and scored file, and errors."""

    verdicts: list[float] = field(default_factory=list)
    pages: list[float] = field(default_factory=list)
    files: list[float] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)


def at_once(address: str, run: Path, plan: Plan) -> dict[str, Any]:
    """Starts all visitors at once; returns seconds to verdicts, errors, and the server's memory.

    One visitor has warmed the server up before. Streamlit removes expired sessions only when another session closes,
    so one more visitor comes and leaves before the last measurement.
    """
    server, classifier = process_of(address), Classifier.load(run)
    _warm_up(address, classifier, plan)
    before = resident_megabytes(server)
    visits, peak = _visit_at_once(address, classifier, plan, server)
    during = max(before, peak)
    time.sleep(plan.session_expiry)
    with Visitor(address):
        pass
    time.sleep(_REST)
    after = resident_megabytes(server)
    errors = [error for each in visits for error in each.errors]
    verdicts = quantiles([seconds for each in visits for seconds in each.verdicts])
    return {
        "people": plan.people,
        "reading_seconds": list(plan.reading),
        "file_rows": plan.rows,
        "verdict_seconds": verdicts,
        "page_seconds": quantiles([seconds for each in visits for seconds in each.pages]),
        "file_seconds": quantiles([seconds for each in visits for seconds in each.files]),
        "errors": errors,
        "before_megabytes": before,
        "during_megabytes": during,
        "after_megabytes": after,
        "megabytes_a_person": (during - before) / plan.people,
        "holds": not errors and verdicts["p95"] < MAX_VERDICT_SECONDS and after - before < MAX_GROWTH,
    }


def _visit_at_once(address: str, classifier: Classifier, plan: Plan, server: int) -> tuple[list[Measurements], float]:
    """Returns the measurements of all visitors, and the server's peak memory meanwhile, in megabytes."""
    peak = 0.0
    with ThreadPoolExecutor(plan.people) as pool:
        waiting = [pool.submit(_visit, address, classifier, plan, number) for number in range(plan.people)]
        while not all(person.done() for person in waiting):
            peak = max(peak, resident_megabytes(server))
            time.sleep(_POLL)
    return [person.result() for person in waiting], peak


def _warm_up(address: str, classifier: Classifier, plan: Plan) -> None:
    """Lets a single visitor do everything once.

    Raises:
        VisitError: something went wrong.
    """
    alone = replace(plan, people=1, texts=2, reading=(0.0, 0.1))
    if errors := _visit(address, classifier, alone, plan.people).errors:
        raise VisitError(errors[0])


def _visit(address: str, classifier: Classifier, plan: Plan, number: int) -> Measurements:
    measured, rng = Measurements(), random.Random(number)  # noqa: S311
    texts = reviews(plan.texts + plan.rows, seed=number)
    moment = rng.randrange(plan.texts)  # the number of texts before the file, different for each visitor
    try:
        _analyse(address, classifier, [next(texts) for _ in range(moment)], plan, rng, measured)
        _score(address, [next(texts) for _ in range(plan.rows)], plan.patience, measured)
        _analyse(address, classifier, list(texts), plan, rng, measured)
    except (VisitError, OSError) as error:
        measured.errors.append(str(error))
    return measured


def _analyse(
    address: str, classifier: Classifier, texts: list[str], plan: Plan, rng: random.Random, measured: Measurements
) -> None:
    with Visitor(address) as visitor:
        for text, prediction in zip(texts, classifier.predict(texts), strict=True):
            measured.verdicts.append(visitor.seconds_to(headline(prediction), text))
            measured.pages.append(visitor.wait())
            visitor.stay(rng.uniform(*plan.reading))


def _score(address: str, texts: list[str], patience: float, measured: Measurements) -> None:
    with Visitor(address, "bulk") as visitor:
        began = time.perf_counter()
        visitor.upload("reviews.csv", "\n".join(["review", *(f'"{text}"' for text in texts)]).encode())
        visitor.wait(lambda: visitor.has_widget("button", f"Score {len(texts)} rows"), patience)
        visitor.wait()
        visitor.press("Score")
        visitor.wait(lambda: visitor.has_widget("download_button", "Download"), patience)
        visitor.wait()
        lines = visitor.download("Download").decode().splitlines()
        measured.files.append(time.perf_counter() - began)
        if len(lines) != len(texts) + 1:
            raise VisitError(f"The scored file has {len(lines)} lines instead of {len(texts) + 1}.")
        visitor.press("Delete now")
        visitor.wait()
