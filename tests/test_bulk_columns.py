"""The columns of a table: which holds the text, labels or dates, how they are named, and whether there is a header."""

from __future__ import annotations

from time import perf_counter

import pytest

from sentiment.tables.base import Options
from sentiment.tables.columns import column_choices, find_columns, guess_text_column, looks_like_reviews
from sentiment.tables.errors import FileError
from sentiment.tables.headers import has_header, header_is_doubtful, header_note
from sentiment.tables.inspection import inspect
from sentiment.tables.labels import guess_label_column, label_values

LONG = "one of the better films of that year, in spite of its length"


# The text column


@pytest.mark.parametrize(
    ("columns", "row", "text"),
    [
        (["id", "review"], ["1", "good"], 1),
        (["Review ", "summary"], ["good", LONG], 0),
        (["title", "what_they_said"], ["The Long One", LONG], 1),
        (["a", "b", "c"], [LONG, "1", "2"], 0),
        (["only"], [""], 0),
        (["comments", "selftext"], ["12", LONG], 1),
        (["Content", "Comment"], ["https://example.org/a", "Fun."], 1),
        (["reviews", "plot"], ["['a', 'b']", LONG], 1),
        (["Title", "My Review"], [LONG, "Fun."], 1),
        (["Review Title", "Review Text", "Developer Reply Text"], [LONG, "Fun.", LONG * 2], 1),
        (["movie_info", "review_content"], [LONG * 2, "Fun."], 1),
        (["services", "opinión"], ["Wifi, Pool, Parking, Breakfast, Bar", "Bien."], 1),
        (["userReview", "review_user", "reviewDate"], ["Fun.", "Ann of the Long Road", "2024-01-02"], 0),
        (["beschreibung", "Kommentar"], [LONG, "Gut."], 1),
        (["описание", "Отзыв"], [LONG, "Скучно."], 1),
        (["rating_text", "ratingComment"], ["Good", LONG], 1),
        (["content", "replyContent", "reviewCreatedVersion"], ["Fun.", LONG, "1.2.3 of the film"], 0),
        (["textID", "text", "selected_text"], ["cb774db0d1", LONG, "better films"], 1),
        (["review", "what_they_said"], ["", LONG], 1),
        (["review", "note"], ["", "x"], 0),
        (["review", "title"], ["", LONG], 0),
        (["response", "id"], ["Fun.", "1"], 0),
    ],
)
def test_the_text_column_is_guessed_by_name_and_then_by_content(columns, row, text):
    assert guess_text_column(columns, [row]) == text


def test_a_column_of_categories_is_not_the_text_whatever_its_name():
    rows = [["against", LONG], ["in favour", LONG]] * 10
    assert guess_text_column(["opinion", "tweet"], rows) == 1


def test_the_text_column_is_found_in_rows_of_different_lengths():
    rows = [["1", "Fun.", LONG, LONG], ["2", "Dull.", "Ann"], [LONG]]
    assert guess_text_column(["id", "what_they_said", "who"], rows) == 1


@pytest.mark.parametrize("label", ["True", "meh", "a fine one"])
def test_a_column_of_labels_is_not_the_text_even_if_the_text_looks_like_data(label):
    assert guess_text_column(["text", "label"], [["Row 1", label], ["Row 2", "False"]]) == 0
    assert guess_text_column(["Verdict", "label"], [["Row 1", label], ["Row 2", "False"]]) == 0


def test_a_blank_column_is_not_the_text_unless_its_name_says_so():
    assert guess_text_column(["text", "extra"], [["Row 1", ""], ["Row 2", ""]]) == 0
    assert guess_text_column(["title", "My review"], [["A long title of a book", ""], ["Another title", ""]]) == 1


