"""docs/tutorial.ipynb runs from start to end, and its saved outputs are of our own sentences."""

from __future__ import annotations

import csv
import json
from pathlib import Path
from typing import Any

import pytest

from dev.documents import notebook
from sentiment.artifacts import ROOT

pytestmark = pytest.mark.training

FILM = ("A {} film about a lighthouse.", "The acting is {}.", "What a {} evening at the cinema.<br /><br />{} indeed.")
WORDS = {"positive": ("warm", "funny", "lovely", "brilliant"), "negative": ("dull", "awful", "clumsy", "boring")}


def committed() -> dict[str, Any]:
    """The notebook as it is in the repository."""
    return json.loads(notebook.NOTEBOOK.read_text(encoding="utf-8"))


def outputs(document: dict[str, Any]) -> str:
    """The text of all outputs of a notebook."""
    shown = [output for cell in document["cells"] for output in cell.get("outputs", [])]
    return "".join("".join(each.get("text", each.get("data", {}).get("text/plain", ""))) for each in shown)


def kaggle_file(path: Path) -> None:
    """Writes sentences of our own in the format of the Kaggle download."""
    rows = [
        (sentence.format(word, word), label)
        for label, words in WORDS.items()
        for word in words
        for sentence in (*FILM, *(f"{sentence} Number {n}." for sentence in FILM for n in range(4)))
    ]
    with path.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows([("review", "sentiment"), *rows])


@pytest.mark.parametrize("kaggle", [True, False], ids=["a Kaggle file", "our own sentences"])
def test_the_notebook_runs_from_start_to_end(kaggle, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    if kaggle:
        kaggle_file(tmp_path / "IMDB Dataset.csv")
    document = committed()
    names = notebook.run(document)
    assert len(names["reviews"]) == (120 if kaggle else 314)
    assert [layer.name.split("_")[0] for layer in names["model"].layers] == ["embedding", "lstm", "dense"]
    assert names["by_hand"] == pytest.approx(names["prediction"].probability, abs=1e-6)
    assert names["by_keras"] == pytest.approx(names["sigmoid"](names["prediction"].logit), abs=1e-4)
    assert "with calibration" in outputs(document)


def test_the_notebook_is_committed_with_the_outputs_of_our_own_sentences():
    document = committed()
    cells = [cell for cell in document["cells"] if cell["cell_type"] == "code"]
    assert [cell["execution_count"] for cell in cells] == list(range(1, len(cells) + 1))
    assert "accuracy on 63 test reviews" in outputs(document)
    assert str(ROOT.parent) not in json.dumps(document)
    assert (document["nbformat"], len({cell["id"] for cell in document["cells"]})) == (4, len(document["cells"]))


def test_the_network_of_the_tutorial_is_an_embedding_an_lstm_and_a_sigmoid():
    code = "".join("".join(cell["source"]) for cell in committed()["cells"])
    layers = ("layers.Embedding(", "layers.LSTM(", 'layers.Dense(1, activation="sigmoid")')
    places = [code.index(layer) for layer in layers]
    assert places == sorted(places)
    assert 'optimizer="adam", loss="binary_crossentropy"' in code
