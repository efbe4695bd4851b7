"""What is to be trained, on what, and where it goes."""

from __future__ import annotations

import dataclasses
import json
from dataclasses import dataclass
from pathlib import Path

from sentiment import artifacts
from sentiment.dataset import Dataset
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
        start: the run that is continued, if the preset asks for one.
        tensorboard: whether TensorBoard logs are written to ``logs/`` in the run's folder.
    """

    preset: Preset
    dataset: Dataset
    output: Path
    seed: int
    split_seed: int
    command: str
    start: artifacts.Run | None = None
    tensorboard: bool = False

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
            facts["start"] = {part: self.start.manifest["files"][part] for part in artifacts.REQUIRED}
        if self.preset.continues:
            facts["forms"] = [artifacts.sha256(path) for path in FORMS]
        return json.dumps(facts, sort_keys=True, default=str)
