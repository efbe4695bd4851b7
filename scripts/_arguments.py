"""A parser of command lines that accepts values which begin with a dash, such as ``--text "-10/10, dreadful"``."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from typing import Any


class Parser(argparse.ArgumentParser):
    """An ``ArgumentParser`` that takes a word with a dash for an option only if it is one."""

    def __init__(self, **settings: Any) -> None:
        """Creates a parser with the settings of ``ArgumentParser``."""
        self._names: set[str] = set()
        self._with_value: set[str] = set()
        super().__init__(**settings)

    def add_argument(self, *names: Any, **settings: Any) -> argparse.Action:
        """Adds an argument as ``ArgumentParser`` does."""
        action = super().add_argument(*names, **settings)
        self._names.update(action.option_strings)
        if action.nargs is None:  # one value
            self._with_value.update(action.option_strings)
        return action

    def parse_known_args(self, args: Any = None, namespace: Any = None) -> Any:
        """Parses a command line as ``ArgumentParser`` does."""
        return super().parse_known_args(self._join(sys.argv[1:] if args is None else args), namespace)

    def _join(self, words: Sequence[str]) -> list[str]:
        """Writes ``--option -value`` as ``--option=-value``."""
        joined: list[str] = []
        for word in words:
            if (
                joined
                and joined[-1] in self._with_value
                and len(word) > 1
                and word[0] == "-"
                and not self._is_option(word)
            ):
                joined[-1] += f"={word}"
            else:
                joined.append(word)
        return joined

    def _is_option(self, word: str) -> bool:
        name = word.partition("=")[0]
        return name in self._names or (name[:2] == "--" and any(each.startswith(name) for each in self._names))
