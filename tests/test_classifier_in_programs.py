"""The classifier in other programs: arrays, data frames, pickles, notebooks, and libraries of machine learning."""

from __future__ import annotations

import copy
import multiprocessing
import pickle
from dataclasses import fields
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import joblib
import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

from sentiment import Classifier
from sentiment.artifacts import ArtifactError, add_parts, open_run, write_json, write_manifest
from sentiment.evaluation import metrics
from sentiment.model.lookup_session import load_bulk
from sentiment.types import Prediction
from tests.tiny import tiny_run

TEXTS = ["The film is good!", "", "dull", "not a great film .", "the film is bad"]
TEMPERATURE = 1.5  # of the tiny run


def statuses(predictions: list[Prediction]) -> list[str]:
    return [prediction.status for prediction in predictions]


@pytest.mark.parametrize(
    "texts",
    [
        pa.array([*TEXTS, None]),
        pa.chunked_array([TEXTS, [None]]),
        pa.array([*TEXTS, None]).dictionary_encode(),
        pa.array([*TEXTS, None], pa.large_string()),
        [pa.scalar(text) for text in [*TEXTS, None]],
        np.array([*TEXTS, None], dtype=object),
        np.array([[text] for text in [*TEXTS, None]], dtype=object),
        pd.Series([*TEXTS, None]),
        pd.Series(pa.array([*TEXTS, None]), dtype=pd.ArrowDtype(pa.string())),
        pd.Series([*TEXTS, None], dtype=object).to_numpy(),
        pd.Index([*TEXTS, None]),
        (text for text in [*TEXTS, None]),
    ],
    ids=lambda texts: type(texts).__name__,
)
def test_texts_in_any_array_are_read_as_in_a_list(texts: Any, classifier: Classifier) -> None:
    assert classifier.predict(texts) == classifier.predict([*TEXTS, None])


@pytest.mark.parametrize(
    ("texts", "remedy"),
    [
        ("A good film", "a list of texts"),
        (b"A good film", "a list of texts"),
        (pd.DataFrame({"text": TEXTS}), "one column"),
        (pa.table({"text": TEXTS}), "one column"),
        ({"text": TEXTS}, "one column"),
        (np.array([TEXTS, TEXTS]), "one column"),
    ],
)
def test_a_single_text_or_a_table_is_refused(texts: Any, remedy: str, classifier: Classifier) -> None:
    for method in (classifier.predict, classifier.predict_proba, classifier.predict_frame):
        with pytest.raises(TypeError, match=remedy):
            method(texts)


def test_probabilities_have_a_column_for_each_class(classifier: Classifier) -> None:
    found = classifier.predict_proba([*TEXTS, None])
    assert (found.dtype, found.shape) == (np.float64, (6, 2))
    assert list(classifier.classes_) == ["negative", "positive"]
    assert found.sum(axis=1) == pytest.approx(1)
    predictions = classifier.predict([*TEXTS, None])
    assert found[:, 1].tolist() == [prediction.probability for prediction in predictions]
    assert found[[1, 5]].tolist() == [[0.5, 0.5], [0.5, 0.5]]
    scored = [i for i, prediction in enumerate(predictions) if prediction.label]
    assert classifier.classes_[found[scored].argmax(axis=1)].tolist() == [predictions[i].label for i in scored]


def test_no_texts_have_no_probabilities_and_no_rows(classifier: Classifier) -> None:
    assert classifier.predict_proba([]).shape == (0, 2)
    assert classifier.predict_frame([]).shape == (0, len(fields(Prediction)))


def test_a_frame_keeps_the_index_of_a_series(classifier: Classifier) -> None:
    series = pd.Series(TEXTS, index=[7, 7, 3, -1, 0], name="review")
    found = classifier.predict_frame(series[series != "dull"])
    assert found.index.tolist() == [7, 7, -1, 0]
    assert list(found.columns) == [field.name for field in fields(Prediction)]
    assert found["logit"].tolist() == [each.logit for each in classifier.predict(series[series != "dull"])]
    assert classifier.predict_frame(TEXTS).index.tolist() == [0, 1, 2, 3, 4]


def test_a_copy_of_a_classifier_is_the_same_object(classifier: Classifier) -> None:
    assert copy.copy(classifier) is copy.deepcopy({"step": classifier})["step"] is classifier


@pytest.mark.parametrize("load", [Classifier.load, load_bulk, lambda run: load_bulk(run, fast=True)])
def test_a_pickled_classifier_gives_the_same_scores(load: Any, tmp_path: Path) -> None:
    loaded = load(tiny_run(tmp_path / "tiny"))
    pickled = pickle.dumps(loaded)
    assert len(pickled) < 2_000
    assert pickle.loads(pickled).predict(TEXTS) == loaded.predict(TEXTS)
    joblib.dump(loaded, tmp_path / "classifier.joblib")
    assert joblib.load(tmp_path / "classifier.joblib").predict(TEXTS) == loaded.predict(TEXTS)


