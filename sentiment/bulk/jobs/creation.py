"""Creates jobs from uploads."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import BinaryIO

from sentiment.bulk.jobs import limits
from sentiment.bulk.jobs.job import Job, new_job
from sentiment.bulk.jobs.settings import Settings
from sentiment.tables.decoding import detect_format
from sentiment.tables.errors import FileError

_BLOCK = 1 << 20
_NAME_CHARACTERS = 200  # of a file's name, from its end


def create_job(settings: Settings, name: str, content: BinaryIO, size: int) -> Job:
    """Creates a job from an upload, which is copied to disk block by block.

    Raises:
        FileError: the name does not end in a supported format, or the disk is full.
    """
    path = Path(name)
    stored = _input_name(path)
    with limits.disk_errors_explained():
        settings.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        if shutil.disk_usage(settings.folder).free < 5 * size or limits.nearly_full(settings.folder):
            raise FileError("The server's disk has no room for this file at the moment. Try again later.")
        with new_job(settings.folder) as job:
            with (job.folder / stored).open("wb") as file:
                shutil.copyfileobj(content, file, _BLOCK)
            job.write("upload", {"name": _display_name(path), "bytes": size})
    return job


def _input_name(path: Path) -> str:
    """Returns the name under which an upload is stored: "input" and its suffixes.

    Raises:
        FileError: the suffixes do not name a supported format.
    """
    if not path.name:
        raise FileError("This file has no name. Give it one that ends in its format, such as reviews.csv.")
    path = Path(_display_name(path))
    if path.suffix.lower() == ".zip":
        return "input.zip"  # the file in the archive has the format
    format, compression = detect_format(path)
    return f"input.{format}.{compression}" if compression else f"input.{format}"


def _display_name(path: Path) -> str:
    """Returns the end of an upload's name, with spaces for characters that cannot be displayed or stored."""
    return "".join(sign if sign.isprintable() else " " for sign in path.name[-_NAME_CHARACTERS:])
