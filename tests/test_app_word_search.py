"""The search for a word: found in any case, with its nearest neighbours in the model's embedding."""

from __future__ import annotations

import numpy as np
import pytest

from sentiment.app.dataset.word_search import Words
from sentiment.artifacts import open_run
from sentiment.model.weights import read_onnx
from sentiment.text.vocabulary import UNK
from tests.app_runs import counts
from tests.tiny import WORDS


@pytest.fixture(scope="module")
def words(run):
    return Words.load(open_run(run), counts())


@pytest.mark.parametrize("spelling", ["good", "GOOD", " Good "])
def test_a_word_is_found_in_any_case(words, spelling):
    row = words.find(spelling)
    assert row is not None
    assert words.counts.loc[row, "token"] == "good"


@pytest.mark.parametrize("word", ["zebra", "", "not good"])
def test_an_unknown_word_is_not_found(words, word):
    assert words.find(word) is None


def test_neighbours_have_the_highest_cosine_in_the_models_embedding(run, words):
    embedding = read_onnx(run / "model.onnx").embedding.astype(np.float64)[UNK + 1 :]
    row = WORDS.index("great")
    norms = np.linalg.norm(embedding, axis=1)
    cosine = embedding @ embedding[row] / norms / norms[row]
    nearest = [i for i in np.argsort(-cosine) if i != row][:3]
    found = words.neighbours(row, 3)
    assert found["token"].tolist() == [WORDS[i] for i in nearest]
    assert found["cosine"].tolist() == pytest.approx(cosine[nearest], abs=1e-5)
