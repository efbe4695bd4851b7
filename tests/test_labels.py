"""The meanings of label values, which are read correctly or left out, and the detection of label columns."""

from time import perf_counter

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from sentiment.tables.errors import FileError
from sentiment.tables.labels import chosen_meanings, guess_label_column, label_values, parse_labels, value_meanings

# Scales, each with the meanings of its numbers.
SCHEMES = {
    "two from 0": {0: 0, 1: 1},
    "two from 1": {1: 0, 2: 1},
    "signs": {-1: 0, 0: None, 1: 1},
    "three from 0": {0: 0, 1: None, 2: 1},
    "three from 1": {1: 0, 2: None, 3: 1},
    "five from 0": {0: 0, 1: 0, 2: None, 3: 1, 4: 1},
    "polarity of 0 and 4": {0: 0, 2: None, 4: 1},
    "stars": {1: 0, 2: 0, 3: None, 4: 1, 5: 1},
    "stars, some not rated": {0: None, 1: 0, 2: 0, 3: None, 4: 1, 5: 1},
    "marks": {n: 0 if n <= 4 else 1 if n >= 7 else None for n in range(1, 11)},
    "marks from 0": {n: 0 if n <= 4 else 1 if n >= 7 else None for n in range(11)},
    "percent": {n: 0 if n <= 40 else 1 if n >= 70 else None for n in range(0, 101, 10)},
}
SPELLINGS = {
    "digits": str,
    "decimals": "{:.1f}".format,
    "comma": lambda n: f"{n:.1f}".replace(".", ","),
    "spaces": " {} ".format,
    "fastText": "__label__{}".format,
    "class names": "LABEL_{}".format,
}
STAR_SPELLINGS = [
    "{} stars",
    "{}-star",
    "{}.0 out of 5 stars",
    "{}/5",
    "Arvosana {}/5",
    "Rated {} out of 5",
    "{} von 5 Sternen",
    "{} de 5 estrellas",
    "({}/5)",
    "{} Stars!",
]
ODD = ["NA", "nan", "-", "n/a", "", "11000", "-1337", "see text"]


@settings(deadline=None)
@given(st.sampled_from(sorted(SCHEMES)), st.sampled_from(sorted(SPELLINGS)), st.data())
def test_every_number_of_a_complete_scale_is_read_correctly_or_left_out(scheme, spelling, data):
    truth = {SPELLINGS[spelling](n): meaning for n, meaning in SCHEMES[scheme].items()}
    odd = data.draw(st.lists(st.sampled_from(ODD), max_size=1))
    values = data.draw(st.permutations([*truth, *odd]))
    found = label_values(values)
    uncertain = len(truth) < 4 and odd and odd[0].strip("-").isdigit()  # the odd number is a quarter or more of all
    if uncertain:
        assert all(found[value] in (meaning, None) for value, meaning in truth.items())
    else:
        assert {value: found[value] for value in truth} == truth
    assert all(found[value] is None for value in odd)


@given(
    st.sets(st.integers(0, 5), min_size=1), st.sampled_from(["stars", "Star Rating", "rating", "My Rating", "overall"])
)
def test_an_incomplete_scale_of_stars_is_read_correctly_or_left_out(numbers, name):
    assume(numbers not in ({0, 1}, {0, 1, 2}))  # these are classes
    found = label_values(map(str, numbers), name)
    assert all(found[str(n)] in (SCHEMES["stars, some not rated"][n], None) for n in numbers)


@given(st.sampled_from(STAR_SPELLINGS), st.sets(st.integers(1, 5), min_size=1))
def test_stars_in_words_are_detected_without_other_values(spelling, numbers):
    found = label_values(map(spelling.format, numbers))
    assert found == {spelling.format(n): SCHEMES["stars"][n] for n in numbers}


@given(st.sets(st.floats(0, 1, allow_nan=False).map(lambda x: round(x, 2)), min_size=1))
def test_a_score_between_0_and_1_is_never_reversed(numbers):
    found = label_values(map(str, numbers))
    for number in numbers:
        assert found[str(number)] in {0 if number < 0.5 else 1, None}


@given(st.text(max_size=70))
def test_any_value_is_read_or_left_out_without_an_error(value):
    assert label_values([value])[value] in (0, 1, None)


def test_long_values_are_left_out_in_less_than_a_second():
    began = perf_counter()
    found = label_values(["9" * 100_000, "a 1/5 " * 20_000, "very " * 20_000, "[" * 100_000, "★" * 100_000])
    assert perf_counter() - began < 1
    assert set(found.values()) == {None}


