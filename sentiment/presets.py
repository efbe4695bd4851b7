"""The training recipes, by name. A new recipe is a new entry in ``PRESETS``."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from typing import Any, Literal

from sentiment.errors import SentimentError
from sentiment.model.weights import Pooling, Weights

_MOST_WORDS = 60_000  # of a vocabulary that grows by the words of the user's texts


@dataclass(frozen=True, slots=True, kw_only=True)
class Continuation:
    """How a training continues an earlier model, on examples drawn at these rates.

    The rates are shares of all examples. Unlabelled reviews take the rest; where there are none, labelled ones do.

    Attributes:
        start: the folder of the earlier model, relative to ``artifacts``.
        sha256: hash of its ``model.onnx``.
        turned: rate of reviews whose opinions are replaced by their opposites.
        clauses: rate of short clauses of the reviews, unchanged and negated.
        sayings: rate of short texts generated from the templates of ``sayings.toml``.
        sentences: rate of short sentences of reviews, with the earlier model's predictions, shifted so that half of
            them are positive.
        labelled: rate of labelled reviews.
        label_weight: weight of a review's label in its target; the rest is the earlier model's prediction.
        turn_rate: rate at which an opinion of a turned review is replaced.
        turned_logit: largest logit, in absolute value, of a turned review's target.
        epoch_examples: number of examples in an epoch.
        share: weight of the trained weights in the final ones; the rest is the earlier model's.
    """

    start: str
    sha256: str
    turned: float
    clauses: float
    sayings: float
    sentences: float
    labelled: float
    label_weight: float
    turn_rate: float
    turned_logit: float
    epoch_examples: int
    share: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Preset:
    """The recipe of a run.

    Attributes:
        name: the value of ``--preset``.
        summary: the recipe in one line.
        vocabulary_size: maximum number of tokens in the vocabulary.
        min_count: minimum number of occurrences of a token in the training texts.
        max_length: maximum number of tokens read from a review at scoring.
        train_length: maximum number of tokens read from a training review; a longer one is cropped again in each epoch.
        embedding_size: size of a token's embedding.
        embedding_start: initial embeddings: random, or from skip-gram over all training texts.
        teacher: the model that gives soft targets for the unlabelled reviews; None uses no unlabelled reviews.
        continues: the earlier model that gives the initial weights, the vocabulary and the soft targets; None trains
            from scratch.
        units: LSTM cells in each direction.
        bidirectional: whether a second LSTM reads from the end.
        pooling: how the hidden states become one vector; ``("last",)`` is the state after the last token.
        embedding_dropout: rate at which whole embedding channels of a review are dropped in training.
        dropout: rate at which pooled features are dropped in training.
        unknown_rate: rate at which tokens are replaced by the unknown token in training.
        batch_size: reviews per training step.
        epochs: maximum number of epochs; each shows all labelled reviews and half of the unlabelled ones, or the
            examples of a continuation.
        learning_rate: peak learning rate of Adam, after a linear warm-up over a tenth of the steps; cosine decay to
            zero follows.
        weight_decay: of AdamW (Loshchilov & Hutter 2019).
        average: momentum of the moving average of weights that is validated and saved; None saves the weights as they
            are.
        patience: epochs without a better validation loss after which training stops; the best epoch's weights are
            saved. None trains for all epochs and saves the last one's weights.
    """

    name: str
    summary: str
    vocabulary_size: int
    min_count: int
    max_length: int
    train_length: int
    embedding_size: int
    embedding_start: Literal["random", "skipgram"]
    teacher: Literal["ngrams"] | None
    continues: Continuation | None
    units: int
    bidirectional: bool
    pooling: tuple[Pooling, ...]
    embedding_dropout: float
    dropout: float
    unknown_rate: float
    batch_size: int
    epochs: int
    learning_rate: float
    weight_decay: float
    average: float | None
    patience: int | None


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
    continues=None,
    units=64,
    bidirectional=False,
    pooling=("last",),
    embedding_dropout=0.5,
    dropout=0.0,
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
    summary="skip-gram embeddings, a bidirectional LSTM, max and mean pooling; learns from labels and, on unlabelled "
    "reviews, from the predictions of an n-gram model",
    vocabulary_size=30_000,
    min_count=5,
    max_length=1_000,
    train_length=400,
    embedding_size=128,
    embedding_start="skipgram",
    teacher="ngrams",
    continues=None,
    units=128,
    bidirectional=True,
    pooling=("max", "mean"),
    embedding_dropout=0.4,
    dropout=0.3,
    unknown_rate=0.05,
    batch_size=64,
    epochs=4,
    learning_rate=1e-3,
    weight_decay=0.01,
    average=0.99,
    patience=2,
)

DISTILLED = dataclasses.replace(
    BILSTM,
    name="distilled",
    summary="continues an earlier, wider bilstm on its own predictions for reviews, on reviews whose opinions are "
    "replaced by their opposites, on short clauses and their negations, on sayings and short sentences",
    teacher=None,
    continues=Continuation(
        start="teachers/distilled-1",
        sha256="2e3409a4e95ad7fe3f4d4a2546cd0cc15f8c14dc726184751d98c007a79e3923",
        turned=0.22,
        clauses=0.1,
        sayings=0.22,
        sentences=0.12,
        labelled=0.2,
        label_weight=0.4,
        turn_rate=0.85,
        turned_logit=4.0,
        epoch_examples=9_600,
        share=0.6,
    ),
    embedding_size=192,
    units=192,
    embedding_start="random",
    embedding_dropout=0.3,
    dropout=0.2,
    epochs=14,
    learning_rate=3e-4,
    average=0.995,
    patience=None,
)


def with_architecture(preset: Preset, weights: Weights) -> Preset:
    """Returns the recipe with the architecture of a model, so that it can continue that model."""
    return dataclasses.replace(
        preset,
        embedding_size=weights.embedding.shape[1],
        units=weights.units,
        bidirectional=len(weights.directions) == 2,
        pooling=weights.pooling,
    )


def fine_tuning(start: str, weights: Weights, max_length: int) -> Preset:
    """Returns the recipe that trains all weights of a run further, on a user's own labelled texts.

    Args:
        start: the run's name.
        weights: the run's weights.
        max_length: the number of tokens that the run reads of a text.
    """
    return dataclasses.replace(
        with_architecture(BILSTM, weights),
        name="fine-tuned",
        summary=f"{start}, trained further on labelled texts, with its distance from the start penalised",
        vocabulary_size=_MOST_WORDS,
        min_count=2,
        max_length=max_length,
        embedding_start="random",
        teacher=None,
        embedding_dropout=0.2,
        dropout=0.2,
        batch_size=16,
        epochs=6,
        weight_decay=0.0,
        average=None,
    )


PRESETS = {preset.name: preset for preset in (LSTM, BILSTM, DISTILLED)}

# The parts of a recipe that an ablation can leave out, and the fields that replace them, of the recipe or of its
# continuation.
PARTS: dict[str, dict[str, Any]] = {
    "turned": {"turned": 0.0},
    "clauses": {"clauses": 0.0},
    "sayings": {"sayings": 0.0},
    "sentences": {"sentences": 0.0},
    "teacher": {"teacher": None},
    "skipgram": {"embedding_start": "random"},
    "average": {"average": None},
}


class PartError(SentimentError):
    """Raised if the recipe has no such part to leave out."""


def leave_out(preset: Preset, part: str) -> Preset:
    """Returns the recipe without one of ``PARTS``; its name and summary say so.

    Raises:
        PartError: the recipe has no such part.
    """
    changed, fields = preset, PARTS[part]
    if fields.keys() <= {field.name for field in dataclasses.fields(Preset)}:
        changed = dataclasses.replace(preset, **fields)
    elif preset.continues:
        changed = dataclasses.replace(preset, continues=dataclasses.replace(preset.continues, **fields))
    if changed == preset:
        raise PartError(f"The preset {preset.name} has no {part} to leave out.")
    name, summary = f"{preset.name}-without-{part}", f"{preset.summary}; without {part}"
    return dataclasses.replace(changed, name=name, summary=summary)
