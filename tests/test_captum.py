"""captum's integrated gradients on the same weights in PyTorch's LSTM, as an independent implementation."""

from __future__ import annotations

import numpy as np
import pytest

from sentiment.artifacts import default_run
from sentiment.model.attribution import Attributor, integrated_gradients, rescale_rule
from sentiment.model.weights import Weights, read_onnx
from sentiment.text.vocabulary import UNK
from tests.tiny import tiny_weights

torch = pytest.importorskip("torch", reason="PyTorch, which captum needs, is not installed")
captum_attr = pytest.importorskip("captum.attr", reason="captum is not installed")


def torch_model(weights: Weights):
    """Returns a function from embeddings <float64>[batch, time, embedding] to logits, with max and mean pooling."""
    lstm = torch.nn.LSTM(
        weights.embedding.shape[1], weights.units, batch_first=True, bidirectional=True, dtype=torch.float64
    )
    with torch.no_grad():
        for direction, suffix in zip(weights.directions, ("", "_reverse"), strict=True):
            getattr(lstm, f"weight_ih_l0{suffix}").copy_(torch.tensor(direction.kernel.T))
            getattr(lstm, f"weight_hh_l0{suffix}").copy_(torch.tensor(direction.recurrent.T))
            getattr(lstm, f"bias_ih_l0{suffix}").copy_(torch.tensor(direction.bias))
            getattr(lstm, f"bias_hh_l0{suffix}").zero_()
    dense = torch.tensor(weights.dense_kernel, dtype=torch.float64)

    def logits(embedded):
        states, _ = lstm(embedded)
        return torch.cat([states.amax(dim=1), states.mean(dim=1)], dim=1) @ dense + weights.dense_bias

    return logits


@pytest.mark.filterwarnings("ignore")  # of PyTorch and captum
@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("model", ["tiny", "shipped"])
def test_integrated_gradients_are_those_of_captum_and_the_limit_of_the_rescale_rule(model, seed):
    if model == "tiny":
        weights = tiny_weights(embedding=6, units=5, seed=seed)
    else:
        weights = read_onnx(default_run() / "model.onnx")
    ids = np.random.default_rng(seed).integers(UNK, min(len(weights.embedding), 500), 25).astype(np.int32)
    logits = torch_model(weights)
    embedding = torch.tensor(weights.embedding.astype(np.float64))
    text, baseline = embedding[ids.tolist()][None], embedding[[UNK] * 25][None]

    theirs = captum_attr.IntegratedGradients(logits).attribute(text, baseline, n_steps=256).sum(dim=2).numpy()[0]

    path = Attributor(weights, 30, dtype=np.float64).path([ids])
    assert path.lstm.logits(path.at(1), path.lengths)[0] == pytest.approx(float(logits(text).detach()[0]), abs=1e-9)
    ours = path.contributions(integrated_gradients(path, 256))[0]
    rescaled = path.contributions(rescale_rule(path, 64))[0]
    assert np.corrcoef(ours, theirs)[0, 1] > 0.999
    assert np.corrcoef(rescaled, theirs)[0, 1] > 0.999
