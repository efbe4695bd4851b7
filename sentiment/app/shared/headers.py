"""The headers of responses: those for security on all, and on pages one that speeds up their opening.

Streamlit's page needs one inline script, which is allowed by its hash, inline styles, ``blob:`` for the scripts of
components, and WebAssembly for 64-bit numbers. Charts draw without ``eval``, and nothing is loaded from elsewhere.
"""

from __future__ import annotations

import hashlib
import os
import re
from base64 import b64encode
from functools import cache
from pathlib import Path

import streamlit as st
from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

FRAME_ANCESTORS = "SENTIMENT_FRAME_ANCESTORS"  # environment variable with the sites that may embed the app

_INLINE_SCRIPT = re.compile(r"<script>(.*?)</script>", re.DOTALL)
_IMPORT = re.compile(r"""(?:from|import)"\./([\w.-]+\.js)\"""")
_OTHERS = {
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    "Permissions-Policy": "camera=(), display-capture=(), geolocation=(), microphone=(), payment=(), usb=()",
}


class Headers:
    """Adds the headers to each response of an ASGI application.

    Args:
        app: the application.
        base: path under which the app is served, without a slash at the end.
        api: path of the API, whose pages are not Streamlit's.
    """

    def __init__(self, app: ASGIApp, base: str, api: str) -> None:
        self._app, self._base, self._api = app, base, api

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Implements ASGI."""

        async def add(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                headers.update(values())
                if headers.get("content-type", "").startswith("text/html") and not self._is_api(scope):
                    headers.update(preload(self._base))
            await send(message)

        await self._app(scope, receive, add if scope["type"] == "http" else send)

    def _is_api(self, scope: Scope) -> bool:
        return f"{scope['path']}/".startswith(f"{self._api}/")


@cache
def values() -> dict[str, str]:
    """Returns the headers by name."""
    policy = {
        "default-src": "'none'",
        "base-uri": "'none'",
        "connect-src": "'self'",
        "font-src": "'self' data:",
        "form-action": "'self'",
        "frame-ancestors": os.environ.get(FRAME_ANCESTORS) or "'self'",
        "img-src": "'self' blob: data:",
        "manifest-src": "'self'",
        "media-src": "'self' blob:",
        "script-src": " ".join(["'self'", "blob:", "'wasm-unsafe-eval'", *_hashes()]),
        "style-src": "'self' 'unsafe-inline'",
        "worker-src": "'self' blob:",
    }
    return {"Content-Security-Policy": "; ".join(map(" ".join, policy.items())), **_OTHERS}


def _hashes() -> list[str]:
    """Returns the hash of each inline script in Streamlit's page."""
    page = (Path(st.__file__).parent / "static" / "index.html").read_text(encoding="utf-8")
    digests = [hashlib.sha256(script.encode()).digest() for script in _INLINE_SCRIPT.findall(page)]
    return [f"'sha256-{b64encode(digest).decode()}'" for digest in digests]


@cache
def preload(base: str) -> dict[str, str]:
    """Returns the header that lets the browser fetch the script of components with the page.

    Streamlit's page asks for it only when the first component arrives, and the verdict is one.
    """
    static = Path(st.__file__).parent / "static"
    page, scripts = (static / "index.html").read_text(encoding="utf-8"), static / "static" / "js"
    waiting, found = [path.name for path in scripts.glob("BidiComponent.*.js")], []
    while waiting:
        name = waiting.pop()
        if name not in page and name not in found:  # the page names those that it fetches itself
            found.append(name)
            waiting += _IMPORT.findall((scripts / name).read_text(encoding="utf-8"))
    links = ", ".join(f"<{base}/static/js/{name}>; rel=modulepreload" for name in found)
    return {"Link": links} if links else {}
