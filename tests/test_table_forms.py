"""Delimited text, plain lines, encodings, JSON and workbooks in the forms that programs and people write."""

from __future__ import annotations

import csv
import io
import json
from dataclasses import dataclass
from typing import Any

import openpyxl
import pytest

from sentiment.tables.base import Options
from sentiment.tables.errors import FileError
from sentiment.tables.headers import ONE_COLUMN
from sentiment.tables.open import open_source
from sentiment.tables.options import parse_delimiter


@dataclass(frozen=True)
class Read:
    """The parts of a reading that tests compare."""

    columns: list[str]
    rows: list[list[str | None]]
    notes: str
    problems: list[str]
    found: dict[str, Any]


@pytest.fixture
def read(tmp_path):
    def read(name: str, content: str | bytes, **options: Any) -> Read:
        path = tmp_path / name
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        source = open_source(path, Options(**options))
        rows = list(source.rows())
        cells, problems = [list(row.cells) for row in rows], [row.problem for row in rows]
        return Read(source.columns, cells, " ".join(source.remarks()), problems, source.found)

    return read


def doubled(*, delimiter: str = ",", escape: bool, quoting: int = csv.QUOTE_MINIMAL) -> str:
    """Returns a table with quotation marks, backslashes and line ends, as the csv module writes it."""
    rows = [["id", "review"], ["1", 'We "liked" it, a\\b'], ["2", '"Dull"\nand "long"'], ["3", "It was fine\\"]]
    text = io.StringIO(newline="")
    style = {"doublequote": False, "escapechar": "\\"} if escape else {}
    csv.writer(text, delimiter=delimiter, lineterminator="\n", quoting=quoting, **style).writerows(rows)
    return text.getvalue()


@pytest.mark.parametrize("quoting", [csv.QUOTE_MINIMAL, csv.QUOTE_ALL, csv.QUOTE_NONNUMERIC])
@pytest.mark.parametrize("escape", [False, True], ids=["doubled", "escaped"])
@pytest.mark.parametrize(("suffix", "delimiter"), [("csv", ","), ("csv", ";"), ("tsv", "\t"), ("csv", "|")])
def test_quotation_marks_are_read_whether_doubled_or_escaped(read, suffix, delimiter, escape, quoting):
    found = read(f"in.{suffix}", doubled(delimiter=delimiter, escape=escape, quoting=quoting))
    assert found.rows == [["1", 'We "liked" it, a\\b'], ["2", '"Dull"\nand "long"'], ["3", "It was fine\\"]]
    assert ("escapes" in found.notes) is escape


@pytest.mark.parametrize(
    ("line", "cells"),
    [
        (r'"1","C:\dir \"x\" and 5\""', ["1", r'C:\dir "x" and 5"']),  # R leaves other backslashes alone
        (r'1,"a screen of 5\""', ["1", 'a screen of 5"']),
        (r'1,"\"All\" of it"', ["1", '"All" of it']),
        (r'1,"C:\","', ["1", 'C:",']),
        (r'1,"C:\"' + "\n" + r'2,"D:\"', ["1", "C:\\"]),  # a path at the end of a cell, and no escape
        (r'1,"he said \""no\"""', ["1", r"he said \"no\""]),
        (r"1,5\" wide", ["1", r"5\" wide"]),
    ],
)
def test_a_backslash_escapes_only_where_marks_in_quoted_cells_follow_one(read, line, cells):
    found = read("in.csv", f"id,review\n{line}\n9,fine\n")
    assert (found.rows[0], found.problems[0]) == (cells, "")
    assert found.rows[-1] == ["9", "fine"]


def test_escapes_are_found_far_down_a_file(read):
    rows = "".join(f'{i},"plain, {i}"\n' for i in range(60_000)) + '60000,"the \\"last\\" one"\n'
    found = read("in.csv", "id,review\n" + rows)
    assert found.rows[-1] == ["60000", 'the "last" one']
    assert not any(found.problems)


def test_one_mark_out_of_place_does_not_hide_the_escapes_of_a_file(read):
    rows = "".join(f'{i},"the ""odd"" one"\n' if i == 5 else f'{i},"the \\"{i}\\" one"\n' for i in range(30))
    found = read("in.csv", "id,review\n" + rows)
    assert found.rows[29] == ["29", 'the "29" one']


