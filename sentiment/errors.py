"""The error that a user can do something about."""

from __future__ import annotations


class SentimentError(Exception):
    """The base of this program's errors; the message is one sentence for the user, who can act on it."""
