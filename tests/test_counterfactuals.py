"""Training examples of negation: clauses that praise or blame are found in reviews and turned into their opposite."""

from __future__ import annotations

import re
import string
import tomllib
from collections import Counter
from pathlib import Path

import numpy as np
import pytest

from sentiment.behaviour.cases import behaviours
from sentiment.text.vocabulary import Vocabulary, normal_form
from sentiment.training import counterfactuals as counterfactuals_module
from sentiment.training.clauses import VERBS, Clause, Opinions, asides, clauses, opinions, things
from sentiment.training.counterfactuals import Writer, counterfactuals
from sentiment.training.examples import Examples
from tests.tiny import token_texts

KNOWN = Opinions({"good": 1.0, "great": 2.0, "boring": -1.5}, {"gem": 2.0, "mess": -2.0})
FORMS = tomllib.loads(Path(counterfactuals_module.__file__).with_name("negations.toml").read_text(encoding="utf-8"))
EVERY_FORM = [form for table in FORMS.values() for forms in table.values() for form in forms]
DRAWS = 6_000  # so many that every form of a kind is among them
FILLED_BY_RULE = [
    "a",
    "an",
    "better",
    "worse",
    "best",
    "worst",
    *(word for past, (stem, _) in VERBS.items() for word in (past, stem)),
]


def tokenized(text: str) -> str:
    """Returns the tokens of a review with spaces between them, as clauses are found in them."""
    return " ".join([".", *token_texts(text.lower()), ". "])


def clauses_of(text: str) -> list[Clause]:
    return list(clauses(tokenized(text), KNOWN))


def new_writer(opinions: Opinions = KNOWN, asides=(), nouns=None) -> Writer:
    """Returns a writer whose random choices are always the same."""
    return Writer(opinions, list(asides), nouns or {}, np.random.default_rng(0))


def test_a_short_clause_is_divided_into_its_parts():
    (clause,) = clauses_of("It rained, but the cast was really great. We left.")
    assert clause.praise
    expected = {"subject": "the cast", "copula": "was", "said": "really great", "opinion": "great", "noun": "cast"}
    assert {name: clause.parts[name] for name in expected} == expected
    assert clause.kind == "thing"


@pytest.mark.parametrize("subject", ["it", "they", "i"])
def test_a_pronoun_s_opinion_has_no_noun(subject):
    (clause,) = clauses_of(f"{subject} was boring.")
    assert (clause.kind, clause.praise, "noun" in clause.parts) == ("predicate", False, False)


def test_a_clause_with_a_verb_has_a_subject_a_verb_and_an_object():
    (clause,) = clauses_of("I slept. I hated the ending!")
    assert not clause.praise
    assert (clause.parts["subject"], clause.parts["did"], clause.parts["object"]) == ("i", "hated", "the ending")


@pytest.mark.parametrize(
    "text",
    [
        "the cast was not great.",
        "nobody was good.",
        "i cannot say the cast was great.",
        "few of the jokes were good.",
        "i wish it was good.",
        "the good cast was boring.",
        "the cast was great in a boring film.",
        "the cast of this very old long film was great.",
        "the cast was there.",
        "it is a good.",
        "i liked walking home.",
    ],
)
def test_a_negated_incomplete_or_long_clause_is_not_found(text):
    assert clauses_of(text) == []


def test_opinions_are_words_of_one_class_that_negation_reverses():
    positive = "it was very splendid. it was very fine. it was fine. it was young. it was not young. it was here."
    negative = "it was very dire. it was very fine. it was not fine. it was very young. it was here."
    leanings = opinions([tokenized(positive), tokenized(negative)] * 10, np.array([1, 0] * 10, np.float32)).adjectives
    assert set(leanings) == {"splendid", "dire", "fine"}
    assert leanings["splendid"] > leanings["fine"] > 0 > leanings["dire"]


def test_some_nouns_are_opinions_of_things_and_none_are_opinions_of_people():
    positive = "it is a gem. the cast was a real treat. he is a boy. there is a twist. it is a film."
    negative = "it was just a mess! she was a fool. his father was a drunk. nothing was a bore. it is a film."
    known = opinions([tokenized(positive), tokenized(negative)] * 10, np.array([1, 0] * 10, np.float32)).judgements
    assert set(known) == {"gem", "treat", "mess"}
    assert known["gem"] > 0 > known["mess"]


def test_an_aside_is_between_commas_and_has_no_opinion_or_negation():
    others = [
        "with great care",
        "as no one knew",
        "when it was over",
        "as i loved him",
        "with little care",
        "with a mess",
    ]
    texts = [f"it rained, {aside}, all day." for aside in ["as my sister told us", *others, "as my sister told us"]]
    assert asides([tokenized(text) for text in texts], KNOWN) == ["as my sister told us"]


