"""A teacher too large to be served: language models from both ends, then fitted to labels and to what others read.

A network that has first learnt to predict the next token reads a review better than one that begins at random (Dai & Le
2015, section 2; Howard & Ruder 2018, section 3). On two processor cores only a network like that of ``gated.py`` can be
trained so within hours; what it makes of unlabelled texts is then learnt by the network that ships.
"""

from __future__ import annotations

import hashlib
import io
import json
import shutil
import sys
from collections.abc import Sequence
from dataclasses import asdict
from functools import cached_property
from pathlib import Path
from typing import Any

import keras
import numpy as np
import numpy.typing as npt
import tensorflow as tf

from sentiment.artifacts import write_atomically
from sentiment.batching import batches_by_length, pad
from sentiment.training.fit import Examples, OtherSettingsError, StoppedError, fit, forget
from sentiment.training.gated import STEPS, DeepReader
from sentiment.training.language_model import pretrain
from sentiment.training.presets import DeepTeacherPreset
from sentiment.training.skipgram import skipgram
from sentiment.training.stages import Stages
from sentiment.training.teachers import Reading, soft_targets

Ids = npt.NDArray[np.int32]

_BATCH_TOKENS = 16_384


class DeepTeacher:
    """Reads with a network that is trained when first asked, and kept.

    Broken off and made again with the same arguments, it goes on from its last checkpoint.

    Args:
        preset: its recipe.
        labelled: what it is fitted to in every epoch.
        validation: what decides which epoch is best, and how sure a reading may be.
        unlabelled: <int32>[tokens] a review, none of them empty; it learns from them as others read them, from half of
            them an epoch, and they and the labelled ones teach it the language.
        others: <float>[unlabelled] and <float>[validation], logits, of each other teacher. All teach the first round;
            the first of them teaches the later ones, too.
        clauses: texts made by rule, half of them shown in an epoch.
        vocabulary_size: one more than the highest id.
        sentence_ends: ids of the tokens that end a sentence.
        folder: where it keeps what it has learnt and read.
        seed: of all that is random.

    Attributes:
        stages: what it spent its time on, in earlier processes, too.

    Raises:
        ValueError: there is no other teacher, or one has not read all reviews.
        OtherSettingsError: the folder has a teacher with another recipe, other reviews or another seed.
    """

    def __init__(
        self,
        preset: DeepTeacherPreset,
        labelled: Examples,
        validation: Examples,
        unlabelled: Sequence[Ids],
        others: Sequence[Reading],
        clauses: Examples,
        *,
        vocabulary_size: int,
        sentence_ends: Sequence[int],
        folder: Path,
        seed: int,
    ) -> None:
        self._preset, self._labelled, self._validation = preset, labelled, validation
        self._unlabelled, self._others, self._clauses = unlabelled, others, clauses
        self._size, self._ends, self._folder, self._seed = vocabulary_size, sentence_ends, folder, seed
        lengths = len(unlabelled), len(validation.ids)
        if not others or any(tuple(map(len, reading)) != lengths for reading in others):
            raise ValueError("a deep teacher needs another teacher's reading of every review")
        folder.mkdir(parents=True, exist_ok=True)
        self.stages = Stages(folder / "stages.json")
        self._settings = self._all_settings()
        kept = folder / "settings.json"
        if not kept.exists():
            write_atomically(kept, self._settings.encode())
        elif kept.read_text(encoding="utf-8") != self._settings:
            raise OtherSettingsError(folder)

    def read(self, name: str, reviews: Sequence[Ids]) -> npt.NDArray[np.float32]:
        """<float32>[reviews], logits; kept, and taken from there when the same reviews are read again.

        Args:
            name: what the reviews are, for people.
            reviews: <int32>[tokens] each, none of them empty.

        Raises:
            KeyboardInterrupt: Ctrl-C while it was trained.
        """
        return self._kept_reading(name, reviews)

    def _kept_reading(
        self, name: str, reviews: Sequence[Ids], reader: DeepReader | None = None
    ) -> npt.NDArray[np.float32]:
        path = self._folder / f"{name.replace(' ', '-')}-{_digest(reviews)[:12]}.npy"
        if not path.exists():
            trained = reader or self.reader
            with self.stages(f"reading {name}"):
                read = logits(trained, [review[: self._preset.max_length] for review in reviews])
            _save(path, read)
        return np.load(path)

    @cached_property
    def reader(self) -> DeepReader:
        """The network.

        Raises:
            KeyboardInterrupt: Ctrl-C while it was trained.
        """
        path = self._folder / "reader.npz"
        if not path.exists():
            _save(path, *(variable.numpy() for variable in self._trained().trainable_variables))
        self._tidy()
        return self._restored(path, self._seed)

    def _trained(self) -> DeepReader:
        targets = soft_targets(self._validation, self._others)
        pretrained = self._pretrained()
        reader = self._fitted(1, targets, pretrained)
        for number in range(2, self._preset.rounds + 1):
            own = self._reading_after(number - 1, reader)
            reader = self._fitted(number, soft_targets(self._validation, [self._others[0], own]), pretrained)
        return reader

    def _tidy(self) -> None:
        """Removes what is only needed to go on."""
        shutil.rmtree(self._folder / "language_model", ignore_errors=True)
        for name in ("embedding.npy", "language_models.npz"):
            (self._folder / name).unlink(missing_ok=True)
        for reading in self._folder.glob("*-in-round-*.npy"):
            reading.unlink()
        for folder in self._folder.glob("round-*"):
            forget(folder)

    def _pretrained(self) -> Path:
        """The file with the weights of a reader that has learnt the language and nothing else."""
        path, embedding = self._folder / "language_models.npz", self._folder / "embedding.npy"
        if path.exists():
            return path
        reviews = [*self._labelled.ids, *self._unlabelled]
        if not embedding.exists():
            with self.stages("skip-gram embeddings"):
                learnt = skipgram(reviews, self._size, self._preset.embedding_size, self._seed)
            _save(embedding, learnt)
        reader = self._new_reader(self._seed)
        reader.embedding.set_weights([np.load(embedding)])
        seconds = pretrain(
            reader,
            reviews,
            self._validation.ids,
            steps=self._preset.language_model_steps,
            rate=self._preset.language_model_rate,
            folder=self._folder,
            seed=self._seed,
        )
        self.stages.record("language models", seconds)
        _save(path, *(variable.numpy() for variable in reader.trainable_variables))
        return path

    def _fitted(self, number: int, targets: npt.NDArray[np.float32], pretrained: Path) -> DeepReader:
        """A reader after a round, in which the unlabelled reviews have these targets."""
        print(f"fitting the deep teacher, round {number} ...", file=sys.stderr, flush=True)
        seed = int(np.random.SeedSequence([self._seed, number]).generate_state(1)[0])
        reader = self._restored(pretrained, seed)
        reader.embedding.trainable = not self._preset.embedding_frozen
        folder = self._folder / f"round-{number}"
        folder.mkdir(exist_ok=True)
        try:
            seconds = fit(
                self._preset,
                reader,
                self._labelled,
                self._validation,
                folder,
                taught=Examples(self._unlabelled, targets) + self._clauses,
                sentence_ends=self._ends,
                seed=seed,
                settings=self._settings,
            )
        except StoppedError:
            raise KeyboardInterrupt from None  # the weights of half a teacher are nothing to hand over
        self.stages.record(f"round {number}", seconds)
        reader.embedding.trainable = True
        return reader

    def _reading_after(self, number: int, reader: DeepReader) -> Reading:
        """What a reader makes, after a round that is not the last, of the unlabelled and the validation reviews."""
        unlabelled, held_out = (
            self._kept_reading(f"{name} in round {number}", reviews, reader)
            for name, reviews in (("unlabelled reviews", self._unlabelled), ("validation", self._validation.ids))
        )
        return unlabelled, held_out

    def _restored(self, path: Path, seed: int) -> DeepReader:
        reader = self._new_reader(seed)
        with np.load(path) as kept:
            for variable, name in zip(reader.trainable_variables, kept.files, strict=True):
                variable.assign(kept[name])
        return reader

    def _new_reader(self, seed: int) -> DeepReader:
        keras.utils.set_random_seed(seed)
        return DeepReader(self._preset, self._size)

    def _all_settings(self) -> str:
        facts = asdict(self._preset) | {
            "labelled": _digest([*self._labelled.ids, self._labelled.targets]),
            "validation": _digest([*self._validation.ids, self._validation.targets]),
            "unlabelled": _digest(self._unlabelled),
            "others": _digest([array for reading in self._others for array in reading]),
            "clauses": _digest([*self._clauses.ids, self._clauses.targets]),
            "vocabulary_size": self._size,
            "sentence_ends": list(self._ends),
            "seed": self._seed,
        }
        return json.dumps(facts, indent=1)


