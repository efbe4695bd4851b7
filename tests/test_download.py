"""Downloads of the release: resumed after a break, checked, and reported in one line if they fail."""

from __future__ import annotations

import hashlib
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from sentiment.dataset import DatasetError
from sentiment.dataset.download import download
from tests.command import run_script
from tests.data_forms import release, stanford_archive

SCRIPT = Path(__file__).parent.parent / "scripts" / "download_data.py"
CONTENT = bytes(range(256)) * 2_000
SHA256 = hashlib.sha256(CONTENT).hexdigest()


class Server(ThreadingHTTPServer):
    """Serves a file over connections that may break.

    Attributes:
        content: the file.
        sends: the bytes that each of the next requests sends before its connection breaks; later ones send all.
        knows_ranges: whether a request may ask for the rest of the file.
        wait: seconds for which a connection stays open after its last byte.
        requested_ranges: the header ``Range`` of each request so far.
    """

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.content = CONTENT
        self.sends: list[int] = []
        self.knows_ranges = True
        self.wait = 0.0
        self.requested_ranges: list[str | None] = []

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}/reviews/release.tar.gz"


class _Handler(BaseHTTPRequestHandler):
    server: Server

    def do_GET(self) -> None:
        wanted = self.headers.get("Range")
        self.server.requested_ranges.append(wanted)
        if not self.path.endswith("/release.tar.gz"):
            return self.send_error(404)
        start = 0
        if wanted and self.server.knows_ranges:
            start = int(wanted.removeprefix("bytes=").removesuffix("-"))
            if start >= len(self.server.content):
                return self.send_error(416)
        rest = self.server.content[start:]
        self.send_response(206 if start else 200)
        self.send_header("Content-Length", str(len(rest)))
        self.end_headers()
        self.wfile.write(rest[: self.server.sends.pop(0)] if self.server.sends else rest)
        self.wfile.flush()
        time.sleep(self.server.wait)

    def log_message(self, *arguments: object) -> None:
        pass


@pytest.fixture
def server() -> Iterator[Server]:
    with Server() as running:
        thread = threading.Thread(target=running.serve_forever, args=(0.01,))
        thread.start()
        yield running
        running.shutdown()
        thread.join()


@pytest.fixture
def target(tmp_path: Path) -> Path:
    return tmp_path / "release.tar.gz"


def part_of(target: Path) -> Path:
    return target.with_name(f"{target.name}.part")


def refusal(url: str, target: Path) -> str:
    """Returns the error of a download."""
    with pytest.raises(DatasetError) as caught:
        download(url, target, SHA256)
    return str(caught.value)


def test_a_download_is_complete_and_leaves_nothing_else(server, target):
    download(server.url, target, SHA256)
    assert target.read_bytes() == CONTENT
    assert list(target.parent.iterdir()) == [target]
    assert server.requested_ranges == [None]


def test_progress_ends_with_all_bytes_of_all_bytes(server, target):
    reports: list[tuple[int, int | None]] = []
    server.sends = [100_000]
    download(server.url, target, SHA256, lambda done, total: reports.append((done, total)))
    assert reports[-1] == (len(CONTENT), len(CONTENT))
    assert {total for _, total in reports} == {len(CONTENT)}
    assert [done for done, _ in reports] == sorted(done for done, _ in reports)


def test_a_broken_download_is_resumed_where_it_broke(server, target):
    server.sends = [100_000, 200_000]
    download(server.url, target, SHA256)
    assert target.read_bytes() == CONTENT
    assert server.requested_ranges == [None, "bytes=100000-", "bytes=300000-"]


def test_the_next_call_resumes_the_partial_download(server, target):
    server.sends = [100_000, 0]
    sentence = refusal(server.url, target)
    assert "the connection broke" in sentence
    assert "100,000 bytes are kept" in sentence
    assert not target.exists()
    download(server.url, target, SHA256)
    assert target.read_bytes() == CONTENT
    assert server.requested_ranges[-1] == "bytes=100000-"


