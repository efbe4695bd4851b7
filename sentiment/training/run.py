"""One training from data to a sealed run: vocabulary, embeddings, network, export, and what validation says."""

from __future__ import annotations

import dataclasses
import datetime
import json
import os
import platform
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any

import keras
import numpy as np
import numpy.typing as npt
import pandas as pd

from sentiment import artifacts, evaluation, metrics, model_card, provenance
from sentiment.classifier import Classifier
from sentiment.dataset import Dataset
from sentiment.dataset_summary import summarise, word_counts
from sentiment.machine import processor
from sentiment.preprocessor import Preprocessor
from sentiment.sessions import open_model
from sentiment.training.batches import crop
from sentiment.training.clauses import NEGATIONS
from sentiment.training.corpus import Corpus
from sentiment.training.counterfactuals import counterfactuals
from sentiment.training.deep_teacher import DeepTeacher, save_arrays
from sentiment.training.export import export
from sentiment.training.fit import NONE, Examples, OtherSettingsError, fit
from sentiment.training.hints import learn_states
from sentiment.training.networks import build_network
from sentiment.training.presets import Preset
from sentiment.training.skipgram import skipgram
from sentiment.training.stages import Stages
from sentiment.training.teachers import ngram_reading, run_reading, soft_targets
from sentiment.vocabulary import UNK, Vocabulary

Ids = npt.NDArray[np.int32]

_SENTENCE_ENDS = (".", "!", "?")  # without "...", which stands within sentences as often


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
    def settings(self) -> str:
        """All that shapes the result, so that a checkpoint is only taken up by the training that made it."""
        facts = {
            "preset": dataclasses.asdict(self.preset),
            "data": dataclasses.asdict(self.dataset.source),
            "seeds": [self.seed, self.split_seed],
            "teachers": self.taught_by,
        }
        return json.dumps(facts, sort_keys=True, default=str)


def train(job: Job) -> Path:
    """Trains and writes the whole run. Called again after a break, it goes on from its last finished epoch.

    Raises:
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
        corpus = Corpus()
        texts, more_texts, held_out_texts = (
            corpus.read(frame["text"]) for frame in (dataset.train, dataset.unlabelled, dataset.validation)
        )
        counts = corpus.counts(texts + more_texts)
        vocabulary = Vocabulary.from_counts(counts, max_size=preset.vocabulary_size, min_count=preset.min_count)
        ids, more_ids, held_out_ids = (corpus.encode(read, vocabulary) for read in (texts, more_texts, held_out_texts))

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
    taught, deep = _read_by_teachers(job, labelled, validation, reviews, vocabulary, stages)
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
        sentence_ends=_sentence_ends(vocabulary),
        seed=job.seed,
        settings=job.settings,
        tensorboard=job.output / "logs" if job.tensorboard else None,
    )
    stages.record("fitting the network", seconds)
    with stages("export and validation"):
        _write(job, network, vocabulary, ids, held_out_ids)
    _finish(job, stages)
    return job.output


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


def _sentence_ends(vocabulary: Vocabulary) -> list[int]:
    return [vocabulary.id(token) for token in _SENTENCE_ENDS if vocabulary.id(token) != UNK]


def _read_by_teachers(
    job: Job,
    labelled: Examples,
    validation: Examples,
    reviews: list[Ids],
    vocabulary: Vocabulary,
    stages: Stages,
) -> tuple[Examples, DeepTeacher | None]:
    """Unlabelled reviews, and crops of them, as teachers read them; and the deep one of these, if there is one."""
    if not job.preset.teacher or not reviews:
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
        taught_by=job.taught_by,
        vocabulary_size=len(vocabulary),
        sentence_ends=_sentence_ends(vocabulary),
        folder=job.cache or job.output / "checkpoint" / "deep",
        seed=job.split_seed,
    )
    by_deep = deep.read("unlabelled reviews", reviews), deep.read("validation", validation.ids)
    taught = Examples(reviews, soft_targets(validation, [by_ngrams, by_deep]))  # what the runs know, it learnt
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
    rng, ends = np.random.default_rng(job.split_seed), _sentence_ends(vocabulary)
    held_out = Examples([crop(review, ends, rng) for review in validation.ids], validation.targets)
    crops = [crop(reviews[i], ends, rng) for i in rng.integers(len(reviews), size=job.preset.crops_read)]
    if job.preset.counterfactuals:
        negations = [vocabulary.id(token) for token in NEGATIONS if vocabulary.id(token) != UNK]
        crops = [ids for ids in crops if not np.isin(ids, negations).any()]
    reading = deep.read("crops", crops), deep.read("validation crops", held_out.ids)
    return Examples(crops, soft_targets(held_out, [reading]))


def _write(job: Job, network: keras.Model, vocabulary: Vocabulary, ids: list[Ids], held_out: list[Ids]) -> None:
    """Everything but what describes the run: model, vocabulary, config, predictions, metrics, facts on the data."""
    folder, preset, dataset = job.output, job.preset, job.dataset
    vocabulary.write(folder / "vocabulary.txt")
    difference = export(network, preset.pooling, folder, [review[: preset.max_length] for review in ids + held_out])
    predictions = _predictions(folder, Preprocessor(vocabulary, preset.max_length), dataset)
    predictions.to_parquet(folder / "predictions.parquet", index=False)
    validation = predictions[predictions["split"] == "validation"]
    temperature = metrics.fit_temperature(validation["logit"].to_numpy(), validation["label"].to_numpy())
    config = _config(preset) | {"temperature": temperature, "keras_onnx_difference": difference}
    config["model"]["vocabulary_size"] = len(vocabulary)
    artifacts.write_json(folder / "config.json", config)
    figures = {split: evaluation.summary(table, temperature) for split, table in predictions.groupby("split")}
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
    }


def _predictions(folder: Path, preprocessor: Preprocessor, dataset: Dataset) -> pd.DataFrame:
    """What the exported model makes of the reviews it was trained and tuned on."""
    model = open_model(folder / "model.onnx")
    classifier = Classifier(folder, preprocessor, 1.0, model)  # logits do not depend on the temperature
    frames = {"train": dataset.train, "validation": dataset.validation}
    return pd.concat(evaluation.judge(classifier.logits, preprocessor, frame, name) for name, frame in frames.items())


def _finish(job: Job, stages: Stages) -> None:
    """How the run was made, its model card, and the seal."""
    metadata = {
        "preset": job.preset.name,
        "summary": job.preset.summary,
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
        "machine": {"processor": processor(), "cores": os.cpu_count()},
    }
    artifacts.write_json(job.output / "metadata.json", metadata)
    artifacts.seal(job.output)
    model_card.write(artifacts.open_run(job.output))
