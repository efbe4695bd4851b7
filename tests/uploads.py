"""Records which files were uploaded in a test of the app, and which of them Streamlit still holds."""

from __future__ import annotations

from dataclasses import dataclass, field

import pytest
from streamlit.runtime.memory_uploaded_file_manager import MemoryUploadedFileManager


@dataclass
class Uploads:
    """Uploaded files.

    Attributes:
        names: the names of all files, in order.
        managers: where Streamlit keeps files; in tests, each run of a page has its own.
    """

    names: list[str] = field(default_factory=list)
    managers: list[MemoryUploadedFileManager] = field(default_factory=list)

    @property
    def held(self) -> list[str]:
        """The names of the files that are still there after the last run with an upload."""
        return [
            file.name
            for manager in self.managers[-1:]
            for files in manager.file_storage.values()
            for file in files.values()
        ]


def watch(monkeypatch: pytest.MonkeyPatch) -> Uploads:
    """Records every upload from now on."""
    uploads, add = Uploads(), MemoryUploadedFileManager.add_file

    def added(manager: MemoryUploadedFileManager, session_id: str, file) -> None:
        uploads.names.append(file.name)
        uploads.managers.append(manager)
        add(manager, session_id, file)

    monkeypatch.setattr(MemoryUploadedFileManager, "add_file", added)
    return uploads