@pytest.mark.parametrize(
    "cell",
    [
        "https://example.org/a-long-way",
        "www.example.org",
        "https://example.org/a https://example.org/b " + "https://example.org/c" * 9,
        "films.example/long",
        "ann@example.org",
        "poster.jpg",
        "12",
        "3.5/5",
        "$ 1,200.50",
        "1.2K",
        "15 min",
        "12 likes",
        "2024-01-02 10:30",
        "Jan 2, 2024 at 10:30 AM",
        "3 days ago",
        "[]",
        "['Wifi', 'Pool']",
        "[Wifi, Pool, Bar]",
        '{"a": "' + "b" * 80 + '"}',
        "Action|Drama",
        "tt0111161",
        "550e8400-e29b-41d4-a716-446655440000",
        "positive",
        "★★★★",
    ],
)
def test_data_do_not_look_like_reviews_whatever_the_name_of_the_column(cell):
    assert not looks_like_reviews(["review"], [[cell], [cell], [LONG]], 0)
    assert looks_like_reviews(["review"], [[cell], [LONG], [LONG]], 0)


@pytest.mark.parametrize(
    "cell",
    [
        "Fun.",
        "10 out of 10 from all of us",
        "See https://example.org/a, it was fun",
        "[Spoiler] It ends well",
        "Great!!! 5*",
    ],
)
def test_short_reviews_look_like_reviews(cell):
    assert looks_like_reviews(["review"], [[cell]], 0)


@pytest.mark.parametrize("name", ["Title", "Developer Reply", "movieInfo", "Plot", "response", "Review Title"])
def test_prose_in_a_column_of_another_subject_does_not_look_like_reviews(name):
    assert not looks_like_reviews([name], [[LONG]], 0)


@pytest.mark.parametrize(
    ("name", "cells", "looks"),
    [
        ("review", ["Fun", "Dull"], True),
        ("review", ["1", "2"], False),
        ("what_they_said", [LONG, "Dull.", None], True),
        ("price", ["12", "13"], False),
        ("genre", ["drama", "film noir"], False),
        ("only", ["", None], True),
        ("said", ["quite dull", "it was quite dull"], True),  # three words on average
        ("said", ["quite dull", "it was dull"], False),
    ],
)
def test_a_column_without_sentences_looks_like_reviews_only_by_its_name(name, cells, looks):
    assert looks_like_reviews([name], [[cell] for cell in cells], 0) is looks


@pytest.mark.parametrize("cell", ["[" + "," * 900_000, "http://a," * 100_000 + " ", "a|" * 400_000, "{" * 900_000])
def test_the_text_column_is_guessed_within_a_second_among_long_cells(cell):
    began = perf_counter()
    guess_text_column(["a", "b"], [[cell, "x"]] * 3)
    assert perf_counter() - began < 1


# Names of columns


def test_columns_are_found_by_their_names_and_numbers():
    columns = ["id", "title", "body", "title,body", "a, b"]
    assert find_columns(columns, "body") == [2]
    assert find_columns(columns, "body,title") == [2, 1]
    assert find_columns(columns, "title, 3") == [1, 2]
    assert find_columns(columns, "title,body") == [3]
    assert find_columns(columns, 'id,"a, b"') == [0, 4]
    assert find_columns(columns, 2) == [2]
    assert find_columns(columns, [1, 2]) == [1, 2]
    for wanted in ("body,body", "body,text", "body,"):
        with pytest.raises(FileError):
            find_columns(columns, wanted)


def test_columns_with_the_same_or_no_name_have_different_labels():
    columns = ["text", "score", "text", "none", "", "text (column 3)"]
    shown = ["text (column 1)", "score", "text (column 3)", "none (column 4)", "(column 5)"]
    assert column_choices(columns) == [*shown, "text (column 3) (column 6)"]


def test_long_names_of_columns_have_short_and_different_labels():
    shown = column_choices(["n" * 5000, "n" * 5000 + "m"])
    assert all(len(label) < 150 for label in shown)
    assert len(set(shown)) == 2


# Labels and dates


