"""Training promises: the same seed gives the same run, a break loses nothing, and what is sealed can be served."""

from __future__ import annotations

import csv
import dataclasses
import json
import shutil
import signal
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace
from zipfile import ZIP_DEFLATED, ZipFile

import numpy as np
import pandas as pd
import pytest

pytestmark = [pytest.mark.training, pytest.mark.process]  # a run asks git for its commit
pytest.importorskip("tensorflow")

import keras  # noqa: E402

from dev.documents import run_records  # noqa: E402
from sentiment import Classifier, dataset  # noqa: E402
from sentiment.artifacts import open_run  # noqa: E402
from sentiment.presets import BILSTM, DEEP, LSTM, PartError, leave_out  # noqa: E402
from sentiment.tables.reading import Reading  # noqa: E402
from sentiment.text.negation import TRAINING_NEGATORS  # noqa: E402
from sentiment.text.preprocessor import Preprocessor  # noqa: E402
from sentiment.text.vocabulary import Vocabulary  # noqa: E402
from sentiment.training import export, hints, language_model  # noqa: E402
from sentiment.training import run as training_run  # noqa: E402
from sentiment.training.corpus import Corpus  # noqa: E402
from sentiment.training.counterfactuals import FORMS  # noqa: E402
from sentiment.training.deep_teacher import DeepTeacher  # noqa: E402
from sentiment.training.examples import NONE, Examples  # noqa: E402
from sentiment.training.fit import OtherSettingsError, StoppedError  # noqa: E402
from sentiment.training.job import Job  # noqa: E402
from sentiment.training.run import train  # noqa: E402
from sentiment.training.unlabelled import _crops, read_by_teachers  # noqa: E402
from tests.breaking import broken_off, interrupted  # noqa: E402
from tests.command import run_script  # noqa: E402
from tests.tiny import tiny_run  # noqa: E402

ROOT = Path(__file__).resolve().parent.parent
SMALL = {
    "embedding_size": 8, "units": 6, "batch_size": 16, "epochs": 3, "patience": 3, "min_count": 1,
    "learning_rate": 0.02, "train_length": 12, "max_length": 20,
}  # fmt: skip
TINY = dataclasses.replace(BILSTM, **SMALL)
TINY_LSTM = dataclasses.replace(LSTM, **SMALL)


@pytest.fixture(scope="module")
def labelled_csv(tmp_path_factory):
    """400 short reviews in our own words, told apart by one word each."""
    rng = np.random.default_rng(3)
    filler = [
        "the",
        "a",
        "film",
        "story",
        "actor",
        "scene",
        "we",
        "saw",
        "it",
        "was",
        "on",
        "tuesday",
        "and",
        "then",
        "they",
        "left",
    ]
    path = tmp_path_factory.mktemp("data") / "own.csv"
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["comment", "verdict"])
        for i in range(400):
            words = list(rng.choice(filler, rng.integers(3, 18)))
            opinion = rng.choice(["splendid", "moving", "fun"] if i % 2 else ["dreadful", "tedious", "limp"])
            words.insert(int(rng.integers(len(words) + 1)), opinion)
            writer.writerow([f"{' '.join(words)} {i}", "positive" if i % 2 else "negative"])
    return path


@pytest.fixture(scope="module")
def reviews(labelled_csv):
    return dataset.load(labelled_csv, Reading(text_column="comment", label_column="verdict"))


def run(reviews, output, preset=TINY, seed=1, split_seed=0, tensorboard=False):
    return train(Job(preset, reviews, output, seed, split_seed, "python scripts/train.py ...", tensorboard=tensorboard))


@pytest.fixture(scope="module")
def finished(reviews, tmp_path_factory):
    return run(reviews, tmp_path_factory.mktemp("runs") / "first", tensorboard=True)


def history(folder):
    with (folder / "history.csv").open(encoding="utf-8") as file:
        return [{k: v for k, v in row.items() if k != "seconds"} for row in csv.DictReader(file)]


def logits(folder, texts):
    return np.array([p.logit for p in Classifier.load(folder).predict(texts)])


