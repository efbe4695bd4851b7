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


def prediction(probability: float) -> Prediction:
    return DecisionRule().predict(math.log(probability / (1 - probability)), "ok", 5, 5, 0.0)


def stub(probability: Callable[[str], float]) -> Predict:
    """A model that knows a text's probability."""
    return lambda texts: [prediction(probability(text)) for text in texts]


def by_places(texts: Sequence[str], probabilities: Sequence[float]) -> Predict:
    """A model for these texts alone, in this order."""

    def predict(asked: Sequence[str]) -> list[Prediction]:
        assert list(asked) == list(texts)
        return [prediction(each) for each in probabilities]

    return predict


def perfect(case: Case) -> tuple[float, ...]:
    """Probabilities that meet what is expected of a case."""
    return {
        "positive": (0.97,),
        "negative": (0.03,),
        "same": (0.8, 0.8),
        "up": (0.4, 0.6),
        "down": (0.6, 0.4),
    }[case.behaviour.expected]


def knowing(answer: Callable[[Case], tuple[float, ...]]) -> Predict:
    """A model that gives each case the probabilities ``answer`` says."""
    texts = [text for case in CASES for text in case.texts]
    return by_places(texts, [each for case in CASES for each in answer(case)])


def failure_rates(predict: Predict) -> dict[str, float]:
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


def test_every_capability_that_was_promised_is_tried() -> None:
    promised = {"negation", "contrast", "actors and film", "comparison", "questions", "intensity", "typos", "capitals"}
    promised |= {"punctuation", "names and numbers", "irrelevant additions", "vocabulary"}
    assert promised <= {behaviour.capability for behaviour in behaviours()}


def test_no_case_is_there_twice_and_no_behaviour_and_no_template() -> None:
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
def test_each_kind_expects_what_its_kind_can(kind: str, expected: set[str]) -> None:
    assert {behaviour.expected for behaviour in behaviours() if behaviour.kind == kind} == expected


def test_every_placeholder_is_filled_and_every_list_is_used() -> None:
    words = lexicon.read()
    assert [case.texts for case in CASES if re.search(r"[{}]", "".join(case.texts))] == []
    asked = {
        slot.rstrip("0123456789")
        for behaviour in behaviours()
        for template in behaviour.templates
        for text in template
        for slot in re.findall(r"{(\w+)}", text)
    }
    assert asked - {"same"} == set(words)
    assert [name for name, listed in words.items() if len(set(listed)) != len(listed)] == []


def test_texts_read_as_written_by_a_person() -> None:
    texts = {text for case in CASES for text in case.texts if not case.behaviour.change}
    assert [text for text in texts if re.search(r"\b[Aa] [aeiou]", text)] == []
    assert [text for text in texts if re.search(r"  |\s[.,!?;]|^\s|\s$", text)] == []
    assert max(len(text.split()) for text in texts) <= 60


def test_cases_are_the_same_every_time() -> None:
    assert cases() == CASES


def test_a_template_added_leaves_the_cases_of_the_others_as_they_are(monkeypatch: pytest.MonkeyPatch) -> None:
    new = Behaviour("must be", "vocabulary", "new", "positive", None, (("This {film} is {good}, says {actor}.",),))
    monkeypatch.setattr(cases_module, "behaviours", lambda: [new, *behaviours()])
    found = cases()
    assert [case for case in found if case.behaviour != new] == CASES
    assert len(found) == len(CASES) + lexicon.MAX_FILLINGS


def test_a_template_goes_through_its_longest_list_once() -> None:
    words = {"film": ["film", "movie"], "good": ["good", "fine", "great"]}
    found = lexicon.fillings(["The {film} is {good}."], words)
    assert len(found) == 3
    assert {text.split()[-1] for (text,) in found} == {"good.", "fine.", "great."}
    assert {text.split()[1] for (text,) in found} == {"film", "movie"}


def test_a_numbered_placeholder_is_another_word_of_its_list_and_the_texts_of_a_pair_share_their_words() -> None:
    words = {"actor": ["Ann", "Bob", "Cem"]}
    for before, after in lexicon.fillings(["{actor} and {actor2}", "{actor2} and {actor}"], words):
        first, second = before.split(" and ")
        assert first != second
        assert after == f"{second} and {first}"


