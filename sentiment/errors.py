"""The base class of errors that a user can resolve."""

from __future__ import annotations


class SentimentError(Exception):
    """Raised for what a user can resolve; the message is one sentence that says what is wrong and what to do."""
