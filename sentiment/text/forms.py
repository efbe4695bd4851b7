"""Finds the word of the vocabulary that is read for a token."""

from __future__ import annotations

import re
from itertools import product

from sentiment.text.ratings import nearest_rating
from sentiment.text.vocabulary import Vocabulary

# Other spellings of tokens; they hold whether or not the vocabulary has them.
_ENDINGS = ("s", "m", "d", "re", "ve", "ll")
_SPELLINGS = {
    **dict.fromkeys(("nt", "n?t", "n''t", "n\\'t"), "n't"),
    **{quote + ending: "'" + ending for quote in ("''", "\\'") for ending in _ENDINGS},
    **dict.fromkeys((":(", "=(", ":'(", ":'-("), ":-("),
    **dict.fromkeys((":d", ":-d", "=d"), ":)"),
    "<3": "❤",
    "</3": "💔",
}

# Emoji of clear sentiment, by the frequent review word that they are read as, chosen by scores of short texts.
_SIGNS = {
    "recommended": "👍👏🙌👌💯🏆🥇",
    "favorite": "❤♥😍🥰😻🤩💖💕💗💘💙💚💛💜🧡💓💞💝🖤🤍🤎💟❣",
    ":)": "😀😃😄😁😆😊🙂☺😇😎🤗😋😸😺🥳",
    "avoid": "👎",
    "worst": "😡😠🤬😤🤮🤢💩🗑",
    ":-(": "☹🙁😞😟😔😒🙄😑😕😖😣😩😫😴🥱😾💔",
}
_EMOJI = {sign: word for word, signs in _SIGNS.items() for sign in signs}
_THRICE = re.compile(r"(.)\1\1")  # faster than _RUN
_RUN = re.compile(r"([^\W\d_])\1{2,}")
_LONGEST = 60  # letters of a word in which repeated letters are sought
_MAX_RUNS = 4  # runs of repeated letters in a word; each has two possible lengths
_FREQUENT = 4_000  # ids below this are of frequent words


class Forms:
    """The forms in which tokens are looked up in one vocabulary."""

    def __init__(self, vocabulary: Vocabulary) -> None:
        self._vocabulary = vocabulary
        self._known = {token: token for token in vocabulary.tokens}
        self._known |= {sign: word for sign, word in _EMOJI.items() if word in vocabulary and sign not in vocabulary}
        self._known |= {token: self._known[form] for token, form in _SPELLINGS.items() if form in self._known}

    def __call__(self, token: str) -> str | None:
        """Returns the word to look up, known or not; None for a sign that is not read."""
        form = token.lower()
        known = self._known.get(form)
        if known:
            return known
        form = _SPELLINGS.get(form, form)
        if form.isalpha():
            return self._shortened(form) if len(form) <= _LONGEST and _THRICE.search(form) else form
        if len(form) == 1 and not form.isalnum():
            return None
        if "/" in form and (rating := nearest_rating(form)):
            return next((each for each in (form.replace(",", "."), rating) if each in self._vocabulary), form)
        return form if any(map(str.isalnum, form)) else None

    def _shortened(self, form: str) -> str:
        """Returns the known word that is meant by a form with letters repeated thrice or more: "sooooo" is "so"."""
        runs = _RUN.findall(form)
        if len(runs) > _MAX_RUNS:
            return form
        gaps = _RUN.split(form)[::2]
        words = [
            "".join(part for pair in zip(gaps, [*letters, ""], strict=True) for part in pair)
            for letters in product(*([letter * 2, letter] for letter in runs))
        ]
        known = [word for word in words if word in self._vocabulary]
        if known and known[0] == words[0] and self._vocabulary.id(words[0]) < _FREQUENT:
            return words[0]
        return min(known, key=self._vocabulary.id, default=form)


def spelling(token: str) -> str:
    """Returns the normal form of a token, whatever the vocabulary."""
    form = token.lower()
    return _SPELLINGS.get(form, form)