@pytest.mark.parametrize(
    ("columns", "rows", "label"),
    [
        (["review", "sentiment"], [["x", "positive"], ["y", "negative"]], 1),
        (["review", "a", "b"], [["x", "1", "pos"], ["y", "2", "neg"]], 2),
        (["review", "stars"], [["x", "5"], ["y", "1"]], 1),
        (["review", "verified"], [["x", "yes"], ["y", "no"]], None),
        (["review", "votes"], [["x", "0"], ["y", "1"]], None),
        (["review", "rating"], [["x", "87"], ["y", "12"]], 1),
        (["review", "rating"], [["x", "0"], ["y", "8"]], 1),
        (["review", "rating"], [["x", "-3"], ["y", "8"]], None),
        (["review", "sentiment"], [["x", "joy"], ["y", "anger"]], None),
        (["review", "label"], [["x", ""], ["y", ""]], None),
        (["review", "note", "label"], [["x", "good", "1"], ["y", "bad", "0"]], 2),
    ],
)
def test_a_label_column_is_guessed_by_its_name_or_its_values(columns, rows, label):
    assert guess_label_column(columns, rows, 0) == label


@pytest.mark.parametrize(
    ("values", "meanings"),
    [
        (["pos", "neg", "unsup"], [1, 0, None]),
        (["Positive", " NEGATIVE "], [1, 0]),
        (["1", "0"], [1, 0]),
        (["1.0", "0.0"], [1, 0]),
        (["true", "FALSE"], [1, 0]),
        (["-1", "0", "1"], [0, None, 1]),
        (["2", "1"], [1, 0]),
        (["4", "2", "0"], [1, None, 0]),
        (["1", "2", "3", "4", "5"], [0, 0, None, 1, 1]),
        (["4,5", "1,5"], [1, 0]),
        (["0.5", "3", "5"], [0, None, 1]),
        (["0", "3", "10"], [0, 0, 1]),
        (["1", "4", "5", "6", "7", "10"], [0, 0, None, None, 1, 1]),
        (["12", "35", "64", "90"], [0, 0, None, 1]),
        (["0", "50", "100"], [0, None, 1]),
        (["-2", "2"], [None, None]),
        (["1", "5", "99", "pos"], [None, None, None, 1]),
        (["x", "y"], [None, None]),
        ([], []),
    ],
)
def test_ratings_are_read_on_the_smallest_scale_that_contains_them(values, meanings):
    assert list(label_values(values).values()) == meanings


@pytest.mark.parametrize(
    ("cell", "is_date"),
    [
        ("2024-01-02", True),
        ("2024-01-02T10:30:00Z", True),
        ("May 2021", True),
        ("3/4/21", True),
        ("3/4/21 10:30", True),
        ("3-May-21", True),
        ("3rd May 21", True),
        ("May 3, 21", True),
        ("3.4.2021 10:30", True),
        ("20210304T101112Z", True),
        ("Sat 5 / 10", False),
        ("Dec 10-12", False),
        ("8/10", False),
        ("7,5/10", False),
        ("9.5 / 10", False),
        ("1,2,3", False),
        ("10:30:00.123456", False),
        ("12h30m05s", False),
        ("12-35", False),
        ("10:30", False),
        ("1:02:15", False),
        ("May", False),
        ("2021", False),
    ],
)
def test_dates_with_a_year_are_detected_and_times_and_ratings_are_not(cell, is_date, tmp_path):
    path = tmp_path / "in.tsv"
    path.write_text(f"review\tseen\n{LONG}\t{cell}\n")
    assert inspect(path, Options(), lambda *_: None).dates == ([1] if is_date else [])


# Headers


@pytest.mark.parametrize(
    "first",
    [
        ["Great fun", "Bob"],
        ["Not for me", "Bob"],
        ["We liked it.", "Bob"],
        ["Loved every minute of it!", "Bob"],
        ["Ruined by the ending... sadly", "Bob"],
        ["What a waste of time", "Bob"],
        ["Long, loud and a little too clever for us", "Bob"],
        ["Dull stuff", "Cleo"],  # the name occurs again below
        ["Simply awful", "2024-01-02"],
        ["Simply awful", "Jan 2, 2024"],
        ["Simply awful", "★★"],
        ["Simply awful", "4/5"],
        ["Fine", "neutral"],
    ],
)
def test_a_first_row_that_is_a_review_is_not_a_header(first):
    alike = {"2024-01-02": "2024-03-04", "Jan 2, 2024": "Mar 4, 2024", "★★": "★", "4/5": "1/5"}
    texts, cells = ["Dull and long", "I liked it", "Fine by me"], ["Ann", "Cleo", "neutral"]
    rows = [[text, alike.get(first[1], cell)] for text, cell in zip(texts, cells, strict=True)]
    assert not has_header([first, *rows])


