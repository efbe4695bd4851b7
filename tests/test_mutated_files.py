"""A damaged file gives rows or a sentence, whatever is damaged: bytes are changed, cut out and put in by chance.

``MUTATIONS=20000 pytest tests/test_mutated_files.py`` looks for longer than the tests do.
"""

from __future__ import annotations

import os
import random

import pytest

from dev.proofs.mutations import mutated, tables
from sentiment.dataset import DatasetError
from sentiment.dataset.readers import read
from sentiment.tables.base import Options
from sentiment.tables.errors import FileError
from sentiment.tables.inspection import inspect

TRIES = int(os.environ.get("MUTATIONS", "120"))


@pytest.mark.parametrize("name", tables())
def test_a_damaged_file_of_reviews_gives_rows_or_a_sentence(name, tmp_path):
    chance = random.Random(name)
    path = tmp_path / name
    for attempt in range(TRIES):
        content = mutated(tables()[name], chance)
        path.write_bytes(content)
        try:
            inspect(path, Options(), lambda *_: None)
        except FileError as error:
            assert str(error).endswith(".")
            assert "\n" not in str(error)
        except Exception as error:
            pytest.fail(f"attempt {attempt} ended in {type(error).__name__}: {error}")


@pytest.mark.parametrize("name", ["in.csv", "in.zip", "lzma.zip", "in.parquet", "zstd.parquet"])
def test_a_damaged_data_set_gives_reviews_or_a_sentence(name, tmp_path):
    chance = random.Random(name)
    path = tmp_path / name
    for attempt in range(TRIES):
        path.write_bytes(mutated(tables()[name], chance))
        try:
            read(path)
        except DatasetError as error:
            assert str(error).endswith(".")
        except Exception as error:
            pytest.fail(f"attempt {attempt} ended in {type(error).__name__}: {error}")
