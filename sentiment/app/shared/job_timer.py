"""Background maintenance without visitors: deletes expired uploads, starts queued jobs, and logs what workers did."""

from __future__ import annotations

import logging
import threading
import time

import streamlit as st

from sentiment.bulk.errors import BulkError

_INTERVAL = 60  # seconds


@st.cache_resource(show_spinner=False)
def start_job_timer() -> None:
    """Starts the one timer of this process; on every later call does nothing."""
    _enable_info_log()
    threading.Thread(target=_maintain_jobs, daemon=True).start()


def _enable_info_log() -> None:
    """Lets the log show what is no warning: that workers started and ended."""
    log = logging.getLogger("sentiment")
    if not log.hasHandlers():
        log.addHandler(logging.StreamHandler())
    log.setLevel(logging.INFO)


def _maintain_jobs() -> None:
    from sentiment.bulk.jobs import (  # here, because PyArrow takes long to import and no page should wait for it
        journal,
        queue,
    )

    log = logging.getLogger(__name__)
    try:
        settings = queue.Settings.from_environment()
    except BulkError as error:
        log.error(str(error))
        return
    while True:
        try:
            queue.tend(settings)
            journal.report(settings.folder)
        except Exception:  # any: a thread that ended would leave all uploads on the disk from then on, unseen
            log.exception("The jobs could not be tended.")
        time.sleep(_INTERVAL)
