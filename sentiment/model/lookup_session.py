"""Scores files with a lookup table for the input half of the LSTM.

A token's input to the gates, ``embedding @ kernel + bias``, depends on the token alone. A table with a row per word
of the vocabulary is computed on loading, which saves half of the LSTM's arithmetic. ONNX Runtime's own LSTM takes no
such table, so the recurrence is written as an ONNX Scan over the steps of a batch. This is faster for many reviews at a
time; a single one is faster with ``single_review.py``. Both agree up to rounding.

With ``fast`` the other half is computed in int8: by ``native/batch.py`` if the processor has instructions for it,
otherwise here. A weight is quantized to 127 steps, scaled by its column's maximum, so that no processor's int8
instructions overflow. A hidden state, which is between -1 and 1, is quantized to 255 steps. The scales do not depend on
the data, so a review's score does not depend on its batch. The table is stored in float16.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import onnxruntime as ort
from onnx import TensorProto, helper, numpy_helper

from sentiment.model.classifier import Classifier
from sentiment.model.native.batch import compiled_batch
from sentiment.model.session import Model, session_options
from sentiment.model.weights import Weights
from sentiment.system import return_freed_memory

_INT8 = 63  # largest quantized weight: the sum of two products of 255 and 63 fits the 16 bits in which AVX2 adds them
_STATE = 127  # steps of a hidden state on either side of zero
_BELOW_ALL = -2.0  # below every hidden state, the initial value of a maximum

_BATCH_TOKENS = 32_768  # in a batch: more than for ``model.onnx``, because a step of few reviews is mostly overhead

_make = helper.make_node


def load_bulk(run: Path | str | None = None, *, fast: bool = False, threads: int | None = None) -> Classifier:
    """Loads a run for scoring files; otherwise like ``Classifier.load``.

    Args:
        run: the run's folder; if None, the one that ``default`` names.
        fast: whether to compute in int8.
        threads: see ``Classifier``.

    Raises:
        ArtifactError: as ``Classifier.load``.
    """
    open_model = _open_fast if fast else _open_exact
    classifier = Classifier.load(run, threads=threads, open_model=open_model, batch_tokens=_BATCH_TOKENS)
    return_freed_memory()  # 85 MB of inputs to the table
    return classifier


def _open_exact(path: Path, weights: Callable[[], Weights]) -> Model:
    return open_lookup_session(weights())


def _open_fast(path: Path, weights: Callable[[], Weights]) -> Model:
    return compiled_batch(weights()) or open_lookup_session(weights(), fast=True)


def open_lookup_session(weights: Weights, *, fast: bool = False) -> ort.InferenceSession:
    """Opens a session with the interface of ``session.Model``, in int8 if ``fast``."""
    nodes = _nodes(weights, fast=fast)
    steps = [attribute.g for node in nodes for attribute in node.attribute if attribute.name == "body"]
    used = {name for node in [*nodes, *(node for step in steps for node in step.node)] for name in node.input}
    model = helper.make_model(
        helper.make_graph(
            nodes,
            "lookup",
            [_value("ids", ["batch", "time"], np.int32), _value("lengths", ["batch"], np.int32)],
            [_value("logit", ["batch"])],
            [numpy_helper.from_array(a, name) for name, a in _arrays(weights, fast=fast).items() if name in used],
        ),
        ir_version=9,
        opset_imports=[helper.make_opsetid("", 17), helper.make_opsetid("com.microsoft", 1)],
    )
    options = session_options()
    options.enable_cpu_mem_arena = False  # threads that share the session would contend for it
    return ort.InferenceSession(model.SerializeToString(), options, providers=["CPUExecutionProvider"])


def _arrays(weights: Weights, *, fast: bool) -> dict[str, npt.NDArray[Any]]:
    """Returns the constants by name, with gates in the order input, forget, cell, output."""
    units = weights.units
    arrays: dict[str, npt.NDArray[Any]] = {
        "embedding": weights.embedding,
        "dense_kernel": weights.dense_kernel.astype(np.float32)[:, None],
        "dense_bias": np.array([weights.dense_bias], np.float32),
        "units": np.array([units], np.int64),
        "zero": np.array(0, np.int64),
        "one": np.array(1, np.int64),
        "axis_1": np.array([1], np.int64),
        "axis_2": np.array([2], np.int64),
        "unit": np.array(1, np.float32),
        "drop": np.array(-2 * _BELOW_ALL, np.float32),
        "state_scale": np.array(1 / _STATE, np.float32),
        "state_zero": np.array(_STATE + 1, np.uint8),
    }
    for place, direction in enumerate(weights.directions):
        recurrent = direction.recurrent.astype(np.float32)
        arrays |= {
            f"kernel_{place}": direction.kernel,
            f"bias_{place}": direction.bias,
            f"recurrent_{place}": recurrent,
        }
        if fast:
            scale = np.maximum(np.abs(recurrent).max(0) / _INT8, np.finfo(np.float32).tiny)
            arrays |= {f"recurrent_{place}": np.rint(recurrent / scale).astype(np.int8), f"scale_{place}": scale}
    return arrays


def _table(place: int, *, fast: bool) -> list[Any]:
    """Returns the nodes for a direction's table [vocabulary, 4 * units]; constant folding evaluates it on loading."""
    nodes = [_make("Gemm", ["embedding_32", f"kernel_{place}", f"bias_{place}"], [f"table_{place}"])]
    if fast:
        nodes[-1].output[0] = f"table_32_{place}"
        nodes.append(_make("Cast", [f"table_32_{place}"], [f"table_{place}"], to=TensorProto.FLOAT16))
    return nodes


