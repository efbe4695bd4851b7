"""Reads the JSON body of a request, within limits on size and time."""

from __future__ import annotations

from typing import TypeVar

import anyio
from pydantic import BaseModel, ValidationError
from starlette.requests import ClientDisconnect, Request

from sentiment.api import limits
from sentiment.api.errors import RequestError

_Body = TypeVar("_Body", bound=BaseModel)
_TOO_LARGE = f"The body may have {limits.BODY_BYTES:,} bytes at most."
_NAME_CHARACTERS = 60  # of a field, in an error message


async def read_body(request: Request, kind: type[_Body]) -> _Body:
    """Returns the body of a request as an instance of ``kind``.

    Raises:
        RequestError: it is not JSON of this kind, is too large, or arrives too slowly.
    """
    if request.headers.get("content-type", "").partition(";")[0].strip().lower() != "application/json":
        raise RequestError(415, "Send JSON, with the header Content-Type: application/json.")
    try:
        with anyio.fail_after(limits.BODY_SECONDS):
            content = await _read_bytes(request)
    except TimeoutError:
        raise RequestError(408, f"The body did not arrive within {limits.BODY_SECONDS} seconds.") from None
    except ClientDisconnect:
        raise RequestError(400, "The connection was closed before the body had arrived.") from None
    try:
        return kind.model_validate_json(content)
    except ValidationError as error:
        raise _explain(error) from None  # the cause may quote a text


async def _read_bytes(request: Request) -> bytes:
    content = bytearray()
    async for chunk in request.stream():
        content += chunk
        if len(content) > limits.BODY_BYTES:
            raise RequestError(413, _TOO_LARGE)
    return bytes(content)


def _explain(error: ValidationError) -> RequestError:
    """Returns an error for the first problem of a body; it names a field, but never quotes the field's value."""
    problem = error.errors(include_url=False, include_input=False)[0]
    if problem["type"] == "json_invalid":
        return RequestError(400, f"The body is not valid JSON: {problem['ctx']['error']}.")
    if problem["type"] == "value_error":  # a limit in schema.py
        return RequestError(413, str(problem["ctx"]["error"]))
    where = "".join(f"[{key}]" if isinstance(key, int) else key for key in problem["loc"])[:_NAME_CHARACTERS]
    return RequestError(422, f"{where or 'The body'}: {problem['msg']}.")
