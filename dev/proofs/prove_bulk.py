"""Runs the long proofs of bulk scoring: memory and rate, kills, a full disk, the server at an upload, two workers.

Writes the measurements as JSON and as the page docs/bulk-proof.md. Takes one to two hours on two cores. With --only,
earlier results of the other proofs are kept, each with its model and date.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from dev.proofs import files
from dev.proofs.circumstances import circumstances
from dev.proofs.files_page import page
from dev.system import process_of, resident_megabytes
from sentiment.artifacts import ArtifactError, open_run, write_json

HOME = Path(__file__).resolve().parents[2]
PROOFS = ("memory_and_rate", "kills", "full_disk", "server", "cluster")


def main() -> int:
    """Runs the requested proofs; returns the exit status, 1 if one of them fails."""
    options = _options()
    try:
        opened = open_run(options.artifacts)
    except ArtifactError as error:
        print(f"prove_bulk.py: {error}", file=sys.stderr)
        return 2
    run = opened.path
    proofs = {
        "memory_and_rate": lambda folder: files.memory_and_rate(run, folder, options.rows),
        "kills": lambda folder: files.kills(run, folder, options.kills),
        "full_disk": lambda folder: files.full_disk(run, folder),
        "server": lambda folder: server(run, folder),
        "cluster": lambda folder: cluster(run, folder),
    }
    found = json.loads(options.json.read_text()) if options.json.exists() else {}
    for name in options.only or proofs:
        print(f"{name} ...", file=sys.stderr)
        with tempfile.TemporaryDirectory(prefix="prove-bulk-") as folder:
            found[name] = proofs[name](Path(folder)) | {"circumstances": circumstances(opened)}
        write_json(options.json, found)
    options.page.write_text(page(found), encoding="utf-8")
    return 0 if all(found[name]["holds"] for name in proofs if name in found) else 1


def server(run: Path, folder: Path) -> dict[str, Any]:
    """Measures the server's memory before, during and after the largest upload; needs Chromium."""
    from playwright.sync_api import sync_playwright

    from dev.screenshots import CHROMIUM, serve, settle

    runs = folder / "runs"
    shutil.copytree(run, runs / run.name)
    os.environ["SENTIMENT_JOBS"] = str(folder / "jobs")
    megabytes = 199  # the limit is 200
    with (folder / "in.csv").open("w") as file:
        file.write("id,review\n")
        while file.tell() < megabytes * 1e6:
            file.writelines(f'{n},"{review * 20}"\n' for n, review in enumerate(files.reviews(100)))
    with serve(runs, folder / "log") as address, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        tab = browser.new_page()
        tab.set_default_timeout(300_000)
        tab.goto(f"{address}/bulk")
        settle(tab)
        process = process_of(address)
        before = resident_megabytes(process)
        tab.set_input_files("input[type=file]", folder / "in.csv")
        during, end = before, time.monotonic() + 300
        while not tab.get_by_role("button", name="Score").count():
            if time.monotonic() > end:
                raise RuntimeError("The upload was not complete within five minutes.")
            during = max(during, resident_megabytes(process))
            time.sleep(0.05)
        time.sleep(5)
        after = resident_megabytes(process)
        browser.close()
    return {
        "upload_megabytes": megabytes,
        "before_megabytes": before,
        "during_megabytes": during,
        "after_megabytes": after,
        "holds": after - before < 0.25 * megabytes,
    }


def cluster(run: Path, folder: Path) -> dict[str, Any]:
    """Measures the rates of one worker and of two."""
    from dev.proofs.cluster import two_workers  # here, because Ray is optional

    return two_workers(run, folder)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    add = parser.add_argument
    add("--artifacts", type=Path, metavar="RUN_FOLDER", help="run to use (default: artifacts/default)")
    add("--rows", type=int, default=1_000_000, help="rows of the large file (default: %(default)s)")
    add("--kills", type=int, default=20, help="number of killed runs (default: %(default)s)")
    add("--only", action="append", choices=PROOFS, help="run only this proof; may be repeated")
    add("--json", type=Path, default=HOME / "docs/bulk-proof.json", help="file with the results, updated")
    add("--page", type=Path, default=HOME / "docs/bulk-proof.md", help="the page to write")
    return parser.parse_args()


if __name__ == "__main__":
    try:
        raise SystemExit(main())
    except KeyboardInterrupt:
        raise SystemExit(130) from None