def test_an_unknown_placeholder_is_an_error() -> None:
    with pytest.raises(KeyError, match="nothing"):
        lexicon.fillings(["A {nothing}."], {"film": ["film"]})


def test_a_before_an_opening_vowel_becomes_an() -> None:
    assert lexicon.fillings(["A {good} film, and a {good} one"], {"good": ["awful"]}) == [
        ("An awful film, and an awful one",)
    ]


@pytest.mark.parametrize(
    ("name", "after"),
    [
        ("swap_letters", "The acting is wonedrful. I loved it, all of it!"),
        ("drop_letter", "The acting is wondrful. I loved it, all of it!"),
        ("double_letter", "The acting is wondderful. I loved it, all of it!"),
        ("no_space_after_marks", "The acting is wonderful.I loved it,all of it!"),
        ("upper", "THE ACTING IS WONDERFUL. I LOVED IT, ALL OF IT!"),
        ("lower", "the acting is wonderful. i loved it, all of it!"),
        ("without_marks", "The acting is wonderful I loved it all of it"),
        ("exclaim", "The acting is wonderful!!! I loved it, all of it!"),
        ("trail_off", "The acting is wonderful... I loved it, all of it!"),
        ("spread_out", "The  acting  is  wonderful.\n\nI  loved  it,  all  of  it!"),
    ],
)
def test_a_perturbation_changes_what_it_says_and_no_more(name: str, after: str) -> None:
    assert PERTURBATIONS[name]("The acting is wonderful. I loved it, all of it!") == after


def test_every_perturbation_is_used_and_tested_above() -> None:
    assert {behaviour.change for behaviour in behaviours()} - {None} == set(PERTURBATIONS)


def test_a_perfect_model_fails_nothing() -> None:
    assert set(failure_rates(knowing(perfect)).values()) == {0.0}


def test_a_model_that_says_the_opposite_fails_everything_but_what_must_stay_the_same() -> None:
    inverted = failure_rates(knowing(lambda case: tuple(1 - each for each in perfect(case))))
    assert inverted == {"must be": 1.0, "must not change": 0.0, "must move": 1.0}


def test_a_constant_model_fails_what_must_be_negative_and_all_that_must_move() -> None:
    rates = failure_rates(stub(lambda text: 0.7))
    must_be = [case.behaviour.expected for case in CASES if case.behaviour.kind == "must be"]
    assert rates["must be"] == pytest.approx(must_be.count("negative") / len(must_be))
    assert 0.4 < rates["must be"] < 0.6  # so that neither label alone takes one far
    assert (rates["must not change"], rates["must move"]) == (0.0, 1.0)


def test_a_model_that_flips_on_every_second_text_of_a_pair_is_not_invariant() -> None:
    rates = failure_rates(knowing(lambda case: (0.6, 0.4) if len(case.texts) == 2 else (0.6,)))
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
def test_what_counts_as_failed_and_as_beyond_the_tolerance(expected, probabilities, failed, beyond) -> None:
    behaviour = Behaviour("must move", "any", "any", expected, None, ())
    texts = tuple(f"text {place}" for place in range(len(probabilities)))
    [outcome] = check(by_places(texts, probabilities), [Case(behaviour, 0, texts)])
    assert (outcome.failed, outcome.beyond) == (failed, beyond)
    assert outcome.probabilities == pytest.approx(probabilities)
    assert TOLERANCE == 0.1


def test_there_are_at_least_300_short_sentences_over_six_domains_and_three_moods_none_twice() -> None:
    found = sentences()
    assert len(found) >= 300
    assert {sentence.domain for sentence in found} == DOMAINS
    assert {sentence.mood for sentence in found} == {"positive", "negative", "mixed"}
    per_cell = Counter((sentence.domain, sentence.mood) for sentence in found)
    assert len(per_cell) == 18
    assert min(per_cell.values()) >= 10
    assert [text for text, n in Counter(s.text.casefold() for s in found).items() if n > 1] == []
    assert [s.text for s in found if not 3 <= len(s.text.split()) <= 40 or s.text != s.text.strip()] == []


SENTENCES = [
    Sentence("film", "positive", "I love it."),
    Sentence("film", "negative", "I hate it."),
    Sentence("phone", "positive", "It rang."),
    Sentence("phone", "negative", "It broke."),
    Sentence("phone", "mixed", "Up and down."),
    Sentence("phone", "mixed", "Down and up."),
]
SCORES = {"I love it.": 0.95, "I hate it.": 0.4, "It rang.": 0.45, "It broke.": 0.02, "Up and down.": 0.5}


