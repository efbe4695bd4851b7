"""A command-line parser that accepts values that begin with a dash, such as ``--text "-10/10, dreadful"``."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from typing import Any


class Parser(argparse.ArgumentParser):
    """An ``ArgumentParser`` that takes a word with a dash as an option only if it is one.

    Args:
        prog: the program's name.
        description: the text above the options.
        examples: one on each line, with ``%(prog)s`` for the name.
    """

    def __init__(self, prog: str, description: str | None, examples: str = "") -> None:
        lines = "".join(f"\n  {example}" for example in examples.splitlines())
        super().__init__(
            prog=prog,
            description=description,
            epilog=f"examples:{lines}" if lines else None,
            formatter_class=argparse.RawDescriptionHelpFormatter,
        )

    def parse_known_args(self, args: Any = None, namespace: Any = None) -> Any:
        """Parses a command line as ``ArgumentParser`` does."""
        parsed, rest = super().parse_known_args(self._join(sys.argv[1:] if args is None else args), namespace)
        for name, action in self._option_string_actions.items():
            if action.nargs is None and getattr(parsed, action.dest, None) == []:  # Python's reading of --option=--
                self.error(f"argument {name}: expected one argument")
        return parsed, rest

    def _join(self, words: Sequence[str]) -> list[str]:
        """Writes ``--option -value`` as ``--option=-value``."""
        joined: list[str] = []
        for word in words:
            if (
                joined
                and self._takes_value(joined[-1])
                and len(word) > 1
                and word[0] == "-"
                and not self._is_option(word)
            ):
                joined[-1] += f"={word}"
            else:
                joined.append(word)
        return joined

    def _takes_value(self, word: str) -> bool:
        action = self._option_string_actions.get(word)
        return action is not None and action.nargs is None

    def _is_option(self, word: str) -> bool:
        names = self._option_string_actions
        name = word.partition("=")[0]
        return name in names or (name[:2] == "--" and any(each.startswith(name) for each in names))
