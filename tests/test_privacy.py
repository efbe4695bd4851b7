"""Pasted and uploaded texts stay on the machine: the parts of that guarantee that a browser cannot test."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.tiny import tiny_run

pytestmark = pytest.mark.process

HOME = Path(__file__).resolve().parent.parent
SCORE = "import sys; from sentiment import Classifier; Classifier.load(sys.argv[1]).predict(['good'])"


def test_onnx_runtime_does_not_name_this_machine_or_collect_events(tmp_path):
    run = tiny_run(tmp_path / "run")
    kept = tmp_path / "home"
    kept.mkdir()
    environment = {"PATH": os.environ["PATH"], "HOME": str(kept)}  # nothing that would keep it silent by itself
    subprocess.run([sys.executable, "-c", SCORE, run], env=environment, cwd=HOME, check=True)
    assert [path for path in kept.rglob("*") if path.is_file()] == []
