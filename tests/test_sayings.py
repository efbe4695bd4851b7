"""Sayings are made from templates, with blanks filled from lists and reviews, and none is a text of the tests."""

from __future__ import annotations

import re
import tomllib
from collections import Counter

import numpy as np
import pytest

from sentiment.behaviour import contrast
from sentiment.behaviour.cases import behaviours, cases
from sentiment.behaviour.sentences import sentences
from sentiment.text.reading import LATEST, READINGS
from sentiment.text.vocabulary import UNK, Vocabulary
from sentiment.training.examples import Examples
from sentiment.training.sayings import BLANKS, FORMS, SIDED, Sayings, fillings, short_sentences

TABLE = tomllib.loads(FORMS.read_text(encoding="utf-8"))
READ = READINGS[LATEST].words
OF_BOTH_SIDES = [form for group in TABLE["groups"] for form in group.get("either", [])]
EVERY_FORM = OF_BOTH_SIDES + [
    form for group in TABLE["groups"] for side in ("positive", "negative") for form in group.get(side, [])
]
CHOICES = [choice for choices in TABLE["blanks"].values() for choice in choices]
BLANK = re.compile(r"{\w+}")

SHAPE = """
[shape]
twice = {twice}
joins = [", and"]
ended = {ended}
ends = ["!"]
opened = {opened}
openers = ["well,"]
"""
FORMS_OF_TWO_SIDES = """
[blanks]
thing = ["soup", "{place} soup"]
place = ["hotel"]
[[groups]]
positive = ["You can't beat a {p} {thing}."]
negative = ["I won't be back for {nn}"]
[[groups]]
target = 0.7
weight = 3
positive = ["{N}? No: {P}"]
"""
FILLED = {
    "p": ["nice", "odd"],
    "n": ["vile"],
    "pn": ["nice soup"],
    "nn": ["vile soup"],
    "P": ["we ate"],
    "N": ["it bit"],
}


def vocabulary_of(*texts: str) -> Vocabulary:
    counts = Counter(word for text in texts for word in READ(BLANK.sub(" ", text)))
    return Vocabulary.from_counts(counts, max_size=10_000, min_count=1)


VOCABULARY = vocabulary_of(
    "You can't beat a soup. I won't be back for No: ? hotel well, and ! an",
    *(text for each in FILLED.values() for text in each),
)


def ids(vocabulary: Vocabulary, text: str) -> list[int]:
    return [vocabulary.id(word) for word in READ(text)]


def say(number: int = 300, *, without: str = "", twice=0.0, ended=0.0, opened=0.0) -> list[tuple[str, float]]:
    filled = {
        name: [ids(VOCABULARY, text) for text in texts] for name, texts in FILLED.items() if name not in without.split()
    }
    shape = SHAPE.format(twice=twice, ended=ended, opened=opened)
    sayings, rng = Sayings(filled, VOCABULARY, shape + FORMS_OF_TWO_SIDES), np.random.default_rng(1)
    tokens = ("", "<unknown>", *VOCABULARY.tokens)
    drawn = [sayings(rng) for _ in range(number)]
    return [(" ".join(tokens[id] for id in text), round(target, 3)) for text, target in drawn]


def test_blanks_are_filled_also_within_blanks_and_the_article_fits():
    assert {text for text, target in say() if target == 0.95} == {
        "you ca n't beat a nice soup .",
        "you ca n't beat a nice hotel soup .",
        "you ca n't beat an odd soup .",
        "you ca n't beat an odd hotel soup .",
    }
    assert {text for text, target in say() if target < 0.5} == {"i wo n't be back for vile soup"}


def test_a_group_has_its_own_target_and_is_drawn_by_its_weight():
    counts = Counter(target for _, target in say(4_000))
    assert set(counts) == {0.95, 0.7, 0.05}
    assert counts[0.05] / 4_000 == pytest.approx(0.5, abs=0.03)
    assert counts[0.7] / counts[0.95] == pytest.approx(3, rel=0.15)
    assert {text for text, target in say() if target == 0.7} == {"it bit ? no : we ate"}


