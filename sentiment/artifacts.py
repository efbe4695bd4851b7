"""Reads and writes a run's folder: the files of one training, with a manifest of their hashes.

``train.py`` writes every file and, last, ``manifest.json`` with the SHA-256 of each. A folder without a manifest is
a run in progress. ``evaluate.py`` adds its results later as separate parts. Every file's hash is checked before it is
read, and no file can execute code: JSON, CSV, Parquet, plain text, ONNX, and Keras' safe format.
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

from sentiment.errors import SentimentError
from sentiment.paths import RUNS

FORMAT = 1  # increased when programs for the present format cannot read a new one
MANIFEST = "manifest.json"
ROOT = RUNS
REQUIRED = ("model.onnx", "vocabulary.txt", "config.json")
RUNS_VARIABLE = "SENTIMENT_RUNS"  # the environment variable that replaces ROOT as the folder of runs
DEFAULT_RUN = f"the run named in artifacts/default, or in default in the folder that {RUNS_VARIABLE} names"


class ArtifactError(SentimentError):
    """Raised for a run that cannot be used; the message is one sentence for the user."""


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
        """Returns whether the manifest lists a file of this name."""
        return part in self.manifest["files"]

    def file(self, part: str) -> Path:
        """Returns the path of one of the run's files, after checking its hash.

        Raises:
            ArtifactError: the run has no such file, or the file is missing or changed.
        """
        if not self.has(part):
            raise ArtifactError(f"Model {self.name} has no {part}.")
        path = self.path / part
        if not path.is_file():
            raise ArtifactError(f"Model {self.name} is incomplete: {part} is missing.")
        if sha256(path) != self.manifest["files"][part]:
            raise ArtifactError(f"Model {self.name} is corrupted: {part} doesn't match its checksum.")
        return path

    def json(self, part: str) -> Any:
        """Returns the content of one of the run's JSON files.

        Raises:
            ArtifactError: as ``file``, or the file is not JSON.
        """
        try:
            return json.loads(self.file(part).read_text(encoding="utf-8"))
        except (ValueError, RecursionError) as error:
            raise ArtifactError(f"Model {self.name} is corrupted: {part} isn't JSON.") from error


def runs_root() -> Path:
    """Returns the folder of runs: the value of the environment variable ``SENTIMENT_RUNS``, or ``artifacts``."""
    return Path(os.environ.get(RUNS_VARIABLE) or ROOT)


def open_run(path: Path | str | None = None) -> Run:
    """Opens the run at ``path``, or the one that ``default`` in the folder of runs names.

    Raises:
        ArtifactError: there is no run, or it is unfinished, of another program, incomplete or damaged.
    """
    folder = default_run() if path is None else Path(path)
    if not folder.is_dir():
        raise ArtifactError(f"There is no run at {folder}.")
    if not (folder / MANIFEST).is_file():
        raise ArtifactError(f"{folder.name} isn't a finished model: it has no {MANIFEST}.")
    run = Run(folder.resolve(), _read_manifest(folder))
    for part in REQUIRED:
        run.file(part)
    return run


def default_run(root: Path | None = None) -> Path:
    """Returns the folder that ``default`` in the folder of runs names.

    Raises:
        ArtifactError: there is no ``default``, or it doesn't name a folder next to it.
    """
    root = root or runs_root()
    try:
        name = (root / "default").read_text(encoding="utf-8").strip()
    except FileNotFoundError as error:
        raise ArtifactError(
            f"No default model is set ({root.name}/default is missing). Write the name of a model's folder into it."
        ) from error
    except (OSError, UnicodeDecodeError) as error:
        raise ArtifactError(
            f"{root.name}/default cannot be read. Write the name of a model's folder into it."
        ) from error
    if not name.isprintable() or Path(name).name != name or name in {"", ".."}:
        raise ArtifactError(f"{root.name}/default doesn't name a model. Write the name of a model's folder into it.")
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
    """Returns the folders of finished runs in the folder of runs, sorted by name."""
    return sorted(path.parent for path in (root or runs_root()).glob(f"*/{MANIFEST}"))


def write_manifest(folder: Path) -> None:
    """Writes the manifest of every file in the folder, which marks the run as finished."""
    files = {path.name: sha256(path) for path in sorted(folder.iterdir()) if path.is_file() and path.name != MANIFEST}
    write_json(folder / MANIFEST, {"format": FORMAT, "program": "sentiment", "files": files})


def add_parts(run: Run, parts: Mapping[str, Any]) -> Run:
    """Writes files into a finished run, bytes unchanged and anything else as JSON, and returns the updated run."""
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


def topic(run: Run) -> str | None:
    """Returns what a run's training texts are about, as ``--about`` names it; None for English film reviews."""
    metadata = run.json("metadata.json") if run.has("metadata.json") else {}
    if named := metadata.get("about"):
        return str(named)
    split = metadata.get("data", {}).get("split", "official")
    return None if split.startswith("official") else "a user's own texts"


def is_run(folder: Path) -> bool:
    """Returns whether a folder holds a finished run of this program, of any format version."""
    try:
        return json.loads((folder / MANIFEST).read_text(encoding="utf-8"))["program"] == "sentiment"
    except (OSError, ValueError, KeyError, TypeError):
        return False


def remove_run(folder: Path) -> None:
    """Removes a run's folder, finished or not."""
    shutil.rmtree(folder)


def write_json(path: Path, content: Any) -> None:
    """Writes indented JSON atomically: a reader sees the old file or the new one, never a partial one."""
    write_atomically(path, (json.dumps(content, indent=2, ensure_ascii=False, allow_nan=False) + "\n").encode())


def write_atomically(path: Path, content: bytes) -> None:
    """Replaces a file in one step: even after a power cut it is the complete old file or the complete new one."""
    temporary = path.with_name(f".{path.name[:200]}.{secrets.token_hex(8)}")
    try:
        with temporary.open("xb") as file:  # unlike tempfile, this respects the umask
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(path)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise


def sha256(path: Path) -> str:
    """Returns the SHA-256 of a file, in hex."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _read_manifest(folder: Path) -> dict[str, Any]:
    try:
        manifest = json.loads((folder / MANIFEST).read_text(encoding="utf-8"))
        program, format_version, files = manifest["program"], manifest["format"], manifest["files"]
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise ArtifactError(f"Model {folder.name} is corrupted: {MANIFEST} isn't readable.") from error
    if program != "sentiment" or not isinstance(files, dict):
        raise ArtifactError(f"The folder {folder.name} belongs to another program.")
    if format_version != FORMAT:
        raise ArtifactError(f"Model {folder.name} has format {format_version}, but this program reads format {FORMAT}.")
    return manifest
