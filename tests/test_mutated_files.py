"""A damaged file gives rows or a sentence, whatever is damaged: bytes are changed, cut out and put in by chance.

``MUTATIONS=20000 pytest tests/test_mutated_files.py`` looks for longer than the tests do.
"""

from __future__ import annotations

import gzip
import io
import json
import os
import random

import openpyxl
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from sentiment.dataset import DatasetError
from sentiment.dataset.readers import read
from sentiment.tables.base import Options
from sentiment.tables.errors import FileError
from sentiment.tables.inspection import inspect
from tests.hostile_files import zipped

TRIES = int(os.environ.get("MUTATIONS", "120"))
ROWS = [(f'a good film, number {i}, “{i}”\nof "many"', i % 2, i / 7) for i in range(30)]
TABLE = pd.DataFrame(ROWS, columns=["review", "label", "score"])
CSV = TABLE.to_csv(index=False).encode()


def parquet(**options) -> bytes:
    buffer = io.BytesIO()
    table = pa.Table.from_pandas(TABLE).append_column("tags", pa.array([["a", None]] * 30))
    pq.write_table(table, buffer, **options)
    return buffer.getvalue()


def workbook() -> bytes:
    book = openpyxl.Workbook()
    book.active.append(list(TABLE.columns))
    for row in ROWS:
        book.active.append([*row, pd.Timestamp("2024-05-06").to_pydatetime()])
    buffer = io.BytesIO()
    book.save(buffer)
    return buffer.getvalue()


SEEDS = {
    "in.csv": CSV,
    "in.utf16.csv": CSV.decode().encode("utf-16"),
    "in.txt": CSV,
    "in.jsonl": "".join(json.dumps(row) + "\n" for row in TABLE.to_dict("records")).encode(),
    "in.csv.gz": gzip.compress(CSV),
    "in.csv.zst": pa.compress(CSV, "zstd", asbytes=True),
    "in.zip": zipped({"in.csv": CSV}),
    "stored.zip": zipped({"in.csv": CSV}, 0),
    "bzip2.zip": zipped({"in.csv": CSV}, 12),
    "lzma.zip": zipped({"in.csv": CSV}, 14),
    "in.parquet": parquet(),
    "zstd.parquet": parquet(compression="zstd", use_dictionary=False),
    "in.xlsx": workbook(),
}


def mutated(content: bytes, chance: random.Random) -> bytes:
    changed = bytearray(content)
    for _ in range(chance.choice([1, 1, 1, 2, 5, 20])):
        place = min(int(chance.random() * len(changed)), len(changed) - 1)
        if chance.random() < 0.3:  # archives and Parquet have their directory at the end
            place = max(0, len(changed) - 1 - int(chance.random() * 600))
        match chance.randrange(5):
            case 0:
                changed[place] = chance.randrange(256)
            case 1:
                changed[place] ^= 1 << chance.randrange(8)
            case 2:
                del changed[place : place + chance.randrange(1, 20)]
            case 3:
                changed[place:place] = chance.randbytes(chance.randrange(1, 9))
            case _:
                changed[place : place + 4] = chance.choice([b"\0\0\0\0", b"\xff\xff\xff\xff", b"\xff\xff\xff\x7f"])
        if not changed:
            break
    return bytes(changed)


@pytest.mark.parametrize("name", SEEDS)
def test_a_damaged_file_of_reviews_gives_rows_or_a_sentence(name, tmp_path):
    chance = random.Random(name)
    path = tmp_path / name
    for attempt in range(TRIES):
        content = mutated(SEEDS[name], chance)
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
        path.write_bytes(mutated(SEEDS[name], chance))
        try:
            read(path)
        except DatasetError as error:
            assert str(error).endswith(".")
        except Exception as error:
            pytest.fail(f"attempt {attempt} ended in {type(error).__name__}: {error}")
