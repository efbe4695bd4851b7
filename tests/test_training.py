"""Guarantees of training: a seed gives one run, an interruption loses nothing, and finished runs can be served."""

from __future__ import annotations

import csv
import dataclasses
import json
import shutil
import signal
import subprocess
import sys
from pathlib import Path
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
from sentiment.model.weights import read_onnx, write_onnx  # noqa: E402
from sentiment.presets import BILSTM, DISTILLED, LSTM, PartError, leave_out  # noqa: E402
from sentiment.tables.reading import Reading  # noqa: E402
from sentiment.text.preprocessor import Preprocessor  # noqa: E402
from sentiment.text.vocabulary import Vocabulary  # noqa: E402
from sentiment.training import export  # noqa: E402
from sentiment.training import run as training_run  # noqa: E402
from sentiment.training.corpus import Corpus  # noqa: E402
from sentiment.training.fit import OtherSettingsError, StoppedError  # noqa: E402
from sentiment.training.job import FORMS, Job  # noqa: E402
from sentiment.training.run import train  # noqa: E402
from tests.command import run_script  # noqa: E402
from tests.interruptions import interrupted, interrupted_fit  # noqa: E402
from tests.tiny import tiny_run  # noqa: E402

ROOT = Path(__file__).resolve().parent.parent
SMALL = {
    "embedding_size": 8, "units": 6, "batch_size": 16, "epochs": 3, "patience": 3, "min_count": 1,
    "learning_rate": 0.02, "train_length": 12, "max_length": 20,
}  # fmt: skip
TINY = dataclasses.replace(BILSTM, **SMALL)
TINY_LSTM = dataclasses.replace(LSTM, **SMALL)
CONTINUED = dataclasses.replace(
    DISTILLED,
    **SMALL | {"patience": None},
    continues=dataclasses.replace(DISTILLED.continues, epoch_examples=100),
)


@pytest.fixture(scope="module")
def labelled_csv(tmp_path_factory):
    """400 short reviews in our own words, which differ in one word each.

    All are at least as long as a crop, so that training batches have one shape; each shape costs a trace of seconds.
    """
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
            words = list(rng.choice(filler, rng.integers(10, 16)))
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


def test_a_finished_run_can_be_served_and_has_learned(finished, reviews):
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
def test_an_interrupted_run_resumes_from_its_last_epoch_and_equals_an_uninterrupted_one(
    preset, finished, reviews, tmp_path, monkeypatch
):
    unbroken = finished if preset is TINY else run(reviews, tmp_path / "unbroken", preset)
    with interrupted_fit(monkeypatch), pytest.raises(StoppedError) as stop:
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


def test_a_training_started_with_other_settings_is_not_resumed(finished, reviews, tmp_path):
    folder = shutil.copytree(finished, tmp_path / "run")
    with pytest.raises(OtherSettingsError):
        run(reviews, folder, dataclasses.replace(TINY, epochs=1))
    with pytest.raises(OtherSettingsError):
        run(reviews, folder, TINY, split_seed=1)


def test_a_training_interrupted_before_its_first_epoch_is_not_resumed_with_other_settings_either(
    reviews, tmp_path, monkeypatch
):
    with monkeypatch.context() as patch, pytest.raises(KeyboardInterrupt):
        patch.setattr(training_run, "fit", interrupted)
        run(reviews, tmp_path / "run")
    with pytest.raises(OtherSettingsError):
        run(reviews, tmp_path / "run", seed=2)


@pytest.mark.parametrize("preset", [TINY, CONTINUED], ids=["bilstm", "distilled"])
def test_forms_that_were_edited_are_other_settings_where_they_are_used(preset, reviews, tmp_path, monkeypatch):
    asked = Job(preset, reviews, tmp_path, 1, 0, "python ...")
    for place, path in enumerate(FORMS):
        before = asked.settings
        edited = tmp_path / path.name
        edited.write_bytes(path.read_bytes() + b"# edited")
        monkeypatch.setattr("sentiment.training.job.FORMS", (*FORMS[:place], edited, *FORMS[place + 1 :]))
        assert (asked.settings != before) == (preset is CONTINUED)


