"""Batches for a training that continues an earlier model, the start, with that model's predictions as soft targets."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import numpy.typing as npt

from sentiment.artifacts import Run
from sentiment.evaluation import metrics
from sentiment.model.weights import Weights
from sentiment.presets import Continuation, Preset
from sentiment.text.vocabulary import Vocabulary
from sentiment.training.batches import Mixture, Source
from sentiment.training.counterfactuals import counterfactuals
from sentiment.training.examples import Examples, Ids
from sentiment.training.sayings import Sayings, fillings, short_sentences
from sentiment.training.stages import Stages, cached
from sentiment.training.teachers import run_logits
from sentiment.training.turned import TurnedReviews, Turner, find_opposites

Logits = npt.NDArray[np.float32]


def mixture(
    preset: Preset,
    start: Run,
    weights: Weights,
    labelled: Examples,
    reviews: list[Ids],
    vocabulary: Vocabulary,
    *,
    work: Path,
    stages: Stages,
    seed: int,
    split_seed: int,
) -> Mixture:
    """Returns the batches of a preset that continues an earlier model.

    Args:
        preset: the recipe, with a continuation.
        start: the earlier model.
        weights: of the start.
        labelled: reviews with labels.
        reviews: unlabelled reviews, none of them empty.
        vocabulary: of all ids.
        work: the folder in which the start's predictions are cached for a resumed training.
        stages: records the duration of each stage.
        seed: of the batches.
        split_seed: of clauses and sentences; trainings with several seeds share them.

    Raises:
        ArtifactError: the start cannot be used.
    """
    recipe = preset.continues
    assert recipe is not None
    if not reviews:
        print("This data has no unlabelled reviews; training uses the labelled ones only.", file=sys.stderr, flush=True)
    rng = np.random.default_rng(split_seed)
    with stages("predictions of the start"):
        every = [*labelled.ids, *reviews]
        sentences = short_sentences(every, vocabulary, rng) if recipe.sayings or recipe.sentences else []
        texts = [ids[: preset.max_length] for ids in [*every, *sentences]]
        logits = cached(work / "predictions.npy", lambda: run_logits(start, texts))
    by_label = recipe.label_weight * labelled.targets
    soft = metrics.sigmoid(logits).astype(np.float32)
    mixed = Examples(labelled.ids, by_label + (1 - recipe.label_weight) * soft[: len(labelled.ids)])
    rest = Examples(reviews, soft[len(labelled.ids) : len(every)]) if reviews else mixed
    short = logits[len(every) :]

    sources = [
        (mixed.draw, recipe.labelled),
        *_clauses(recipe, labelled, reviews, vocabulary, split_seed, stages),
        *_sayings(recipe, labelled, sentences, short, vocabulary, stages),
        *_sentences(recipe, sentences, short),
        *_turned(recipe, labelled, every, logits[: len(every)], weights, vocabulary, stages),
    ]
    sources.append((rest.draw, max(1 - sum(rate for _, rate in sources), 0.0)))
    return Mixture(
        sources,
        examples=recipe.epoch_examples,
        batch_size=preset.batch_size,
        length=preset.train_length,
        unknown_rate=preset.unknown_rate,
        seed=seed,
    )


def _clauses(
    recipe: Continuation, labelled: Examples, reviews: list[Ids], vocabulary: Vocabulary, seed: int, stages: Stages
) -> Iterator[tuple[Source, float]]:
    """Yields the source of short clauses with its rate, if it has any."""
    if not recipe.clauses:
        return
    with stages("counterfactual clauses"):
        clauses = counterfactuals(labelled, reviews, vocabulary, seed)
    if len(clauses.ids):
        yield clauses.draw, recipe.clauses


def _sayings(
    recipe: Continuation,
    labelled: Examples,
    sentences: list[Ids],
    logits: Logits,
    vocabulary: Vocabulary,
    stages: Stages,
) -> Iterator[tuple[Source, float]]:
    """Yields the source of sayings with its rate, if it has any; ``logits`` are the start's of the sentences."""
    if not recipe.sayings:
        return
    with stages("sayings"):
        sayings = Sayings(fillings(labelled, sentences, logits, vocabulary), vocabulary)
    if sayings:
        yield sayings, recipe.sayings


def _sentences(recipe: Continuation, sentences: list[Ids], logits: Logits) -> Iterator[tuple[Source, float]]:
    """Yields the source of short sentences with its rate, if it has any; without it the network forgets such texts.

    The start was trained on whole reviews, so its logits of sentences are biased. Their median is subtracted.
    """
    if recipe.sentences and sentences:
        targets = metrics.sigmoid(logits - np.median(logits)).astype(np.float32)
        yield Examples(sentences, targets).draw, recipe.sentences


def _turned(
    recipe: Continuation,
    labelled: Examples,
    reviews: list[Ids],
    logits: Logits,
    weights: Weights,
    vocabulary: Vocabulary,
    stages: Stages,
) -> Iterator[tuple[Source, float]]:
    """Yields the source of turned reviews with its rate, if it has any; the labelled reviews come first."""
    if not recipe.turned:
        return
    with stages("opposites"):
        lexicon = find_opposites(labelled, weights.embedding, vocabulary)
    turner = Turner(lexicon, vocabulary)
    turned = TurnedReviews(turner, reviews, len(labelled.ids), logits, recipe.turn_rate, recipe.turned_logit)
    if turned and lexicon.sides:
        yield turned, recipe.turned
