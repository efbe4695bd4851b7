"""Reviews are turned to their opposites by rules for words, negations, doubt and ratings."""

from __future__ import annotations

import tomllib

import numpy as np
import pytest

from sentiment.text.vocabulary import Vocabulary
from sentiment.training.examples import Examples
from sentiment.training.turned import RULES, Lexicon, TurnedReviews, Turner, find_opposites
from tests.tiny import decode

TEXT = """the film cast was is a an very not n't never did could out of 10 8 3 8/10 3/10 " . , supposedly allegedly it i
like good bad great awful dull lovely dreadful splendid"""
WORDS = TEXT.split()
VOCABULARY = Vocabulary(WORDS)
PAIRS = [("good", "bad"), ("great", "awful"), ("like", "dull")]
LEXICON = Lexicon(
    {VOCABULARY.id(word): side for pair in PAIRS for word, side in zip(pair, (1, -1), strict=True)},
    {VOCABULARY.id(one): [VOCABULARY.id(other)] for pair in PAIRS for one, other in (pair, pair[::-1])},
    {VOCABULARY.id(word): 1.0 for pair in PAIRS for word in pair},
)


class Draws:
    """Random numbers in the order given, the last one repeated, and always the first choice."""

    def __init__(self, *numbers: float) -> None:
        self._numbers = list(numbers)

    def random(self) -> float:
        return self._numbers.pop(0) if len(self._numbers) > 1 else self._numbers[0]

    def integers(self, high: int) -> int:
        return 0


def turned(text: str, side: int, *draws: float) -> str:
    """The text with each opinion turned at a rate of 0.9."""
    review = VOCABULARY.encode(text.split())
    return decode(Turner(LEXICON, VOCABULARY).turn(review, side, 0.9, Draws(*draws)).ids, VOCABULARY)


@pytest.mark.parametrize(
    ("text", "side", "draws", "expected"),
    [
        ("the film was good .", 1, (0.5, 0.99), "the film was bad ."),
        ("the film was bad .", -1, (0.5, 0.99), "the film was good ."),
        ("a great film", 1, (0.5, 0.99), "an awful film"),
        ("an awful film", -1, (0.5, 0.99), "a great film"),
        ("it was very good", 1, (0.5, 0.1), "it was not very good"),
        ("a good film", 1, (0.5, 0.9), "a bad film"),
        ("a good film", 1, (0.5, 0.1, 0.2), "a supposedly good film"),
        ("it was good", 1, (0.5, 0.3, 0.2), "it was supposedly good"),
        ("a good film", 1, (0.5, 0.3, 0.7), 'a " good " film'),
        ("it was bad", -1, (0.5, 0.3), "it was good"),
        ("it was not good", -1, (0.5,), "it was good"),
        ("it was n't very good", -1, (0.5,), "it was very good"),
        ("i did n't like it", -1, (0.5,), "i did n't dull it"),
        ("it was never bad", 1, (0.5,), "it was bad"),
        ("8/10", 1, (0.5,), "3/10"),
        ("3/10", -1, (0.5,), "8/10"),
        ("8 out of 10", 1, (0.5,), "3 out of 10"),
        ("8 of 10", 1, (0.5,), "8 of 10"),
        ("8/10", -1, (0.5,), "8/10"),
        ("the cast", 1, (0.0,), "the cast"),
    ],
)
def test_an_opinion_that_agrees_with_the_label_is_turned(text, side, draws, expected):
    assert turned(text, side, *draws) == expected


def test_an_opinion_against_the_label_is_replaced_half_the_time():
    assert turned("the film was bad", 1, 0.4) == "the film was good"
    assert turned("the film was bad", 1, 0.6) == "the film was bad"
    assert turned("it was not good", 1, 0.4) == "it was good"
    assert turned("it was not good", 1, 0.6) == "it was not good"


def test_an_opinion_that_is_not_drawn_stays_and_lowers_the_share_turned():
    turner = Turner(LEXICON, VOCABULARY)
    result = turner.turn(VOCABULARY.encode(["good", "great", "bad"]), 1, 0.9, Draws(0.5, 0.99, 0.95, 0.6))
    assert (result.share, result.evidence, result.turned) == (0.5, 2.0, 1.0)
    assert turner.turn(VOCABULARY.encode(["film"]), 1, 0.9, Draws(0.0)).share == 0.0


def test_words_without_an_opinion_always_stay():
    rng = np.random.default_rng(2)
    ratings = [word for word in WORDS if word[0].isdigit()]
    neutral = [word for word in WORDS if VOCABULARY.id(word) not in LEXICON.sides and word not in ratings]
    review = VOCABULARY.encode(rng.choice(neutral, 200))
    assert Turner(LEXICON, VOCABULARY).turn(review, 1, 1.0, rng).ids == review.tolist()


