"""What is to be trained, on what, and where it goes."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from sentiment import artifacts
from sentiment.dataset import Dataset, fingerprint
from sentiment.presets import Preset
from sentiment.text.reading import LATEST
from sentiment.training import counterfactuals, sayings, turned

FORMS = (counterfactuals.FORMS, sayings.FORMS, turned.RULES)  # files that shape a continuation


@dataclass(frozen=True, slots=True)
class Job:
    """What is to be trained, on what, and where the run goes.

    Attributes:
        preset: the recipe.
        dataset: the reviews.
        output: the run's folder.
        seed: of the network and the order of its examples.
        split_seed: of what is held out, and of clauses and sentences: runs with several seeds share them.
        command: the command that anyone can repeat, for ``metadata.json``.
        start: the run that is continued, if the preset asks for one, or that is trained further.
        tensorboard: whether TensorBoard logs are written to ``logs/`` in the run's folder.
        rehearsal: texts on which a run that is trained further keeps its readings.
        about: what the texts are, for the card; "" if unknown.
        balanced: whether the threshold makes both classes count the same.
        reading: how the table was read, as ``dataset.stored_reading`` writes it.
    """

    preset: Preset
    dataset: Dataset
    output: Path
    seed: int
    split_seed: int
    command: str
    start: artifacts.Run | None = None
    tensorboard: bool = False
    rehearsal: Sequence[str] = ()
    about: str = ""
    balanced: bool = False
    reading: dict[str, Any] = field(default_factory=dict)

    @property
    def fine_tunes(self) -> bool:
        """Whether all weights of a run are trained further on these labels alone."""
        return self.start is not None and self.preset.continues is None

    @property
    def summary(self) -> str:
        """The recipe in a line, and what of it this data leaves undone."""
        undone = (self.preset.teacher or self.preset.continues) and self.dataset.unlabelled.empty
        return self.preset.summary + ("; this data had no unlabelled reviews" if undone else "")

    @property
    def settings(self) -> str:
        """All that shapes the result, except the code, so that a checkpoint is resumed only by the same training."""
        facts = {
            "preset": dataclasses.asdict(self.preset),
            "data": dataclasses.asdict(self.dataset.source),
            "seeds": [self.seed, self.split_seed],
            "text_version": LATEST,
        }
        if self.start:
            facts["rehearsal"] = [fingerprint(text) for text in self.rehearsal]
            facts["start"] = {part: self.start.manifest["files"][part] for part in artifacts.REQUIRED}
        if self.preset.continues:
            facts["forms"] = [artifacts.sha256(path) for path in FORMS]
        return json.dumps(facts, sort_keys=True, default=str)
