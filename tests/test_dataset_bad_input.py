"""Damaged, incomplete and unusable data sets: each is refused in one sentence, or read without its bad rows."""

from __future__ import annotations

import errno
import gzip
import os
import tarfile
import zipfile
from pathlib import Path

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from sentiment.dataset import DatasetError, Removed, load, stanford
from sentiment.tables.base import Options
from sentiment.tables.reading import Reading
from tests.data_forms import parquet_folder, release, stanford_archive, stanford_files, stanford_folder, tar_of, zip_of
from tests.hostile_files import scrambled, zipped


def refusal(path: Path, **options) -> str:
    """Returns the sentence that refuses a data set."""
    with pytest.raises(DatasetError) as caught:
        load(path, **options)
    sentence = str(caught.value)
    assert sentence.endswith(".")
    assert "\n" not in sentence
    return sentence


def write_csv(folder: Path, text: str) -> Path:
    path = folder / "mine.csv"
    path.write_text(text, encoding="utf-8")
    return path


def rows(*labels: object) -> str:
    return "".join(f"Row {i},{label}\n" for i, label in enumerate(labels))


def test_a_path_without_a_file_is_refused(tmp_path):
    assert refusal(tmp_path / "absent") == f"There is nothing at {tmp_path / 'absent'}."


def test_a_table_without_labels_is_refused_with_the_names_of_its_columns(tmp_path):
    sentence = refusal(write_csv(tmp_path, "review,words\nRow,one two\n"))
    assert sentence == (
        "mine.csv has no column that looks like labels; its columns are “review”, “words”. Name it with --label-column."
    )


@pytest.mark.parametrize(
    "choice", [{"label_column": "stars"}, {"text_column": "stars"}, {"text_column": "review,stars"}]
)
def test_a_chosen_column_that_is_missing_is_refused_with_the_names_of_the_others(choice, tmp_path):
    sentence = refusal(write_csv(tmp_path, "review,sentiment\na,1\n"), reading=Reading(**choice))
    assert sentence == "There is no column called stars; the columns are review, sentiment."


def test_unclear_labels_are_named(tmp_path):
    sentence = refusal(write_csv(tmp_path, "text,label\n" + rows("meh", "wow", "meh", "wow")))
    assert sentence == (
        "mine.csv has labels in the column “label” whose meaning is not clear: “meh”, “wow”. "
        "Give it with --labels, such as good=positive,bad=negative,ok=none."
    )


def test_a_class_that_only_unclear_labels_can_hold_is_not_called_missing(tmp_path):
    assert "“meh”" in refusal(write_csv(tmp_path, "text,label\n" + rows(*["pos"] * 20, *["meh"] * 20)))


@pytest.mark.parametrize("missing", ["", " ", "NA", "null"])
def test_rows_without_a_label_are_left_out_and_counted(missing, tmp_path):
    dataset = load(write_csv(tmp_path, "text,label\n" + rows(*["pos", "neg"] * 20, missing)))
    assert dataset.source.removed == Removed(missing_label=1)
    assert sum(map(len, (dataset.train, dataset.validation, dataset.test))) == 40


def test_a_long_text_in_place_of_a_label_is_not_repeated_whole(tmp_path):
    sentence = refusal(write_csv(tmp_path, "text,label\n" + rows("a secret of mine " * 20)))
    assert len(sentence) < 250


@pytest.mark.parametrize("label", ["unsup", "neutral"])
def test_unlabelled_and_neutral_rows_of_a_user_s_file_are_left_out_and_counted(label, tmp_path):
    dataset = load(write_csv(tmp_path, "text,label\n" + rows(*["pos", "neg"] * 20, label, label)))
    assert dataset.source.removed == Removed(neutral=2)
    assert len(dataset.unlabelled) == 0


def test_a_single_class_is_refused(tmp_path):
    sentence = refusal(write_csv(tmp_path, "text,label\n" + rows(*["pos"] * 30)))
    assert "no negative reviews" in sentence


def test_too_few_reviews_of_a_class_are_refused(tmp_path):
    sentence = refusal(write_csv(tmp_path, "text,label\n" + rows(*["pos"] * 30, *["neg"] * 3)))
    assert "only 3 negative reviews" in sentence


