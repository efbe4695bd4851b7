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

REQUEST_TEXTS = 1_000
REQUEST_CHARACTERS = 1_000_000  # of all texts together
BODY_BYTES = 7_000_000  # JSON may write a character as six bytes
DRAINED_BYTES = 50_000_000  # read of a refused body before the response is sent
BODY_SECONDS = 10  # for the body to arrive
REQUEST_SECONDS = 30  # for the work on a request, including its time in the queue
CONCURRENT_REQUESTS = 1  # because each scores on all cores
ADMITTED_REQUESTS = 16  # being read, waiting or worked on; bounds their memory

_Result = TypeVar("_Result")


class Queue:
    """Admits a bounded number of requests and works on them one after another."""

    def __init__(self) -> None:
        self._at_work = anyio.CapacityLimiter(CONCURRENT_REQUESTS)
        self.admitted = 0

    @property
    def working(self) -> int:
        """Returns the number of requests that are worked on."""
        return self._at_work.borrowed_tokens

    @property
    def waiting(self) -> int:
        """Returns the number of requests that wait for their turn."""
        return self._at_work.statistics().tasks_waiting

    @asynccontextmanager
    async def admit(self) -> AsyncIterator[None]:
        """Holds a place for a request, from before its body is read until it is answered.

        Raises:
            RequestError: there are too many requests.
        """
        if self.admitted >= ADMITTED_REQUESTS:
            raise RequestError(503, "The server is busy with other requests. Try again in a few seconds.")
        self.admitted += 1
        try:
            yield
        finally:
            self.admitted -= 1

    async def work(self, function: Callable[[float], _Result]) -> _Result:
        """Runs a function in a thread when its turn comes, and returns its result.

        Args:
            function: called with its deadline, a time of ``monotonic``.

        Raises:
            RequestError: the time ran out before its turn came, or ``function`` raised it.
        """
        deadline = monotonic() + REQUEST_SECONDS
        with anyio.move_on_after(REQUEST_SECONDS) as scope:
            async with self._at_work:
                scope.deadline = math.inf  # a thread cannot be interrupted, so the function checks its deadline
                return await anyio.to_thread.run_sync(function, deadline)
        raise RequestError(503, "The server was busy with other requests for too long. Try again later.")
