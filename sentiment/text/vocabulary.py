"""Maps tokens to ids, and defines padding, the unknown token and the normalization of tokens."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt

PAD = 0
UNK = 1
_FIRST = 2  # the id of the most frequent token


def normal_form(token: str) -> str:
    """Normalizes a token for counting and look-up: lower case, straight apostrophe."""
    return token.lower().replace("’", "'")


class Vocabulary:
    """An immutable list of tokens, most frequent first; ids 0 and 1 are ``PAD`` and ``UNK``.

    Raises:
        ValueError: a token is empty, repeated, not in normal form, or contains a line break.
    """

    def __init__(self, tokens: Sequence[str]) -> None:
        self._tokens = tuple(tokens)
        self._ids = {token: id for id, token in enumerate(self._tokens, _FIRST)}
        if len(self._ids) != len(self._tokens):
            raise ValueError("the vocabulary contains a token twice")
        for token in self._tokens:
            if not token or token != normal_form(token) or len(token.splitlines()) != 1:
                raise ValueError(f"not a vocabulary token: {token!r}")

    @classmethod
    def from_counts(cls, counts: Counter[str], *, max_size: int, min_count: int) -> Vocabulary:
        """Keeps the ``max_size`` most frequent tokens that occur ``min_count`` times or more; ties are alphabetical."""
        kept = [token for token, count in counts.items() if count >= min_count]
        return cls(sorted(kept, key=lambda token: (-counts[token], token))[:max_size])

    @classmethod
    def read(cls, path: Path) -> Vocabulary:
        """Reads a file with one token per line, most frequent first."""
        return cls(path.read_text(encoding="utf-8").split("\n")[:-1])

    def write(self, path: Path) -> None:
        """Writes a file with one token per line, most frequent first."""
        path.write_text("".join(f"{token}\n" for token in self._tokens), encoding="utf-8", newline="\n")

    def __len__(self) -> int:
        """Returns the number of ids, including ``PAD`` and ``UNK``."""
        return len(self._tokens) + _FIRST

    def get(self, form: str) -> int:
        """Returns the id of a token in normal form, or ``UNK``; faster than ``id``."""
        return self._ids.get(form, UNK)

    def __contains__(self, token: str) -> bool:
        """Returns whether a token, in any case, has its own id."""
        return normal_form(token) in self._ids

    @property
    def tokens(self) -> tuple[str, ...]:
        """The tokens, most frequent first, without ``PAD`` and ``UNK``."""
        return self._tokens

    def id(self, token: str) -> int:
        """Returns the id of a token in any case, or ``UNK``."""
        return self._ids.get(normal_form(token), UNK)

    def encode(self, tokens: Iterable[str]) -> npt.NDArray[np.int32]:
        """Returns the id of each token, <int32>[length]."""
        ids = self._ids
        return np.array([ids.get(normal_form(token), UNK) for token in tokens], dtype=np.int32)
