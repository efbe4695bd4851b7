"""The commands that need TensorFlow do not print the messages of its start."""

from __future__ import annotations

import subprocess
import sys

import pytest

CODE = """
from sentiment.commands.quiet import quiet_tensorflow
with quiet_tensorflow():
    import tensorflow
tensorflow.config.list_physical_devices()
tensorflow.random.normal((2, 2))
print("loud", file=__import__("sys").stderr)
"""


@pytest.mark.training
@pytest.mark.process
def test_only_the_program_s_own_messages_are_printed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("TF_CPP_MIN_LOG_LEVEL", raising=False)
    done = subprocess.run([sys.executable, "-c", CODE], capture_output=True, text=True, check=True)
    assert done.stderr == "loud\n"
