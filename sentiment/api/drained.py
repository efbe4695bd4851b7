"""Lets a caller finish sending before it is refused; a client that is cut off while sending never reads why."""

from __future__ import annotations

import anyio
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from sentiment.api.limits import BODY_SECONDS, DRAINED_BYTES


class Drained:
    """Reads and discards the rest of a body before the response, within limits on size and time."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Implements ASGI."""
        ended, received = False, 0

        async def receive_and_count() -> Message:
            nonlocal ended, received
            message = await receive()
            ended = not message.get("more_body", False)  # also after a disconnection
            received += len(message.get("body", b""))
            return message

        async def drain_and_send(message: Message) -> None:
            if message["type"] == "http.response.start":
                with anyio.move_on_after(BODY_SECONDS):
                    while not ended and received < DRAINED_BYTES:
                        await receive_and_count()
            await send(message)

        await self._app(scope, receive_and_count, drain_and_send)
