"""No data about texts or the machine is collected: the part of this guarantee that a browser cannot test."""

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


def test_onnx_runtime_writes_no_machine_id_and_no_events(tmp_path):
    run = tiny_run(tmp_path / "run")
    home = tmp_path / "home"
    home.mkdir()
    environment = {"PATH": os.environ["PATH"], "HOME": str(home)}  # without variables that would turn this off
    subprocess.run([sys.executable, "-c", SCORE, run], env=environment, cwd=HOME, check=True)
    assert [path for path in home.rglob("*") if path.is_file()] == []
