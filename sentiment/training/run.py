"""Trains a run: vocabulary, embeddings, network, export, validation metrics, metadata and model card."""

from __future__ import annotations

import dataclasses
import datetime
import json
import os
import platform
import sys
from collections import Counter
from collections.abc import Callable
from functools import partial
from importlib.metadata import version
from pathlib import Path
from typing import Any

import keras
import numpy as np
import numpy.typing as npt
import pandas as pd

from sentiment import artifacts, model_card
from sentiment.dataset import Dataset, DatasetError
from sentiment.dataset.summary import summarise, word_counts
from sentiment.evaluation import predictions as evaluated
from sentiment.evaluation import provenance
from sentiment.evaluation.calibration import calibrate
from sentiment.evaluation.states import write_validation_states
from sentiment.formatting import interval, percent
from sentiment.model.classifier import Classifier
from sentiment.model.decision import DecisionRule
from sentiment.model.session import open_model
from sentiment.model.weights import Weights
from sentiment.presets import Preset
from sentiment.system import processor_name
from sentiment.text.preprocessor import Preprocessor
from sentiment.text.reading import LATEST
from sentiment.text.vocabulary import Vocabulary
from sentiment.training.batches import Batches, TrainingBatches
from sentiment.training.callbacks import PullToStart
from sentiment.training.continuation import mixture
from sentiment.training.corpus import Corpus
from sentiment.training.cross_validation import FOLDS, cross_validated, is_small
from sentiment.training.examples import Examples
from sentiment.training.export import export
from sentiment.training.fine_tuning import grown_vocabulary, grown_weights, rehearsed
from sentiment.training.fit import OtherSettingsError, fit
from sentiment.training.job import Job
from sentiment.training.networks import average_weights, build_network, set_weights
from sentiment.training.skipgram import skipgram
from sentiment.training.stages import Stages, cached
from sentiment.training.teachers import ngram_targets, read_weights

Ids = npt.NDArray[np.int32]


def train(job: Job) -> Path:
    """Trains a run and writes its folder. After an interruption, the same job resumes from its last finished epoch.

    Raises:
        DatasetError: no word is frequent enough for the vocabulary.
        ArtifactError: the run to continue cannot be used.
        StoppedError: training was stopped by Ctrl-C.
        OtherSettingsError: the folder has an unfinished training with other settings.
        ParityError: the logits of the exported model differ from those of the trained one.
    """
    work = job.output / "checkpoint"
    work.mkdir(parents=True, exist_ok=True)
    _claim(work, job)
    stages = Stages(work / "stages.json")
    dataset, preset = job.dataset, job.preset
    artifacts.write_json(job.output / "config.json", _config(preset))  # so that an unfinished run shows what it is
    start = read_weights(job.start) if job.start else None

    with stages("reading texts"):
        vocabulary, ids, more_ids, held_out_ids = _read(job)
    if start and job.fine_tunes:
        start = grown_weights(start, vocabulary)
    labelled, validation = _labelled(ids, dataset.train), _labelled(held_out_ids, dataset.validation)
    reviews = [review for review in more_ids if len(review)]
    embedding = None
    if preset.embedding_start == "skipgram":
        with stages("skip-gram embeddings"):
            embedding = cached(
                work / "embedding.npy",
                lambda: skipgram(ids + more_ids, len(vocabulary), preset.embedding_size, job.seed),
            )
    batches = _batches(job, start, labelled, validation, reviews, vocabulary, stages)

    keras.utils.set_random_seed(job.seed)
    build = partial(_new_network, preset, len(vocabulary), embedding, start)
    network = build()
    seconds = fit(
        preset,
        network,
        batches,
        validation,
        job.output,
        settings=job.settings,
        tensorboard=job.output / "logs" if job.tensorboard else None,
        more=[PullToStart(network)] if job.fine_tunes else [],
    )
    stages.record("fitting the network", seconds)
    if start and preset.continues:
        average_weights(network, start, preset.continues.share)
    with stages("export and validation"):
        rule = _write(job, network, vocabulary, ids, held_out_ids)
    if preset.continues is None and is_small(np.concatenate([labelled.targets, validation.targets])):
        with stages("cross-validation"):
            _cross_validate(job, build, Preprocessor(vocabulary, preset.max_length, LATEST), rule)
    _finish(job, stages)
    return job.output


