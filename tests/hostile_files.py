"""Files that break careless readers, each with the expected columns and rows, or the expected refusal.

As a script, it writes the files into a folder, so that other programs can be tried on them.
"""

from __future__ import annotations

import gzip
import io
import json
import sys
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import openpyxl
import pyarrow as pa
import pyarrow.parquet as pq

GOOD = "a good film"


@dataclass(frozen=True)
class Case:
    """A file and its expected content.

    Attributes:
        name: the file's name, which describes the case.
        content: its bytes.
        columns: the expected columns.
        rows: the expected cells and status of each row; "ok" means any status of a row that was read.
        error: words of the message that refuses the file; no columns and rows are expected then.
        options: the reading options; None for the defaults.
    """

    name: str
    content: bytes
    columns: list[str] | None = None
    rows: list[tuple[list[str], str]] | None = None
    error: str = ""
    options: dict[str, Any] | None = None


def cases() -> Iterator[Case]:
    """Yields every case."""
    yield from delimiters_and_headers()
    yield from quotes_and_line_ends()
    yield from ragged_and_empty()
    yield from encodings()
    yield from sizes()
    yield from values()
    yield from compressed()
    yield from json_lines()
    yield from lines()
    yield from workbooks()
    yield from parquet_files()
    yield from wrong_suffixes()


def ok(*rows: list[str]) -> list[tuple[list[str], str]]:
    """Returns rows that are all read."""
    return [(row, "ok") for row in rows]


def delimiters_and_headers() -> Iterator[Case]:
    table = [["id", "review"], ["1", GOOD], ["2", "bad, dull; not | good"]]
    for name, delimiter in (("comma", ","), ("semicolon", ";"), ("tab", "\t"), ("bar", "|")):
        lines = [f'{a}{delimiter}"{b}"' for a, b in table]
        yield Case(f"{name}.csv", "\n".join(lines).encode(), table[0], ok(*table[1:]))
    yield Case("tabs.tsv", b"id\treview\n1\ta good, film\n", ["id", "review"], ok(["1", "a good, film"]))
    yield Case("comma_in_a.tsv", b"id,review\n1,good\n2,bad\n", ["id", "review"], ok(["1", "good"], ["2", "bad"]))
    yield Case(
        "one_column.csv", b"review\ngood, bad\nthe film; dull\n", ["review"], ok(["good, bad"], ["the film; dull"])
    )
    yield Case("one_column_quoted.csv", b'review\n"good, bad"\n"dull"\n', ["review"], ok(["good, bad"], ["dull"]))
    yield Case("repeated_header.csv", b"review,review\ngood,bad\n", ["review", "review"], ok(["good", "bad"]))
    yield Case("empty_header.csv", b",review,\n1,good,x\n", ["", "review", ""], ok(["1", "good", "x"]))
    yield Case("spaced_header.csv", b" Review ,id\ngood,1\n", [" Review ", "id"], ok(["good", "1"]))
    long = "a good film " * 20
    yield Case(
        "no_header_review.csv",
        f"{long},pos\n{long},neg\n".encode(),
        ["column_1", "column_2"],
        ok([long, "pos"], [long, "neg"]),
    )
    yield Case("no_header_number.csv", b"1,good\n2,bad\n", ["column_1", "column_2"], ok(["1", "good"], ["2", "bad"]))
    yield Case(
        "no_header_label.csv", b"good,pos\nbad,neg\n", ["column_1", "column_2"], ok(["good", "pos"], ["bad", "neg"])
    )
    yield Case(
        "header_declared_missing.csv",
        b"review,x\ngood,y\n",
        ["column_1", "column_2"],
        ok(["review", "x"], ["good", "y"]),
        options={"header": False},
    )
    yield Case(
        "delimiter_declared.csv",
        b"review~id\ngood~1\n",
        ["review", "id"],
        ok(["good", "1"]),
        options={"delimiter": "~"},
    )
    yield Case("header_in_quotes.csv", b'"the ""review""","a,b"\ngood,1\n', ['the "review"', "a,b"], ok(["good", "1"]))
    yield Case("header_across_lines.csv", b'"id\nnumber",review\n1,good\n', ["id\nnumber", "review"], ok(["1", "good"]))
    yield Case("our_names.csv", b"review,status\ngood,mine\n", ["review", "status"], ok(["good", "mine"]))
    yield Case("delimiter_line_for_excel.csv", b"sep=;\nreview;id\ngood;1\n", ["review", "id"], ok(["good", "1"]))