@pytest.mark.parametrize(
    ("values", "meanings"),
    [
        ([".1", ".4", ".5", ".6", ".9"], [0, None, None, None, 1]),
        (["0.05", "0.97"], [0, 1]),
        (["-0.8", "0.05", "0.7"], [0, None, 1]),
        (["2", "3"], [None, None]),  # stars, or two of three classes
        (["1"], [None]),
        (["0", "2"], [0, 1]),  # the middle class is not in the file
        (["1", "2", "3", "4"], [0, None, None, 1]),  # four classes, or stars
        (["1", "3", "4", "5", "7"], [0, 0, None, None, 1]),  # seven steps, or marks
        (["9", "2", "8", "11"], [1, 0, 1, None]),
        (["0", "2", "5", "8", "9", "10", "7", "11", "-1337"], [0, 0, None, 1, 1, 1, 1, None, None]),
        (["0", "1", "99"], [None, None, None]),
        (["POSITIF", "NEGATIF", "NETRAL"], [1, 0, None]),
        (["positivo", "Negativa", "neutro"], [1, 0, None]),
        (["Positiv", "negatief", "позитивный", "отрицательный", "正面", "부정"], [1, 0, 1, 0, 1, 0]),
        (["Extremely Negative", "very_positive", "Mixed", "irrelevant"], [0, 1, None, None]),
        (["fresh", "Certified-Fresh", "ROTTEN"], [1, 1, 0]),
        (["Recommended", "Not Recommended", "not_recommended"], [1, 0, 0]),
        (["Thumbs Up", "thumbs-down", "👍", "👎"], [1, 0, 1, 0]),
        (["Good", "bad", "Yes", "NO", "True", "false"], [1, 0, 1, 0, 1, 0]),
        (["not positive", "positive negative", "x", "y"], [None] * 4),
        (["five stars", "One star", "3 1/2 stars", "4½ stars"], [1, 0, None, 1]),
        (["★", "★★★", "★★★★☆", "★★★★½", "⭐⭐", "☆☆☆☆☆"], [0, None, 1, 1, 0, None]),
        (["9/10", "3 / 10", "4/5", "3.5/4", "90/100", "1/2", "7/7", "12/10"], [1, 0, 1, 1, 1, None, None, None]),
        (["85%", "12 %", "55%"], [1, 0, None]),
        (["8 stars", "2 stars", "10 stars"], [1, 0, 1]),
        (["2 of 3 people found this helpful", "5/5/2021", "-3/10"], [None] * 3),
        (["None", "none", "null"], [None] * 3),
        (["Positive emotion", "negative review", "Neutral sentiment", "No emotion"], [1, 0, None, None]),
        (["1,000", "5,000"], [None] * 2),
    ],
)
def test_values_are_read_correctly_or_left_out(values, meanings):
    assert label_values(values) == dict(zip(values, meanings, strict=True))


def test_a_value_left_out_has_its_reason():
    reasons = {"Neutral": "neutral", "NA": "empty", "-": "empty", "[deleted]": "empty", "joy": "unknown"}
    assert value_meanings(reasons) == reasons
    assert value_meanings(["0", "1", "5"], "My Rating")["0"] == "empty"  # not rated


@pytest.mark.parametrize(
    ("name", "cells", "guessed"),
    [
        *[(name, ["positive", "neutral", "negative"], True) for name in ("x", "sentiment", "airline_sentiment")],
        *[(name, ["0", "1", "2"], True) for name in ("label", "Polarity", "target", "y", "Positive or Negative")],
        *[
            (name, ["1", "3", "5"], True)
            for name in ("star_rating", "My Rating", "overall", "Rate", "estrellas", "Оценка")
        ],
        *[(name, ["1", "3", "5"], False) for name in ("votes", "rating_count", "review_id", "amount", "Rating Date")],
        ("airline_sentiment_confidence", ["1.0", "0.65", "0.34"], False),
        ("recommended", ["True", "False"], True),
        ("recommended", ["Recommended", "Not recommended"], True),
        ("Liked", ["1", "0"], True),
        ("voted_up", ["True", "False"], True),
        ("verified", ["True", "False"], False),
        ("verdict", ["fresh", "rotten"], True),
        ("given", ["5.0 out of 5 stars", "1.0 out of 5 stars"], True),
        ("given", ["9/10", "3/10"], False),
        ("rating", ["1", "NA", "5", "5"], True),
        ("label", ["2", "3"], False),
        ("label", ["ham", "spam"], False),
        ("sentiment", ["neutral", "neutral"], False),
    ],
)
def test_a_label_column_is_detected_by_its_name_and_its_values(name, cells, guessed):
    found = guess_label_column(["review", name], [["x", cell] for cell in cells], 0)
    assert found == (1 if guessed else None)


def test_a_column_of_sentiment_is_preferred_to_one_of_ratings():
    rows = [["5", "x", "positive"], ["1", "y", "negative"]]
    assert guess_label_column(["rating", "review", "sentiment"], rows, 1) == 2
    assert guess_label_column(["rating", "review", "sentiment"], rows, [1, 2]) == 0


def test_a_label_of_the_review_is_preferred_to_one_of_the_film():
    rows = [["fresh", "x", "rotten"], ["rotten", "y", "fresh"]]
    assert guess_label_column(["status", "review_content", "review_type"], rows, 1) == 2


def test_rows_of_different_lengths_do_not_change_the_detected_column():
    rows = [["x", "positive"], ["y", " and so on", "negative"], ["z"], ["w", "negative"]]
    assert guess_label_column(["review", "sentiment"], rows, 0) == 1


def test_labels_on_the_command_line_are_parsed_and_applied():
    chosen = parse_labels('good=positive, bad = Negative,ok=none,"so, so"=none,a=b=positive')
    assert chosen == {"good": 1, "bad": 0, "ok": None, "so, so": None, "a=b": 1}
    values = ["good", "Good ", "BAD", "ok", "other", "NA"]
    found = chosen_meanings(value_meanings(values), chosen)
    assert list(found.values()) == ["positive", "positive", "negative", "neutral", "unknown", "empty"]
    assert chosen_meanings(value_meanings(["5.0", "1"]), {"5": 0, "1": 1}) == {"5.0": "negative", "1": "positive"}


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "No labels"),
        ("good", "does not say what a label means"),
        ("=positive", "does not say what a label means"),
        ("good=positive,", "does not say what a label means"),
        ("good=fine", "“fine” is not a meaning of good"),
        ("good=1", "is not a meaning"),
        ("good=positive,good=negative", "two meanings"),
    ],
)
def test_labels_that_cannot_be_parsed_are_refused_with_the_reason(text, message):
    with pytest.raises(FileError, match=message):
        parse_labels(text)
