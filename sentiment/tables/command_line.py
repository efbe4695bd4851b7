"""The command-line options for reading a table, shared by all commands.

PyArrow is imported only when a table is read, which halves the time to score a single text.
"""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from sentiment.tables.reading import Reading

_VALUES = ("text_column", "label_column", "labels", "input_form", "sheet", "encoding", "delimiter")


def add_reading_options(parser: argparse.ArgumentParser) -> None:
    """Adds the options to a parser."""
    add = parser.add_argument_group("how to read a table (default: detected)").add_argument
    add(
        "--text-column",
        metavar="C[,D]",
        help="name or number of the column of reviews; several, with commas, are joined",
    )
    add(
        "--label-column",
        metavar="C",
        help="name or number of the column of labels; scoring reports its accuracy against them",
    )
    add("--labels", metavar="L", help="meaning of the labels, such as good=positive,bad=negative,ok=none")
    add("--input-form", metavar="F", type=str.lower, help="format of the file, if its name does not end in it")
    add("--sheet", metavar="S", help="name or number of a sheet of a workbook")
    add("--encoding", metavar="E", help="encoding of the file")
    add("--delimiter", metavar="D", help="delimiter of the file: one character, tab, or none")
    add("--header", action=argparse.BooleanOptionalAction, default=None, help="whether the first row names the columns")


def reading(options: argparse.Namespace) -> Reading:
    """Returns the choices in parsed options.

    Raises:
        FileError: the delimiter or the labels are not valid.
    """
    from sentiment.tables.base import Options
    from sentiment.tables.labels import parse_labels
    from sentiment.tables.options import parse_delimiter
    from sentiment.tables.reading import Reading

    delimiter = None if options.delimiter is None else parse_delimiter(options.delimiter)
    labels = None if options.labels is None else parse_labels(options.labels)
    parsing = Options(options.input_form, options.encoding, delimiter, options.header, options.sheet)
    return Reading(options.text_column, options.label_column, labels, parsing)


def reading_words(options: argparse.Namespace) -> list[str]:
    """Returns those of these options that were given, as words of a command line."""
    words = []
    for name in _VALUES:
        if (value := getattr(options, name)) is not None:
            words += [f"--{name.replace('_', '-')}", value]
    if options.header is not None:
        words.append("--header" if options.header else "--no-header")
    return words
