"""Creates jobs from uploads."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import BinaryIO

from sentiment.budget import NAME_CHARACTERS, Settings
from sentiment.bulk.jobs import limits, sharing
from sentiment.bulk.jobs.job import Job, all_jobs, new_job
from sentiment.tables.errors import FileError
from sentiment.tables.formats import detect_format

_BLOCK = 1 << 20


def create_job(settings: Settings, name: str, content: BinaryIO, size: int, visitor: str = "") -> Job:
    """Creates a job from an upload, which is copied to disk block by block.

    Args:
        settings: of the server.
        name: the file's name.
        content: its bytes.
        size: their number.
        visitor: identifies who uploads it; "" if unknown, as on the server's own machine.

    Raises:
        FileError: the name does not end in a supported format, there are too many jobs, or the folder cannot be used.
    """
    path = Path(name)
    stored = _input_name(path)
    sharing.check(settings.folder)
    _check_number(settings, visitor)
    with limits.disk_errors_explained():
        settings.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        if shutil.disk_usage(settings.folder).free < 5 * size or limits.nearly_full(settings.folder):
            raise FileError("The server's disk has no room for this file at the moment. Try again later.")
        with new_job(settings.folder) as job:
            with (job.folder / stored).open("wb") as file:
                shutil.copyfileobj(content, file, _BLOCK)
            known = {"visitor": visitor} if visitor else {}
            job.write("upload", {"name": _display_name(path), "bytes": size, **known})
    return job


def _check_number(settings: Settings, visitor: str) -> None:
    """Refuses an upload if too many jobs are kept, or if those of its visitor are too many or too large.

    Raises:
        FileError: there is no room for another job.
    """
    jobs = all_jobs(settings)
    if len(jobs) >= settings.jobs:
        raise FileError("The server keeps too many files at the moment. Try again later.")
    own = [job for job in jobs if visitor and job.visitor == visitor]
    if len(own) >= settings.per_visitor:
        raise FileError(f"You have {len(own)} files here. Delete one before you upload another.")
    if sum(job.size for job in own) > settings.gigabytes_per_visitor * 1e9:
        most = f"{settings.gigabytes_per_visitor:g} GB"
        raise FileError(f"Your files take more than {most} on the server. Delete one before you upload another.")


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
    return "".join(sign if sign.isprintable() else " " for sign in path.name[-NAME_CHARACTERS:])