def test_a_server_that_ignores_ranges_sends_the_whole_file_again(server, target):
    server.knows_ranges = False
    server.sends = [100_000]
    download(server.url, target, SHA256)
    assert target.read_bytes() == CONTENT
    assert server.requested_ranges == [None, "bytes=100000-"]


def test_a_download_that_breaks_from_a_server_that_ignores_ranges_is_given_up(server, target):
    server.knows_ranges = False
    server.sends = [100_000] * 10
    assert "the connection broke" in refusal(server.url, target)
    assert len(server.requested_ranges) == 2


def test_a_part_that_is_already_complete_is_only_checked(server, target):
    part_of(target).write_bytes(CONTENT)
    server.content = b""
    download(server.url, target, SHA256)
    assert target.read_bytes() == CONTENT


def test_an_existing_file_is_not_fetched_again(server, target):
    target.write_bytes(CONTENT)
    download(server.url, target, SHA256)
    assert server.requested_ranges == []


def test_another_file_at_the_target_is_left_alone(server, target):
    target.write_bytes(b"mine")
    assert "is a different file; move it away" in refusal(server.url, target)
    assert target.read_bytes() == b"mine"


def test_a_file_with_a_wrong_checksum_is_removed(server, target):
    server.content = b"Please log in."
    sentence = refusal(server.url, target)
    assert "the download was removed" in sentence
    assert hashlib.sha256(server.content).hexdigest() in sentence
    assert list(target.parent.iterdir()) == []


def test_a_missing_page_is_reported(server, target):
    url = server.url.replace("release", "absent")
    assert refusal(url, target) == f"The server answered 404 Not Found for {url}."


def test_a_missing_server_is_reported(server, target):
    url = server.url.replace(str(server.server_port), "1")
    assert f"{url} cannot be reached: " in refusal(url, target)


@pytest.mark.parametrize("url", ["file:///etc/hostname", "ftp://127.0.0.1/a", "release.tar.gz"])
def test_only_web_addresses_are_fetched(url, target):
    assert "not an http or https address" in refusal(url, target)


def start_script(*arguments: object) -> subprocess.Popen[str]:
    command = [sys.executable, str(SCRIPT), *map(str, arguments)]
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def test_the_script_fetches_a_release_and_says_what_it_holds(server, tmp_path):
    server.content = stanford_archive(release(), tmp_path).read_bytes()
    checksum = hashlib.sha256(server.content).hexdigest()
    output = tmp_path / "new" / "folder"
    done = run_script(SCRIPT.name, "--url", server.url, "--output", output, "--sha256", checksum)
    assert (done.status, done.stderr) == (0, "")
    assert "120 reviews to test, 39 reviews without a label." in done.stdout


def test_the_script_ends_with_2_and_one_line_on_a_wrong_checksum(server, tmp_path):
    done = run_script(SCRIPT.name, "--url", server.url, "--output", tmp_path)
    assert (done.status, done.stdout) == (2, "")
    assert "an unexpected checksum" in done.stderr
    assert done.stderr.count("\n") == 1


def test_the_script_ends_with_2_where_it_cannot_write(server, tmp_path):
    (tmp_path / "file").write_text("not a folder")
    done = run_script(SCRIPT.name, "--url", server.url, "--output", tmp_path / "file")
    assert done.status == 2
    assert done.stderr.endswith("cannot be written: File exists.\n")


@pytest.mark.process
def test_ctrl_c_ends_the_script_with_130_and_keeps_the_received_part(server, tmp_path):
    server.sends = [100_000]
    server.wait = 2.0  # the script still reads when the signal arrives
    with start_script("--url", server.url, "--output", tmp_path) as process:
        part = tmp_path / "release.tar.gz.part"
        while not (part.exists() and part.stat().st_size):
            assert process.poll() is None
            time.sleep(0.02)
        process.send_signal(signal.SIGINT)
        _, errors = process.communicate()
    assert process.returncode == 130
    assert errors == "download_data.py: interrupted; run the same command to resume.\n"
    assert part.stat().st_size > 0
