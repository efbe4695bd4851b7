"""Analyses based on explanations: groups of tokens, prefixes, edits and flips, negation, stability and reasons."""

from __future__ import annotations

import math
from functools import partial
from itertools import pairwise
from types import SimpleNamespace

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from sentiment import Classifier
from sentiment.explain.counterfactual import compare, edit, smallest_flip
from sentiment.explain.grouping import cuts, group
from sentiment.explain.negation import negations
from sentiment.explain.prefixes import score_prefixes
from sentiment.explain.reasons import reasons
from sentiment.explain.stability import stability
from sentiment.model.attribution import rescale_rule
from sentiment.model.decision import DecisionRule
from sentiment.types import Explanation
from tests.tiny import WORDS, tiny_run, token_texts, tokenize

LEVELS = ("token", "word", "phrase", "sentence")
TEXTS = st.lists(
    st.sampled_from([*"ab nt'’.,!?()\"-<>\n8/", "don't ", "<br />", "Mr. ", "but ", "É", "good "]), max_size=40
).map("".join)


@pytest.fixture(scope="module")
def classifier(tmp_path_factory) -> Classifier:
    return Classifier.load(tiny_run(tmp_path_factory.mktemp("runs") / "tiny", max_length=150))


def explanation_of(words: dict[str, float], label: str = "positive") -> Explanation:
    """An explanation of these words that has these contributions."""
    text = " ".join(words)
    tokens = tokenize(text)
    values = np.array(list(words.values()), np.float32)
    total = float(values.sum())
    prediction = DecisionRule().predict(3.0 if label == "positive" else -3.0, "ok", len(tokens), len(tokens), 0.0)
    return Explanation(text, tuple(tokens), values, 3.0 - total, 3.0, 0.0, np.zeros(len(values), bool), prediction)


def group_texts(text: str, level: str) -> list[str]:
    """The texts of the groups at a level."""
    tokens = tokenize(text)
    bounds = [0, *cuts(text, tokens, level), len(tokens)]
    return [text[tokens[a].start : tokens[b - 1].end] for a, b in pairwise(bounds) if b > a]


def test_a_word_includes_contractions_and_hyphens_but_no_punctuation():
    assert group_texts("It wasn't a well-made film, was it?", "word") == [
        *("It", "wasn't", "a", "well-made", "film", ",", "was", "it", "?")
    ]


def test_a_phrase_ends_at_a_pause_or_before_a_connective():
    assert group_texts("The cast (all of it) is good, sets are fine but the plot drags on.", "phrase") == [
        *("The cast", "(all of it)", "is good,", "sets are fine", "but the plot drags on.")
    ]


def test_a_sentence_includes_its_closing_quotes_and_does_not_end_at_an_abbreviation():
    text = 'Mr. Smith gave 7.5/10... "Why so much?" he asks. No idea<br /><br />Skip it! <b>Really</b> do'
    assert group_texts(text, "sentence") == [
        "Mr. Smith gave 7.5/10...",
        '"Why so much?"',
        "he asks.",
        "No idea",
        "Skip it!",
        "Really</b> do",
    ]


@given(text=TEXTS)
@settings(max_examples=200, deadline=None)
def test_groups_at_every_level_hold_each_token_once_and_have_the_same_sum(classifier, text):
    explanation = classifier.explain(text)
    total = math.fsum(explanation.contributions.tolist())
    for level in LEVELS:
        groups = group(explanation, level)
        assert [place for g in groups for place in range(g.first, g.stop)] == list(range(len(explanation.tokens)))
        assert math.fsum(g.value for g in groups) == pytest.approx(total, abs=1e-12)
        for g in groups:
            assert (g.start, g.end) == (explanation.tokens[g.first].start, explanation.tokens[g.stop - 1].end)
    assert len(group(explanation, "token")) == len(explanation.tokens)