def quotes_and_line_ends() -> Iterator[Case]:
    head = ["review", "id"]
    for name, end in (("lf", "\n"), ("crlf", "\r\n"), ("cr", "\r")):
        text = end.join(["review,id", "good,1", f'"a{end}b",2', ""])
        yield Case(f"ends_{name}.csv", text.encode(), head, ok(["good", "1"], [f"a{end}b", "2"]))
    yield Case(
        "ends_mixed.csv", b"review,id\r\ngood,1\nbad,2\rdull,3", head, ok(["good", "1"], ["bad", "2"], ["dull", "3"])
    )
    yield Case(
        "doubled_quotes.csv", b'review,id\n"""good""",1\n"a ""b"" c",2\n', head, ok(['"good"', "1"], ['a "b" c', "2"])
    )
    yield Case("quotes_inside_words.csv", b'review,id\n5" of good,1\n', head, ok(['5" of good', "1"]))
    yield Case(
        "quote_never_closed.csv",
        b'review,id\ngood,1\n"bad,2\ndull,3\n"great",4\n',
        head,
        [(["good", "1"], "ok"), (['"bad,2', ""], "unreadable"), (["dull", "3"], "ok"), (["great", "4"], "ok")],
    )
    yield Case(
        "quote_never_closed_at_end.csv",
        b'review,id\ngood,1\n"bad,2\ndull,3\n',
        head,
        [(["good", "1"], "ok"), (['"bad,2', ""], "unreadable"), (["dull", "3"], "ok")],
    )
    yield Case(
        "quotes_not_doubled.csv",
        b'review,id\n"a "good" film",1\nbad,2\n',
        head,
        ok(['a good" film"', "1"], ["bad", "2"]),
    )
    yield Case("text_after_quote.csv", b'review,id\n"good" ,1\n', head, ok(["good ", "1"]))
    yield Case("blank_lines.csv", b"\nreview,id\n\ngood,1\n\n\nbad,2\n\n", head, ok(["good", "1"], ["bad", "2"]))
    yield Case("no_last_line_end.csv", b"review,id\ngood,1", head, ok(["good", "1"]))
    yield Case(
        "unicode_line_ends.csv",
        "review,id\ngood\u2028\x0b\x0c\x85bad,1\n".encode(),
        head,
        ok(["good\u2028\x0b\x0c\x85bad", "1"]),
    )
    yield Case("nul.csv", b"review,id\ngood\x00bad,1\n", head, ok(["good\x00bad", "1"]))


def ragged_and_empty() -> Iterator[Case]:
    head = ["id", "review", "note"]
    yield Case("short_row.csv", b"id,review,note\n1,good\n2,bad,x\n", head, ok(["1", "good", ""], ["2", "bad", "x"]))
    yield Case(
        "row_without_text.csv",
        b"id,review,note\n1\n2,bad,x\n",
        head,
        [(["1", "", ""], "unreadable"), (["2", "bad", "x"], "ok")],
    )
    yield Case(
        "long_row.csv",
        b"id,review,note\n1,good, but,long\n2,bad,x\n",
        head,
        [(["1", "good", " but"], "unreadable"), (["2", "bad", "x"], "ok")],
    )
    yield Case(
        "long_row_with_a_whole_text.csv",
        b'id,review,note\n1,"good, but",long,x\n2,"bad ""dull""",x,y,"z\nz"\n3,good,"x, y",z\n',
        head,
        [(["1", "good, but", "long"], "ok"), (["2", 'bad "dull"', "x"], "ok"), (["3", "good", "x, y"], "unreadable")],
    )
    yield Case("long_row.tsv", b"id\treview\n1\tgood, but\tlong\n", ["id", "review"], ok(["1", "good, but"]))
    yield Case(
        "long_row_of_bars.csv", b"id|review\n1|good|x\n2|bad\n", ["id", "review"], ok(["1", "good"], ["2", "bad"])
    )
    yield Case("trailing_delimiters.csv", b"id,review,note\n1,good,x,,\n", head, ok(["1", "good", "x"]))
    yield Case(
        "empty_texts.csv",
        b"id,review,note\n1,,x\n2,   ,\n3,,\n",
        head,
        [(["1", "", "x"], "empty"), (["2", "   ", ""], "empty"), (["3", "", ""], "empty")],
    )
    yield Case("header_only.csv", b"id,review,note\n", head, [])
    yield Case("header_only_no_line_end.csv", b"id,review,note", head, [])
    yield Case("nothing.csv", b"", error="is empty")
    yield Case("blank.csv", b"\n\r\n\n", error="no rows")
    yield Case("byte_order_mark_only.csv", b"\xef\xbb\xbf", error="no rows")


