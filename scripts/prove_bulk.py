"""The long proofs of bulk scoring: memory and rate at a million rows, kills, a full disk, the server at an upload.

Writes what it measured as JSON, and as the page docs/bulk-proof.md. Takes an hour or two on two cores.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import random
import resource
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from sentiment.artifacts import default_run, write_json
from sentiment.figures import table

HOME = Path(__file__).resolve().parent.parent
SCORE = [sys.executable, str(HOME / "scripts/score.py")]
PROOFS = ("memory_and_rate", "kills", "full_disk", "server")
MEMORY = 600  # MB, the most the command line may take
RATE = 0.10  # by which the rate of a million rows may fall behind that of few
FEW = 25_000

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


def main() -> int:
    """Runs the proofs asked for; gives 1 where one of them fails."""
    options = _options()
    run = options.artifacts or default_run()
    proofs = {
        "memory_and_rate": lambda folder: prove_memory(run, folder, options.rows),
        "kills": lambda folder: prove_kills(run, folder, options.kills),
        "full_disk": lambda folder: prove_full_disk(run, folder),
        "server": lambda folder: prove_server(run, folder),
    }
    found = json.loads(options.json.read_text()) if options.json.exists() else {}
    found |= {"run": run.name, "cores": os.cpu_count()}
    for name in options.only or proofs:
        print(f"{name} ...", file=sys.stderr)
        with tempfile.TemporaryDirectory(prefix="prove-bulk-") as folder:
            found[name] = proofs[name](Path(folder))
        write_json(options.json, found)
    options.page.write_text(page(found), encoding="utf-8")
    return 0 if all(found[name]["holds"] for name in proofs if name in found) else 1


def reviews(count: int, seed: int = 0) -> Iterator[str]:
    """Distinct reviews of two to six sentences, and their number, of our own words."""
    rng = random.Random(seed)  # noqa: S311
    for number in range(count):
        said = " ".join(" ".join(map(rng.choice, _PARTS)) + "." for _ in range(rng.randint(2, 6)))
        yield f"Review {number}. {said}"


def write_table(path: Path, rows: int) -> None:
    """A CSV of made-up reviews."""
    with path.open("w", encoding="utf-8") as file:
        file.write("id,review\n")
        file.writelines(f'{number},"{review}"\n' for number, review in enumerate(reviews(rows)))


def prove_memory(run: Path, folder: Path, rows: int) -> dict[str, Any]:
    """Peak memory and rate over many rows, and over few, the same way."""
    found: dict[str, Any] = {}
    for name, count in (("few", FEW), ("many", rows)):
        write_table(folder / "in.csv", count)
        child = subprocess.Popen([*SCORE, folder / "in.csv", folder / "out.csv", "--artifacts", run])
        _, status, usage = os.wait4(child.pid, 0)
        report = json.loads((folder / "out.csv.json").read_text())
        found[name] = {
            "rows": report["rows"],
            "seconds": report["seconds"],
            "rows_a_second": report["rows"] / report["seconds"],
            "peak_megabytes": usage.ru_maxrss / 1024,
            "input_megabytes": (folder / "in.csv").stat().st_size / 1e6,
        }
        found["holds"] = status == 0
    slower = 1 - found["many"]["rows_a_second"] / found["few"]["rows_a_second"]
    found["holds"] &= found["many"]["peak_megabytes"] < MEMORY and slower < RATE
    return found


def prove_kills(run: Path, folder: Path, kills: int) -> dict[str, Any]:
    """Kill -9 at a random moment, then --resume, and whether the bytes are those of an unbroken run."""
    write_table(folder / "in.csv", FEW)
    began = time.monotonic()
    _score(run, folder / "in.csv", folder / "unbroken.csv")
    lasts = time.monotonic() - began
    expected, rng, same, parts = _sha256(folder / "unbroken.csv"), random.Random(0), 0, []  # noqa: S311
    for _ in range(kills):
        child = subprocess.Popen([*SCORE, folder / "in.csv", folder / "out.csv", "--artifacts", run])
        time.sleep(rng.uniform(0.1, lasts))
        child.send_signal(signal.SIGKILL)
        child.wait()
        parts.append(len(list((folder / "out.csv.parts").glob("part-*.parquet"))))
        _score(run, folder / "in.csv", folder / "out.csv", "--resume")
        same += _sha256(folder / "out.csv") == expected
        (folder / "out.csv").unlink()
    return {"kills": kills, "same_bytes": same, "parts_found": parts, "holds": same == kills}


def prove_full_disk(run: Path, folder: Path) -> dict[str, Any]:
    """A run on a disk too small for it, and its resumption once there is room; needs user namespaces."""
    write_table(folder / "in.csv", FEW)
    _score(run, folder / "in.csv", folder / "unbroken.csv")
    disk = folder / "disk"
    disk.mkdir()
    command = " ".join(map(str, [*SCORE, folder / "in.csv", disk / "out.csv", "--artifacts", run.resolve()]))
    script = (
        f"mount -t tmpfs -o size=1m tmpfs {disk}; {command}; echo $?; ls {disk}/out.csv; "
        f"mount -o remount,size=1g {disk}; {command} --resume; echo $?; cp {disk}/out.csv {folder}/resumed.csv"
    )
    done = subprocess.run(
        ["unshare", "--user", "--map-root-user", "--mount", "sh", "-c", script], capture_output=True, text=True
    )
    statuses = done.stdout.split()
    same = (folder / "resumed.csv").exists() and _sha256(folder / "resumed.csv") == _sha256(folder / "unbroken.csv")
    said = done.stderr.splitlines()[0] if done.stderr else ""
    return {"statuses": statuses, "said": said, "same_bytes": same, "holds": statuses == ["1", "0"] and same}


def prove_server(run: Path, folder: Path) -> dict[str, Any]:
    """The server's memory before, during and after the largest upload, and once its rows are shown; needs Chromium."""
    from playwright.sync_api import sync_playwright

    from scripts.screenshots import CHROMIUM, serve, settle

    runs = folder / "runs"
    shutil.copytree(run, runs / run.name)
    os.environ["SENTIMENT_JOBS"] = str(folder / "jobs")
    megabytes = 199
    with (folder / "in.csv").open("w") as file:
        file.write("id,review\n")
        while file.tell() < megabytes * 1e6:
            file.writelines(f'{n},"{review * 20}"\n' for n, review in enumerate(reviews(1000)))
    with serve(runs, folder / "log") as address, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        page = browser.new_page()
        page.set_default_timeout(300_000)
        page.goto(f"{address}/bulk")
        settle(page)
        server = _server_of(address)
        before = _resident(server)
        page.set_input_files("input[type=file]", folder / "in.csv")
        during = before
        while not page.get_by_role("button", name="Score").count():
            during = max(during, _resident(server))
            time.sleep(0.05)
        time.sleep(5)
        after = _resident(server)
        browser.close()
    return {
        "upload_megabytes": megabytes,
        "before_megabytes": before,
        "during_megabytes": during,
        "after_megabytes": after,
        "holds": after - before < 0.25 * megabytes,
    }


