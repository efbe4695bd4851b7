"""The settings of the job queue, from environment variables."""

from __future__ import annotations

import math
import os
from dataclasses import dataclass
from pathlib import Path

from sentiment import paths
from sentiment.tables.errors import FileError

_LARGEST_SHARE = 0.25  # of the disk space for all jobs, that one may take


@dataclass(frozen=True)
class Settings:
    """The folder of the jobs and their limits; each has an environment variable.

    Attributes:
        folder: holds the jobs' folders (``SENTIMENT_JOBS``).
        hours: an idle job is deleted after so many hours (``SENTIMENT_JOB_HOURS``).
        gigabytes: disk space for all jobs; beyond it the jobs that have been idle longest are deleted. One job may take
            a quarter of it (``SENTIMENT_JOB_GIGABYTES``).
        at_once: the largest number of workers; other jobs wait in the queue (``SENTIMENT_JOBS_AT_ONCE``).
        turn: seconds after which a worker goes to the end of the queue if other jobs wait (``SENTIMENT_JOB_TURN``).
        memory: gigabytes that a worker may take, 0 for no limit (``SENTIMENT_JOB_MEMORY_GIGABYTES``).
        seconds: that an inspection or a download may take, 0 for no limit (``SENTIMENT_JOB_SECONDS``).
    """

    folder: Path
    hours: float = 24
    gigabytes: float = 20
    at_once: int = 2
    turn: float = 60
    memory: float = 4
    seconds: float = 600

    @classmethod
    def from_environment(cls) -> Settings:
        """Returns the settings of this server.

        Raises:
            FileError: a variable does not hold a valid number.
        """
        at_once = _number("SENTIMENT_JOBS_AT_ONCE", cls.at_once)
        if at_once < 1 or at_once % 1:
            raise FileError(f"SENTIMENT_JOBS_AT_ONCE must be a whole number, 1 or more; it is {at_once:g}.")
        return cls(
            folder=Path(os.environ.get("SENTIMENT_JOBS") or paths.jobs_folder()),
            hours=_number("SENTIMENT_JOB_HOURS", cls.hours),
            gigabytes=_number("SENTIMENT_JOB_GIGABYTES", cls.gigabytes),
            at_once=int(at_once),
            turn=_number("SENTIMENT_JOB_TURN", cls.turn),
            memory=_number("SENTIMENT_JOB_MEMORY_GIGABYTES", cls.memory),
            seconds=_number("SENTIMENT_JOB_SECONDS", cls.seconds),
        )

    @property
    def gigabytes_per_job(self) -> float:
        """Returns the gigabytes of disk that one job may take."""
        return _LARGEST_SHARE * self.gigabytes


def _number(name: str, default: float) -> float:
    given = os.environ.get(name, default)
    try:
        number = float(given)
    except ValueError:
        number = math.nan
    if not 0 <= number < math.inf:
        raise FileError(f"{name} must be a number, 0 or more; it is {given}.")
    return number
