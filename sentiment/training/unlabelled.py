"""What a network learns from unlabelled reviews: what its teachers make of them and of crops of them."""

from __future__ import annotations

import sys

import numpy as np
import numpy.typing as npt

from sentiment.text.negation import TRAINING_NEGATORS
from sentiment.text.vocabulary import UNK, Vocabulary
from sentiment.training.batches import crop
from sentiment.training.deep_teacher import DeepTeacher
from sentiment.training.examples import NONE, Examples
from sentiment.training.job import Job
from sentiment.training.stages import Stages
from sentiment.training.teachers import ngram_reading, run_reading, soft_targets

Ids = npt.NDArray[np.int32]

_SENTENCE_ENDS = (".", "!", "?")  # without "...", which stands within sentences as often


def read_by_teachers(
    job: Job,
    labelled: Examples,
    validation: Examples,
    reviews: list[Ids],
    vocabulary: Vocabulary,
    stages: Stages,
) -> tuple[Examples, DeepTeacher | None]:
    """Unlabelled reviews, and crops of them, as teachers read them; and the deep one of these, if there is one."""
    if not job.preset.teacher:
        return NONE, None
    if not reviews:
        print("this data has no unlabelled reviews, so the network learns from none", file=sys.stderr, flush=True)
        return NONE, None
    with stages("teachers"):
        by_ngrams = ngram_reading(reviews, labelled, validation, len(vocabulary))
        texts = job.dataset.unlabelled["text"], job.dataset.validation["text"]
        by_runs = [run_reading(teacher, *texts) for teacher in job.teachers]
        taught = Examples(reviews, soft_targets(validation, [by_ngrams, *by_runs]))
    if not job.preset.deep:
        return taught, None
    deep = DeepTeacher(
        job.preset.deep,
        labelled,
        validation,
        taught,
        by_ngrams,
        taught_by=job.taught_by,
        vocabulary_size=len(vocabulary),
        sentence_ends=sentence_ends(vocabulary),
        folder=job.cache or job.output / "checkpoint" / "deep",
        seed=job.split_seed,
    )
    taught = Examples(reviews, deep.targets())  # what the runs know, it learnt
    taught += _crops(job, deep, reviews, validation, vocabulary)
    for name, seconds in deep.stages.seconds.items():
        stages.record(f"deep teacher: {name}", seconds)
    return taught, deep


def _crops(job: Job, deep: DeepTeacher, reviews: list[Ids], validation: Examples, vocabulary: Vocabulary) -> Examples:
    """Crops of reviews, as the deep teacher reads them; crops of validation reviews tell how sure it may be.

    The deep teacher learns from no clauses, and takes "not bad" for blame. Where the network learns from clauses, they
    alone tell what a negation does, and crops with one are left out.
    """
    if not job.preset.crops_read:
        return NONE
    rng, ends = np.random.default_rng(job.split_seed), sentence_ends(vocabulary)
    held_out = Examples([crop(review, ends, rng) for review in validation.ids], validation.targets)
    crops = [crop(reviews[i], ends, rng) for i in rng.integers(len(reviews), size=job.preset.crops_read)]
    if job.preset.counterfactuals:
        negations = [vocabulary.id(token) for token in TRAINING_NEGATORS if vocabulary.id(token) != UNK]
        crops = [ids for ids in crops if not np.isin(ids, negations).any()]
    reading = deep.read("crops", crops), deep.read("validation crops", held_out.ids)
    return Examples(crops, soft_targets(held_out, [reading]))


def sentence_ends(vocabulary: Vocabulary) -> list[int]:
    """Ids of the tokens that end a sentence."""
    return [vocabulary.id(token) for token in _SENTENCE_ENDS if vocabulary.id(token) != UNK]
