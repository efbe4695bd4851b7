"""The circumstances of a measurement: run, date and machine."""

from __future__ import annotations

import datetime
import os
from typing import Any

from sentiment.artifacts import Run
from sentiment.system import processor_name


def circumstances(run: Run) -> dict[str, Any]:
    """Returns ``{"run", "model", "date", "cores", "processor"}``; "model" is the SHA-256 of ``model.onnx``."""
    return {
        "run": run.name,
        "model": run.manifest["files"]["model.onnx"],
        "date": datetime.datetime.now(datetime.UTC).date().isoformat(),
        "cores": os.cpu_count(),
        "processor": processor_name(),
    }


def describe(found: dict[str, Any]) -> str:
    """Describes the circumstances in words, for a page."""
    run = f"the run {found['run']} (`model.onnx` with SHA-256 {found['model'][:12]}...)"
    return f"with {run} on {found['date']}, on {found['cores']} cores ({found['processor']})"
