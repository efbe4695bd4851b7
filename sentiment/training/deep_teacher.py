"""A teacher too large to be served: language models from both ends, then fitted to labels and to what others read.

A network that has first learnt to predict the next token reads a review better than one that begins at random (Dai & Le
2015, section 2; Howard & Ruder 2018, section 3), and better still when it has then learnt from what it made of
unlabelled reviews (Xie et al. 2020, CVPR, algorithm 1). A network like that of ``gated.py`` is made for a GPU; what
it makes of texts is then learnt by the network that ships.
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
from sentiment.model.batching import batches_by_length, pad
from sentiment.presets import DeepTeacherPreset
from sentiment.training.examples import Examples
from sentiment.training.fit import OtherSettingsError, StoppedError, fit, forget
from sentiment.training.gated import STEPS, DeepReader
from sentiment.training.language_model import pretrain
from sentiment.training.skipgram import skipgram
from sentiment.training.stages import Stages
from sentiment.training.teachers import Reading, soft_targets

Ids = npt.NDArray[np.int32]

_BATCH_TOKENS = 16_384


class DeepTeacher:
    """Reads with a network that is trained when first asked, and kept.

    It is fitted in rounds. Each begins with the language models and leaves their embedding as it is; from the second on
    it learns what it made of the unlabelled reviews itself, in earlier rounds, together with the n-gram model.

    Broken off and made again with the same arguments, it goes on from its last checkpoint.

    Args:
        preset: its recipe.
        labelled: shown in every epoch, and crops of them.
        validation: what decides which epoch is best.
        taught: unlabelled reviews with the reading of other teachers; it is fitted to half of them an epoch, and they
            and the labelled ones teach it the language.
        by_ngrams: what the n-gram model makes of these and of the validation reviews.
        taught_by: hashes of the other teachers' models, which tell one from another; what they read may differ in its
            last digits from machine to machine.
        vocabulary_size: one more than the highest id.
        sentence_ends: ids of the tokens that end a sentence.
        folder: where it keeps what it has learnt and read.
        seed: of all that is random.

    Attributes:
        stages: what it spent its time on, in earlier processes, too.

    Raises:
        OtherSettingsError: the folder has a teacher with another recipe, other reviews, other teachers or another seed.
    """

    def __init__(
        self,
        preset: DeepTeacherPreset,
        labelled: Examples,
        validation: Examples,
        taught: Examples,
        by_ngrams: Reading,
        *,
        taught_by: Sequence[str],
        vocabulary_size: int,
        sentence_ends: Sequence[int],
        folder: Path,
        seed: int,
    ) -> None:
        self._preset, self._labelled, self._validation, self._taught = preset, labelled, validation, taught
        self._by_ngrams, self._taught_by, self._size, self._ends = by_ngrams, taught_by, vocabulary_size, sentence_ends
        self._folder, self._seed = folder, seed
        folder.mkdir(parents=True, exist_ok=True)
        self.stages = Stages(folder / "stages.json")
        self._settings = self._all_settings()
        kept = folder / "settings.json"
        if not kept.exists():
            write_atomically(kept, self._settings.encode())
        elif kept.read_text(encoding="utf-8") != self._settings:
            raise OtherSettingsError(folder)

    def targets(self, rounds: int | None = None) -> npt.NDArray[np.float32]:
        """<float32>[taught], what the n-gram model and its own first rounds, all by default, make of "positive".

        Before the first round, what the other teachers do.

        Raises:
            KeyboardInterrupt: Ctrl-C while it was trained.
        """
        rounds = self._preset.rounds if rounds is None else rounds
        if not rounds:
            return self._taught.targets
        readings = [
            (self.read("unlabelled reviews", self._taught.ids, n), self.read("validation", self._validation.ids, n))
            for n in range(1, rounds + 1)
        ]
        return soft_targets(self._validation, [self._by_ngrams, *readings])

    def read(self, name: str, reviews: Sequence[Ids], number: int | None = None) -> npt.NDArray[np.float32]:
        """<float32>[reviews], logits; kept, and taken from there when the same reviews are read again.

        Args:
            name: what the reviews are, for people.
            reviews: <int32>[tokens] each, none of them empty.
            number: of the round after which it reads, from 1; the last by default.

        Raises:
            KeyboardInterrupt: Ctrl-C while it was trained.
        """
        number = number or self._preset.rounds
        path = self._round(number) / f"{name.replace(' ', '-')}-{_digest(reviews)[:12]}.npy"
        if not path.exists():
            reader = self.reader if number == self._preset.rounds else self._reader(number)
            with self.stages(f"reading {name}, round {number}"):
                read = logits(reader, [review[: self._preset.max_length] for review in reviews])
            save_arrays(path, read)
        return np.load(path)

    @cached_property
    def reader(self) -> DeepReader:
        """The network after its last round.

        Raises:
            KeyboardInterrupt: Ctrl-C while it was trained.
        """
        reader = self._reader(self._preset.rounds)
        self._tidy()
        return reader

    def _reader(self, number: int) -> DeepReader:
        path = self._round(number) / "reader.npz"
        if not path.exists():
            targets = self.targets(number - 1)
            save_arrays(path, *(weights.numpy() for weights in self._train(number, targets).weights))
        reader = self._new()
        with np.load(path) as kept:
            for weights, name in zip(reader.weights, kept.files, strict=True):
                weights.assign(kept[name])
        return reader

    def _new(self) -> DeepReader:
        keras.utils.set_random_seed(self._seed)
        return DeepReader(self._preset, self._size)

    def _round(self, number: int) -> Path:
        return self._folder / f"round-{number}"

    def _tidy(self) -> None:
        """Removes what is only needed to go on."""
        for number in range(1, self._preset.rounds + 1):
            forget(self._round(number))
        shutil.rmtree(self._folder / "language_model", ignore_errors=True)
        (self._folder / "embedding.npy").unlink(missing_ok=True)

    def _train(self, number: int, targets: npt.NDArray[np.float32]) -> DeepReader:
        reader = self._new()
        self._learn_language(reader)
        reader.embedding.trainable = False
        print(f"fitting the deep teacher, round {number} ...", file=sys.stderr, flush=True)
        try:
            seconds = fit(
                self._preset,
                reader,
                self._labelled,
                self._validation,
                self._round(number),
                in_turn=Examples(self._taught.ids, targets),
                crop_rate=self._preset.crop_rate,
                sentence_ends=self._ends,
                seed=self._seed + number - 1,
                settings=self._settings,
            )
        except StoppedError:
            raise KeyboardInterrupt from None  # the weights of half a teacher are nothing to hand over
        self.stages.record(f"fitting, round {number}", seconds)
        return reader

    def _learn_language(self, reader: DeepReader) -> None:
        """Once; later rounds take it from the last checkpoint."""
        reviews = [*self._labelled.ids, *self._taught.ids]
        embedding = self._folder / "embedding.npy"
        if not embedding.exists():
            with self.stages("skip-gram embeddings"):
                learnt = skipgram(reviews, self._size, self._preset.embedding_size, self._seed)
            save_arrays(embedding, learnt)
        reader.embedding.set_weights([np.load(embedding)])
        seconds = pretrain(
            reader,
            reviews,
            self._validation.ids,
            steps=self._preset.language_model_steps,
            rate=self._preset.language_model_rate,
            dropout=self._preset.language_model_dropout,
            folder=self._folder,
            seed=self._seed,
        )
        self.stages.record("language models", seconds)

    def _all_settings(self) -> str:
        facts = asdict(self._preset) | {
            "labelled": _digest([*self._labelled.ids, self._labelled.targets]),
            "validation": _digest([*self._validation.ids, self._validation.targets]),
            "taught": _digest(self._taught.ids),
            "taught_by": list(self._taught_by),
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


def save_arrays(path: Path, *arrays: npt.NDArray[Any]) -> None:
    """Arrays as .npz, or one as .npy, whole or not at all."""
    content = io.BytesIO()
    if path.suffix == ".npz":
        np.savez(content, *arrays)
    else:
        np.save(content, arrays[0])
    write_atomically(path, content.getvalue())