def test_a_saying_may_have_an_opener_an_end_and_another_of_its_side():
    assert all(text.startswith("well , ") for text, _ in say(opened=1.0))
    assert all(text.endswith(" !") for text, _ in say(ended=1.0))
    joined = say(twice=1.0)
    assert all(" , and " in text for text, _ in joined)
    assert {target for text, target in joined if "wo n't" in text} == {0.05}
    assert {target for _, target in joined} == {0.05, 0.95, 0.825, 0.7}


@pytest.mark.parametrize(("without", "left"), [("P", {0.95, 0.05}), ("p", {0.7, 0.05})])
def test_a_form_with_a_blank_that_nothing_fills_is_left_out(without, left):
    assert {target for _, target in say(without=without)} == left


def test_without_a_form_for_either_side_there_are_no_sayings():
    content = SHAPE.format(twice=0, ended=0, opened=0) + FORMS_OF_TWO_SIDES
    assert not Sayings({}, VOCABULARY, content)
    assert Sayings({name: [[2]] for name in BLANKS}, VOCABULARY, content)


def test_a_form_for_either_side_ends_on_the_side_of_its_target():
    blanks = 'positive = ["{P}"]\nnegative = ["{N}"]\npraise = ["{p}"]\nblame = ["{n}"]\n'
    forms = '[[groups]]\neither = ["{X} but {Y}", "{x} {xn} , {y} {yn}"]\n'
    content = SHAPE.format(twice=0, ended=0, opened=0) + "[blanks]\n" + blanks + forms
    known = vocabulary_of("but , an", *(text for each in FILLED.values() for text in each))
    filled = {name: [ids(known, text) for text in texts[:1]] for name, texts in FILLED.items()}
    sayings, rng = Sayings(filled, known, content), np.random.default_rng(1)
    drawn = [sayings(rng) for _ in range(200)]
    assert {(" ".join(known.tokens[id - 2] for id in text), round(target, 2)) for text, target in drawn} == {
        ("it bit but we ate", 0.95),
        ("we ate but it bit", 0.05),
        ("vile vile soup , nice nice soup", 0.95),
        ("nice nice soup , vile vile soup", 0.05),
    }


def test_the_same_draws_give_the_same_sayings():
    assert say(50) == say(50)


def test_short_sentences_are_whole_known_and_without_contrast():
    text = (
        "it was a fine day . too short . we liked every scene of it ! "
        "we liked every scene of it ! it was fun but long . "
        'he said " go away now " . nobody saw the xylophone . and this one has no end'
    )
    vocabulary = vocabulary_of(text.replace("xylophone", ""))
    review = vocabulary.encode(text.split())
    found = short_sentences([review, review], vocabulary, np.random.default_rng(1))
    assert [" ".join(vocabulary.tokens[id - 2] for id in each) for each in found] == [
        "it was a fine day",
        "we liked every scene of it",
    ]


def test_blanks_are_filled_with_what_reviews_say_of_things():
    texts = [
        f". the {noun} was very {word} . a {word} {noun} . the {noun} was {word} ."
        for noun in ("plot", "cast")
        for word in ("splendid", "dire")
        for _ in range(15)
    ]
    vocabulary = vocabulary_of(*texts)
    labels = np.array(["splendid" in text for text in texts], np.float32)
    sure = [vocabulary.encode(text.split()) for text in ("the splendid cast", "the dire plot", "the plot")]
    labelled = Examples([vocabulary.encode(text.split()) for text in texts], labels)
    filled = fillings(labelled, sure, np.array([3.0, -3.0, 1.0], np.float32), vocabulary)
    said = {
        name: {" ".join(vocabulary.tokens[id - 2] for id in each) for each in every} for name, every in filled.items()
    }
    assert said == {
        "p": {"splendid"},
        "n": {"dire"},
        "pn": {"splendid plot", "splendid cast"},
        "nn": {"dire plot", "dire cast"},
        "P": {"the splendid cast"},
        "N": {"the dire plot"},
    }


# The forms that ship.


