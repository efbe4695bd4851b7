"""The error for unusable files; a module of its own so it can be caught without importing PyArrow."""

from __future__ import annotations

from sentiment.errors import SentimentError


class FileError(SentimentError):
    """A file or an option that cannot be used; the message is one sentence for the user."""