def logits(reader: DeepReader, reviews: Sequence[Ids]) -> npt.NDArray[np.float32]:
    """<float32>[reviews], of <int32>[tokens] each, none of them empty."""
    read = tf.function(reader.logits, input_signature=[tf.TensorSpec((None, None), tf.int32)])
    made = np.empty(len(reviews), np.float32)
    batches = batches_by_length([-(-len(review) // STEPS) * STEPS for review in reviews], _BATCH_TOKENS)
    for number, places in enumerate(batches, 1):
        made[places] = read(tf.constant(pad([reviews[i] for i in places])))[:, 0]
        if sys.stderr.isatty():
            end = "\n" if number == len(batches) else ""
            print(f"\rread {number} of {len(batches)} batches", end=end, file=sys.stderr, flush=True)
    return made


def _digest(arrays: Sequence[npt.NDArray[Any]]) -> str:
    """SHA-256, in hex, of arrays and where each ends."""
    digest = hashlib.sha256(np.array([len(array) for array in arrays], np.int64).tobytes())
    for array in arrays:
        digest.update(np.ascontiguousarray(array).tobytes())
    return digest.hexdigest()


def _save(path: Path, *arrays: npt.NDArray[Any]) -> None:
    """Arrays as .npz, or one as .npy, whole or not at all."""
    content = io.BytesIO()
    if path.suffix == ".npz":
        np.savez(content, *arrays)
    else:
        np.save(content, arrays[0])
    write_atomically(path, content.getvalue())
