"""The condition of the tests that need the compiled LSTM."""

from __future__ import annotations

import os

import pytest

from sentiment.model.native.lstm import compiled_lstm
from tests.tiny import tiny_weights

needs_compiled = pytest.mark.skipif(
    compiled_lstm(tiny_weights(units=32)) is None and os.environ.get("SENTIMENT_REQUIRE_TOOLS") != "1",
    reason="nothing was compiled for this processor: scripts/compile.py",
)
