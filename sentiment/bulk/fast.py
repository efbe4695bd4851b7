"""The model in int8 arithmetic: its LSTM's weights and inputs rounded to 8 bits, everything else as it was.

Inputs are scaled by the range of the batch they run in, so a score depends a little on its batch; how much faster it is
depends on the processor's int8 instructions. It is a mode someone asks for, and the output says so.
"""

from __future__ import annotations

import logging
import tempfile
from pathlib import Path

from sentiment.classifier import Classifier


def load_fast(run: Path | str | None = None) -> Classifier:
    """The run as ``Classifier.load`` finds it, quantised dynamically on loading (ONNX Runtime's own method).

    Raises:
        ArtifactError: as ``Classifier.load``.
    """
    from onnxruntime.quantization import QuantType, quantize_dynamic  # here, for it brings much that others never use

    exact = Classifier.load(run)
    with tempfile.TemporaryDirectory(prefix="sentiment-int8-") as folder:
        graph = Path(folder, "model.onnx")
        logging.disable(logging.WARNING)  # it advises a preprocessing that this graph has no need of
        try:
            source = exact.run / "model.onnx"
            quantize_dynamic(source, graph, op_types_to_quantize=["LSTM"], weight_type=QuantType.QInt8)
        finally:
            logging.disable(logging.NOTSET)
        return Classifier(exact.run, exact.preprocessor, exact.temperature, graph=graph)