def encodings() -> Iterator[Case]:
    head = ["id", "review"]
    text = "id,review\n1,a café – “good”\n2,bad\n"
    rows = ok(["1", "a café – “good”"], ["2", "bad"])
    for name, encoded in (
        ("utf8", text.encode()),
        ("utf8_bom", text.encode("utf-8-sig")),
        ("utf16_le_bom", b"\xff\xfe" + text.encode("utf-16-le")),
        ("utf16_be_bom", b"\xfe\xff" + text.encode("utf-16-be")),
        ("utf16_le", text.encode("utf-16-le")),
        ("utf16_be", text.encode("utf-16-be")),
        ("utf32", text.encode("utf-32")),
        ("cp1252", text.encode("cp1252")),
    ):
        yield Case(f"{name}.csv", encoded, head, rows)
    many = "".join(f"{i},naïve café\n" for i in range(3, 50))
    broken = text.encode() + many.encode() + b"50,b\xe9d\n51,good\n"
    expected = [
        *rows,
        *ok(*([str(i), "naïve café"] for i in range(3, 50))),
        (["50", "b\\xe9d"], "unreadable"),
        (["51", "good"], "ok"),
    ]
    yield Case("utf8_except_one_byte.csv", broken, head, expected)
    late = b"id,review\n" + b"".join(b"%d,good\n" % i for i in range(3000)) + "3000,café\n".encode("cp1252")
    yield Case("cp1252_far_down.csv", late, head, ok(*([str(i), "good"] for i in range(3000)), ["3000", "café"]))
    yield Case(
        "neither_utf8_nor_cp1252.csv",
        b"id,review\n1,caf\xe9 \x81\n2,good\n",
        head,
        ok(["1", "café \x81"], ["2", "good"]),
    )
    yield Case(
        "encoding_declared.csv",
        "id,review\n1,хорошо\n".encode("cp1251"),
        head,
        ok(["1", "хорошо"]),
        options={"encoding": "cp1251"},
    )
    yield Case(
        "utf16_cut_short.csv",
        b"\xff\xfe" + text.encode("utf-16-le") + b"3",
        head,
        [*rows, (["", "\\x33"], "unreadable")],
    )
    yield Case("bad_byte_in_header.csv", b"id\x81,review\n1,good\n", ["id\x81", "review"], ok(["1", "good"]))
    yield Case("byte_order_mark_inside.csv", "id,review\n1,\ufeffgood\n".encode(), head, ok(["1", "\ufeffgood"]))
    yield Case("emoji_and_rtl.csv", "id,review\n1,good 🎬👩‍👩‍👧 שלום\n".encode(), head, ok(["1", "good 🎬👩‍👩‍👧 שלום"]))


def sizes() -> Iterator[Case]:
    huge = "good film " * 500_000
    yield Case(
        "cell_of_5_megabytes.csv",
        f"id,review\n1,{huge}\n2,bad\n".encode(),
        ["id", "review"],
        ok(["1", huge], ["2", "bad"]),
    )
    names = [f"n{i}" for i in range(1999)]
    wide = ",".join([*names, "review"]) + "\n" + ",".join([*map(str, range(1999)), "good"]) + "\n"
    yield Case("2000_columns.csv", wide.encode(), [*names, "review"], ok([*map(str, range(1999)), "good"]))
    many = [[str(i), f"good {i % 10}"] for i in range(5000)]
    yield Case(
        "more_than_a_chunk.csv",
        ("id,review\n" + "".join(f"{a},{b}\n" for a, b in many)).encode(),
        ["id", "review"],
        ok(*many),
    )
    same = [[str(i), GOOD] for i in range(3000)]
    yield Case(
        "one_repeated_text.csv",
        ("id,review\n" + "".join(f"{a},{b}\n" for a, b in same)).encode(),
        ["id", "review"],
        ok(*same),
    )


