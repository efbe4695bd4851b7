"""Contrast pairs: their number, balance and variety; results of the held-out half are shown as totals only."""

from __future__ import annotations

import json
import math
import re
import tomllib
from collections import Counter
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from sentiment import model_card
from sentiment.artifacts import Run, add_parts, open_run
from sentiment.behaviour import contrast, lexicon, report
from sentiment.behaviour.card import PART
from sentiment.behaviour.cases import cases
from sentiment.behaviour.contrast import DEVELOPMENT, HELD_OUT, Text
from sentiment.behaviour.sentences import sentences
from sentiment.evaluation.metrics import wilson_interval
from sentiment.model.decision import DecisionRule, unscored_prediction
from sentiment.training import counterfactuals
from tests.tiny import tiny_run

TEXTS = contrast.texts()
PAIRS = list(zip(TEXTS[::2], TEXTS[1::2], strict=True))
KINDS = {
    "comparison",
    "concession",
    "contrast",
    "expectation",
    "idiom",
    "irony",
    "reported",
    "return",
    "turn",
    "unreal",
}


def words(text: str) -> list[str]:
    return re.findall(r"[\w'-]+", text.casefold())


def predictor(probabilities: dict[str, float], otherwise: float = 0.97):
    """Returns a model that gives these texts their probabilities, and all others the same one."""

    def predict(texts):
        found = [probabilities.get(text, otherwise) for text in texts]
        return [DecisionRule().predict(math.log(each / (1 - each)), "ok", 5, 5, 0.0) for each in found]

    return predict


def test_there_are_200_pairs_of_two_texts_with_opposite_labels() -> None:
    assert [(one.pair, other.pair) for one, other in PAIRS] == [(number, number) for number in range(1, 201)]
    assert {(one.label, other.label) for one, other in PAIRS} == {("positive", "negative")}
    assert all((one.kind, one.part) == (other.kind, other.part) for one, other in PAIRS)


def test_every_kind_has_20_pairs_and_half_of_each_are_held_out() -> None:
    counts = Counter((one.kind, one.part) for one, _ in PAIRS)
    assert counts == dict.fromkeys(((kind, part) for kind in KINDS for part in (DEVELOPMENT, HELD_OUT)), 10)


def test_the_texts_are_short_clean_and_distinct() -> None:
    assert [each.text for each in TEXTS if not 4 <= len(each.text.split()) <= 30] == []
    assert [each.text for each in TEXTS if re.search(r"  |\s[.,!?;]|^\s|\s$|[’“”]", each.text)] == []
    assert len({tuple(words(each.text)) for each in TEXTS}) == 400


def test_the_two_texts_of_a_pair_share_most_of_their_words() -> None:
    for one, other in PAIRS:
        first, second = Counter(words(one.text)), Counter(words(other.text))
        assert (first & second).total() / min(first.total(), second.total()) >= 0.5, (one.text, other.text)


def test_no_opinion_word_is_in_more_than_six_texts_and_no_opening_in_more_than_three_pairs() -> None:
    lists = lexicon.read()
    names = ("good", "bad", "fine", "tiresome", "loved", "hated", "masterpiece", "disaster")
    opinions = {entry.split()[-1] for name in names for entry in lists[name]}
    uses = Counter(word for each in TEXTS for word in set(words(each.text)) & opinions)
    openings = Counter(tuple(words(one.text)[:2]) for one, _ in PAIRS)
    assert max(uses.values()) <= 6
    assert max(openings.values()) <= 3


def test_no_text_is_in_another_test_of_behaviour() -> None:
    others = [text for case in cases() for text in case.texts] + [sentence.text for sentence in sentences()]
    assert {tuple(words(each.text)) for each in TEXTS} & {tuple(words(text)) for text in others} == set()


def test_no_text_is_a_filled_form_of_the_training_examples() -> None:
    def normalised(text: str) -> str:
        return " ".join(re.findall(r"[\w'-]+|[.,!?:;]", text.casefold())).rstrip(" .!?")

    folder = Path(counterfactuals.__file__).parent
    tables = tomllib.loads((folder / "negations.toml").read_text(encoding="utf-8")).values()
    forms = {form.replace(" n't", "n't") for table in tables for group in table.values() for form in group}
    texts = [normalised(each.text) for each in TEXTS]
    assert forms
    for form in forms:
        pieces = [re.escape(normalised(piece)) for piece in re.split(r"{\w+}", form)]
        if len(words(" ".join(pieces))) >= 3:  # a shorter one leaves nearly all to its blanks
            pattern = re.compile(r"[^.,!?:;]*".join(pieces))
            assert [text for text in texts if pattern.fullmatch(text)] == [], form


