"""Tokens have spans in any text; a negation or a rating is a token of its own."""

from __future__ import annotations

import re
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.tiny import token_texts, tokenize

PIECES = (
    "don't", "isn’t", "N'T", "it's", "we’ll", "I’d", "'quoted'", "<br />", "<i>", "</i>", "<", ">", "a<b", "10/10",
    "7.5/10", "1,000.50", "1/", "/2", "...", "..", ".", "!", "?", ":-)", ":D", ";P", "=(", "naïve", "İ", "ß", "映画",
    "🎬", "é", "e\u0301", "\u200b", "\u2028", "\x85", "\t", "\r\n", " ", "_", "snake_case", "\x00", "’", "n", "t", "-",
    "co-star", "&amp;", "3D",
)  # fmt: skip
TEXTS = st.text() | st.lists(st.sampled_from(PIECES)).map("".join)


def words(text: str) -> list[str]:
    return [token.text for token in tokenize(text)]


@given(TEXTS)
def test_tokens_and_the_gaps_between_them_give_back_any_text(text: str) -> None:
    rebuilt, end = "", 0
    for token in tokenize(text):
        assert end <= token.start < token.end
        assert text[token.start : token.end] == token.text
        rebuilt += text[end : token.start] + token.text
        end = token.end
    assert rebuilt + text[end:] == text


@given(TEXTS)
def test_nothing_but_white_space_and_tags_lies_between_tokens(text: str) -> None:
    edges = [0, *(edge for token in tokenize(text) for edge in (token.start, token.end)), len(text)]
    for start, end in zip(edges[::2], edges[1::2], strict=True):
        assert re.fullmatch(r"(?:\s|<[a-zA-Z/!][^<>]*>)*", text[start:end])


@given(TEXTS)
def test_texts_alone_are_those_of_the_tokens(text: str) -> None:
    assert token_texts(text) == words(text)


@given(TEXTS)
def test_no_token_holds_white_space(text: str) -> None:
    assert not any(re.search(r"\s", word) for word in words(text))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("I don't know", ["I", "do", "n't", "know"]),
        ("It isn’t bad", ["It", "is", "n’t", "bad"]),
        ("CAN'T WON'T", ["CA", "N'T", "WO", "N'T"]),
        ("it's they're we’ll I'd I've I'm", ["it", "'s", "they", "'re", "we", "’ll", "I", "'d", "I", "'ve", "I", "'m"]),
        ("couldn't've", ["could", "n't", "'ve"]),
        ("rock'n'roll", ["rock", "'", "n", "'", "roll"]),
        ("'it' isn't 'that'", ["'", "it", "'", "is", "n't", "'", "that", "'"]),
    ],
)
def test_a_contraction_keeps_its_negation_and_its_ending(text: str, expected: list[str]) -> None:
    assert words(text) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Great! Really? Yes.", ["Great", "!", "Really", "?", "Yes", "."]),
        ("Well... no!!", ["Well", "...", "no", "!", "!"]),
        ("8/10, or 7.5/10", ["8/10", ",", "or", "7.5/10"]),
        ("good :-) bad :(", ["good", ":-)", "bad", ":("]),
        ("a 3D film", ["a", "3D", "film"]),
        ("(co-star)", ["(", "co", "-", "star", ")"]),
        ("映画 🎬", ["映画", "🎬"]),
    ],
)
def test_punctuation_ratings_and_smileys_are_tokens(text: str, expected: list[str]) -> None:
    assert words(text) == expected


@pytest.mark.parametrize("tag", ["<br />", "<br>", "</i>", "<BR/>", '<a href="x">', "<!-- aside -->"])
def test_a_tag_is_a_gap_and_separates_the_words_around_it(tag: str) -> None:
    assert words(f"fine{tag}{tag}really") == ["fine", "really"]


@pytest.mark.parametrize("text", ["a < b", "I <3 it", "<", "x <y", "2 <> 3"])
def test_a_less_than_sign_that_opens_no_tag_is_a_token(text: str) -> None:
    assert "<" in words(text)


@pytest.mark.parametrize("text", ["", " ", "\n\t", "<br /><br />", "\u3000"])
def test_a_text_of_white_space_and_tags_has_no_tokens(text: str) -> None:
    assert tokenize(text) == []


@pytest.mark.parametrize(
    "piece", ["a", "<", "<a", ".", "1", "1.", "1.1/", "1,", "'", "n't", "don", ":", " ", "<br />", "é", "n'"]
)
def test_a_huge_text_takes_time_in_proportion_to_its_length(piece: str) -> None:
    text = piece * (400_000 // len(piece))
    start = time.process_time()
    assert "".join(token_texts(text)) in (text, "")
    assert time.process_time() - start < 3  # half a second when linear; minutes when quadratic
