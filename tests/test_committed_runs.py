"""The runs in the repository are complete, and still score as they did when they were made."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from sentiment import Classifier, dataset
from sentiment.artifacts import ROOT, default_run, open_run
from sentiment.evaluation import provenance
from tests.real_data import IMDB, needs_real_data

RUNS = [ROOT / name for name in ("lstm", "bilstm", "distilled")]
MAX_BYTES = 40e6

every_run = pytest.mark.parametrize("folder", RUNS, ids=lambda path: path.name)

TEXTS = [
    "A joy from the first frame to the last. I laughed, I cried, and I would watch it again tomorrow.",
    "Dull, badly acted and far too long. I want those two hours of my life back.",
    "It isn't the worst thing I have seen, but I wouldn't recommend it to anybody.",
    "Good!",
    "word " * 3000,
]


@every_run
def test_every_file_is_as_the_manifest_says_and_all_are_below_40_mb(folder):
    run = open_run(folder)
    files = {path.name for path in folder.iterdir()} - {"manifest.json"}
    assert files == set(run.manifest["files"])
    assert sum(run.file(part).stat().st_size for part in files) < MAX_BYTES


@every_run
def test_a_run_records_how_it_was_made(folder):
    run = open_run(folder)
    metadata = run.json("metadata.json")
    assert metadata["command"].startswith("python scripts/train.py --data ")
    assert len(metadata["data"]["sha256"]) == 64
    assert {"preset", "seed", "date", "commit", "versions", "stages"} <= set(metadata)
    assert run.json("test.json")["test"]["n"] == 25_000


def test_the_default_run_distinguishes_praise_from_criticism():
    rave, pan = Classifier.load().predict(TEXTS[:2])
    assert (rave.label, rave.confidence) == ("positive", "confident")
    assert (pan.label, pan.confidence) == ("negative", "confident")


def test_the_default_run_is_the_best_of_the_committed_ones_on_validation():
    accuracy = {folder: open_run(folder).json("metrics.json")["validation"]["accuracy"] for folder in RUNS}
    assert default_run() == max(accuracy, key=lambda folder: accuracy[folder])


@every_run
def test_contributions_add_up_to_the_score(folder):
    classifier = Classifier.load(folder)
    for text in TEXTS:
        explanation = classifier.explain(text)
        total = explanation.baseline_logit + explanation.contributions.sum(dtype=np.float64)
        assert total == pytest.approx(explanation.logit, abs=1e-4)


@every_run
@pytest.mark.training
@pytest.mark.process  # the import of TensorFlow starts a process
def test_the_keras_model_and_the_served_model_give_the_same_probabilities(folder):
    import keras

    import sentiment.training  # noqa: F401 - registers the layers that model.keras names

    network = keras.saving.load_model(folder / "model.keras", safe_mode=True)
    classifier = Classifier.load(folder)
    ids = [classifier.preprocessor.ids(text)[0] for text in TEXTS]
    probabilities = [float(network.predict_on_batch(review[None])[0, 0]) for review in ids]
    np.testing.assert_allclose(probabilities, 1 / (1 + np.exp(-classifier.logits(ids))), atol=1e-5)


@every_run
@pytest.mark.real_data
@needs_real_data
def test_2000_real_reviews_still_get_the_logits_that_were_recorded(folder):
    run = open_run(folder)
    recorded = pd.concat(
        pd.read_parquet(run.file(part)) for part in ("predictions.parquet", "test_predictions.parquet")
    )
    chosen = recorded.drop_duplicates("fingerprint", keep=False).sample(2_000, random_state=0)
    texts = texts_by_fingerprint()[chosen["fingerprint"]]
    logits = [prediction.logit for prediction in Classifier.load(folder).predict(texts)]
    np.testing.assert_allclose(logits, chosen["logit"], atol=1e-3)


def texts_by_fingerprint() -> pd.Series:
    """Returns the real labelled reviews."""
    reviews = dataset.load(IMDB)
    frames = pd.concat([reviews.train, reviews.validation, reviews.test])
    return frames.drop_duplicates("fingerprint").set_index("fingerprint")["text"]


@every_run
def test_a_run_was_not_trained_on_the_reserved_reviews(folder):
    reserved = dataset.read_fingerprints(ROOT / "reviews" / "reserved.txt")
    trained_on = set(provenance.training_fingerprints(open_run(folder), "train"))
    assert len(reserved) > 400
    assert len(trained_on) > 20_000
    assert not reserved & trained_on
