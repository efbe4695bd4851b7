"""Sayings: templates with blanks filled from lists and reviews. No behavioural test contains one."""

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
from tests.tiny import decode

TABLE = tomllib.loads(FORMS.read_text(encoding="utf-8"))
READ = READINGS[LATEST].words
EITHER_SIDE = [form for group in TABLE["groups"] for form in group.get("either", [])]
EVERY_FORM = EITHER_SIDE + [
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
TWO_GROUPS = """
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
    *(text for texts in FILLED.values() for text in texts),
)


def encode(text: str, vocabulary: Vocabulary) -> list[int]:
    return [vocabulary.id(word) for word in READ(text)]


def draw(number: int = 300, *, without: str | None = None, twice=0.0, ended=0.0, opened=0.0) -> list[tuple[str, float]]:
    """Draws sayings and their targets; ``without`` is a blank that nothing fills."""
    filled = {name: [encode(text, VOCABULARY) for text in texts] for name, texts in FILLED.items() if name != without}
    shape = SHAPE.format(twice=twice, ended=ended, opened=opened)
    sayings, rng = Sayings(filled, VOCABULARY, shape + TWO_GROUPS), np.random.default_rng(1)
    drawn = [sayings(rng) for _ in range(number)]
    return [(decode(text, VOCABULARY), round(target, 3)) for text, target in drawn]


def test_blanks_are_filled_even_within_blanks_and_the_article_fits():
    assert {text for text, target in draw() if target == 0.95} == {
        "you ca n't beat a nice soup .",
        "you ca n't beat a nice hotel soup .",
        "you ca n't beat an odd soup .",
        "you ca n't beat an odd hotel soup .",
    }
    assert {text for text, target in draw() if target < 0.5} == {"i wo n't be back for vile soup"}


def test_a_group_has_its_own_target_and_is_drawn_by_its_weight():
    counts = Counter(target for _, target in draw(4_000))
    assert set(counts) == {0.95, 0.7, 0.05}
    assert counts[0.05] / 4_000 == pytest.approx(0.5, abs=0.03)
    assert counts[0.7] / counts[0.95] == pytest.approx(3, rel=0.15)
    assert {text for text, target in draw() if target == 0.7} == {"it bit ? no : we ate"}


def test_a_saying_may_have_an_opener_an_ending_and_be_joined_to_another_of_its_side():
    assert all(text.startswith("well , ") for text, _ in draw(opened=1.0))
    assert all(text.endswith(" !") for text, _ in draw(ended=1.0))
    joined = draw(twice=1.0)
    assert all(" , and " in text for text, _ in joined)
    assert {target for text, target in joined if "wo n't" in text} == {0.05}
    assert {target for _, target in joined} == {0.05, 0.95, 0.825, 0.7}


@pytest.mark.parametrize(("without", "left"), [("P", {0.95, 0.05}), ("p", {0.7, 0.05})])
def test_a_form_with_a_blank_that_nothing_fills_is_left_out(without, left):
    assert {target for _, target in draw(without=without)} == left


def test_without_a_form_whose_blanks_are_filled_there_are_no_sayings():
    content = SHAPE.format(twice=0, ended=0, opened=0) + TWO_GROUPS
    assert not Sayings({}, VOCABULARY, content)
    assert Sayings({name: [[2]] for name in BLANKS}, VOCABULARY, content)


def test_a_form_for_either_side_ends_on_the_side_of_its_target():
    blanks = 'positive = ["{P}"]\nnegative = ["{N}"]\npraise = ["{p}"]\nblame = ["{n}"]\n'
    forms = '[[groups]]\neither = ["{X} but {Y}", "{x} {xn} , {y} {yn}"]\n'
    content = SHAPE.format(twice=0, ended=0, opened=0) + "[blanks]\n" + blanks + forms
    vocabulary = vocabulary_of("but , an", *(text for texts in FILLED.values() for text in texts))
    filled = {name: [encode(texts[0], vocabulary)] for name, texts in FILLED.items()}
    sayings, rng = Sayings(filled, vocabulary, content), np.random.default_rng(1)
    drawn = [sayings(rng) for _ in range(200)]
    assert {(decode(text, vocabulary), round(target, 2)) for text, target in drawn} == {
        ("it bit but we ate", 0.95),
        ("we ate but it bit", 0.05),
        ("vile vile soup , nice nice soup", 0.95),
        ("nice nice soup , vile vile soup", 0.05),
    }


def test_the_same_draws_give_the_same_sayings():
    assert draw(50) == draw(50)


def test_short_sentences_are_complete_have_known_words_and_no_contrast():
    text = (
        "it was a fine day . too short . we liked every scene of it ! "
        "we liked every scene of it ! it was fun but long . "
        'he said " go away now " . nobody saw the xylophone . and this one has no end'
    )
    vocabulary = vocabulary_of(text.replace("xylophone", ""))
    review = vocabulary.encode(text.split())
    sentences_found = short_sentences([review, review], vocabulary, np.random.default_rng(1))
    assert [decode(sentence, vocabulary) for sentence in sentences_found] == [
        "it was a fine day",
        "we liked every scene of it",
    ]


def test_blanks_are_filled_with_opinions_from_reviews():
    texts = [
        f". the {noun} was very {word} . a {word} {noun} . the {noun} was {word} ."
        for noun in ("plot", "cast")
        for word in ("splendid", "dire")
        for _ in range(15)
    ]
    vocabulary = vocabulary_of(*texts)
    labels = np.array(["splendid" in text for text in texts], np.float32)
    predicted = [vocabulary.encode(text.split()) for text in ("the splendid cast", "the dire plot", "the plot")]
    labelled = Examples([vocabulary.encode(text.split()) for text in texts], labels)
    logits = np.array([3.0, -3.0, 1.0], np.float32)  # the last is of no confidence
    filled = fillings(labelled, predicted, logits, vocabulary)
    assert {name: {decode(ids, vocabulary) for ids in texts} for name, texts in filled.items()} == {
        "p": {"splendid"},
        "n": {"dire"},
        "pn": {"splendid plot", "splendid cast"},
        "nn": {"dire plot", "dire cast"},
        "P": {"the splendid cast"},
        "N": {"the dire plot"},
    }


# The forms of this repository


def test_every_form_and_choice_can_be_written():
    vocabulary = vocabulary_of(
        *EVERY_FORM, *CHOICES, *(text for name in ("joins", "ends", "openers") for text in TABLE["shape"][name]), "an x"
    )
    filled = {name: [[vocabulary.id("x")]] for name in BLANKS}
    sayings, rng = Sayings(filled, vocabulary), np.random.default_rng(1)
    drawn = [sayings(rng) for _ in range(3_000)]
    assert max(int((text == UNK).sum()) for text, _ in drawn) == 0
    kept = sum(len(group.forms[side]) for side in (1, -1) for group in sayings._sides[side])
    assert kept == len(EVERY_FORM) + len(EITHER_SIDE)  # one for either side is kept on both


def test_every_blank_of_a_form_is_defined_and_every_list_is_used():
    used = {name[1:-1] for text in [*EVERY_FORM, *CHOICES] for name in BLANK.findall(text)}
    assert used >= SIDED.keys()
    used = used - SIDED.keys() | {name for pair in SIDED.values() for name in pair}
    assert used - TABLE["blanks"].keys() - BLANKS.keys() == set()
    assert TABLE["blanks"].keys() - used == set()
    assert TABLE["blanks"].keys() & BLANKS.keys() == set()


def test_no_form_occurs_twice_or_on_both_sides():
    counts = Counter(" ".join(READ(form)) for form in EVERY_FORM)
    assert [form for form, count in counts.items() if count > 1] == []


def literal(form: str) -> list[list[str]]:
    """The words of a form, divided at blanks and punctuation; a contraction is one word."""
    words = " ".join(READ(BLANK.sub(" | ", form))).replace(" n't", "n't")
    return [piece.split() for piece in re.split(r"[^\w' ]+", words)]


def ngrams(pieces: list[list[str]], length: int) -> set[str]:
    return {" ".join(piece[i : i + length]) for piece in pieces for i in range(len(piece) - length + 1)}


TESTED = [
    *(text for behaviour in behaviours() for texts in behaviour.templates for text in texts),
    *(sentence.text for sentence in sentences()),
    *(text.text for text in contrast.texts()),
]
NEGATIONS = [
    text
    for behaviour in behaviours()
    if behaviour.capability == "negation"
    for texts in behaviour.templates
    for text in texts
]


@pytest.mark.parametrize(("tested", "most"), [(NEGATIONS, 3), (TESTED, 4)], ids=["negation", "all"])
def test_no_form_shares_many_words_in_a_row_with_a_test(tested, most):
    of_tests = {ngram: text for text in tested for ngram in ngrams(literal(text), most + 1)}
    of_forms = {ngram: form for form in [*EVERY_FORM, *CHOICES] for ngram in ngrams(literal(form), most + 1)}
    assert {ngram: (of_forms[ngram], of_tests[ngram]) for ngram in of_forms.keys() & of_tests.keys()} == {}


def plain(text: str) -> str:
    """A text as its tokens, without marks at its ends."""
    return " ".join(READ(text)).replace(" n't", "n't").strip(" .!?")


def pattern(form: str) -> str:
    """A regular expression for a form with its blanks filled."""
    return r"\s*".join(
        blank_pattern(part[1:-1]) if BLANK.fullmatch(part) else re.escape(plain(part))
        for part in re.split(r"({\w+})", form)
    )


def blank_pattern(blank: str) -> str:
    """A regular expression for a filled blank; one that reviews fill may be anything without punctuation."""
    if blank in BLANKS | SIDED:
        return "[^.,!?:;]*"
    return f"(?:{'|'.join(map(pattern, TABLE['blanks'].get(blank, [])))})"


def test_a_pattern_matches_a_form_with_its_blanks_filled():
    assert re.fullmatch(pattern("i gave up {soon}"), "i gave up on day one")
    assert not re.fullmatch(pattern("i gave up {soon}"), "i gave up my job")


def test_no_form_with_its_blanks_filled_is_a_test_or_a_sentence_of_one():
    texts = {*TESTED, *(text for case in cases() for text in case.texts)}
    sentences = {part for text in texts for part in re.split(r"(?<=[.!?;]) ", text)}
    tested = {plain(text) for text in texts | sentences}
    with_word: dict[str, set[str]] = {}
    for text in tested:
        for word in text.split():
            with_word.setdefault(word, set()).add(text)
    for form in EVERY_FORM:
        words = {word for piece in literal(form) for word in piece}
        if len(words) >= 3:  # a form with fewer words consists almost entirely of blanks
            candidates = set.intersection(*(with_word.get(word, set()) for word in words))
            assert not any(map(re.compile(pattern(form)).fullmatch, candidates)), form
    assert {plain(form) for form in [*EVERY_FORM, *CHOICES] if " " in form and not BLANK.search(form)} & tested == set()
