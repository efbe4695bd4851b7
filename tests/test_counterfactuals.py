"""Clauses that praise or blame are found in reviews, and turned to their opposite."""

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
from sentiment.training import counterfactuals as module
from sentiment.training.clauses import VERBS, Opinions, asides, clauses, opinions, things
from sentiment.training.counterfactuals import Writer, counterfactuals
from sentiment.training.examples import Examples
from tests.tiny import token_texts

KNOWN = Opinions({"good": 1.0, "great": 2.0, "boring": -1.5}, {"gem": 2.0, "mess": -2.0})
FORMS = tomllib.loads(Path(module.__file__).with_name("negations.toml").read_text(encoding="utf-8"))
EVERY_FORM = [form for table in FORMS.values() for way in table.values() for form in way]
FILLED_BY_RULE = [
    "a",
    "an",
    "better",
    "worse",
    "best",
    "worst",
    *(word for past, (stem, _) in VERBS.items() for word in (past, stem)),
]


def review(text: str) -> str:
    return " ".join([".", *token_texts(text.lower()), ". "])


def found(text: str):
    return list(clauses(review(text), KNOWN))


def test_a_short_clause_is_taken_apart():
    (clause,) = found("It rained, but the cast was really great. We left.")
    assert clause.praise
    wanted = {"subject": "the cast", "copula": "was", "said": "really great", "opinion": "great", "noun": "cast"}
    assert {name: clause.parts[name] for name in wanted} == wanted
    assert clause.kind == "thing"


@pytest.mark.parametrize("subject", ["it", "they", "i"])
def test_a_pronoun_s_opinion_has_no_noun(subject):
    (clause,) = found(f"{subject} was boring.")
    assert (clause.kind, clause.praise, "noun" in clause.parts) == ("predicate", False, False)


def test_a_clause_with_a_verb_knows_who_did_what():
    (clause,) = found("I slept. I hated the ending!")
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
def test_what_is_negated_torn_or_too_long_is_left_alone(text):
    assert found(text) == []


def test_opinions_are_words_that_lean_and_that_negation_turns():
    positive = "it was very splendid. it was very fine. it was fine. it was young. it was not young. it was here."
    negative = "it was very dire. it was very fine. it was not fine. it was very young. it was here."
    leanings = opinions([review(positive), review(negative)] * 10, np.array([1, 0] * 10, np.float32)).adjectives
    assert set(leanings) == {"splendid", "dire", "fine"}
    assert leanings["splendid"] > leanings["fine"] > 0 > leanings["dire"]


def test_some_nouns_are_opinions_of_things_but_not_of_people():
    positive = "it is a gem. the cast was a real treat. he is a boy. there is a twist. it is a film."
    negative = "it was just a mess! she was a fool. his father was a drunk. nothing was a bore. it is a film."
    known = opinions([review(positive), review(negative)] * 10, np.array([1, 0] * 10, np.float32)).judgements
    assert set(known) == {"gem", "treat", "mess"}
    assert known["gem"] > 0 > known["mess"]


def test_asides_are_between_commas_and_have_no_opinion_or_negation():
    sentence = [
        "with great care",
        "as no one knew",
        "when it was over",
        "as i loved him",
        "with little care",
        "with a mess",
    ]
    texts = [f"it rained, {aside}, all day." for aside in ["as my sister told us", *sentence, "as my sister told us"]]
    assert asides([review(text) for text in texts], KNOWN) == ["as my sister told us"]


def test_nouns_are_known_by_the_verb_after_them():
    text = "the waiter was here. my shoes are wet. the gem was his. the boring was long."
    labels = np.zeros(2, np.float32)
    assert things([review(text)] * 5, labels, KNOWN) == {"is": [], "was": ["waiter"], "are": ["shoes"], "were": []}
    assert things([review(text)] * 4, labels, KNOWN) == {"is": [], "was": [], "are": [], "were": []}
    assert things([review(text)] * 9, np.zeros(9, np.float32), KNOWN)["was"] == []  # blamed reviews alone name it


@pytest.fixture(scope="module")
def vocabulary() -> Vocabulary:
    texts = ["the plot was very splendid. we saw it. i loved the film.", "the plot was very dire."]
    words = [word for form in EVERY_FORM for word in form.split() if word[0] not in "{<"]
    tokens = [*(token for text in texts for token in token_texts(text)), *words, *FILLED_BY_RULE]
    counts = Counter(map(normal_form, tokens))
    return Vocabulary.from_counts(counts, max_size=1_000, min_count=1)