@given(text=TEXTS)
@settings(max_examples=100, deadline=None)
def test_each_level_only_joins_groups_of_the_level_below(text):
    tokens = tokenize(text)
    begins = [set(cuts(text, tokens, level)) for level in LEVELS]
    for finer, coarser in pairwise(begins):
        assert coarser <= finer


def test_each_prefix_has_the_score_of_the_same_text_alone(classifier):
    text = "The film is not good, it is a bad bad film!"
    points = score_prefixes(classifier, text)
    alone = classifier.predict([text[: point.end] for point in points])

    assert [point.place for point in points] == list(range(len(token_texts(text))))
    assert [point.logit for point in points] == pytest.approx([p.logit for p in alone], abs=1e-6)
    assert [point.probability for point in points] == pytest.approx([p.probability for p in alone], abs=1e-6)


def test_prefixes_of_a_long_text_are_evenly_spaced_up_to_the_last_token_read(classifier):
    points = score_prefixes(classifier, "good bad " * 100)

    assert len(points) == 100
    assert (points[0].place, points[-1].place) == (0, 149)
    assert set(np.diff([point.place for point in points])) == {1, 2}
    assert score_prefixes(classifier, "") == []


@pytest.mark.parametrize(
    ("text", "changes", "expected"),
    [
        ("It is not good.", {2: ""}, "It is good."),
        ("It is not good.", {3: "bad"}, "It is not bad."),
        ("It can't last", {2: ""}, "It can last"),
        ("Won't see it", {1: ""}, "Will see it"),
        ("I don't care", {2: ""}, "I do care"),
        ("a well-made film", {2: ""}, "a well made film"),
        ("Good film", {0: ""}, "film"),
        ("Good film", {1: ""}, "Good "),
        ("It is hardly dull, is it?", {3: ""}, "It is hardly, is it?"),
        ("It is hardly very dull.", {3: "", 4: ""}, "It is hardly."),
        ("Good film", {}, "Good film"),
    ],
)
def test_an_edit_leaves_natural_spaces_and_contractions(text, changes, expected):
    assert edit(text, tokenize(text), changes) == expected


@given(words=st.lists(st.sampled_from([*WORDS, "x", "-", "'", ":", ")", "8"]), min_size=1, max_size=12), data=st.data())
@settings(max_examples=200, deadline=None)
def test_dropping_tokens_leaves_exactly_the_others(words, data):
    text = data.draw(st.sampled_from([" ", ""])).join(words)
    assume(":)" not in text)  # one token or two, depending on what follows it
    assume(" " in text or text.count("n't") < 2)  # "n'tn't" is not two endings
    tokens = tokenize(text)
    assume(not any(a.text.lower() in {"ca", "wo", "sha", "ai"} for a in tokens))
    dropped = data.draw(st.sets(st.integers(0, len(tokens) - 1)))

    left = token_texts(edit(text, tokens, dict.fromkeys(dropped, "")))

    assert left == [token.text for place, token in enumerate(tokens) if place not in dropped]


def test_a_flip_turns_the_verdict_and_needs_every_word_it_drops(classifier):
    found = 0
    for seed in range(12):
        words = np.random.default_rng(seed).choice(WORDS, 12)
        explanation = classifier.explain(" ".join(words))
        flip = smallest_flip(classifier, explanation)
        if flip is None:
            continue
        found += 1
        assert flip.prediction.label not in {None, explanation.prediction.label}
        assert classifier.predict([flip.text]) == [flip.prediction]
        for place in flip.places:
            fewer = [other for other in flip.places if other != place]
            kept = edit(explanation.text, explanation.tokens, dict.fromkeys(fewer, ""))
            assert classifier.predict([kept])[0].label == explanation.prediction.label
    assert found >= 3


