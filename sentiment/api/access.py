"""Decides who may call the API: callers with the token or, without one, programs on this machine.

A loopback address alone proves little. Any website that a user visits can send requests to localhost, even under its
own host name (DNS rebinding). Behind a proxy, every caller has a loopback address. Without a token, a request is
therefore refused if its Host is not loopback, if a browser sent it for another site, or if a proxy forwarded it.
"""

from __future__ import annotations

import hmac
import os
from collections.abc import Callable
from ipaddress import IPv6Address, ip_address
from urllib.parse import urlsplit

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Receive, Scope, Send

from sentiment.api.errors import RequestError

TOKEN_VARIABLE = "SENTIMENT_API_TOKEN"  # noqa: S105 - the name of a variable
_FORWARDING = {"forwarded", "via", "x-real-ip", "x-client-ip", "true-client-ip", "cf-connecting-ip", "client-ip"}
_OWN_SITE = ("same-origin", "none")  # values of Sec-Fetch-Site that no other site can cause
_SET_TOKEN = f"set {TOKEN_VARIABLE} on the server and send it as a bearer token"


class Gate:
    """Passes allowed requests on to an ASGI application, and answers others with an error.

    Args:
        app: the application.
        has_login: returns whether visitors of the app have to log in.
    """

    def __init__(self, app: ASGIApp, has_login: Callable[[], bool]) -> None:
        self._app, self._has_login = app, has_login

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Implements ASGI."""
        if refusal := find_refusal(scope, os.environ.get(TOKEN_VARIABLE, ""), has_login=self._has_login()):
            await refusal.response(scope, receive, send)
        else:
            await self._app(scope, receive, send)


def find_refusal(scope: Scope, token: str, *, has_login: bool) -> RequestError | None:
    """Returns the error with which to refuse a request, None if it is allowed.

    Args:
        scope: the ASGI scope of the request.
        token: the token that callers have to send; empty if none is set.
        has_login: whether visitors of the app have to log in.
    """
    headers = Headers(scope=scope)
    if token:
        return None if _has_token(headers, token) else RequestError(401, "Send the API token as a bearer token.")
    if has_login:
        return RequestError(403, f"Login is on, so the API needs a token: {_SET_TOKEN}.")
    if not _from_this_machine(scope, headers):
        return RequestError(403, f"Without a token, the API answers only programs on its own machine: {_SET_TOKEN}.")
    if _from_another_site(scope, headers):
        return RequestError(403, "The API does not answer pages of other websites.")
    return None


def _has_token(headers: Headers, token: str) -> bool:
    scheme, _, sent = headers.get("authorization", "").partition(" ")
    return scheme.lower() == "bearer" and hmac.compare_digest(sent.strip().encode("latin-1"), token.encode())


def _from_this_machine(scope: Scope, headers: Headers) -> bool:
    """Returns whether both ends of the connection and the Host are loopback, and no proxy is between them.

    Proxies that add no header speak HTTP/1.0, as nginx does by default.
    """
    ends = [scope.get(end) for end in ("client", "server")]
    hosts = headers.getlist("host")
    return (
        all(end and _is_loopback(end[0]) for end in ends)
        and len(hosts) == 1
        and _is_loopback(_host_name(hosts[0]))
        and not any(name in _FORWARDING or name.startswith("x-forwarded") for name in headers)
        and scope.get("http_version") != "1.0"
    )


def _from_another_site(scope: Scope, headers: Headers) -> bool:
    own = f"{scope['scheme']}://{headers['host']}"
    return any(origin != own for origin in headers.getlist("origin")) or any(
        site not in _OWN_SITE for site in headers.getlist("sec-fetch-site")
    )


def _host_name(host: str) -> str:
    try:
        return urlsplit(f"//{host}").hostname or ""
    except ValueError:
        return ""


def _is_loopback(name: str) -> bool:
    if name == "localhost":
        return True
    try:
        address = ip_address(name)
    except ValueError:
        return False
    mapped = address.ipv4_mapped if isinstance(address, IPv6Address) else None
    return (mapped or address).is_loopback
