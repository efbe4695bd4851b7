"""The folder of the real reviews, for the tests that need them; the repository contains none."""

from __future__ import annotations

from pathlib import Path

import pytest

FOLDER = Path(__file__).resolve().parents[2] / "shared" / "data"
IMDB = FOLDER / "imdb"
KAGGLE = FOLDER / "kaggle" / "archive.zip"

needs_real_data = pytest.mark.skipif(not IMDB.is_dir(), reason=f"the IMDB reviews are not at {FOLDER}")
