"""A user's choices for reading a table of labelled reviews: its columns, its labels, and how it is parsed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, fields

from sentiment.tables.base import Options


@dataclass(frozen=True, slots=True)
class Reading:
    """How to read a table; None means that it is detected.

    Attributes:
        text_column: name or number of the column of reviews; several, with commas between them, are joined.
        label_column: name or number of the column of labels.
        labels: the meaning of each label: 1 positive, 0 negative, None neither; others are unknown.
        options: how the file is parsed.
        usual: columns and labels of an earlier file; they replace the detected ones in a table that has these columns.
    """

    text_column: str | None = None
    label_column: str | None = None
    labels: Mapping[str, int | None] | None = None
    options: Options = field(default_factory=Options)
    usual: Reading | None = None

    def given(self) -> list[str]:
        """Returns the choices that were made, as options of the command line."""
        names = {"format": "input-form"} | ({"header": "no-header"} if self.options.header is False else {})
        chosen = [name for name in ("text_column", "label_column", "labels") if getattr(self, name) is not None]
        chosen += [each.name for each in fields(self.options) if getattr(self.options, each.name) is not None]
        return [f"--{names.get(name, name).replace('_', '-')}" for name in chosen]
