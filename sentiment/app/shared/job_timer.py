"""Background maintenance without visitors: deletes expired uploads, starts queued jobs, and logs worker events."""

from __future__ import annotations

import logging
import threading
import time

import streamlit as st

from sentiment.budget import Settings
from sentiment.tables.errors import FileError

_INTERVAL = 60  # seconds


@st.cache_resource(show_spinner=False)
def start_job_timer() -> None:
    """Starts the timer of this process; later calls do nothing."""
    threading.Thread(target=_maintain_jobs, daemon=True).start()


def _maintain_jobs() -> None:
    from sentiment.bulk.jobs import (  # here, so that no page waits for PyArrow to import
        journal,
        maintenance,
        sharing,
    )

    log = logging.getLogger(__name__)
    try:
        settings = Settings.from_environment()
    except FileError as error:
        log.error(str(error))
        return
    with sharing.Mark(settings.folder) as mark:
        while True:
            try:
                mark.renew()
                maintenance.run_maintenance(settings)
                journal.copy_to_log(settings.folder)
            except FileError as error:
                log.error(str(error))
            except OSError as error:
                log.warning("Job maintenance failed: %s", error.strerror or type(error).__name__)
            except Exception:  # of any kind: if the thread ended, no upload would ever be deleted again
                log.exception("Job maintenance failed.")
            time.sleep(_INTERVAL)
