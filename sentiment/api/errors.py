"""The errors of the API: a status and one sentence, as ``{"error": "..."}``."""

from __future__ import annotations

from starlette.responses import JSONResponse

_HEADERS = {401: {"WWW-Authenticate": "Bearer"}, 503: {"Retry-After": "2"}}


class RequestError(Exception):
    """Raised for a request that cannot be answered; the message is one sentence for the caller.

    Args:
        status: the HTTP status.
        sentence: what is wrong, and what to do about it.
    """

    def __init__(self, status: int, sentence: str) -> None:
        super().__init__(sentence)
        self.status = status

    @property
    def response(self) -> JSONResponse:
        """Returns the response to the request."""
        return JSONResponse({"error": str(self)}, self.status, headers=_HEADERS.get(self.status))
