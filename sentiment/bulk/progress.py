"""How far a run is: rows done, rows a second, time left; on a terminal, in a file for the app, or nowhere."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from time import monotonic
from typing import TextIO

from sentiment.formatting import duration

Report = Callable[[str, int, int], None]  # told of a stage, the rows done in it, and all its rows, 0 if not yet known


@dataclass(slots=True)
class Pace:
    """Rows a second since the first row that was really scored, and what that means for those left."""

    clock: Callable[[], float] = monotonic
    _began: float | None = None
    _skipped: int = 0

    def __call__(self, stage: str, done: int) -> float | None:
        """Rows a second; None before there is anything to go by."""
        if stage != "scoring":
            self._began, self._skipped = self.clock(), done
            return None
        if self._began is None:
            self._began, self._skipped = self.clock(), 0
        seconds = self.clock() - self._began
        return (done - self._skipped) / seconds if seconds > 0 and done > self._skipped else None


@dataclass(slots=True)
class TerminalProgress:
    """One line on a terminal that is written over and over."""

    terminal: TextIO
    pace: Pace = field(default_factory=Pace)

    def __call__(self, stage: str, done: int, rows: int) -> None:
        """Shows where the run is."""
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
