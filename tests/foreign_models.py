"""Loads runs whose ``model.onnx`` was changed, in a process of its own, because it may crash.

Prints a line for each change and loader that ends with "refused" or "works". Any other end is a fault.
"""

from __future__ import annotations

import math
import resource
import sys
import tempfile
from collections.abc import Callable, Iterator
from functools import partial
from itertools import permutations
from pathlib import Path
from typing import Any

import numpy as np
import onnx
from onnx import TensorProto, numpy_helper

from sentiment.artifacts import ArtifactError, write_manifest
from sentiment.model.classifier import Classifier
from sentiment.model.lookup_session import load_bulk
from sentiment.model.session import open_model
from sentiment.model.weights import write_onnx
from tests.tiny import tiny_run, tiny_weights

Change = Callable[[onnx.ModelProto], Any]
TEXT = "A good film is not dull, but this is bad!"
MEMORY = 3 << 30  # bytes of address space that the process may use


def changes(model: onnx.ModelProto) -> Iterator[tuple[str, Change]]:
    """Yields every change with its name."""
    for place, tensor in enumerate(model.graph.initializer):
        for name, change in tensor_changes(tensor):
            yield f"{tensor.name}: {name}", partial(_change_tensor, place, change)
        yield f"{tensor.name}: missing", lambda m, p=place: m.graph.initializer.pop(p)
        yield f"{tensor.name}: twice", lambda m, p=place: m.graph.initializer.append(m.graph.initializer[p])
    for value in ("", "last", "max,max", "mean,max", "max,mean,last", "median", "max,mean,"):
        yield f"pooling {value!r}", lambda m, v=value: setattr(m.metadata_props[0], "value", v)
    yield "no pooling", lambda m: m.metadata_props.pop()
    for place, node in enumerate(model.graph.node):
        yield f"node {place} missing", lambda m, p=place: m.graph.node.pop(p)
        for at, attribute in enumerate(node.attribute):
            for value in (-1, 0, 1, 10**6):
                yield (
                    f"{node.op_type} {attribute.name} {value}",
                    lambda m, p=place, a=at, v=value: setattr(m.graph.node[p].attribute[a], "i", v),
                )
    for version in (1, 11, 18, 99):
        yield f"opset {version}", lambda m, v=version: setattr(m.opset_import[0], "version", v)
    yield "later format", lambda m: setattr(m, "ir_version", 99)
    yield "input renamed", lambda m: setattr(m.graph.input[0], "name", "words")
    yield "fixed batch", lambda m: setattr(m.graph.input[0].type.tensor_type.shape.dim[0], "dim_value", 7)


def tensor_changes(tensor: TensorProto) -> Iterator[tuple[str, Callable[[TensorProto], Any]]]:
    """Yields changes to the shape, type, content and location of one array, each with its name."""
    array, dims = numpy_helper.to_array(tensor), tuple(tensor.dims)
    shapes: set[tuple[int, ...]] = {*permutations(dims), (array.size,), (1, *dims), (), (*dims, 0), (-1,)}
    for axis in range(len(dims)):
        for size in (0, 1, -1, dims[axis] - 1, dims[axis] + 1, 2 * dims[axis], 1 << 20, 1 << 33, (1 << 62) + 1):
            shapes.add((*dims[:axis], size, *dims[axis + 1 :]))
    for shape in sorted(shapes - {dims}):
        yield f"declared as {shape}", lambda t, s=shape: (t.ClearField("dims"), t.dims.extend(s))
        if 0 <= math.prod(shape) < 100_000 and min(shape, default=0) >= 0:
            yield f"resized to {shape}", lambda t, s=shape: t.CopyFrom(_named(np.resize(array, s), t.name))
    for kind in (np.float16, np.float32, np.float64, np.int8, np.int32, np.int64, np.bool_):
        if kind != array.dtype:
            yield f"as {kind.__name__}", lambda t, k=kind: t.CopyFrom(_named(array.astype(k), t.name))
    for kind in (0, TensorProto.STRING, TensorProto.BFLOAT16, TensorProto.INT4, TensorProto.DOUBLE, 99):
        yield f"declared as type {kind}", lambda t, k=kind: setattr(t, "data_type", k)
    yield "cut off", lambda t: setattr(t, "raw_data", t.raw_data[:-1])
    yield "without content", lambda t: setattr(t, "raw_data", b"")
    yield "in another file", _external
    if array.dtype.kind == "f":
        for value in (np.nan, np.inf, -np.inf, np.finfo(array.dtype).max):
            yield f"holds {value}", lambda t, v=value: t.CopyFrom(_named(_with_last(array, v), t.name))


def _external(tensor: TensorProto) -> None:
    tensor.ClearField("raw_data")
    tensor.data_location = TensorProto.EXTERNAL
    tensor.external_data.add(key="location", value="vocabulary.txt")


def _change_tensor(place: int, change: Callable[[TensorProto], Any], model: onnx.ModelProto) -> None:
    change(model.graph.initializer[place])


def _named(array: np.ndarray, name: str) -> TensorProto:
    return numpy_helper.from_array(array, name)


def _with_last(array: np.ndarray, value: float) -> np.ndarray:
    array = array.copy()
    array.flat[-1] = value
    return array


def outcome(load: Callable[[Path], Classifier], run: Path) -> str:
    """Returns "refused" if the run is refused in a sentence, or "works" if its numbers are sound."""
    try:
        classifier = load(run)
        predictions = classifier.predict([TEXT, "good", "bad " * 60])
        explanation = classifier.explain(TEXT)
    except ArtifactError as error:
        assert str(error).endswith(".") and "\n" not in str(error)
        return "refused"
    assert all(math.isfinite(prediction.logit) for prediction in predictions)
    assert abs(explanation.residual) < 0.5  # what int8 arithmetic may lose
    return "works"


def main(first: int, step: int) -> None:
    """Tries every ``step``-th change, starting with number ``first``."""
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    with tempfile.TemporaryDirectory() as folder:
        run = tiny_run(Path(folder, "run"))
        write_onnx(tiny_weights(units=16), run / "model.onnx")  # enough units for the compiled code
        original = onnx.load(run / "model.onnx")
        loaders = {
            "single": Classifier.load,
            "session": partial(Classifier.load, open_model=lambda path, *_: open_model(path)),
            "file": load_bulk,
            "fast": partial(load_bulk, fast=True),
        }
        for name, change in [("nothing", lambda model: None), *[*changes(original)][first::step]]:
            model = onnx.ModelProto()
            model.CopyFrom(original)
            change(model)
            (run / "model.onnx").write_bytes(model.SerializeToString())
            write_manifest(run)
            for kind, load in loaders.items():
                print(f"{kind}: {name}", end=": ", flush=True)
                print(outcome(load, run), flush=True)


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
