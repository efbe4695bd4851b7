"""The training recipes, by name. A new recipe is a new entry in ``PRESETS``."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from typing import Any, Literal

from sentiment.errors import SentimentError
from sentiment.model.weights import Pooling


@dataclass(frozen=True, slots=True, kw_only=True)
class FitSettings:
    """Hyperparameters for fitting a network to reviews.

    Attributes:
        max_length: maximum number of tokens read from a review at scoring.
        train_length: maximum number of tokens read from a training review; a longer one is cropped again in each epoch.
        unknown_rate: rate at which tokens are replaced by the unknown token in training.
        batch_size: reviews per training step.
        epochs: maximum number of epochs; each shows all labelled reviews and half of the other examples, unless labels
            take turns.
        learning_rate: peak learning rate of Adam, after a linear warm-up over a tenth of the steps; cosine decay to
            zero follows.
        weight_decay: of AdamW (Loshchilov & Hutter 2019).
        average: momentum of the moving average of weights that is validated and saved; None saves the weights as they
            are.
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
class DeepTeacherPreset(FitSettings):
    """The recipe of a teacher that is too large to be served; see ``deep_teacher.py``.

    Attributes:
        embedding_size: size of a token's embedding.
        units: gated cells in each direction and layer.
        layers: number of stacked layers.
        crop_rate: additional crops of labelled reviews per epoch, of one to three sentences and at most 60 tokens, as a
            multiple of the number of labelled reviews.
        embedding_dropout: rate at which whole embedding channels of a review are dropped in training.
        layer_dropout: rate at which channels between two layers are dropped in training.
        dropout: rate at which pooled features are dropped in training.
        language_model_steps: pre-training steps as a language model, each of 128 sequences of 256 tokens.
        language_model_rate: peak learning rate of Adam in pre-training.
        language_model_dropout: rate at which channels are dropped in pre-training, before and between the layers.
        rounds: number of times it is fitted, each time from the pre-trained language models. The first round learns
            from other teachers' predictions on unlabelled reviews, the later ones from the n-gram model's and from
            those of the rounds before.
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
class Preset(FitSettings):
    """The recipe of a run.

    Attributes:
        name: the value of ``--preset``.
        summary: the recipe in one line.
        vocabulary_size: maximum number of tokens in the vocabulary.
        min_count: minimum number of occurrences of a token in the training texts.
        embedding_size: size of a token's embedding.
        embedding_start: initial embeddings: random, or from skip-gram over all training texts.
        teacher: the model that gives soft targets for the unlabelled reviews: an n-gram model, alone or together with
            earlier runs; None uses no unlabelled reviews.
        deep: a teacher that is distilled from these, and then gives soft targets together with the n-gram model.
        hint_passes: passes over all reviews in pre-training on the deep teacher's hidden states (FitNets hints, Romero
            et al. 2015).
        crops_read: crops of unlabelled reviews for which the deep teacher gives soft targets; an epoch shows half of
            them. With ``counterfactuals``, crops with a negation are left out, so there are fewer.
        counterfactuals: whether short clauses of the reviews are shown as well, unchanged and negated.
        labels_take_turns: whether an epoch shows all clauses and half of the labelled reviews; otherwise it shows half
            of the clauses and all labelled reviews.
        units: LSTM cells in each direction.
        bidirectional: whether a second LSTM reads from the end.
        pooling: how the hidden states become one vector; ``("last",)`` is the state after the last token.
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

# The parts of a recipe that an ablation can leave out, and the fields that replace them. Crops need the deep teacher;
# without clauses, crops with negations are shown again.
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


class PartError(SentimentError):
    """Raised if the recipe has no such part to leave out."""


def leave_out(preset: Preset, part: str) -> Preset:
    """Returns the recipe without one of ``PARTS``, with that in its name.

    Raises:
        PartError: the recipe has no such part.
    """
    present = (
        preset.teacher == "ngrams and run" if part == "run" else dataclasses.replace(preset, **PARTS[part]) != preset
    )
    if not present:
        raise PartError(f"The preset {preset.name} has no {part} to leave out.")
    name, summary = f"{preset.name}-without-{part}", f"{preset.summary}; without {part}"
    return dataclasses.replace(preset, name=name, summary=summary, **PARTS[part])
