"""Files that are not tables, and options that cannot apply to a file, are refused in a sentence."""

from __future__ import annotations

from functools import partial

import pytest

from sentiment.tables.errors import FileError
from tests.table_files import read_table


@pytest.fixture
def read(tmp_path):
    return partial(read_table, tmp_path)


@pytest.mark.parametrize(
    ("name", "options", "message"),
    [
        ("in.jsonl", {"delimiter": ","}, "delimiter cannot be used for in.jsonl, a file of the format jsonl"),
        ("in.json", {"header": False}, "which names its columns itself"),
        ("in.parquet", {"encoding": "cp1252"}, "which states its encoding itself"),
        ("in.xlsx", {"encoding": "cp1252"}, "encoding cannot be used"),
        ("in.xlsx", {"delimiter": ";"}, "which has no delimiter"),
        ("in.csv", {"sheet": "1"}, "which has no sheets"),
        ("in.txt", {"header": True}, "header cannot be used for in.txt, which is read line by line"),
        ("in.csv", {"delimiter": '"'}, "quotation mark"),
        ("in.csv", {"delimiter": "ab"}, "one character"),
    ],
)
def test_an_option_that_cannot_apply_is_refused(read, name, options, message):
    with pytest.raises(FileError, match=message):
        read(name, "good film\n", **options)


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("in.csv", "\n <HTML lang=en>", "a web page"),
        ("in.txt", "\ufeff<!doctype html>\n", "a web page"),
        ("in.xlsx", "<!-- saved --> <html>", "a web page"),
        ("in.xlsx", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "an old Excel workbook"),
        ("in.xls", " ", "old Excel workbook .* save it as .xlsx"),
        ("in.csv", '<?xml version="1.0"?><a/>', "XML"),
        ("in.csv", '{"error": "not found"}', "holds JSON.*suffix .json"),
        ("in.txt", '{"review": "good"}\n{"review": "bad"}\n', "holds JSON"),
        ("in.tsv", '[{"review": "good"}]', "holds JSON"),
        ("in.csv", "version https://git-lfs.github.com/spec/v1\noid x\n", "a Git LFS pointer"),
        ("in.json", "<html>", "a web page"),
    ],
)
def test_a_file_that_is_not_a_table_is_refused_with_its_kind(read, name, content, message):
    with pytest.raises(FileError, match=message):
        read(name, content)
