"""The table of predictions and the metrics computed from it, on reviews of one line."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from sentiment.evaluation import metrics, predictions
from sentiment.model.decision import CONFIDENT, LEANING, DecisionRule
from sentiment.text.preprocessor import Preprocessor
from sentiment.text.vocabulary import Vocabulary
from tests.tiny import WORDS

TEXTS = (
    "The film is good!",
    "It isn’t good, but not bad",
    "",
    "dull dull dull dull dull dull dull dull",
    "Nothing yet.",
)
PREPROCESSOR = Preprocessor(Vocabulary(WORDS), max_length=6)


def reviews(texts: Sequence[str] = TEXTS) -> pd.DataFrame:
    n = len(texts)
    return pd.DataFrame(
        {
            "text": texts,
            "label": np.resize(np.array([1, 0], np.int8), n),
            "rating": np.resize(np.array([9, 2, 0], np.int8), n),
            "film": "tt1",
            "fingerprint": [f"{i:016x}" for i in range(n)],
        },
        index=range(100, 100 + n),
    )


def first_id(ids: Sequence[np.ndarray]) -> np.ndarray:
    """A model whose logit is the first id of a review."""
    assert all(len(each) for each in ids), "an empty review reached the model"
    return np.array([each[0] for each in ids], np.float32)


def table(**columns: object) -> pd.DataFrame:
    """A table of predictions with these columns, and the same values in every row of the others."""
    n = max(len(c) for c in columns.values() if isinstance(c, list))
    base = {
        "split": "test", "fingerprint": "", "film": "", "label": 1, "rating": 0, "length": 50, "unknown_rate": 0.0,
        "truncated": False, "negation": False, "contrast": False, "logit": 1.0,
    }  # fmt: skip
    return pd.DataFrame({**base, **columns}, index=range(n))


def test_the_table_keeps_order_and_labels_and_holds_no_text() -> None:
    predicted = predictions.predict(first_id, PREPROCESSOR, reviews(), "validation")
    assert list(predicted) == [
        "split", "fingerprint", "film", "label", "rating", "length", "unknown_rate", "truncated", "negation",
        "contrast", "logit",
    ]  # fmt: skip
    assert predicted["fingerprint"].tolist() == reviews()["fingerprint"].tolist()
    assert predicted["label"].tolist() == [1, 0, 1, 0, 1]
    assert set(predicted["split"]) == {"validation"}
    assert predicted.index.tolist() == [0, 1, 2, 3, 4]
    assert predicted["length"].tolist() == [5, 7, 0, 8, 3]  # a comma is not in the vocabulary, so it is not read
    assert predicted["truncated"].tolist() == [False, True, False, True, False]


def test_the_table_has_the_unknown_rate_negation_and_contrast() -> None:
    predicted = predictions.predict(first_id, PREPROCESSOR, reviews())
    assert predicted["unknown_rate"].tolist() == pytest.approx([0, 2 / 6, 0, 0, 2 / 3])  # of the six tokens read
    assert predicted["negation"].tolist() == [False, True, False, False, False]
    assert predicted["contrast"].tolist() == [False, True, False, False, True]


def test_a_review_without_a_token_scores_zero_and_never_reaches_the_model() -> None:
    predicted = predictions.predict(first_id, PREPROCESSOR, reviews())
    assert predicted["logit"].tolist() == [2, 1, 0, 12, 1]
    nothing = predictions.predict(first_id, PREPROCESSOR, reviews(["", " "]))
    assert nothing["logit"].tolist() == [0, 0]


@pytest.mark.parametrize("word", ["not", "No", "never", "Neither", "nor", "without", "don't", "ISN’T"])
def test_every_negation_is_detected(word: str) -> None:
    assert predictions.predict(first_id, PREPROCESSOR, reviews([f"so, {word}, then"]))["negation"].item()


@pytest.mark.parametrize("word", ["nothing", "note", "knot", "ant"])
def test_a_word_that_only_contains_a_negation_is_not_one(word: str) -> None:
    assert not predictions.predict(first_id, PREPROCESSOR, reviews([word]))["negation"].item()


def test_a_table_survives_parquet_with_its_types(tmp_path: Path) -> None:
    predicted = predictions.predict(first_id, PREPROCESSOR, reviews())
    predicted.to_parquet(tmp_path / "predictions.parquet", index=False)
    read = pd.read_parquet(tmp_path / "predictions.parquet")
    pd.testing.assert_frame_equal(read, predicted)
    assert read.dtypes.astype(str).to_dict() == {
        "split": "str", "fingerprint": "str", "film": "str", "label": "int8", "rating": "int8", "length": "int32",
        "unknown_rate": "float32", "truncated": "bool", "negation": "bool", "contrast": "bool", "logit": "float32",
    }  # fmt: skip


def test_a_summary_has_the_metrics_of_its_table() -> None:
    labels, logits = [1, 1, 1, 0, 0], [3.0, 1.0, -1.0, -2.0, 4.0]
    found = predictions.summary(table(label=labels, logit=logits), DecisionRule(2.0))
    y, z = np.array(labels), np.array(logits)
    assert (found["n"], found["positive"], found["accuracy"]) == (5, 3, 0.6)
    assert found["confusion"] == {"tp": 2, "fp": 1, "fn": 1, "tn": 1}
    assert found["accuracy_interval"] == list(metrics.wilson_interval(3, 5))
    assert found["auc"] == metrics.sweep(z, y).auc
    assert found["log_loss"] == metrics.log_loss(z / 2, y)
    assert found["brier"] == metrics.brier(metrics.sigmoid(z / 2), y)
    assert found["calibration_error"] == metrics.reliability(metrics.sigmoid(z / 2), y).error


def test_the_temperature_changes_probabilities_and_never_verdicts() -> None:
    rows = table(label=[1, 0, 1, 0], logit=[3.0, 1.0, 0.0, -2.0])
    cold, warm = predictions.summary(rows, DecisionRule(0.5)), predictions.summary(rows, DecisionRule(3.0))
    assert cold["confusion"] == warm["confusion"]
    assert cold["auc"] == warm["auc"]
    assert cold["log_loss"] != warm["log_loss"]


def test_every_review_has_one_level_of_confidence() -> None:
    probabilities = np.array([CONFIDENT + 0.01, 1 - CONFIDENT - 0.01, LEANING + 0.01, 0.5])
    rows = table(label=[1, 1, 1, 0], logit=np.log(probabilities / (1 - probabilities)).tolist())
    levels = {entry["level"]: entry for entry in predictions.summary(rows, DecisionRule())["confidence"]}
    assert list(levels) == ["confident", "leaning", "unsure"]
    assert levels["confident"] == {"level": "confident", "n": 2, "share": 0.5, "accuracy": 0.5}
    assert [entry["n"] for entry in levels.values()] == [2, 1, 1]


def test_slices_divide_the_reviews_and_empty_ones_are_left_out() -> None:
    rows = table(length=[99, 100, 399, 400, 5000], rating=[0, 1, 1, 10, 7], label=[1, 1, 0, 1, 0])
    found = predictions.summary(rows, DecisionRule())["slices"]
    by_length = [(s["value"], s["n"], s["accuracy"]) for s in found if s["by"] == "length"]
    assert by_length == [
        ("below 100", 1, 1.0), ("100 to 200", 1, 1.0), ("200 to 400", 1, 0.0), ("400 to 800", 1, 1.0),
        ("800 and more", 1, 0.0),
    ]  # fmt: skip
    assert [(s["value"], s["n"]) for s in found if s["by"] == "rating"] == [("1", 2), ("7", 1), ("10", 1)]
    assert [(s["value"], s["n"]) for s in found if s["by"] == "truncated"] == [("no", 5)]
    assert [(s["value"], s["n"]) for s in found if s["by"] == "unknown_rate"] == [("below 1%", 5)]
    assert all(s["interval"] == list(metrics.wilson_interval(round(s["accuracy"] * s["n"]), s["n"])) for s in found)


def test_a_float32_value_at_the_edge_of_two_bands_counts_in_the_upper_one() -> None:
    edges = pd.Series([0.01, 0.02, 0.05, 0.10], dtype="float32")
    found = predictions.summary(table(label=[1] * 4).assign(unknown_rate=edges), DecisionRule())["slices"]
    bands = [(s["value"], s["n"]) for s in found if s["by"] == "unknown_rate"]
    assert bands == [("1% to 2%", 1), ("2% to 5%", 1), ("5% to 10%", 1), ("10% and more", 1)]


def test_calibration_is_reported_for_each_band_of_lengths() -> None:
    rows = table(length=[50, 60, 150, 150], label=[1, 0, 1, 1], logit=[2.0, 2.0, -2.0, -4.0])
    found = predictions.calibration_by_length(rows, DecisionRule(2.0))
    assert [(band["value"], band["n"]) for band in found] == [("below 100", 2), ("100 to 200", 2)]
    for band, logits, labels in zip(found, ([2.0, 2.0], [-2.0, -4.0]), ([1, 0], [1, 1]), strict=True):
        probabilities = metrics.sigmoid(np.array(logits) / 2)
        assert band["calibration_error"] == metrics.reliability(probabilities, np.array(labels)).error
        assert (band["by_chance"], band["by_chance_high"]) == metrics.chance_error(probabilities)


def test_a_summary_without_one_of_the_classes_is_valid_json() -> None:
    found = predictions.summary(table(label=[1, 1]), DecisionRule())
    assert found["auc"] is None
    assert json.loads(json.dumps(found, allow_nan=False)) == found
