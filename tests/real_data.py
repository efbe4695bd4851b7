"""The folder of the IMDB reviews, for the tests that need them; the repository does not contain them."""

from __future__ import annotations

from pathlib import Path

import pytest

FOLDER = Path(__file__).resolve().parents[2] / "shared" / "data"
IMDB = FOLDER / "imdb"
KAGGLE = FOLDER / "kaggle" / "archive.zip"

needs_real_data = pytest.mark.skipif(not IMDB.is_dir(), reason=f"the IMDB reviews are not at {FOLDER}")
