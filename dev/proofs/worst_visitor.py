"""Measures the time to a verdict on an ordinary review while another visitor does the worst that the app accepts.

``prove_attacks`` serves the app on loopback and attacks it in each way.
"""

from __future__ import annotations

import multiprocessing
import os
import shutil
import signal
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from contextlib import contextmanager, suppress
from functools import partial
from itertools import cycle, islice
from pathlib import Path
from typing import Any

from dev.proofs.files import reviews
from dev.proofs.people import quantiles
from dev.proofs.visitor import VisitError, Visitor
from dev.proofs.worst_files import hostile_files, long_cells
from dev.system import process_of, resident_megabytes
from sentiment.budget import TEXT_CHARACTERS
from sentiment.bulk.jobs.launcher import WORKER
from sentiment.explain.prediction_text import headline
from sentiment.model.classifier import Classifier

_EVERY = 0.5  # seconds from one ordinary review to the next
_AT_ONCE = 16  # files that are uploaded at the same time
_TABS = 3  # pages that the hostile visitor has open for texts

_VERDICT = '"headline":'  # in the data of the verdict card

Reached = Counter[str]  # how often an attack reached each of its aims, and how often it met each error, by message
Attack = Callable[[str, float], Reached]


def hostile_texts() -> list[str]:
    """The longest texts that are accepted, and some that are too long."""
    pieces = ["<", "not good bad nice dull ", " ", "e\u0301\u0302\u0303", "The film was not bad, but long. "]
    texts = [(piece * (TEXT_CHARACTERS // len(piece) + 1))[:TEXT_CHARACTERS] for piece in pieces]
    return [*texts, "e" + "\u0301" * (TEXT_CHARACTERS - 1), texts[0] + "<", " " * 20_000_000]


def paste(address: str, until: float) -> Reached:
    """Analyses hostile texts, one directly after another."""
    return _in_tabs(_TABS, partial(_paste, address, until))


def explain(address: str, until: float) -> Reached:
    """Requests the negation view, the smallest flip and the reading curve of hostile texts repeatedly."""
    return _in_tabs(_TABS, partial(_explain, address, until))


def interrupt(address: str, until: float) -> Reached:
    """Asks for an analysis ten times a second without waiting for an answer."""
    reached = _aims("answer begun")
    with _errors_counted(reached), Visitor(address) as visitor:
        for text in cycle(hostile_texts()[:3]):
            if time.monotonic() > until:
                break
            visitor.analyse(text)
            visitor.stay(0.1)
            reached["answer begun"] += bool(visitor.fresh)
    return reached


def upload(address: str, until: float) -> Reached:
    """Uploads sixteen hostile files at a time, repeatedly."""
    files = list(islice(cycle(hostile_files()), _AT_ONCE))

    def send(number: int) -> Reached:
        reached, (name, content) = _aims("file taken"), files[number]
        while time.monotonic() < until:
            with _errors_counted(reached), Visitor(address, "bulk") as visitor:
                visitor.upload(name, content)
                visitor.wait()
                reached["file taken"] += visitor.shows(name.replace(".", "\\."))  # the heading of its job
                visitor.wait(lambda: time.monotonic() > until or visitor.has_widget("button", "Score"), 30)
                visitor.stay(0.5)
        return reached

    return _in_tabs(_AT_ONCE, send)


def results(address: str, until: float) -> Reached:
    """Scores a file of very long cells, and opens its results repeatedly."""
    reached = _aims("file scored", "results drawn again")
    with _errors_counted(reached), Visitor(address, "bulk") as visitor:
        visitor.upload("long.csv", long_cells())
        visitor.wait(lambda: visitor.has_widget("button", "Score"), until - time.monotonic())
        visitor.wait()
        visitor.press("Score")
        visitor.wait(lambda: visitor.has_widget("download_button", "Download"), until - time.monotonic())
        reached["file scored"] += 1
        visitor.wait()
        while time.monotonic() < until:
            visitor.rerun()
            visitor.wait()
            reached["results drawn again"] += visitor.has_widget("download_button", "Download")
    return reached


ATTACKS: Mapping[str, Attack] = {attack.__name__: attack for attack in (paste, explain, interrupt, upload, results)}


def measure(address: str, run: Path, jobs: Path, attacks: Mapping[str, Attack], seconds: float) -> dict[str, Any]:
    """Returns for each attack, and for ``idle``, the verdicts' seconds and the memory, and what the attack reached.

    Args:
        address: of the app.
        run: the run that it serves.
        jobs: the folder of its jobs.
        attacks: by name.
        seconds: for each of them.
    """
    texts, classifier = cycle(reviews(200, seed=1)), Classifier.load(run)
    ordinary_verdicts(address, classifier, texts, time.monotonic() + 3)  # loads what the first visitor would wait for
    found = {"idle": _phase(address, classifier, jobs, texts, seconds)}
    with ProcessPoolExecutor(1, multiprocessing.get_context("spawn")) as pool:  # or both would share an interpreter
        pool.submit(int).result()
        for name, attack in attacks.items():
            try:
                until = time.monotonic() + seconds
                attacking = pool.submit(attack, address, until)
                found[name] = _phase(address, classifier, jobs, texts, until - time.monotonic())
                found[name]["reached"] = dict(attacking.result(120))
            finally:
                end_workers(jobs)
    return found


def unreached(found: Mapping[str, Mapping[str, Any]]) -> list[str]:
    """Returns the aims that attacks never reached, as ``attack: aim``."""
    reached = ((name, phase.get("reached", {})) for name, phase in found.items())
    return [f"{name}: {aim}" for name, counts in reached for aim, count in counts.items() if count == 0]


def _phase(address: str, classifier: Classifier, jobs: Path, texts: Iterator[str], seconds: float) -> dict[str, Any]:
    """Measures for so many seconds."""
    server = process_of(address)
    with ThreadPoolExecutor(1) as pool:
        waiting = pool.submit(ordinary_verdicts, address, classifier, texts, time.monotonic() + seconds)
        most = {"server_megabytes": 0.0, "worker_megabytes": 0.0, "workers": 0}
        while not waiting.done():
            held = [resident_megabytes(worker) for worker in workers(jobs)]
            now = {"server_megabytes": resident_megabytes(server), "worker_megabytes": sum(held), "workers": len(held)}
            most = {name: max(most[name], now[name]) for name in most}
            time.sleep(0.2)
    return {"verdict_seconds": quantiles(waiting.result()), **most}


def ordinary_verdicts(address: str, classifier: Classifier, texts: Iterator[str], until: float) -> list[float]:
    """Analyses an ordinary review every half second; returns the seconds to each verdict."""
    seconds = []
    with Visitor(address) as visitor:
        while time.monotonic() < until:
            text = next(texts)
            expected = headline(classifier.predict([text])[0])
            visitor.analyse(text)
            seconds.append(visitor.wait(lambda expected=expected: visitor.received(expected)))  # type: ignore[misc]
            visitor.wait()
            visitor.stay(max(0.0, visitor.sent + _EVERY - time.perf_counter()))
    return seconds


def _aims(*names: str) -> Reached:
    return Counter(dict.fromkeys(names, 0))


@contextmanager
def _errors_counted(reached: Reached) -> Iterator[None]:
    """Counts an error by its message; a refused attack is not a fault."""
    try:
        yield
    except VisitError as error:
        reached[str(error)] += 1


def _in_tabs(tabs: int, work: Callable[[int], Reached]) -> Reached:
    together: Reached = Counter()
    with ThreadPoolExecutor(tabs) as pool:
        for reached in pool.map(work, range(tabs)):
            together.update(reached)  # unlike +, it keeps a count of 0
    return together


def _paste(address: str, until: float, tab: int) -> Reached:
    reached, texts = _aims("verdict"), hostile_texts()
    for text in cycle(texts[tab:] + texts[:tab]):
        with _errors_counted(reached), Visitor(address) as visitor:  # a text that is too long is refused by an error
            for version in range(10):
                visitor.analyse(f"{version}{text[1:]}")
                visitor.wait()
                reached["verdict"] += visitor.received(_VERDICT)
                if time.monotonic() > until:
                    break
        if time.monotonic() > until:
            break
    return reached


def _explain(address: str, until: float, tab: int) -> Reached:
    reached = _aims("Negation", "What if?", "How the score adds up", "Compare models or methods")
    texts, flip = [text for text in hostile_texts() if len(text) <= TEXT_CHARACTERS], "Flip the prediction"
    with _errors_counted(reached), Visitor(address) as visitor:
        shows, has = visitor.shows, visitor.has_widget
        for version, text in enumerate(cycle(texts[tab:] + texts[:tab])):
            visitor.analyse(f"{version % 10}{text[1:]}")
            visitor.wait()
            for open_part, part, button, done in (
                (visitor.turn_to, "Negation", "", partial(shows, "egation")),
                (visitor.turn_to, "What if?", flip, partial(has, "button", flip)),
                (visitor.expand, "How the score adds up", "Check reliability", partial(shows, "Reliability of")),
                (visitor.expand, "Compare models or methods", "", partial(has, "button_group", "Compare")),
            ):
                if time.monotonic() > until:
                    return reached
                open_part(part)
                visitor.wait()
                if button and has("button", button):
                    visitor.press(button)
                    visitor.wait()
                reached[part] += done()
    return reached


def workers(jobs: Path) -> list[int]:
    """The ids of the processes that work on jobs in a folder; one that has released its lock is about to end."""
    found = []
    for entry in Path("/proc").glob("[0-9]*/cmdline"):
        with suppress(OSError):
            words = entry.read_text(encoding="utf-8", errors="replace").split("\0")
            if WORKER not in words:
                continue
            folder, lock = words[words.index(WORKER) + 1 :][:2]
            if Path(folder).parent == jobs.resolve() and (entry.parent / "fd" / lock).exists():
                found.append(int(entry.parent.name))
    return found


def end_workers(jobs: Path) -> None:
    """Deletes all jobs in a folder and ends their workers, which would outlive the server."""
    for job in jobs.glob("*"):
        shutil.rmtree(job, ignore_errors=True)
    for worker in workers(jobs):
        with suppress(ProcessLookupError):
            os.kill(worker, signal.SIGKILL)