def test_every_form_and_choice_can_be_written():
    vocabulary = vocabulary_of(
        *EVERY_FORM, *CHOICES, *(text for name in ("joins", "ends", "openers") for text in TABLE["shape"][name]), "an x"
    )
    filled = {name: [[vocabulary.id("x")]] for name in BLANKS}
    sayings, rng = Sayings(filled, vocabulary), np.random.default_rng(1)
    drawn = [sayings(rng) for _ in range(3_000)]
    assert max(int((text == UNK).sum()) for text, _ in drawn) == 0
    kept = sum(len(group.forms[side]) for side in (1, -1) for group in sayings._sides[side])
    assert kept == len(EVERY_FORM) + len(OF_BOTH_SIDES)


def test_every_blank_has_a_name_that_is_known_and_none_is_written_in_vain():
    used = {name[1:-1] for text in [*EVERY_FORM, *CHOICES] for name in BLANK.findall(text)}
    assert used >= SIDED.keys()
    used = used - SIDED.keys() | {name for pair in SIDED.values() for name in pair}
    assert used - TABLE["blanks"].keys() - BLANKS.keys() == set()
    assert TABLE["blanks"].keys() - used == set()
    assert TABLE["blanks"].keys() & BLANKS.keys() == set()


def test_no_template_occurs_twice_or_on_both_sides():
    plain = Counter(" ".join(READ(form)) for form in EVERY_FORM)
    assert [form for form, number in plain.items() if number > 1] == []


def literal(form: str) -> list[list[str]]:
    """The words of a form between blanks and marks; a contraction is one word."""
    words = " ".join(READ(BLANK.sub(" | ", form))).replace(" n't", "n't")
    return [piece.split() for piece in re.split(r"[^\w' ]+", words)]


def runs(pieces: list[list[str]], length: int) -> set[str]:
    return {" ".join(piece[i : i + length]) for piece in pieces for i in range(len(piece) - length + 1)}


TESTED = [
    *(text for behaviour in behaviours() for texts in behaviour.templates for text in texts),
    *(sentence.text for sentence in sentences()),
    *(each.text for each in contrast.texts()),
]
NEGATIONS = [
    text for each in behaviours() if each.capability == "negation" for texts in each.templates for text in texts
]


@pytest.mark.parametrize(("tested", "most"), [(NEGATIONS, 3), (TESTED, 4)], ids=["negation", "all"])
def test_no_form_shares_many_words_in_a_row_with_a_test(tested, most):
    known = {run: text for text in tested for run in runs(literal(text), most + 1)}
    taught = {run: form for form in [*EVERY_FORM, *CHOICES] for run in runs(literal(form), most + 1)}
    assert {run: (taught[run], known[run]) for run in taught.keys() & known.keys()} == {}


def plain(text: str) -> str:
    return " ".join(READ(text)).replace(" n't", "n't").strip(" .!?")


def pattern(form: str) -> str:
    """Matches a form however its blanks are filled; those that reviews fill match anything between two marks."""
    parts = re.split(r"({\w+})", form)
    return r"\s*".join(
        re.escape(plain(part))
        if not BLANK.fullmatch(part)
        else f"(?:{'|'.join(map(pattern, TABLE['blanks'].get(part[1:-1], [])))})"
        if part[1:-1] not in BLANKS | SIDED
        else "[^.,!?:;]*"
        for part in parts
    )


def test_no_form_with_its_blanks_filled_is_a_test_or_a_sentence_of_one():
    texts = {*TESTED, *(text for case in cases() for text in case.texts)}
    said = {plain(text) for text in texts} | {plain(part) for text in texts for part in re.split(r"(?<=[.!?;]) ", text)}
    with_word: dict[str, set[str]] = {}
    for text in said:
        for word in text.split():
            with_word.setdefault(word, set()).add(text)
    for form in EVERY_FORM:
        words = {word for piece in literal(form) for word in piece}
        if len(words) >= 3:  # a form with fewer leaves nearly all to its blanks
            possible = set.intersection(*(with_word.get(word, set()) for word in words))
            assert not possible or not any(map(re.compile(pattern(form)).fullmatch, possible)), form
    assert {plain(form) for form in [*EVERY_FORM, *CHOICES] if " " in form and not BLANK.search(form)} & said == set()
    assert re.fullmatch(pattern("i gave up {soon}"), "i gave up on day one")  # so that the patterns match at all
