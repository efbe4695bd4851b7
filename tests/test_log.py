"""The log of the server: one line per event, with time and level, and never a visitor's text."""

from __future__ import annotations

import logging
import re
import tomllib
import urllib.error
import urllib.request

import pytest
from streamlit.error_util import _log_uncaught_app_exception

from dev.serving import serve
from dev.visitor import Visitor
from sentiment.app.shared import logs
from sentiment.artifacts import ROOT
from tests.app_runs import full_run

MARKER = "xylophonic"
LINE = re.compile(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d[.,]\d{3} (DEBUG|INFO|WARNING|ERROR|CRITICAL) [\w.]+: \S")


@pytest.fixture
def lines():
    """The lines that are logged, in the form of the server."""
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


def _fail() -> None:
    try:
        int(MARKER)
    except ValueError as error:
        raise KeyError(MARKER) from error


def test_an_error_of_a_page_is_one_line_with_its_types_and_frames_and_without_its_messages(lines):
    try:
        _fail()
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


def test_streamlits_own_lines_have_the_same_form():
    settings = tomllib.loads((ROOT.parent / ".streamlit/config.toml").read_text(encoding="utf-8"))
    assert settings["logger"] == {"enableRich": False, "messageFormat": logs.FORMAT}


@pytest.mark.process
def test_whatever_a_caller_sends_no_word_of_it_is_logged(tmp_path, monkeypatch):
    monkeypatch.setenv("SENTIMENT_JOBS", str(tmp_path / "jobs"))
    monkeypatch.setenv("SENTIMENT_API_TOKEN", "a-token")
    run = full_run(tmp_path / "runs" / "tiny")
    (run.parent / "default").write_text("tiny")
    with serve(run.parent, tmp_path / "log") as address:
        for path, body in (
            ("predict", f'{{"texts": ["{MARKER}"]}}'),
            ("predict", f'{{"{MARKER}": 1}}'),
            ("predict", MARKER),
            ("explain", f'{{"text": "{MARKER}"}}'),
            (f"{MARKER}?{MARKER}", MARKER),
        ):
            for token in ("a-token", MARKER):
                headers = {"Content-Type": "application/json", "Authorization": f"Bearer {token}", "Referer": MARKER}
                try:
                    urllib.request.urlopen(urllib.request.Request(f"{address}/api/{path}", body.encode(), headers))
                except urllib.error.HTTPError as error:
                    error.close()
        with Visitor(address) as visitor:
            visitor.analyse(f"{MARKER} good film")
            visitor.wait()
    logged = (tmp_path / "log").read_text(encoding="utf-8")
    assert MARKER not in logged
    events = [line for line in logged.splitlines() if line.strip() and not line.startswith("  ")]  # less the greeting
    assert [line for line in events if not LINE.match(line)] == []
    assert len([line for line in events if "sentiment.api: request" in line]) == 10