def values() -> Iterator[Case]:
    kept = [
        "NA",
        "null",
        "None",
        "nan",
        "001",
        "1e5",
        "TRUE",
        "-0",
        "1.10",
        "2024-01-02",
        " padded ",
        "'quoted",
        "#N/A",
        "99999999999999999999",
    ]
    lines = "".join(f"{value},good\n" for value in kept)
    yield Case(
        "values_that_look_like_other_types.csv",
        f"value,review\n{lines}".encode(),
        ["value", "review"],
        ok(*([value, "good"] for value in kept)),
    )
    yield Case(
        "reviews_that_look_like_missing_values.csv",
        b"review,id\nNA,1\nnull,2\nnan,3\n",
        ["review", "id"],
        [(["NA", "1"], "empty"), (["null", "2"], "empty"), (["nan", "3"], "empty")],
    )
    formulas = ["=1+1", "+good", "-bad film", "@good", "\tgood", "=HYPERLINK('x')"]
    lines = "".join(f"{text},1\n" for text in formulas)
    yield Case(
        "formulas.csv", f"review,id\n{lines}".encode(), ["review", "id"], ok(*([text, "1"] for text in formulas))
    )
    yield Case(
        "markup.csv",
        b"review,id\n<script>alert(1)</script> good,1\n",
        ["review", "id"],
        ok(["<script>alert(1)</script> good", "1"]),
    )


def compressed() -> Iterator[Case]:
    text = b"id,review\n1,good\n"
    head, rows = ["id", "review"], ok(["1", "good"])
    yield Case("gz.csv.gz", gzip.compress(text), head, rows)
    yield Case("two_gz.csv.gz", gzip.compress(text) + gzip.compress(b"2,bad\n"), head, [*rows, *ok(["2", "bad"])])
    yield Case("gz_cut_short.csv.gz", gzip.compress(text * 100)[:-9], error="damaged")
    yield Case("zst.csv.zst", pa.compress(text, codec="zstd", asbytes=True), head, rows)
    yield Case("zst_cut_short.csv.zst", pa.compress(text * 100, codec="zstd", asbytes=True)[:-5], error="damaged")
    yield Case("zip.csv.zip", zipped({"inner.csv": text}), head, rows)
    yield Case(
        "zip_by_member.zip", zipped({"inner.csv": text, "__MACOSX/._inner.csv": b"x", "folder/": b""}), head, rows
    )
    yield Case("zip_of_two.zip", zipped({"a.csv": text, "b.csv": text}), error="2 files")
    yield Case("zip_of_no_file.zip", zipped({}), error="0 files")
    yield Case("zip_of_a_picture.zip", zipped({"a.png": text}), error="is not supported")
    yield Case("zip_cut_short.csv.zip", zipped({"a.csv": text * 100})[:-30], error="damaged")
    for name, method in (("bzip2", zipfile.ZIP_BZIP2), ("lzma", zipfile.ZIP_LZMA), ("deflate", zipfile.ZIP_DEFLATED)):
        content = zipped({"inner.csv": b"id,review\n" + b"1,good\n" * 1000}, method)
        yield Case(f"zip_of_{name}.csv.zip", content, head, rows * 1000)
        yield Case(f"zip_of_damaged_{name}.csv.zip", scrambled(content), error="damaged")
    yield Case(
        "zip_with_unknown_compression.csv.zip", _declared_as_deflate64(zipped({"inner.csv": text})), error="damaged"
    )
    yield Case("gz_of_an_empty_file.csv.gz", gzip.compress(b""), error="is empty")
    yield Case("not_gz.csv.gz", text, error="damaged")


