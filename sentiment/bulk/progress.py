"""Progress of a run: rows done, rows per second and time left."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from time import monotonic
from typing import TextIO

from sentiment.formatting import duration


@dataclass(slots=True)
class Pace:
    """Measures rows per second, not counting the rows that an earlier run had scored."""

    clock: Callable[[], float] = monotonic
    _began: float | None = None
    _skipped: int = 0

    def __call__(self, stage: str, done: int) -> float | None:
        """Returns the rows per second, None before the first is scored."""
        if stage != "scoring":
            self._began, self._skipped = self.clock(), done
            return None
        if self._began is None:
            self._began, self._skipped = self.clock(), 0
        seconds = self.clock() - self._began
        return (done - self._skipped) / seconds if seconds > 0 and done > self._skipped else None


@dataclass(slots=True)
class TerminalProgress:
    """Shows progress on one line of a terminal, which it overwrites."""

    terminal: TextIO
    pace: Pace = field(default_factory=Pace)

    def __call__(self, stage: str, done: int, rows: int) -> None:
        """Shows the stage, the rows, the rate and the time left."""
        text = f"{stage}: {done:,} of {rows:,} rows" if rows else f"{stage}: {done:,} rows"
        if rate := self.pace(stage, done):
            text += f", {rate:,.0f} a second"
            text += f", {duration((rows - done) / rate, clock=True)} left" if rows else ""
        self.terminal.write(f"\r\x1b[K{text}")
        self.terminal.flush()

    def close(self) -> None:
        """Clears the line."""
        self.terminal.write("\r\x1b[K")
        self.terminal.flush()
