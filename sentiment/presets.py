"""The recipes that can be trained by name. A new recipe is a new entry in ``PRESETS``."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from typing import Any, Literal

from sentiment.model.weights import Pooling


@dataclass(frozen=True, slots=True, kw_only=True)
class Fitting:
    """How a network is fitted to reviews.

    Attributes:
        max_length: tokens read of a review when it is scored.
        train_length: tokens of a training review seen at a time; of a longer one, another stretch each epoch.
        unknown_rate: rate at which tokens are hidden as unknown in training.
        batch_size: reviews in a training step.
        epochs: at most; each shows all labelled reviews and half of what there is besides, unless labels take turns.
        learning_rate: Adam's, at its highest, after a linear warm-up over a tenth of the steps; then a cosine takes it
            down to zero.
        weight_decay: AdamW's (Loshchilov & Hutter 2019).
        average: momentum of the moving average of weights that is validated and kept; None keeps the weights as are.
        patience: epochs without a better validation loss after which training stops.
    """

    max_length: int
    train_length: int
    unknown_rate: float
    batch_size: int
    epochs: int
    learning_rate: float
    weight_decay: float
    average: float | None
    patience: int


@dataclass(frozen=True, slots=True, kw_only=True)
class DeepTeacherPreset(Fitting):
    """The recipe of a teacher too large to be served; see ``deep_teacher.py``.

    Attributes:
        embedding_size: numbers that stand for a token.
        units: gated cells in each direction and layer.
        layers: on top of each other.
        crop_rate: crops of one to three sentences, 60 tokens at most, shown each epoch besides, as a multiple of the
            labelled reviews, of which they are.
        embedding_dropout: rate at which whole embedding channels of a review are dropped in training.
        layer_dropout: likewise, of channels between two layers.
        dropout: rate at which pooled features are dropped in training.
        language_model_steps: of 128 pieces of 256 tokens, in which it learns what follows what before it is fitted.
        language_model_rate: Adam's learning rate in them, at its highest.
        language_model_dropout: rate at which channels are dropped in them, below the first layer and between layers.
        rounds: how often it is fitted, each time from its language models on: at first to what other teachers make of
            unlabelled reviews, then to what the n-gram model and its own earlier rounds do.
    """

    embedding_size: int
    units: int
    layers: int
    crop_rate: float
    embedding_dropout: float
    layer_dropout: float
    dropout: float
    language_model_steps: int
    language_model_rate: float
    language_model_dropout: float
    rounds: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Preset(Fitting):
    """The recipe of a run.

    Attributes:
        name: what ``--preset`` calls it.
        summary: the recipe in a line.
        vocabulary_size: tokens kept at most.
        min_count: how often a token must occur in the training texts to be kept.
        embedding_size: numbers that stand for a token.
        embedding_start: where the embeddings begin: at random, or with skip-gram over all training texts.
        teacher: what reads the unlabelled reviews, so that the network can learn from them too: an n-gram model, alone
            or together with earlier runs; None leaves them out.
        deep: a teacher that learns from these, and then reads them beside the n-gram model.
        hint_passes: over all reviews, in which the network first learns to have the deep teacher's states.
        crops_read: crops drawn from unlabelled reviews, half of which an epoch shows as the deep teacher reads them;
            where clauses are shown, those with a negation are left out, so that fewer are read.
        counterfactuals: whether short clauses of the reviews are shown, too, as they are and negated.
        labels_take_turns: whether an epoch shows all clauses and half of the labelled reviews; else it shows half of
            the clauses and all labelled reviews.
        units: LSTM cells in each direction.
        bidirectional: whether a second LSTM reads from the end.
        pooling: how the states become one vector; ``("last",)`` is the state after the last token.
        embedding_dropout: rate at which whole embedding channels of a review are dropped in training.
        dropout: rate at which pooled features are dropped in training.
    """

    name: str
    summary: str
    vocabulary_size: int
    min_count: int
    embedding_size: int
    embedding_start: Literal["random", "skipgram"]
    teacher: Literal["ngrams", "ngrams and run"] | None
    deep: DeepTeacherPreset | None
    hint_passes: int
    crops_read: int
    counterfactuals: bool
    labels_take_turns: bool
    units: int
    bidirectional: bool
    pooling: tuple[Pooling, ...]
    embedding_dropout: float
    dropout: float


LSTM = Preset(
    name="lstm",
    summary="Embedding, LSTM, Dense with sigmoid; Adam; binary cross-entropy; from random numbers",
    vocabulary_size=10_000,
    min_count=2,
    max_length=1_000,
    train_length=400,
    embedding_size=64,
    embedding_start="random",
    teacher=None,
    deep=None,
    hint_passes=0,
    units=64,
    bidirectional=False,
    pooling=("last",),
    embedding_dropout=0.5,
    dropout=0.0,
    crops_read=0,
    counterfactuals=False,
    labels_take_turns=False,
    unknown_rate=0.2,
    batch_size=64,
    epochs=6,
    learning_rate=3e-3,
    weight_decay=0.0,
    average=0.99,
    patience=2,
)

BILSTM = Preset(
    name="bilstm",
    summary="skip-gram embeddings, a bidirectional LSTM, max and mean pooling; learns from labels and, "
    "on unlabelled reviews, from an n-gram model's reading",
    vocabulary_size=30_000,
    min_count=5,
    max_length=1_000,
    train_length=400,
    embedding_size=128,
    embedding_start="skipgram",
    teacher="ngrams",
    deep=None,
    hint_passes=0,
    units=128,
    bidirectional=True,
    pooling=("max", "mean"),
    embedding_dropout=0.4,
    dropout=0.3,
    crops_read=0,
    counterfactuals=False,
    labels_take_turns=False,
    unknown_rate=0.05,
    batch_size=64,
    epochs=4,
    learning_rate=1e-3,
    weight_decay=0.01,
    average=0.99,
    patience=2,
)

DEEP = DeepTeacherPreset(
    max_length=1_000,
    train_length=400,
    unknown_rate=0.05,
    batch_size=32,
    epochs=2,
    learning_rate=5e-4,
    weight_decay=0.01,
    average=0.99,
    patience=2,
    embedding_size=384,
    units=1_024,
    layers=3,
    crop_rate=0.5,
    embedding_dropout=0.3,
    layer_dropout=0.2,
    dropout=0.5,
    language_model_steps=15_008,
    language_model_rate=1.5e-3,
    language_model_dropout=0.2,
    rounds=2,
)

DISTILLED = dataclasses.replace(
    BILSTM,
    name="distilled",
    summary="a wider bilstm, learning at first to have the states of a deep network, and then from what that makes of "
    "unlabelled reviews, too, from crops of one to three sentences, and from short clauses and their negations",
    teacher="ngrams and run",
    deep=DEEP,
    embedding_size=192,
    units=192,
    hint_passes=1,
    crops_read=200_000,
    counterfactuals=True,
    labels_take_turns=True,
    embedding_dropout=0.3,
    dropout=0.2,
    learning_rate=7e-4,
)

PRESETS = {preset.name: preset for preset in (LSTM, BILSTM, DISTILLED)}

# What an ablation can leave out of a recipe, and what is in its place then. Without the deep teacher there are no crops
# that it has read; without clauses they hold negations again.
PARTS: dict[str, dict[str, Any]] = {
    "clauses": {"counterfactuals": False},
    "crops": {"crops_read": 0},
    "deep": {"deep": None, "hint_passes": 0, "crops_read": 0},
    "hints": {"hint_passes": 0},
    "run": {"teacher": "ngrams"},
    "teacher": {"teacher": None, "deep": None, "hint_passes": 0, "crops_read": 0},
    "skipgram": {"embedding_start": "random"},
    "average": {"average": None},
}


class PartError(Exception):
    """A recipe has not what it is to go without."""


def without(preset: Preset, part: str) -> Preset:
    """The recipe without one of ``PARTS``, and named so.

    Raises:
        PartError: the recipe has no such part.
    """
    held = preset.teacher == "ngrams and run" if part == "run" else dataclasses.replace(preset, **PARTS[part]) != preset
    if not held:
        raise PartError(f"The preset {preset.name} has no {part} to leave out.")
    name, summary = f"{preset.name}-without-{part}", f"{preset.summary}; without {part}"
    return dataclasses.replace(preset, name=name, summary=summary, **PARTS[part])
