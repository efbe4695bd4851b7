"""Holds the model's weights as NumPy arrays, and writes and reads them as an ONNX graph.

The graph is written node by node: Keras' own ONNX export turns a masked or bidirectional LSTM into a loop, or loses
the lengths. Padding never affects a score: the LSTM gets each review's length, and pooling uses only the steps
before it.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, get_args

import numpy as np
import numpy.typing as npt
import onnx
from google.protobuf.message import DecodeError
from onnx import TensorProto, helper, numpy_helper
from onnx.external_data_helper import uses_external_data

Pooling = Literal["last", "max", "mean"]
Float = npt.NDArray[np.float32]

_OPSET = 17
_IR_VERSION = 9  # old enough for older runtimes, and sufficient for opset 17

# Bounds on an untrusted file. The C code keeps some arrays of this many units on the stack.
_MAX_UNITS = 1_024
_MAX_EMBEDDING = 4_096  # size of an embedding
_MAX_WEIGHT = 1e6  # absolute value; no sum in the network can overflow
_STORED = {
    "embedding": (np.float16, 2),
    "lstm_w": (np.float32, 3),
    "lstm_r": (None, 3),  # float16 or float32
    "lstm_b": (np.float32, 2),
    "dense_kernel": (np.float32, 2),
    "dense_bias": (np.float32, 1),
}
_RECURRENT: dict[int, Any] = {TensorProto.FLOAT16: np.float16, TensorProto.FLOAT: np.float32}


@dataclass(frozen=True, slots=True, eq=False)
class Direction:
    """One direction of the LSTM in Keras' layout, gates in the order input, forget, cell, output.

    Attributes:
        kernel: <float32>[embedding, 4 * units]
        recurrent: <float16 or float32>[units, 4 * units]; new runs have float16, older ones float32
        bias: <float32>[4 * units]
    """

    kernel: Float
    recurrent: npt.NDArray[np.float16 | np.float32]
    bias: Float

    @property
    def units(self) -> int:
        """The number of LSTM cells."""
        return int(self.recurrent.shape[0])


@dataclass(frozen=True, slots=True, eq=False, weakref_slot=True)
class Weights:
    """Embedding -> LSTM (one direction or two) -> pooling -> Dense.

    The pooled features are, for each pooling in turn, those of the forward and then those of the backward direction.

    Attributes:
        embedding: <float16>[vocabulary, embedding], row 0 PAD, row 1 UNK
        directions: (forward,) or (forward, backward)
        pooling: the kinds of pooling of the LSTM's states over time
        dense_kernel: <float32>[len(pooling) * len(directions) * units]
        dense_bias: the last layer's bias

    Raises:
        ValueError: the shapes are inconsistent. The C code relies on them.
    """

    embedding: npt.NDArray[np.float16]
    directions: tuple[Direction, ...]
    pooling: tuple[Pooling, ...]
    dense_kernel: Float
    dense_bias: float

    def __post_init__(self) -> None:
        if len(self.directions) not in {1, 2} or self.embedding.ndim != 2:
            raise ValueError("a model has one or two directions, and embeddings with two axes")
        if not self.pooling or len({*self.pooling}) < len(self.pooling) or not {*self.pooling} <= {*get_args(Pooling)}:
            raise ValueError(f"unknown pooling: {', '.join(map(str, self.pooling))}")
        units, width = self.units, self.embedding.shape[1]
        arrays: dict[str, tuple[npt.NDArray[Any], tuple[int, ...]]] = {
            "dense_kernel": (self.dense_kernel, (self.features,))
        }
        for place, direction in enumerate(self.directions):
            arrays[f"kernel {place}"] = direction.kernel, (width, 4 * units)
            arrays[f"recurrent {place}"] = direction.recurrent, (units, 4 * units)
            arrays[f"bias {place}"] = direction.bias, (4 * units,)
        if len({direction.recurrent.dtype for direction in self.directions}) > 1:
            raise ValueError("the recurrent weights of the two directions differ in type")
        for name, (array, shape) in arrays.items():
            if array.shape != shape:
                raise ValueError(f"{name} has the shape {array.shape} instead of {shape}")

    @property
    def parameters(self) -> int:
        """The number of parameters."""
        cells = sum(each.kernel.size + each.recurrent.size + each.bias.size for each in self.directions)
        return self.embedding.size + cells + self.dense_kernel.size + 1

    @property
    def units(self) -> int:
        """The number of LSTM cells in each direction."""
        return self.directions[0].units

    @property
    def features(self) -> int:
        """The number of pooled states of a review."""
        return len(self.pooling) * len(self.directions) * self.units


def write_onnx(weights: Weights, path: Path) -> None:
    """Writes the graph ``ids <int32>[batch, time], lengths <int32>[batch] -> logit <float32>[batch]``.

    A length of 0 is outside the graph's domain; the classifier never uses it.
    """
    onnx.save(_model(weights, _nodes(weights), *_interface()), path)


def states_graph(weights: Weights) -> bytes:
    """Returns the serialized graph up to the pooled states: ``ids, lengths -> features <float32>[batch, features]``."""
    inputs, _ = _interface()
    output = helper.make_tensor_value_info("features", TensorProto.FLOAT, ["batch", weights.features])
    return bytes(_model(weights, _states(weights), inputs, [output]).SerializeToString())


def _model(
    weights: Weights,
    nodes: list[onnx.NodeProto],
    inputs: list[onnx.ValueInfoProto],
    outputs: list[onnx.ValueInfoProto],
) -> onnx.ModelProto:
    """Returns a checked model with the constants that its nodes use."""
    constants = _constants(weights)
    used = {name for node in nodes for name in node.input}
    graph = helper.make_graph(
        nodes,
        "sentiment",
        inputs,
        outputs,
        [numpy_helper.from_array(array, name) for name, array in constants.items() if name in used],
    )
    model = helper.make_model(
        graph,
        producer_name="sentiment",
        ir_version=_IR_VERSION,
        opset_imports=[helper.make_opsetid("", _OPSET)],
    )
    model.metadata_props.add(key="pooling", value=",".join(weights.pooling))
    onnx.checker.check_model(model, full_check=True)
    return model


def read_onnx(path: Path, vocabulary_size: int | None = None) -> Weights:
    """Reads and checks a file that ``write_onnx`` wrote.

    The arrays are checked for consistency, and the graph is compared with the one written for these weights. An
    untrusted file is therefore rejected unless it computes the function of our network.

    Args:
        path: the file.
        vocabulary_size: the number of ids in the run's vocabulary; not checked if None.

    Raises:
        ValueError: the file does not hold a model of this program; the message says why.
    """
    try:
        model = onnx.load(path, load_external_data=False)
        weights = _weights(model)
        _check_graph(model, weights)
        if vocabulary_size not in {None, len(weights.embedding)}:
            raise ValueError(f"{len(weights.embedding):,} embeddings for a vocabulary of {vocabulary_size:,}")
    except DecodeError as error:
        raise ValueError(f"{path.name}: it is not an ONNX file") from error
    except (KeyError, IndexError, TypeError, ValueError, OverflowError, onnx.checker.ValidationError) as error:
        raise ValueError(f"{path.name}: {error}") from error
    return weights


def _weights(model: onnx.ModelProto) -> Weights:
    """Returns the weights in a model's initializers, after checking their types, bounds and finiteness."""
    tensors = {tensor.name: tensor for tensor in model.graph.initializer}
    if missing := _STORED.keys() - tensors.keys():
        raise ValueError(f"it lacks {', '.join(sorted(missing))}")
    if (kind := tensors["lstm_r"].data_type) not in _RECURRENT:
        raise ValueError("lstm_r has the wrong type or number of axes")
    held = {name: _array(tensors[name], dtype or _RECURRENT[kind], ndim) for name, (dtype, ndim) in _STORED.items()}
    for name, array in held.items():
        if not np.isfinite(array).all() or (array.dtype == np.float32 and np.abs(array).max() > _MAX_WEIGHT):
            raise ValueError(f"{name} holds numbers that are not finite, or too large")
    pooling = {entry.key: entry.value for entry in model.metadata_props}.get("pooling", "").split(",")
    w, r, b, dense = (held[name] for name in ("lstm_w", "lstm_r", "lstm_b", "dense_kernel"))
    directions, units, width = len(w), r.shape[2], w.shape[2]
    if not (1 <= units <= _MAX_UNITS and 1 <= width <= _MAX_EMBEDDING and len(held["embedding"]) >= 2):
        raise ValueError(f"{units:,} units or embeddings of size {width:,} are out of bounds")
    if (len(r), b.shape, dense.shape[1:], held["dense_bias"].shape) != (
        directions,
        (directions, 8 * units),
        (1,),
        (1,),
    ):
        raise ValueError("the shapes of its arrays are inconsistent")
    return Weights(
        held["embedding"],
        tuple(
            Direction(*(reorder(array, "iofc", "ifco") for array in (w[place].T, r[place].T, b[place, : 4 * units])))
            for place in range(directions)
        ),
        tuple(pooling),  # checked by Weights
        dense[:, 0],
        float(held["dense_bias"][0]),
    )


