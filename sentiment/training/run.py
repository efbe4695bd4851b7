"""One training from data to a sealed run: vocabulary, embeddings, network, export, and what validation says."""

from __future__ import annotations

import dataclasses
import datetime
import os
import platform
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
from sentiment.model.classifier import Classifier
from sentiment.model.decision import DecisionRule
from sentiment.model.session import open_model
from sentiment.presets import Preset
from sentiment.system import processor_name
from sentiment.text.preprocessor import Preprocessor
from sentiment.text.reading import LATEST
from sentiment.text.vocabulary import Vocabulary
from sentiment.training.corpus import Corpus
from sentiment.training.counterfactuals import counterfactuals
from sentiment.training.deep_teacher import save_arrays
from sentiment.training.examples import NONE, Examples
from sentiment.training.export import export
from sentiment.training.fit import OtherSettingsError, fit
from sentiment.training.hints import learn_states
from sentiment.training.job import Job
from sentiment.training.networks import build_network
from sentiment.training.skipgram import skipgram
from sentiment.training.stages import Stages
from sentiment.training.unlabelled import read_by_teachers

Ids = npt.NDArray[np.int32]


def train(job: Job) -> Path:
    """Trains and writes the whole run. Called again after a break, it goes on from its last finished epoch.

    Raises:
        DatasetError: no word is frequent enough to be learned.
        StoppedError: Ctrl-C while the network was fitted.
        OtherSettingsError: the folder, or the cache, holds a training that was begun with other settings.
        ParityError: the exported model would not compute what the trained one does.
    """
    work = job.output / "checkpoint"
    work.mkdir(parents=True, exist_ok=True)
    _claim(work, job)
    stages = Stages(work / "stages.json")
    dataset, preset = job.dataset, job.preset
    artifacts.write_json(job.output / "config.json", _config(preset))  # so that a run under way tells what it is

    with stages("reading texts"):
        vocabulary, ids, more_ids, held_out_ids = _read(dataset, preset)

    embedding = None
    if preset.embedding_start == "skipgram":
        with stages("skip-gram embeddings"):
            embedding = _cached_skipgram(work / "embedding.npy", ids + more_ids, len(vocabulary), job)

    labelled, validation = _labelled(ids, dataset.train), _labelled(held_out_ids, dataset.validation)
    reviews = [review for review in more_ids if len(review)]
    clauses = NONE
    if preset.counterfactuals:
        with stages("counterfactual clauses"):
            clauses = counterfactuals(labelled, reviews, vocabulary, job.split_seed)
    taught, deep = read_by_teachers(job, labelled, validation, reviews, vocabulary, stages)
    always, in_turn = (clauses, labelled + taught) if preset.labels_take_turns else (labelled, taught + clauses)

    reader = deep.reader if deep and preset.hint_passes else None  # first, for it draws from a seed of its own
    keras.utils.set_random_seed(job.seed)
    network = build_network(preset, len(vocabulary), embedding)
    if reader:
        seconds = learn_states(network, reader, [*labelled.ids, *reviews], preset, work, job.seed)
        stages.record("hints", seconds)
    seconds = fit(
        preset,
        network,
        always,
        validation,
        job.output,
        in_turn=in_turn,
        seed=job.seed,
        settings=job.settings,
        tensorboard=job.output / "logs" if job.tensorboard else None,
    )
    stages.record("fitting the network", seconds)
    with stages("export and validation"):
        _write(job, network, vocabulary, ids, held_out_ids)
    _finish(job, stages)
    return job.output


def _read(dataset: Dataset, preset: Preset) -> tuple[Vocabulary, list[Ids], list[Ids], list[Ids]]:
    """The vocabulary of all training texts, and the training, unlabelled and validation reviews encoded, uncut.

    Raises:
        DatasetError: the vocabulary would be empty.
    """
    corpus = Corpus()
    texts, more_texts, held_out_texts = (
        corpus.read(frame["text"]) for frame in (dataset.train, dataset.unlabelled, dataset.validation)
    )
    counts = corpus.counts(texts + more_texts)
    vocabulary = Vocabulary.from_counts(counts, max_size=preset.vocabulary_size, min_count=preset.min_count)
    if not vocabulary.tokens:
        raise DatasetError(
            f"No word occurs {preset.min_count} times in the reviews to train on, so nothing can be learned from them; "
            "train on more reviews."
        )
    ids, more_ids, held_out_ids = (corpus.encode(read, vocabulary) for read in (texts, more_texts, held_out_texts))
    return vocabulary, ids, more_ids, held_out_ids


