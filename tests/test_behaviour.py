"""Behavioural tests: enough of them, all different, and failed by exactly the models that should fail them."""

from __future__ import annotations

import math
import os
import re
import subprocess
import sys
from collections import Counter
from collections.abc import Callable, Sequence
from importlib.util import find_spec
from pathlib import Path

import pytest

from sentiment.behaviour import cases as cases_module
from sentiment.behaviour import domains, lexicon, report
from sentiment.behaviour.cases import Behaviour, Case, behaviours, cases
from sentiment.behaviour.checking import TOLERANCE, Predict, check
from sentiment.behaviour.perturbations import PERTURBATIONS
from sentiment.behaviour.sentences import Sentence, sentences
from sentiment.model.decision import DecisionRule
from sentiment.types import Prediction

CASES = cases()
HOME = Path(__file__).resolve().parent.parent
DOMAINS = {"film", "product", "restaurant", "phone", "tweet", "service"}


@pytest.fixture(scope="module")
def found() -> dict:
    """The report on a model that predicts 70% positive for every text."""
    return report.run_tests(model_of(lambda text: 0.7))


def prediction(probability: float) -> Prediction:
    return DecisionRule().predict(math.log(probability / (1 - probability)), "ok", 5, 5, 0.0)


def model_of(probability: Callable[[str], float]) -> Predict:
    """A model that gives each text the probability that a function computes from it."""
    return lambda texts: [prediction(probability(text)) for text in texts]


def model_for(texts: Sequence[str], probabilities: Sequence[float]) -> Predict:
    """A model that knows these texts alone, in this order."""

    def predict(given: Sequence[str]) -> list[Prediction]:
        assert list(given) == list(texts)
        return [prediction(each) for each in probabilities]

    return predict


def perfect(case: Case) -> tuple[float, ...]:
    """Probabilities that pass a case."""
    return {
        "positive": (0.97,),
        "negative": (0.03,),
        "same": (0.8, 0.8),
        "up": (0.4, 0.6),
        "down": (0.6, 0.4),
    }[case.behaviour.expected]


def model_of_cases(answer: Callable[[Case], tuple[float, ...]]) -> Predict:
    """A model that gives the texts of each case the probabilities that ``answer`` returns for it."""
    texts = [text for case in CASES for text in case.texts]
    return model_for(texts, [each for case in CASES for each in answer(case)])


def failure_rates(predict: Predict) -> dict[str, float]:
    """The share of failed cases of each kind."""
    outcomes = check(predict, CASES)
    kinds = {outcome.case.behaviour.kind for outcome in outcomes}
    return {
        kind: sum(o.failed for o in outcomes if o.case.behaviour.kind == kind)
        / sum(o.case.behaviour.kind == kind for o in outcomes)
        for kind in kinds
    }


def test_there_are_at_least_200_templates_and_2000_cases_and_every_kind_has_its_share() -> None:
    assert sum(len(behaviour.templates) for behaviour in behaviours()) >= 200
    assert len(CASES) >= 2000
    shares = Counter(case.behaviour.kind for case in CASES)
    assert shares.keys() == {"must be", "must not change", "must move"}
    assert min(shares.values()) >= 500


def test_every_promised_capability_is_tested() -> None:
    promised = {"negation", "contrast", "actors and film", "comparison", "questions", "intensity", "typos", "capitals"}
    promised |= {"punctuation", "names and numbers", "irrelevant additions", "vocabulary"}
    assert promised <= {behaviour.capability for behaviour in behaviours()}


def test_no_case_behaviour_or_template_occurs_twice() -> None:
    assert [texts for texts, n in Counter(case.texts for case in CASES).items() if n > 1] == []
    names = Counter((each.kind, each.capability, each.name) for each in behaviours())
    assert [name for name, n in names.items() if n > 1] == []
    templates = Counter((each.kind, each.change, one) for each in behaviours() for one in each.templates)
    assert [one for one, n in templates.items() if n > 1] == []


def test_a_pair_is_two_different_texts_and_a_must_be_case_is_one() -> None:
    for case in CASES:
        assert len(case.texts) == (1 if case.behaviour.kind == "must be" else 2), case.texts
        assert len(set(case.texts)) == len(case.texts), case.texts