EXAMPLES = [
    Text(1, "idiom", DEVELOPMENT, "positive", "It sings."),
    Text(1, "idiom", DEVELOPMENT, "negative", "It stinks."),
    Text(2, "turn", DEVELOPMENT, "positive", "It mends."),
    Text(2, "turn", DEVELOPMENT, "negative", "It ends."),
    Text(3, "turn", DEVELOPMENT, "positive", "It soars."),
    Text(3, "turn", DEVELOPMENT, "negative", "It bores."),
    Text(4, "turn", HELD_OUT, "positive", "It glows."),
    Text(4, "turn", HELD_OUT, "negative", "It slows."),
]
KNOWN = {"It stinks.": 0.1, "It ends.": 0.6, "It soars.": 0.4, "It bores.": 0.3}


def test_results_are_counted_by_kind_and_those_of_the_held_out_part_in_one_row() -> None:
    idiom, turn, development, held_out = contrast.evaluate(predictor(KNOWN), EXAMPLES)
    assert [(row["part"], row["kind"]) for row in (idiom, turn, development, held_out)] == [
        (DEVELOPMENT, "idiom"),
        (DEVELOPMENT, "turn"),
        (DEVELOPMENT, "all"),
        (HELD_OUT, "all"),
    ]
    assert (idiom["n"], idiom["accuracy"], idiom["pairs"], idiom["both"]) == (2, 1.0, 1, 1.0)
    assert (turn["n"], turn["accuracy"], turn["pairs"], turn["both"], turn["confidently_wrong"]) == (4, 0.5, 2, 0.0, 0)
    assert (development["accuracy"], development["both"]) == (pytest.approx(4 / 6), pytest.approx(1 / 3))
    assert development["interval"] == list(wilson_interval(4, 6))
    assert development["both_interval"] == list(wilson_interval(1, 3))
    assert (held_out["accuracy"], held_out["both"], held_out["confidently_wrong"]) == (0.5, 0.0, 1)


def test_a_text_without_a_verdict_is_wrong_and_not_confidently_so() -> None:
    rows = contrast.evaluate(lambda texts: [unscored_prediction("empty")] * len(texts), EXAMPLES)
    assert {(row["accuracy"], row["both"], row["confidently_wrong"]) for row in rows} == {(0.0, 0.0, 0)}


@pytest.fixture(scope="module")
def found() -> dict:
    return report.run_tests(predictor({}))


def test_the_report_has_development_by_kind_and_only_totals_of_the_held_out_part(found: dict) -> None:
    rows = found["contrast"]
    assert [row["kind"] for row in rows if row["part"] == HELD_OUT] == ["all"]
    assert {row["kind"] for row in rows if row["part"] == DEVELOPMENT} == KINDS | {"all"}
    assert {(row["n"], row["pairs"]) for row in rows if row["kind"] == "all"} == {(200, 100)}
    stored, printed = json.dumps(found, ensure_ascii=False), "\n".join(report.lines(found))
    assert [each.text for each in TEXTS if each.part == HELD_OUT and each.text in stored + printed] == []
    assert "contrast, held out, all: 50.0% of 200 texts correct, both of 0.0% of the pairs; 100 texts" in printed


def test_the_card_shows_every_row_and_the_card_of_an_older_run_none(found: dict, tmp_path: Path) -> None:
    run = add_parts(open_run(tiny_run(tmp_path / "tiny")), {PART: found})
    card = model_card.render(run)
    assert "| turn | 20 | 50.0% (29.9 to 70.1%) | 10 | 0.0% (0.0 to 27.8%) | 10 |" in card
    assert "| **All, held out** | 200 | 50.0%" in card
    older = {name: value for name, value in found.items() if name != "contrast"}
    assert "held out" not in model_card.render(add_parts(run, {PART: older}))
    assert not any(line.startswith("contrast") for line in report.lines(older))


def behaviour_section(monkeypatch: pytest.MonkeyPatch, run: Run) -> AppTest:
    """Runs the section on behaviour of the page Evaluation."""

    def script() -> None:
        from types import SimpleNamespace

        from sentiment.app.evaluation import robustness
        from sentiment.app.shared import current_run

        robustness.show(SimpleNamespace(run=current_run.run()))

    (run.path.parent / "default").write_text(run.name)
    monkeypatch.setenv("SENTIMENT_RUNS", str(run.path.parent))
    app = AppTest.from_function(script, default_timeout=30)
    app.query_params["suite"] = "Contrast pairs"
    return app.run()


def test_the_page_shows_every_row_and_the_page_of_an_older_run_none(found: dict, tmp_path: Path, monkeypatch) -> None:
    run = add_parts(open_run(tiny_run(tmp_path / "runs" / "tiny")), {PART: found})
    app = behaviour_section(monkeypatch, run)
    assert not app.exception
    [table] = app.table
    assert table.value["Kind"].tolist()[-2:] == ["**All, development**", "**All, held out**"]
    assert table.value["High-confidence errors"].tolist()[-1] == "100"
    older = {name: value for name, value in found.items() if name != "contrast"}
    app = behaviour_section(monkeypatch, add_parts(run, {PART: older}))
    assert not app.exception
    assert not any("Kind" in table.value for table in app.table)
    assert "capability" in app.dataframe[0].value  # the suites that it has