@pytest.mark.parametrize(
    ("lines", "cells"),
    [
        (['"A classic" he said\tpos', "Dull\tneg"], [['"A classic" he said', "pos"], ["Dull", "neg"]]),
        (
            ['"A joy\tpos', "Dull\tneg", 'It is "fine"\tpos'],
            [['"A joy', "pos"], ["Dull", "neg"], ['It is "fine"', "pos"]],
        ),
        (['pos\t"A joy', "neg\tDull", 'pos\tfine"'], [["pos", '"A joy'], ["neg", "Dull"], ["pos", 'fine"']]),
        (
            ['pos\t"A joy', "neg\tDull\tlong", 'pos\tfine"'],
            [["pos", '"A joy'], ["neg", "Dull", "long"], ["pos", 'fine"']],
        ),
        (['pos\t"line one\nline two"', "neg\tx"], [["pos", "line one\nline two"], ["neg", "x"]]),
        (['"pos"\t"a ""joy"""', '"neg"\tx'], [["pos", 'a "joy"'], ["neg", "x"]]),
    ],
)
def test_a_text_between_tabs_may_begin_with_a_quotation_mark(read, lines, cells):
    found = read("in.tsv", "\n".join(lines) + "\n", header=False)
    assert found.rows == cells
    assert not any(found.problems)


@pytest.mark.parametrize(
    ("content", "delimiter", "columns", "first"),
    [
        ("We liked it.\t1\n\nDull, long\t0\n", "\t", ["column_1", "column_2"], ["We liked it.", "1"]),
        ("id\ttext\n1\tgood\n2\tbad\n", "\t", ["id", "text"], ["1", "good"]),
        ('id\ttext\n1\t"good,\nvery"\n2\tbad\n', "\t", ["id", "text"], ["1", "good,\nvery"]),
        ("good film;1\nbad film;0\n", ";", ["column_1", "column_2"], ["good film", "1"]),
        ("neutral|a bank\npositive|a joy\n", "|", ["column_1", "column_2"], ["neutral", "a bank"]),
        (
            "name#date#text\nAnn#2024-01-02#We liked it\n",
            "#",
            ["name", "date", "text"],
            ["Ann", "2024-01-02", "We liked it"],
        ),
        ("id,review\n1,good\n2,bad\n", ",", ["id", "review"], ["1", "good"]),
        ('"id" "text"\n"1" "good, very"\n"2" "bad"\n', " ", ["id", "text"], ["1", "good, very"]),
        ("4.5^We liked it\n1.0^Dull\n", "^", ["column_1", "column_2"], ["4.5", "We liked it"]),
    ],
)
def test_a_txt_that_is_a_table_is_read_as_one_unless_lines_are_wanted(read, content, delimiter, columns, first):
    found = read("in.txt", content)
    assert (found.columns, found.rows[0], found.found["delimiter"]) == (columns, first, delimiter)
    assert "“none” reads every line as a review" in found.notes
    assert read("in.txt", content.encode("utf-16")).rows == found.rows
    lines = read("in.txt", content, delimiter=ONE_COLUMN)
    assert (lines.columns, lines.notes) == (["text"], "")
    assert [row[0] for row in lines.rows] == content.split("\n")[:-1]


@pytest.mark.parametrize(
    "content",
    [
        '"Good" "film"\nshe said\n',
        "Great film, good cast\nDull, long\nFine, I think\n",
        "Great; long\nDull; short\n",
        "one\ttab\nand none\n",
        "one line\twith a tab\n",
        "8/10\n9/10\n",
        "\n\n",
        "Write to a@b.example\nor c@d.example\n",
    ],
)
def test_prose_in_a_txt_is_read_line_by_line(read, content):
    assert read("in.txt", content).columns == ["text"]


def test_the_labels_of_fasttext_are_a_column(read):
    found = read("in.txt", "__label__pos __label__x I liked it\n\n__label__2\tBad: very\n")
    assert found.columns == ["label", "text"]
    assert found.rows == [["pos x", "I liked it"], [None, ""], ["2", "Bad: very"]]