@pytest.mark.parametrize(
    ("kind", "expected"),
    [("must be", {"positive", "negative"}), ("must not change", {"same"}), ("must move", {"up", "down"})],
)
def test_each_kind_of_behaviour_has_its_own_expectations(kind: str, expected: set[str]) -> None:
    assert {behaviour.expected for behaviour in behaviours() if behaviour.kind == kind} == expected


def test_every_placeholder_is_filled_and_every_list_is_used() -> None:
    words = lexicon.read()
    assert [case.texts for case in CASES if re.search(r"[{}]", "".join(case.texts))] == []
    placeholders = {
        slot.rstrip("0123456789")
        for behaviour in behaviours()
        for template in behaviour.templates
        for text in template
        for slot in re.findall(r"{(\w+)}", text)
    }
    assert placeholders - {"same"} == set(words)
    assert [name for name, listed in words.items() if len(set(listed)) != len(listed)] == []


def test_texts_have_no_wrong_article_or_stray_space_and_are_short() -> None:
    texts = {text for case in CASES for text in case.texts if not case.behaviour.change}
    assert [text for text in texts if re.search(r"\b[Aa] [aeiou]", text)] == []
    assert [text for text in texts if re.search(r"  |\s[.,!?;]|^\s|\s$", text)] == []
    assert max(len(text.split()) for text in texts) <= 60


def test_cases_are_the_same_every_time() -> None:
    assert cases() == CASES


def test_an_added_template_does_not_change_the_cases_of_the_others(monkeypatch: pytest.MonkeyPatch) -> None:
    new = Behaviour("must be", "vocabulary", "new", "positive", None, (("This {film} is {good}, says {actor}.",),))
    monkeypatch.setattr(cases_module, "behaviours", lambda: [new, *behaviours()])
    more = cases()
    assert [case for case in more if case.behaviour != new] == CASES
    assert len(more) == len(CASES) + lexicon.MAX_FILLINGS


def test_a_template_uses_each_word_of_its_longest_list_once() -> None:
    words = {"film": ["film", "movie"], "good": ["good", "fine", "great"]}
    texts = [text for (text,) in lexicon.fillings(["The {film} is {good}."], words)]
    assert len(texts) == 3
    assert {text.split()[-1] for text in texts} == {"good.", "fine.", "great."}
    assert {text.split()[1] for text in texts} == {"film", "movie"}


def test_a_numbered_placeholder_is_another_word_and_both_texts_of_a_pair_have_the_same_words() -> None:
    pairs = lexicon.fillings(["{actor} and {actor2}", "{actor2} and {actor}"], {"actor": ["Ann", "Bob", "Cem"]})
    assert len(pairs) == 3
    for before, after in pairs:
        first, second = before.split(" and ")
        assert first != second
        assert after == f"{second} and {first}"


def test_an_unknown_placeholder_is_an_error() -> None:
    with pytest.raises(KeyError, match="nothing"):
        lexicon.fillings(["A {nothing}."], {"film": ["film"]})


def test_the_article_a_becomes_an_before_a_vowel() -> None:
    assert lexicon.fillings(["A {good} film, and a {good} one"], {"good": ["awful"]}) == [
        ("An awful film, and an awful one",)
    ]


BEFORE = "The acting is wonderful. I loved it, all of it!"
AFTER = {
    "swap_letters": "The acting is wonedrful. I loved it, all of it!",
    "drop_letter": "The acting is wondrful. I loved it, all of it!",
    "double_letter": "The acting is wondderful. I loved it, all of it!",
    "no_space_after_marks": "The acting is wonderful.I loved it,all of it!",
    "upper": "THE ACTING IS WONDERFUL. I LOVED IT, ALL OF IT!",
    "lower": "the acting is wonderful. i loved it, all of it!",
    "without_marks": "The acting is wonderful I loved it all of it",
    "exclaim": "The acting is wonderful!!! I loved it, all of it!",
    "trail_off": "The acting is wonderful... I loved it, all of it!",
    "spread_out": "The  acting  is  wonderful.\n\nI  loved  it,  all  of  it!",
}


