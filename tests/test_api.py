"""The API: the fields of ``score.py --text``, limits, one sentence for each error, metrics, and its documents."""

from __future__ import annotations

import json
import re
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from prometheus_client.openmetrics.parser import text_string_to_metric_families
from starlette.routing import Mount, Router
from starlette.testclient import TestClient

from sentiment import budget
from sentiment.api import limits, schema
from sentiment.api.application import build_api
from sentiment.bulk.jobs.job import new_job
from sentiment.model.classifier import Classifier
from tests.command import run_script
from tests.tiny import tiny_run

HERE = "http://127.0.0.1:8501"
CALLER = ("127.0.0.1", 50000)
TEXTS = ["A good film!", "", "not a dull film", "<b>great</b> \u00e9\U0001f600"]
BODIES = st.recursive(
    st.none() | st.booleans() | st.floats() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.sampled_from(["text", "texts", "x"]), inner),
)
EXTERNAL = re.compile(r"(?:src|href)=['\"]?(?:https?:)?//|<script|@import|url\(")


@pytest.fixture(scope="module")
def runs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("runs")
    tiny_run(folder / "tiny")
    tiny_run(folder / "other", seed=1)
    (folder / "default").write_text("tiny", encoding="utf-8")
    return folder


@pytest.fixture(scope="module")
def client(runs: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[TestClient]:
    """A caller on the server's own machine."""
    with pytest.MonkeyPatch.context() as environment:
        environment.setenv("SENTIMENT_RUNS", str(runs))
        environment.setenv("SENTIMENT_JOBS", str(tmp_path_factory.mktemp("jobs")))
        environment.delenv("SENTIMENT_API_TOKEN", raising=False)
        yield serve()


def serve(load=Classifier.load) -> TestClient:
    """Returns a client of the API."""
    app = Router([Mount("/api", build_api(load, has_login=lambda: False))])
    return TestClient(app, HERE, client=CALLER, raise_server_exceptions=False)


def sentence(response, status: int) -> str:
    """Returns the sentence of an error with this status."""
    assert response.status_code == status
    assert set(response.json()) == {"error"}
    text = response.json()["error"]
    assert text[-1] == "."
    assert "Traceback" not in text
    return text


def metrics(client: TestClient) -> dict[str, dict[str, float]]:
    """Returns the values of each metric by their labels, by the metric's name."""
    response = client.get("/api/metrics")
    assert response.headers["Content-Type"].startswith("application/openmetrics-text")
    return {
        family.name: {"|".join(each.labels.values()): each.value for each in family.samples}
        for family in text_string_to_metric_families(response.text)
    }


def test_predictions_are_those_of_the_command_line_in_the_order_of_the_texts(client, runs):
    response = client.post("/api/predict", json={"texts": TEXTS})
    assert response.status_code == 200
    found = response.json()
    assert found["run"] == "tiny"
    for text, prediction in zip(TEXTS, found["predictions"], strict=True):
        assert prediction == json.loads(run_script("score.py", "--text", text).stdout)


def test_an_explanation_is_that_of_the_command_line(client):
    for text in TEXTS:
        found = client.post("/api/explain", json={"text": text}).json()
        expected = json.loads(run_script("score.py", "--text", text, "--explain").stdout)
        pairs = zip(found.pop("contributions"), expected.pop("contributions"), strict=True)
        assert list(found) == list(expected)
        assert found == pytest.approx(expected, abs=1e-6)
        for one, other in pairs:
            assert one == pytest.approx(other, abs=1e-6)


def test_a_score_does_not_depend_on_the_other_texts_of_the_request(client):
    texts = [f"{word} film {'good ' * n}" for n in range(40) for word in ("a", "not")]
    together = client.post("/api/predict", json={"texts": texts}).json()["predictions"]
    alone = [client.post("/api/predict", json={"texts": [text]}).json()["predictions"][0] for text in texts]
    for one, other in zip(together, alone, strict=True):
        assert one == pytest.approx(other, abs=1e-6)


def test_no_texts_give_no_predictions(client):
    assert client.post("/api/predict", json={"texts": []}).json() == {"predictions": [], "run": "tiny"}


def test_answers_conform_to_the_published_schema(client):
    predicted = client.post("/api/predict", json={"texts": TEXTS})
    schema.PredictResponse.model_validate_json(predicted.content, strict=True, extra="forbid")
    explained = client.post("/api/explain", json={"text": TEXTS[0]})
    schema.Explanation.model_validate_json(explained.content, strict=True, extra="forbid")
    schema.Ready.model_validate_json(client.get("/api/ready").content, strict=True, extra="forbid")


@pytest.mark.parametrize(
    ("body", "status", "said"),
    [
        ("", 400, "not valid JSON"),
        ("{", 400, "not valid JSON"),
        ("[" * 100_000, 400, "not valid JSON"),
        ('{"texts": ["\\ud800"]}', 400, "not valid JSON"),
        ("[]", 422, "The body"),
        ("null", 422, "The body"),
        ("{}", 422, "texts: Field required"),
        ('{"texts": "one text"}', 422, "texts: "),
        ('{"texts": {"0": "a"}}', 422, "texts: "),
        ('{"texts": ["a", 1]}', 422, "texts[1]: "),
        ('{"texts": ["a", null]}', 422, "texts[1]: "),
        ('{"texts": ["a"], "text": "a"}', 422, "text: "),
        (json.dumps({"texts": ["a"] * (limits.REQUEST_TEXTS + 1)}), 413, "1,000 texts"),
        (json.dumps({"texts": ["a" * (budget.TEXT_CHARACTERS + 1)]}), 413, "200,000 characters"),
        (json.dumps({"texts": ["a" * budget.TEXT_CHARACTERS] * 6}), 413, "1,000,000 characters"),
        (json.dumps({"texts": [" " * limits.BODY_BYTES]}), 413, "7,000,000 bytes"),
    ],
)
def test_a_bad_body_is_refused_in_a_sentence(client, body, status, said):
    response = client.post("/api/predict", content=body, headers={"Content-Type": "application/json"})
    assert said in sentence(response, status)


@given(body=BODIES)
def test_any_json_gets_one_of_the_documented_statuses(client, body):
    for path in ("predict", "explain"):
        response = client.post(f"/api/{path}", content=json.dumps(body), headers={"Content-Type": "application/json"})
        assert response.status_code in (200, 400, 413, 422)


def test_a_body_without_a_declared_length_is_limited_too(client):
    pieces = (b" " * 1_000_000 for _ in range(8))
    response = client.post("/api/predict", content=pieces, headers={"Content-Type": "application/json"})
    assert "7,000,000 bytes" in sentence(response, 413)


@pytest.mark.parametrize("kind", ["text/plain", "application/x-www-form-urlencoded", "application/jsonp", ""])
def test_a_body_that_is_not_declared_as_json_is_refused(client, kind):
    response = client.post("/api/predict", content='{"texts": []}', headers={"Content-Type": kind})
    assert "application/json" in sentence(response, 415)


def test_an_unknown_path_or_method_is_refused_in_a_sentence(client):
    sentence(client.get("/api/nothing"), 404)
    response = client.get("/api/predict")
    assert response.headers["Allow"] == "POST"
    sentence(response, 405)


def test_an_error_in_the_server_is_reported_without_details():
    def load(run):
        raise RuntimeError("a secret")

    assert "secret" not in sentence(serve(load).post("/api/predict", json={"texts": ["a film"]}), 500)


def test_without_a_usable_run_the_api_is_not_ready_and_says_why(tmp_path, monkeypatch):
    monkeypatch.setenv("SENTIMENT_RUNS", str(tmp_path))
    client = serve()
    ready = client.get("/api/ready")
    assert (ready.status_code, ready.json()["ready"]) == (503, False)
    assert "No default model" in sentence(client.post("/api/predict", json={"texts": ["a film"]}), 503)


def test_the_api_serves_another_run_as_soon_as_it_becomes_the_default(client, runs):
    many = {"texts": ["a good film"] * 20}
    assert client.get("/api/ready").json() == {"ready": True, "run": "tiny"}
    before = client.post("/api/predict", json=many).json()
    (runs / "default").write_text("other", encoding="utf-8")
    after = client.post("/api/predict", json=many).json()
    (runs / "default").write_text("tiny", encoding="utf-8")
    assert after["run"] == "other"
    assert after["predictions"] != before["predictions"]
    assert client.post("/api/predict", json=many).json() == before


def test_requests_beyond_the_limit_are_refused_with_retry_after(monkeypatch, runs):
    monkeypatch.setenv("SENTIMENT_RUNS", str(runs))
    started, may_end = threading.Semaphore(0), threading.Event()

    def load(run):
        started.release()
        may_end.wait(30)
        return Classifier.load(run)

    with serve(load) as client, ThreadPoolExecutor(limits.ADMITTED_REQUESTS) as pool:  # one event loop for all
        answers = [
            pool.submit(client.post, "/api/predict", json={"texts": ["a film"]})
            for _ in range(limits.ADMITTED_REQUESTS)
        ]
        started.acquire()
        while metrics(client)["sentiment_api_requests"]["waiting"] < limits.ADMITTED_REQUESTS - 1:
            time.sleep(0.01)
        refused = client.post("/api/predict", json={"texts": ["a film"]})
        may_end.set()
        assert "busy" in sentence(refused, 503)
        assert int(refused.headers["Retry-After"]) > 0
        assert {answer.result().status_code for answer in answers} == {200}


def test_a_request_that_waits_or_runs_too_long_is_refused(monkeypatch, runs):
    monkeypatch.setenv("SENTIMENT_RUNS", str(runs))
    monkeypatch.setattr(limits, "REQUEST_SECONDS", 0.1)
    started, may_end = threading.Event(), threading.Event()

    def load(run):
        started.set()
        may_end.wait(30)
        return Classifier.load(run)

    with serve(load) as client, ThreadPoolExecutor(1) as pool:
        first = pool.submit(client.post, "/api/predict", json={"texts": ["a film"]})
        started.wait()
        assert "too long" in sentence(client.post("/api/predict", json={"texts": ["a film"]}), 503)
        may_end.set()
        assert "fewer texts" in sentence(first.result(), 503)


def test_metrics_count_requests_predictions_and_jobs(client, tmp_path, monkeypatch):
    monkeypatch.setenv("SENTIMENT_JOBS", str(tmp_path))
    for files in (["upload", "error"], ["upload"], ["upload", "inspection"]):
        with new_job(tmp_path) as job:
            for name in files:
                job.write(name, {})
    before = metrics(client)
    client.post("/api/predict", json={"texts": ["a good film", ""]})
    client.post("/api/predict", json={"texts": 1})
    client.get("/api/a-text-in-the-path")
    after = metrics(client)
    assert after["sentiment_jobs"]["failed"] == after["sentiment_jobs"]["unread"] == after["sentiment_jobs"]["new"] == 1
    assert after["sentiment_jobs_queued"] == {"": 1}
    assert after["sentiment_run"] == {"tiny": 1}
    [prediction] = client.post("/api/predict", json={"texts": ["a good film"]}).json()["predictions"]
    old, new = (each["sentiment_predictions"] for each in (before, after))
    added = {key: value - old.get(key, 0) for key, value in new.items() if value != old.get(key, 0)}
    assert added == {"none|api": 1, f"{prediction['label']}|api": 1}
    seconds = after["sentiment_api_request_seconds"]
    assert {"/predict|200", "/predict|422", "other|404"} <= set(seconds)
    assert not [key for key in seconds if "a-text" in key]


def test_the_openapi_document_has_every_path_and_its_examples_work(client):
    document = client.get("/api/openapi.json").json()
    base = document["servers"][0]["url"]
    assert set(document["paths"]) == {"/predict", "/explain", "/ready", "/metrics"}
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            body = None
            if "requestBody" in operation:
                name = operation["requestBody"]["content"]["application/json"]["schema"]["$ref"].rpartition("/")[2]
                fields = document["components"]["schemas"][name]["properties"]
                body = {name: field["examples"][0] for name, field in fields.items()}
            assert client.request(method, base + path, json=body).status_code == 200
    referred = set(re.findall(r'"#/components/schemas/(\w+)"', json.dumps(document)))
    assert referred <= set(document["components"]["schemas"])


def test_the_page_for_people_names_every_field_and_loads_no_other_resource(client):
    page = client.get("/api/")
    assert page.headers["Content-Type"].startswith("text/html")
    document = client.get("/api/openapi.json").json()
    assert not EXTERNAL.search(page.text)
    for model in document["components"]["schemas"].values():
        for field in model["properties"]:
            assert field in page.text
    assert f"curl {HERE}/api/predict" in page.text


def test_the_page_escapes_the_host(client):
    response = client.get("/api/", headers={"Host": "127.0.0.1:8501<script>"})
    assert "<script" not in response.text
