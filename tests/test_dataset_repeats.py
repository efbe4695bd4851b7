"""The size of a split counts a text once, however many rows repeat it."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sentiment.dataset import Dataset, DatasetError, load
from sentiment.dataset.splits import distinct

PARTS = ("train", "validation", "test")


def write_csv(folder: Path, rows: list[tuple[str, int]]) -> Path:
    path = folder / "answers.csv"
    pd.DataFrame(rows, columns=["text", "label"]).to_csv(path, index=False)
    return path


def answers(texts: int, copies: int) -> list[tuple[str, int]]:
    return [(f"Answer number {text}", text % 2) for text in range(texts)] * copies


def sizes(data: Dataset) -> list[int]:
    return [getattr(data, part)["fingerprint"].nunique() for part in PARTS]


@st.composite
def repeated_answers(draw: st.DrawFn) -> list[tuple[str, int]]:
    """Draws rows of a few texts; some texts are labelled at random, so that their copies contradict each other."""
    texts = draw(st.integers(1, 40))
    rows = draw(st.lists(st.integers(0, texts - 1), min_size=20, max_size=300))
    contradicted = draw(st.sets(st.integers(0, texts - 1)))
    labels = draw(st.lists(st.integers(0, 1), min_size=len(rows), max_size=len(rows)))
    return [
        (f"Answer number {text}", label if text in contradicted else text % 2)
        for text, label in zip(rows, labels, strict=True)
    ]


@settings(deadline=None, max_examples=100)
@given(rows=repeated_answers(), seed=st.integers(0, 3), limit=st.one_of(st.none(), st.integers(2, 30)))
def test_a_split_is_sized_on_distinct_texts_or_refused_in_a_sentence(rows, seed, limit, tmp_path_factory):
    path = write_csv(tmp_path_factory.mktemp("data"), rows)
    try:
        data = load(path, seed=seed, limit=limit)
    except DatasetError as error:
        assert str(error).startswith(("answers.csv", "The t", "What is left of answers.csv"))
        return
    texts = len({text for text, _ in rows})
    train, validation, test = sizes(data)
    assert test == max(2, round(0.2 * texts))
    if limit is None or limit >= texts:
        assert validation == max(2, (texts - test) // 10)
        assert train == texts - test - validation
    for part in PARTS:
        assert set(getattr(data, part)["label"]) == {0, 1}
    fingerprints = [set(getattr(data, part)["fingerprint"]) for part in PARTS]
    assert len(set.union(*fingerprints)) == sum(map(len, fingerprints))
    assert data.train["fingerprint"].is_unique


@pytest.mark.parametrize(("texts", "few", "many"), [(300, 1, 10), (60, 1, 50), (10, 10, 300), (6, 10, 20)])
def test_the_split_does_not_depend_on_the_number_of_copies(texts, few, many, tmp_path):
    once, often = (load(write_csv(tmp_path, answers(texts, copies))) for copies in (few, many))
    for part in PARTS:
        first, second = (set(getattr(data, part)["fingerprint"]) for data in (once, often))
        assert first == second


@pytest.mark.parametrize("texts", [1, 2, 4])
def test_too_few_texts_are_refused_however_often_they_are_repeated(texts, tmp_path):
    with pytest.raises(DatasetError, match=r"holds only|holds no|not clear"):
        load(write_csv(tmp_path, answers(texts, 500)))


def test_a_text_has_the_label_of_most_of_its_copies(tmp_path):
    rows = answers(40, 1) + [(f"Answer number {text}", 1 - text % 2) for text in range(40)] + answers(40, 1)
    for order in (rows, rows[::-1]):
        data = load(write_csv(tmp_path, order))
        learned = pd.concat([data.train, data.validation])
        assert len(learned) == 32
        assert all(
            int(text.split()[-1]) % 2 == label for text, label in zip(learned["text"], learned["label"], strict=True)
        )
        assert (data.source.removed.repeats, data.source.removed.contradicting) == (80, 40)


def test_the_order_of_the_rows_does_not_decide_a_tie(tmp_path):
    rows = [*answers(40, 1), ("Answer number 1", 0), ("Answer number 2", 1)]
    first, second = (load(write_csv(tmp_path, order)) for order in (rows, rows[::-1]))
    for part in PARTS:
        pd.testing.assert_frame_equal(getattr(first, part), getattr(second, part))


def test_distinct_keeps_the_first_copy_with_the_label_of_most():
    reviews = pd.DataFrame({"fingerprint": list("aaabbc"), "label": [0, 1, 1, 1, 0, 0]})
    assert distinct(reviews).index.tolist() == [1, 3, 5]


def test_repeats_in_a_given_part_leave_enough_reviews_to_train_on(tmp_path):
    for part, texts in (("train", 30), ("test", 40)):
        rows = [(f"To {part} with, {text}", text % 2) for text in range(texts)] * 20
        pd.DataFrame(rows, columns=["text", "label"]).to_parquet(tmp_path / f"{part}.parquet")
    assert sizes(load(tmp_path)) == [27, 3, 40]


def test_excluding_most_reviews_leaves_some_to_train_on(tmp_path):
    path = write_csv(tmp_path, answers(200, 1))
    train = load(path).train["fingerprint"]
    data = load(path, exclude=set(train[:130]))
    assert len(data.validation) == 3
    assert set(data.train["label"]) == {0, 1}