def _array(tensor: onnx.TensorProto, dtype: Any, ndim: int) -> npt.NDArray[Any]:
    """Returns an initializer as an array, after checking its type and number of axes."""
    if uses_external_data(tensor):
        raise ValueError(f"{tensor.name} is in another file")
    if tensor.data_type != helper.np_dtype_to_tensor_dtype(np.dtype(dtype)) or len(tensor.dims) != ndim:
        raise ValueError(f"{tensor.name} has the wrong type or number of axes")
    array = numpy_helper.to_array(tensor)
    if array.shape != tuple(tensor.dims) or not array.size:  # NumPy would infer a negative size
        raise ValueError(f"{tensor.name} has the shape {tuple(tensor.dims)}")
    return array


def _check_graph(model: onnx.ModelProto, weights: Weights) -> None:
    """Checks that the graph and its constants are those that ``write_onnx`` writes for these weights."""
    graph, nodes, (inputs, outputs) = model.graph, _nodes(weights), _interface()
    opsets = [(opset.domain, opset.version) for opset in model.opset_import]
    if (list(graph.node), list(graph.input), list(graph.output), opsets) != (nodes, inputs, outputs, [("", _OPSET)]):
        raise ValueError("its graph is not one of this program")
    if model.functions or graph.sparse_initializer:
        raise ValueError("it has functions or sparse arrays")
    used = {name for node in nodes for name in node.input}
    expected = {name: array for name, array in _constants(weights).items() if name in used}
    if sorted(tensor.name for tensor in graph.initializer) != sorted(expected):
        raise ValueError("its constants are not those of this program")
    for tensor in graph.initializer:
        array = expected[tensor.name]
        if tensor.name != "embedding" and not np.array_equal(_array(tensor, array.dtype, array.ndim), array):
            raise ValueError(f"{tensor.name} is not what this program writes")