@pytest.fixture(scope="module")
def examples_by(vocabulary):
    """What becomes of two hundred reviews under a seed."""
    texts = ["the plot was very splendid. we saw it.", "the plot was very dire. we saw it."] * 100
    labelled = Examples([vocabulary.encode(token_texts(text)) for text in texts], np.array([1, 0] * 100, np.float32))
    return lambda seed: counterfactuals(labelled, labelled.ids, vocabulary, seed)


@pytest.fixture(scope="module")
def made(examples_by, vocabulary) -> list[tuple[str, float]]:
    examples = examples_by(1)
    tokens = ("", "<unknown>", *vocabulary.tokens)
    texts = (" ".join(tokens[id] for id in ids) for ids in examples.ids)
    return list(zip(texts, examples.targets.tolist(), strict=True))


def test_only_what_is_meant_to_be_unknown_is(made):
    unknown = [text for text, _ in made if "<unknown>" in text]
    assert unknown
    forms = [pattern(form) for form in EVERY_FORM if "<unknown>" in form]
    assert all(any(form.search(text) for form in forms) for text in unknown)


def test_every_clause_says_the_same_once_and_the_opposite_twice(made):
    assert len(made) == 4 * 400
    for i in range(0, len(made), 4):
        (_, same), (_, opposite), (_, again), _ = made[i : i + 4]
        assert opposite == again
        assert (same > 0.5) != (opposite > 0.5)


def test_negation_turns_praise_into_blame_and_blame_into_something_less_than_praise(made):
    praise = [target for text, target in made if re.fullmatch(r"the plot was (not|n't|never) very splendid( .)?", text)]
    blame = [target for text, target in made if re.fullmatch(r"the plot was (not|n't|never) very dire( .)?", text)]
    assert max(praise) < 0.1
    assert 0.5 < min(blame) == max(blame) < dict(made)["the plot was very splendid ."]


@pytest.mark.parametrize("form", FORMS["pairs"]["differing"])
def test_the_clause_with_the_last_word_decides(form):
    good, boring = found("it was good. it was boring.")
    writer = Writer(KNOWN, [], {}, np.random.default_rng(0))
    writer._pairs = {"agreeing": ["{first}"], "differing": [form]}
    sentence = [writer._together(first, last) for first, last in [(good, boring), (boring, good)] * 2_000]
    plain = re.compile(pattern(form).pattern.replace("(.+)", "(it was (?:good|boring))"))
    sides = [(match.groups(), target) for text, target in sentence if (match := plain.fullmatch(text))]
    assert {target for _, target in sides} == {0.2, 0.8}
    for said, target in sides:
        assert said[form.index("{first}") < form.index("{last}")] == (
            "it was good" if target > 0.5 else "it was boring"
        )


def test_a_pair_of_what_is_not_bad_is_less_than_praise():
    (boring,) = found("it was boring.")
    writer = Writer(KNOWN, [], {}, np.random.default_rng(0))
    targets = {round(target, 2) for _, target in (writer._together(boring, boring) for _ in range(200))}
    assert targets == {0.05, 0.2, 0.8, 0.85}


def test_no_question_is_within_a_sentence():
    (clause,) = found("the cast was good.")
    writer = Writer(KNOWN, [], {}, np.random.default_rng(0))
    alone, within = ([writer.form(clause, "opposite", within=way) for _ in range(2_000)] for way in (False, True))
    assert any("?" in form for form in alone)
    assert not any("?" in form for form in within)


def test_a_review_that_only_loved_or_hated_is_turned_too(vocabulary):
    labelled = Examples([vocabulary.encode(token_texts("i loved the film."))], np.array([1], np.float32))
    assert counterfactuals(labelled, (), vocabulary, seed=1).targets[:3].tolist() == pytest.approx([0.95, 0.05, 0.05])


def test_the_same_seed_gives_the_same_texts(examples_by):
    first, second, other = ([ids.tolist() for ids in examples_by(seed).ids] for seed in (1, 1, 2))
    assert first == second != other


def literal(text: str) -> str:
    """Its words, with a blank for every placeholder."""
    pieces = ("".join(f"{before} _ " if name else before for before, name, *_ in string.Formatter().parse(text)),)
    return " ".join(token.lower() for token in token_texts(*pieces))


def runs_of_three(text: str) -> set[str]:
    """Three words in a row, a contraction being one, with no placeholder or punctuation among them."""
    pieces = re.split(r" *[^\w' ]+ *|_", literal(text).replace(" n't", "n't"))
    words = [piece.split() for piece in pieces]
    return {" ".join(piece[i : i + 3]) for piece in words for i in range(len(piece) - 2)}