def test_a_pickle_of_a_run_that_changed_is_refused(tmp_path: Path) -> None:
    run = tiny_run(tmp_path / "tiny")
    pickled = pickle.dumps(Classifier.load(run))
    config = open_run(run).json("config.json")
    write_json(run / "config.json", {**config, "temperature": 3.0})
    write_manifest(run)
    with pytest.raises(ArtifactError, match="has changed since the classifier was pickled"):
        pickle.loads(pickled)


def test_a_pickle_of_a_run_that_only_gained_a_card_is_loaded(tmp_path: Path) -> None:
    run = tiny_run(tmp_path / "tiny")
    pickled = pickle.dumps(Classifier.load(run))
    add_parts(open_run(run), {"README.md": b"A card."})
    assert pickle.loads(pickled).predict(TEXTS) == Classifier.load(run).predict(TEXTS)


def probabilities(classifier: Classifier) -> list[list[float]]:
    """Returns the probabilities of the texts; a function that other processes can import."""
    return classifier.predict_proba(TEXTS).tolist()


@pytest.mark.process
def test_a_spawned_process_accepts_the_classifier_as_an_argument(classifier: Classifier) -> None:
    with multiprocessing.get_context("spawn").Pool(1) as pool:
        assert pool.apply(probabilities, (classifier,)) == probabilities(classifier)


@pytest.mark.process
def test_joblib_passes_the_classifier_to_its_workers(classifier: Classifier) -> None:
    jobs = [joblib.delayed(probabilities)(classifier)] * 2
    assert joblib.Parallel(2)(jobs) == [probabilities(classifier)] * 2


def test_a_classifier_names_its_run_its_accuracy_and_its_size(tmp_path: Path) -> None:
    bare = Classifier.load(tiny_run(tmp_path / "tiny"))
    assert repr(bare) == "<Classifier tiny: 0.0 MB>"
    unusable = add_parts(open_run(bare.run), {"test.json": {"test": None}})
    assert repr(Classifier.load(unusable.path)) == "<Classifier tiny: 0.0 MB>"
    validated = add_parts(unusable, {"metrics.json": {"validation": {"accuracy": 0.875, "n": 1200}}})
    assert "87.5% accuracy on 1,200 validation reviews" in repr(Classifier.load(validated.path))
    tested = add_parts(validated, {"test.json": {"test": {"accuracy": 0.8612, "n": 25000}}})
    assert "86.1% accuracy on 25,000 test reviews" in repr(Classifier.load(tested.path))


@pytest.mark.parametrize(
    ("text", "shown"),
    [("The film is good!", "P(positive)"), ("", "no prediction</b> (empty)"), ("wort " * 9, "mostly unknown")],
)
def test_a_prediction_shows_itself_in_a_notebook(text: str, shown: str, classifier: Classifier) -> None:
    [prediction] = classifier.predict([text])
    assert shown in prediction._repr_html_()


def test_cleanlab_rates_predicted_labels_above_swapped_ones(classifier: Classifier) -> None:
    from cleanlab.rank import get_label_quality_scores

    texts = TEXTS * 4
    labels = classifier.predict_proba(texts).argmax(axis=1)
    quality = get_label_quality_scores(labels, classifier.predict_proba(texts))
    swapped = get_label_quality_scores(1 - labels, classifier.predict_proba(texts))
    predicted = np.tile([bool(text) for text in TEXTS], 4)  # an empty text has no prediction
    assert (quality[predicted] > swapped[predicted]).all()


def test_scikit_learn_measures_the_probabilities_as_the_library_does(classifier: Classifier) -> None:
    from sklearn.metrics import log_loss

    labels = np.array([1, 0, 0, 1, 0])
    logits = np.array([prediction.logit for prediction in classifier.predict(TEXTS)]) / TEMPERATURE
    assert log_loss(labels, classifier.predict_proba(TEXTS)) == pytest.approx(metrics.log_loss(logits, labels))


@pytest.mark.skipif(find_spec("lime") is None, reason="lime is not installed")
def test_lime_explains_the_classifier(classifier: Classifier) -> None:
    from lime.lime_text import LimeTextExplainer

    explainer = LimeTextExplainer(class_names=classifier.classes_, random_state=0)
    explanation = explainer.explain_instance("the film is good", classifier.predict_proba, num_samples=50)
    assert {word for word, _ in explanation.as_list()} == {"the", "film", "is", "good"}


@pytest.mark.skipif(find_spec("shap") is None, reason="shap is not installed")
def test_shap_explains_the_classifier(classifier: Classifier) -> None:
    import shap

    explainer = shap.Explainer(classifier.predict_proba, shap.maskers.Text(r"\W"), output_names=classifier.classes_)
    [values] = explainer(["the film is good"], silent=True).values
    assert values.shape[1] == 2