@pytest.mark.parametrize("sign", ["@", "#", "^", "~", ":", " ", "\t", "x"])
def test_any_character_may_be_the_delimiter(read, sign):
    assert read("in.csv", f"id{sign}text\n1{sign}good\n", delimiter=sign).rows == [["1", "good"]]
    assert read("in.txt", f"id{sign}text\n1{sign}good\n", delimiter=sign).rows == [["1", "good"]]


@pytest.mark.parametrize(
    ("typed", "sign"), [("Tab", "\t"), (r"\t", "\t"), ("@", "@"), ("pipe", "|"), (" ", " "), ("none", "\x1f")]
)
def test_a_delimiter_is_typed_or_named(typed, sign):
    assert parse_delimiter(typed) == sign


@pytest.mark.parametrize("typed", ["", "ab", '"', "\n", "\\", "commas"])
def test_another_delimiter_is_refused(typed):
    with pytest.raises(FileError, match="delimiter"):
        parse_delimiter(typed)


@pytest.mark.parametrize(
    ("name", "options", "words"),
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
def test_an_option_that_cannot_work_is_refused(read, name, options, words):
    with pytest.raises(FileError, match=words):
        read(name, "good film\n", **options)


SENTENCES = {
    "cp1252": "It’s a “fine” film, très réussi – 5 € well spent",
    "mac_roman": "I don’t recommend this “film”, très long",
    "cp1250": "Bardzo dobry film, cała rodzina była zachwycona, końcówka słaba, żałuję że tak krótki",
    "iso8859_2": "Velmi dobrý film, celá rodina byla nadšená, příběh skvělý, škoda že už skončil",
    "cp1254": "Çok güzel bir film, ailece çok beğendik, sonu sıkıcıydı ama oyuncular şahaneydi",
    "cp1251": "Хороший фильм, нам всем очень понравилось, но конец скучный",
    "koi8_r": "Хороший фильм, нам всем очень понравилось, но конец скучный",
    "cp866": "Хороший фильм, нам всем очень понравилось, но конец скучный",
    "cp1253": "Πολύ καλή ταινία, μας άρεσε σε όλους",
    "cp1255": "סרט טוב מאוד, כולנו נהנינו",
    "cp1256": "فيلم جيد جدا، استمتعنا جميعا",
    "shift_jis": "とても良い映画でした。家族みんなで楽しみました。",
    "euc_jp": "とても良い映画でした。家族みんなで楽しみました。",
    "gb18030": "这部电影非常好看，全家人都很喜欢。结局有点无聊。",
    "big5": "這部電影非常好看，全家人都很喜歡。結局有點無聊。",
    "cp949": "정말 좋은 영화였어요. 가족 모두 즐겁게 봤습니다.",
}


@pytest.mark.parametrize("times", [1, 20])
@pytest.mark.parametrize("encoding", SENTENCES)
def test_the_encoding_of_a_legacy_file_is_guessed_and_said(read, encoding, times):
    rows = [[str(i), SENTENCES[encoding]] for i in range(times)]
    plain = [[str(i), "A plain line in English"] for i in range(100)]
    text = io.StringIO()
    csv.writer(text).writerows([["id", "review"], *plain, *rows])
    found = read("in.csv", text.getvalue().encode(encoding))
    assert found.rows == [*plain, *rows]
    assert f"The encoding {found.found['encoding']} was guessed" in found.notes


@pytest.mark.parametrize(
    "text",
    [
        "A naïve film, à la carte, in a café",
        "O filme é muito bom, não esperava tanta emoção",
        "Filmen är väldigt bra, så rolig och spännande",
        "Der Film war schön, aber für mich zu lang",
        "La película es muy buena, mañana la veré, ¿qué más?",
        "I met Žižek and Miloš at the Škoda café",
        "It cost 20 £, “too much”",
    ],
)
def test_western_text_is_not_taken_for_another(read, text):
    for encoding in ("cp1252", "mac_roman"):
        if encoding == "cp1252" or not set("ŽžšŠ") & set(text):
            found = read("in.txt", f"{text}\n".encode(encoding))
            assert (found.rows, encoding) == ([[text]], encoding)


def test_bytes_that_windows_1252_lacks_are_control_characters(read):
    found = read("in.csv", b"id,review\n1,caf\xe9\n2,Good \x9d film \x81\x8d\x8f\x90\n")
    assert found.rows == [["1", "café"], ["2", "Good \x9d film \x81\x8d\x8f\x90"]]
    assert read("in.csv", b"id,review\n1,caf\xe9 \x81\n", encoding="cp1252").rows == [["1", "café \x81"]]


@pytest.mark.parametrize("header", [True, False])
def test_nothing_is_left_out_above_the_table_if_the_header_is_stated(read, header):
    lines = [["Report", "", ""], ["id", "review", "stars"], ["1", "good", "5"]]
    content = "\n".join(",".join(line) for line in lines)
    assert "Report" in read("in.csv", content).notes
    found = read("in.csv", content, header=header)
    assert found.rows == lines[header:]
    assert not found.notes
    assert (
        len(
            read(
                "in.xlsx", workbook(A=[line[:1] if line[0] == "Report" else line for line in lines]), header=header
            ).rows
        )
        == 3 - header
    )


R_NAMES = ["row_name", "review", "stars"]


@pytest.mark.parametrize(
    ("content", "columns", "first", "note"),
    [
        (
            '"review","stars"\n"1","We liked it, a lot",5\n"2","Dull",1\n',
            R_NAMES,
            ["1", "We liked it, a lot", "5"],
            "row_name",
        ),
        ("review\tstars\nAnn\tWe liked it\t5\nBob\tDull\t1\n", R_NAMES, ["Ann", "We liked it", "5"], "row_name"),
        (
            '"review" "stars"\n"1" "We liked it, a lot" 5\n"2" "Dull" 1\n',
            R_NAMES,
            ["1", "We liked it, a lot", "5"],
            "row_name",
        ),
        ("Comments:\n1,Thanks\n2,Good\n", ["row_name", "Comments:"], ["1", "Thanks"], "row_name"),
        (
            "Report,,\n,,\nid,review,stars\n1,good,5\n2,bad,1\n",
            ["id", "review", "stars"],
            ["1", "good", "5"],
            "“Report”",
        ),
        ("All our reviews\nid;review\n1;good\n2;bad\n", ["id", "review"], ["1", "good"], "“All our reviews”"),
        (
            "List export v7\nDate,Name,URL\n2024-01-01,Mine,x\n\nPosition,Name,URL\n1,Film A,y\n2,Film B,z\n",
            ["Position", "Name", "URL"],
            ["1", "Film A", "y"],
            "“List export v7”",
        ),
        ("id,review,note\n1,good,x,\n2,bad,y,\n", ["id", "review", "note"], ["1", "good", "x", ""], ""),
        (",review\n0,good\n1,bad\n", ["", "review"], ["0", "good"], ""),
        (",review,\n0,good,x\n1,bad,y\n2,dull,z\n", ["", "review", ""], ["0", "good", "x"], ""),
        ("id,review\n1,good, long\n2,bad, dull\n", ["id", "review"], ["1", "good", " long"], ""),
        ("review\nGood, really good\nBad, not good\nNice, fine\n", ["review"], ["Good, really good"], ""),
        ("comment\nA, b, c\nD, e, f\nG, h, i\nJ, k, l\nM, n, o\n", ["comment"], ["A, b, c"], ""),
    ],
)
def test_the_header_is_found_below_a_title_and_next_to_row_names(read, content, columns, first, note):
    found = read("in.csv", content)
    assert (found.columns, found.rows[0]) == (columns, first)
    assert note in found.notes if note else not found.notes


@pytest.mark.parametrize(
    "rows",
    [
        [["2024-01-02", "We liked it"], ["2024-01-03", "Dull"]],
        [["ham", "Great fun"], ["spam", "Win now"]],
        [["neutral", "A bank"], ["mixed", "A town"], ["positive", "A joy"]],
        [["It was fine, really.", "Ann"], ["Dull and long.", "Bob"]],
        [["5", "Great"], ["1", "Awful"]],
    ],
)
def test_a_first_row_that_is_like_the_others_is_data(read, rows):
    text = io.StringIO()
    csv.writer(text).writerows(rows)
    assert read("in.csv", text.getvalue()).rows == rows


@pytest.mark.parametrize(
    ("name", "content", "words"),
    [
        ("in.csv", "\n <HTML lang=en>", "a web page"),
        ("in.txt", "\ufeff<!doctype html>\n", "a web page"),
        ("in.xlsx", "<!-- saved --> <html>", "a web page"),
        ("in.xlsx", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "an old Excel workbook"),
        ("in.xls", "", "old Excel workbook .* save it as .xlsx"),
        ("in.csv", '<?xml version="1.0"?><a/>', "XML"),
        ("in.csv", '{"error": "not found"}', "holds JSON.*suffix .json"),
        ("in.txt", '{"review": "good"}\n{"review": "bad"}\n', "holds JSON"),
        ("in.tsv", '[{"review": "good"}]', "holds JSON"),
        ("in.csv", "version https://git-lfs.github.com/spec/v1\noid x\n", "a Git LFS pointer"),
        ("in.json", "<html>", "a web page"),
    ],
)
def test_another_kind_of_file_is_named(read, name, content, words):
    with pytest.raises(FileError, match=words):
        read(name, content or " ")


REVIEWS = [{"user": {"name": "Ann", "age": 30}, "text": "A\nfilm"}, {"text": "B", "tags": [{"a": 1}], "user": {}}]
FLAT = [["Ann", "30", "A\nfilm", None, None], [None, None, "B", '[{"a": 1}]', "{}"]]
COLUMNS = ["user.name", "user.age", "text", "tags", "user"]


@pytest.mark.parametrize(
    "content",
    [
        json.dumps(REVIEWS),
        json.dumps(REVIEWS, indent=2),
        "\n".join(map(json.dumps, REVIEWS)),
        "\n".join(json.dumps(review, indent=1) for review in REVIEWS),
        "\n".join(map(repr, REVIEWS)),
        json.dumps({"count": 2, "films": [{"id": 1}], "data": {"reviews": REVIEWS}}),
        json.dumps({"data": REVIEWS, "next": None}, indent=4),
        "\ufeff" + json.dumps(REVIEWS),
    ],
    ids=["array", "indented array", "lines", "indented objects", "Python", "list inside", "indented list", "mark"],
)
def test_json_is_read_in_every_format(read, content):
    found = read("in.json", content)
    assert (found.columns, found.rows) == (COLUMNS, FLAT)
    assert not any(found.problems)


@pytest.mark.parametrize(
    ("name", "content", "words"),
    [
        ("in.json", json.dumps({"text": {"0": "a", "1": "b"}}), 'in pandas: orient="records"'),
        ("in.json", "[1, 2]", "no JSON object"),
        ("in.json", "not json", "no JSON object"),
        ("in.json", '{"a": wrong, "r": [{"text": "x"}]}', "not well-formed JSON"),
        ("in.json", '{"a":' * 100 + "1" + "}" * 100, "nested too deeply"),
        ("in.json", '{"a":' * 100_000, "nested too deeply"),
        ("in.json", "[" * 100_000, "no JSON object"),
    ],
)
def test_json_without_reviews_is_refused(read, name, content, words):
    with pytest.raises(FileError, match=words):
        read(name, content)


def test_an_element_that_is_not_json_costs_only_itself(read):
    found = read("in.json", '[{"text": "a"},\n{"text": "b" "x"},\n{"text": "c"}, 5, {"text": "cut')
    assert [row[0] for row in found.rows] == ["a", '{"text": "b" "x"}', "c", "5", '{"text": "cut']
    assert [bool(problem) for problem in found.problems] == [False, True, False, True, True]


def test_a_large_array_is_read_in_pieces(read, monkeypatch):
    monkeypatch.setattr("sentiment.tables.json_stream._BLOCK", 7)
    reviews = [{"text": "x" * i, "n": i, "ok": True, "u": "\u20ac\n"} for i in range(60)]
    for content in (json.dumps(reviews), json.dumps({"a": -12.5, "list": reviews}, indent=1)):
        assert read("in.json", content).rows == [["x" * i, str(i), "true", "€\n"] for i in range(60)]


def test_a_path_that_is_a_key_itself_and_thousands_of_inner_keys_lose_nothing(read):
    assert read("in.json", '{"a.b": 1, "a": {"b": 2}}\n{"a.b": 3}\n').rows == [["1", '{"b": 2}'], ["3", None]]
    wide = [{"text": "good", "votes": {f"user{i}": 1 for i in range(5000)}}]
    assert read("in.json", json.dumps(wide)).columns == ["text", "votes"]


def test_a_single_json_line_with_a_list_is_one_row_by_its_suffix(read):
    line = '{"text": "good", "tags": [{"a": 1}]}'
    assert read("in.jsonl", line).rows == [["good", '[{"a": 1}]']]
    assert read("in.json", line).columns == ["a"]


TABLE = [["id", "review", "stars"], [1, "We liked it", 5], [2, "Dull", 1], [3, "Fine", 3]]


def workbook(**sheets: list[list[Any]]) -> bytes:
    """Returns a workbook; a sheet whose name begins with "hidden" is hidden."""
    book = openpyxl.Workbook()
    book.remove(book.active)
    for name, rows in sheets.items():
        sheet = book.create_sheet(name)
        sheet.sheet_state = "hidden" if name.startswith("hidden") else "visible"
        for row in rows:
            sheet.append(row)
    content = io.BytesIO()
    book.save(content)
    return content.getvalue()


@pytest.mark.parametrize(
    ("sheets", "sheet", "note"),
    [
        ({"A": TABLE}, "A", ""),
        ({"empty": [], "A": TABLE}, "A", ""),
        ({"Info": [["This is about the reviews."], ["Made in May."]], "A": TABLE}, "A", "not “Info”"),
        ({"hidden": TABLE, "A": TABLE}, "A", "Hidden sheets are not read: “hidden”"),
        ({"A": TABLE, "B": TABLE}, "A", "not “B”"),
        ({"A": [["review"], ["good"]], "Codes": TABLE}, "A", "not “Codes”"),
    ],
)
def test_the_first_visible_sheet_with_a_table_is_read(read, sheets, sheet, note):
    found = read("in.xlsx", workbook(**sheets))
    assert found.found["sheet"] == sheet
    assert note in found.notes if note else not found.notes


@pytest.mark.parametrize("sheet", ["hidden one", "2", "HIDDEN ONE"])
def test_a_sheet_is_chosen_by_name_or_number(read, sheet):
    content = workbook(A=TABLE, **{"hidden one": [["review"], ["good"]]})
    assert read("in.xlsx", content, sheet=sheet).rows == [["good"]]
    with pytest.raises(FileError, match=r"There is no sheet C in in\.xlsx; the sheets are A, hidden one"):
        read("in.xlsx", content, sheet="C")


@pytest.mark.parametrize(
    "above",
    [
        [["Hotel reviews"]],
        [[None, "Hotel reviews"], [], ["Made in May"]],
        [["", None, "Ratings"]],
        [[]],
    ],
)
def test_rows_above_the_header_of_a_sheet_are_left_out(read, above):
    found = read("in.xlsx", workbook(A=[*above, *TABLE]))
    assert (found.columns, len(found.rows), found.rows[0]) == (TABLE[0], 3, ["1", "We liked it", "5"])
    assert ("Left out above the table" in found.notes) is any(map(any, above))


def test_a_sheet_with_only_hidden_rows_has_no_rows_and_the_file_is_named(read):
    with pytest.raises(FileError, match=r"in\.xlsx has no rows on its visible sheets"):
        read("in.xlsx", workbook(A=[], hidden=TABLE))


def test_formulas_without_a_saved_value_are_counted(read):
    rows = [["id", "review"], *([i, '="a"&"b"' if i % 2 else "fine"] for i in range(1000))]
    found = read("in.xlsx", workbook(A=rows))
    assert "500 formulas have no saved value" in found.notes
    assert len(found.rows) == 1000
