"""Checks the folder that a command writes a run into, and names files in the command that the run records."""

from __future__ import annotations

from pathlib import Path

from sentiment import artifacts
from sentiment.artifacts import ArtifactError
from sentiment.paths import HOME


def check_output(folder: Path, *, overwrite: bool) -> None:
    """Refuses a folder that cannot be created, has other contents, or has a finished run without --overwrite.

    Raises:
        ArtifactError: the folder is refused.
    """
    existing = next(path for path in (folder, *folder.absolute().parents) if path.exists())
    if not existing.is_dir():
        raise ArtifactError(f"{existing} is a file; name another folder.")
    if existing != folder or not any(folder.iterdir()):
        return
    finished = artifacts.is_run(folder)
    if finished and not overwrite:
        raise ArtifactError(f"{folder} holds a finished run; name another folder, or replace it with --overwrite.")
    if not finished and not (folder / "checkpoint" / "settings.json").is_file():
        raise ArtifactError(f"{folder} is not empty and not a run's folder; name another folder.")


def public_name(path: Path) -> str:
    """Returns the relative path of a file in this repository, or only the name of any other file."""
    path = path.resolve()
    return path.relative_to(HOME).as_posix() if path.is_relative_to(HOME) else path.name