def test_a_vocabulary_without_any_of_the_words_turns_nothing():
    vocabulary = Vocabulary(["one", "two"])
    labelled = Examples([np.array([2], np.int32), np.array([3], np.int32)], np.array([1, 0], np.float32))
    lexicon = find_opposites(labelled, np.ones((4, 3), np.float16), vocabulary)
    assert lexicon.sides == {}
    assert Turner(lexicon, vocabulary).turn(np.array([2, 1, 3], np.int32), 1, 1.0, Draws(0.0)).ids == [2, 1, 3]


@pytest.fixture(scope="module")
def found() -> Lexicon:
    """A lexicon from 400 reviews. A word and its opposite differ only in the first dimension of the embedding."""
    rng = np.random.default_rng(1)
    pairs = [("lovely", "dreadful"), ("splendid", "dull")]
    reviews = [
        VOCABULARY.encode([*rng.choice(["the", "film", "cast"], 4), pair[int(label == 0)]])
        for label in (1, 0)
        for pair in pairs
        for _ in range(100)
    ]
    embedding = np.zeros((len(VOCABULARY), 6))
    for place, pair in enumerate(pairs):
        for side, word in zip((1, -1), pair, strict=True):
            embedding[VOCABULARY.id(word), [0, 1 + place]] = side, 1
    labels = np.repeat([1, 0], 200).astype(np.float32)
    return find_opposites(Examples(reviews, labels), embedding, VOCABULARY)


def test_opposites_are_found_by_label_and_embedding(found):
    for one, other in (("lovely", "dreadful"), ("splendid", "dull")):
        assert decode(found.opposites[VOCABULARY.id(one)], VOCABULARY) == other
        assert (found.sides[VOCABULARY.id(one)], found.sides[VOCABULARY.id(other)]) == (1, -1)
    assert VOCABULARY.id("film") not in found.sides


def test_listed_pairs_are_added_if_the_vocabulary_has_both_words(found):
    assert found.opposites[VOCABULARY.id("good")] == [VOCABULARY.id("bad")]
    assert all(id in range(2, len(VOCABULARY)) for id in found.sides)


def reviews(texts: list[str], logits: list[float], labelled: int) -> TurnedReviews:
    ids = [VOCABULARY.encode(text.split()) for text in texts]
    return TurnedReviews(Turner(LEXICON, VOCABULARY), ids, labelled, np.array(logits, np.float32), 0.9, 3.5)


def test_the_target_is_reversed_and_no_more_confident_than_the_model_or_the_bound():
    targets = {}
    for logit in (2.0, -2.0, 9.0):
        text = "good great like" if logit > 0 else "bad awful dull"
        source, rng = reviews([text], [logit], 1), np.random.default_rng(3)
        targets[logit] = [source(rng)[1] for _ in range(200)]
    assert max(targets[2.0]) < 0.5 < min(targets[-2.0])
    assert min(targets[2.0]) == pytest.approx(1 / (1 + np.exp(2)))
    assert max(targets[-2.0]) == pytest.approx(1 / (1 + np.exp(-2)))
    assert min(targets[9.0]) == pytest.approx(1 / (1 + np.exp(3.5)))
    assert max(targets[2.0]) > min(targets[2.0]) + 0.05  # it is weaker if less was turned


def test_a_review_without_a_confident_prediction_or_too_long_is_not_turned():
    source = reviews(["good great", "good great like", "good " * 900], [0.5, 3.0, 3.0], 1)
    lengths = [len(source(np.random.default_rng(seed))[0]) for seed in range(20)]
    assert all(3 <= length < 10 for length in lengths)  # of the second; doubt may add words
    assert not reviews(["good great"], [0.5], 1)


def test_a_review_without_an_opinion_keeps_its_text_and_the_prediction():
    ids, target = reviews(["the film"], [2.0], 0)(np.random.default_rng(1))
    assert ids.tolist() == VOCABULARY.encode(["the", "film"]).tolist()
    assert target == pytest.approx(1 / (1 + np.exp(-2)))


def test_the_rules_do_not_contradict_each_other():
    rules = tomllib.loads(RULES.read_text(encoding="utf-8"))
    assert [pair for pair in rules["pairs"] if len(pair) != 2 or pair[0] == pair[1]] == []
    assert {(one, other) for one, other in rules["pairs"]} & {(other, one) for one, other in rules["pairs"]} == set()
    assert all((int(mark) > 5) != (int(other) > 5) for mark, other in rules["marks"])
    words = {word for pair in rules["pairs"] for word in pair} | set(rules["hedges"])
    assert words & {*rules["neutral"], *rules["negations"], *rules["degrees"]} == set()
