"""Which callers the API answers, and what it logs of a request."""

from __future__ import annotations

import logging

import anyio
import pytest
from starlette.requests import Request
from starlette.responses import PlainTextResponse
from starlette.testclient import TestClient

from sentiment.api import limits
from sentiment.api.access import Gate
from sentiment.api.drained import Drained
from sentiment.api.observed import Observed

TOKEN = "a-long-token-of-random-characters"


async def answer(scope, receive, send):
    """An app that reads the whole body and answers every request."""
    await Request(scope, receive).body()
    await PlainTextResponse("the answer")(scope, receive, send)


@pytest.fixture(autouse=True)
def _no_token(monkeypatch):
    monkeypatch.delenv("SENTIMENT_API_TOKEN", raising=False)


def ask(headers=(), server="http://127.0.0.1:8501", client="127.0.0.1", login=False, http_version="1.1"):
    """Returns the status of a request with these headers."""
    gate = Gate(answer, lambda: login)

    async def app(scope, receive, send):
        scope["http_version"] = http_version
        await gate(scope, receive, send)

    response = TestClient(app, server, client=(client, 5)).post("/predict", headers=dict(headers))
    assert (response.text == "the answer") == (response.status_code == 200)
    return response.status_code


@pytest.mark.parametrize(
    ("server", "client", "headers"),
    [
        ("http://127.0.0.1:8501", "127.0.0.1", {}),
        ("http://127.0.0.1:8501", "127.0.0.1", {"Host": "localhost:8501"}),
        ("http://127.8.9.1", "127.0.0.1", {}),
        ("http://[::1]:8501", "::1", {}),
    ],
)
def test_a_program_on_the_same_machine_is_answered(server, client, headers):
    assert ask(headers, server, client) == 200


@pytest.mark.parametrize("client", ["192.168.1.7", "10.0.0.1", "testclient", "::ffff:192.168.1.7", "2001:db8::1"])
def test_a_program_on_another_machine_is_refused(client):
    assert ask(client=client) == 403


def test_a_connection_to_the_network_address_is_refused_whatever_its_host_header_says():
    assert ask({"Host": "localhost:8501"}, server="http://192.168.1.5:8501") == 403


@pytest.mark.parametrize(
    "host",
    [
        *("evil.example", "evil.example:8501", "localhost.evil.example", "127.0.0.1.evil.example", "192.168.1.5:8501"),
        *("", "[", "evil.example@127.0.0.1.x", "0.0.0.0", "127.0.0.1, evil.example", "2130706433"),
    ],
)
def test_a_host_name_that_was_rebound_to_loopback_is_refused(host):
    assert ask({"Host": host}) == 403


@pytest.mark.parametrize(
    "header",
    [
        *("X-Forwarded-For", "x-forwarded-host", "X-Forwarded-Proto", "X-Forwarded", "Forwarded"),
        *("X-Real-IP", "Via", "CF-Connecting-IP", "True-Client-IP"),
    ],
)
@pytest.mark.parametrize("value", ["127.0.0.1", ""])
def test_a_request_forwarded_by_a_proxy_is_refused(header, value):
    assert ask({header: value}) == 403


def test_a_proxy_that_adds_no_header_is_recognised_by_http_1_0():
    assert ask(http_version="1.0") == 403


@pytest.mark.parametrize(
    "headers",
    [
        {"Origin": "https://evil.example"},
        {"Origin": "null"},
        {"Origin": "http://localhost:3000"},
        {"Origin": "https://127.0.0.1:8501"},
        {"Origin": ""},
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
    ],
)
def test_a_page_of_another_site_is_refused(headers):
    assert ask(headers) == 403


@pytest.mark.parametrize("headers", [{"Origin": "http://127.0.0.1:8501"}, {"Sec-Fetch-Site": "same-origin"}])
def test_the_apps_own_pages_are_answered(headers):
    assert ask(headers) == 200


def test_if_a_token_is_set_a_request_without_it_is_refused(monkeypatch):
    monkeypatch.setenv("SENTIMENT_API_TOKEN", TOKEN)
    assert ask() == 401


@pytest.mark.parametrize(
    "sent", ["", "Bearer", "Bearer ", "Bearer wrong", f"Basic {TOKEN}", TOKEN, f"Bearer {TOKEN}x", "Bearer \xff"]
)
def test_a_wrong_token_is_refused(monkeypatch, sent):
    monkeypatch.setenv("SENTIMENT_API_TOKEN", TOKEN)
    assert ask({"Authorization": sent.encode("latin-1")}) == 401


def test_with_the_token_remote_callers_are_answered_behind_a_proxy_and_with_login(monkeypatch):
    monkeypatch.setenv("SENTIMENT_API_TOKEN", TOKEN)
    headers = {"Authorization": f"Bearer {TOKEN}", "X-Forwarded-For": "192.0.2.7", "Host": "reviews.example.org"}
    assert ask(headers, client="192.0.2.7") == 200
    assert ask(headers, client="192.0.2.7", login=True) == 200


def test_with_login_a_program_on_the_same_machine_needs_the_token_too():
    assert ask(login=True) == 403


def test_a_log_line_contains_nothing_written_by_the_caller(caplog):
    marker = "a-word-of-the-visitor"
    seen = []
    app = Observed(answer, frozenset({"/predict"}), lambda *observed: seen.append(observed))
    client = TestClient(app)
    with caplog.at_level(logging.INFO, "sentiment"):
        client.post(f"/predict?{marker}", content=marker, headers={"X-Request-Id": marker, "User-Agent": marker})
        client.get(f"/{marker}")
        client.request(marker, "/predict")
    assert marker not in caplog.text
    assert [endpoint for endpoint, *_ in seen] == ["/predict", "other", "/predict"]
    lines = [record.getMessage() for record in caplog.records if record.name == "sentiment.api"]
    assert len(lines) == 3
    assert lines[0].split()[2:5] == ["POST", "/predict", "200"]


def test_the_answer_has_the_request_id_of_the_log(caplog):
    client = TestClient(Observed(answer, frozenset(), lambda *_: None))
    with caplog.at_level(logging.INFO, "sentiment"):
        request = client.get("/").headers["X-Request-Id"]
    assert f"request {request} " in caplog.text


@pytest.mark.parametrize("size", [20_000_000, limits.DRAINED_BYTES * 2])
def test_a_refused_body_is_read_to_its_end_or_up_to_a_limit(size):
    read = 0

    async def receive():
        nonlocal read
        read += 1_000_000
        return {"type": "http.request", "body": b" " * 1_000_000, "more_body": read < size}

    sent = []

    async def send(message):
        sent.append((message["type"], read))

    app = Drained(Gate(answer, lambda: True))
    scope = {"type": "http", "method": "POST", "path": "/predict", "headers": []}
    anyio.run(app, scope, receive, send)
    assert sent[0] == ("http.response.start", min(size, limits.DRAINED_BYTES))
