"""The limits on requests, and the queue that bounds how many are worked on at once.

The limit on one text is ``budget.TEXT_CHARACTERS``, as on the pages.
"""

from __future__ import annotations

import math
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from time import monotonic
from typing import TypeVar

import anyio
import anyio.to_thread

from sentiment.api.errors import RequestError

TEXTS = 1_000  # in one request
CHARACTERS = 1_000_000  # of all texts of a request
BODY_BYTES = 7_000_000  # JSON may write a character as six bytes
DRAINED_BYTES = 50_000_000  # that are read of a body that is refused
BODY_SECONDS = 10  # until the body has arrived
SECONDS = 30  # for the work on a request, its time in the queue included
AT_WORK = 1  # requests; each scores on all cores
ADMITTED = 16  # requests that are read, wait or are worked on, which bounds their memory

_Result = TypeVar("_Result")


class Queue:
    """Admits a bounded number of requests and works on them one after another."""

    def __init__(self) -> None:
        self._at_work = anyio.CapacityLimiter(AT_WORK)
        self.admitted = 0

    @property
    def working(self) -> int:
        """The number of requests that are worked on."""
        return self._at_work.borrowed_tokens

    @property
    def waiting(self) -> int:
        """The number of requests that wait for their turn."""
        return self._at_work.statistics().tasks_waiting

    @asynccontextmanager
    async def admit(self) -> AsyncIterator[None]:
        """Takes a place for a request, from the reading of its body on.

        Raises:
            RequestError: there are too many requests.
        """
        if self.admitted >= ADMITTED:
            raise RequestError(503, "The server is busy with other requests. Try again in a few seconds.")
        self.admitted += 1
        try:
            yield
        finally:
            self.admitted -= 1

    async def work(self, function: Callable[[float], _Result]) -> _Result:
        """Runs a function in a thread when it is its turn; it gets the time of ``monotonic`` to end at.

        Raises:
            RequestError: the time was over before its turn, or the function said so.
        """
        end = monotonic() + SECONDS
        with anyio.move_on_after(SECONDS) as scope:
            async with self._at_work:
                scope.deadline = math.inf  # a thread cannot be interrupted; it looks at the time itself
                return await anyio.to_thread.run_sync(function, end)
        raise RequestError(503, "The server was busy with other requests for too long. Try again later.")
