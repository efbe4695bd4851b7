"""Fuzzes one kind of input, in a process of its own that may crash: ``python -m dev.proofs.fuzzing``.

Every attempt has a number, from which its input follows. An input is either taken or refused in one sentence; anything
else is a fault. ``run`` starts the process, and starts it again with the next number if it crashes or hangs.
"""

from __future__ import annotations

import faulthandler
import json
import random
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from dev import command_line
from dev.proofs.fuzzed_kinds import KINDS, RefusedError
from sentiment.errors import SentimentError
from sentiment.system import limit_memory

_HANG = 30  # seconds after which an attempt counts as hanging
_MEMORY = 2.0  # gigabytes; ``limit_memory`` lets an attempt ask for twice as much


def run(kind: str, run_folder: Path, seconds: float) -> dict[str, Any]:
    """Fuzzes a kind for so many seconds; returns the numbers of inputs taken and refused, and the faults.

    Args:
        kind: one of ``KINDS``.
        run_folder: the run to use.
        seconds: for all attempts together.
    """
    found: dict[str, Any] = {"taken": 0, "refused": 0, "faults": []}
    end, first = time.monotonic() + seconds, 0
    while (left := end - time.monotonic()) > 0:
        command = [sys.executable, "-m", "dev.proofs.fuzzing", kind, str(run_folder), str(left), str(first)]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        outcomes = [json.loads(line) for line in done.stdout.splitlines()]
        for each in outcomes:
            found["taken"] += each["outcome"] == "taken"
            found["refused"] += each["outcome"] == "refused"
            if each["outcome"] not in ("taken", "refused"):
                found["faults"].append(f"{kind} {each['number']}: {each['outcome']}")
        first = outcomes[-1]["number"] + 1 if outcomes else first
        if done.returncode:
            found["faults"].append(f"{kind} {first}: the process ended with {done.returncode}: {done.stderr[-500:]}")
            first += 1
    return {**found, "inputs": found["taken"] + found["refused"] + len(found["faults"])}


def attempt(kind: str, number: int, run_folder: Path) -> str:
    """Makes one attempt; returns "taken", "refused", or what went wrong."""
    chance = random.Random(f"{kind} {number}")  # noqa: S311
    try:
        with tempfile.TemporaryDirectory(prefix="fuzzing-") as folder:
            KINDS[kind](chance, Path(folder), run_folder)
    except (SentimentError, RefusedError) as error:
        sentence = str(error)
        return "refused" if sentence.endswith(".") and "\n" not in sentence else f"no sentence: {sentence!r}"
    except Exception as error:  # of any kind: the faults to find
        return f"{type(error).__name__}: {error}"[:500]
    return "taken"


def main() -> int:
    """Makes attempts until the time is over; prints each one's number and outcome as a line of JSON."""
    parser = command_line.parser(__doc__)
    parser.add_argument("kind", choices=KINDS, help="the kind of input")
    parser.add_argument("run", type=Path, help="folder of the run to use")
    parser.add_argument("seconds", type=float, help="for all attempts together")
    parser.add_argument("first", type=int, help="number of the first attempt")
    options = parser.parse_args()
    end, number = time.monotonic() + options.seconds, options.first
    limit_memory(_MEMORY)
    while time.monotonic() < end:
        faulthandler.dump_traceback_later(_HANG, exit=True)
        outcome = attempt(options.kind, number, options.run)
        faulthandler.cancel_dump_traceback_later()
        print(json.dumps({"number": number, "outcome": outcome}), flush=True)
        number += 1
    return 0


if __name__ == "__main__":
    command_line.run(main)
