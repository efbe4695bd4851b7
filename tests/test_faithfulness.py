"""The evidence about explanations, checked on models whose right answers are known."""

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
from tests.tiny import tiny_weights

WORTH = np.array([0.0, 0.0, 3.0, -2.0, 1.0, 0.0, 0.0])  # what each id adds to the score of the linear model


def linear(reviews) -> np.ndarray:
    """A model that adds up its words."""
    return np.array([WORTH[ids].sum() + 0.5 for ids in reviews])


def both(reviews) -> np.ndarray:
    """A model that answers 4 where ids 2 and 3 both occur, else 0."""
    return np.array([4.0 * (2 in ids and 3 in ids) for ids in reviews])


def honest(reviews) -> list[Attribution]:
    return [Attribution(0.5, WORTH[ids].astype(np.float32)) for ids in reviews]


def ids(*numbers: int) -> np.ndarray:
    return np.array(numbers, np.int32)


def lstm_logits(weights):
    attributor = Attributor(weights, 60)

    def logits(reviews):
        paths = [attributor.path([review]) for review in reviews]
        return np.array([path.lstm.logits(path.at(1), path.lengths)[0] for path in paths])

    return logits


def test_shapley_values_of_words_that_only_add_up_are_their_worth():
    review = ids(2, 3, 5, 4, UNK)
    np.testing.assert_allclose(shapley_values(linear, review), WORTH[review], atol=1e-12)


def test_shapley_values_share_what_two_words_do_together():
    np.testing.assert_allclose(shapley_values(both, ids(5, 2, 6, 3)), [0, 2, 0, 2], atol=1e-12)
    np.testing.assert_allclose(shapley_values(both, ids(2, 2, 3)), [2 / 3, 2 / 3, 8 / 3], atol=1e-12)


def test_leaving_one_out_measures_each_words_own_loss():
    [explained] = leave_one_out(linear, [ids(2, 3, 5)])
    np.testing.assert_allclose(explained.contributions, [3, -2, 0])
    assert explained.baseline_logit == 0.5
    [alone] = leave_one_out(linear, [ids(2)])
    np.testing.assert_allclose(alone.contributions, [3])


@pytest.mark.parametrize("way", erasure.REMOVALS)
def test_erasure_follows_the_definition(way):
    review = ids(2, *[5] * 9)  # one word that matters: 10% of the review is that word, 20% and 50% hold it
    found = erasure.erase(linear, DecisionRule(2.0), [review], [WORTH[review]], way)

    whole, without = sigmoid(np.array([3.5, 0.5]) / 2)
    assert found.comprehensiveness[0] == pytest.approx(whole - without)
    assert found.sufficiency[0] == pytest.approx(0.0)

    backwards = erasure.erase(linear, DecisionRule(2.0), [review], [-WORTH[review]], way)
    assert backwards.comprehensiveness[0] == pytest.approx(0.0)
    assert backwards.sufficiency[0] == pytest.approx(whole - without)


def test_erasure_ranks_by_what_speaks_for_the_verdict_not_by_size():
    review = ids(3, 3, 3, 2)  # negative in all; the positive word is larger than each negative one
    found = erasure.erase(linear, DecisionRule(1.0), [review], [WORTH[review]], "deletion")
    certain, less, least = sigmoid(np.array([2.5, 0.5, -1.5]))
    assert found.comprehensiveness[0] == pytest.approx(certain - (4 * less + least) / 5)


def test_the_interval_of_a_mean_holds_the_mean_and_narrows_with_more_reviews():
    values = np.random.default_rng(0).normal(1.0, 1.0, 2000)
    mean, low, high = erasure.mean_interval(values)
    _, fewer_low, fewer_high = erasure.mean_interval(values[:200])
    assert low < mean < high
    assert high - low == pytest.approx(2 * 1.96 / math.sqrt(2000), rel=0.1)
    assert fewer_high - fewer_low > 2 * (high - low)


def test_a_hybrid_holds_whole_sentences_of_both_sides_and_knows_which():
    positive, negative = [ids(2, 2), ids(4), ids(2)], [ids(3), ids(3, 5)]
    hybrid = hybrids.join(positive, negative, np.random.default_rng(0))

    assert sorted(hybrid.ids[hybrid.positive]) == [2, 2, 4]
    assert sorted(hybrid.ids[~hybrid.positive]) == [3, 3, 5]


