"""The figures for an operator, in the format OpenMetrics."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from typing import get_args

from prometheus_client import CollectorRegistry, Histogram, ProcessCollector
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, InfoMetricFamily, Metric
from prometheus_client.openmetrics.exposition import CONTENT_TYPE_LATEST, generate_latest
from prometheus_client.registry import Collector

from sentiment.api import tally
from sentiment.api.limits import Queue
from sentiment.api.served_model import name_of_default
from sentiment.budget import Settings
from sentiment.bulk.jobs.job import State, all_jobs
from sentiment.tables.errors import FileError

CONTENT_TYPE = CONTENT_TYPE_LATEST
_SECONDS = (0.01, 0.03, 0.1, 0.3, 1, 3, 10, 30)  # bounds of the histogram


class Metrics:
    """The figures of one server.

    Args:
        queue: of the API.
    """

    def __init__(self, queue: Queue) -> None:
        self._registry = CollectorRegistry()
        self._registry.register(_State(queue))
        ProcessCollector(registry=self._registry)
        self._requests = Histogram(
            "sentiment_api_request_seconds",
            "Requests to the API, by endpoint and status, and the seconds they took",
            ("endpoint", "status"),
            buckets=_SECONDS,
            registry=self._registry,
        )

    def observe(self, endpoint: str, status: int, seconds: float) -> None:
        """Counts a request."""
        self._requests.labels(endpoint, status).observe(seconds)

    def text(self) -> bytes:
        """Returns all figures; it reads the folder of jobs."""
        written: bytes = generate_latest(self._registry)  # type: ignore[no-untyped-call]
        return written


class _State(Collector):
    """The figures that are read when they are asked for."""

    def __init__(self, queue: Queue) -> None:
        self._queue = queue

    def collect(self) -> Iterator[Metric]:
        """Yields the figures."""
        predictions = CounterMetricFamily(
            "sentiment_predictions", "Texts scored by the API and on the app's pages", labels=["source", "label"]
        )
        for labels, number in tally.counts().items():
            predictions.add_metric(labels, number)
        yield predictions
        requests = GaugeMetricFamily("sentiment_api_requests", "Requests in the API, by state", labels=["state"])
        requests.add_metric(["working"], self._queue.working)
        requests.add_metric(["waiting"], self._queue.waiting)
        yield requests
        yield InfoMetricFamily("sentiment_run", "The run that is served", value={"run": name_of_default()})
        yield from _jobs()

    def describe(self) -> list[Metric]:
        """Returns nothing, so that registering does not read the jobs."""
        return []


def _jobs() -> Iterator[Metric]:
    """Yields the number of jobs in each state, and of those that wait for a worker."""
    try:
        jobs = all_jobs(Settings.from_environment())
    except (FileError, OSError):  # the settings are wrong, or the disk cannot be read: the log says so
        return
    states = Counter(_if_there(lambda job=job: job.state) for job in jobs)  # type: ignore[misc]
    family = GaugeMetricFamily("sentiment_jobs", "Jobs of files, by state", labels=["state"])
    for state in get_args(State):
        family.add_metric([state], states[state])
    yield family
    queued = sum(_if_there(lambda job=job: job.next_action) is not None for job in jobs)  # type: ignore[misc]
    yield GaugeMetricFamily("sentiment_jobs_queued", "Jobs that wait for a worker", value=queued)


def _if_there(read: Callable[[], object]) -> object:
    """Returns what is read of a job, None if the job was just deleted."""
    try:
        return read()
    except OSError:
        return None