def test_a_run_without_unlabelled_reviews_says_so_wherever_its_recipe_is_shown(finished):
    said = "; this data had no unlabelled reviews"
    made = open_run(finished)
    assert made.json("metadata.json")["summary"] == TINY.summary + said
    assert f"Recipe: {TINY.summary}{said}." in made.file("README.md").read_text(encoding="utf-8")
    assert run_records.record(made)["recipe"].endswith(said)


@pytest.mark.parametrize(("preset", "warned"), [(TINY_LSTM, False), (TINY, True)], ids=["lstm", "bilstm"])
def test_unlabelled_reviews_that_would_be_learned_from_are_reported_missing(
    preset, warned, reviews, tmp_path, monkeypatch, capsys
):
    monkeypatch.setattr(training_run, "fit", interrupted)
    with pytest.raises(KeyboardInterrupt):
        run(reviews, tmp_path / "run", preset)
    assert ("no unlabelled reviews" in capsys.readouterr().err) is warned


def test_unlabelled_reviews_alternate_with_labelled_ones(reviews, tmp_path):
    texts = reviews.test.assign(label=-1)
    texts.loc[texts.index[3], "text"] = ""  # one without a token, which teaches nothing
    folder = run(dataclasses.replace(reviews, unlabelled=texts), tmp_path / "run")
    assert ((logits(folder, reviews.test["text"]) > 0) == reviews.test["label"]).mean() > 0.9
    steps = pd.read_csv(folder / "steps.csv")
    shown = len(reviews.train) + (len(texts) - 1) // 2
    assert steps.groupby("epoch").size().tolist() == [-(-shown // TINY.batch_size)] * TINY.epochs


def continued(reviews, start, output, *, unlabelled=True, **changes):
    data = dataclasses.replace(reviews, unlabelled=reviews.test.assign(label=-1)) if unlabelled else reviews
    recipe = dataclasses.replace(CONTINUED.continues, **changes)
    preset = dataclasses.replace(CONTINUED, continues=recipe)
    return train(Job(preset, data, output, 1, 0, "python scripts/train.py ...", open_run(start)))


@pytest.fixture(scope="module")
def successor(reviews, finished, tmp_path_factory):
    return continued(reviews, finished, tmp_path_factory.mktemp("runs") / "successor")


def test_a_run_continues_an_earlier_one_with_its_vocabulary(successor, finished, reviews):
    texts = list(reviews.test["text"])
    assert (successor / "vocabulary.txt").read_bytes() == (finished / "vocabulary.txt").read_bytes()
    before, after = logits(finished, texts), logits(successor, texts)
    assert ((after > 0) == reviews.test["label"]).mean() > 0.9
    assert np.abs(after - before).max() > 1e-3
    metadata = open_run(successor).json("metadata.json")
    assert metadata["teachers"] == {finished.name: open_run(finished).manifest["files"]["model.onnx"]}
    assert open_run(successor).json("config.json")["text_version"] == 2
    names = [stage["name"] for stage in metadata["stages"]]
    assert {"predictions of the start", "counterfactual clauses", "sayings", "opposites"} <= set(names)


def test_an_epoch_has_as_many_examples_as_the_recipe_says_and_all_epochs_are_trained(successor):
    steps = pd.read_csv(successor / "steps.csv")
    assert steps.groupby("epoch").size().tolist() == [100 // 16 + 1] * CONTINUED.epochs
    assert len(history(successor)) == CONTINUED.epochs


@pytest.mark.parametrize("share", [0.0, 0.5])
def test_the_weights_are_the_mean_of_old_and_new_ones_by_share(share, finished, reviews, tmp_path, monkeypatch):
    def fit(preset, network, *_, **__):
        for weights in network.trainable_variables:
            weights.assign(weights + 0.125)
        return 0.0

    monkeypatch.setattr(training_run, "fit", fit)
    folder = continued(reviews, finished, tmp_path / "run", share=share)
    old, mean = (read_onnx(path / "model.onnx").dense_kernel for path in (finished, folder))
    np.testing.assert_allclose(mean, old + share * 0.125, atol=1e-4)
    if not share:
        texts = list(reviews.test["text"])
        np.testing.assert_allclose(logits(folder, texts), logits(finished, texts), atol=1e-4)


def test_an_interrupted_continuation_resumes_and_equals_an_uninterrupted_one(
    successor, finished, reviews, tmp_path, monkeypatch
):
    with interrupted_fit(monkeypatch), pytest.raises(StoppedError) as stop:
        continued(reviews, finished, tmp_path / "run")
    assert (stop.value.epoch, stop.value.network is not None) == (1, True)
    with monkeypatch.context() as patch:
        patch.setattr("sentiment.training.continuation.run_logits", lambda *_: pytest.fail("predicted again"))
        resumed = continued(reviews, finished, tmp_path / "run")
    assert history(resumed) == history(successor)
    texts = list(reviews.test["text"])
    np.testing.assert_allclose(logits(resumed, texts), logits(successor, texts), atol=1e-5)


def test_a_continuation_of_another_run_is_not_resumed(finished, successor, reviews, tmp_path, monkeypatch):
    with monkeypatch.context() as patch, pytest.raises(KeyboardInterrupt):
        patch.setattr(training_run, "fit", interrupted)
        continued(reviews, finished, tmp_path / "run")
    with pytest.raises(OtherSettingsError):
        continued(reviews, successor, tmp_path / "run")


def test_labelled_reviews_replace_missing_unlabelled_ones(finished, reviews, tmp_path):
    folder = continued(reviews, finished, tmp_path / "run", unlabelled=False)
    assert "no unlabelled reviews" in open_run(folder).json("metadata.json")["summary"]
    assert ((logits(folder, reviews.test["text"]) > 0) == reviews.test["label"]).mean() > 0.9


def test_weights_that_are_set_are_those_that_are_exported(finished, tmp_path):
    for name, preset in (("bilstm", TINY), ("lstm", TINY_LSTM)):
        network = training_run.build_network(preset, 30)
        other = training_run.build_network(preset, 30)
        training_run.set_weights(other, export.weights_of(network, preset.pooling))
        write_onnx(export.weights_of(network, preset.pooling), tmp_path / f"{name}.onnx")
        write_onnx(export.weights_of(other, preset.pooling), tmp_path / f"{name}-set.onnx")
        assert (tmp_path / f"{name}.onnx").read_bytes() == (tmp_path / f"{name}-set.onnx").read_bytes()


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
        leave_out(BILSTM, "sayings")
    with pytest.raises(PartError):
        leave_out(DISTILLED, "skipgram")


@pytest.mark.parametrize("part", ["turned", "clauses", "sayings"])
def test_a_part_of_a_continuation_can_be_left_out(part):
    left = leave_out(DISTILLED, part)
    assert (left.name, getattr(left.continues, part)) == (f"distilled-without-{part}", 0.0)
    assert left.summary.endswith(f"; without {part}")


def test_a_missing_file_ends_with_one_sentence_and_status_2(tmp_path):
    refused = ended("--data", tmp_path / "none.csv", "--preset", "lstm", "--output", tmp_path / "run")
    assert refused.status == 2
    assert len(refused.stderr.strip().splitlines()) == 1


def test_an_existing_run_is_not_overwritten_by_default(finished, labelled_csv):
    before = open_run(finished).manifest
    refused = ended(*own(labelled_csv, finished))
    assert refused.status == 2
    assert "finished run" in refused.stderr
    assert open_run(finished).manifest == before


@pytest.mark.parametrize(
    "wrong", [("--data", "none.csv"), ("--exclude", "none.txt"), ("--text-column", "none")], ids=lambda pair: pair[0]
)
def test_a_slip_in_the_command_costs_no_finished_run_although_overwriting_is_asked_for(wrong, labelled_csv, tmp_path):
    run = tiny_run(tmp_path / "tiny")
    option, name = wrong
    asked = ["--data", labelled_csv, "--preset", "lstm", "--output", run, "--overwrite"]
    refused = run_script("train.py", *asked, option, name if option == "--text-column" else tmp_path / name)
    assert refused.status == 2
    open_run(run)


@pytest.mark.parametrize("content", ["{}", "[]", "no JSON"])
def test_a_folder_of_another_program_is_not_overwritten_although_it_has_a_manifest(content, labelled_csv, tmp_path):
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
def test_the_same_command_resumes(stop, labelled_csv, tmp_path):
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
    assert done.stderr.splitlines()[-1].startswith("train.py: No word occurs 2 times in the training reviews")
    assert not (tmp_path / "run").exists()
