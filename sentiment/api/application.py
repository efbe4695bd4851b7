"""The routes of the API, and its error responses."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import anyio
import anyio.to_thread
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, Response
from starlette.routing import Route
from starlette.types import ASGIApp

from sentiment.api import metrics, page, schema, tally
from sentiment.api.access import Gate
from sentiment.api.bodies import read_body
from sentiment.api.drained import Drained
from sentiment.api.errors import RequestError
from sentiment.api.limits import Queue
from sentiment.api.observed import Observed
from sentiment.api.served_model import ServedModel
from sentiment.artifacts import ArtifactError
from sentiment.explain.fields import explanation_fields, prediction_fields
from sentiment.model.classifier import Classifier


def build_api(load: Callable[[Path], Classifier], has_login: Callable[[], bool]) -> ASGIApp:
    """Returns the ASGI application of the API.

    Args:
        load: returns the classifier of a run, and loads it only once.
        has_login: returns whether visitors of the app have to log in.
    """
    queue = Queue()
    figures = metrics.Metrics(queue)
    endpoints = _Endpoints(ServedModel(load), queue, figures)
    routes = [
        Route("/", endpoints.describe),
        Route("/predict", endpoints.predict, methods=["POST"]),
        Route("/explain", endpoints.explain, methods=["POST"]),
        Route("/ready", endpoints.ready),
        Route("/metrics", endpoints.metrics),
        Route("/openapi.json", endpoints.openapi),
    ]
    handlers: dict[Any, Any] = {
        RequestError: _answer_request_error,
        ArtifactError: _answer_artifact_error,
        HTTPException: _answer_http_error,
        Exception: _answer_internal_error,
    }
    app = Starlette(routes=routes, exception_handlers=handlers)
    return Observed(Drained(Gate(app, has_login)), frozenset(route.path for route in routes), figures.observe)


class _Endpoints:
    def __init__(self, model: ServedModel, queue: Queue, figures: metrics.Metrics) -> None:
        self._model, self._queue, self._figures = model, queue, figures
        self._ready = anyio.CapacityLimiter(1)  # not the queue, so that a busy server reports that it is ready

    async def predict(self, request: Request) -> Response:
        async with self._queue.admit():
            body = await read_body(request, schema.PredictRequest)
            predictions, run = await self._queue.work(partial(self._model.predict, body.texts))
        tally.count("api", predictions)
        return JSONResponse({"predictions": list(map(prediction_fields, predictions)), "run": run})

    async def explain(self, request: Request) -> Response:
        async with self._queue.admit():
            body = await read_body(request, schema.ExplainRequest)
            explanation = await self._queue.work(lambda deadline: self._model.explain(body.text))
        tally.count("api", [explanation.prediction])
        return JSONResponse(prediction_fields(explanation.prediction) | explanation_fields(explanation))

    async def ready(self, request: Request) -> Response:
        try:
            run = await anyio.to_thread.run_sync(self._model.check, limiter=self._ready)
        except ArtifactError as error:
            return JSONResponse({"ready": False, "error": str(error)}, 503)
        return JSONResponse({"ready": True, "run": run})

    async def metrics(self, request: Request) -> Response:
        text = await anyio.to_thread.run_sync(self._figures.text, limiter=self._ready)
        return Response(text, media_type=metrics.CONTENT_TYPE)

    async def openapi(self, request: Request) -> Response:
        return JSONResponse(schema.openapi(_root(request)))

    async def describe(self, request: Request) -> Response:
        return HTMLResponse(page.build(schema.openapi(_root(request)), f"{request.url.scheme}://{request.url.netloc}"))


def _root(request: Request) -> str:
    root: str = request.scope.get("root_path", "")
    return root


async def _answer_request_error(request: Request, error: RequestError) -> Response:
    return error.response


async def _answer_artifact_error(request: Request, error: ArtifactError) -> Response:
    return RequestError(503, str(error)).response


async def _answer_http_error(request: Request, error: HTTPException) -> Response:
    sentence = {404: "There is no such endpoint.", 405: "This endpoint does not support that method."}
    refusal = RequestError(error.status_code, sentence.get(error.status_code, "The request cannot be answered."))
    response = refusal.response
    response.headers.update(error.headers or {})
    return response


async def _answer_internal_error(request: Request, error: Exception) -> Response:
    return RequestError(500, "Internal server error. The server's log has the details.").response
