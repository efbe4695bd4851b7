"""The log of the server: one line per event, with time and level, and never a visitor's text."""

from __future__ import annotations

import logging
import re
import tomllib
import urllib.error
import urllib.request
from itertools import product

import pytest
from streamlit.error_util import _log_uncaught_app_exception

from dev.serving import serve
from dev.visitor import Visitor
from sentiment.app.shared import logs
from sentiment.artifacts import ROOT
from tests.app_runs import full_run

MARKER = "xylophonic"
REQUESTS = [
    ("predict", f'{{"texts": ["{MARKER}"]}}'),
    ("predict", f'{{"{MARKER}": 1}}'),
    ("predict", MARKER),
    ("explain", f'{{"text": "{MARKER}"}}'),
    (f"{MARKER}?{MARKER}", MARKER),
]
TOKENS = ("a-token", MARKER)  # the right one and a wrong one
LINE = re.compile(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d[.,]\d{3} (DEBUG|INFO|WARNING|ERROR|CRITICAL) [\w.]+: \S")


@pytest.fixture
def lines():
    """The lines that are logged, in the server's format."""
    written: list[str] = []
    handler = logging.Handler()
    handler.setFormatter(logging.Formatter(logs.FORMAT))
    handler.emit = lambda record: written.append(handler.format(record))
    before = logging.getLogRecordFactory()
    logging.setLogRecordFactory(logs.Event)
    names = ("streamlit.error_util", "a.library")
    for name in names:
        logging.getLogger(name).addHandler(handler)
    yield written
    for name in names:
        logging.getLogger(name).removeHandler(handler)
    logging.setLogRecordFactory(before)


def _raise_with_marker() -> None:
    try:
        int(MARKER)
    except ValueError as error:
        raise KeyError(MARKER) from error


def test_an_error_is_logged_in_one_line_with_types_and_frames_but_no_message(lines):
    try:
        _raise_with_marker()
    except KeyError as error:
        _log_uncaught_app_exception(error)
    [line] = lines
    assert LINE.match(line)
    assert "\n" not in line
    assert "test_log.py" in line
    assert line.index("ValueError") < line.index("KeyError")
    assert f"({MARKER!r})" not in line
    assert f": {MARKER!r}" not in line


def test_a_message_of_several_lines_becomes_one(lines):
    logging.getLogger("a.library").warning("first\r\n%s\n", "2026-01-01 INFO forged: line")
    assert [line.partition(": ")[2] for line in lines] == ["first\\n2026-01-01 INFO forged: line"]


def test_streamlit_s_own_lines_have_the_same_format():
    settings = tomllib.loads((ROOT.parent / ".streamlit/config.toml").read_text(encoding="utf-8"))
    assert settings["logger"] == {"enableRich": False, "messageFormat": logs.FORMAT}


@pytest.mark.process
def test_nothing_that_a_caller_sends_is_logged(tmp_path, monkeypatch):
    monkeypatch.setenv("SENTIMENT_JOBS", str(tmp_path / "jobs"))
    monkeypatch.setenv("SENTIMENT_API_TOKEN", TOKENS[0])
    run = full_run(tmp_path / "runs" / "tiny")
    (run.parent / "default").write_text("tiny")
    with serve(run.parent, tmp_path / "log") as address:
        for (path, body), token in product(REQUESTS, TOKENS):
            headers = {"Content-Type": "application/json", "Authorization": f"Bearer {token}", "Referer": MARKER}
            try:
                urllib.request.urlopen(urllib.request.Request(f"{address}/api/{path}", body.encode(), headers)).close()
            except urllib.error.HTTPError as error:
                error.close()
        with Visitor(address) as visitor:
            visitor.analyse(f"{MARKER} good film")
            visitor.wait()
    logged = (tmp_path / "log").read_text(encoding="utf-8")
    assert MARKER not in logged
    events = [
        line for line in logged.splitlines() if line.strip() and not line.startswith("  ")
    ]  # without the greeting
    assert [line for line in events if not LINE.match(line)] == []
    assert len([line for line in events if "sentiment.api: request" in line]) == len(REQUESTS) * len(TOKENS)
