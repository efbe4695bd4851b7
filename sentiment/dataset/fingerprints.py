"""Fingerprints of reviews: equal for all copies of a text, whatever happened to its formatting."""

from __future__ import annotations

import hashlib
import re
from pathlib import Path

from sentiment.dataset.records import DatasetError

# Equal to the tokenizer's pattern today, but separate: stored fingerprints must not change if the tokenizer does.
_TAG = re.compile(r"<[a-zA-Z/!][^<>]{0,200}>")
_ASCII_IGNORED = bytes(code for code in range(128) if not chr(code).isalnum())
_HEX = re.compile(r"[0-9a-f]{16}")


def fingerprint(text: str) -> str:
    """Returns the first 8 bytes, in hex, of SHA-256 over the text's letters and digits, lower-cased, without tags."""
    untagged = _TAG.sub("", text).lower()
    if untagged.isascii():  # the same as below, twenty times faster
        content = untagged.encode("ascii").translate(None, _ASCII_IGNORED)
    else:
        content = "".join(filter(str.isalnum, untagged)).encode("utf-8")
    return hashlib.sha256(content).digest()[:8].hex()


def read_fingerprints(path: Path | str) -> frozenset[str]:
    """Reads a file with one hexadecimal fingerprint on each line; blank lines are skipped.

    Raises:
        DatasetError: the file cannot be read, or a line is not a fingerprint.
    """
    try:
        lines = Path(path).read_text(encoding="utf-8-sig").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise DatasetError(f"{path} cannot be read as a list of fingerprints.") from error
    found = set()
    for number, line in enumerate(lines, 1):
        value = line.strip().lower()
        if value and not _HEX.fullmatch(value):
            raise DatasetError(f"Line {number} of {path} is not a fingerprint of 16 hexadecimal digits.")
        found.add(value)
    return frozenset(found - {""})