def _nodes(weights: Weights, *, fast: bool) -> list[Any]:
    """Returns the nodes from ids and lengths to the logit."""
    below_all = numpy_helper.from_array(np.array([_BELOW_ALL], np.float32))
    nodes = [
        _make("Cast", ["embedding"], ["embedding_32"], to=TensorProto.FLOAT),
        _make("Transpose", ["ids"], ["words_0"], perm=[1, 0]),  # [time, batch]
        _make("Cast", ["lengths"], ["lengths_64"], to=TensorProto.INT64),
        _make("ReverseSequence", ["words_0", "lengths_64"], ["words_1"], time_axis=0, batch_axis=1),
        _make("Shape", ["words_0"], ["shape"]),
        _make("Split", ["shape"], ["time", "batch"], axis=0),
        _make("Squeeze", ["time"], ["steps"]),
        _make("Range", ["zero", "steps", "one"], ["places"]),
        _make("Unsqueeze", ["places", "axis_1"], ["place_column"]),
        _make("Less", ["place_column", "lengths_64"], ["inside_flat"]),
        _make("Unsqueeze", ["inside_flat", "axis_2"], ["inside"]),
        _make("Cast", ["inside"], ["read"], to=TensorProto.FLOAT),  # [time, batch, 1]: 1 inside the review, then 0
        _make("Sub", ["read", "unit"], ["read_less_1"]),
        _make("Mul", ["read_less_1", "drop"], ["lower"]),  # 0 inside the review, then below all states
        _make("Concat", ["batch", "units"], ["state_shape"], axis=0),
        _make("ConstantOfShape", ["state_shape"], ["start"]),
        _make("ConstantOfShape", ["state_shape"], ["lowest"], value=below_all),
        _make("Cast", ["lengths"], ["lengths_float"], to=TensorProto.FLOAT),
        _make("Unsqueeze", ["lengths_float", "axis_1"], ["length_column"]),
    ]
    places = range(len(weights.directions))
    begin = ["lowest" if kind == "max" else "start" for kind in weights.pooling]
    for place in places:
        gathered = [f"{kind}_{place}" for kind in weights.pooling]
        nodes += [
            *_table(place, fast=fast),
            _make(
                "Scan",
                ["start", "start", *begin, f"words_{place}", "inside", "read", "lower"],
                [f"hidden_{place}", f"cell_{place}", *gathered],
                body=_step(weights, place, fast=fast),
                num_scan_inputs=4,
            ),
        ]
    pooled = []
    for kind in weights.pooling:
        for place in places:
            pooled.append(f"{kind}_{place}")
            if kind == "mean":
                nodes.append(_make("Div", [pooled[-1], "length_column"], [f"mean_of_{place}"]))
                pooled[-1] = f"mean_of_{place}"
    return [
        *nodes,
        _make("Concat", pooled, ["features"], axis=1),
        _make("Gemm", ["features", "dense_kernel", "dense_bias"], ["logit_column"]),
        _make("Squeeze", ["logit_column", "axis_1"], ["logit"]),
    ]


def _step(weights: Weights, place: int, *, fast: bool) -> Any:
    """Returns the graph of one step of one direction over a batch, which also updates each pooling."""
    nodes = [_make("Gather", [f"table_{place}", "word"], ["looked_up"])]
    if fast:
        nodes += [
            _make("Cast", ["looked_up"], ["by_word"], to=TensorProto.FLOAT),
            _make("QuantizeLinear", ["h", "state_scale", "state_zero"], ["h_int8"]),
            _make(
                "MatMulIntegerToFloat",
                ["h_int8", f"recurrent_{place}", "state_scale", f"scale_{place}", "state_zero"],
                ["by_state"],
                domain="com.microsoft",
            ),
            _make("Add", ["by_state", "by_word"], ["z"]),
        ]
    else:
        nodes.append(_make("Gemm", ["h", f"recurrent_{place}", "looked_up"], ["z"]))
    nodes += [
        _make("Split", ["z"], ["z_i", "z_f", "z_g", "z_o"], axis=1),
        *(_make("Sigmoid", [f"z_{gate}"], [gate]) for gate in "ifo"),
        _make("Tanh", ["z_g"], ["g"]),
        _make("Mul", ["f", "c"], ["kept"]),
        _make("Mul", ["i", "g"], ["written"]),
        _make("Add", ["kept", "written"], ["c_next"]),
        _make("Tanh", ["c_next"], ["tanh_c"]),
        _make("Mul", ["o", "tanh_c"], ["h_next"]),
    ]
    gather = {
        "last": [_make("Where", ["in", "h_next", "last"], ["last_next"])],
        "max": [_make("Add", ["h_next", "below"], ["candidate"]), _make("Max", ["max", "candidate"], ["max_next"])],
        "mean": [_make("Mul", ["h_next", "counts"], ["counted"]), _make("Add", ["mean", "counted"], ["mean_next"])],
    }
    for kind in weights.pooling:
        nodes += gather[kind]
    states = ["h", "c", *weights.pooling]
    shape, column = ["batch", weights.units], ["batch", 1]
    return helper.make_graph(
        nodes,
        f"step_{place}",
        [_value(name, shape) for name in states]
        + [_value("word", ["batch"], np.int32), _value("in", column, np.bool_)]
        + [_value("counts", column), _value("below", column)],
        [_value(f"{name}_next", shape) for name in states],
    )


def _value(name: str, shape: list[Any], kind: Any = np.float32) -> Any:
    return helper.make_tensor_value_info(name, helper.np_dtype_to_tensor_dtype(np.dtype(kind)), shape)
