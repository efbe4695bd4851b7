"""A data set is read from every table that scoring reads, with the same rows and labels; other rows are counted."""

from __future__ import annotations

import contextlib
import csv
import gzip
import io
import json
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path

import openpyxl
import pandas as pd
import pyarrow as pa
import pytest

from sentiment.dataset import Dataset, DatasetError, Removed, load, summary_lines
from sentiment.dataset.readers import read
from sentiment.tables.base import Options
from sentiment.tables.empty_words import is_empty_word
from sentiment.tables.errors import FileError
from sentiment.tables.inspection import inspect
from sentiment.tables.labels import label_values
from sentiment.tables.open import open_source
from sentiment.tables.reading import Reading
from tests.hostile_files import zipped

FILES = Path(__file__).parent / "small_files"
ROWS = [(f"The café at gate {i} was {'warm' if i % 2 else 'cold'}, they say", i % 2) for i in range(48)]


def labelled_files() -> list[str]:
    """Returns the names of the small files that can be read and have a column of labels."""
    names = []
    for path in sorted(FILES.iterdir()):
        with contextlib.suppress(FileError):
            if inspect(path, Options(), lambda *_: None).label is not None:
                names.append(path.name)
    return names


LABELLED = labelled_files()


@pytest.mark.parametrize("name", LABELLED)
def test_training_reads_the_rows_and_labels_that_scoring_reads(name):
    reviews = read(FILES / name).reviews
    assert list(zip(reviews["text"], reviews["label"], strict=True)) == scored_rows(FILES / name)


def test_small_files_with_labels_are_found():
    assert {"three_012.csv", "five_01234.tsv", "overall.jsonl", "stars_signs.csv"} <= set(LABELLED)


def scored_rows(path: Path) -> list[tuple[str, int]]:
    """Returns the texts of a file and their labels, as scoring reads them."""
    found, source = inspect(path, Options(), lambda *_: None), open_source(path)
    pairs = []
    for chunk in source.chunks(found.text):
        labels = ["" if value is None else str(value) for value in chunk.columns[found.label].to_pylist()]
        pairs += [(text, labels[row]) for row, text in enumerate(chunk.texts) if row not in chunk.problems]
    meanings = label_values({label for _, label in pairs}, found.columns[found.label])
    kept = [(text, meanings[label]) for text, label in pairs if text and text.strip() and not is_empty_word(text)]
    return [(text, label) for text, label in kept if label is not None]


def delimited(delimiter: str = ",", encoding: str = "utf-8", header: tuple[str, ...] = ("review", "label")) -> bytes:
    out = io.StringIO()
    csv.writer(out, delimiter=delimiter).writerows([header, *ROWS] if header else ROWS)
    return out.getvalue().encode(encoding)


def workbook() -> bytes:
    book, out = openpyxl.Workbook(), io.BytesIO()
    for row in [("Review", "Label"), *ROWS]:
        book.active.append(row)
    book.save(out)
    return out.getvalue()


def parquet() -> bytes:
    out = io.BytesIO()
    pd.DataFrame(ROWS, columns=["TEXT", "Sentiment"]).to_parquet(out)
    return out.getvalue()


FORMATS: dict[str, Callable[[], bytes]] = {
    "plain.csv": delimited,
    "semicolons.csv": lambda: delimited(";"),
    "bars.csv": lambda: delimited("|"),
    "tabs.tsv": lambda: delimited("\t"),
    "cp1252.csv": lambda: delimited(encoding="cp1252"),
    "utf16.csv": lambda: delimited(encoding="utf-16"),
    "capitals.csv": lambda: delimited(header=("REVIEW", "Label")),
    "usual_names.csv": lambda: delimited(header=("comments", "Polarity")),
    "no_header.csv": lambda: delimited(header=()),
    "no_suffix": delimited,
    "plain.csv.gz": lambda: gzip.compress(delimited()),
    "plain.csv.zst": lambda: pa.compress(delimited(), "zstd", asbytes=True),
    "plain.zip": lambda: zipped({"inner.csv": delimited()}),
    "lines.jsonl": lambda: "".join(
        json.dumps({"review": text, "stars": 1 + 4 * n}) + "\n" for text, n in ROWS
    ).encode(),
    "book.xlsx": workbook,
    "table.parquet": parquet,
    "parquet_by_content.csv": parquet,
}


@pytest.mark.parametrize("name", FORMATS)
def test_every_format_of_a_table_gives_the_same_reviews(name, tmp_path):
    (tmp_path / name).write_bytes(FORMATS[name]())
    data = load(tmp_path / name)
    assert rows_of(data) == sorted(ROWS)
    assert data.source.removed == Removed()