def test_a_finished_run_can_be_served_and_has_learnt(finished, reviews):
    predictions = Classifier.load(finished).predict(reviews.test["text"])
    right = [p.label == ("positive" if label else "negative") for p, label in zip(
        predictions, reviews.test["label"], strict=True
    )]  # fmt: skip
    assert np.mean(right) > 0.9


def test_a_finished_run_holds_every_part_and_no_review(finished, reviews):
    held = set(open_run(finished).manifest["files"])
    assert held >= {
        "model.onnx", "model.keras", "vocabulary.txt", "config.json", "history.csv", "steps.csv", "metrics.json",
        "predictions.parquet", "dataset.json", "metadata.json",
    }  # fmt: skip
    text = reviews.train["text"].iloc[0].encode()
    assert not any(text in path.read_bytes() for path in finished.iterdir() if path.is_file())


def test_tensorboard_logs_are_written_where_they_are_asked_for(finished):
    assert {path.parent.name for path in finished.glob("logs/*/events.out.tfevents.*")} == {"train", "validation"}


def test_the_keras_file_opens_in_safe_mode_and_agrees_with_the_served_model(finished, reviews):
    network = keras.saving.load_model(finished / "model.keras", safe_mode=True)
    classifier = Classifier.load(finished)
    ids = [classifier.preprocessor.ids(text)[0] for text in reviews.test["text"]]
    padded = keras.utils.pad_sequences(ids, padding="post")
    expected = 1 / (1 + np.exp(-classifier.logits(ids)))
    np.testing.assert_allclose(network.predict(padded, verbose=0)[:, 0], expected, atol=1e-5)


def test_the_keras_file_is_packed(finished):
    with ZipFile(finished / "model.keras") as archive:
        assert {member.compress_type for member in archive.infolist()} == {ZIP_DEFLATED}


def test_the_same_seed_gives_the_same_run_and_another_seed_another(finished, reviews, tmp_path):
    texts = list(reviews.test["text"])
    np.testing.assert_allclose(logits(run(reviews, tmp_path / "again"), texts), logits(finished, texts), atol=1e-5)
    assert np.abs(logits(run(reviews, tmp_path / "other", seed=2), texts) - logits(finished, texts)).max() > 1e-3


@pytest.mark.parametrize("preset", [TINY, TINY_LSTM], ids=["bilstm", "lstm"])
def test_a_run_broken_off_goes_on_from_its_last_epoch_and_ends_where_the_unbroken_one_ends(
    preset, finished, reviews, tmp_path, monkeypatch
):
    unbroken = finished if preset is TINY else run(reviews, tmp_path / "unbroken", preset)
    with broken_off(monkeypatch), pytest.raises(StoppedError) as stop:
        run(reviews, tmp_path / "broken", preset)
    assert stop.value.epoch == 1
    assert stop.value.network is not None
    broken = run(reviews, tmp_path / "broken", preset)
    assert history(broken) == history(unbroken)
    assert [row.rsplit(",", 1)[0] for row in (broken / "steps.csv").read_text().splitlines()] == [
        row.rsplit(",", 1)[0] for row in (unbroken / "steps.csv").read_text().splitlines()
    ]
    texts = list(reviews.test["text"])
    np.testing.assert_allclose(logits(broken, texts), logits(unbroken, texts), atol=1e-5)


def test_a_training_begun_with_other_settings_is_not_taken_up(finished, reviews, tmp_path):
    folder = shutil.copytree(finished, tmp_path / "run")
    with pytest.raises(OtherSettingsError):
        run(reviews, folder, dataclasses.replace(TINY, epochs=1))
    with pytest.raises(OtherSettingsError):
        run(reviews, folder, TINY, split_seed=1)


def test_a_training_broken_off_before_its_first_epoch_is_not_taken_up_with_other_settings_either(
    reviews, tmp_path, monkeypatch
):
    with monkeypatch.context() as patch, pytest.raises(KeyboardInterrupt):
        patch.setattr(training_run, "fit", interrupted)
        run(reviews, tmp_path / "run")
    with pytest.raises(OtherSettingsError):
        run(reviews, tmp_path / "run", seed=2)