def json_lines() -> Iterator[Case]:
    yield Case(
        "plain.jsonl",
        b'{"id": 1, "review": "good"}\n\n{"id": "001", "review": "bad"}\n',
        ["id", "review"],
        ok(["1", "good"], ["001", "bad"]),
    )
    yield Case(
        "broken_line.jsonl",
        b'{"id": 1, "review": "good"}\n{"id": 2, "review": \n[1]\n{"id": 3, "review": "bad"}',
        ["id", "review"],
        [
            (["1", "good"], "ok"),
            (["", '{"id": 2, "review":'], "unreadable"),
            (["", "[1]"], "unreadable"),
            (["3", "bad"], "ok"),
        ],
    )
    yield Case(
        "keys_that_differ_by_line.jsonl",
        b'{"review": "good"}\n{"n": 1.10, "review": null}\n{"x": {"y": [1, "z"]}}\n',
        ["review", "n", "x.y"],
        [(["good", "", ""], "ok"), (["", "1.10", ""], "empty"), (["", "", '[1, "z"]'], "empty")],
    )
    yield Case(
        "numbers.jsonl",
        b'{"review": "good", "a": 1e400, "b": 12345678901234567890123, "c": -0.0, "d": true}\n',
        ["review", "a", "b", "c", "d"],
        ok(["good", "1e400", "12345678901234567890123", "-0.0", "true"]),
    )
    yield Case(
        "lone_surrogate.jsonl",
        b'{"review": "good \\ud83d"}\n{"review": "\\ud83c\\udfac"}\n',
        ["review"],
        [(["good \\ud83d"], "unreadable"), (["🎬"], "ok")],
    )
    yield Case(
        "lone_surrogate_in_a_key.jsonl", b'{"\\ud83d": 1, "review": "good"}\n', ["\\ud83d", "review"], ok(["1", "good"])
    )
    yield Case(
        "invalid_utf8.jsonl",
        '{"review": "good ééé"}\n{"ü": 1, "review": "bad"}\n'.encode() + b'{"review": "good \xff", "\xe9": 2}\n',
        ["review", "ü", "\\xe9"],
        [(["good ééé", "", ""], "ok"), (["bad", "1", ""], "ok"), (["good \\xff", "", "2"], "unreadable")],
    )
    deep = b'{"review": ' + b"[" * 100_000 + b"]" * 100_000 + b"}\n"
    yield Case(
        "deeply_nested.jsonl",
        b'{"review": "good"}\n' + deep,
        ["review"],
        [(["good"], "ok"), ([deep.decode().strip()], "unreadable")],
    )
    yield Case("repeated_key.jsonl", b'{"review": "bad", "review": "good"}\n', ["review"], ok(["good"]))
    yield Case("byte_order_mark.jsonl", b'\xef\xbb\xbf{"review": "good"}\n', ["review"], ok(["good"]))
    yield Case("an_array.jsonl", json.dumps([{"review": "good"}]).encode(), ["review"], ok(["good"]))
    yield Case("an_array_of_numbers.jsonl", b"[1, 2]", error="no JSON object")


def lines() -> Iterator[Case]:
    yield Case(
        "plain.txt", b"good, film\n\nbad\n", ["text"], [(["good, film"], "ok"), ([""], "empty"), (["bad"], "ok")]
    )
    yield Case("quotes.txt", b'"good\nbad"\n', ["text"], ok(['"good'], ['bad"']))
    yield Case("crlf.txt", b"good\r\nbad", ["text"], ok(["good"], ["bad"]))
    yield Case("byte_order_mark_only.txt", b"\xef\xbb\xbf", ["text"], [])
    yield Case("one_empty_line.txt", b"\n", ["text"], [([""], "empty")])


