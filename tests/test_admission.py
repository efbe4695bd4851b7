"""Uploads and messages are admitted within each visitor's share of the server's memory."""

from __future__ import annotations

import asyncio
import time
import tracemalloc
from concurrent.futures import ThreadPoolExecutor
from types import SimpleNamespace

import pytest

from sentiment.app.shared import admission, transfers
from sentiment.app.shared.admission import Admission
from sentiment.budget import Settings
from sentiment.tables.errors import FileError

WORST, OTHER, HERE = "198.51.100.7", "198.51.100.8", "127.0.0.1"  # the last is the server's own machine
BYTES = 1000  # that all transfers may hold; one visitor may hold half of them


@pytest.fixture
def held(monkeypatch):
    """The uploads that Streamlit holds, by session and id."""
    files: dict[str, dict[str, SimpleNamespace]] = {}
    monkeypatch.setattr(transfers, "uploads_held", lambda: dict(files))
    return files


@pytest.fixture
def settings(tmp_path):
    return Settings(tmp_path, transfer=BYTES / 1e9, pages=3)


def finish(coroutine):
    """Runs a coroutine in a thread of its own, because Playwright keeps an event loop running in this one."""
    with ThreadPoolExecutor(1) as pool:
        return pool.submit(asyncio.run, coroutine).result()


def put(client, session, size, headers=None):
    """Returns the request of an upload."""
    headers = [(b"content-length", b"%d" % size)] if headers is None else headers
    path = f"/sentiment/_stcore/upload_file/{session}/file-{time.monotonic_ns()}"
    return {"type": "http", "method": "PUT", "path": path, "client": (client, 1), "headers": headers}


async def answer(app, scope):
    """Returns the status of the answer to a request."""
    sent = []

    async def send(message):
        sent.append(message)

    await app(scope, None, send)
    assert b"".join(each.get("body", b"") for each in sent).decode() in ("", transfers.BUSY, "Sign in first.")
    return sent[0]["status"]


def storing(held):
    """Returns an app that stores every upload, as Streamlit does."""

    async def app(scope, receive, send):
        session, file = scope["path"].split("/")[-2:]
        size = int(dict(scope["headers"])[b"content-length"])
        held.setdefault(session, {})[file] = SimpleNamespace(data=bytes(size))
        await send({"type": "http.response.start", "status": 204, "headers": []})

    return app


def test_one_visitor_may_upload_half_of_the_limit_in_any_number_of_sessions(held, settings):
    app = Admission(storing(held), settings)

    async def run():
        assert await answer(app, put(WORST, "a", 300)) == 204
        assert await answer(app, put(WORST, "b", 200)) == 204
        assert await answer(app, put(WORST, "c", 1)) == 503
        assert await answer(app, put(OTHER, "d", 500)) == 204
        assert await answer(app, put(OTHER, "e", 1)) == 503
        held.pop("a")  # the page has read it
        assert await answer(app, put(WORST, "c", 300)) == 204

    finish(run())


def test_on_the_servers_own_machine_only_the_total_is_limited(held, settings):
    app = Admission(storing(held), settings)

    async def run():
        assert await answer(app, put(HERE, "a", 900)) == 204
        assert await answer(app, put(HERE, "b", 101)) == 503

    finish(run())


def test_an_upload_in_progress_counts_with_its_full_size(held, settings):
    async def run():
        arrived = asyncio.Event()

        async def slow(scope, receive, send):
            await arrived.wait()
            await storing(held)(scope, receive, send)

        app = Admission(slow, settings)
        first = asyncio.create_task(answer(app, put(WORST, "a", 400)))
        await asyncio.sleep(0)
        assert await answer(app, put(WORST, "b", 101)) == 503
        arrived.set()
        assert await first == 204
        assert await answer(app, put(WORST, "b", 101)) == 503
        assert await answer(app, put(WORST, "b", 100)) == 204

    finish(run())


def test_an_upload_that_fails_releases_its_share(held, settings):
    async def failing(scope, receive, send):
        raise ConnectionError

    async def run():
        app = Admission(failing, settings)
        for _ in range(5):
            with pytest.raises(ConnectionError):
                await app(put(WORST, "a", 500), None, None)

    finish(run())


@pytest.mark.parametrize(
    "headers",
    [
        [],
        [(b"content-length", b"-1")],
        [(b"content-length", b"1"), (b"Content-Length", b"2")],
        [(b"content-length", b"")],
    ],
)
def test_an_upload_of_unknown_size_is_refused(held, settings, headers):
    assert finish(answer(Admission(storing(held), settings), put(OTHER, "a", 0, headers))) == 503


