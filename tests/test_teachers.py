"""What unlabelled reviews are taught with: one teacher's reading, or the mean of several."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from sentiment import Classifier
from sentiment.artifacts import open_run, write_json, write_manifest
from sentiment.dataset import fingerprint
from sentiment.evaluation.metrics import sigmoid
from sentiment.training.examples import Examples
from sentiment.training.teachers import run_reading, soft_targets
from tests.command import run_script
from tests.data_forms import release, stanford_folder
from tests.tiny import tiny_run

HELD_OUT = 400


def reading(scale, seed):
    """Of 50 unlabelled and 400 held out reviews, the latter in accord with ``labels()`` but for noise."""
    rng = np.random.default_rng(seed)
    sides = 2.0 * labels().targets - 1
    return scale * rng.normal(size=50), scale * (sides + rng.normal(size=HELD_OUT))


def labels():
    return Examples([np.array([2], np.int32)] * HELD_OUT, (np.arange(HELD_OUT) % 2).astype(np.float32))


def lessons(*readings):
    return soft_targets(labels(), readings)


def test_a_teacher_who_overstates_teaches_the_same_as_one_who_does_not():
    np.testing.assert_allclose(lessons(reading(10, 1)), lessons(reading(1, 1)), atol=1e-3)


def test_two_teachers_count_alike_however_loud_they_are():
    quiet, loud, other = reading(1, 1), reading(10, 1), reading(1, 2)
    np.testing.assert_allclose(lessons(loud, other), lessons(quiet, other), atol=1e-3)
    agreed = lessons(quiet, other) > 0.5
    both = quiet[0] * other[0] > 0
    np.testing.assert_array_equal(agreed[both], quiet[0][both] > 0)


def test_a_run_reads_texts_as_its_classifier_does_and_leaves_out_those_without_words(tmp_path):
    run = open_run(tiny_run(tmp_path / "tiny"))
    texts = ["A good film.", "", "bad", "good and bad"]
    unlabelled, held_out = run_reading(run, texts, texts[2:])
    probabilities = [p.probability for p in Classifier.load(run.path).predict(texts) if p.status != "empty"]
    np.testing.assert_allclose(sigmoid(unlabelled / 1.5), probabilities, atol=1e-5)
    np.testing.assert_allclose(held_out, unlabelled[1:], atol=1e-5)


@pytest.mark.parametrize(
    ("preset", "named", "said"), [("distilled", False, "name them with"), ("lstm", True, "leave out")]
)
def test_the_teacher_is_named_where_the_preset_asks_for_one_and_nowhere_else(tmp_path, preset, named, said):
    teacher = ["--teacher", tiny_run(tmp_path / "tiny")] if named else []
    done = run_script(
        "train.py", "--data", tmp_path / "none.csv", "--preset", preset, "--output", tmp_path / "run", *teacher
    )
    assert done.status == 2
    assert f"{said} --teacher" in done.stderr


def test_a_teacher_is_not_overwritten_by_its_pupil_even_where_overwriting_is_asked_for(tmp_path):
    teacher = tiny_run(tmp_path / "tiny")
    options = ["--preset", "distilled", "--output", teacher, "--teacher", teacher, "--overwrite"]
    done = run_script("train.py", "--data", tmp_path / "none.csv", *options)
    assert done.status == 2
    assert "is the teacher" in done.stderr
    open_run(teacher)


def test_a_forgotten_teacher_costs_no_finished_run(tmp_path):
    run = tiny_run(tmp_path / "tiny")
    done = run_script(
        "train.py", "--data", tmp_path / "none.csv", "--preset", "distilled", "--output", run, "--overwrite"
    )
    assert done.status == 2
    open_run(run)


@pytest.mark.parametrize(("split_seed", "remedy"), [(1, "another version of this program"), (2, "name --split-seed 1")])
def test_a_teacher_that_knows_what_is_held_out_is_refused_and_the_remedy_told(split_seed, remedy, tmp_path):
    data = stanford_folder(release(), tmp_path / "data")
    teacher = tiny_run(tmp_path / "tiny")
    known = [fingerprint(text) for text in release()["text"]]
    pd.DataFrame({"fingerprint": known, "split": "train"}).to_parquet(teacher / "predictions.parquet")
    write_json(teacher / "metadata.json", {"seed": 1})
    write_manifest(teacher)
    options = ["--preset", "distilled", "--output", tmp_path / "run", "--split-seed", split_seed]
    done = run_script("train.py", "--data", data, "--teacher", teacher, *options)
    assert (done.status, done.stderr.count("\n")) == (2, 1)
    assert "tiny was trained on" in done.stderr
    assert remedy in done.stderr
