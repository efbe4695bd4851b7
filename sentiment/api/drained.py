"""Lets a caller finish sending before it is refused: a client whose sending breaks off never reads why."""

from __future__ import annotations

import anyio
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from sentiment.api.limits import BODY_SECONDS, DRAINED_BYTES


class Drained:
    """Discards what is left of a body before an answer to it, within bounds of size and time."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Implements ASGI."""
        ended, received = False, 0

        async def note() -> Message:
            nonlocal ended, received
            message = await receive()
            ended = not message.get("more_body", False)  # of a disconnection, too
            received += len(message.get("body", b""))
            return message

        async def answer(message: Message) -> None:
            if message["type"] == "http.response.start":
                with anyio.move_on_after(BODY_SECONDS):
                    while not ended and received < DRAINED_BYTES:
                        await note()
            await send(message)

        await self._app(scope, note, answer)
