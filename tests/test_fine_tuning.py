"""Fine-tuning of a run on a user's labels: new words, rehearsal, the pull to the start, and metrics of small data."""

from __future__ import annotations

import dataclasses
from collections import Counter
from pathlib import Path

import numpy as np
import pytest

pytestmark = [pytest.mark.training, pytest.mark.process]  # a run asks git for its commit
pytest.importorskip("tensorflow")

import keras  # noqa: E402

from sentiment import Classifier, dataset  # noqa: E402
from sentiment.artifacts import open_run  # noqa: E402
from sentiment.commands import run_command  # noqa: E402
from sentiment.presets import fine_tuning  # noqa: E402
from sentiment.text.vocabulary import UNK, Vocabulary  # noqa: E402
from sentiment.training.callbacks import PULL, PullToStart  # noqa: E402
from sentiment.training.fine_tuning import grown_vocabulary, grown_weights, rehearsed  # noqa: E402
from sentiment.training.job import Job  # noqa: E402
from sentiment.training.run import train  # noqa: E402
from sentiment.training.teachers import read_weights, run_logits  # noqa: E402
from tests.tiny import WORDS, tiny_run, tiny_weights  # noqa: E402


def kettle_comments(folder: Path, rows: int = 150) -> Path:
    """Comments whose opinion is a word that is not in the start's vocabulary."""
    rng = np.random.default_rng(0)
    lines = ["comment,label"]
    for row in range(rows):
        filler = " ".join(rng.choice(["the", "film", "is", "a"], 5))
        lines.append(f"{filler} {'splendid' if row % 2 else 'leaky'} number{row},{'good' if row % 2 else 'bad'}")
    path = folder / "kettles.csv"
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dataset.Dataset]:
    folder = tmp_path_factory.mktemp("fine-tuned")
    start = open_run(tiny_run(folder / "start", weights=tiny_weights(len(WORDS) + 2, embedding=8, units=6)))
    data = dataset.load(kettle_comments(folder), seed=0)
    preset = dataclasses.replace(fine_tuning("start", read_weights(start), 50), learning_rate=0.05, epochs=4)
    more = {"rehearsal": ["the film is good", "a dull film", "!"] * 4, "about": "comments on kettles"}
    return train(Job(preset, data, folder / "mine", 1, 0, "train.py ...", start, **more)), data


def test_new_words_of_the_user_s_texts_are_learned(trained: tuple[Path, dataset.Dataset]) -> None:
    folder, data = trained
    assert {"splendid", "leaky"} <= set(Vocabulary.read(folder / "vocabulary.txt").tokens)
    found = Classifier.load(folder).predict(data.test["text"])
    right = [(each.label == "positive") == label for each, label in zip(found, data.test["label"], strict=True)]
    assert np.mean(right) > 0.9


def test_small_data_have_cross_validated_metrics_and_only_unsure_predictions(
    trained: tuple[Path, dataset.Dataset],
) -> None:
    run, data = open_run(trained[0]), trained[1]
    figures = run.json("metrics.json")
    assert figures["cross-validation"]["n"] == len(data.train) + len(data.validation)
    assert figures["cross-validation"]["accuracy"] > 0.8
    card = (run.path / "README.md").read_text(encoding="utf-8")
    assert "| Metric | cross-validation |" in card
    assert "comments on kettles" in card
    assert len(data.validation) < 40
    assert "tested on only" in card
    assert {each.confidence for each in Classifier.load(run.path).predict(["splendid splendid", "leaky"])} == {"unsure"}


def test_a_new_word_starts_with_the_embedding_of_unknown_words_and_old_ids_stay() -> None:
    known = Vocabulary(WORDS)
    grown = grown_vocabulary(known, Counter({"leaky": 3, "film": 9, "once": 1, "lid": 3}), max_size=13, min_count=2)
    assert grown.tokens == (*WORDS, "leaky")
    weights = tiny_weights()
    larger = grown_weights(weights, grown)
    assert np.array_equal(larger.embedding[:-1], weights.embedding)
    assert np.array_equal(larger.embedding[-1], weights.embedding[UNK])


def test_rehearsed_texts_have_the_start_s_predictions_as_targets(tmp_path: Path) -> None:
    start = open_run(tiny_run(tmp_path / "start"))
    grown = Vocabulary([*WORDS, "leaky"])
    found = rehearsed(start, ["the film is leaky", "", "good"], grown, 50)
    old = Vocabulary(WORDS)
    logits = run_logits(start, [old.encode(["the", "film", "is", "leaky"]), old.encode(["good"])])
    assert np.allclose(found.targets, 1 / (1 + np.exp(-logits)), atol=1e-6)
    expected = [grown.encode(text.split()).tolist() for text in ("the film is leaky", "good")]  # without the empty text
    assert [ids.tolist() for ids in found.ids] == expected


def test_the_weights_are_pulled_towards_those_of_the_start() -> None:
    rate = 0.5
    network = keras.Sequential([keras.Input((1,)), keras.layers.Dense(1, use_bias=False)])
    network.compile(optimizer=keras.optimizers.SGD(rate), loss="mse")
    pull = PullToStart(network)
    pull.set_model(network)
    [start] = (float(np.array(weight)[0, 0]) for weight in network.trainable_variables)
    network.trainable_variables[0].assign([[start + 1.0]])
    pull.on_train_batch_end(0)
    assert float(np.array(network.trainable_variables[0])[0, 0]) == pytest.approx(start + 1.0 - PULL * rate)


def test_adapt_saves_no_run_if_too_few_test_labels_support_it(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    tiny_run(tmp_path / "start", weights=tiny_weights(len(WORDS) + 2, embedding=8, units=6))
    options = ["--data", str(kettle_comments(tmp_path, 60)), "--start", str(tmp_path / "start"), "--method", "full"]
    assert run_command("adapt", [*options, "--output", str(tmp_path / "mine")], "adapt") == 1
    assert "12 labels are too few" in capsys.readouterr().out
    assert not (tmp_path / "mine").exists()
