"""The snippets of docs/http.md run with only the port changed, and give the values after their arrows."""

from __future__ import annotations

import json
import re
import subprocess
import urllib.error
import urllib.request

import pytest

from dev.serving import serve
from sentiment import budget
from sentiment.api import limits, schema
from sentiment.artifacts import ROOT
from tests.test_python_page import run

pytestmark = pytest.mark.process
PAGE = (ROOT.parent / "docs" / "http.md").read_text(encoding="utf-8")
TOKEN = "a-long-token-of-random-characters"


def snippets(language: str) -> list[str]:
    """The snippets of the page in a language."""
    return re.findall(rf"^```{language}\n(.*?)^```", PAGE, re.DOTALL | re.MULTILINE)


@pytest.fixture(scope="module")
def port(tmp_path_factory):
    """The port of a server with the shipped run and a token."""
    with pytest.MonkeyPatch.context() as environment:
        environment.setenv("SENTIMENT_JOBS", str(tmp_path_factory.mktemp("jobs")))
        environment.setenv("SENTIMENT_API_TOKEN", TOKEN)
        with serve(ROOT, tmp_path_factory.mktemp("log") / "log") as address:
            yield address.rpartition(":")[2]


def test_the_python_snippet_gives_the_values_after_its_arrows(port, monkeypatch):
    monkeypatch.setenv("SENTIMENT_API_TOKEN", TOKEN)
    [code] = snippets("python")
    assert code.count(" # -> ") == 3
    assert run(code.replace("127.0.0.1:8501", f"127.0.0.1:{port}"), {}) == []


def test_the_shell_snippets_print_json(port):
    predict, ready = (code.replace("127.0.0.1:8501", f"127.0.0.1:{port}") for code in snippets("sh"))
    predict = predict.replace("curl", f"curl --header 'Authorization: Bearer {TOKEN}'")
    found = [
        json.loads(subprocess.run(["sh", "-c", code], capture_output=True, check=True, text=True).stdout)
        for code in (predict, ready)
    ]
    assert [each["label"] for each in found[0]["predictions"]] == ["positive", "negative"]
    assert found[1]["ready"] is True


def test_the_page_names_every_path_status_and_limit():
    document = schema.openapi("/api")
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            assert f"`{method.upper()} /api{path}`" in PAGE
            for status in operation["responses"]:
                assert re.search(rf"\b{status}\b", PAGE), status
    for limit in (limits.REQUEST_TEXTS, budget.TEXT_CHARACTERS, limits.REQUEST_CHARACTERS, limits.BODY_BYTES):
        assert f"{limit:,}" in PAGE
    assert f"{limits.REQUEST_SECONDS} seconds" in PAGE
    assert f"up to {limits.ADMITTED_REQUESTS - limits.CONCURRENT_REQUESTS} more wait" in PAGE


def test_a_client_that_sends_far_too_much_receives_the_reason(port):
    body = b" " * (4 * limits.BODY_BYTES)  # so that the client is still sending when the server answers
    for token, status in ((TOKEN, 413), ("another", 401)):
        request = urllib.request.Request(f"http://127.0.0.1:{port}/api/predict", body)
        request.add_header("Content-Type", "application/json")
        request.add_header("Authorization", f"Bearer {token}")
        with pytest.raises(urllib.error.HTTPError) as raised:
            urllib.request.urlopen(request)
        assert raised.value.code == status
        assert json.load(raised.value)["error"]