def test_a_hit_is_a_top_word_from_the_side_of_the_verdict():
    rng = np.random.default_rng(0)
    documents = [hybrids.join([ids(2, 5)], [ids(3, 5)], rng) for _ in range(4)]
    texts = [document.ids for document in documents]
    right = [a.contributions for a in honest(texts)]

    assert hybrids.hits(documents, linear(texts), right).all()
    assert not hybrids.hits(documents, linear(texts), [-values for values in right]).any()
    assert hybrids.hits(documents, -linear(texts), [-values for values in right]).sum() == 0


def test_completeness_gaps_are_zero_for_the_honest_and_seen_for_the_others():
    reviews = [ids(2, 3), ids(4, 5, 2)]
    np.testing.assert_allclose(identities.completeness_gaps(honest, linear, reviews), 0, atol=1e-6)
    np.testing.assert_allclose(identities.completeness_gaps(honest, both, reviews), [2.5, 4.5], atol=1e-6)


@pytest.fixture(scope="module")
def model():
    return tiny_weights(embedding=6, units=5, seed=1)


@pytest.fixture(scope="module")
def reviews():
    rng = np.random.default_rng(0)
    return [rng.integers(2, 14, length).astype(np.int32) for length in (5, 20, 40)]


def test_the_identities_hold_for_the_rescale_rule_and_are_broken_by_its_rivals(model, reviews):
    logits = lstm_logits(model)
    compared = methods(model, 60, logits)

    assert identities.forward_gaps(Attributor(model, 60), logits, reviews).max() < 1e-6
    assert identities.completeness_gaps(compared[OURS], logits, reviews).max() < 1e-5
    assert not identities.dummy_values(compared[OURS], reviews, np.random.default_rng(0)).any()
    for rival in RIVALS:
        assert identities.completeness_gaps(compared[rival], logits, reviews).max() > 0.01
        assert identities.dummy_values(compared[rival], reviews, np.random.default_rng(0)).any()


def test_many_segments_agree_with_integrated_gradients(model, reviews):
    agreement, gaps = identities.limit_agreement(Attributor(model, 60), lstm_logits(model), reviews, 64, 256)
    assert min(agreement) > 0.999
    assert max(gaps) < 0.01


def test_integrated_gradients_at_too_few_points_are_distinguished_from_their_limit(model, reviews):
    _, gaps = identities.limit_agreement(Attributor(model, 60), lstm_logits(model), reviews, 64, 1)
    assert max(gaps) > 0.1


def test_every_method_explains_every_review(model, reviews):
    for name, method in methods(model, 60, lstm_logits(model)).items():
        explained = method(reviews)
        assert [len(a.contributions) for a in explained] == [len(review) for review in reviews], name
        assert all(np.isfinite(a.contributions).all() for a in explained), name


def test_random_values_are_the_same_for_the_same_review_in_any_batch(model, reviews):
    random = methods(model, 60, lstm_logits(model))["random"]
    np.testing.assert_array_equal(random(reviews)[1].contributions, random(reviews[1:])[0].contributions)


def test_the_rescale_rule_comes_closer_to_shapley_values_than_random_ones(model):
    logits = lstm_logits(model)
    compared = methods(model, 60, logits)
    rng = np.random.default_rng(2)
    texts = [rng.integers(2, 14, 6).astype(np.int32) for _ in range(40)]
    exact = [shapley_values(logits, text) for text in texts]

    def agreement(name: str) -> float:
        explained = compared[name](texts)
        return float(np.mean([correlation(a.contributions, e) for a, e in zip(explained, exact, strict=True)]))

    assert agreement(OURS) > agreement("random") + 0.4


def test_a_shuffled_model_has_the_same_numbers_and_other_explanations(model, reviews):
    other = identities.shuffled(model, np.random.default_rng(0))

    assert sorted(other.embedding.ravel()) == sorted(model.embedding.ravel())
    assert other.embedding.shape == model.embedding.shape
    [ours], [theirs] = (Attributor(weights, 60)(reviews[-1:]) for weights in (model, other))
    assert abs(correlation(ours.contributions, theirs.contributions)) < 0.8
