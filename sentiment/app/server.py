"""The server's parts other than the pages: the API, metrics, security headers, admission of visitors, and the log.

``streamlit_app.py`` passes them to ``streamlit.App``. The API is imported on its first request; no page waits for it.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import anyio
import anyio.to_thread
import streamlit as st
from starlette.middleware import Middleware
from starlette.responses import RedirectResponse
from starlette.routing import Mount, Route
from starlette.types import ASGIApp, Receive, Scope, Send

from sentiment.api.access import Gate
from sentiment.app.shared import admission, headers, login, logs

PAGES = Path(__file__).with_name("main.py")


def options() -> dict[str, Any]:
    """Configures the log of this process, and returns the keyword arguments of ``streamlit.App``."""
    logs.configure()
    base = f"/{st.get_option('server.baseUrlPath').strip('/')}".rstrip("/")
    redirect = Route(f"{base}/api", lambda request: RedirectResponse(f"{base}/api/"))
    return {
        "routes": [redirect, Mount(f"{base}/api", _Api())],
        "middleware": [
            Middleware(headers.Headers, base=base, api=f"{base}/api"),
            Middleware(admission.Admission),
            Middleware(_GuardedMetrics, path=f"{base}/_stcore/metrics"),
        ],
    }


class _Api:
    """The API, imported and built on its first request."""

    def __init__(self) -> None:
        self._app: ASGIApp | None = None
        self._lock = anyio.Lock()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async with self._lock:
            if self._app is None:
                self._app = await anyio.to_thread.run_sync(_build_api)
        await self._app(scope, receive, send)


def _build_api() -> ASGIApp:
    from sentiment.api.application import build_api
    from sentiment.app.shared import current_run  # here, because its caches need a running Streamlit

    return build_api(current_run.shared_classifier, login.is_on)


class _GuardedMetrics:
    """Restricts Streamlit's own metrics to the callers that may use the API."""

    def __init__(self, app: ASGIApp, path: str) -> None:
        self._app, self._path, self._gate = app, path, Gate(app, login.is_on)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        guarded = scope["type"] == "http" and scope["path"] == self._path
        await (self._gate if guarded else self._app)(scope, receive, send)
