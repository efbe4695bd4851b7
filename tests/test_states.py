"""Pooled states: the last layer computes the logits from them, and a damaged file of them is refused."""

from __future__ import annotations

import io
from itertools import product
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from sentiment import Classifier, model_card
from sentiment.artifacts import ArtifactError, Run, add_parts, open_run, write_manifest
from sentiment.evaluation.states import PART, pooled_states, read_validation_states, write_validation_states
from sentiment.model.weights import Pooling, read_onnx
from tests.tiny import halved, tiny_run, tiny_weights

TEXTS = ["The film is good!", "", "not a great film .", "dull", "the film " * 40, "good bad not great"]
POOLINGS: list[tuple[Pooling, ...]] = [("last",), ("max", "mean"), ("last", "max", "mean")]


def run_with_states(folder: Path) -> tuple[Classifier, Path]:
    """A run with the states of its validation reviews, which follow those of training in its predictions."""
    classifier = Classifier.load(tiny_run(folder))
    splits = ["train"] * 3 + ["validation"] * len(TEXTS)
    pd.DataFrame({"split": splits}).to_parquet(folder / "predictions.parquet")
    write_validation_states(classifier, TEXTS)
    write_manifest(folder)
    return classifier, folder


@pytest.fixture
def stored(tmp_path: Path) -> tuple[Classifier, Run]:
    classifier, folder = run_with_states(tmp_path / "tiny")
    return classifier, open_run(folder)


@pytest.mark.parametrize(("directions", "pooling"), product((1, 2), POOLINGS))
def test_the_last_layer_computes_the_logits_from_the_states(
    directions: int, pooling: tuple[Pooling, ...], tmp_path: Path
) -> None:
    weights = halved(tiny_weights(directions=directions, pooling=pooling, units=32))
    classifier = Classifier.load(tiny_run(tmp_path / "tiny", weights=weights))
    states = pooled_states(classifier, TEXTS)
    assert states.shape == (len(TEXTS), classifier.features) == (len(TEXTS), len(pooling) * directions * 32)
    assert states.dtype == np.float32
    logits = states @ weights.dense_kernel + weights.dense_bias
    expected = [prediction.logit for prediction in classifier.predict(TEXTS)]
    assert not states[1].any()  # of the empty text
    assert np.delete(logits, 1) == pytest.approx(np.delete(expected, 1), abs=1e-4)


def test_states_do_not_depend_on_other_texts_and_may_be_empty(stored: tuple[Classifier, Run]) -> None:
    classifier, _ = stored
    together = pooled_states(classifier, TEXTS)
    alone = np.concatenate([pooled_states(classifier, [text]) for text in TEXTS])
    np.testing.assert_allclose(together, alone, atol=1e-6)
    assert pooled_states(classifier, []).shape == (0, classifier.features)


def test_stored_states_come_back_in_half_precision_and_order(stored: tuple[Classifier, Run]) -> None:
    classifier, run = stored
    read = read_validation_states(run, classifier.features)
    assert read is not None
    assert read.dtype == np.float16
    np.testing.assert_array_equal(read, pooled_states(classifier, TEXTS).astype(np.float16))
    assert isinstance(read, np.memmap)  # read from the disk when it is used
    assert not read.flags.writeable


def test_the_model_card_gives_the_size_of_the_states(tmp_path: Path) -> None:
    run = add_parts(open_run(tiny_run(tmp_path / "tiny")), {PART: b" " * 2_340_000})
    assert f"`{PART}` (2.3 MB)" in model_card.render(run)


def test_a_run_without_states_has_none(tmp_path: Path) -> None:
    run = open_run(tiny_run(tmp_path / "tiny"))
    assert read_validation_states(run, 8) is None
    assert PART not in model_card.render(run)


def npy(array: np.ndarray, *, pickled: bool = False) -> bytes:
    """The content of an array's ``.npy`` file."""
    content = io.BytesIO()
    np.save(content, array, allow_pickle=pickled)
    return content.getvalue()


GOOD = np.zeros((len(TEXTS), 8), np.float16)
BAD = {
    "one row too few": npy(GOOD[1:]),
    "one column too many": npy(np.zeros((len(TEXTS), 9), np.float16)),
    "transposed": npy(GOOD.T.copy()),
    "flat": npy(GOOD.ravel()),
    "another type": npy(GOOD.astype(np.float32)),
    "objects": npy(np.array([[None] * 8] * len(TEXTS), dtype=object), pickled=True),
    "not finite": npy(np.full_like(GOOD, np.nan)),
    "truncated": npy(GOOD)[:-5],
    "not an array": b"reviews",
    "empty": b"",
    "too long": npy(GOOD) + b"more",
    "malformed header": npy(GOOD).replace(b"(6, 8)", b"(6, 8 "),
    "another order": npy(np.asfortranarray(GOOD)),
    "wider numbers": npy(GOOD).replace(b"'<f2'", b"'<f8'"),
}


def test_a_file_of_the_right_shape_and_type_is_read(stored: tuple[Classifier, Run]) -> None:
    classifier, run = stored
    assert classifier.features == 8
    (run.path / PART).write_bytes(npy(GOOD))
    write_manifest(run.path)
    assert read_validation_states(open_run(run.path), 8) is not None


@pytest.mark.parametrize("kind", BAD)
def test_a_file_of_another_shape_or_type_is_refused_in_a_sentence(kind: str, stored: tuple[Classifier, Run]) -> None:
    classifier, run = stored
    (run.path / PART).write_bytes(BAD[kind])
    write_manifest(run.path)
    with pytest.raises(ArtifactError, match=PART) as error:
        read_validation_states(open_run(run.path), classifier.features)
    assert "\n" not in str(error.value)
    assert str(error.value).endswith(".")


def test_a_changed_file_is_refused_by_its_hash(stored: tuple[Classifier, Run]) -> None:
    classifier, run = stored
    (run.path / PART).write_bytes(npy(GOOD))
    with pytest.raises(ArtifactError, match="corrupted"):
        read_validation_states(run, classifier.features)


def test_the_last_layer_of_the_default_run_computes_the_logits_from_the_states() -> None:
    classifier = Classifier.load()
    weights = read_onnx(classifier.run / "model.onnx")
    texts = ["A fine film, warmly acted.", "I could not finish it; it never ends."]
    logits = pooled_states(classifier, texts) @ weights.dense_kernel + weights.dense_bias
    assert logits == pytest.approx([each.logit for each in classifier.predict(texts)], abs=1e-4)