def judged(scores: dict[str, float]) -> dict[str, dict]:
    rows = domains.evaluate(stub(lambda text: scores.get(text, 0.99)), SENTENCES)["domains"]
    return {row["domain"]: row for row in rows}


def test_a_domain_counts_right_ones_sure_ones_and_mixed_ones_apart() -> None:
    rows = judged(SCORES)
    assert list(rows) == ["film", "phone", "all"]
    assert (rows["film"]["n"], rows["film"]["accuracy"]) == (2, 1.0)
    assert (rows["phone"]["n"], rows["phone"]["accuracy"]) == (2, 0.5)
    assert rows["phone"]["confident"]["n"] == 1
    assert rows["phone"]["confident"]["accuracy"] == 1.0
    assert rows["phone"]["mixed"] == {"n": 2, "confident": 1, "leaning": 0, "unsure": 1}
    assert (rows["all"]["n"], rows["all"]["accuracy"], rows["all"]["mixed"]["n"]) == (4, 0.75, 2)
    low, high = rows["all"]["interval"]
    assert low < 0.75 < high


def test_where_a_model_is_never_confident_there_is_no_share_of_right_ones() -> None:
    row = judged(dict.fromkeys(SCORES, 0.5))["film"]
    assert row["confident"] == {"n": 0, "accuracy": None, "interval": [0.0, 1.0]}


@pytest.mark.skipif(
    find_spec("vaderSentiment") is None and os.environ.get("SENTIMENT_REQUIRE_TOOLS") != "1",
    reason="vaderSentiment is not installed",
)
def test_vader_is_compared_and_counts_as_half_right_without_a_verdict() -> None:
    rows = judged(SCORES)
    assert rows["film"]["vader"] == {"accuracy": 1.0, "silent": 0}
    assert rows["phone"]["vader"] == {"accuracy": 0.75, "silent": 1}


def test_without_vader_its_column_is_empty_and_the_terminal_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(domains, "_PACKAGE", "no-such-package")
    found = domains.evaluate(stub(lambda text: 0.99), SENTENCES)
    assert found["vader"] is None
    assert {row["vader"] for row in found["domains"]} == {None}
    lines = list(report.lines({**_report(), **found}))
    assert "VADER is not installed" in lines[-1]


def _report() -> dict:
    return report.run_tests(stub(lambda text: 0.7))


def test_the_report_adds_up() -> None:
    found = _report()
    assert sum(row["cases"] for row in found["kinds"]) == len(CASES)
    for part in ("capabilities", "behaviours"):
        for count in ("templates", "cases", "failures"):
            assert sum(row[count] for row in found[part]) == sum(row[count] for row in found["kinds"])
    negation = [row for row in found["capabilities"] if row["capability"] == "negation"]
    assert {row["kind"] for row in negation} == {"must be", "must move"}
    assert found["negation"]["cases"] == sum(row["cases"] for row in negation)
    assert found["negation"]["rate"] == found["negation"]["failures"] / found["negation"]["cases"]


def test_the_report_keeps_a_few_failing_cases_of_each_behaviour_that_has_some_and_no_others() -> None:
    for row in _report()["behaviours"]:
        assert len(row["examples"]) == min(3, row["failures"])
        for example in row["examples"]:
            assert example["probabilities"] == pytest.approx([0.7] * len(example["texts"]))
    texts = {case.texts for case in CASES}
    assert {tuple(e["texts"]) for row in _report()["behaviours"] for e in row["examples"]} <= texts


def test_the_terminal_names_targets_if_there_are_any() -> None:
    lines = list(report.lines(_report()))
    assert any(line.startswith("must not change") and "target: at most 5%" in line for line in lines)
    assert any(line.startswith("negation") and "target: at most 15%" in line for line in lines)


@pytest.mark.process
def test_trying_behaviour_imports_neither_vader_nor_tensorflow_before_it_is_needed() -> None:
    heavy = {"vaderSentiment", "tensorflow", "pandas", "onnxruntime"}
    code = f"import sys, sentiment.behaviour.report; print({heavy} & set(sys.modules))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=HOME)
    assert done.stdout.strip() == "set()"
