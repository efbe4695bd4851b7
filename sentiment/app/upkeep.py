"""What must be done though nobody may come: uploaded files go in time, and those that wait have their turn."""

from __future__ import annotations

import logging
import threading
import time

import streamlit as st

from sentiment.bulk.problem import BulkError

_EVERY = 60  # seconds


@st.cache_resource(show_spinner=False)
def begin() -> None:
    """Starts the one timer of this process; on every later call does nothing."""
    threading.Thread(target=_tend, daemon=True).start()


def _tend() -> None:
    from sentiment.bulk import jobs  # here, because PyArrow takes long to import and no page should wait for it

    log = logging.getLogger(__name__)
    try:
        settings = jobs.Settings.from_environment()
    except BulkError as error:
        log.error(str(error))
        return
    while True:
        try:
            jobs.tend(settings)
        except Exception:  # any: a thread that ended would leave all uploads on the disk from then on, unseen
            log.exception("The jobs could not be tended.")
        time.sleep(_EVERY)