def test_twenty_reviews_are_enough(tmp_path):
    dataset = load(write_csv(tmp_path, "text,label\n" + rows(*["pos", "neg"] * 10)))
    for part in (dataset.train, dataset.validation, dataset.test):
        assert set(part["label"]) == {0, 1}


def test_excluding_all_of_a_class_is_refused(tmp_path):
    path = write_csv(tmp_path, "text,label\n" + rows(*["pos", "neg"] * 10))
    dataset = load(path)
    sentence = refusal(path, exclude={f for part in (dataset.train, dataset.validation) for f in part["fingerprint"]})
    assert "left" in sentence


@pytest.mark.parametrize("limit", [-1, 0, 1])
def test_a_limit_too_small_to_train_on_is_refused(limit, tmp_path):
    path = write_csv(tmp_path, "text,label\n" + rows(*["pos", "neg"] * 10))
    assert f"A limit of {limit} is too small" in refusal(path, limit=limit)


def test_an_empty_file_and_a_file_with_only_a_header_are_distinguished(tmp_path):
    assert refusal(write_csv(tmp_path, "")) == "mine.csv is empty."
    assert refusal(write_csv(tmp_path, "text,label\n")) == "mine.csv holds no reviews."
    assert refusal(write_csv(tmp_path, "\n\n")) == "mine.csv has no rows, not even a header."


def test_an_empty_folder_has_no_data(tmp_path):
    assert "train.parquet and test.parquet" in refusal(tmp_path)


def test_a_release_without_its_test_part_is_refused(tmp_path):
    folder = stanford_folder(release().query("part != 'test'"), tmp_path)
    assert "The test part of aclImdb holds no reviews" in refusal(folder)


@pytest.mark.parametrize("share", [0.02, 0.5, 0.999])
def test_a_truncated_archive_is_refused_wherever_it_is_cut(share, tmp_path):
    path = stanford_archive(release(), tmp_path)
    content = path.read_bytes()
    path.write_bytes(content[: int(len(content) * share)])
    assert "truncated" in refusal(path)


def test_an_archive_that_lacks_only_its_checksum_is_refused_as_truncated(tmp_path):
    path = stanford_archive(release(), tmp_path)
    path.write_bytes(path.read_bytes()[:-4])
    assert "truncated" in refusal(path)


def test_a_damaged_archive_is_refused(tmp_path):
    path = stanford_archive(release(), tmp_path)
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 0xFF
    path.write_bytes(bytes(content))
    assert "damaged" in refusal(path)


def test_a_gzip_file_that_is_not_a_tar_is_read_as_a_table(tmp_path):
    text = "text,label\n" + rows(*["pos", "neg"] * 20)
    (tmp_path / "mine.csv.gz").write_bytes(gzip.compress(text.encode()))
    found, expected = load(tmp_path / "mine.csv.gz"), load(write_csv(tmp_path, text))
    pd.testing.assert_frame_equal(found.train, expected.train)


def test_a_gzip_file_that_is_named_tar_but_is_none_is_refused(tmp_path):
    (tmp_path / "mine.tar.gz").write_bytes(gzip.compress(b"text,label\nGood,1\n" * 100))
    assert "not a complete tar archive" in refusal(tmp_path / "mine.tar.gz")


def test_an_archive_without_reviews_is_refused(tmp_path):
    path = tar_of({"notes/readme.txt": b"Nothing here."}, tmp_path / "notes.tar.gz")
    assert refusal(path) == "notes.tar.gz holds no reviews of the Stanford release."


@pytest.mark.parametrize(
    "name", ["../evil.txt", "aclImdb/../../evil.txt", "/etc/evil.txt", "..\\evil.txt", "C:\\evil.txt"]
)
@pytest.mark.parametrize("kind", ["tar", "zip"])
def test_an_archive_member_outside_the_archive_s_folder_is_refused(name, kind, tmp_path):
    if kind == "tar":
        path = tar_of({**stanford_files(release()), name: b"x"}, tmp_path / "evil.tar.gz")
    else:
        path = zip_of({"mine.csv": rows("pos").encode(), name: b"x"}, tmp_path / "evil.zip")
    assert "would land outside" in refusal(path)