def test_with_login_nobody_uploads_before_logging_in(held, settings, monkeypatch):
    monkeypatch.setattr(admission.login, "is_on", lambda: True)
    monkeypatch.setattr(transfers, "is_logged_in", lambda session: session == "known")
    app = Admission(storing(held), settings)
    assert finish(answer(app, put(OTHER, "unknown", 1))) == 403
    assert finish(answer(app, put(OTHER, "known", 1))) == 204


def test_other_requests_are_not_limited(held, settings):
    async def app(scope, receive, send):
        await send({"type": "http.response.start", "status": 200, "headers": []})

    admitted = Admission(app, settings)
    for method, path in (("GET", "/"), ("DELETE", "/_stcore/upload_file/a/b"), ("PUT", "/other")):
        scope = {"type": "http", "method": method, "path": path, "client": (WORST, 1), "headers": []}
        assert finish(answer(admitted, scope)) == 200
    assert finish(answer(admitted, {**scope, "client": None})) == 200


class Page:
    """The connection of a page: it sends the messages queued in ``asked``, and reads while ``reads`` is set."""

    def __init__(self, client=WORST):
        self.scope = {"type": "websocket", "client": (client, 1), "headers": [], "path": "/_stcore/stream"}
        self.reads = asyncio.Event()
        self.asked = asyncio.Queue()
        self.sent = []

    async def receive(self):
        return await self.asked.get()

    async def send(self, message):
        if message["type"] == "websocket.send":
            await self.reads.wait()
        self.sent.append(message)


async def redraw(scope, receive, send):
    """Answers every message with a large one without waiting until it is sent, as Streamlit does."""
    waiting = asyncio.Queue()

    async def sending():
        while True:
            await send({"type": "websocket.send", "bytes": await waiting.get()})

    task = asyncio.create_task(sending())
    while (await receive())["type"] != "websocket.disconnect":
        waiting.put_nowait(bytes(100_000))
    task.cancel()


def test_messages_of_a_page_wait_until_it_has_read_the_answers(settings):
    async def run():
        page = Page()
        for _ in range(200):
            page.asked.put_nowait({"type": "websocket.receive", "bytes": b"again"})
        tracemalloc.start()
        connection = asyncio.create_task(Admission(redraw, settings)(page.scope, page.receive, page.send))
        await asyncio.sleep(0.1)  # in which an unbounded app would accept all 200
        held, _ = tracemalloc.get_traced_memory()
        tracemalloc.stop()
        assert held < 1_000_000
        assert page.asked.qsize() > 150
        page.reads.set()
        page.asked.put_nowait({"type": "websocket.disconnect"})
        await asyncio.wait_for(connection, 10)
        assert page.asked.empty()

    finish(run())


def test_a_page_that_does_not_read_can_still_be_closed(settings):
    async def run():
        page = Page()
        page.asked.put_nowait({"type": "websocket.receive", "bytes": b"again"})
        connection = asyncio.create_task(Admission(redraw, settings)(page.scope, page.receive, page.send))
        await asyncio.sleep(0.05)  # until the answer waits to be read
        page.asked.put_nowait({"type": "websocket.disconnect"})
        await asyncio.wait_for(connection, 10)

    finish(run())


def test_the_pages_of_one_visitor_are_limited_and_those_of_another_are_not(settings):
    async def run():
        app = Admission(redraw, settings)

        async def open_page(client):
            page = Page(client)
            task = asyncio.create_task(app(page.scope, page.receive, page.send))
            await asyncio.sleep(0)
            return page, task

        pages = [await open_page(WORST) for _ in range(3)]
        refused, task = await open_page(WORST)
        refused.asked.put_nowait({"type": "websocket.connect"})
        await asyncio.wait_for(task, 1)
        assert refused.sent == [{"type": "websocket.close", "code": 1013}]
        pages += [await open_page(OTHER), *[await open_page(HERE) for _ in range(5)]]
        for page, _ in pages:
            page.asked.put_nowait({"type": "websocket.disconnect"})
        await asyncio.gather(*(task for _, task in pages))
        _, task = await open_page(WORST)
        assert not task.done()
        task.cancel()

    finish(run())


def test_an_invalid_setting_leaves_the_default_limit(monkeypatch):
    monkeypatch.setenv("SENTIMENT_PAGES_PER_VISITOR", "many")
    assert admission.Admission(redraw)._settings.pages == Settings.pages


def test_a_download_that_exceeds_the_memory_left_by_others_is_refused(tmp_path, monkeypatch):
    file = tmp_path / "output.csv"
    file.write_bytes(b"x" * 600)
    monkeypatch.setenv("SENTIMENT_TRANSFER_GIGABYTES", str(BYTES / 1e9))
    monkeypatch.setattr(transfers, "bytes_held", lambda: 400)
    with transfers.open_download(file) as opened:
        assert opened.read() == b"x" * 600
    monkeypatch.setattr(transfers, "bytes_held", lambda: 401)
    with pytest.raises(FileError, match="Try again in a minute"):
        transfers.open_download(file)
