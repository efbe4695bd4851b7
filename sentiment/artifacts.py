"""A run's folder: what one training left behind, sealed with hashes.

``train.py`` writes every file and, last, ``manifest.json`` with the SHA-256 of each; a folder without a manifest is
a run in progress. ``evaluate.py`` adds its results later as separate parts. Nothing is read from a run before its
hash is checked, and nothing that is read can execute: JSON, CSV, Parquet, plain text, ONNX, and Keras' safe format.
"""

from __future__ import annotations

import hashlib
import json
import os
import secrets
import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

FORMAT = 1  # raised when a program that reads format n could not read n + 1
MANIFEST = "manifest.json"
REQUIRED = ("model.onnx", "vocabulary.txt", "config.json")
ROOT = Path(__file__).resolve().parent.parent / "artifacts"
VARIABLE = "SENTIMENT_RUNS"  # names another folder of runs than ROOT, for the app, the commands and the library
DEFAULT_RUN = f"the one that artifacts/default names, or default in the folder that {VARIABLE} names"  # for --help


class ArtifactError(Exception):
    """A run that cannot be used; the message is one sentence for the user."""


@dataclass(frozen=True, slots=True)
class Run:
    """A finished run whose required files have been verified."""

    path: Path
    manifest: dict[str, Any]

    @property
    def name(self) -> str:
        """The folder's name."""
        return self.path.name

    def has(self, part: str) -> bool:
        """Whether the manifest lists a file of this name."""
        return part in self.manifest["files"]

    def file(self, part: str) -> Path:
        """The verified path of one of the run's files.

        Raises:
            ArtifactError: the run has no such file, or the file is missing or changed.
        """
        if not self.has(part):
            raise ArtifactError(f"The run {self.name} has no {part}.")
        path = self.path / part
        if not path.is_file():
            raise ArtifactError(f"The run {self.name} is incomplete: {part} is missing.")
        if sha256(path) != self.manifest["files"][part]:
            raise ArtifactError(f"The run {self.name} is damaged: {part} is not the file that was written.")
        return path

    def json(self, part: str) -> Any:
        """The content of one of the run's JSON files.

        Raises:
            ArtifactError: as ``file``, or the file is not JSON.
        """
        try:
            return json.loads(self.file(part).read_text(encoding="utf-8"))
        except (ValueError, RecursionError) as error:
            raise ArtifactError(f"The run {self.name} is damaged: {part} is not JSON.") from error


def runs_root() -> Path:
    """Returns the folder of runs: the one that the environment variable ``SENTIMENT_RUNS`` names, or ``artifacts``."""
    return Path(os.environ.get(VARIABLE) or ROOT)


def open_run(path: Path | str | None = None) -> Run:
    """Opens the run at ``path``, or the one that ``default`` in the folder of runs names.

    Raises:
        ArtifactError: no run is there, or it is unfinished, foreign, incomplete or damaged.
    """
    folder = default_run() if path is None else Path(path)
    if not folder.is_dir():
        raise ArtifactError(f"There is no run at {folder}.")
    if not (folder / MANIFEST).is_file():
        raise ArtifactError(f"The run {folder.name} is unfinished, or no run at all: it has no {MANIFEST}.")
    run = Run(folder.resolve(), _read_manifest(folder))
    for part in REQUIRED:
        run.file(part)
    return run


def default_run(root: Path | None = None) -> Path:
    """Returns the folder that ``default`` in the folder of runs names.

    Raises:
        ArtifactError: there is no ``default``, or it names no folder beside it.
    """
    root = root or runs_root()
    try:
        name = (root / "default").read_text(encoding="utf-8").strip()
    except FileNotFoundError as error:
        raise ArtifactError(f"No run is chosen: {root.name}/default is missing. Train one, or name one.") from error
    except (OSError, UnicodeDecodeError) as error:
        raise ArtifactError(f"{root.name}/default cannot be read. Write the name of a run's folder into it.") from error
    if not name.isprintable() or Path(name).name != name or name in {"", ".."}:
        raise ArtifactError(f"{root.name}/default must hold the name of a run's folder beside it.")
    if not _is_folder(root / name):
        runs = ", ".join(path.name for path in list_runs(root)) or "none"
        raise ArtifactError(
            f"{root.name}/default names {name}, which is not there. Write one of these into it: {runs}."
        )
    return root / name


def _is_folder(path: Path) -> bool:
    try:
        return path.is_dir()
    except OSError:  # a name that is too long
        return False


def list_runs(root: Path | None = None) -> list[Path]:
    """Returns the folders of finished runs in the folder of runs, by name."""
    return sorted(path.parent for path in (root or runs_root()).glob(f"*/{MANIFEST}"))


def seal(folder: Path) -> None:
    """Writes the manifest over every file in the folder; the run is finished from then on."""
    files = {path.name: sha256(path) for path in sorted(folder.iterdir()) if path.is_file() and path.name != MANIFEST}
    write_json(folder / MANIFEST, {"format": FORMAT, "program": "sentiment", "files": files})


def add_parts(run: Run, parts: Mapping[str, Any]) -> Run:
    """Writes files into a finished run, bytes as they are and anything else as JSON; gives the run as it is now."""
    for part, content in parts.items():
        if isinstance(content, bytes):
            write_atomically(run.path / part, content)
        else:
            write_json(run.path / part, content)
    hashes = {part: sha256(run.path / part) for part in parts}
    files = {**_read_manifest(run.path)["files"], **hashes}
    manifest = {**run.manifest, "files": dict(sorted(files.items()))}
    write_json(run.path / MANIFEST, manifest)
    return Run(run.path, manifest)


def holds_run(folder: Path) -> bool:
    """Whether a finished run of this program stands in a folder, in whatever format."""
    try:
        return json.loads((folder / MANIFEST).read_text(encoding="utf-8"))["program"] == "sentiment"
    except (OSError, ValueError, KeyError, TypeError):
        return False


def remove_run(folder: Path) -> None:
    """Removes a run's folder, finished or not."""
    shutil.rmtree(folder)


def write_json(path: Path, content: Any) -> None:
    """Writes JSON for people, all at once: a reader sees the old file or the new one, never half of one."""
    write_atomically(path, (json.dumps(content, indent=2, ensure_ascii=False, allow_nan=False) + "\n").encode())


def write_atomically(path: Path, content: bytes) -> None:
    """Replaces a file in one step: after a power cut, too, it is the old one or the new one, whole."""
    temporary = path.with_name(f".{path.name[:200]}.{secrets.token_hex(8)}")
    try:
        with temporary.open("xb") as file:  # with the permissions that the umask leaves
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(path)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise


def sha256(path: Path) -> str:
    """The SHA-256 of a file, in hex."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _read_manifest(folder: Path) -> dict[str, Any]:
    try:
        manifest = json.loads((folder / MANIFEST).read_text(encoding="utf-8"))
        program, form, files = manifest["program"], manifest["format"], manifest["files"]
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise ArtifactError(f"{MANIFEST} of the run {folder.name} is not readable.") from error
    if program != "sentiment" or not isinstance(files, dict):
        raise ArtifactError(f"The folder {folder.name} belongs to another program.")
    if form != FORMAT:
        raise ArtifactError(f"The run {folder.name} has format {form}; this program reads format {FORMAT}.")
    return manifest