def test_a_flip_restores_a_word_that_only_another_restored_word_makes_unnecessary():
    explanation = explanation_of({"a": 5.0, "b": 4.0, "c": 3.0, "d": 2.0, "e": 1.0})
    flipped = {"", "d", "b d", "b c d"}  # the texts whose prediction is negative

    def predict(texts):
        return [DecisionRule().predict(-3.0 if text.strip() in flipped else 3.0, "ok", 5, 5, 0.0) for text in texts]

    preprocessor = SimpleNamespace(tokens=lambda text, limit: tokenize(text)[:limit])
    classifier = SimpleNamespace(predict=predict, preprocessor=preprocessor)
    assert smallest_flip(classifier, explanation).places == (0, 4)


def test_a_text_of_at_most_one_word_has_no_flip(classifier):
    assert smallest_flip(classifier, classifier.explain("")) is None
    assert smallest_flip(classifier, classifier.explain("good")) is None


def test_two_versions_are_compared_token_by_token_and_the_changes_add_up(classifier):
    before = classifier.explain("The film is not good at all.")
    after = classifier.explain("The film is great, not bad at all.")

    differences = compare(before, after)

    assert [d.text for d in differences if d.before is None] == ["great", ",", "bad"]
    assert [d.text for d in differences if d.after is None] == ["good"]
    assert [d.before for d in differences if d.before is not None] == list(range(len(before.tokens)))
    assert [d.after for d in differences if d.after is not None] == list(range(len(after.tokens)))
    rise = sum(d.change for d in differences) + after.baseline_logit - before.baseline_logit
    assert rise + after.residual - before.residual == pytest.approx(after.logit - before.logit, abs=1e-5)


def test_a_negation_pairs_the_negator_with_the_strongest_word_of_its_phrase(classifier):
    text = "The film is not a bad great."
    tokens = tokenize(text)

    [negation] = negations(classifier, text)

    def logit(*places: int) -> float:
        return classifier.predict([edit(text, tokens, dict.fromkeys(places, ""))])[0].logit

    a, b = negation.negator, negation.opinion
    assert (tokens[a].text, tokens[b].text) == ("not", "great")
    assert negation.alone == pytest.approx(logit(a) - logit(a, b), abs=1e-6)
    assert negation.negated == pytest.approx(logit() - logit(b), abs=1e-6)
    assert negation.joint == pytest.approx(logit() - logit(a) - logit(b) + logit(a, b), abs=1e-6)
    for other in (4, 5):
        assert abs(logit(a) - logit(a, other)) <= abs(negation.alone)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "not",
        "not good",  # no text would be left without both
        "good film",
        "is it not, good film",  # the opinion is in another phrase
    ],
)
def test_a_text_without_a_measurable_negation_has_none(classifier, text):
    assert negations(classifier, text) == []


def test_stability_is_the_correlation_with_a_path_of_more_segments(classifier):
    explanation = classifier.explain("The film is not good, it is a bad bad film!")
    [finer] = classifier.attributor(
        [classifier.preprocessor.ids(explanation.text)[0]], partial(rescale_rule, segments=16)
    )
    expected = np.corrcoef(explanation.contributions, finer.contributions)[0, 1]

    assert stability(classifier, explanation) == pytest.approx(expected)
    assert expected < 1.0
    assert math.isnan(stability(classifier, classifier.explain("good")))


def test_reasons_name_the_strongest_words_of_both_sides_and_count_repeats():
    words = {"Great": 1.0, "fun": 0.6, "and": 0.01, "n't": -0.7, "great": 0.9, "!": 2.0}
    assert reasons(explanation_of(words)) == (
        "Most positive words: “great” (twice), “fun”. Most negative words: “n't”."
    )
    assert reasons(explanation_of({"dull": -2.0})) == "Most negative words: “dull”."
    assert reasons(explanation_of({"dull": -2.0, "fun": 1.0}, "negative")).startswith("Most negative words: “dull”.")
    assert reasons(explanation_of({"the": 0.0})) == "No single word stands out."


def test_the_reasons_of_an_empty_text_ask_for_a_review(classifier):
    assert reasons(classifier.explain("")) == "Enter a review first."