@pytest.mark.parametrize("name", AFTER)
def test_a_perturbation_changes_only_what_its_name_says(name: str) -> None:
    assert PERTURBATIONS[name](BEFORE) == AFTER[name]


def test_every_perturbation_is_used_and_has_a_test() -> None:
    assert {behaviour.change for behaviour in behaviours()} - {None} == set(PERTURBATIONS) == set(AFTER)


def test_a_perfect_model_fails_nothing() -> None:
    assert set(failure_rates(model_of_cases(perfect)).values()) == {0.0}


def test_an_inverted_model_fails_everything_but_what_must_not_change() -> None:
    inverted = failure_rates(model_of_cases(lambda case: tuple(1 - each for each in perfect(case))))
    assert inverted == {"must be": 1.0, "must not change": 0.0, "must move": 1.0}


def test_a_constant_model_fails_what_must_be_negative_and_all_that_must_move() -> None:
    rates = failure_rates(model_of(lambda text: 0.7))
    must_be = [case.behaviour.expected for case in CASES if case.behaviour.kind == "must be"]
    assert rates["must be"] == pytest.approx(must_be.count("negative") / len(must_be))
    assert 0.4 < rates["must be"] < 0.6  # so that no constant label does well
    assert (rates["must not change"], rates["must move"]) == (0.0, 1.0)


def test_a_model_that_flips_on_the_second_text_of_a_pair_is_not_invariant() -> None:
    rates = failure_rates(model_of_cases(lambda case: (0.6, 0.4) if len(case.texts) == 2 else (0.6,)))
    assert rates["must not change"] == 1.0


@pytest.mark.parametrize(
    ("expected", "probabilities", "failed", "beyond"),
    [
        ("positive", (0.51,), False, False),
        ("negative", (0.51,), True, False),
        ("same", (0.95, 0.55), False, True),
        ("same", (0.52, 0.48), True, False),
        ("same", (0.9, 0.1), True, True),
        ("up", (0.5, 0.500001), False, False),
        ("up", (0.5, 0.5), True, False),
        ("up", (0.5, 0.45), True, False),
        ("up", (0.5, 0.3), True, True),
        ("down", (0.5, 0.499999), False, False),
        ("down", (0.5, 0.7), True, True),
    ],
)
def test_probabilities_fail_a_case_or_go_beyond_the_tolerance(expected, probabilities, failed, beyond) -> None:
    behaviour = Behaviour("must move", "any", "any", expected, None, ())
    texts = tuple(f"text {place}" for place in range(len(probabilities)))
    [outcome] = check(model_for(texts, probabilities), [Case(behaviour, 0, texts)])
    assert (outcome.failed, outcome.beyond) == (failed, beyond)
    assert outcome.probabilities == pytest.approx(probabilities)
    assert TOLERANCE == 0.1


def test_at_least_300_different_short_sentences_cover_six_domains_and_three_moods() -> None:
    every = sentences()
    assert len(every) >= 300
    assert {sentence.domain for sentence in every} == DOMAINS
    assert {sentence.mood for sentence in every} == {"positive", "negative", "mixed"}
    per_cell = Counter((sentence.domain, sentence.mood) for sentence in every)
    assert len(per_cell) == len(DOMAINS) * 3
    assert min(per_cell.values()) >= 10
    assert [text for text, n in Counter(s.text.casefold() for s in every).items() if n > 1] == []
    assert [s.text for s in every if not 3 <= len(s.text.split()) <= 40 or s.text != s.text.strip()] == []


SENTENCES = [
    Sentence("film", "positive", "I love it."),
    Sentence("film", "negative", "I hate it."),
    Sentence("phone", "positive", "It rang."),
    Sentence("phone", "negative", "It broke."),
    Sentence("phone", "mixed", "Up and down."),
    Sentence("phone", "mixed", "Down and up."),
]
SCORES = {"I love it.": 0.95, "I hate it.": 0.4, "It rang.": 0.45, "It broke.": 0.02, "Up and down.": 0.5}