def rows_of(data: Dataset) -> list[tuple[str, int]]:
    frame = pd.concat([data.train, data.validation, data.test])
    return sorted(zip(frame["text"], frame["label"].tolist(), strict=True))


def write_csv(folder: Path, labels: list[object], header: str = "review,stars") -> Path:
    path = folder / "mine.csv"
    rows = "".join(f"The parcel number {i} came late,{label}\n" for i, label in enumerate(labels))
    path.write_text(f"{header}\n{rows}")
    return path


@pytest.mark.parametrize(
    ("labels", "positive", "removed"),
    [
        ([1, 2, 3, 4, 5], 2, Removed(neutral=12)),
        (["positive", "neutral", "negative"], 1, Removed(neutral=12)),
        (["Pos", "NEG", ""], 1, Removed(missing_label=12)),
        (["pos", "neg", "spam"], 1, Removed(unknown_label=12)),
        ([5, 1, 0], 1, Removed(missing_label=12)),  # no star: not rated
    ],
)
def test_rows_of_other_labels_are_left_out_and_counted(labels, positive, removed, tmp_path):
    data = load(write_csv(tmp_path, labels * 12))
    assert data.source.removed == removed
    assert sum(label for _, label in rows_of(data)) == 12 * positive
    assert len(rows_of(data)) == 12 * len(labels) - 12


def test_chosen_meanings_of_labels_take_precedence_and_other_labels_are_left_out(tmp_path):
    path = write_csv(tmp_path, ["good", "bad", "ok", "spam"] * 12)
    data = load(path, Reading(labels={"GOOD": 0, "bad": 1, "ok": None}))
    assert data.source.removed == Removed(neutral=12, unknown_label=12)
    assert [label.means for label in data.interpretation.labels] == ["neutral", "positive", "negative", "unknown"]


def test_several_columns_of_reviews_are_joined(tmp_path):
    path = tmp_path / "mine.csv"
    path.write_text("title,body,stars\n" + "".join(f"Title {i},Body {i},{1 + 4 * (i % 2)}\n" for i in range(48)))
    assert ("Title 7\nBody 7", 1) in rows_of(load(path, Reading(text_column="title,body")))


def test_the_files_of_a_folder_share_their_columns_and_the_scale_of_their_labels(tmp_path):
    for part, stars in (("train", (1, 2, 5)), ("test", (2, 4)), ("unsup", (0,))):
        texts = [f"To {part} with, number {i}" for i in range(60)]
        table = pd.DataFrame({"Comment": texts, "Rating": [stars[i % len(stars)] for i in range(60)]})
        table.to_parquet(tmp_path / f"{part}.parquet")
    data = load(tmp_path)
    assert data.test["label"].value_counts().to_dict() == {0: 30, 1: 30}
    assert len(data.unlabelled) == 60


def test_a_file_of_ragged_rows_is_read_and_unreadable_rows_are_counted(tmp_path):
    path = write_csv(tmp_path, [1, 5] * 24)
    with path.open("a") as file:
        file.write('"never closed,5\nshort\n"extra, quoted",5,a,b\n')
    data = load(path)
    assert data.source.removed == Removed(unreadable=1, missing_label=1)
    assert ("extra, quoted", 1) in rows_of(data)


def test_a_column_of_too_many_values_is_not_a_column_of_labels(tmp_path, monkeypatch):
    monkeypatch.setattr("sentiment.dataset.tables._MAX_LABELS", 20)
    with pytest.raises(DatasetError, match="more than 20 different values, too many for labels; name another with"):
        load(write_csv(tmp_path, list(range(48))), Reading(label_column="stars"))


def test_the_summary_names_the_columns_the_labels_and_the_rows_left_out(tmp_path):
    lines = summary_lines(load(write_csv(tmp_path, [1, 2, 3, 4, 5, ""] * 12)))
    assert lines == [
        "CSV; split: seeded, stratified: 20% test",
        "Reviews: “review”; labels: “stars” (positive: “4”, “5”; negative: “1”, “2”; neither: “3”).",
        "Left out: 12 rows without a label, 12 rows neither positive nor negative.",
    ]


def test_doubtful_guesses_are_in_the_summary(tmp_path):
    path = tmp_path / "mine.csv"
    path.write_text("parcel,label\n" + "".join(f"{i},{i % 2}\n" for i in range(48)))
    assert (
        summary_lines(load(path))[-1]
        == "No column looks like reviews; “parcel” was read. Name another with --text-column."
    )


def test_the_counts_of_an_older_run_are_read_although_they_lack_newer_reasons():
    old = {name: n for name, n in asdict(Removed(repeats=3)).items() if name not in ("neutral", "unreadable")}
    assert Removed(**old) == Removed(repeats=3)
