"""Seeds of every kind of file that the program opens, and how they are damaged."""

from __future__ import annotations

import gzip
import io
import json
import random
import struct
import zipfile
from collections.abc import Mapping
from functools import cache
from typing import Any

import numpy as np
import openpyxl
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

ROWS = [(f'a good film, number {i}, “{i}”\nof "many"', i % 2, i / 7) for i in range(30)]
TABLE = pd.DataFrame(ROWS, columns=["review", "label", "score"])
CSV = TABLE.to_csv(index=False).encode()

_PIECES = [b"\0\0\0\0", b"\xff\xff\xff\xff", b"\xff\xff\xff\x7f", b'"', b'","', b"\n", b"\r", b"\t", b"{", b"[", b"\\"]
_DIRECTORY = 600  # bytes at the end of an archive or a Parquet file, which say where the rest is


def mutated(content: bytes, chance: random.Random) -> bytes:
    """Returns the content with up to twenty random changes: bytes replaced, cut out, put in or repeated."""
    changed = bytearray(content)
    for _ in range(chance.choice([1, 1, 1, 2, 5, 20])):
        if not changed:
            break
        place = chance.randrange(len(changed))
        if chance.random() < 0.3:
            place = max(0, len(changed) - 1 - chance.randrange(_DIRECTORY))
        _change(changed, place, chance)
    return bytes(changed)


def _change(changed: bytearray, place: int, chance: random.Random) -> None:
    match chance.randrange(6):
        case 0:
            changed[place] = chance.randrange(256)
        case 1:
            changed[place] ^= 1 << chance.randrange(8)
        case 2:
            del changed[place : place + chance.randrange(1, 20)]
        case 3:
            changed[place:place] = chance.randbytes(chance.randrange(1, 9))
        case 4:
            piece = chance.choice(_PIECES)
            changed[place : place + len(piece)] = piece
        case _:
            changed[place:place] = changed[place : place + chance.randrange(1, 50)] * chance.randrange(1, 20)


@cache
def tables() -> Mapping[str, bytes]:
    """Returns tables of reviews in every format, by name."""
    return {
        "in.csv": CSV,
        "in.utf16.csv": CSV.decode().encode("utf-16"),
        "in.tsv": TABLE.to_csv(index=False, sep="\t").encode(),
        "in.txt": CSV,
        "in.jsonl": "".join(json.dumps(row) + "\n" for row in TABLE.to_dict("records")).encode(),
        "in.json": json.dumps(TABLE.to_dict("records")).encode(),
        "in.csv.gz": gzip.compress(CSV),
        "in.csv.zst": pa.compress(CSV, "zstd", asbytes=True),
        "in.zip": _zipped(zipfile.ZIP_DEFLATED),
        "stored.zip": _zipped(zipfile.ZIP_STORED),
        "bzip2.zip": _zipped(zipfile.ZIP_BZIP2),
        "lzma.zip": _zipped(zipfile.ZIP_LZMA),
        "in.parquet": _parquet(),
        "zstd.parquet": _parquet(compression="zstd", use_dictionary=False),
        "in.xlsx": _workbook(),
    }


@cache
def histories() -> Mapping[str, bytes]:
    """Returns training histories of other programs, by name."""
    epochs = np.arange(8)
    frame = pd.DataFrame({"epoch": epochs, "loss": 1 / (epochs + 1), "val_accuracy": 0.5 + epochs / 20})
    events = b"".join(_event(int(step), 1 / (step + 1)) for step in epochs)
    return {"log.csv": frame.to_csv(index=False).encode(), "run/train/events.out.tfevents.1": events}


def _zipped(method: int) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", method) as archive:
        archive.writestr("in.csv", CSV)
    return buffer.getvalue()


def _parquet(**options: Any) -> bytes:
    buffer = io.BytesIO()
    table = pa.Table.from_pandas(TABLE).append_column("tags", pa.array([["a", None]] * len(ROWS)))
    pq.write_table(table, buffer, **options)
    return buffer.getvalue()


def _workbook() -> bytes:
    book = openpyxl.Workbook()
    assert book.active is not None
    book.active.append(list(TABLE.columns))
    for row in ROWS:
        book.active.append([*row, pd.Timestamp("2024-05-06").to_pydatetime()])
    buffer = io.BytesIO()
    book.save(buffer)
    return buffer.getvalue()


def _event(step: int, value: float) -> bytes:
    """Returns a record of TensorBoard's event files with one scalar; its checksums are not read."""
    tag = b"epoch_loss"
    scalar = b"\x0a" + bytes([len(tag)]) + tag + b"\x15" + struct.pack("<f", value)
    summary = b"\x0a" + bytes([len(scalar)]) + scalar
    event = (
        b"\x09" + struct.pack("<d", 1e9 + step) + b"\x10" + bytes([step]) + b"\x2a" + bytes([len(summary)]) + summary
    )
    return struct.pack("<Q", len(event)) + bytes(4) + event + bytes(4)