def domain_rows(scores: dict[str, float]) -> dict[str, dict]:
    """The result of each domain, for a model with these probabilities, and 0.99 for other texts."""
    rows = domains.evaluate(model_of(lambda text: scores.get(text, 0.99)), SENTENCES)["domains"]
    return {row["domain"]: row for row in rows}


def test_a_domain_has_separate_counts_of_correct_confident_and_mixed_sentences() -> None:
    rows = domain_rows(SCORES)
    assert list(rows) == ["film", "phone", "all"]
    assert (rows["film"]["n"], rows["film"]["accuracy"]) == (2, 1.0)
    assert (rows["phone"]["n"], rows["phone"]["accuracy"]) == (2, 0.5)
    assert rows["phone"]["confident"]["n"] == 1
    assert rows["phone"]["confident"]["accuracy"] == 1.0
    assert rows["phone"]["mixed"] == {"n": 2, "confident": 1, "leaning": 0, "unsure": 1}
    assert (rows["all"]["n"], rows["all"]["accuracy"], rows["all"]["mixed"]["n"]) == (4, 0.75, 2)
    low, high = rows["all"]["interval"]
    assert low < 0.75 < high


def test_a_model_that_is_never_confident_has_no_accuracy_when_confident() -> None:
    row = domain_rows(dict.fromkeys(SCORES, 0.5))["film"]
    assert row["confident"] == {"n": 0, "accuracy": None, "interval": [0.0, 1.0]}


@pytest.mark.skipif(
    find_spec("vaderSentiment") is None and os.environ.get("SENTIMENT_REQUIRE_TOOLS") != "1",
    reason="vaderSentiment is not installed",
)
def test_vader_is_compared_and_gets_half_a_point_where_it_has_no_verdict() -> None:
    rows = domain_rows(SCORES)
    assert rows["film"]["vader"] == {"accuracy": 1.0, "silent": 0}
    assert rows["phone"]["vader"] == {"accuracy": 0.75, "silent": 1}


def test_without_vader_its_column_is_empty_and_the_terminal_says_so(
    found: dict, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(domains, "_PACKAGE", "no-such-package")
    without = domains.evaluate(model_of(lambda text: 0.99), SENTENCES)
    assert without["vader"] is None
    assert {row["vader"] for row in without["domains"]} == {None}
    lines = list(report.lines({**found, **without}))
    assert "VADER is not installed" in lines[-1]


def test_the_report_adds_up(found: dict) -> None:
    assert sum(row["cases"] for row in found["kinds"]) == len(CASES)
    for part in ("capabilities", "behaviours"):
        for count in ("templates", "cases", "failures"):
            assert sum(row[count] for row in found[part]) == sum(row[count] for row in found["kinds"])
    negation = [row for row in found["capabilities"] if row["capability"] == "negation"]
    assert {row["kind"] for row in negation} == {"must be", "must move"}
    assert found["negation"]["cases"] == sum(row["cases"] for row in negation)
    assert found["negation"]["rate"] == found["negation"]["failures"] / found["negation"]["cases"]


def test_the_report_keeps_up_to_three_failing_cases_of_each_behaviour(found: dict) -> None:
    texts = {case.texts for case in CASES}
    for row in found["behaviours"]:
        assert len(row["examples"]) == min(3, row["failures"])
        for example in row["examples"]:
            assert example["probabilities"] == pytest.approx([0.7] * len(example["texts"]))
            assert tuple(example["texts"]) in texts


def test_the_terminal_names_the_targets(found: dict) -> None:
    lines = list(report.lines(found))
    assert any(line.startswith("must not change") and "target: at most 5%" in line for line in lines)
    assert any(line.startswith("negation") and "target: at most 15%" in line for line in lines)


@pytest.mark.process
def test_the_behavioural_tests_import_no_heavy_library_before_it_is_needed() -> None:
    heavy = {"vaderSentiment", "tensorflow", "pandas", "onnxruntime"}
    code = f"import sys, sentiment.behaviour.report; print({heavy} & set(sys.modules))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=HOME)
    assert done.stdout.strip() == "set()"
