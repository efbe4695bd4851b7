"""Shared fixtures, and the rules that enforce the markers.

A test that starts a child process needs the marker ``process``, or it fails. A test that imports TensorFlow needs
``training``, or it fails under ``-m "not training"``, as in ``make check``. The other markers are derived: ``page``
from the use of Streamlit's AppTest, ``slow`` from ``slow.txt``, which lists modules, tests and parametrized tests.
"""

from __future__ import annotations

import inspect
import os
import re
import signal
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import hypothesis
import pytest

from sentiment import Classifier
from sentiment.model.native import lstm
from sentiment.model.native.build import STEPS_8, STEPS_16, load_library
from tests.app_runs import all_runs
from tests.bulk_jobs import job_settings, start_faulty  # noqa: F401 - fixtures
from tests.bulk_page import scored, settings  # noqa: F401 - fixtures
from tests.served import address, browser, log, new_page, served_runs  # noqa: F401 - fixtures
from tests.tiny import tiny_run

# A shell starts background processes with Ctrl-C ignored, which children inherit; some tests send Ctrl-C.
signal.signal(signal.SIGINT, signal.default_int_handler)

# A slow example is not an error. CI uses the same examples every time; a developer's machine finds new ones.
_ON_CI = os.environ.get("SENTIMENT_REQUIRE_TOOLS") == "1"
hypothesis.settings.register_profile("tests", deadline=None, derandomize=_ON_CI)
hypothesis.settings.load_profile("tests")

SLOW = Path(__file__).with_name("slow.txt")
_STARTS = {"subprocess.Popen", "os.fork", "os.forkpty", "os.posix_spawn", "os.system"}
_WHOLE_MODULE = re.compile(r"^pytestmark = .*pytest\.mark\.training\b", re.MULTILINE)
_MAIN = sys.modules["__main__"]
_started: list[str] = []  # the current test's audit events that start a child process


def slow_tests() -> list[str]:
    """The node ids in ``slow.txt``."""
    lines = (line.partition("#")[0].strip() for line in SLOW.read_text(encoding="utf-8").splitlines())
    return [line for line in lines if line]


def pytest_configure(config: pytest.Config) -> None:
    """Records each start of a child process from here on; an audit hook cannot be bypassed or removed."""
    sys.addaudithook(lambda event, _: _started.append(event) if event in _STARTS else None)


def pytest_ignore_collect(collection_path: Path, config: pytest.Config) -> bool | None:
    """Skips modules marked ``training`` as a whole if that is deselected, because importing them loads TensorFlow."""
    unwanted = _without_tensorflow(config) and collection_path.suffix == ".py"
    return True if unwanted and _WHOLE_MODULE.search(collection_path.read_text(encoding="utf-8")) else None


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Function]) -> None:
    """Adds the derived markers, and puts long tests first."""
    slow = set(slow_tests())
    for item in items:
        if slow & {item.nodeid, item.nodeid.partition("[")[0], item.nodeid.partition("::")[0]}:
            item.add_marker(pytest.mark.slow)
        if _runs_pages(item.module):
            item.add_marker(pytest.mark.page)
        if {"address", "browser"} & set(item.fixturenames):
            item.add_marker(pytest.mark.process)
    items.sort(key=lambda item: not (item.get_closest_marker("training") or item.get_closest_marker("browser")))


def pytest_collection_finish(session: pytest.Session) -> None:
    """Refuses a test module that imports TensorFlow without being marked as a whole."""
    if _without_tensorflow(session.config) and "tensorflow" in sys.modules:
        raise pytest.UsageError("A test module imports TensorFlow without `pytestmark = pytest.mark.training`.")


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A tiny run, for the tests of one module."""
    return tiny_run(tmp_path_factory.mktemp("runs") / "tiny")


@pytest.fixture(scope="module")
def classifier(tmp_path_factory: pytest.TempPathFactory) -> Classifier:
    """A tiny model, for the tests of one module."""
    return Classifier.load(tiny_run(tmp_path_factory.mktemp("runs") / "tiny"))


@pytest.fixture(scope="module")
def runs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of runs with all files that pages read, for the tests of one module."""
    return all_runs(tmp_path_factory.mktemp("runs"))


@pytest.fixture
def serve_runs(runs: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Serves the runs of ``runs`` in the app."""
    monkeypatch.setenv("SENTIMENT_RUNS", str(runs))


@pytest.fixture(params=["16", "8"])
def vectors(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Computes with the library for vectors of one width; skips a test if this processor does not support it."""
    library, block = {"16": (STEPS_16, 32), "8": (STEPS_8, 16)}[request.param]
    loaded = load_library(library, lstm._FUNCTIONS)
    if not loaded:
        pytest.skip("this processor has no such vectors, or scripts/compile.py was not run")
    monkeypatch.setattr(lstm, "_library", lambda: (loaded, block))


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_runtest_setup(item: pytest.Item) -> Iterator[None]:
    """Forgets the processes that the previous test started."""
    _started.clear()
    return (yield)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_teardown(item: pytest.Item) -> Iterator[None]:
    """Fails a test that lacks a marker."""
    result = yield
    sys.modules["__main__"] = _MAIN  # AppTest leaves its script there, which a spawned process would run
    if _started and not item.get_closest_marker("process"):
        pytest.fail(f"{item.nodeid} starts a child process ({_started[0]}) and lacks @pytest.mark.process.")
    if _without_tensorflow(item.config) and "tensorflow" in sys.modules:
        pytest.fail(f"{item.nodeid} imports TensorFlow and lacks @pytest.mark.training.")
    return result


def _runs_pages(module: ModuleType) -> bool:
    """Returns whether a module, or the module of a function that it imports, uses Streamlit's AppTest."""
    functions = [each for each in vars(module).values() if inspect.isfunction(each)]
    return hasattr(module, "AppTest") or any("AppTest" in each.__globals__ for each in functions)


def _without_tensorflow(config: pytest.Config) -> bool:
    return "not training" in config.option.markexpr
