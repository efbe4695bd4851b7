"""The command-line options for reading a table, the same for every script.

PyArrow is imported only when a table is read, which halves the time to score a single text.
"""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

from sentiment.tables.errors import FileError
from sentiment.tables.labels import parse_labels

if TYPE_CHECKING:
    from sentiment.tables.reading import Reading

_VALUES = ("text_column", "label_column", "labels", "input_form", "encoding", "delimiter")
_DELIMITERS = {"tab": "\t", r"\t": "\t"}


def add_reading_options(parser: argparse.ArgumentParser) -> None:
    """Adds the options to a parser."""
    add = parser.add_argument_group("reading a table; what is not given is detected").add_argument
    add("--text-column", metavar="C[,D]", help="name or number of the column of reviews; several are joined")
    add("--label-column", metavar="C", help="name or number of the column of labels")
    add("--labels", metavar="L", help="meaning of the labels, such as good=positive,bad=negative,ok=none")
    add("--input-form", metavar="F", type=str.lower, help="format of the file, if its name does not end in it")
    add("--encoding", metavar="E", help="encoding of the file")
    add("--delimiter", metavar="D", help="delimiter of the file; tab for a tab")
    add("--header", action=argparse.BooleanOptionalAction, default=None, help="whether the first row names the columns")


def reading(options: argparse.Namespace) -> Reading:
    """Returns the choices in parsed options.

    Raises:
        FileError: the delimiter or the labels are not valid.
    """
    from sentiment.tables.base import Options
    from sentiment.tables.reading import Reading

    delimiter = _DELIMITERS.get(options.delimiter, options.delimiter)
    if delimiter is not None and len(delimiter) != 1:
        raise FileError("--delimiter must be one character, or tab.")
    labels = None if options.labels is None else parse_labels(options.labels)
    parsing = Options(options.input_form, options.encoding, delimiter, options.header)
    return Reading(options.text_column, options.label_column, labels, parsing)


def reading_words(options: argparse.Namespace) -> list[str]:
    """Returns the given ones of these options as words of a command."""
    words = []
    for name in _VALUES:
        if (value := getattr(options, name)) is not None:
            words += [f"--{name.replace('_', '-')}", value]
    if options.header is not None:
        words.append("--header" if options.header else "--no-header")
    return words