def test_nouns_are_grouped_by_the_verb_after_them():
    text = "the waiter was here. my shoes are wet. the gem was his. the boring was long."
    labels = np.zeros(2, np.float32)
    assert things([tokenized(text)] * 5, labels, KNOWN) == {"is": [], "was": ["waiter"], "are": ["shoes"], "were": []}
    assert things([tokenized(text)] * 4, labels, KNOWN) == {"is": [], "was": [], "are": [], "were": []}
    assert things([tokenized(text)] * 9, np.zeros(9, np.float32), KNOWN)["was"] == []  # only negative reviews name it


@pytest.fixture(scope="module")
def vocabulary() -> Vocabulary:
    texts = ["the plot was very splendid. we saw it. i loved the film.", "the plot was very dire."]
    words = [word for form in EVERY_FORM for word in form.split() if word[0] not in "{<"]
    tokens = [*(token for text in texts for token in token_texts(text)), *words, *FILLED_BY_RULE]
    counts = Counter(map(normal_form, tokens))
    return Vocabulary.from_counts(counts, max_size=1_000, min_count=1)


@pytest.fixture(scope="module")
def examples_by(vocabulary):
    """Returns the examples that two hundred reviews give under a seed."""
    texts = ["the plot was very splendid. we saw it.", "the plot was very dire. we saw it."] * 100
    labelled = Examples([vocabulary.encode(token_texts(text)) for text in texts], np.array([1, 0] * 100, np.float32))
    return lambda seed: counterfactuals(labelled, labelled.ids, vocabulary, seed)


@pytest.fixture(scope="module")
def examples(examples_by, vocabulary) -> list[tuple[str, float]]:
    """The text and the target of every example."""
    encoded = examples_by(1)
    tokens = ("", "<unknown>", *vocabulary.tokens)
    texts = (" ".join(tokens[id] for id in ids) for ids in encoded.ids)
    return list(zip(texts, encoded.targets.tolist(), strict=True))


def test_only_forms_with_an_unknown_word_give_unknown_tokens(examples):
    unknown = [text for text, _ in examples if "<unknown>" in text]
    assert unknown
    forms = [pattern(form) for form in EVERY_FORM if "<unknown>" in form]
    assert all(any(form.search(text) for form in forms) for text in unknown)


def test_every_clause_gives_an_example_of_its_meaning_and_two_of_the_opposite(examples):
    assert len(examples) == 4 * 400
    for i in range(0, len(examples), 4):
        (_, same), (_, opposite), (_, again), _ = examples[i : i + 4]
        assert opposite == again
        assert (same > 0.5) != (opposite > 0.5)


def test_negated_praise_is_blame_and_negated_blame_is_less_than_praise(examples):
    praise = [
        target for text, target in examples if re.fullmatch(r"the plot was (not|n't|never) very splendid( .)?", text)
    ]
    blame = [target for text, target in examples if re.fullmatch(r"the plot was (not|n't|never) very dire( .)?", text)]
    assert max(praise) < 0.1
    assert 0.5 < min(blame) == max(blame) < dict(examples)["the plot was very splendid ."]


@pytest.mark.parametrize("form", FORMS["pairs"]["differing"])
def test_the_clause_that_a_form_calls_last_decides_the_target(form):
    good, boring = clauses_of("it was good. it was boring.")
    writer = new_writer()
    writer._pairs = {"agreeing": ["{first}"], "differing": [form]}
    sentences = [writer._together(first, last) for first, last in [(good, boring), (boring, good)] * 2_000]
    plain = re.compile(pattern(form).pattern.replace("(.+)", "(it was (?:good|boring))"))
    sides = [(match.groups(), target) for text, target in sentences if (match := plain.fullmatch(text))]
    assert {target for _, target in sides} == {0.2, 0.8}
    for said, target in sides:
        assert said[form.index("{first}") < form.index("{last}")] == (
            "it was good" if target > 0.5 else "it was boring"
        )


def test_a_pair_of_negated_blame_is_less_than_praise():
    (boring,) = clauses_of("it was boring.")
    writer = new_writer()
    targets = {round(target, 2) for _, target in (writer._together(boring, boring) for _ in range(200))}
    assert targets == {0.05, 0.2, 0.8, 0.85}


def test_a_form_within_a_sentence_is_never_a_question():
    (clause,) = clauses_of("the cast was good.")
    writer = new_writer()
    alone, within = ([writer.form(clause, "opposite", within=within) for _ in range(2_000)] for within in (False, True))
    assert any("?" in form for form in alone)
    assert not any("?" in form for form in within)


def test_a_review_whose_only_opinion_is_a_verb_gives_examples_too(vocabulary):
    labelled = Examples([vocabulary.encode(token_texts("i loved the film."))], np.array([1], np.float32))
    assert counterfactuals(labelled, (), vocabulary, seed=1).targets[:3].tolist() == pytest.approx([0.95, 0.05, 0.05])


def test_the_same_seed_gives_the_same_texts(examples_by):
    first, second, other = ([ids.tolist() for ids in examples_by(seed).ids] for seed in (1, 1, 2))
    assert first == second != other


def literal(text: str) -> str:
    """Returns the words of a text or form, with a blank for every placeholder."""
    pieces = ("".join(f"{before} _ " if name else before for before, name, *_ in string.Formatter().parse(text)),)
    return " ".join(token.lower() for token in token_texts(*pieces))


