"""The specification of a training."""

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

FORMS = (counterfactuals.FORMS, sayings.FORMS, turned.RULES)  # files that determine the examples of a continuation


@dataclass(frozen=True, slots=True)
class Job:
    """The specification of a training: recipe, data and output.

    Attributes:
        preset: the recipe.
        dataset: the reviews.
        output: the run's folder.
        seed: of the network and the order of its examples.
        split_seed: of the held-out reviews, clauses and sentences, which runs with several seeds share.
        command: the command that reproduces the training, for ``metadata.json``.
        start: the run that the preset continues, or that is fine-tuned; None for a new model.
        tensorboard: whether TensorBoard logs are written to ``logs/`` in the run's folder.
        rehearsal: texts for which a fine-tuned run keeps its predictions.
        about: a description of the texts for the model card; "" if unknown.
        balanced: whether the threshold gives both classes the same weight.
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
        """Whether all weights of a run are fine-tuned on these labels alone."""
        return self.start is not None and self.preset.continues is None

    @property
    def summary(self) -> str:
        """The recipe in a line, with a note if it needs unlabelled reviews and this data has none."""
        undone = (self.preset.teacher or self.preset.continues) and self.dataset.unlabelled.empty
        return self.preset.summary + ("; this data had no unlabelled reviews" if undone else "")

    @property
    def settings(self) -> str:
        """All that determines the result, except the code, as JSON; only the same settings resume a checkpoint."""
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