def workbooks() -> Iterator[Case]:
    yield Case(
        "plain.xlsx",
        _xlsx([["id", "review"], [1, "good"], ["001", "bad"]]),
        ["id", "review"],
        ok(["1", "good"], ["001", "bad"]),
    )
    yield Case(
        "gaps.xlsx",
        _xlsx([["id", "review"], [1, "good"], [None, None], [3]]),
        ["id", "review"],
        [(["1", "good"], "ok"), (["", ""], "unreadable"), (["3", ""], "unreadable")],
    )
    yield Case(
        "blank_first.xlsx", _xlsx([[None], [None], ["id", "review"], [1, "good"]]), ["id", "review"], ok(["1", "good"])
    )
    yield Case("header_only.xlsx", _xlsx([["id", "review"]]), ["id", "review"], [])
    yield Case("nothing.xlsx", _xlsx([]), error="no rows")
    yield Case("cut_short.xlsx", _xlsx([["review"], ["good"]])[:-200], error="damaged")
    sheet = _xlsx([["review"], *[[f"good {i}"] for i in range(500)]])
    yield Case("scrambled.xlsx", scrambled(sheet, b"xl/worksheets/sheet1.xml"), error="damaged")
    yield Case("unknown_compression.xlsx", _declared_as_deflate64(sheet), error="damaged")
    yield Case("control_characters.xlsx", _xlsx([["review"], ["good_x0001_bad"]]), ["review"], ok(["good\x01bad"]))


def parquet_files() -> Iterator[Case]:
    yield Case(
        "plain.parquet",
        _parquet({"id": [1, None], "review": ["good", None]}),
        ["id", "review"],
        [(["1", "good"], "ok"), (["", ""], "empty")],
    )
    yield Case("no_rows.parquet", _parquet({"review": pa.array([], pa.string())}), ["review"], [])
    yield Case("numbers_as_text.parquet", _parquet({"review": [1, 2]}), error="holds int64, not text")
    yield Case(
        "bytes.parquet",
        _parquet({"review": pa.array([b"good", b"b\xe9d"], pa.binary())}),
        ["review"],
        [(["good"], "ok"), (["b\\xe9d"], "unreadable")],
    )
    yield Case("cut_short.parquet", _parquet({"review": ["good"]})[:-10], error="damaged")


def wrong_suffixes() -> Iterator[Case]:
    yield Case("workbook.csv", _xlsx([["review"], ["good"]]), error="a zip archive or an xlsx workbook")
    yield Case("gzip.csv", gzip.compress(b"review\ngood\n"), error="gzip data")
    yield Case("parquet.csv", _parquet({"review": ["good"]}), error="a Parquet file")
    yield Case("old_workbook.csv", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\x00" * 600, error="old Excel workbook")
    yield Case("csv.xlsx", b"review\ngood\n", error="not an Excel workbook")
    yield Case("csv.parquet", b"review\ngood\n", error="not a Parquet file")
    yield Case("page.pdf", b"%PDF-1.7", error="is not supported")


def scrambled(archive: bytes, after: bytes = b"inner.csv") -> bytes:
    """Returns a zip archive with eight bytes of a member's compressed data inverted."""
    place = archive.index(after) + len(after) + 20
    return archive[:place] + bytes(byte ^ 0xFF for byte in archive[place : place + 8]) + archive[place + 8 :]


def _declared_as_deflate64(archive: bytes) -> bytes:
    """Returns a zip archive whose headers name Deflate64 as the compression, which Python does not support."""
    for magic, place in ((b"PK\x03\x04", 8), (b"PK\x01\x02", 10)):
        parts = archive.split(magic)
        archive = magic.join([parts[0], *(p[: place - 4] + b"\x09\x00" + p[place - 2 :] for p in parts[1:])])
    return archive


def zipped(members: dict[str, bytes], compression: int = zipfile.ZIP_DEFLATED) -> bytes:
    """Returns a zip archive of files by name."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", compression) as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return buffer.getvalue()


def _xlsx(rows: list[list[Any]]) -> bytes:
    book = openpyxl.Workbook()
    for row in rows:
        book.active.append(row)
    buffer = io.BytesIO()
    book.save(buffer)
    return buffer.getvalue()


def _parquet(columns: dict[str, Any]) -> bytes:
    buffer = io.BytesIO()
    pq.write_table(pa.table(columns), buffer)
    return buffer.getvalue()


if __name__ == "__main__":
    folder = Path(sys.argv[1])
    folder.mkdir(parents=True, exist_ok=True)
    for case in cases():
        (folder / case.name).write_bytes(case.content)
