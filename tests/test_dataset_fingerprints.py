"""Fingerprints of texts: what they depend on, and lists of them in files."""

from __future__ import annotations

import hashlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sentiment.dataset import DatasetError, fingerprint, read_fingerprints


def defined_fingerprint(letters_and_digits: str) -> str:
    """Returns the fingerprint by its definition."""
    return hashlib.sha256(letters_and_digits.encode()).digest()[:8].hex()


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        ("A good film!", "agoodfilm"),
        ("8/10 -- watch_it", "810watchit"),
        ("One<br /><br />two <i>three</i>", "onetwothree"),
        ("2 < 3 and <3", "23and3"),
        ("Café Ünïted, ½ ПЛОХО", "caféünïted½плохо"),
        ("", ""),
    ],
)
def test_a_fingerprint_is_the_hash_of_lower_case_letters_and_digits_without_tags(text, kept):
    assert fingerprint(text) == defined_fingerprint(kept)


@given(st.text())
def test_any_text_without_tags_has_the_defined_fingerprint(text):
    plain = text.replace("<", "")
    kept = "".join(character for character in plain.lower() if character.isalnum())
    assert fingerprint(plain) == defined_fingerprint(kept)


@given(st.lists(st.text(st.characters(codec="ascii", categories=["L", "N"]), min_size=1), min_size=1))
def test_space_punctuation_capitals_and_tags_do_not_change_a_fingerprint(words):
    expected = fingerprint(" ".join(words))
    assert fingerprint("<br />".join(words)) == expected
    assert fingerprint(", ".join(words).upper() + "...") == expected


def test_a_list_of_fingerprints_is_read_whatever_its_line_ends_and_case(tmp_path):
    path = tmp_path / "exclude.txt"
    path.write_bytes(b"\xef\xbb\xbf0123456789abcdef\r\n\r\nFEDCBA9876543210\n")
    assert read_fingerprints(path) == {"0123456789abcdef", "fedcba9876543210"}


def test_a_line_that_is_not_a_fingerprint_is_named(tmp_path):
    path = tmp_path / "exclude.txt"
    path.write_text("0123456789abcdef\n0123\n")
    with pytest.raises(DatasetError, match=r"Line 2 of .*exclude\.txt is not a fingerprint"):
        read_fingerprints(path)


def test_a_missing_list_of_fingerprints_is_refused(tmp_path):
    with pytest.raises(DatasetError, match="cannot be read"):
        read_fingerprints(tmp_path / "absent")
