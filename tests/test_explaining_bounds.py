"""What a hostile text may cost: explaining it in every way takes time and memory by the tokens read."""

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


class Counting(Classifier):
    """Notes the texts that are scored."""

    texts: list[str]

    def predict(self, texts: Iterable[object]) -> list[Prediction]:
        """As the classifier."""
        listed = list(texts)
        self.texts = [*getattr(self, "texts", []), *map(str, listed)]
        return super().predict(listed)


@pytest.fixture
def classifier(tmp_path) -> Counting:
    return Counting.load(tiny_run(tmp_path / "tiny", max_length=1_000))  # type: ignore[return-value]


@given(st.lists(st.tuples(st.sampled_from(WORDS), st.sampled_from(["", *GAPS])), min_size=1, max_size=30), st.data())
def test_a_condensed_text_is_read_like_the_whole_one_however_it_is_edited(pieces, data):
    text = "".join(word + gap for word, gap in pieces)
    tokens = tokenize(text)
    drops = data.draw(st.lists(st.integers(0, len(tokens) - 1), max_size=5))
    whole = edit(text, tokens, dict.fromkeys(drops, ""))
    short = edit(*condense(text, tokens), dict.fromkeys(drops, ""))
    assert [token[:100] for token in token_texts(whole)] == token_texts(short)


@pytest.mark.parametrize("gap", [" ", " " * 1_000])
def test_the_negations_of_a_text_full_of_them_are_bounded_and_the_strongest(classifier, gap, monkeypatch):
    monkeypatch.setattr("sentiment.explain.negation.MIN_EFFECT", 0)
    text = gap.join(["not good bad great dull"] * 150) + "<" * 1_000_000
    found = negations(classifier, text)
    assert found
    assert len(classifier.texts) < 150
    assert max(map(len, classifier.texts)) < 10_000
    sizes = np.abs(classifier.explain(text).contributions)
    tried = {pair for one in found for pair in (one.negator, one.opinion)}
    assert sizes[sorted(tried)].mean() > np.median(sizes)


def test_every_pair_of_a_review_with_some_negations_is_still_scored(classifier, monkeypatch):
    monkeypatch.setattr("sentiment.explain.negation.MIN_EFFECT", 0)
    text = "It is not a good film, and never dull. " * 8
    found = negations(classifier, text)
    monkeypatch.setattr("sentiment.explain.negation._MAX_TOKENS", 10**9)
    assert negations(classifier, text) == found
    assert len(found) > 3


@pytest.mark.parametrize("end", ["<" * 1_000_000, " " * 1_000_000, "x" * 1_000_000, "? " * 500_000])
def test_a_flip_is_sought_in_what_is_read_and_the_rest_of_the_text_is_kept(classifier, end):
    text = f"A good film, not dull at all{end}"
    flip = smallest_flip(classifier, classifier.explain(text))
    assert flip
    *sought, last = classifier.texts
    assert last == flip.text
    assert flip.text.endswith(end)
    assert max(map(len, sought)) < 5_000
    assert classifier.predict([flip.text]) == [flip.prediction]


def test_words_that_move_up_where_others_are_dropped_count_for_a_flip(tmp_path):
    classifier = Classifier.load(tiny_run(tmp_path / "tiny", max_length=6))
    text = "good great film good bad dull not dull bad not bad film is dull ! bad"
    flip = smallest_flip(classifier, classifier.explain(text))
    assert flip
    assert flip.prediction == classifier.predict([flip.text])[0]
    assert flip.prediction.label != classifier.predict([text])[0].label


def test_two_versions_of_a_few_words_repeated_are_compared_soon(classifier):
    before, after = classifier.explain("good " * 1_000), classifier.explain("good bad " * 500)
    began = time.process_time()
    found = compare(before, after)
    assert time.process_time() - began < 5  # it took a minute
    change = sum(one.change for one in found)
    residuals = after.residual - before.residual + after.baseline_logit - before.baseline_logit
    assert change + residuals == pytest.approx(after.logit - before.logit, abs=1e-3)
