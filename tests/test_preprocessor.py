"""Preprocessing of a text: its ids, its tokens with their counts, and the memory that it takes."""

from __future__ import annotations

import tracemalloc

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sentiment.text.preprocessor import Preprocessor
from sentiment.text.tokenizer import FIRST
from sentiment.text.vocabulary import UNK, Vocabulary
from tests.test_tokenizer import TEXTS
from tests.tiny import WORDS, token_texts, tokenize

VOCABULARY = Vocabulary(WORDS)


@given(TEXTS, st.integers(1, 12), st.sampled_from([1, 2]))
def test_ids_alone_are_those_of_the_complete_preprocessing(text: str, max_length: int, version: int) -> None:
    preprocessor = Preprocessor(VOCABULARY, max_length, version)
    review = preprocessor(text)
    ids, total = preprocessor.ids(text)
    np.testing.assert_array_equal(ids, review.ids)
    assert ids.dtype == review.ids.dtype == np.int32
    assert total == review.tokens_total


@given(TEXTS, st.integers(1, 12), st.sampled_from([1, 2]))
def test_truncated_and_unknown_tokens_are_counted(text: str, max_length: int, version: int) -> None:
    review = Preprocessor(VOCABULARY, max_length, version)(text)
    assert review.tokens_read == len(review.tokens) == len(review.ids) == min(review.tokens_total, max_length)
    assert review.unknown == sum(token.form not in VOCABULARY for token in review.tokens)
    assert review.unknown_rate == pytest.approx(review.unknown / review.tokens_read if review.tokens_read else 0)
    assert all(text[token.start : token.end] == token.text for token in review.tokens)


def test_a_text_is_read_from_its_start_to_the_limit() -> None:
    review = Preprocessor(VOCABULARY, 3)("The film is dull. Not good!")
    assert [token.text for token in review.tokens] == ["The", "film", "is"]
    assert (review.tokens_read, review.tokens_total) == (3, 8)


def test_an_empty_text_has_no_ids() -> None:
    review = Preprocessor(VOCABULARY, 3)("<br />")
    assert (review.tokens_read, review.tokens_total, review.unknown_rate) == (0, 0, 0.0)


@pytest.mark.parametrize(
    ("text", "share"),
    [
        ("the film is good", 1.0),
        ("the film ist gut", 0.5),
        ("der Film . . . ! ! !", 0.5),  # punctuation does not count as known words
        ("un filme bueno", 0.0),
        ("! . !", 1.0),
    ],
)
def test_known_words_are_a_share_of_the_words_without_punctuation(text: str, share: float) -> None:
    preprocessor = Preprocessor(VOCABULARY, 50)
    assert preprocessor.known_words(preprocessor.ids(text)[0]) == pytest.approx(share)


def test_an_unknown_token_has_the_unknown_id_and_keeps_its_place() -> None:
    review = Preprocessor(VOCABULARY, 10)("A splendid film")
    assert review.ids.tolist() == [VOCABULARY.id("a"), UNK, VOCABULARY.id("film")]
    assert review.tokens[1].text == "splendid"


def test_only_known_words_of_a_text_are_remembered() -> None:
    preprocessor = Preprocessor(VOCABULARY, 10)
    preprocessor.ids("The film bores Zebedee")
    remembered = set(preprocessor._chunk_ids)
    assert {"The", "film"} <= remembered
    assert "Zebedee" not in remembered


# The neighbours of these pieces determine what is a token, and how many there are.
PIECES = [
    *(
        "a",
        "n't",
        "don",
        "'",
        "’",
        "s",
        "re",
        "1",
        "8/10",
        ".",
        "...",
        "<",
        "<b>",
        "</",
        ">",
        "<br />",
        "!",
        "_",
        "-",
        ":",
    ),
    *(" ", "\n", "\u3000", ":)", ":-(", "=", "e\u0301", "\u0301", "\U0001f600", "great", "film", "x" * 60),
    *("(", "D", ",", "/"),
]


@pytest.mark.parametrize("seed", range(300))
@pytest.mark.parametrize("long_text", [0, 10_000])
def test_a_text_that_is_cut_off_is_counted_to_its_end(
    seed: int, long_text: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sentiment.text.preprocessor._LONG_TEXT", long_text)
    rng = np.random.default_rng(seed)
    text = "".join(rng.choice(PIECES, int(rng.integers(1, 80))).tolist())
    tokens = tokenize(text)
    assert sum(number for _, number in FIRST.counts(text)) == len(tokens)
    for length in (1, 5, 200):
        preprocessor = Preprocessor(Vocabulary(("a", "n't", "great", ".")), length, 1)
        review = preprocessor(text)
        assert review.tokens == tuple(tokens[:length])
        assert review.tokens_total == len(tokens)
        ids, total = preprocessor.ids(text)
        assert (ids.tolist(), total) == (review.ids.tolist(), len(tokens))


@pytest.mark.parametrize(
    "piece", ["<", "!?#%", " ", "a", "e\u0301", "\u0301", "a ", ". ", "<br/>", "n'", "1/", "_", "\U0001f600"]
)
def test_a_long_text_takes_little_more_memory_than_itself(piece: str) -> None:
    text = piece * (400_000 // len(piece))
    preprocessor = Preprocessor(Vocabulary(("a", ".")), 1_000, 1)
    expected = len(token_texts(text))
    tracemalloc.start()
    try:
        assert preprocessor.ids(text)[1] == preprocessor(text).tokens_total == expected
        assert tracemalloc.get_traced_memory()[1] < 6_000_000  # one copy of 4 bytes a character, and the tokens read
    finally:
        tracemalloc.stop()
