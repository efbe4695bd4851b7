"""A vocabulary maps tokens to ids, and its file has a token on each line."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sentiment.text.vocabulary import PAD, UNK, Vocabulary, normal_form
from tests.tiny import token_texts

SMALL = Vocabulary(["the", "film", "n't"])


def test_ids_follow_the_order_of_the_tokens_after_padding_and_unknown() -> None:
    assert (PAD, UNK) == (0, 1)
    assert [SMALL.id(token) for token in ("the", "film", "n't")] == [2, 3, 4]
    assert len(SMALL) == 5
    encoded = SMALL.encode(["film", "cinema", "the"])
    assert encoded.tolist() == [3, UNK, 2]
    assert encoded.dtype == np.int32


def test_a_token_is_found_in_any_case_and_with_either_apostrophe() -> None:
    assert SMALL.id("FILM") == SMALL.id("film")
    assert SMALL.id("N’T") == SMALL.id("n't")
    assert "The" in SMALL
    assert "cinema" not in SMALL


def test_no_tokens_encode_to_an_empty_array() -> None:
    assert SMALL.encode([]).shape == (0,)
    assert SMALL.encode([]).dtype == np.int32


def test_the_most_frequent_tokens_come_first_and_ties_are_alphabetical() -> None:
    counts = Counter({"b": 2, "a": 2, "c": 5, "rare": 1})
    assert Vocabulary.from_counts(counts, max_size=10, min_count=2).tokens == ("c", "a", "b")
    assert Vocabulary.from_counts(counts, max_size=2, min_count=1).tokens == ("c", "a")


@pytest.mark.parametrize("tokens", [["a", "a"], [""], ["Film"], ["n’t"], ["a\nb"], ["a\u2028b"]])
def test_an_invalid_vocabulary_is_refused(tokens: list[str]) -> None:
    with pytest.raises(ValueError, match="token"):
        Vocabulary(tokens)


@given(st.lists(st.text(), max_size=8))
def test_a_vocabulary_counted_from_any_texts_survives_its_file(
    tmp_path_factory: pytest.TempPathFactory, texts: list[str]
) -> None:
    counts = Counter(normal_form(token) for text in texts for token in token_texts(text))
    vocabulary = Vocabulary.from_counts(counts, max_size=1000, min_count=1)
    path = tmp_path_factory.mktemp("vocabulary") / "vocabulary.txt"
    vocabulary.write(path)
    assert Vocabulary.read(path).tokens == vocabulary.tokens
    assert all(vocabulary.id(token) != UNK for text in texts for token in token_texts(text))


@given(st.text())
def test_the_normal_form_of_a_normal_form_is_itself(token: str) -> None:
    assert normal_form(normal_form(token)) == normal_form(token)


def test_the_file_has_one_token_on_each_line(tmp_path: Path) -> None:
    path = tmp_path / "vocabulary.txt"
    SMALL.write(path)
    assert path.read_bytes() == b"the\nfilm\nn't\n"
