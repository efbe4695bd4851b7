"""The systems on which the program runs, and the addresses at which ``make app`` serves."""

from __future__ import annotations

import os
import re
import shlex
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from dev.serving import wait_until_served
from dev.system import free_port

HOME = Path(__file__).resolve().parent.parent
SENTENCE = "Sentiment runs on Linux and macOS; on Windows, use the Windows Subsystem for Linux"
OTHER_LOOPBACK = "127.0.0.2"  # on Linux, a server on all interfaces also answers here
COMMANDS = ("score", "train", "evaluate", "ready", "download_data", "find_label_errors", "compile")

pytestmark = pytest.mark.process


def make(*arguments: str) -> subprocess.CompletedProcess[str]:
    """Runs make without its commands, which it only prints."""
    return subprocess.run(["make", "--dry-run", *arguments], cwd=HOME, capture_output=True, text=True)


def server_command(*settings: str) -> list[str]:
    """The arguments of ``streamlit run`` in the commands of ``make app``."""
    printed = make("app", *settings).stdout.replace("\\\n", " ")
    return shlex.split(next(line for line in printed.splitlines() if "streamlit run" in line))[1:]


def answers(address: str, port: int) -> bool:
    """Whether a server accepts connections there."""
    try:
        socket.create_connection((address, port), timeout=5).close()
    except OSError:
        return False
    return True


@pytest.mark.parametrize(
    ("settings", "reachable"),
    [
        ((), False),
        (("ADDRESS=127.0.0.1",), False),
        pytest.param(
            ("ADDRESS=0.0.0.0",), True, marks=pytest.mark.skipif(sys.platform != "linux", reason="needs 127.0.0.2")
        ),
    ],
)
def test_make_app_serves_only_this_machine_by_default(settings, reachable, runs, tmp_path):
    port = free_port()
    command = [sys.executable, "-m", "streamlit", *server_command(f"PORT={port}", *settings)]
    environment = {**os.environ, "SENTIMENT_RUNS": str(runs), "SENTIMENT_JOBS": str(tmp_path / "jobs")}
    with (tmp_path / "log").open("wb") as log:
        process = subprocess.Popen(
            [*command, "--server.headless", "true"], cwd=HOME, env=environment, stdout=log, stderr=log
        )
        try:
            wait_until_served(process, f"http://127.0.0.1:{port}/_stcore/health")
            assert answers(OTHER_LOOPBACK, port) == reachable
            assert not answers("::1", port)
        finally:
            process.terminate()
            process.wait(30)


def test_make_app_names_an_address_only_where_one_is_given():
    assert "--server.address" not in server_command()
    command = server_command("ADDRESS=192.0.2.7", "PORT=80")
    assert command[command.index("--server.address") + 1] == "192.0.2.7"
    assert command[command.index("--server.port") + 1] == "80"


def test_the_image_opens_the_app_inside_its_container():
    last = (HOME / "Dockerfile").read_text(encoding="utf-8").splitlines()[-1]
    assert re.match(r'CMD \["streamlit", "run", .*"--server.address", "0.0.0.0"', last)


def without_fcntl(code: str) -> subprocess.CompletedProcess[str]:
    """Runs Python as it is on Windows, where there is no module ``fcntl``."""
    start = f"import runpy, sys; sys.modules['fcntl'] = None; sys.path.insert(0, 'scripts'); {code}"
    return subprocess.run([sys.executable, "-c", start], cwd=HOME, capture_output=True, text=True)


@pytest.mark.parametrize("name", COMMANDS)
def test_on_another_system_a_command_ends_in_one_sentence(name):
    done = without_fcntl(f"runpy.run_path('scripts/{name}.py', run_name='__main__')")
    assert (done.returncode, done.stdout, done.stderr) == (2, "", f"{SENTENCE}.\n")


@pytest.mark.parametrize("module", ["sentiment", "sentiment.bulk.parts", "sentiment.app.review.page"])
def test_on_another_system_importing_the_package_ends_in_one_sentence(module):
    done = without_fcntl(f"import {module}")
    assert (done.returncode, done.stdout, done.stderr) == (2, "", f"{SENTENCE}.\n")


@pytest.mark.parametrize("target", ["help", "app", "test", "train"])
def test_on_another_system_make_ends_in_one_sentence(target):
    done = make(target, "OS=Windows_NT")
    assert done.returncode == 2
    assert re.fullmatch(rf"Makefile:\d+: \*\*\* {SENTENCE}\.  Stop\.\n", done.stderr)


def test_the_readme_names_the_systems():
    text = " ".join((HOME / "README.md").read_text(encoding="utf-8").split())
    assert "Linux or macOS with Python 3.11, 3.12 or 3.13" in text


def test_every_push_is_tested_on_the_oldest_and_the_newest_python_that_make_accepts():
    oldest, newest = re.search(
        r"\((3, \d+)\) <= .* <= \((3, \d+)\)", (HOME / "Makefile").read_text(encoding="utf-8")
    ).groups()  # fmt: skip
    versions = [f'"{version.replace(", ", ".")}"' for version in (oldest, newest)]
    workflow = (HOME / ".github/workflows/ci.yml").read_text(encoding="utf-8")
    assert f"python: [{', '.join(versions)}]" in workflow
    assert set(re.findall(r'python-version: ("[\d.]+")', workflow)) == {versions[1]}
