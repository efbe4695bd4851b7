"""Proofs of bulk scoring on whole files: memory and rate at a million rows, killed runs, a full disk."""

from __future__ import annotations

import json
import random
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

from dev.proofs.generated_reviews import write_table
from dev.system import wait_for_peak
from sentiment.artifacts import sha256
from sentiment.paths import HOME

MAX_MEGABYTES = 600  # peak memory of score.py
MAX_SLOWDOWN = 0.10  # of the rate of many rows against that of few
FEW_ROWS = 25_000

_POLL = 0.005  # seconds between two looks for a finished part


def memory_and_rate(run: Path, folder: Path, rows: int) -> dict[str, Any]:
    """Measures peak memory and rate on a small file and on one with ``rows`` rows."""
    few, many = (_measure(run, folder, count) for count in (FEW_ROWS, rows))
    slowdown = 1 - many["rows_a_second"] / few["rows_a_second"]
    holds = many["peak_megabytes"] < MAX_MEGABYTES and slowdown < MAX_SLOWDOWN
    return {"few": few, "many": many, "holds": holds}


def _measure(run: Path, folder: Path, rows: int) -> dict[str, Any]:
    source, output = folder / "in.csv", folder / "out.csv"
    write_table(source, rows)
    command = _command(run, source, output)
    child = subprocess.Popen(command)
    peak = wait_for_peak(child)
    if child.returncode:
        raise subprocess.CalledProcessError(child.returncode, command)
    report = json.loads((folder / "out.csv.json").read_text(encoding="utf-8"))
    return {
        "rows": report["rows"],
        "seconds": report["seconds"],
        "rows_a_second": report["rows"] / report["seconds"],
        "peak_megabytes": peak,
        "input_megabytes": source.stat().st_size / 1e6,
    }


def kills(run: Path, folder: Path, times: int) -> dict[str, Any]:
    """Kills runs at random moments and resumes them; counts the outputs equal to that of an uninterrupted run."""
    source, output, undisturbed = folder / "in.csv", folder / "out.csv", folder / "uninterrupted.csv"
    write_table(source, FEW_ROWS)
    child = subprocess.Popen(_command(run, source, undisturbed))
    began = _wait_for_part(child, undisturbed)
    child.wait()
    seconds = time.monotonic() - began
    expected, rng, same = sha256(undisturbed), random.Random(0), 0  # noqa: S311
    parts: list[int] = []
    while len(parts) < times:
        child = subprocess.Popen(_command(run, source, output))
        _wait_for_part(child, output)
        time.sleep(rng.uniform(0, seconds))
        child.kill()
        child.wait()
        if found := len(_parts(output)):  # else the run had finished before the kill
            parts.append(found)
            subprocess.run(_command(run, source, output, "--resume"), check=True)
            same += sha256(output) == expected
        output.unlink()
    return {"kills": times, "same_bytes": same, "parts_found": parts, "holds": same == times}


def _wait_for_part(child: subprocess.Popen[bytes], output: Path) -> float:
    """Waits until a part of the output is finished, or the child has ended; returns the time."""
    while not _parts(output) and child.poll() is None:
        time.sleep(_POLL)
    return time.monotonic()


def _parts(output: Path) -> list[Path]:
    return list(Path(f"{output}.parts").glob("part-*.parquet"))


def full_disk(run: Path, folder: Path) -> dict[str, Any]:
    """Runs on a disk that is too small, then resumes on a larger one; needs user namespaces."""
    source, undisturbed, resumed = folder / "in.csv", folder / "uninterrupted.csv", folder / "resumed.csv"
    write_table(source, FEW_ROWS)
    subprocess.run(_command(run, source, undisturbed), check=True)
    disk = folder / "disk"
    disk.mkdir()
    command = " ".join(_command(run.resolve(), source, disk / "out.csv"))
    script = (
        f"mount -t tmpfs -o size=1m tmpfs {disk}; {command}; echo $?; ls {disk}/out.csv; "
        f"mount -o remount,size=1g {disk}; {command} --resume; echo $?; cp {disk}/out.csv {resumed}"
    )
    done = subprocess.run(
        ["unshare", "--user", "--map-root-user", "--mount", "sh", "-c", script], capture_output=True, text=True
    )
    statuses = done.stdout.split()
    same = resumed.exists() and sha256(resumed) == sha256(undisturbed)
    said = done.stderr.splitlines()[0] if done.stderr else ""
    return {"statuses": statuses, "said": said, "same_bytes": same, "holds": statuses == ["1", "0"] and same}


def _command(run: Path, source: Path, output: Path, *options: str) -> list[str]:
    words = (sys.executable, HOME / "scripts" / "score.py", source, output, "--artifacts", run, *options)
    return [str(word) for word in words]
