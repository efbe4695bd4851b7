"""The measures of faithfulness, on models whose exact values are known."""

from __future__ import annotations

import math

import numpy as np
import pytest

from sentiment.evaluation.metrics import sigmoid
from sentiment.explain.stability import correlation
from sentiment.faithfulness import erasure, hybrids, identities
from sentiment.faithfulness.methods import OURS, RIVALS, leave_one_out, methods
from sentiment.faithfulness.shapley import shapley_values
from sentiment.model.attribution import Attribution, Attributor
from sentiment.model.decision import DecisionRule
from sentiment.text.vocabulary import UNK
from tests.tiny import WORDS, tiny_weights

WEIGHTS = np.array([0.0, 0.0, 3.0, -2.0, 1.0, 0.0, 0.0])  # of each id in the linear model
MAX_LENGTH = 60
VOCABULARY = len(WORDS) + 2


def linear(reviews) -> np.ndarray:
    """The logits of a model that adds up the weights of its words."""
    return np.array([WEIGHTS[ids].sum() + 0.5 for ids in reviews])


def both(reviews) -> np.ndarray:
    """The logits of a model: 4 if ids 2 and 3 both occur, else 0."""
    return np.array([4.0 * (2 in ids and 3 in ids) for ids in reviews])


def exact_attributions(reviews) -> list[Attribution]:
    return [Attribution(0.5, WEIGHTS[ids].astype(np.float32)) for ids in reviews]


def ids(*numbers: int) -> np.ndarray:
    return np.array(numbers, np.int32)


def lstm_logits(weights):
    """Returns a function that computes the logits of reviews one by one."""
    attributor = Attributor(weights, MAX_LENGTH)

    def logits(reviews):
        paths = [attributor.path([review]) for review in reviews]
        return np.array([path.lstm.logits(path.at(1), path.lengths)[0] for path in paths])

    return logits


def test_shapley_values_of_a_linear_model_are_its_weights():
    review = ids(2, 3, 5, 4, UNK)
    np.testing.assert_allclose(shapley_values(linear, review), WEIGHTS[review], atol=1e-12)


def test_shapley_values_divide_an_interaction_equally():
    np.testing.assert_allclose(shapley_values(both, ids(5, 2, 6, 3)), [0, 2, 0, 2], atol=1e-12)
    np.testing.assert_allclose(shapley_values(both, ids(2, 2, 3)), [2 / 3, 2 / 3, 8 / 3], atol=1e-12)


def test_leave_one_out_measures_the_effect_of_each_word():
    [explained] = leave_one_out(linear, [ids(2, 3, 5)])
    np.testing.assert_allclose(explained.contributions, [3, -2, 0])
    assert explained.baseline_logit == 0.5
    [alone] = leave_one_out(linear, [ids(2)])
    np.testing.assert_allclose(alone.contributions, [3])


@pytest.mark.parametrize("removal", erasure.REMOVALS)
def test_erasure_follows_the_definition(removal):
    review = ids(2, *[5] * 9)  # the one word that matters is 10% of the review, and part of every larger share
    found = erasure.erase(linear, DecisionRule(2.0), [review], [WEIGHTS[review]], removal)

    whole, without = sigmoid(np.array([3.5, 0.5]) / 2)
    assert found.comprehensiveness[0] == pytest.approx(whole - without)
    assert found.sufficiency[0] == pytest.approx(0.0)

    backwards = erasure.erase(linear, DecisionRule(2.0), [review], [-WEIGHTS[review]], removal)
    assert backwards.comprehensiveness[0] == pytest.approx(0.0)
    assert backwards.sufficiency[0] == pytest.approx(whole - without)


def test_erasure_ranks_words_by_support_for_the_verdict_and_not_by_size():
    review = ids(3, 3, 3, 2)  # negative in all; the positive word is larger than each negative one
    found = erasure.erase(linear, DecisionRule(1.0), [review], [WEIGHTS[review]], "deletion")
    certain, less, least = sigmoid(np.array([2.5, 0.5, -1.5]))
    assert found.comprehensiveness[0] == pytest.approx(certain - (4 * less + least) / 5)


def test_the_interval_of_a_mean_contains_it_and_narrows_with_more_reviews():
    values = np.random.default_rng(0).normal(1.0, 1.0, 2000)
    mean, low, high = erasure.mean_interval(values)
    _, fewer_low, fewer_high = erasure.mean_interval(values[:200])
    assert low < mean < high
    assert high - low == pytest.approx(2 * 1.96 / math.sqrt(2000), rel=0.1)
    assert fewer_high - fewer_low > 2 * (high - low)


