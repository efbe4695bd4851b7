"""What comes from outside: strings of files and the files themselves, shown as they are and not kept."""

from __future__ import annotations

import re
from typing import Any

from streamlit.runtime.memory_uploaded_file_manager import MemoryUploadedFileManager
from streamlit.runtime.scriptrunner import get_script_run_ctx

_MARKS = re.compile(r"([!-/:-@\[-`{-~])")  # all of ASCII's punctuation, any of which Markdown lets one escape


def plain(text: str) -> str:
    """Markdown that shows a text as it is, on one line: no image is fetched for it, no word of it is set bold."""
    return _MARKS.sub(r"\\\1", " ".join(text.split()))


def let_go(file: Any) -> None:
    """Removes Streamlit's copy of an uploaded file, which it would keep until the visitor leaves."""
    context = get_script_run_ctx()
    if context and isinstance(context.uploaded_file_mgr, MemoryUploadedFileManager):
        context.uploaded_file_mgr.remove_file(context.session_id, file.file_id)