def _nodes(weights: Weights) -> list[onnx.NodeProto]:
    """Returns the nodes from ids and lengths to the logit."""
    return [
        *_states(weights),
        helper.make_node("Gemm", ["features", "dense_kernel", "dense_bias"], ["logit_column"]),
        helper.make_node("Squeeze", ["logit_column", "axis_1"], ["logit"]),
    ]


def _states(weights: Weights) -> list[onnx.NodeProto]:
    """Returns the nodes from ids and lengths to ``features``."""
    return [*_encoder(weights), *_pooling(weights.pooling)]


def _interface() -> tuple[list[onnx.ValueInfoProto], list[onnx.ValueInfoProto]]:
    """Returns the graph's inputs and outputs."""
    return [
        helper.make_tensor_value_info("ids", TensorProto.INT32, ["batch", "time"]),
        helper.make_tensor_value_info("lengths", TensorProto.INT32, ["batch"]),
    ], [helper.make_tensor_value_info("logit", TensorProto.FLOAT, ["batch"])]


def _constants(weights: Weights) -> dict[str, npt.NDArray[Any]]:
    """Returns the graph's arrays by name. ONNX orders the gates input, output, forget, cell."""
    lstm = weights.directions
    onnx_order = [(reorder(d.kernel, "ifco", "iofc"), reorder(d.recurrent, "ifco", "iofc")) for d in lstm]
    biases = [reorder(d.bias, "ifco", "iofc") for d in lstm]
    return {
        "embedding": weights.embedding.astype(np.float16),
        "lstm_w": np.stack([w.T for w, _ in onnx_order]),
        "lstm_r": np.stack([r.T for _, r in onnx_order]),
        "lstm_b": np.stack([np.concatenate([b, np.zeros_like(b)]) for b in biases]),
        "dense_kernel": weights.dense_kernel.astype(np.float32)[:, None],
        "dense_bias": np.array([weights.dense_bias], np.float32),
        "axis_1": np.array([1], np.int64),
        "zero": np.array(0, np.int64),
        "one": np.array(1, np.int64),
        "index_time": np.array(1, np.int64),
        "mask_axes": np.array([1, 3], np.int64),
        "lowest": np.array(np.finfo(np.float32).min, np.float32),
        "nothing": np.array(0, np.float32),
        "flat": np.array([0, -1], np.int64),
        "axis_0": np.array([0], np.int64),
    }