def test_a_zip_without_a_table_is_refused(tmp_path):
    assert "no column that looks like labels" in refusal(zip_of({"readme.txt": b"Hello"}, tmp_path / "a.zip"))
    assert refusal(zip_of({}, tmp_path / "empty.zip")) == "empty.zip holds 0 files; use a zip archive of exactly one."


def test_a_zip_of_one_table_and_a_readme_is_read(tmp_path):
    text = "text,label\n" + rows(*["pos", "neg"] * 20)
    path = zip_of({"readme.txt": b"Hello", "mine.csv": text.encode(), "__MACOSX/mine.csv": b"x"}, tmp_path / "a.zip")
    pd.testing.assert_frame_equal(load(path).train, load(write_csv(tmp_path, text)).train)


def test_a_zip_with_several_tables_is_refused(tmp_path):
    assert "holds 2 files" in refusal(zip_of({"a.csv": b"x", "b.tsv": b"x", "c.txt": b"x"}, tmp_path / "a.zip"))


def test_a_zip_that_would_fill_the_memory_is_refused(tmp_path, monkeypatch):
    path = zip_of({"mine.csv": b"text,label\n" + b"0" * 1024 + b",1\n"}, tmp_path / "a.zip")
    monkeypatch.setattr(stanford, "_MAX_UNPACKED", 1024)
    assert "too much to read" in refusal(path)


@pytest.mark.parametrize("name", ["train/pos/0_9.txt", "notes.txt", "n" * 20_000], ids=["review", "note", "name"])
def test_an_archive_that_would_fill_the_memory_is_refused_whatever_its_large_part(name, tmp_path, monkeypatch):
    path = tar_of({name: b"0" * 20_000}, tmp_path / "a.tar.gz")
    monkeypatch.setattr(stanford, "_MAX_UNPACKED", 15_000)
    assert "too much to read" in refusal(path)


def test_an_archive_of_sparse_files_is_refused_for_their_unpacked_size(tmp_path, monkeypatch):
    path = tmp_path / "a.tar"
    with tarfile.open(path, "w") as tar:
        for number in range(3):
            member = tarfile.TarInfo(f"train/pos/{number}_9.txt")
            member.pax_headers = {"GNU.sparse.map": "0,0", "GNU.sparse.size": str(20_000)}
            tar.addfile(member)
    monkeypatch.setattr(stanford, "_MAX_UNPACKED", 50_000)
    assert "too much to read" in refusal(path)


@pytest.mark.parametrize("dictionary", [True, False])
def test_a_parquet_file_that_would_fill_the_memory_is_refused(dictionary, tmp_path, monkeypatch):
    table = pa.table({"text": ["0" * 1024] * 100, "label": ["pos"] * 100})
    table = table.set_column(0, "text", table["text"].dictionary_encode()) if dictionary else table
    pq.write_table(table, tmp_path / "a.parquet")
    monkeypatch.setattr(stanford, "_MAX_UNPACKED", 50_000)
    assert "too much to read" in refusal(tmp_path / "a.parquet")


def test_a_parquet_file_whose_metadata_exceed_the_limit_is_refused_before_reading(tmp_path, monkeypatch):
    pq.write_table(pa.table({"text": [f"{i:01000}" for i in range(100)]}), tmp_path / "a.parquet")
    monkeypatch.setattr("sentiment.parquet_batches.unpacked_limit", lambda _: 50_000)
    monkeypatch.setattr(pq.ParquetFile, "iter_batches", lambda *_: pytest.fail("read"))
    assert "unpacks to more than" in refusal(tmp_path / "a.parquet")


@pytest.mark.parametrize("share", [0.1, 0.5, 0.99])
def test_a_truncated_zip_is_refused(share, tmp_path):
    path = zip_of({"mine.csv": os.urandom(5_000)}, tmp_path / "a.zip")
    path.write_bytes(path.read_bytes()[: int(path.stat().st_size * share)])
    assert refusal(path) == "a.zip is damaged or not a zip archive."