def page(found: dict[str, Any]) -> str:
    """The page that shows what was measured."""
    lines = [
        "# Bulk scoring, put to the proof",
        "",
        f"Written by `make proof` (`scripts/prove_bulk.py`), with the run {found['run']} on {found['cores']} cores.",
    ]
    if measured := found.get("memory_and_rate"):
        rows = [
            [
                f"{size['rows']:,}",
                f"{size['input_megabytes']:.0f} MB",
                f"{size['rows_a_second']:,.0f}",
                f"{size['peak_megabytes']:.0f} MB",
            ]
            for size in (measured["few"], measured["many"])
        ]
        lines += ["", "## Memory and rate", "", table(["rows", "file", "rows a second", "peak memory"], rows)]
    if kills := found.get("kills"):
        said = f"{kills['kills']} runs were ended by kill -9 at a random moment and resumed; {kills['same_bytes']}"
        lines += ["", "## Kill -9", "", f"{said} of them ended byte for byte where an unbroken run ends."]
    if disk := found.get("full_disk"):
        said = "ended byte for byte where an unbroken run ends" if disk["same_bytes"] else "ended elsewhere"
        lines += ["", "## A full disk", "", f"The run said `{disk['said']}`, and with room again, resumed, {said}."]
    if server := found.get("server"):
        lines += [
            "",
            "## The server at the largest upload",
            "",
            f"{server['upload_megabytes']} MB uploaded: {server['before_megabytes']:.0f} MB resident before, "
            f"{server['during_megabytes']:.0f} MB at most during, {server['after_megabytes']:.0f} MB after.",
        ]
    return "\n".join(lines) + "\n"


def _score(run: Path, source: Path, output: Path, *options: str) -> None:
    subprocess.run([*SCORE, source, output, "--artifacts", run, *options], check=True)


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _server_of(address: str) -> int:
    port = address.rsplit(":", 1)[1]
    for entry in Path("/proc").glob("[0-9]*/cmdline"):
        words = entry.read_bytes().split(b"\0")
        if b"streamlit" in words and port.encode() in words:
            return int(entry.parent.name)
    raise RuntimeError("The server is not running.")


def _resident(process: int) -> float:
    pages = int(Path(f"/proc/{process}/statm").read_text().split()[1])
    return pages * resource.getpagesize() / 1e6


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    add = parser.add_argument
    add("--artifacts", type=Path, metavar="RUN_FOLDER", help="the run to use; the one artifacts/default names")
    add("--rows", type=int, default=1_000_000, help="of the large file; %(default)s")
    add("--kills", type=int, default=20, help="%(default)s")
    add("--only", action="append", choices=PROOFS, help="one of the proofs")
    add("--json", type=Path, default=HOME / "docs/bulk-proof.json", help="where the figures go, and come from")
    add("--page", type=Path, default=HOME / "docs/bulk-proof.md", help="where the page goes")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
