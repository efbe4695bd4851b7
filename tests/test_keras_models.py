"""``model.keras``: the code on the cards runs, and the run lstm is the network of the usual tutorials."""

from __future__ import annotations

import math
import re

import keras
import pytest

from sentiment import model_card
from sentiment.artifacts import ROOT, open_run
from sentiment.presets import PRESETS
from sentiment.training.export import without_optimizer
from sentiment.training.networks import build_network
from tests.committed import COMMITTED

pytestmark = pytest.mark.training

TUTORIAL_LAYERS = ["Embedding", "LSTM", "Dense"]


def snippet(name: str) -> str:
    """The code on a run's card."""
    return re.search(r"```python\n(.*?)```", model_card.render(open_run(ROOT / name)), re.DOTALL)[1]


@pytest.mark.parametrize("name", COMMITTED)
def test_the_code_on_the_card_computes_a_probability_in_at_most_ten_lines(name, capsys, monkeypatch):
    monkeypatch.chdir(ROOT.parent)
    code = snippet(name)
    assert len([line for line in code.splitlines() if line]) <= 10
    names = {}
    exec(code, names)
    shown = [float(word) for word in capsys.readouterr().out.split()[-2:]]
    assert shown == pytest.approx([names["probability"], names["prediction"].probability])
    assert math.log(shown[0] / (1 - shown[0])) == pytest.approx(names["prediction"].logit, abs=1e-3)
    assert names["prediction"].label == "positive"


def test_the_code_imports_our_layers_only_if_the_model_has_them():
    assert "sentiment.training" not in snippet("lstm")
    assert "sentiment.training" in snippet("bilstm")


def test_the_lstm_preset_builds_the_network_of_the_tutorials():
    network = build_network(PRESETS["lstm"], 20)
    for each in (network, without_optimizer(network)):
        assert [type(layer).__name__ for layer in each.layers] == TUTORIAL_LAYERS
        lines = []
        each.summary(print_fn=lines.append)
        assert re.findall(r"\((\w+)\)", "\n".join(lines))[1:4] == TUTORIAL_LAYERS


def test_the_committed_lstm_has_the_network_of_the_tutorials():
    network = keras.models.load_model(ROOT / "lstm" / "model.keras")
    assert [type(layer).__name__ for layer in network.layers] == TUTORIAL_LAYERS
