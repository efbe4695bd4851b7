"""The metrics for operators, in the OpenMetrics format."""

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
from sentiment.api.served_model import default_run_name
from sentiment.budget import Settings
from sentiment.bulk.jobs.job import State, all_jobs
from sentiment.tables.errors import FileError

CONTENT_TYPE = CONTENT_TYPE_LATEST
_BUCKETS = (0.01, 0.03, 0.1, 0.3, 1, 3, 10, 30)  # upper bounds, in seconds


class Metrics:
    """The metrics of one server.

    Args:
        queue: the queue of the API.
    """

    def __init__(self, queue: Queue) -> None:
        self._registry = CollectorRegistry()
        self._registry.register(_CurrentState(queue))
        ProcessCollector(registry=self._registry)
        self._requests = Histogram(
            "sentiment_api_request_seconds",
            "Duration of requests to the API in seconds, by endpoint and status",
            ("endpoint", "status"),
            buckets=_BUCKETS,
            registry=self._registry,
        )

    def observe(self, endpoint: str, status: int, seconds: float) -> None:
        """Records a request and how many seconds it took."""
        self._requests.labels(endpoint, status).observe(seconds)

    def text(self) -> bytes:
        """Returns all metrics as OpenMetrics text. Reads the folder of jobs."""
        written: bytes = generate_latest(self._registry)  # type: ignore[no-untyped-call]
        return written


class _CurrentState(Collector):
    """The metrics that are read at each scrape."""

    def __init__(self, queue: Queue) -> None:
        self._queue = queue

    def collect(self) -> Iterator[Metric]:
        """Yields the metrics."""
        predictions = CounterMetricFamily(
            "sentiment_predictions", "Texts scored by the API and on the app's pages", labels=["source", "label"]
        )
        for labels, number in tally.counts().items():
            predictions.add_metric(labels, number)
        yield predictions
        requests = GaugeMetricFamily(
            "sentiment_api_requests", "Requests that are worked on or wait, by state", labels=["state"]
        )
        requests.add_metric(["working"], self._queue.working)
        requests.add_metric(["waiting"], self._queue.waiting)
        yield requests
        yield InfoMetricFamily("sentiment_run", "The run that is served", value={"run": default_run_name()})
        yield from _jobs()

    def describe(self) -> list[Metric]:
        """Returns nothing, so that registering this collector does not read the jobs."""
        return []


def _jobs() -> Iterator[Metric]:
    """Yields the number of jobs in each state, and of those that wait for a worker."""
    try:
        jobs = all_jobs(Settings.from_environment())
    except (FileError, OSError):  # the settings are not valid or the disk cannot be read, which is logged elsewhere
        return
    states = Counter(_unless_deleted(lambda job=job: job.state) for job in jobs)  # type: ignore[misc]
    family = GaugeMetricFamily("sentiment_jobs", "Scoring jobs, by state", labels=["state"])
    for state in get_args(State):
        family.add_metric([state], states[state])
    yield family
    queued = sum(_unless_deleted(lambda job=job: job.next_action) is not None for job in jobs)  # type: ignore[misc]
    yield GaugeMetricFamily("sentiment_jobs_queued", "Jobs that wait for a worker", value=queued)


def _unless_deleted(read: Callable[[], object]) -> object:
    """Returns the result of reading a job, None if the job was just deleted."""
    try:
        return read()
    except OSError:
        return None