def test_a_hybrid_has_whole_sentences_and_records_their_side():
    positive, negative = [ids(2, 2), ids(4), ids(2)], [ids(3), ids(3, 5)]
    hybrid = hybrids.join(positive, negative, np.random.default_rng(0))

    assert sorted(hybrid.ids[hybrid.positive]) == [2, 2, 4]
    assert sorted(hybrid.ids[~hybrid.positive]) == [3, 3, 5]
    assert hybrid.ids[hybrid.ids.tolist().index(5) - 1] == 3  # the sentence of 3 and 5


def test_a_hit_is_a_top_word_from_the_side_of_the_verdict():
    rng = np.random.default_rng(0)
    documents = [hybrids.join([ids(2, 5)], [ids(3, 5)], rng) for _ in range(4)]
    texts = [document.ids for document in documents]
    exact = [a.contributions for a in exact_attributions(texts)]

    assert hybrids.hits(documents, linear(texts), exact).all()
    assert not hybrids.hits(documents, linear(texts), [-values for values in exact]).any()
    assert not hybrids.hits(documents, -linear(texts), [-values for values in exact]).any()


def test_only_exact_attributions_have_no_completeness_gap():
    reviews = [ids(2, 3), ids(4, 5, 2)]
    np.testing.assert_allclose(identities.completeness_gaps(exact_attributions, linear, reviews), 0, atol=1e-6)
    np.testing.assert_allclose(identities.completeness_gaps(exact_attributions, both, reviews), [2.5, 4.5], atol=1e-6)


@pytest.fixture(scope="module")
def model():
    return tiny_weights(embedding=6, units=5, seed=1)


@pytest.fixture(scope="module")
def reviews():
    rng = np.random.default_rng(0)
    return [rng.integers(2, VOCABULARY, length).astype(np.int32) for length in (5, 20, 40)]


def test_the_identities_hold_for_the_rescale_rule_and_for_none_of_its_rivals(model, reviews):
    logits = lstm_logits(model)
    compared = methods(model, MAX_LENGTH, logits)

    assert identities.forward_gaps(Attributor(model, MAX_LENGTH), logits, reviews).max() < 1e-6
    assert identities.completeness_gaps(compared[OURS], logits, reviews).max() < 1e-5
    assert not identities.dummy_values(compared[OURS], reviews, np.random.default_rng(0)).any()
    for rival in RIVALS:
        assert identities.completeness_gaps(compared[rival], logits, reviews).max() > 0.01
        assert identities.dummy_values(compared[rival], reviews, np.random.default_rng(0)).any()


def test_many_segments_agree_with_integrated_gradients(model, reviews):
    agreement, gaps = identities.limit_agreement(Attributor(model, MAX_LENGTH), lstm_logits(model), reviews, 64, 256)
    assert min(agreement) > 0.999
    assert max(gaps) < 0.01


def test_integrated_gradients_at_one_point_have_a_large_completeness_gap(model, reviews):
    _, gaps = identities.limit_agreement(Attributor(model, MAX_LENGTH), lstm_logits(model), reviews, 64, 1)
    assert max(gaps) > 0.1


def test_every_method_explains_every_review(model, reviews):
    for name, method in methods(model, MAX_LENGTH, lstm_logits(model)).items():
        explained = method(reviews)
        assert [len(a.contributions) for a in explained] == [len(review) for review in reviews], name
        assert all(np.isfinite(a.contributions).all() for a in explained), name


def test_random_values_are_the_same_for_the_same_review_in_any_batch(model, reviews):
    random = methods(model, MAX_LENGTH, lstm_logits(model))["random"]
    np.testing.assert_array_equal(random(reviews)[1].contributions, random(reviews[1:])[0].contributions)


def test_the_rescale_rule_comes_closer_to_shapley_values_than_random_ones(model):
    logits = lstm_logits(model)
    compared = methods(model, MAX_LENGTH, logits)
    rng = np.random.default_rng(2)
    texts = [rng.integers(2, VOCABULARY, 6).astype(np.int32) for _ in range(40)]
    exact = [shapley_values(logits, text) for text in texts]

    def agreement(name: str) -> float:
        explained = compared[name](texts)
        return float(np.mean([correlation(a.contributions, e) for a, e in zip(explained, exact, strict=True)]))

    assert agreement(OURS) > agreement("random") + 0.4


def test_a_shuffled_model_has_the_same_numbers_and_other_explanations(model, reviews):
    other = identities.shuffled(model, np.random.default_rng(0))

    assert sorted(other.embedding.ravel()) == sorted(model.embedding.ravel())
    assert other.embedding.shape == model.embedding.shape
    [ours], [theirs] = (Attributor(weights, MAX_LENGTH)(reviews[-1:]) for weights in (model, other))
    assert abs(correlation(ours.contributions, theirs.contributions)) < 0.8
