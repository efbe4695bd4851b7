"""The uploads and downloads that Streamlit holds in memory."""

from __future__ import annotations

from pathlib import Path
from typing import Any, BinaryIO

from streamlit.runtime import Runtime, get_instance
from streamlit.runtime.memory_media_file_storage import MemoryMediaFileStorage
from streamlit.runtime.memory_uploaded_file_manager import MemoryUploadedFileManager

from sentiment.budget import Settings
from sentiment.tables.errors import FileError

BUSY = "The server is transferring too many files. Try again in a minute."


def uploads_held() -> dict[str, dict[str, Any]]:
    """Returns the uploads in memory, by session and id."""
    manager = get_instance().uploaded_file_mgr if Runtime.exists() else None
    return dict(manager.file_storage) if isinstance(manager, MemoryUploadedFileManager) else {}


def is_logged_in(session: str) -> bool:
    """Returns whether the visitor of a session has logged in."""
    info = get_instance()._session_mgr.get_active_session_info(session) if Runtime.exists() else None
    return bool(info and info.session._user_info.get("is_logged_in"))  # neither has a public name


def bytes_held() -> int:
    """Returns the bytes of all uploads and downloads in memory."""
    uploads = sum(len(file.data) for files in uploads_held().values() for file in list(files.values()))
    storage = get_instance().media_file_mgr._storage if Runtime.exists() else None  # it has no public name
    if not isinstance(storage, MemoryMediaFileStorage):
        return uploads
    return uploads + sum(stat.byte_length for stats in storage.get_stats().values() for stat in stats)


def open_download(path: Path) -> BinaryIO:
    """Opens a file for a download.

    Raises:
        FileError: too many files are being transferred.
    """
    if bytes_held() + path.stat().st_size > Settings.from_environment().transfer * 1e9:
        raise FileError(BUSY)
    return path.open("rb")
