"""A hostile visitor hardly delays the verdicts of others: attacks on a tiny model, turns, and limits on threads."""

from __future__ import annotations

import gc
import os
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from streamlit.testing.v1 import AppTest

from dev.proofs import attacks, worst_visitor
from dev.proofs.verdicts import MAX_VERDICT_SECONDS
from dev.proofs.workers import workers
from dev.proofs.worst_files import hostile_files
from dev.serving import serve
from dev.visitor import VisitError
from sentiment import Classifier, budget
from sentiment.app.review.turns import in_turn
from sentiment.app.shared import garbage
from tests.app_runs import all_runs
from tests.tiny import tiny_run

APP = Path(__file__).resolve().parent.parent / "sentiment/app/main.py"


@pytest.mark.process
def test_an_ordinary_verdict_is_hardly_delayed_by_a_hostile_visitor(tmp_path, monkeypatch):
    runs, jobs = all_runs(tmp_path / "runs"), tmp_path / "jobs"
    monkeypatch.setenv("SENTIMENT_JOBS", str(jobs))
    chosen = {name: attacks.ATTACKS[name] for name in ("explain", "upload")}
    with serve(runs, tmp_path / "log") as address:
        found = worst_visitor.measure(address, runs / "tiny", jobs, chosen, seconds=4)
    assert found.keys() == {"idle", *chosen}
    most = max(MAX_VERDICT_SECONDS, 10 * found["idle"]["verdict_seconds"]["p95"])  # on a busy machine all are slow
    for each in found.values():
        assert each["verdict_seconds"]["n"] > 1
        assert each["verdict_seconds"]["p95"] < most
    assert not worst_visitor.unreached(found)
    assert found["upload"]["workers"] <= 2
    assert not workers(jobs)


class Page:
    """A page in place of ``Visitor``, on which every request succeeds at once."""

    drawn = True
    fresh = ("an element",)

    def __init__(self, address: str, page: str = "") -> None:
        """Opens the page."""

    def __enter__(self):
        """Returns the page."""
        return self

    def __exit__(self, *_):
        """Closes the page."""

    def act(self, *_):
        """Does an action of the visitor."""

    def look(self, *_):
        """Returns whether the page has something."""
        return self.drawn

    def stay(self, seconds):
        """Stays only briefly."""
        time.sleep(0.001)

    analyse = upload = press = turn_to = expand = rerun = wait = act
    shows = received = has_widget = look


class BlankPage(Page):
    """A page that answers every request with nothing."""

    drawn = False
    fresh = ()


class ClosedPage(Page):
    """A page that cannot be opened."""

    def __init__(self, address: str, page: str = "") -> None:
        """Fails."""
        raise VisitError("The app is full.")


@pytest.mark.parametrize("attack", attacks.ATTACKS)
def test_an_attack_reports_which_of_its_aims_it_reached(attack, monkeypatch):
    monkeypatch.setattr(attacks, "hostile_texts", lambda: ["<", "bad ", " "])
    monkeypatch.setattr(attacks, "hostile_files", lambda: [("a.csv", b"")])
    monkeypatch.setattr(attacks, "long_cells", lambda: b"")

    def attacked(page: type[Page]) -> dict[str, int]:
        monkeypatch.setattr(attacks, "Visitor", page)
        return attacks.ATTACKS[attack]("address", time.monotonic() + 0.05)

    def missed(reached: dict[str, int]) -> list[str]:
        return worst_visitor.unreached({"idle": {}, attack: {"reached": reached}})

    aims = attacked(Page)
    assert aims
    assert missed(aims) == []
    assert f"{attack}: {list(aims)[-1]}" in missed(attacked(BlankPage))
    closed = attacked(ClosedPage)
    assert missed(closed) == [f"{attack}: {aim}" for aim in aims]
    assert closed["The app is full."] > 0


def test_the_hostile_texts_are_the_longest_that_are_accepted_and_longer_ones():
    lengths = [len(text) for text in attacks.hostile_texts()]
    assert lengths.count(budget.TEXT_CHARACTERS) >= 5
    assert max(lengths) > 10 * budget.TEXT_CHARACTERS


def test_the_hostile_files_are_small():
    files = dict(hostile_files())
    assert len(files) == 5
    assert max(map(len, files.values())) < 1_000_000


def test_loaded_modules_are_exempt_from_garbage_collection(tmp_path, monkeypatch):
    monkeypatch.setenv("SENTIMENT_RUNS", str(all_runs(tmp_path / "runs")))
    monkeypatch.setenv("SENTIMENT_JOBS", str(tmp_path / "jobs"))
    garbage.exempt_loaded.clear()
    gc.unfreeze()
    try:
        AppTest.from_file(str(APP), default_timeout=60).run()
        assert len(gc.get_objects()) < gc.get_freeze_count() / 10
    finally:
        gc.unfreeze()


def analysis(text: str, tokens: int) -> SimpleNamespace:
    """The parts of an analysis that decide whether it waits for its turn."""
    return SimpleNamespace(text=text, prediction=SimpleNamespace(tokens_read=tokens))


@pytest.mark.parametrize(
    "long", [analysis("good", 1_000), analysis(" " * 200_000, 1)], ids=["many tokens", "many characters"]
)
def test_a_long_text_waits_for_another_long_one_and_a_short_one_does_not(long):
    entered = threading.Event()

    def wait() -> None:
        with in_turn(long):
            entered.set()

    with ThreadPoolExecutor(1) as pool:
        with in_turn(long):
            waiting = pool.submit(wait)
            with in_turn(analysis("A good film.", 4)):
                assert not entered.wait(0.2)  # seconds, in which the other would have entered
        waiting.result(timeout=10)
    assert entered.is_set()


def test_a_text_that_fails_ends_its_turn():
    with pytest.raises(ValueError, match="broken"), in_turn(analysis("good", 1_000)):
        raise ValueError("broken")
    with in_turn(analysis("good", 1_000)):
        pass


class SlowModel:
    """A model that records how many batches it computes at once."""

    def __init__(self) -> None:
        self.now, self.most, self._lock = 0, 0, threading.Lock()

    def run(self, outputs, feed):
        """Returns logits of 0, as ONNX Runtime would return logits."""
        with self._lock:
            self.now += 1
            self.most = max(self.most, self.now)
        time.sleep(0.01)
        with self._lock:
            self.now -= 1
        return [np.zeros(len(feed["lengths"]), np.float32)]


def test_no_more_batches_run_at_once_than_there_are_cores(tmp_path):
    model = SlowModel()
    classifier = Classifier.load(tiny_run(tmp_path / "tiny"), open_model=lambda *_: model, threads=4, batch_tokens=8)
    texts = [["good film"] * 40] * 6
    with ThreadPoolExecutor(len(texts)) as pool:
        assert all(len(found) == 40 for found in pool.map(classifier.predict, texts))
    assert model.most <= (os.cpu_count() or 1)
