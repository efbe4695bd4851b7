"""A foreign model is refused in one sentence or works; it never crashes the process or exhausts its memory."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import numpy as np
import onnx
import pytest

from sentiment.artifacts import ArtifactError, write_manifest
from sentiment.model.classifier import Classifier
from sentiment.model.native.batch import CompiledBatch
from sentiment.model.native.lstm import CompiledLSTM, compiled_lstm
from sentiment.model.weights import Weights, read_onnx, write_onnx
from sentiment.text.vocabulary import Vocabulary
from tests.compiled import needs_compiled
from tests.tiny import WORDS, tiny_run, tiny_weights

pytestmark = pytest.mark.process

HOME = Path(__file__).resolve().parent.parent


@pytest.fixture
def model() -> CompiledLSTM:
    model = compiled_lstm(tiny_weights(units=32))
    assert model, "nothing was compiled"
    return model


def test_no_change_of_a_model_file_crashes_the_process() -> None:
    command = [sys.executable, "-m", "tests.foreign_models", "0", "2"]  # every second change
    done = subprocess.run(command, cwd=HOME, capture_output=True, text=True, check=False)
    assert done.returncode == 0, f"{done.stdout.splitlines()[-1]}\n{done.stderr[-2000:]}"
    outcomes = [line.rsplit(": ", 1) for line in done.stdout.splitlines()]
    assert {outcome for _, outcome in outcomes} == {"refused", "works"}
    assert {name for name, outcome in outcomes[:4] if outcome == "works"} == {
        f"{form}: nothing" for form in ("single", "session", "file", "fast")
    }
    assert len(outcomes) > 1_000
    # These changes write the original value or another valid number. The form "session" checks only the numbers.
    harmless = (
        *("nothing", "holds", "later format"),
        *("Cast to 1", "ReduceMax keepdims 0", "ReduceSum keepdims 0", "Concat axis 1"),
    )
    works = [name for name, outcome in outcomes if outcome == "works" and not name.startswith("session")]
    assert [name for name in works if not any(part in name for part in harmless)] == []


@pytest.mark.parametrize("words", [WORDS[:-1], (*WORDS, "more")])
def test_a_vocabulary_of_another_size_is_refused(words: tuple[str, ...], tmp_path: Path) -> None:
    run = tiny_run(tmp_path / "tiny")
    Vocabulary(words).write(run / "vocabulary.txt")
    write_manifest(run)
    with pytest.raises(ArtifactError, match=rf"14 embeddings for a vocabulary of {len(words) + 2}"):
        Classifier.load(run)


def test_more_units_than_the_compiled_code_supports_are_refused(tmp_path: Path) -> None:
    write_onnx(tiny_weights(units=1_025, directions=1), tmp_path / "model.onnx")
    with pytest.raises(ValueError, match="out of bounds"):
        read_onnx(tmp_path / "model.onnx")


@pytest.mark.parametrize(
    "change",
    [
        {"dense_kernel": np.zeros(7, np.float32)},
        {"embedding": np.zeros((14, 4), np.float16)},
        {"embedding": np.zeros(14, np.float16)},
        {"directions": ()},
        {"directions": (*tiny_weights().directions, *tiny_weights(directions=1).directions)},
        {"directions": tiny_weights(units=3).directions},
        {"directions": (tiny_weights().directions[0], tiny_weights(units=3).directions[0])},
        {"pooling": ()},
        {"pooling": ("max", "max")},
        {"pooling": ("max", "median")},
    ],
)
def test_weights_of_inconsistent_shapes_cannot_be_constructed(change: dict[str, object]) -> None:
    whole = tiny_weights()
    arguments = {
        name: getattr(whole, name) for name in ("embedding", "directions", "pooling", "dense_kernel", "dense_bias")
    }
    Weights(**arguments)
    with pytest.raises(ValueError, match=r"shape|pooling|directions"):
        Weights(**arguments | change)


@pytest.mark.parametrize(
    "changed",
    [
        {"ids": np.zeros(3, np.int32)},
        {"ids": np.zeros((0, 3), np.int32), "lengths": np.zeros(0, np.int32)},
        {"ids": np.zeros((2, 0), np.int32)},
        {"ids": np.zeros((2, 3), np.int32), "lengths": np.ones(3, np.int32)},
        {"lengths": np.ones((2, 1), np.int32)},
        {"lengths": np.array([1, 0], np.int32)},
        {"lengths": np.array([1, -1], np.int32)},
        {"lengths": np.array([1, 4], np.int32)},
        {"ids": np.full((2, 3), 14, np.int32)},
        {"ids": np.full((2, 3), -1, np.int32)},
    ],
)
def test_the_compiled_batch_is_not_called_with_inconsistent_arrays(changed: dict[str, np.ndarray]) -> None:
    class Library:
        """A library that raises an error if it is called."""

        def sentiment_tabulate(self, *_: object) -> None:
            pass

        def sentiment_read_batch(self, *_: object) -> None:
            raise AssertionError("the library was called")

    model = CompiledBatch(tiny_weights(units=64), Library())  # type: ignore[arg-type]
    feed = {"ids": np.zeros((2, 3), np.int32), "lengths": np.array([1, 3], np.int32)}
    with pytest.raises(AssertionError, match="was called"):
        model.run(["logit"], feed)
    with pytest.raises((ValueError, IndexError)):
        model.run(["logit"], feed | changed)


@needs_compiled
@pytest.mark.parametrize(
    "shape", [(3, 4, 2, 1, 16), (2, 4, 2, 1, 32), (3, 4, 1, 1, 32), (3, 8, 2, 1, 32), (3, 4, 2, 1, 64), (3, 4, 2, 32)]
)
def test_the_compiled_projection_refuses_an_output_of_another_shape(
    model: CompiledLSTM, shape: tuple[int, ...]
) -> None:
    embedded = np.zeros((3, 3), np.float32)
    model.project(embedded, np.empty((3, 4, 2, 1, 32), np.float32))
    with pytest.raises(ValueError, match="instead of a contiguous"):
        model.project(embedded, np.empty(shape, np.float32))


@needs_compiled
def test_the_compiled_lstm_refuses_embeddings_of_another_width_or_type(model: CompiledLSTM) -> None:
    for embedded in (np.zeros((3, 2), np.float32), np.zeros((3, 4), np.float32), np.zeros((3, 3))):
        with pytest.raises(ValueError, match="instead of a contiguous"):
            model.project(embedded, np.empty((len(embedded), 4, 2, 1, 32), np.float32))
    with pytest.raises(ValueError, match="at least one token"):
        model.logit(np.zeros(0, np.int32))


@needs_compiled
@pytest.mark.parametrize("place", range(7))
def test_the_forward_pass_refuses_an_array_of_another_length(model: CompiledLSTM, place: int) -> None:
    by_gate, states = (3, 4, 2, 1, 32), (3, 2, 1, 32)
    shapes = [by_gate] * 4 + [states] * 3
    arrays = [np.zeros(shape, np.float32) for shape in shapes]
    model.forward(1.0, *arrays)
    arrays[place] = arrays[place][:-1] if place else np.zeros((4, *by_gate[1:]), np.float32)
    with pytest.raises(ValueError, match="instead of a contiguous"):
        model.forward(1.0, *arrays)


@needs_compiled
@pytest.mark.parametrize("place", range(10))
def test_the_backward_pass_refuses_an_array_that_is_not_contiguous(model: CompiledLSTM, place: int) -> None:
    by_gate, states = (3, 4, 2, 1, 32), (3, 2, 1, 32)
    shapes = [by_gate, by_gate, states, states] * 2 + [states, by_gate]
    arrays = [np.zeros(shape, np.float32) for shape in shapes]
    model.backward(*arrays)
    arrays[place] = np.zeros((*shapes[place][:-1], 64), np.float32)[..., ::2]
    with pytest.raises(ValueError, match="instead of a contiguous"):
        model.backward(*arrays)


@needs_compiled
def test_a_loaded_run_reads_and_packs_its_weights_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    reads: list[object] = []
    load = onnx.load
    monkeypatch.setattr(onnx, "load", lambda path, **options: (reads.append(path), load(path, **options))[1])
    write_onnx(tiny_weights(units=32), tiny_run(tmp_path / "tiny") / "model.onnx")
    write_manifest(tmp_path / "tiny")
    classifier = Classifier.load(tmp_path / "tiny")
    classifier.explain("good film")
    assert len(reads) == 1
    assert classifier.attributor._lstm._compiled is classifier._model._lstm  # type: ignore[attr-defined]