@pytest.mark.parametrize("counterfactuals", [False, True])
def test_forms_that_were_edited_are_other_settings_where_clauses_are_learnt(
    counterfactuals, reviews, tmp_path, monkeypatch
):
    asked = Job(dataclasses.replace(TINY, counterfactuals=counterfactuals), reviews, tmp_path, 1, 0, "python ...")
    before = asked.settings
    edited = tmp_path / "negations.toml"
    edited.write_bytes(FORMS.read_bytes().replace(b"but {last}", b"yet {last}", 1))
    monkeypatch.setattr("sentiment.training.job.FORMS", edited)
    assert (asked.settings != before) == counterfactuals


def test_a_run_without_unlabelled_reviews_says_so_wherever_its_recipe_is_told(finished):
    said = "; this data had no unlabelled reviews"
    made = open_run(finished)
    assert made.json("metadata.json")["summary"] == TINY.summary + said
    assert f"Recipe: {TINY.summary}{said}." in made.file("README.md").read_text(encoding="utf-8")
    assert run_records.record(made)["recipe"].endswith(said)


def test_unlabelled_reviews_that_a_teacher_would_read_are_missed_aloud(reviews, capsys):
    for preset in (TINY_LSTM, TINY):  # the first has no teacher
        assert capsys.readouterr().err == ""
        job = Job(preset, reviews, None, seed=1, split_seed=1, command="")
        assert read_by_teachers(job, NONE, NONE, [], Vocabulary([]), None) == (NONE, None)
    assert "no unlabelled reviews" in capsys.readouterr().err


