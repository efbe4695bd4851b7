"""Proofs of bulk scoring on whole files: memory and rate at a million rows, killed runs, a full disk."""

from __future__ import annotations

import json
import random
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from dev.system import peak_megabytes
from sentiment.artifacts import ROOT, sha256

MAX_MEGABYTES = 600  # peak memory of score.py
MAX_SLOWDOWN = 0.10  # of the rate of many rows against that of few
FEW_ROWS = 25_000

_SCORE = [sys.executable, str(ROOT.parent / "scripts/score.py")]

_SUBJECTS = [
    "The plot",
    "The lead",
    "The camera",
    "The music",
    "Every scene",
    "The ending",
    "The villain",
    "The dialogue",
]
_VERBS = ["never finds", "slowly earns", "always keeps", "quietly loses", "nearly ruins", "gladly carries"]
_OBJECTS = ["its rhythm", "the story", "our patience", "any warmth", "a sense of wonder", "the joke"]
_ENDS = ["and I loved it", "and I was bored", "which is a pity", "which is a delight", ", and it shows", ", sadly"]
_PARTS = (_SUBJECTS, _VERBS, _OBJECTS, _ENDS)


def reviews(count: int, seed: int = 0) -> Iterator[str]:
    """Yields distinct, numbered reviews of two to six sentences in our own words."""
    rng = random.Random(seed)  # noqa: S311
    for number in range(count):
        text = " ".join(" ".join(map(rng.choice, _PARTS)) + "." for _ in range(rng.randint(2, 6)))
        yield f"Review {number}. {text}"


def write_table(path: Path, rows: int, repeats: int = 1) -> None:
    """Writes a CSV of generated reviews, the text of each repeated ``repeats`` times."""
    with path.open("w", encoding="utf-8") as file:
        file.write("id,review\n")
        file.writelines(f'{number},"{review * repeats}"\n' for number, review in enumerate(reviews(rows)))


def memory_and_rate(run: Path, folder: Path, rows: int) -> dict[str, Any]:
    """Measures peak memory and rate on a small file and on one with ``rows`` rows."""
    found: dict[str, Any] = {}
    for name, count in (("few", FEW_ROWS), ("many", rows)):
        write_table(folder / "in.csv", count)
        child = subprocess.Popen([*_SCORE, folder / "in.csv", folder / "out.csv", "--artifacts", run])
        peak = _peak(child)
        report = json.loads((folder / "out.csv.json").read_text())
        found[name] = {
            "rows": report["rows"],
            "seconds": report["seconds"],
            "rows_a_second": report["rows"] / report["seconds"],
            "peak_megabytes": peak,
            "input_megabytes": (folder / "in.csv").stat().st_size / 1e6,
        }
        found["holds"] = child.returncode == 0
    slowdown = 1 - found["many"]["rows_a_second"] / found["few"]["rows_a_second"]
    found["holds"] &= found["many"]["peak_megabytes"] < MAX_MEGABYTES and slowdown < MAX_SLOWDOWN
    return found


def _peak(child: subprocess.Popen[bytes]) -> float:
    """Waits for the child and returns its peak memory in megabytes; ``ru_maxrss`` would include its parent's."""
    peak = 0.0
    while child.poll() is None:
        peak = peak_megabytes(child.pid) or peak
        time.sleep(0.02)
    return peak


def kills(run: Path, folder: Path, times: int) -> dict[str, Any]:
    """Kills runs at random moments and resumes them; counts the outputs equal to that of an uninterrupted run."""
    write_table(folder / "in.csv", FEW_ROWS)
    uninterrupted = _start(run, folder, "uninterrupted.csv")
    began = _first_part(uninterrupted, folder / "uninterrupted.csv.parts")
    uninterrupted.wait()
    seconds = time.monotonic() - began
    expected, rng, same = sha256(folder / "uninterrupted.csv"), random.Random(0), 0  # noqa: S311
    parts: list[int] = []
    while len(parts) < times:
        child = _start(run, folder, "out.csv")
        _first_part(child, folder / "out.csv.parts")
        time.sleep(rng.uniform(0, seconds))
        child.kill()
        child.wait()
        if found := len(_parts(folder / "out.csv.parts")):  # else the run had finished before the kill
            parts.append(found)
            _score(run, folder / "in.csv", folder / "out.csv", "--resume")
            same += sha256(folder / "out.csv") == expected
        (folder / "out.csv").unlink()
    return {"kills": times, "same_bytes": same, "parts_found": parts, "holds": same == times}


def _start(run: Path, folder: Path, output: str) -> subprocess.Popen[bytes]:
    return subprocess.Popen([*_SCORE, folder / "in.csv", folder / output, "--artifacts", run])


def _first_part(child: subprocess.Popen[bytes], parts: Path) -> float:
    """Waits until there is a part, or the child has ended; returns the time."""
    while not _parts(parts) and child.poll() is None:
        time.sleep(0.005)
    return time.monotonic()


def _parts(folder: Path) -> list[Path]:
    return list(folder.glob("part-*.parquet"))


def full_disk(run: Path, folder: Path) -> dict[str, Any]:
    """Runs on a disk that is too small, then resumes on a larger one; needs user namespaces."""
    write_table(folder / "in.csv", FEW_ROWS)
    _score(run, folder / "in.csv", folder / "uninterrupted.csv")
    disk = folder / "disk"
    disk.mkdir()
    command = " ".join(map(str, [*_SCORE, folder / "in.csv", disk / "out.csv", "--artifacts", run.resolve()]))
    script = (
        f"mount -t tmpfs -o size=1m tmpfs {disk}; {command}; echo $?; ls {disk}/out.csv; "
        f"mount -o remount,size=1g {disk}; {command} --resume; echo $?; cp {disk}/out.csv {folder}/resumed.csv"
    )
    done = subprocess.run(
        ["unshare", "--user", "--map-root-user", "--mount", "sh", "-c", script], capture_output=True, text=True
    )
    statuses = done.stdout.split()
    resumed = folder / "resumed.csv"
    same = resumed.exists() and sha256(resumed) == sha256(folder / "uninterrupted.csv")
    said = done.stderr.splitlines()[0] if done.stderr else ""
    return {"statuses": statuses, "said": said, "same_bytes": same, "holds": statuses == ["1", "0"] and same}


def _score(run: Path, source: Path, output: Path, *options: str) -> None:
    subprocess.run([*_SCORE, source, output, "--artifacts", run, *options], check=True)
