"""Joins several columns of a row into one text to score, for example a title and a body."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace

from sentiment.tables.base import Chunk, Source
from sentiment.tables.cells import as_texts
from sentiment.tables.empty_words import is_empty_word
from sentiment.tables.errors import FileError

_JOINT = "\n"  # adds no token


def joined_chunks(source: Source, texts: Sequence[int]) -> Iterator[Chunk]:
    """Yields the rows of a table in chunks, with the columns of reviews joined in the given order.

    Raises:
        FileError: the table cannot be read, or one of the columns does not hold text.
    """
    for position in texts[1:]:
        if position not in source.texts:
            raise FileError(f"The column {source.columns[position]} does not hold text; name another.")
    for chunk in source.chunks(texts[0]):
        if len(texts) > 1:
            columns = [as_texts(chunk.columns[position]) for position in texts]
            chunk = replace(chunk, texts=[join_cells(cells) for cells in zip(*columns, strict=True)])
        yield chunk


def join_cells(cells: Iterable[str | None]) -> str:
    """Returns the cells that are not empty as one text, each on a line of its own."""
    return _JOINT.join(cell for cell in cells if cell and cell.strip() and not is_empty_word(cell))
