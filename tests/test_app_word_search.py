"""Looking up a word: in any case, with neighbours that are really nearest."""

from __future__ import annotations

import numpy as np
import pytest

from sentiment.app.dataset.word_search import Words
from sentiment.artifacts import open_run
from sentiment.model.weights import read_onnx
from sentiment.text.vocabulary import UNK
from tests.app_runs import counts
from tests.tiny import WORDS, tiny_run


@pytest.fixture(scope="module")
def words(tmp_path_factory):
    run = open_run(tiny_run(tmp_path_factory.mktemp("words") / "tiny"))
    return run, Words.load(run, counts())


@pytest.mark.parametrize("spelling", ["good", "GOOD", " Good "])
def test_a_word_is_found_in_any_case(words, spelling):
    _, words = words
    row = words.find(spelling)
    assert row is not None
    assert words.counts.loc[row, "token"] == "good"


@pytest.mark.parametrize("word", ["zebra", "", "not good"])
def test_an_unknown_word_is_not_found(words, word):
    assert words[1].find(word) is None


def test_neighbours_are_those_of_the_models_own_embedding(words):
    run, words = words
    embedding = read_onnx(run.file("model.onnx")).embedding.astype(np.float64)[UNK + 1 :]
    row = WORDS.index("great")
    norms = np.linalg.norm(embedding, axis=1)
    cosine = embedding @ embedding[row] / norms / norms[row]
    expected = [WORDS[i] for i in np.argsort(-cosine) if i != row][:3]
    found = words.neighbours(row, 3)
    assert found["token"].tolist() == expected
    assert found["cosine"].tolist() == pytest.approx(sorted(cosine[np.arange(len(WORDS)) != row])[:-4:-1], abs=1e-5)
