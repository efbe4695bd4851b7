"""A teacher too large to be served: language models from both ends, fine-tuned on the labels.

An LSTM that has first learnt to predict the next token reads a review better than one that begins at random (Dai & Le
2015, section 2; Howard & Ruder 2018 for the classifier on top). On two processor cores only a network like that of
``gated.py`` can be trained so in an hour; what it makes of unlabelled texts is then learnt by the network that ships.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path

import keras
import numpy as np
import numpy.typing as npt
import tensorflow as tf

from sentiment.batching import batches_by_length, pad
from sentiment.training.fit import Examples, OtherSettingsError, StoppedError, fit
from sentiment.training.gated import DeepReader
from sentiment.training.language_model import pretrain
from sentiment.training.presets import DeepPreset
from sentiment.training.skipgram import skipgram
from sentiment.training.stages import Stages

Ids = npt.NDArray[np.int32]

_BATCH_TOKENS = 16_384


class DeepTeacher:
    """Reads with a network that is trained when first asked, and kept.

    Broken off and made again with the same arguments, it goes on from its last checkpoint.

    Args:
        preset: its recipe.
        labelled: what it is fitted to.
        validation: what decides which epoch is best.
        unlabelled: <int32>[tokens] a review; they and the labelled ones teach it the language.
        vocabulary_size: one more than the highest id.
        sentence_ends: ids of the tokens that end a sentence.
        folder: where it keeps what it has learnt and read.
        seed: of all that is random.
        settings: whatever else shaped the arguments.

    Attributes:
        stages: what it spent its time on, in earlier processes, too.

    Raises:
        OtherSettingsError: the folder has another teacher.
    """

    def __init__(
        self,
        preset: DeepPreset,
        labelled: Examples,
        validation: Examples,
        unlabelled: Sequence[Ids],
        vocabulary_size: int,
        sentence_ends: Sequence[int],
        folder: Path,
        seed: int,
        settings: str,
    ) -> None:
        self._preset, self._labelled, self._validation, self._unlabelled = preset, labelled, validation, unlabelled
        self._size, self._ends, self._folder, self._seed = vocabulary_size, sentence_ends, folder, seed
        self._settings = json.dumps([asdict(preset), seed, settings], sort_keys=True)
        folder.mkdir(parents=True, exist_ok=True)
        self.stages = Stages(folder / "stages.json")
        kept = folder / "settings.json"
        if not kept.exists():
            kept.write_text(self._settings, encoding="utf-8")
        elif kept.read_text(encoding="utf-8") != self._settings:
            raise OtherSettingsError

    def read(self, name: str, reviews: Sequence[Ids]) -> npt.NDArray[np.float32]:
        """<float32>[reviews], logits; kept under the name, and taken from there when asked again."""
        path = self._folder / f"{name.replace(' ', '-')}.npy"
        if not path.exists():
            reader = self._reader()
            with self.stages(f"reading {name}"):
                np.save(path, logits(reader, [review[: self._preset.max_length] for review in reviews]))
        return np.load(path)

    def _reader(self) -> DeepReader:
        path = self._folder / "reader.npz"
        keras.utils.set_random_seed(self._seed)
        reader = DeepReader(self._preset, self._size)
        if path.exists():
            with np.load(path) as weights:
                reader.set_weights([weights[name] for name in weights.files])
            return reader
        self._train(reader)
        np.savez(path, *reader.get_weights())
        return reader

    def _train(self, reader: DeepReader) -> None:
        reviews = [*self._labelled.ids, *self._unlabelled]
        embedding = self._folder / "embedding.npy"
        if not embedding.exists():
            with self.stages("skip-gram embeddings"):
                np.save(embedding, skipgram(reviews, self._size, self._preset.embedding_size, self._seed))
        reader.embedding.set_weights([np.load(embedding)])
        steps, rate = self._preset.language_model_steps, self._preset.language_model_rate
        seconds = pretrain(reader, reviews, self._validation.ids, steps, rate, self._folder, self._seed)
        self.stages.record("language models", seconds)
        try:
            seconds = fit(
                self._preset,
                reader,
                self._labelled,
                self._validation,
                self._folder,
                sentence_ends=self._ends,
                seed=self._seed,
                settings=self._settings,
            )
        except StoppedError:
            raise KeyboardInterrupt from None  # a teacher's weights so far are nothing to hand over
        self.stages.record("fitting", seconds)


def logits(reader: DeepReader, reviews: Sequence[Ids]) -> npt.NDArray[np.float32]:
    """<float32>[reviews], none of them empty."""
    read = tf.function(reader.logits, input_signature=[tf.TensorSpec((None, None), tf.int32)])
    made = np.empty(len(reviews), np.float32)
    batches = batches_by_length([len(review) for review in reviews], _BATCH_TOKENS)
    for number, places in enumerate(batches):
        made[places] = read(tf.constant(pad([reviews[i] for i in places])))[:, 0]
        if sys.stderr.isatty():
            print(f"\rread {number + 1} of {len(batches)} batches", end="", file=sys.stderr)
    return made