def test_a_network_is_taught_by_an_earlier_run(finished, reviews, tmp_path):
    texts = reviews.test.assign(label=-1)
    texts.loc[texts.index[3], "text"] = ""  # one without a token, which no teacher reads
    preset = dataclasses.replace(TINY, teacher="ngrams and run")
    unlabelled = dataclasses.replace(reviews, unlabelled=texts)
    job = Job(preset, unlabelled, tmp_path / "taught", 1, 0, "python scripts/train.py ...", (open_run(finished),))
    right = (logits(train(job), reviews.test["text"]) > 0) == reviews.test["label"]
    assert right.mean() > 0.9
    assert open_run(job.output).json("metadata.json")["teachers"] == {
        finished.name: open_run(finished).manifest["files"]["model.onnx"]
    }
    steps = pd.read_csv(job.output / "steps.csv")
    shown = len(reviews.train) + len(texts) // 2
    assert steps.groupby("epoch").size().iloc[0] == -(-shown // preset.batch_size)


def test_a_network_is_taught_by_a_deep_one_that_other_runs_can_ask_too(finished, reviews, tmp_path, monkeypatch):
    for name, value in {"_LENGTH": 16, "_BATCH": 8, "_NEGATIVES": 6}.items():
        monkeypatch.setattr(language_model, name, value)
    small = {"embedding_size": 8, "units": 6, "batch_size": 16, "learning_rate": 0.02, "train_length": 12}
    deep = dataclasses.replace(DEEP, **small, layers=2, language_model_steps=20, dropout=0.0, layer_dropout=0.0)
    preset = dataclasses.replace(TINY, teacher="ngrams and run", deep=deep, hint_passes=1, crops_read=100)
    unlabelled = dataclasses.replace(reviews, unlabelled=reviews.test.assign(label=-1))
    cache = tmp_path / "cache"
    jobs = [
        Job(preset, unlabelled, tmp_path / f"run-{seed}", seed, 0, "python ...", (open_run(finished),), cache=cache)
        for seed in (1, 2)
    ]
    begun, measure = [], hints._Hints.measure

    def measured(self, batches):
        begun.append(float(self.outward[0].kernel.numpy().sum()))
        measure(self, batches)

    monkeypatch.setattr(hints._Hints, "measure", measured)
    right = (logits(train(jobs[0]), reviews.test["text"]) > 0) == reviews.test["label"]
    assert right.mean() > 0.9
    stages = {stage["name"]: stage["seconds"] for stage in open_run(jobs[0].output).json("metadata.json")["stages"]}
    assert {
        f"deep teacher: {name}" for name in ("language models", "fitting, round 2", "reading crops, round 2")
    } < stages.keys()
    assert "hints" in stages
    shown = len(reviews.train) + (len(reviews.test) + preset.crops_read) // 2
    steps = pd.read_csv(jobs[0].output / "steps.csv")
    assert steps.groupby("epoch").size().iloc[0] == -(-shown // preset.batch_size)

    monkeypatch.setattr(DeepTeacher, "_train", lambda *_: pytest.fail("trained again"))
    train(dataclasses.replace(jobs[0], output=tmp_path / "warm"))
    assert begun[0] == begun[1]  # a cache that is full changes nothing
    again = {stage["name"]: stage["seconds"] for stage in open_run(train(jobs[1])).json("metadata.json")["stages"]}
    assert again["deep teacher: language models"] == stages["deep teacher: language models"]
    without_crops = dataclasses.replace(jobs[1], preset=leave_out(preset, "crops"), output=tmp_path / "without-crops")
    train(without_crops)
    assert len(pd.read_csv(without_crops.output / "steps.csv")) < len(steps)
    with pytest.raises(OtherSettingsError, match="cache"):
        train(dataclasses.replace(jobs[0], output=tmp_path / "other", split_seed=1))


def test_where_clauses_tell_what_a_negation_does_crops_have_none():
    plain = [f"word{n}" for n in range(40)]
    vocabulary = Vocabulary([*plain, *TRAINING_NEGATORS])
    rng = np.random.default_rng(2)
    reviews = [rng.integers(2, len(vocabulary), rng.integers(1, 6)).astype("i4") for _ in range(200)]
    validation = Examples(reviews[:10], np.tile([0, 1], 5).astype("f4"))
    deep = SimpleNamespace(read=lambda name, crops: rng.normal(size=len(crops)).astype("f4"))
    kept = []
    for counterfactuals in (False, True):
        preset = dataclasses.replace(TINY, crops_read=300, counterfactuals=counterfactuals)
        job = Job(preset, None, None, seed=1, split_seed=1, command="")
        kept.append([tuple(ids) for ids in _crops(job, deep, reviews, validation, vocabulary).ids])
    every, without_negation = kept
    assert {id for crop in every for id in crop} == set(range(2, len(vocabulary)))
    assert without_negation == [crop for crop in every if max(crop) <= vocabulary.id(plain[-1])]


def test_labelled_reviews_take_turns_with_the_others_where_the_recipe_says_so(reviews, tmp_path):
    preset = dataclasses.replace(TINY, labels_take_turns=True)
    unlabelled = dataclasses.replace(reviews, unlabelled=reviews.test.assign(label=-1))
    folder = run(unlabelled, tmp_path / "run", preset)
    assert open_run(folder).json("metadata.json")["summary"] == preset.summary
    assert ((logits(folder, reviews.test["text"]) > 0) == reviews.test["label"]).mean() > 0.9
    shown = (len(reviews.train) + len(reviews.test)) // 2
    steps = pd.read_csv(folder / "steps.csv")
    assert steps.groupby("epoch").size().tolist() == [-(-shown // preset.batch_size)] * preset.epochs


@pytest.mark.parametrize("labels_take_turns", [False, True])
def test_a_network_is_shown_clauses_and_their_negations(labels_take_turns, reviews, tmp_path):
    said = [f"{text}. It was very {'splendid' if label else 'dire'}." for text, label in zip(
        reviews.train["text"], reviews.train["label"], strict=True
    )]  # fmt: skip
    praised = dataclasses.replace(reviews, train=reviews.train.assign(text=said))
    preset = dataclasses.replace(
        TINY, teacher=None, counterfactuals=True, labels_take_turns=labels_take_turns, epochs=1
    )
    folder = run(praised, tmp_path / "run", preset)
    steps, clauses = pd.read_csv(folder / "steps.csv"), 4 * len(said)
    shown = clauses + len(said) // 2 if labels_take_turns else len(said) + clauses // 2
    assert len(steps) == -(-shown // TINY.batch_size)
    stages = open_run(folder).json("metadata.json")["stages"]
    assert "counterfactual clauses" in [stage["name"] for stage in stages]


@pytest.mark.parametrize("average", [None, 0.9])
def test_the_history_says_what_the_exported_model_scores(average, reviews, tmp_path):
    folder = run(reviews, tmp_path / "run", dataclasses.replace(TINY, epochs=2, batch_size=7, average=average))
    best = min(history(folder), key=lambda row: float(row["val_loss"]))
    exported = json.loads((folder / "metrics.json").read_text())["validation"]
    assert float(best["val_accuracy"]) == pytest.approx(exported["accuracy"], abs=1e-4)


def test_early_stopping_keeps_the_best_epoch(reviews, tmp_path):
    folder = run(reviews, tmp_path / "run", dataclasses.replace(TINY_LSTM, epochs=30, patience=1, learning_rate=0.3))
    losses = [float(row["val_loss"]) for row in history(folder)]
    assert len(losses) < 30
    assert losses[-1] > 1.02 * min(losses)
    exported = pd.read_parquet(folder / "predictions.parquet").query("split == 'validation'")
    towards_label = np.where(exported["label"] == 1, exported["logit"], -exported["logit"])
    assert np.logaddexp(0, -towards_label).mean() == pytest.approx(min(losses), rel=0.01)


@pytest.mark.parametrize("off", [1e-3, np.nan])
def test_an_export_that_would_score_otherwise_is_refused(off, finished, reviews, tmp_path, monkeypatch):
    network = keras.saving.load_model(finished / "model.keras")
    weights_of = export.weights_of

    def wrong(network, pooling):
        weights = weights_of(network, pooling)
        return dataclasses.replace(weights, dense_bias=weights.dense_bias + off)

    monkeypatch.setattr(export, "weights_of", wrong)
    ids = [np.array([2, 3, 4], np.int32)]
    with pytest.raises(export.ParityError, match="nothing was exported"):
        export.export(network, TINY.pooling, tmp_path, ids)
    assert not list(tmp_path.iterdir())


def test_the_corpus_encodes_as_the_preprocessor_does(reviews):
    corpus = Corpus()
    texts = ["It's GREAT, isn’t it?", "great GREAT Great", "", *reviews.train["text"][:20]]
    read = corpus.read(texts)
    vocabulary = Vocabulary.from_counts(corpus.counts(read), max_size=12, min_count=1)
    preprocessor = Preprocessor(vocabulary, 10_000)
    for ids, text in zip(corpus.encode(read, vocabulary), texts, strict=True):
        np.testing.assert_array_equal(ids, preprocessor.ids(text)[0])
    assert corpus.counts(read[1:2]) == {"great": 3}


def train_command(*arguments):
    return [sys.executable, ROOT / "scripts" / "train.py", *map(str, arguments)]


def ended(*arguments):
    return run_script("train.py", *arguments)


def own(labelled_csv, output):
    columns = ("--text-column", "comment", "--label-column", "verdict")
    return ("--data", labelled_csv, *columns, "--preset", "lstm", "--epochs", "6", "--output", output)


def test_another_seed_may_hold_the_same_reviews_out_and_a_part_may_be_left_out(labelled_csv, tmp_path):
    runs = [tmp_path / "first", tmp_path / "second"]
    reserved = ROOT / "artifacts" / "reviews" / "reserved.txt"
    for seed, output in enumerate(runs, 1):
        options = ("--seed", seed, "--split-seed", 1, "--without", "average", "--epochs", 1, "--exclude", reserved)
        assert ended(*own(labelled_csv, output), *options).status == 0
    first, second = (pd.read_parquet(folder / "predictions.parquet") for folder in runs)
    assert first["fingerprint"].tolist() == second["fingerprint"].tolist()
    assert not np.allclose(first["logit"], second["logit"])
    made = open_run(runs[1]).json("metadata.json")
    assert (made["seed"], made["split_seed"]) == (2, 1)
    assert (made["preset"], made["options"]["average"]) == ("lstm-without-average", None)
    assert "--without average" in made["command"]
    assert "--split-seed 1" in made["command"]
    assert "--exclude artifacts/reviews/reserved.txt" in made["command"]
    assert str(tmp_path) not in made["command"]


def test_a_recipe_is_not_made_without_what_it_never_had(labelled_csv, tmp_path):
    refused = ended(*own(labelled_csv, tmp_path / "run"), "--without", "clauses")
    assert refused.status == 2
    assert "no clauses to leave out" in refused.stderr
    with pytest.raises(PartError):
        leave_out(BILSTM, "run")


def test_a_deep_teacher_is_not_kept_where_the_run_goes(finished, labelled_csv, tmp_path):
    folder = tmp_path / "run"
    asked = ("--data", labelled_csv, "--preset", "distilled", "--teacher", finished, "--output", folder)
    refused = ended(*asked, "--cache", tmp_path / "other" / ".." / "run")
    assert refused.status == 2
    assert "the same folder" in refused.stderr
    assert not folder.exists()


def test_a_missing_file_ends_with_one_sentence_and_status_2(tmp_path):
    refused = ended("--data", tmp_path / "none.csv", "--preset", "lstm", "--output", tmp_path / "run")
    assert refused.status == 2
    assert len(refused.stderr.strip().splitlines()) == 1


def test_a_run_that_stands_is_not_overwritten_unasked(finished, labelled_csv):
    before = open_run(finished).manifest
    refused = ended(*own(labelled_csv, finished))
    assert refused.status == 2
    assert "finished run" in refused.stderr
    assert open_run(finished).manifest == before


@pytest.mark.parametrize(
    "wrong", [("--data", "none.csv"), ("--exclude", "none.txt"), ("--text-column", "none")], ids=lambda pair: pair[0]
)
def test_a_slip_in_the_command_costs_no_finished_run_though_overwriting_is_asked_for(wrong, labelled_csv, tmp_path):
    run = tiny_run(tmp_path / "tiny")
    option, name = wrong
    asked = ["--data", labelled_csv, "--preset", "lstm", "--output", run, "--overwrite"]
    refused = run_script("train.py", *asked, option, name if option == "--text-column" else tmp_path / name)
    assert refused.status == 2
    open_run(run)


@pytest.mark.parametrize("content", ["{}", "[]", "no JSON"])
def test_a_folder_of_another_program_is_not_overwritten_though_it_has_a_manifest(content, labelled_csv, tmp_path):
    (tmp_path / "site").mkdir()
    (tmp_path / "site" / "manifest.json").write_text(content)
    asked = ["--data", labelled_csv, "--preset", "lstm", "--output", tmp_path / "site", "--overwrite"]
    refused = run_script("train.py", *asked)
    assert (refused.status, "not a run's folder" in refused.stderr) == (2, True)
    assert (tmp_path / "site" / "manifest.json").read_text() == content


def test_a_run_that_would_go_into_a_file_is_refused_in_a_sentence(labelled_csv, tmp_path):
    asked = ["--data", labelled_csv, "--preset", "lstm", "--output", labelled_csv / "run"]
    refused = run_script("train.py", *asked)
    assert (refused.status, refused.stderr.count("\n")) == (2, 1)
    assert "is a file" in refused.stderr


@pytest.mark.parametrize("stop", [signal.SIGINT, signal.SIGKILL], ids=["ctrl-c", "kill -9"])
def test_the_same_command_goes_on_after(stop, labelled_csv, tmp_path):
    output = tmp_path / "run"
    with subprocess.Popen(train_command(*own(labelled_csv, output)), stderr=subprocess.PIPE, text=True) as process:
        for line in process.stderr:
            if line.startswith("epoch 2/6"):
                process.send_signal(stop)
                break
        said = process.stderr.read()
    if stop is signal.SIGINT:
        assert process.returncode == 130
        assert "run the same command to resume" in said
        keras.saving.load_model(output / "model.keras", safe_mode=True)
    assert not (output / "manifest.json").exists()
    again = ended(*own(labelled_csv, output))
    assert again.status == 0, again.stderr
    assert "epoch 2/6" not in again.stderr
    epochs = [int(row["epoch"]) for row in history(output)]
    assert epochs == list(range(1, len(epochs) + 1))
    assert len(Classifier.load(output).predict(["a splendid film"])) == 1


def test_reviews_without_a_repeated_word_are_refused_and_leave_no_folder(tmp_path):
    data = pd.DataFrame({"text": [f"w{i}" for i in range(60)], "label": [i % 2 for i in range(60)]})
    data.to_csv(tmp_path / "words.csv", index=False)
    options = ("--preset", "lstm", "--epochs", 1, "--output", tmp_path / "run")
    done = run_script("train.py", "--data", tmp_path / "words.csv", *options)
    assert done.status == 2
    assert done.stderr.splitlines()[-1].startswith("train.py: No word occurs 2 times in the reviews to train on")
    assert not (tmp_path / "run").exists()