def _new_network(
    preset: Preset, vocabulary_size: int, embedding: npt.NDArray[np.float32] | None, start: Weights | None
) -> keras.Model:
    """Returns a network with its initial weights."""
    network = build_network(preset, vocabulary_size, embedding)
    if start:
        set_weights(network, start)
    return network


def _batches(
    job: Job,
    start: Weights | None,
    labelled: Examples,
    validation: Examples,
    reviews: list[Ids],
    vocabulary: Vocabulary,
    stages: Stages,
) -> Batches:
    """Returns the batches of a continuation, or those of labelled reviews and of unlabelled ones with soft targets."""
    preset = job.preset
    if job.start and start and preset.continues:
        return mixture(
            preset, job.start, start, labelled, reviews, vocabulary,
            work=job.output / "checkpoint", stages=stages, seed=job.seed, split_seed=job.split_seed,
        )  # fmt: skip
    examples = labelled
    if job.start and job.rehearsal:
        with stages("readings to rehearse"):
            examples += rehearsed(job.start, job.rehearsal, vocabulary, preset.max_length)
    elif preset.teacher and not reviews:
        print("This data has no unlabelled reviews; training uses the labelled ones only.", file=sys.stderr, flush=True)
    elif preset.teacher:
        with stages("teachers"):
            examples += Examples(reviews, ngram_targets(reviews, labelled, validation, len(vocabulary)))
    return TrainingBatches(
        examples.ids,
        examples.targets,
        always=len(labelled.ids),
        batch_size=preset.batch_size,
        length=preset.train_length,
        unknown_rate=preset.unknown_rate,
        seed=job.seed,
    )


def _read(job: Job) -> tuple[Vocabulary, list[Ids], list[Ids], list[Ids]]:
    """Returns the vocabulary, and the training, unlabelled and validation reviews, encoded and not truncated.

    The vocabulary is that of the continued run, extended in fine-tuning, or is built from all training texts.

    Raises:
        DatasetError: the vocabulary would be empty.
    """
    dataset, corpus = job.dataset, Corpus()
    texts, more_texts, held_out_texts = (
        corpus.read(frame["text"]) for frame in (dataset.train, dataset.unlabelled, dataset.validation)
    )
    vocabulary = _vocabulary(job, corpus.counts(texts + more_texts))
    ids, more_ids, held_out_ids = (corpus.encode(read, vocabulary) for read in (texts, more_texts, held_out_texts))
    return vocabulary, ids, more_ids, held_out_ids


def _vocabulary(job: Job, counts: Counter[str]) -> Vocabulary:
    preset = job.preset
    if job.start:
        known = Vocabulary.read(job.start.file("vocabulary.txt"))
        sizes = {"max_size": preset.vocabulary_size, "min_count": preset.min_count}
        return grown_vocabulary(known, counts, **sizes) if job.fine_tunes else known
    vocabulary = Vocabulary.from_counts(counts, max_size=preset.vocabulary_size, min_count=preset.min_count)
    if not vocabulary.tokens:
        raise DatasetError(
            f"No word occurs {preset.min_count} times in the training reviews, so the vocabulary would be empty; train "
            "on more reviews."
        )
    return vocabulary


def _claim(work: Path, job: Job) -> None:
    """Records the settings of a new training, and refuses to resume one with other settings."""
    begun = work / "settings.json"
    if not begun.exists():
        artifacts.write_atomically(begun, job.settings.encode())
    elif begun.read_text(encoding="utf-8") != job.settings:
        raise OtherSettingsError(job.output)


def _labelled(ids: list[Ids], frame: pd.DataFrame) -> Examples:
    """Returns the reviews with at least one token, with their labels as targets."""
    filled = [i for i, review in enumerate(ids) if len(review)]
    return Examples([ids[i] for i in filled], frame["label"].to_numpy(np.float32)[filled])


def _cross_validate(job: Job, build: Callable[[], keras.Model], preprocessor: Preprocessor, rule: DecisionRule) -> None:
    """Adds the metrics of cross-validation to ``metrics.json``."""
    reviews = pd.concat([job.dataset.train, job.dataset.validation], ignore_index=True)
    encoded = [preprocessor.ids(text)[0] for text in reviews["text"]]
    filled = reviews[[len(ids) > 0 for ids in encoded]]
    examples = _labelled(encoded, reviews)
    table = cross_validated(job.preset, build, examples, filled, preprocessor, job.seed, pulled=job.fine_tunes)
    path = job.output / "metrics.json"
    figures = json.loads(path.read_text(encoding="utf-8"))
    found = evaluated.summary(table, rule)
    artifacts.write_json(path, figures | {"cross-validation": found})
    accuracy = f"{percent(found['accuracy'])} (95% interval {interval(found['accuracy_interval'])})"
    print(f"accuracy by {FOLDS}-fold cross-validation: {accuracy}", file=sys.stderr)


