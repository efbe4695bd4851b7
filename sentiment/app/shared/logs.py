"""The log of the server: one line per event, with time and level, and without any text of a visitor.

An exception is logged by its types and frames, because its message may quote a text.
"""

from __future__ import annotations

import logging
import sys
from typing import Any

FORMAT = "%(asctime)s %(levelname)s %(name)s: %(message)s"  # as for Streamlit's own lines in .streamlit/config.toml


class Event(logging.LogRecord):
    """A log record that is written as one line."""

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self._error = self.exc_info[1] if self.exc_info else None
        self.exc_info = None

    def getMessage(self) -> str:  # noqa: N802 - named by the standard library
        r"""Returns the message, with an exception's frames; line ends become ``\n``."""
        message = super().getMessage()
        if self._error is not None:
            from sentiment.bulk.jobs.journal import format_frames  # here, so that no page waits for it

            message = f"{message}\n{format_frames(self._error)}"
        return message.strip().replace("\r", "").replace("\n", "\\n")


def configure() -> None:
    """Configures the log of this process."""
    logging.setLogRecordFactory(Event)
    own = logging.getLogger("sentiment")
    if not own.handlers:
        own.addHandler(logging.StreamHandler(sys.stderr))
    own.setLevel(logging.INFO)
    own.propagate = False
    for name in ("sentiment", "uvicorn", "uvicorn.error"):
        for handler in logging.getLogger(name).handlers:
            handler.setFormatter(logging.Formatter(FORMAT))
