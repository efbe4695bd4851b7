"""Clauses that praise or blame are found in reviews, and turned to their opposite."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("tensorflow")

from sentiment.tokenizer import token_texts
from sentiment.training import counterfactuals as module
from sentiment.training.counterfactuals import clauses, counterfactuals, opinions
from sentiment.training.fit import Examples
from sentiment.vocabulary import Vocabulary, count_tokens

LEANINGS = {"good": 1.0, "great": 2.0, "boring": -1.5}
FORMS = tomllib.loads(Path(module.__file__).with_name("negations.toml").read_text(encoding="utf-8"))


def review(text: str) -> str:
    return " ".join([".", *token_texts(text), ". "])


def test_a_short_clause_is_taken_apart():
    (clause,) = clauses(review("It rained, but the cast was really great. We left."), LEANINGS)
    assert clause.praise
    assert clause.parts["subject"] == "the cast"
    assert clause.parts["copula"] == "was"
    assert clause.parts["said"] == "really great"
    assert clause.parts["noun"] == "cast"


def test_a_clause_with_an_article_names_what_it_calls_so():
    (clause,) = clauses(review("this is a boring film."), LEANINGS)
    assert not clause.praise
    assert (clause.parts["noun"], clause.parts["better"]) == ("film", "worse")


def test_a_clause_with_a_verb_knows_its_stem():
    (clause,) = clauses(review("I slept. i hated the ending!"), LEANINGS)
    assert not clause.praise
    assert (clause.parts["subject"], clause.parts["do"], clause.parts["object"]) == ("i", "hate", "the ending")


@pytest.mark.parametrize(
    "text",
    [
        "the cast was not great.",
        "nobody was good.",
        "the good cast was boring.",
        "the cast was great in a boring film.",
        "the cast of this very old long film was great.",
        "the cast was there.",
        "it is a good.",
    ],
)
def test_what_is_negated_torn_or_too_long_is_left_alone(text):
    assert list(clauses(review(text), LEANINGS)) == []


def test_words_that_are_said_with_very_and_lean_are_opinions():
    positive = review("it was very splendid. it was splendid. it was here.")
    negative = review("it was very dire. it was dire. it was here.")
    found = opinions([positive, negative] * 10, np.array([1, 0] * 10, np.float32))
    assert set(found) == {"splendid", "dire"}
    assert found["splendid"] > 0 > found["dire"]


@pytest.fixture(scope="module")
def made_by():
    """What becomes of forty reviews under a seed, as texts with their targets."""
    texts = ["the plot was very splendid. we saw it.", "the plot was very dire. we saw it."] * 20
    forms = [form.split() for table in FORMS.values() for way in table.values() for form in way]
    tokens = count_tokens(
        [*map(token_texts, texts), *forms, ["but", "still", "although", "even", "though", "and", "better", "worse"]]
    )
    vocabulary = Vocabulary.from_counts(tokens, max_size=1_000, min_count=1)
    labelled = Examples([vocabulary.encode(token_texts(text)) for text in texts], np.array([1, 0] * 20, np.float32))

    def made(seed: int) -> list[tuple[str, float]]:
        examples = counterfactuals(labelled, labelled.ids, vocabulary, seed)
        texts = (" ".join(vocabulary.tokens[id - 2] for id in ids) for ids in examples.ids)
        return list(zip(texts, examples.targets.tolist(), strict=True))

    return made


@pytest.fixture(scope="module")
def made(made_by):
    return made_by(1)


def test_every_clause_says_the_same_once_and_the_opposite_twice(made):
    assert len(made) == 4 * 80
    for i in range(0, len(made), 4):
        (_, same), (_, opposite), (_, again), _ = made[i : i + 4]
        assert opposite == again
        assert (same > 0.5) != (opposite > 0.5)


def test_no_placeholder_is_left_and_nothing_is_unknown(made):
    assert not any("{" in text or "}" in text for text, _ in made)


def test_negation_turns_praise_into_blame_and_blame_into_something_less_than_praise(made):
    praise = [target for text, target in made if re.fullmatch(r"the plot was (not|n't|never) very splendid( .)?", text)]
    blame = [target for text, target in made if re.fullmatch(r"the plot was (not|n't|never) very dire( .)?", text)]
    assert max(praise) < 0.1
    assert 0.5 < min(blame) == max(blame) < dict(made)["the plot was very splendid ."]


def test_the_clause_with_the_last_word_decides(made):
    for text, target in made[3::4]:
        if target in (pytest.approx(0.8), pytest.approx(0.2)):
            assert " but " in text or "though " in text or "still" in text


def test_reviews_without_an_opinion_still_give_what_was_loved():
    vocabulary = Vocabulary.from_counts(
        count_tokens([token_texts("i loved the film. we hated it.")]), max_size=99, min_count=1
    )
    reviews = [vocabulary.encode(token_texts(text)) for text in ("i loved the film.", "we hated it.")]
    examples = counterfactuals(Examples(reviews, np.array([1, 0], np.float32)), (), vocabulary, seed=1)
    assert len(examples.ids) == 8


def test_the_same_seed_gives_the_same_texts(made_by):
    assert made_by(1) == made_by(1) != made_by(2)
