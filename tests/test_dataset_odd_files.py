"""Small odd files give a data set that can be trained on, or an error of one sentence."""

from __future__ import annotations

import pandas as pd
import pytest

from sentiment.dataset import DatasetError, load

N = 40
PLAIN = [f"Parcel number {i} is {'fine' if i % 2 else 'torn'}" for i in range(N)]
LABELS = [i % 2 for i in range(N)]

TEXTS = {
    "one text in all rows": ["The same"] * N,
    "two texts": ["Yes", "No"] * (N // 2),
    "six texts": [f"Word{i % 6}" for i in range(N)],
    "no text": [""] * N,
    "white space": [" " * (i + 1) for i in range(N)],
    "digits": [str(i * 7919) for i in range(N)],
    "punctuation": ["!" * (i + 1) for i in range(N)],
    "emoji": ["👎👍"[i % 2] * (i + 1) for i in range(N)],
    "tags": [f"<b{i}>" for i in range(N)],
    "letters": [chr(ord("a") + i % 26) * (1 + i // 26) for i in range(N)],
    "combining marks": ["\u0301" * (i + 1) + "a" * (i % 2) for i in range(N)],
    "another script": ["坏好"[i % 2] * (i + 1) for i in range(N)],
    "NUL": [f"{text}\0 and more" for text in PLAIN],
    "one very long word": ["x" * 20_000 + str(i) for i in range(N)],
    "missing values": [None] * N,
    "numbers": list(range(N)),
    "lists": [[i] for i in range(N)],
    "bytes that are not text": [bytes([255, i]) for i in range(N)],
}
LABELLINGS = {
    "one class": [1] * N,
    "one row of a class": [int(i == 0) for i in range(N)],
    "numbers": LABELS,
    "three classes": [("positive", "negative", "neutral")[i % 3] for i in range(N)],
    "missing": [None, 1] * (N // 2),
    "not a number": [float("nan"), 1.0] * (N // 2),
    "fractions": [0.5] * N,
    "texts": PLAIN,
    "lists": [[i % 2] for i in range(N)],
}
USABLE = {
    "texts: six texts",
    "texts: digits",
    "texts: letters",
    "texts: another script",
    "texts: NUL",
    "texts: one very long word",
    "labels: numbers",
    "labels: three classes",
    "infinite ratings",
    "no films",
    "huge ids",
}
USABLE_AS_CSV = {"texts: numbers", "texts: lists", "texts: bytes that are not text"}
TABLES = (
    {f"texts: {name}": {"text": texts, "label": LABELS} for name, texts in TEXTS.items()}
    | {f"labels: {name}": {"text": PLAIN, "label": labels} for name, labels in LABELLINGS.items()}
    | {
        "one row": {"text": PLAIN[:1], "label": LABELS[:1]},
        "no rows": {"text": [], "label": []},
        "both labels for each text": {"text": PLAIN * 2, "label": [0] * N + [1] * N},
        "infinite ratings": {"text": PLAIN, "label": LABELS, "rating": [float("inf")] * N},
        "no films": {"text": PLAIN, "label": LABELS, "movie": [None] * N},
        "huge ids": {"id": [f"{10**25 + i}" for i in range(N)], "text": PLAIN, "label": LABELS},
    }
)


@pytest.mark.parametrize("limit", [None, 2])
@pytest.mark.parametrize("suffix", ["csv", "parquet"])
@pytest.mark.parametrize("name", TABLES)
def test_an_odd_file_is_read_or_refused_in_a_sentence(name, suffix, limit, tmp_path):
    usable = name in USABLE or (suffix == "csv" and name in USABLE_AS_CSV)
    path = tmp_path / f"odd.{suffix}"
    table = pd.DataFrame(TABLES[name])
    table.to_csv(path, index=False) if suffix == "csv" else table.to_parquet(path)
    try:
        data = load(path, limit=limit)
    except DatasetError as error:
        assert not usable
        assert str(error).endswith(".")
        assert "\n" not in str(error)
        assert len(str(error)) < 500
        return
    assert usable
    for part in (data.train, data.validation, data.test):
        assert set(part["label"]) == {0, 1}
    assert limit is None or len(data.train) == limit
