"""What ends the work on a file; apart from all else, for it is caught where nothing else of files is needed."""

from __future__ import annotations


class BulkError(Exception):
    """A file or an option that cannot be used; the message is one sentence for the user."""
