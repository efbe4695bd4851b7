"""The guarantees of the classifier for every text, on a model of two units."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from sentiment import Classifier
from sentiment.model.decision import DecisionRule
from sentiment.types import Prediction
from tests.tiny import WORDS, tiny_run

REVIEWS = (
    "The film is good!",
    "not a great film .",
    "dull",
    "It isn't bad, is it? The film is a good film.",
    "the film " * 30,
)


def logits(predictions: list[Prediction]) -> list[float]:
    return [prediction.logit for prediction in predictions]


def random_reviews(n: int, seed: int = 0) -> list[str]:
    rng = np.random.default_rng(seed)
    return [" ".join(rng.choice(WORDS, rng.integers(1, 60))) for _ in range(n)]


def test_predictions_are_in_the_order_of_the_texts(classifier: Classifier) -> None:
    forwards, backwards = classifier.predict(REVIEWS), classifier.predict(REVIEWS[::-1])
    assert len(set(logits(forwards))) == len(REVIEWS)
    assert logits(forwards) == pytest.approx(logits(backwards)[::-1], abs=1e-6)


def test_a_review_has_the_same_score_alone_and_in_any_batch(classifier: Classifier) -> None:
    reviews = random_reviews(1500)
    together = logits(classifier.predict(reviews))
    alone = [classifier.predict([review])[0].logit for review in reviews[:300]]
    assert together[:300] == pytest.approx(alone, abs=1e-5)


def test_a_prediction_follows_from_its_logit_and_the_run_s_temperature(classifier: Classifier) -> None:
    for prediction in classifier.predict(REVIEWS):
        assert prediction.probability == pytest.approx(1 / (1 + np.exp(-prediction.logit / 1.5)))
        assert prediction.label == ("positive" if prediction.logit >= 0 else "negative")
        assert prediction.confidence == DecisionRule().confidence(prediction.probability, prediction.status)


@pytest.mark.parametrize("text", ["", "   ", "\n\t", "<br /><br />"])
def test_an_empty_text_has_no_verdict_but_a_prediction_and_an_explanation(text: str, classifier: Classifier) -> None:
    [prediction] = classifier.predict([text])
    assert prediction == Prediction(None, 0.5, 0.0, None, "empty", 0, 0, 0.0)
    explanation = classifier.explain(text)
    assert explanation.prediction == prediction
    assert (explanation.tokens, len(explanation.contributions), explanation.logit) == ((), 0, 0.0)


@pytest.mark.parametrize("value", [None, float("nan"), 7, b"good", ["good"], pd.NA])
def test_a_value_that_is_not_a_text_is_unreadable_and_affects_no_other(value: object, classifier: Classifier) -> None:
    first, second, third = classifier.predict(["good", value, "bad"])
    assert second == Prediction(None, 0.5, 0.0, None, "unreadable", 0, 0, 0.0)
    assert [first.logit, third.logit] == pytest.approx(logits(classifier.predict(["good", "bad"])), abs=1e-6)


def test_no_texts_give_no_predictions(classifier: Classifier) -> None:
    assert classifier.predict([]) == []


def test_one_string_is_not_taken_for_a_list_of_letters(classifier: Classifier) -> None:
    with pytest.raises(TypeError, match="give a list of texts"):
        classifier.predict("A good film")


def test_any_iterable_of_texts_is_accepted(classifier: Classifier) -> None:
    expected = logits(classifier.predict(list(REVIEWS)))
    for texts in (REVIEWS, iter(REVIEWS), pd.Series(REVIEWS), pd.Series(REVIEWS, dtype=object), np.array(REVIEWS)):
        assert logits(classifier.predict(texts)) == expected
    statuses = [each.status for each in classifier.predict(pd.Series(["good film", None, np.nan, ""]))]
    assert statuses == ["ok", "unreadable", "unreadable", "empty"]


def test_a_text_in_an_unknown_language_gets_an_unsure_verdict(classifier: Classifier) -> None:
    [prediction] = classifier.predict(["Der Streifen war leider überhaupt nichts ! ! !"])
    assert prediction.status == "mostly_unknown"
    assert prediction.confidence == "unsure"
    assert prediction.label is not None
    assert prediction.unknown_rate == pytest.approx(6 / 9)


def test_a_long_text_is_read_up_to_the_limit_and_its_status_is_truncated(classifier: Classifier) -> None:
    start = "the film is good . " * 10
    [truncated] = classifier.predict([start + "bad " * 99_950])
    [whole] = classifier.predict([start])
    assert (truncated.status, truncated.tokens_read, truncated.tokens_total) == ("truncated", 50, 100_000)
    assert (whole.status, whole.tokens_read, whole.tokens_total) == ("ok", 50, 50)
    assert truncated.logit == pytest.approx(whole.logit, abs=1e-6)


def test_the_status_mostly_unknown_takes_precedence_over_truncated(classifier: Classifier) -> None:
    assert classifier.predict(["wort " * 60])[0].status == "mostly_unknown"


@pytest.mark.parametrize("text", ["good", "!", "x", "\U0001f3ac", "\ud800", "\x00", "İ"])
def test_one_token_is_enough_for_a_verdict_and_an_explanation(text: str, classifier: Classifier) -> None:
    [prediction] = classifier.predict([text])
    assert prediction.label is not None
    assert prediction.tokens_read >= 1
    explanation = classifier.explain(text)
    assert explanation.logit == pytest.approx(prediction.logit, abs=1e-5)


@pytest.mark.parametrize("text", [*REVIEWS, "unheard-of wörds", "dull " * 400])
def test_an_explanation_adds_up_to_the_score_and_shows_its_residual(text: str, classifier: Classifier) -> None:
    explanation = classifier.explain(text)
    [prediction] = classifier.predict([text])
    assert len(explanation.contributions) == len(explanation.tokens) == prediction.tokens_read
    total = explanation.baseline_logit + explanation.contributions.sum(dtype=np.float64) + explanation.residual
    assert total == pytest.approx(explanation.logit, abs=1e-6)
    assert abs(explanation.residual) < 1e-4
    assert explanation.logit == pytest.approx(prediction.logit, abs=1e-5)
    assert all(text[token.start : token.end] == token.text for token in explanation.tokens)


def test_many_threads_get_the_same_results_as_one(classifier: Classifier) -> None:
    reviews = random_reviews(200, seed=1)
    expected = logits(classifier.predict(reviews))
    explained = [classifier.explain(review).baseline_logit for review in reviews[:20]]
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda _: logits(classifier.predict(reviews)), range(16)))
        baselines = list(pool.map(lambda review: classifier.explain(review).baseline_logit, reviews[:20]))
    assert all(answer == pytest.approx(expected, abs=1e-6) for answer in answers)
    assert baselines == pytest.approx(explained, abs=1e-6)


def test_a_loaded_classifier_names_the_folder_of_its_run(tmp_path: Path) -> None:
    loaded = Classifier.load(str(tiny_run(tmp_path / "tiny")))
    assert loaded.run == tmp_path / "tiny"
    assert (loaded.run / "model.onnx").is_file()


def test_a_programming_error_is_not_reported_as_a_damaged_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sentiment.model.loading.Preprocessor", lambda vocabulary: None)
    with pytest.raises(TypeError):
        Classifier.load(tiny_run(tmp_path / "tiny"))
