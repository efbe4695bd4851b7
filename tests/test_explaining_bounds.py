"""The cost of hostile texts: every analysis takes time and memory in proportion to the tokens read."""

from __future__ import annotations

import time
from collections.abc import Iterable

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sentiment import Classifier
from sentiment.explain.counterfactual import compare, condense, edit, smallest_flip
from sentiment.explain.negation import negations
from sentiment.types import Prediction
from tests.tiny import tiny_run, token_texts, tokenize

GAPS = [" ", "  ", "\n", "<br /><br />", " <i> ", "\t" * 30]
WORDS = ["not", "good", "bad", "can", "ca", "n't", "'s", ".", ",", "...", "film", "x" * 300, "8/10", "1" * 200]


class RecordingClassifier(Classifier):
    """Records the texts that are scored."""

    texts: list[str]

    def predict(self, texts: Iterable[object]) -> list[Prediction]:
        """Predicts as the classifier does."""
        listed = list(texts)
        self.texts = [*getattr(self, "texts", []), *map(str, listed)]
        return super().predict(listed)


@pytest.fixture
def classifier(tmp_path) -> RecordingClassifier:
    return RecordingClassifier.load(tiny_run(tmp_path / "tiny", max_length=1_000))  # type: ignore[return-value]


@given(st.lists(st.tuples(st.sampled_from(WORDS), st.sampled_from(["", *GAPS])), min_size=1, max_size=30), st.data())
def test_after_the_same_edit_a_condensed_text_has_the_tokens_of_the_whole_one(pieces, data):
    text = "".join(word + gap for word, gap in pieces)
    tokens = tokenize(text)
    drops = data.draw(st.lists(st.integers(0, len(tokens) - 1), max_size=5))
    whole = edit(text, tokens, dict.fromkeys(drops, ""))
    short = edit(*condense(text, tokens), dict.fromkeys(drops, ""))
    assert [token[:100] for token in token_texts(whole)] == token_texts(short)


@pytest.mark.parametrize("gap", [" ", " " * 1_000])
def test_in_a_text_full_of_negations_only_the_strongest_are_scored(classifier, gap, monkeypatch):
    monkeypatch.setattr("sentiment.explain.negation.MIN_EFFECT", 0)
    text = gap.join(["not good bad great dull"] * 150) + "<" * 1_000_000
    found = negations(classifier, text)
    assert found
    assert len(classifier.texts) < 150
    assert max(map(len, classifier.texts)) < 10_000
    sizes = np.abs(classifier.explain(text).contributions)
    tried = {pair for one in found for pair in (one.negator, one.opinion)}
    assert sizes[sorted(tried)].mean() > np.median(sizes)


def test_all_pairs_of_a_review_with_a_few_negations_are_scored(classifier, monkeypatch):
    monkeypatch.setattr("sentiment.explain.negation.MIN_EFFECT", 0)
    text = "It is not a good film, and never dull. " * 8
    found = negations(classifier, text)
    monkeypatch.setattr("sentiment.explain.negation._MAX_TOKENS", 10**9)
    assert negations(classifier, text) == found
    assert len(found) > 3


@pytest.mark.parametrize("end", ["<" * 1_000_000, " " * 1_000_000, "x" * 1_000_000, "? " * 500_000])
def test_a_flip_is_searched_for_in_the_tokens_read_and_keeps_the_rest_of_the_text(classifier, end):
    text = f"A good film, not dull at all{end}"
    flip = smallest_flip(classifier, classifier.explain(text))
    assert flip
    *searched, last = classifier.texts
    assert last == flip.text
    assert flip.text.endswith(end)
    assert max(map(len, searched)) < 5_000
    assert classifier.predict([flip.text]) == [flip.prediction]


def test_a_flip_includes_words_that_come_within_the_limit_after_others_are_dropped(tmp_path):
    classifier = Classifier.load(tiny_run(tmp_path / "tiny", max_length=6))
    text = "good great film good bad dull not dull bad not bad film is dull ! bad"
    flip = smallest_flip(classifier, classifier.explain(text))
    assert flip
    assert flip.prediction == classifier.predict([flip.text])[0]
    assert flip.prediction.label != classifier.predict([text])[0].label


def test_two_long_texts_of_a_few_repeated_words_are_compared_in_seconds(classifier):
    before, after = classifier.explain("good " * 1_000), classifier.explain("good bad " * 500)
    began = time.process_time()
    found = compare(before, after)
    assert time.process_time() - began < 5  # seconds; matching every repeated word would take a minute
    change = sum(one.change for one in found)
    residuals = after.residual - before.residual + after.baseline_logit - before.baseline_logit
    assert change + residuals == pytest.approx(after.logit - before.logit, abs=1e-3)
