"""Planted shortcuts: which texts have them, and the precision with which a method finds them."""

from __future__ import annotations

import numpy as np
import pytest

from sentiment.dataset import DatasetError
from sentiment.faithfulness import shortcuts
from sentiment.text.vocabulary import UNK


@pytest.mark.parametrize("kind", shortcuts.KINDS)
def test_half_of_the_texts_contain_a_shortcut_that_determines_the_label(kind):
    rng = np.random.default_rng(0)
    reviews = [rng.integers(UNK, 5000, length).astype(np.int32) for length in rng.integers(5, 90, 200)]
    labels = rng.integers(0, 2, 200).astype(np.int8)

    planted = shortcuts.plant(kind, reviews, labels, rng)

    good, bad, context = range(shortcuts.VOCABULARY, shortcuts.SIZE)
    found = set()
    for number, (text, label, places) in enumerate(zip(planted.reviews, planted.labels, planted.places, strict=True)):
        special = tuple(text[text >= shortcuts.VOCABULARY].tolist())
        assert text.max() < shortcuts.SIZE
        if number % 2:  # without a shortcut
            assert label == labels[number]
            assert not len(places)
            assert len(set(special)) <= (0 if kind == "rare token" else 1)
            continue
        assert tuple(text[places].tolist()) == special
        found.add((special, int(label)))
    expected = {
        "rare token": {((good,), 1), ((bad,), 0)},
        "token in context": {((context, good), 1), ((context, bad), 0)},
        "ordered pair": {((good, bad), 1), ((bad, good), 0)},
        "context on either side": {
            ((good, context), 1),
            ((context, good), 1),
            ((bad, context), 0),
            ((context, bad), 0),
        },
    }
    assert found == expected[kind]


@pytest.mark.training
def test_too_few_reviews_for_shortcuts_are_refused():
    pytest.importorskip("tensorflow")
    from sentiment.training.shortcuts import prove_shortcuts

    with pytest.raises(DatasetError, match=r"in 14,000 training reviews; there are 2\."):
        prove_shortcuts([np.array([2, 3], np.int32)] * 2, np.array([0, 1], np.int8))


def test_precision_is_the_share_of_shortcut_tokens_among_the_k_ranked_first():
    values = [np.array([0.1, 3.0, 0.2, 2.0]), np.array([-1.0, 5.0, -2.0, 0.0])]
    places = [np.array([1, 3]), np.array([1, 2])]

    assert shortcuts.precision(np.array([1.0, 1.0]), values, places) == pytest.approx((1 + 0.5) / 2)
    assert shortcuts.precision(np.array([1.0, -1.0]), values, places) == pytest.approx((1 + 0.5) / 2)
    assert shortcuts.precision(np.array([-1.0, -1.0]), values, places) == pytest.approx((0 + 0.5) / 2)
