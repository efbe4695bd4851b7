"""An ASGI middleware around Streamlit that limits each visitor to a share of the server's memory.

Streamlit limits the size of one upload and of one message. It does not limit the uploads that it holds in memory, the
pages that a visitor opens, or the messages that wait for a visitor who does not read them.
"""

from __future__ import annotations

import asyncio
import re
from collections import Counter

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from sentiment import paths
from sentiment.app.shared import login, transfers
from sentiment.app.shared.visitors import from_address
from sentiment.budget import Settings
from sentiment.tables.errors import FileError

_ANONYMOUS = "Sign in first."
_UPLOAD = re.compile(r"/_stcore/upload_file/([^/]+)/[^/]+")


class Admission:
    """Refuses uploads and pages beyond a visitor's share, and applies backpressure to pages that do not read.

    If visitors have to log in, it also refuses uploads of visitors who have not.

    Args:
        app: the ASGI application.
        settings: the limits; by default those of the environment.
    """

    def __init__(self, app: ASGIApp, settings: Settings | None = None) -> None:
        self._app = app
        self._settings = settings or _settings()
        self._pages: Counter[str] = Counter()  # number of open pages, by visitor
        self._arriving: Counter[str] = Counter()  # bytes of uploads that are arriving, by visitor
        self._visitors: dict[str, str] = {}  # session id -> the visitor who uploaded in it

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handles a request, or the WebSocket connection of a page."""
        visitor = from_address((scope.get("client") or ("",))[0])
        if scope["type"] == "websocket":
            await self._page(visitor, scope, receive, send)
        elif scope["type"] == "http" and scope["method"] == "PUT" and (upload := _UPLOAD.search(scope["path"])):
            await self._upload(visitor, upload[1], scope, receive, send)
        else:
            await self._app(scope, receive, send)

    async def _page(self, visitor: str, scope: Scope, receive: Receive, send: Send) -> None:
        if visitor and self._pages[visitor] >= self._settings.pages:
            await receive()
            await send({"type": "websocket.close", "code": 1013})
            return
        page = PageConnection(receive, send)
        self._pages[visitor] += 1
        try:
            await self._app(scope, page.receive, page.send)
        finally:
            self._pages[visitor] -= 1

    async def _upload(self, visitor: str, session: str, scope: Scope, receive: Receive, send: Send) -> None:
        size = _length(scope)
        if login.is_on() and not transfers.is_logged_in(session):
            await _refuse(send, 403, _ANONYMOUS)
            return
        if size < 0 or not self._has_room(visitor, size):
            await _refuse(send, 503, transfers.BUSY)
            return
        self._arriving[visitor] += size
        try:
            await self._app(scope, receive, send)
        finally:
            self._arriving[visitor] -= size
            self._visitors[session] = visitor

    def _has_room(self, visitor: str, size: int) -> bool:
        """Returns whether an upload of this size fits into the memory for all visitors, and for this one."""
        if transfers.bytes_held() + self._arriving.total() + size > self._settings.transfer * 1e9:
            return False
        held = transfers.uploads_held()
        self._visitors = {session: owner for session, owner in self._visitors.items() if session in held}
        own = [held[session] for session, owner in self._visitors.items() if owner == visitor]
        kept = sum(len(file.data) for files in own for file in list(files.values()))
        return not visitor or kept + self._arriving[visitor] + size <= self._settings.transfer_per_visitor * 1e9


class PageConnection:
    """The connection of a page, from which nothing is received while it does not read what was sent to it."""

    def __init__(self, receive: Receive, send: Send) -> None:
        self._receive, self._send = receive, send
        self._all_read = asyncio.Event()
        self._all_read.set()

    async def receive(self) -> Message:
        """Returns the next message of the page, once the page has read everything sent before."""
        message = await self._receive()
        if message["type"] == "websocket.receive":
            await asyncio.sleep(0)  # lets pending messages begin to be sent
            await self._all_read.wait()
        return message

    async def send(self, message: Message) -> None:
        """Sends a message; returns when the connection has taken it."""
        self._all_read.clear()
        try:
            await self._send(message)
        finally:
            self._all_read.set()


def _settings() -> Settings:
    try:
        return Settings.from_environment()
    except FileError:  # the page Score a file names the wrong variable
        return Settings(paths.jobs_folder())


def _length(scope: Scope) -> int:
    """Returns the stated length of a request's body, -1 if there is none; browsers always state it."""
    lengths = [value for name, value in scope["headers"] if name.lower() == b"content-length"]
    return int(lengths[0]) if len(lengths) == 1 and lengths[0].isdigit() else -1


async def _refuse(send: Send, status: int, sentence: str) -> None:
    headers = [(b"content-type", b"text/plain"), (b"connection", b"close")]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": sentence.encode()})
