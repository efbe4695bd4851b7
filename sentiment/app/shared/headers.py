"""The security headers of every response.

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
_OTHERS = {
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    "Permissions-Policy": "camera=(), display-capture=(), geolocation=(), microphone=(), payment=(), usb=()",
}


class SecurityHeaders:
    """Adds the headers to each response of an ASGI application."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Implements ASGI."""

        async def add(message: Message) -> None:
            if message["type"] == "http.response.start":
                MutableHeaders(scope=message).update(values())
            await send(message)

        await self._app(scope, receive, add if scope["type"] == "http" else send)


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