def _encoder(weights: Weights) -> list[onnx.NodeProto]:
    """Returns the nodes from ids to ``states`` [time, directions, batch, units] and ``last``, without time."""
    direction = "bidirectional" if len(weights.directions) == 2 else "forward"
    half = weights.directions[0].recurrent.dtype == np.float16
    return [
        *([helper.make_node("Cast", ["lstm_r"], ["lstm_r_32"], to=TensorProto.FLOAT)] if half else []),
        helper.make_node("Gather", ["embedding", "ids"], ["embedded_16"]),
        helper.make_node("Cast", ["embedded_16"], ["embedded"], to=TensorProto.FLOAT),
        helper.make_node("Transpose", ["embedded"], ["by_time"], perm=[1, 0, 2]),
        helper.make_node(
            "LSTM",
            ["by_time", "lstm_w", "lstm_r_32" if half else "lstm_r", "lstm_b", "lengths"],
            ["states", "last"],
            hidden_size=weights.units,
            direction=direction,
        ),
    ]


def _pooling(pooling: tuple[Pooling, ...]) -> list[onnx.NodeProto]:
    """Returns the nodes from the LSTM's states to ``features`` [batch, len(pooling) * directions * units]."""
    make = helper.make_node
    mask = [  # [time, 1, batch, 1], True before the review's end
        make("Shape", ["ids"], ["shape"]),
        make("Gather", ["shape", "index_time"], ["time"]),
        make("Range", ["zero", "time", "one"], ["steps"]),
        make("Cast", ["lengths"], ["lengths_64"], to=TensorProto.INT64),
        make("Unsqueeze", ["steps", "axis_1"], ["steps_column"]),
        make("Less", ["steps_column", "lengths_64"], ["inside_flat"]),
        make("Unsqueeze", ["inside_flat", "mask_axes"], ["inside"]),
    ]
    reduce = {
        "last": [make("Identity", ["last"], ["pooled_last"])],
        "max": [
            make("Where", ["inside", "states", "lowest"], ["states_or_lowest"]),
            make("ReduceMax", ["states_or_lowest"], ["pooled_max"], axes=[0], keepdims=0),
        ],
        "mean": [
            make("Where", ["inside", "states", "nothing"], ["states_or_zero"]),
            make("ReduceSum", ["states_or_zero", "axis_0"], ["summed"], keepdims=0),
            make("Cast", ["lengths"], ["lengths_float"], to=TensorProto.FLOAT),
            make("Unsqueeze", ["lengths_float", "axis_1"], ["lengths_column"]),
            make("Div", ["summed", "lengths_column"], ["pooled_mean"]),
        ],
    }
    nodes = [] if pooling == ("last",) else mask
    for name in pooling:
        nodes += reduce[name]
        nodes += [
            make("Transpose", [f"pooled_{name}"], [f"by_review_{name}"], perm=[1, 0, 2]),
            make("Reshape", [f"by_review_{name}", "flat"], [f"features_{name}"]),
        ]
    return [*nodes, make("Concat", [f"features_{name}" for name in pooling], ["features"], axis=1)]


def reorder(array: npt.NDArray[Any], have: str, want: str) -> npt.NDArray[Any]:
    """Reorders the gates along the last axis; ``have`` and ``want`` name them by letter."""
    blocks = dict(zip(have, np.split(array, 4, axis=-1), strict=True))
    return np.ascontiguousarray(np.concatenate([blocks[gate] for gate in want], axis=-1))


def by_gate(array: npt.NDArray[Any]) -> npt.NDArray[Any]:
    """Returns the gates along the last axis as <float>[4, ...], in the order output, input, forget, cell."""
    i, f, g, o = np.split(array, 4, axis=-1)
    return np.stack([o, i, f, g])


def tanh_gates(array: npt.NDArray[Any], dtype: type[np.floating[Any]]) -> npt.NDArray[Any]:
    """Returns the gates along the last axis as <float>[4, ...], scaled so that one ``tanh`` serves all four.

    The order is that of ``by_gate``. The first three have a sigmoid and are scaled by one half, because
    ``sigmoid(z) = (1 + tanh(z / 2)) / 2``.
    """
    gates = by_gate(array.astype(dtype))
    gates[:3] /= 2
    return gates