def _write(job: Job, network: keras.Model, vocabulary: Vocabulary, ids: list[Ids], held_out: list[Ids]) -> DecisionRule:
    """Writes model, vocabulary, config, predictions, metrics and data summary; returns the calibrated decision rule."""
    folder, preset, dataset = job.output, job.preset, job.dataset
    vocabulary.write(folder / "vocabulary.txt")
    difference = export(network, preset.pooling, folder, [review[: preset.max_length] for review in ids + held_out])
    classifier = _classifier(folder, Preprocessor(vocabulary, preset.max_length, LATEST))
    predictions = _predictions(classifier, dataset)
    predictions.to_parquet(folder / "predictions.parquet", index=False)
    write_validation_states(classifier, dataset.validation["text"].tolist())
    validation = predictions[predictions["split"] == "validation"]
    calibration = calibrate(validation["logit"].to_numpy(), validation["label"].to_numpy(), balanced=job.balanced)
    if calibration.doubt:
        print(f"All predictions will be unsure: {calibration.doubt}.", file=sys.stderr)
    config = _config(preset) | calibration.config() | {"keras_onnx_difference": difference}
    config["model"]["vocabulary_size"] = len(vocabulary)
    artifacts.write_json(folder / "config.json", config)
    figures = {split: evaluated.summary(table, calibration.rule) for split, table in predictions.groupby("split")}
    artifacts.write_json(folder / "metrics.json", figures)
    counts = word_counts(ids, dataset.train["label"].to_numpy(np.int8), vocabulary)
    counts.to_parquet(folder / "word_counts.parquet", index=False)
    lengths = {"train": [len(review) for review in ids], "validation": [len(review) for review in held_out]}
    artifacts.write_json(folder / "dataset.json", summarise(dataset, lengths, counts, preset.max_length))
    return calibration.rule


def _config(preset: Preset) -> dict[str, Any]:
    """Returns the part of ``config.json`` that is known before training."""
    return {
        "format": artifacts.FORMAT,
        "preset": preset.name,
        "model": dataclasses.asdict(preset),
        "max_length": preset.max_length,
        "text_version": LATEST,
    }


def _classifier(folder: Path, preprocessor: Preprocessor) -> Classifier:
    """Returns the exported model before calibration; logits and states do not depend on the rule."""
    return Classifier(folder, preprocessor, DecisionRule(), open_model(folder / "model.onnx"))


def _predictions(classifier: Classifier, dataset: Dataset) -> pd.DataFrame:
    """Returns the exported model's predictions table of the training and validation reviews."""
    frames = {"train": dataset.train, "validation": dataset.validation}
    return pd.concat(
        evaluated.predict(classifier.logits, classifier.preprocessor, frame, name) for name, frame in frames.items()
    )


def _finish(job: Job, stages: Stages) -> None:
    """Writes metadata, manifest and model card."""
    parent = {job.start.name: job.start.manifest["files"]["model.onnx"]} if job.start else {}
    metadata = {
        "preset": job.preset.name,
        "summary": job.summary,
        "command": job.command,
        "seed": job.seed,
        "split_seed": job.split_seed,
        "date": datetime.datetime.now(datetime.UTC).date().isoformat(),
        "commit": provenance.commit(),
        "about": job.about,
        "reading": job.reading,
        "data": dataclasses.asdict(job.dataset.source),
        "options": dataclasses.asdict(job.preset),
        "parent": parent,
        "teachers": parent if job.preset.continues or job.rehearsal else {},
        "stages": stages.rows(),
        "training_seconds": round(sum(stages.seconds.values()), 1),
        "versions": {"python": platform.python_version()}
        | {name: version(name) for name in ("tensorflow", "keras", "numpy", "gensim", "onnx", "onnxruntime")},
        "machine": {"processor": processor_name(), "cores": os.cpu_count()},
    }
    artifacts.write_json(job.output / "metadata.json", metadata)
    artifacts.write_manifest(job.output)
    model_card.write(artifacts.open_run(job.output))