def _claim(work: Path, job: Job) -> None:
    """Writes down what the training under way was begun with; refuses to go on with anything else."""
    begun = work / "settings.json"
    if not begun.exists():
        artifacts.write_atomically(begun, job.settings.encode())
    elif begun.read_text(encoding="utf-8") != job.settings:
        raise OtherSettingsError(job.output)


def _cached_skipgram(path: Path, reviews: list[Ids], size: int, job: Job) -> npt.NDArray[np.float32]:
    """Skip-gram embeddings, kept on disk so that a resumed run need not learn them again."""
    if path.exists():
        return np.load(path)
    embedding = skipgram(reviews, size, job.preset.embedding_size, job.seed)
    save_arrays(path, embedding)
    return embedding


def _labelled(ids: list[Ids], frame: pd.DataFrame) -> Examples:
    """Reviews with at least one token, and their labels."""
    filled = [i for i, review in enumerate(ids) if len(review)]
    return Examples([ids[i] for i in filled], frame["label"].to_numpy(np.float32)[filled])


def _write(job: Job, network: keras.Model, vocabulary: Vocabulary, ids: list[Ids], held_out: list[Ids]) -> None:
    """Everything but what describes the run: model, vocabulary, config, predictions, metrics, facts on the data."""
    folder, preset, dataset = job.output, job.preset, job.dataset
    vocabulary.write(folder / "vocabulary.txt")
    difference = export(network, preset.pooling, folder, [review[: preset.max_length] for review in ids + held_out])
    classifier = _classifier(folder, Preprocessor(vocabulary, preset.max_length, LATEST))
    predictions = _predictions(classifier, dataset)
    predictions.to_parquet(folder / "predictions.parquet", index=False)
    write_validation_states(classifier, dataset.validation["text"].tolist())
    validation = predictions[predictions["split"] == "validation"]
    calibration = calibrate(validation["logit"].to_numpy(), validation["label"].to_numpy())
    config = _config(preset) | calibration.config() | {"keras_onnx_difference": difference}
    config["model"]["vocabulary_size"] = len(vocabulary)
    artifacts.write_json(folder / "config.json", config)
    figures = {split: evaluated.summary(table, calibration.rule) for split, table in predictions.groupby("split")}
    artifacts.write_json(folder / "metrics.json", figures)
    counts = word_counts(ids, dataset.train["label"].to_numpy(np.int8), vocabulary)
    counts.to_parquet(folder / "word_counts.parquet", index=False)
    lengths = {"train": [len(review) for review in ids], "validation": [len(review) for review in held_out]}
    artifacts.write_json(folder / "dataset.json", summarise(dataset, lengths, counts, preset.max_length))


def _config(preset: Preset) -> dict[str, Any]:
    """What is known of a run before it begins."""
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
    """Returns the exported model's predictions of the reviews it was trained and tuned on."""
    frames = {"train": dataset.train, "validation": dataset.validation}
    return pd.concat(
        evaluated.predict(classifier.logits, classifier.preprocessor, frame, name) for name, frame in frames.items()
    )


def _finish(job: Job, stages: Stages) -> None:
    """How the run was made, its model card, and the seal."""
    metadata = {
        "preset": job.preset.name,
        "summary": job.summary,
        "command": job.command,
        "seed": job.seed,
        "split_seed": job.split_seed,
        "date": datetime.datetime.now(datetime.UTC).date().isoformat(),
        "commit": provenance.commit(),
        "data": dataclasses.asdict(job.dataset.source),
        "options": dataclasses.asdict(job.preset),
        "teachers": {run.name: run.manifest["files"]["model.onnx"] for run in job.teachers},
        "stages": stages.rows(),
        "training_seconds": round(sum(stages.seconds.values()), 1),
        "versions": {"python": platform.python_version()}
        | {name: version(name) for name in ("tensorflow", "keras", "numpy", "gensim", "onnx", "onnxruntime")},
        "machine": {"processor": processor_name(), "cores": os.cpu_count()},
    }
    artifacts.write_json(job.output / "metadata.json", metadata)
    artifacts.write_manifest(job.output)
    model_card.write(artifacts.open_run(job.output))
