"""The budget of a server: the time, memory and disk that each visitor, and all visitors together, may use.

Constants bound what one visitor types or opens. ``Settings`` holds the limits that an operator may change, each by an
environment variable. The size of an upload is ``server.maxUploadSize`` in ``.streamlit/config.toml``. ``file_limits``
bounds what a file may contain or unpack to, ``api.limits`` bounds the requests to the API, and ``bulk.jobs.limits``
enforces the limits of a worker.
"""

from __future__ import annotations

import math
import os
from dataclasses import dataclass
from pathlib import Path

from sentiment import paths
from sentiment.tables.errors import FileError

TEXT_CHARACTERS = 200_000  # of one text, pasted or sent to the API; some 35,000 words
SESSION_CHARACTERS = 5_000_000  # of the texts that a session keeps: analyses, and reviews with a label
SESSION_ANALYSES = 50  # analyses that a session keeps
EXPLANATION_BYTES = 4_000_000  # of a saved explanation; enough for the longest text with every character escaped
HISTORY_BYTES = 20_000_000  # of a training history of another program
HISTORY_ROWS = 200_000  # lines of its CSV file, or measurements in its event files
HISTORY_COLUMNS = 1_000
NAME_CHARACTERS = 200  # of an upload's name, from its end
DOWNLOAD_BYTES = 1_000_000_000  # the server holds a download in memory while it is sent

_JOB_SHARE = 0.25  # of the disk space for all jobs; the limit of one job
_VISITOR_SHARE = 0.5  # of disk and memory; the limit of one visitor


@dataclass(frozen=True)
class Settings:
    """The folder of the jobs and their limits; each has an environment variable.

    Attributes:
        folder: holds the jobs' folders (``SENTIMENT_JOBS``).
        hours: hours after which an idle job is deleted (``SENTIMENT_JOB_HOURS``).
        gigabytes: disk space for all jobs; beyond it the jobs that have been idle longest are deleted. One job may take
            a quarter of it (``SENTIMENT_JOB_GIGABYTES``).
        at_once: the largest number of workers; other jobs wait in the queue. One visitor may have all but one of them
            (``SENTIMENT_JOBS_AT_ONCE``).
        jobs: the largest number of jobs kept (``SENTIMENT_JOBS_KEPT``).
        per_visitor: the largest number of jobs kept for one visitor (``SENTIMENT_JOBS_PER_VISITOR``).
        turn: seconds after which a worker goes to the end of the queue if other jobs wait (``SENTIMENT_JOB_TURN``).
        memory: gigabytes that a worker, or the process that summarises a data set, may take, 0 for no limit
            (``SENTIMENT_JOB_MEMORY_GIGABYTES``).
        seconds: seconds that an inspection, a download or the summary of a data set may take, 0 for no limit
            (``SENTIMENT_JOB_SECONDS``).
        scoring: seconds that scoring a file may take in all its turns, 0 for no limit
            (``SENTIMENT_JOB_SCORING_SECONDS``).
        transfer: gigabytes of memory for uploads and downloads in transit; one visitor may take half of it
            (``SENTIMENT_TRANSFER_GIGABYTES``).
        pages: the largest number of pages that one visitor may have open (``SENTIMENT_PAGES_PER_VISITOR``).
    """

    folder: Path
    hours: float = 24
    gigabytes: float = 20
    at_once: int = 2
    jobs: int = 1000
    per_visitor: int = 100
    turn: float = 60
    memory: float = 4
    seconds: float = 600
    scoring: float = 4 * 3600
    transfer: float = 2
    pages: int = 200

    @classmethod
    def from_environment(cls) -> Settings:
        """Returns the settings of this server.

        Raises:
            FileError: a variable does not hold a valid number.
        """
        return cls(
            folder=Path(os.environ.get("SENTIMENT_JOBS") or paths.jobs_folder()),
            hours=_number("SENTIMENT_JOB_HOURS", cls.hours),
            gigabytes=_number("SENTIMENT_JOB_GIGABYTES", cls.gigabytes),
            at_once=_count("SENTIMENT_JOBS_AT_ONCE", cls.at_once),
            jobs=_count("SENTIMENT_JOBS_KEPT", cls.jobs),
            per_visitor=_count("SENTIMENT_JOBS_PER_VISITOR", cls.per_visitor),
            turn=_number("SENTIMENT_JOB_TURN", cls.turn),
            memory=_number("SENTIMENT_JOB_MEMORY_GIGABYTES", cls.memory),
            seconds=_number("SENTIMENT_JOB_SECONDS", cls.seconds),
            scoring=_number("SENTIMENT_JOB_SCORING_SECONDS", cls.scoring),
            transfer=_number("SENTIMENT_TRANSFER_GIGABYTES", cls.transfer),
            pages=_count("SENTIMENT_PAGES_PER_VISITOR", cls.pages),
        )

    @property
    def gigabytes_per_job(self) -> float:
        """The gigabytes of disk that one job may take."""
        return _JOB_SHARE * self.gigabytes

    @property
    def gigabytes_per_visitor(self) -> float:
        """The gigabytes of disk that one visitor's jobs may take before another upload is refused."""
        return _VISITOR_SHARE * self.gigabytes

    @property
    def transfer_per_visitor(self) -> float:
        """The gigabytes of memory that one visitor's uploads may take in transit."""
        return _VISITOR_SHARE * self.transfer

    @property
    def at_once_per_visitor(self) -> int:
        """The number of workers that one visitor may have, so that one stays free for others."""
        return max(1, self.at_once - 1)


def _count(name: str, default: int) -> int:
    number = _number(name, default)
    if number < 1 or number % 1:
        raise FileError(f"{name} must be a whole number, 1 or more; it is {number:g}.")
    return int(number)


def _number(name: str, default: float) -> float:
    given = os.environ.get(name, default)
    try:
        number = float(given)
    except ValueError:
        number = math.nan
    if not 0 <= number < math.inf:
        raise FileError(f"{name} must be a number, 0 or more; it is {given}.")
    return number