def test_a_damaged_zip_is_refused(tmp_path):
    path = zip_of({"mine.csv": ("text,label\n" + rows(*["pos", "neg"] * 500)).encode()}, tmp_path / "a.zip")
    content = bytearray(path.read_bytes())
    content[200] ^= 0xFF
    path.write_bytes(bytes(content))
    assert refusal(path) == "a.zip is damaged: its compressed data are corrupt or end too early."


def test_a_zip_with_a_password_is_refused(tmp_path):
    path = zip_of({"mine.csv": b"text,label\n"}, tmp_path / "a.zip")
    content = bytearray(path.read_bytes())
    with zipfile.ZipFile(path) as archive:
        directory = archive.start_dir
    content[6] |= 1  # the flag "encrypted", in both places
    content[directory + 8] |= 1
    path.write_bytes(bytes(content))
    assert refusal(path) == "a.zip is protected with a password."


def test_a_truncated_parquet_file_is_refused(tmp_path):
    folder = parquet_folder(release(), tmp_path)
    path = folder / "train.parquet"
    path.write_bytes(path.read_bytes()[:-100])
    assert refusal(folder) == refusal(path) == "train.parquet is damaged or not a Parquet file."


def test_a_column_name_that_occurs_twice_is_refused_with_the_numbers_of_both(tmp_path):
    table = pa.Table.from_arrays([pa.array(["Row"]), pa.array(["pos"]), pa.array(["Row"])], ["text", "label", "text"])
    pq.write_table(table, tmp_path / "mine.parquet")
    sentence = refusal(tmp_path / "mine.parquet", reading=Reading(text_column="text"))
    assert sentence == "Columns 1 and 3 are both called text; give the number of the one you mean."


@pytest.mark.parametrize("type", [pa.string(), pa.binary()])
@pytest.mark.parametrize(
    ("column", "removed"),
    [("text", Removed(unreadable=1)), ("label", Removed(unknown_label=1)), ("movie", Removed())],
)
def test_a_parquet_row_in_another_encoding_is_left_out_if_its_text_or_label_is_affected(
    column, removed, type, tmp_path
):
    columns = {
        "text": [f"A row, number {i}".encode() for i in range(40)],
        "label": [b"pos", b"neg"] * 20,
        "movie": [b""] * 40,
    }
    columns[column][1] = "Café".encode("cp1252")
    table = pa.table({name: pa.array(values, pa.binary()).view(type) for name, values in columns.items()})
    pq.write_table(table, tmp_path / "mine.parquet")
    assert load(tmp_path / "mine.parquet").source.removed == removed


@pytest.mark.parametrize("row", ['"no end,pos\n', "A comma, unquoted,neg\n", "a,b,c\n"])
def test_a_row_that_cannot_be_read_is_left_out_and_counted(row, tmp_path):
    dataset = load(write_csv(tmp_path, "text,label\n" + rows(*["pos", "neg"] * 10) + row + rows(*["pos", "neg"] * 5)))
    assert dataset.source.removed.unreadable == 1


def test_left_out_rows_are_reported_if_too_few_are_left(tmp_path):
    sentence = refusal(write_csv(tmp_path, "text,label\n" + rows("pos", "neg", "neutral", "") + "one,two,three\n"))
    assert sentence == (
        "mine.csv holds only 1 negative review; at least 10 of each class are needed. "
        "Left out: 1 unreadable row, 1 row without a label, 1 row neither positive nor negative."
    )


def test_a_csv_in_another_encoding_is_read(tmp_path):
    path = tmp_path / "mine.csv"
    path.write_bytes(("text,label\nCaf\u00e9,1\n" + rows(*[1, 0] * 20)).encode("cp1252"))
    dataset = load(path)
    assert "Caf\u00e9" in set(pd.concat([dataset.train, dataset.validation, dataset.test])["text"])


def test_a_review_file_in_another_encoding_is_named(tmp_path):
    folder = stanford_folder(release(), tmp_path)
    (folder / "train" / "pos" / "0_7.txt").write_bytes(b"Caf\xe9")
    assert "train/pos/0_7.txt" in refusal(folder)