def trigrams(text: str) -> set[str]:
    """Returns every three words in a row without a placeholder or a mark between them; a contraction is one word."""
    pieces = re.split(r" *[^\w' ]+ *|_", literal(text).replace(" n't", "n't"))
    words = [piece.split() for piece in pieces]
    return {" ".join(piece[i : i + 3]) for piece in words for i in range(len(piece) - 2)}


def test_no_behaviour_test_of_negation_shares_a_trigram_with_the_forms():
    tested = {
        trigram: text
        for behaviour in behaviours()
        if behaviour.capability == "negation"
        for texts in behaviour.templates
        for text in texts
        for trigram in trigrams(text)
    }
    taught = {trigram: form for form in EVERY_FORM for trigram in trigrams(form)}
    assert tested
    assert {taught[shared]: tested[shared] for shared in taught.keys() & tested.keys()} == {}


TEXTS = {"predicate": "it was {0}.", "thing": "the cast was {0}.", "verb": "i {1} the cast."}


def pattern(form: str) -> re.Pattern[str]:
    """Returns a pattern that matches a form with any values of its placeholders."""
    return re.compile("(.+)".join(re.escape(part) for part in re.split(r"{\w+}", form)))


def written(kind: str, *, praise: bool, nouns=None, asides=()) -> dict[str, set[str]]:
    """Returns the random forms of a clause with its own meaning and with the opposite one."""
    (clause,) = clauses_of(TEXTS[kind].format(*(("good", "loved") if praise else ("boring", "hated"))))
    writer = new_writer(KNOWN, asides, nouns)
    return {meaning: {writer.form(clause, meaning) for _ in range(DRAWS)} for meaning in ("same", "opposite")}


@pytest.mark.parametrize("kind", ["predicate", "thing", "verb"])
@pytest.mark.parametrize("praise", [True, False])
def test_a_form_is_drawn_for_its_side_only(kind, praise):
    forms, side = written(kind, praise=praise), "praise" if praise else "blame"
    every = set().union(*forms.values())
    for name, table in FORMS[kind].items():
        meaning, _, of_side = name.partition("_of_")
        for form in map(pattern, table):
            if of_side in ("", side):
                assert any(form.fullmatch(each) for each in forms[meaning]), form.pattern
            elif not form.pattern.startswith("(.+)"):  # which might match another form by accident
                assert not any(form.fullmatch(each) for each in every), form.pattern


@pytest.mark.parametrize(
    ("praise", "marks"), [(True, {"8", "9", "10", "nine", "ten"}), (False, {"1", "2", "one", "two"})]
)
def test_marks_and_comparisons_agree_with_the_opinion(praise, marks):
    same = written("thing", praise=praise)["same"]
    assert {match[1] for form in same if (match := re.fullmatch(r"(\w+) out of ten for the cast", form))} == marks
    assert f"few are {'better' if praise else 'worse'} than the cast" in same


def test_the_article_agrees_with_the_word_after_it():
    known = Opinions({"awful": -1.0, "useless": -1.0, "bad": -1.0}, {})
    for word, article in {"awful": "an", "useless": "a", "bad": "a"}.items():
        (clause,) = clauses(tokenized(f"the cast was {word}."), known)
        writer = new_writer(known)
        assert f"such {article} {word} cast" in {writer.form(clause, "same") for _ in range(3_000)}


@pytest.mark.parametrize(
    ("text", "opposite", "wrong"),
    [
        ("it was so good.", "it was never good", "so good"),
        ("it was an extremely good film.", "it was never a good film", "an good"),
    ],
)
def test_the_opposite_drops_an_adverb_of_degree_and_its_article_agrees(text, opposite, wrong):
    (clause,) = clauses_of(text)
    writer = new_writer()
    forms = {writer.form(clause, "opposite") for _ in range(2_000)}
    assert opposite in forms
    assert not any(wrong in form for form in forms)


def test_another_noun_replaces_the_subject_if_the_verb_agrees():
    forms = written("thing", praise=True, nouns={"was": ["waiter"], "were": ["shoes"]})["same"]
    assert {"the cast was good", "the waiter was good"} <= forms
    assert not any("shoes" in form for form in forms)


def test_another_verb_of_the_same_side_replaces_the_verb():
    same = written("verb", praise=False)["same"]
    assert {"i hated the cast", "i loathed the cast"} <= same
    assert not any("adored" in form for form in same)


def test_a_noun_may_express_the_opinion_of_a_clause_but_not_of_people():
    assert {"it was a mess", "simply a mess"} <= written("predicate", praise=False)["same"]
    (clause,) = clauses_of("she was boring.")
    writer = new_writer()
    assert not any("mess" in writer.form(clause, "same") for _ in range(1_000))
    (clause,) = clauses_of("they were boring.")
    assert not any("mess" in writer.form(clause, "same") for _ in range(1_000))


def test_an_aside_may_be_between_a_negation_and_its_opinion():
    assert "it was not , as told , good" in written("predicate", praise=True, asides=["as told"] * 100)["opposite"]