def test_no_behavioural_test_on_negation_says_what_was_taught_by_rule():
    tested = {
        run: text
        for behaviour in behaviours()
        if behaviour.capability == "negation"
        for texts in behaviour.templates
        for text in texts
        for run in runs_of_three(text)
    }
    taught = {run: form for form in EVERY_FORM for run in runs_of_three(form)}
    assert {taught[run]: tested[run] for run in taught.keys() & tested.keys()} == {}


TEXTS = {"predicate": "it was {0}.", "thing": "the cast was {0}.", "verb": "i {1} the cast."}


def pattern(form: str) -> re.Pattern[str]:
    """What matches a form, however it is filled."""
    return re.compile("(.+)".join(re.escape(part) for part in re.split(r"{\w+}", form)))


def written(kind: str, *, praise: bool, nouns=None, asides=()) -> dict[str, set[str]]:
    """Forms of a clause, by what they say."""
    (clause,) = found(TEXTS[kind].format(*(("good", "loved") if praise else ("boring", "hated"))))
    writer = Writer(KNOWN, list(asides), nouns or {}, np.random.default_rng(0))
    return {way: {writer.form(clause, way) for _ in range(6_000)} for way in ("same", "opposite")}


@pytest.mark.parametrize("kind", ["predicate", "thing", "verb"])
@pytest.mark.parametrize("praise", [True, False])
def test_every_form_of_a_kind_is_drawn_for_its_side_only(kind, praise):
    forms, side = written(kind, praise=praise), "praise" if praise else "blame"
    every = {form for ways in forms.values() for form in ways}
    for way, table in FORMS[kind].items():
        said, _, of_side = way.partition("_of_")
        for form in map(pattern, table):
            if of_side in ("", side):
                assert any(form.fullmatch(each) for each in forms[said]), form.pattern
            elif not form.pattern.startswith("(.+)"):  # which might match another form by accident
                assert not any(form.fullmatch(each) for each in every), form.pattern


@pytest.mark.parametrize(
    ("praise", "marks"), [(True, {"8", "9", "10", "nine", "ten"}), (False, {"1", "2", "one", "two"})]
)
def test_marks_and_comparisons_are_those_of_their_side(praise, marks):
    same = written("thing", praise=praise)["same"]
    assert {match[1] for form in same if (match := re.fullmatch(r"(\w+) out of ten for the cast", form))} == marks
    assert f"few are {'better' if praise else 'worse'} than the cast" in same


def test_the_article_is_that_of_the_word_after_it():
    known = Opinions({"awful": -1.0, "useless": -1.0, "bad": -1.0}, {})
    for word, article in {"awful": "an", "useless": "a", "bad": "a"}.items():
        (clause,) = clauses(review(f"the cast was {word}."), known)
        writer = Writer(known, [], {}, np.random.default_rng(0))
        assert f"such {article} {word} cast" in {writer.form(clause, "same") for _ in range(3_000)}


@pytest.mark.parametrize(
    ("said", "turned", "never"),
    [
        ("it was so good.", "it was never good", "so good"),
        ("it was an extremely good film.", "it was never a good film", "an good"),
    ],
)
def test_the_opposite_of_a_degree_is_without_it_and_its_article_fits(said, turned, never):
    (clause,) = found(said)
    writer = Writer(KNOWN, [], {}, np.random.default_rng(0))
    forms = {writer.form(clause, "opposite") for _ in range(2_000)}
    assert turned in forms
    assert not any(never in form for form in forms)


def test_another_noun_takes_the_place_of_a_things_own_where_the_verb_fits():
    forms = written("thing", praise=True, nouns={"was": ["waiter"], "were": ["shoes"]})["same"]
    assert {"the cast was good", "the waiter was good"} <= forms
    assert not any("shoes" in form for form in forms)


def test_another_verb_takes_the_place_of_one_that_is_as_kind():
    same = written("verb", praise=False)["same"]
    assert {"i hated the cast", "i loathed the cast"} <= same
    assert not any("adored" in form for form in same)


def test_a_noun_may_say_what_a_clause_says_but_not_of_people():
    assert {"it was a mess", "simply a mess"} <= written("predicate", praise=False)["same"]
    (clause,) = found("she was boring.")
    writer = Writer(KNOWN, [], {}, np.random.default_rng(0))
    assert not any("mess" in writer.form(clause, "same") for _ in range(1_000))
    (clause,) = found("they were boring.")
    assert not any("mess" in writer.form(clause, "same") for _ in range(1_000))


def test_asides_of_reviews_are_between_a_negation_and_its_opinion():
    assert "it was not , as told , good" in written("predicate", praise=True, asides=["as told"] * 100)["opposite"]