def test_a_file_without_read_permission_is_reported(tmp_path, monkeypatch):
    path = write_csv(tmp_path, "text,label\n")

    def locked(self: Path, *_: object) -> None:
        raise PermissionError(errno.EACCES, "Permission denied")

    monkeypatch.setattr(Path, "open", locked)
    assert refusal(path) == f"{path} cannot be read: Permission denied."


@pytest.mark.parametrize("packing", [zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
def test_a_zip_with_damaged_data_is_reported_whatever_its_compression(packing, tmp_path):
    whole = zipped({"inner.csv": b"review,sentiment\n" + b"good,positive\n" * 1000}, packing)
    (tmp_path / "mine.zip").write_bytes(scrambled(whole))
    assert refusal(tmp_path / "mine.zip") == "mine.zip is damaged: its compressed data are corrupt or end too early."


@pytest.mark.parametrize(
    "lines", ["text,label" + ",x" * 10_000 + "\n" + "good,1\n" * 3, "," * 100_000 + "\n"], ids=["named", "blank"]
)
def test_a_csv_of_too_many_columns_is_refused(lines, tmp_path):
    assert refusal(write_csv(tmp_path, lines)) == "mine.csv has more than 4,096 columns; keep those that you need."


def test_short_rows_of_a_wide_csv_are_all_read(tmp_path):
    path = write_csv(tmp_path, "text,label" + ",x" * 300 + "\n" + rows(*["pos", "neg"] * 50))
    dataset = load(path)
    assert sum(map(len, (dataset.train, dataset.validation, dataset.test))) == 100


def test_a_small_zip_that_unpacks_to_hundreds_of_megabytes_is_refused(tmp_path):
    path = zip_of({"mine.csv": b"text,label\n" + b"x" * 260_000_000}, tmp_path / "a.zip")
    assert "a.zip unpacks to more than 256 MB, too much" in refusal(path)


def test_a_small_parquet_file_that_repeats_one_long_text_is_refused(tmp_path):
    indices = pa.array([0] * 2_000, pa.int32())
    column = pa.DictionaryArray.from_arrays(indices, pa.array(["x" * 1_000_000]))
    pq.write_table(
        pa.table({"text": column, "label": indices}), tmp_path / "a.parquet", dictionary_pagesize_limit=1 << 30
    )
    assert "unpacks to more than 256 MB" in refusal(tmp_path / "a.parquet")


def test_json_lines_are_read_whatever_the_file_is_called(tmp_path):
    text = "".join(f'{{"Text": "Row {i}", "stars": {i % 5 + 1}}}\n' for i in range(50))
    dataset = load(write_csv(tmp_path, text))
    assert (dataset.source.form, dataset.source.removed) == ("JSON lines", Removed(neutral=10))


@pytest.mark.parametrize("member", ["[Content_Types].xml", "META-INF/manifest.xml"])
def test_an_office_document_that_is_not_a_workbook_is_not_called_a_zip(member, tmp_path):
    path = zip_of({member: b"<xml/>", "content.xml": b"<xml/>"}, tmp_path / "book.xlsx")
    assert refusal(path) == "book.xlsx is damaged or not an Excel workbook."


def test_long_names_of_columns_are_cut_in_the_message(tmp_path):
    header = ",".join(f"a secret of mine {i} " + "and so on " * 20 for i in range(30))
    sentence = refusal(write_csv(tmp_path, f"{header}\n{'x,' * 29}x\n"), reading=Reading(options=Options(header=True)))
    assert "22 more" in sentence
    assert len(sentence) < 600


@pytest.mark.parametrize(
    ("choice", "option"),
    [
        ({"labels": {"pos": 1}}, "--labels"),
        ({"text_column": "text"}, "--text-column"),
        ({"options": Options(header=False)}, "--no-header"),
        ({"options": Options(format="csv")}, "--input-form"),
    ],
)
@pytest.mark.parametrize("write_release", [stanford_folder, stanford_archive])
def test_a_choice_that_does_not_apply_to_the_release_is_refused(choice, option, write_release, tmp_path):
    sentence = refusal(write_release(release(), tmp_path), reading=Reading(**choice))
    assert sentence.endswith(f"is the Stanford release, to which {option} does not apply; leave it out.")
