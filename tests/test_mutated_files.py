"""Files with random bytes changed, removed and inserted are read or refused in one sentence.

``MUTATIONS=20000 pytest tests/test_mutated_files.py`` tries more of them.
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

MUTATIONS = int(os.environ.get("MUTATIONS", "120"))


@pytest.mark.parametrize("name", tables())
def test_a_damaged_file_of_reviews_is_read_or_refused_in_one_sentence(name, tmp_path):
    rng = random.Random(name)
    path = tmp_path / name
    for attempt in range(MUTATIONS):
        path.write_bytes(mutated(tables()[name], rng))
        try:
            inspect(path, Options(), lambda *_: None)
        except FileError as error:
            assert str(error).endswith(".")
            assert "\n" not in str(error)
        except Exception as error:
            pytest.fail(f"attempt {attempt} ended in {type(error).__name__}: {error}")


@pytest.mark.parametrize("name", ["in.csv", "in.zip", "lzma.zip", "in.parquet", "zstd.parquet"])
def test_a_damaged_data_set_is_read_or_refused_in_one_sentence(name, tmp_path):
    rng = random.Random(name)
    path = tmp_path / name
    for attempt in range(MUTATIONS):
        path.write_bytes(mutated(tables()[name], rng))
        try:
            read(path)
        except DatasetError as error:
            assert str(error).endswith(".")
            assert "\n" not in str(error)
        except Exception as error:
            pytest.fail(f"attempt {attempt} ended in {type(error).__name__}: {error}")
