"""Checks the options for reading a file: an option that cannot work is refused, never ignored."""

from __future__ import annotations

from sentiment.tables.base import Options
from sentiment.tables.errors import FileError
from sentiment.tables.headers import ONE_COLUMN

DELIMITER_NAMES = {
    "comma": ",",
    "semicolon": ";",
    "tab": "\t",
    r"\t": "\t",
    "pipe": "|",
    "space": " ",
    "none": ONE_COLUMN,
}
_USABLE = {
    "csv": {"encoding", "delimiter", "header"},
    "tsv": {"encoding", "delimiter", "header"},
    "txt": {"encoding", "delimiter", "header"},
    "jsonl": {"encoding"},
    "json": {"encoding"},
    "parquet": set[str](),
    "xlsx": {"header", "sheet"},
}
_WHY = {
    "encoding": "which states its encoding itself",
    "delimiter": "which has no delimiter",
    "header": "which names its columns itself",
    "sheet": "which has no sheets",
}


def usable_options(format: str) -> set[str]:
    """Returns the names of the options that apply to files of a format."""
    return set(_USABLE[format])


def check_options(format: str, options: Options, name: str) -> None:
    """Checks that every option that is set applies to the format.

    Args:
        format: the file's format.
        options: the options.
        name: the file's name.

    Raises:
        FileError: an option does not apply, or the delimiter cannot be used.
    """
    for option, why in _WHY.items():
        if getattr(options, option) is not None and option not in _USABLE[format]:
            raise FileError(f"The option {option} cannot be used for {name}, a file of the format {format}, {why}.")
    if options.delimiter is not None:
        parse_delimiter(options.delimiter)


def parse_delimiter(text: str) -> str:
    """Returns the delimiter that a user has typed: one character, or a name such as "tab".

    Raises:
        FileError: it is neither.
    """
    sign = DELIMITER_NAMES.get(text.strip().lower(), text)
    if len(sign) != 1:
        raise FileError(f"The delimiter must be one character, or one of {', '.join(DELIMITER_NAMES)}.")
    if sign in '"\r\n\0\\':
        raise FileError("A quotation mark, a backslash or a line end cannot be the delimiter.")
    return sign


def delimiter_name(sign: str) -> str:
    """Returns the name of a delimiter, or the delimiter itself if it has none."""
    return next((name for name, each in DELIMITER_NAMES.items() if each == sign), sign)
