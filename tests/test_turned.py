"""Reviews are turned to their opposites by rule: words, negations, doubt and marks."""

from __future__ import annotations

import tomllib

import numpy as np
import pytest

from sentiment.text.vocabulary import Vocabulary
from sentiment.training.examples import Examples
from sentiment.training.turned import RULES, Lexicon, TurnedReviews, Turner, find_opposites

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


def turned(text: str, side: int, *draws: float, rate: float = 0.9) -> str:
    made = Turner(LEXICON, VOCABULARY).turn(VOCABULARY.encode(text.split()), side, rate, Draws(*draws))
    return " ".join(WORDS[id - 2] for id in made.ids)


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
def test_an_opinion_on_the_reviews_side_is_turned(text, side, draws, expected):
    assert turned(text, side, *draws) == expected


def test_an_opinion_against_the_reviews_side_is_turned_half_the_time_and_then_only_replaced():
    assert turned("the film was bad", 1, 0.4) == "the film was good"
    assert turned("the film was bad", 1, 0.6) == "the film was bad"
    assert turned("it was not good", 1, 0.4) == "it was good"
    assert turned("it was not good", 1, 0.6) == "it was not good"


def test_what_is_not_drawn_stays_and_the_share_counts_it():
    turner = Turner(LEXICON, VOCABULARY)
    made = turner.turn(VOCABULARY.encode(["good", "great", "bad"]), 1, 0.9, Draws(0.5, 0.99, 0.95, 0.6))
    assert (made.share, made.evidence, made.turned) == (0.5, 2.0, 1.0)
    assert turner.turn(VOCABULARY.encode(["film"]), 1, 0.9, Draws(0.0)).share == 0.0


def test_everything_else_stays_as_it_is_whatever_is_drawn():
    rng = np.random.default_rng(2)
    neutral = [word for word in WORDS if VOCABULARY.id(word) not in LEXICON.sides and "/" not in word]
    neutral = [word for word in neutral if not word.isdigit()]
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
    """A lexicon from 400 reviews; in the embedding a word and its opposite differ in the first number only."""
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


def test_opposites_are_found_by_what_they_are_said_of(found):
    for one, other in (("lovely", "dreadful"), ("splendid", "dull")):
        assert [WORDS[id - 2] for id in found.opposites[VOCABULARY.id(one)]] == [other]
        assert (found.sides[VOCABULARY.id(one)], found.sides[VOCABULARY.id(other)]) == (1, -1)
    assert VOCABULARY.id("film") not in found.sides


def test_pairs_by_hand_are_added_where_the_vocabulary_has_both(found):
    assert found.opposites[VOCABULARY.id("good")] == [VOCABULARY.id("bad")]
    assert all(id in range(2, len(VOCABULARY)) for id in found.sides)


def reviews(texts: list[str], logits: list[float], labelled: int) -> TurnedReviews:
    ids = [VOCABULARY.encode(text.split()) for text in texts]
    return TurnedReviews(Turner(LEXICON, VOCABULARY), ids, labelled, np.array(logits, np.float32), 0.9, 3.5)


def test_the_target_is_on_the_other_side_and_no_surer_than_the_model_and_the_bound():
    drawn = {}
    for logit in (2.0, -2.0, 9.0):
        text = "good great like" if logit > 0 else "bad awful dull"
        source, rng = reviews([text], [logit], 1), np.random.default_rng(3)
        drawn[logit] = [source(rng)[1] for _ in range(200)]
    assert max(drawn[2.0]) < 0.5 < min(drawn[-2.0])
    assert min(drawn[2.0]) == pytest.approx(1 / (1 + np.exp(2)))
    assert max(drawn[-2.0]) == pytest.approx(1 / (1 + np.exp(-2)))
    assert min(drawn[9.0]) == pytest.approx(1 / (1 + np.exp(3.5)))
    assert max(drawn[2.0]) > min(drawn[2.0]) + 0.05  # where less was turned


def test_a_review_that_is_unsure_or_too_long_is_not_turned():
    source = reviews(["good great", "good great like", "good " * 900], [0.5, 3.0, 3.0], 1)
    assert {len(source(np.random.default_rng(seed))[0]) >= 3 for seed in range(20)} == {True}
    assert not reviews(["good great"], [0.5], 1)


def test_a_review_without_an_opinion_comes_back_as_it_is_with_the_models_target():
    ids, target = reviews(["the film"], [2.0], 0)(np.random.default_rng(1))
    assert ids.tolist() == VOCABULARY.encode(["the", "film"]).tolist()
    assert target == pytest.approx(1 / (1 + np.exp(-2)))


def test_every_rule_is_in_tokens_and_no_word_has_itself_as_opposite():
    rules = tomllib.loads(RULES.read_text(encoding="utf-8"))
    assert [pair for pair in rules["pairs"] if len(pair) != 2 or pair[0] == pair[1]] == []
    assert {(one, other) for one, other in rules["pairs"]} & {(other, one) for one, other in rules["pairs"]} == set()
    assert all((int(mark) > 5) != (int(other) > 5) for mark, other in rules["marks"])
    words = {word for pair in rules["pairs"] for word in pair} | {word for name in ("hedges",) for word in rules[name]}
    assert words & {*rules["neutral"], *rules["negations"], *rules["degrees"]} == set()
