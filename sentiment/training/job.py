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
from sentiment.training.counterfactuals import FORMS


@dataclass(frozen=True, slots=True)
class Job:
    """What is to be trained, on what, and where the run goes.

    Attributes:
        preset: the recipe.
        dataset: the reviews.
        output: the run's folder.
        seed: of the network.
        split_seed: of what is held out, of clauses, crops and the deep teacher: runs with several seeds share them.
        command: the command that anyone can repeat, for ``metadata.json``.
        teachers: runs that read the unlabelled reviews, too; where the preset asks for them.
        cache: where a deep teacher keeps what it has learnt and read, for other runs, too; if None, it
            goes when the run is finished.
        tensorboard: whether TensorBoard logs are written to ``logs/`` in the run's folder.
    """

    preset: Preset
    dataset: Dataset
    output: Path
    seed: int
    split_seed: int
    command: str
    teachers: tuple[artifacts.Run, ...] = ()
    cache: Path | None = None
    tensorboard: bool = False

    @property
    def taught_by(self) -> list[str]:
        """The hashes of its teachers' models."""
        return [run.manifest["files"]["model.onnx"] for run in self.teachers]

    @property
    def summary(self) -> str:
        """The recipe in a line, and what of it this data leaves undone."""
        undone = self.preset.teacher and self.dataset.unlabelled.empty
        return self.preset.summary + ("; this data had no unlabelled reviews" if undone else "")

    @property
    def settings(self) -> str:
        """All that shapes the result, save code, so that a checkpoint is only taken up by the training that made it."""
        facts = {
            "preset": dataclasses.asdict(self.preset),
            "data": dataclasses.asdict(self.dataset.source),
            "seeds": [self.seed, self.split_seed],
            "text_version": LATEST,
            "teachers": self.taught_by,
        }
        if self.preset.counterfactuals:
            facts["forms"] = artifacts.sha256(FORMS)
        return json.dumps(facts, sort_keys=True, default=str)