@pytest.mark.parametrize(
    "reviews",
    [
        ["Great fun", "Dull and long", "I liked it"],
        ["A wonderful, warm film that we all enjoyed on Sunday", "I saw it twice and it did not get better. " * 9],
        ["It was not worth the money", "It broke after a week. " * 20],
        ["Great.", "Dull.", "Boring from the start."],
    ],
)
def test_the_first_of_many_reviews_in_one_column_is_not_a_header(reviews):
    assert not has_header([[review] for review in reviews])


@pytest.mark.parametrize(
    ("names", "row"),
    [
        (["id", "review"], ["1", "good"]),
        (["Hotel", "Positive_Review"], ["The Old Mill", "We liked it."]),
        (["Customer feedback", "Age"], ["Great fun", "30"]),
        (["#", "Opinion"], ["1", "Great fun"]),
        (["Timestamp", "How was the film for you?"], ["2024-01-02 10:00", "It was good."]),
        (["Please tell us what you think of it"], ["It was good."]),
        (["Avg. Temp.", "Film Title"], ["3.5", "The Long One"]),
        (["film", "verdict"], ["The Long One", LONG]),
        (["2019 sales", "note"], ["12", "Good"]),
        (["when", "2024 opinions"], ["2024-01-02", "Good fun"]),
        (["Meinung"], ["Gut"]),
    ],
)
def test_usual_headers_are_headers(names, row):
    assert has_header([names, row, row])


def test_a_header_repeated_further_down_is_still_a_header():
    assert has_header([["film", "verdict"], ["The Long One", LONG], ["film", "verdict"], ["The Short One", LONG]])


@pytest.mark.parametrize(
    ("names", "row", "doubtful"),
    [
        (["Excellent"], ["Dull"], True),
        (["Excellent", "Bob"], ["Dull", "Ann"], True),
        (["Excellent"], None, True),
        (["what_they_said"], ["Dull"], False),
        (["Star Ratings", "x"], ["a", "b"], False),
        (["amount", "Bob"], ["12.50", "Ann"], False),
        (["reviewText"], ["Dull"], False),
    ],
)
def test_a_header_is_doubtful_if_no_name_is_usual_or_differs_from_its_cells(names, row, doubtful):
    assert header_is_doubtful(names, [row] if row else []) is doubtful


def test_the_header_is_quoted_in_one_short_line_without_control_characters():
    assert header_note(["Great\n\x1b[31mfun", "Bob"]) == "First row used as the header: “Great [31mfun”, “Bob”."
    assert len(header_note(["x" * 5000] * 5000)) < 400


@pytest.mark.parametrize("cell", ["a" * 2_000_000, "." * 2_000_000, "a b c d " + "e" * 2_000_000, "1 a" * 600_000])
def test_a_header_is_detected_within_two_seconds_whatever_its_length(cell):
    began = perf_counter()
    has_header([[cell, cell], [cell, cell], ["x", "y"]])
    assert perf_counter() - began < 2


def test_an_inspection_keeps_little_of_a_wide_file_with_long_cells(tmp_path):
    path = tmp_path / "in.csv"
    row = ",".join(["y" * 500] * 3000)
    path.write_text("\n".join([",".join(f"c{i}" for i in range(3000)), *[row] * 20]))
    found = inspect(path, Options(), lambda *_: None)
    assert found.values == {}
    assert sum(len(cell) for cells in found.sample for cell in cells) < 5_000_000
    path.write_text("review,genre\n" + f"a good film,{'z' * 300}\n" * 5)
    assert inspect(path, Options(), lambda *_: None).values == {}
