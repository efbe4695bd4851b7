"""Gives each request an id, logs it in one line, and counts it. Nothing that a caller wrote enters the log."""

from __future__ import annotations

import logging
import secrets
from collections.abc import Callable
from time import perf_counter

from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

_log = logging.getLogger("sentiment.api")

Observe = Callable[[str, int, float], None]  # called with the endpoint, the status and the seconds of a request


class Observed:
    """Observes the requests to an ASGI application.

    Args:
        app: the application.
        endpoints: the paths that are logged by name. Any other path is logged as "other", because it may hold a text.
        observe: called after each request.
    """

    def __init__(self, app: ASGIApp, endpoints: frozenset[str], observe: Observe) -> None:
        self._app, self._endpoints, self._observe = app, endpoints, observe

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Implements ASGI."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        path = scope["path"].removeprefix(scope.get("root_path", ""))
        endpoint = path if path in self._endpoints else "other"
        request, began, status = secrets.token_hex(4), perf_counter(), 500

        async def send_with_id(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                MutableHeaders(scope=message)["X-Request-Id"] = request
            await send(message)

        try:
            await self._app(scope, receive, send_with_id)
        finally:
            seconds = perf_counter() - began
            self._observe(endpoint, status, seconds)
            level = logging.ERROR if status == 500 else logging.INFO
            _log.log(level, "request %s %s %s %d in %.3f s", request, _method(scope), endpoint, status, seconds)


def _method(scope: Scope) -> str:
    """Returns the method of a request, "other" if it is not a usual one: a caller may send any word."""
    method: str = scope["method"]
    return method if method in ("GET", "HEAD", "POST", "OPTIONS") else "other"
