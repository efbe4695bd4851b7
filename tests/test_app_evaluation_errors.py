"""The Errors tab of the Evaluation page: the filter, the texts, and the nearest reviews."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from sentiment.app.evaluation import example_sentences, neighbours
from sentiment.app.shared.scored_reviews import EVERYTHING, WRONG
from sentiment.artifacts import open_run, write_manifest
from sentiment.behaviour import contrast
from sentiment.dataset import fingerprint
from sentiment.evaluation.states import pooled_states, write_validation_states
from sentiment.model.classifier import Classifier
from tests.app_pages import open_page, press, said, turn_to
from tests.app_runs import predictions
from tests.tiny import tiny_run

pytestmark = pytest.mark.usefixtures("serve_runs")

# The list of reviews


def test_the_filter_decides_what_the_table_lists():
    app = open_page("evaluation", tab="Errors")
    assert len(app.dataframe[0].value) < 100
    app.selectbox(key="verdicts").set_value(EVERYTHING).run()
    assert len(app.dataframe[0].value) == 400
    assert "**400 reviews**" in said(app)
    app.selectbox(key="slice").set_value("Rating: 1").run()
    assert set(app.dataframe[0].value["rating"]) == {1}
    press(app, "Reset")
    assert app.selectbox(key="slice").value == EVERYTHING
    assert app.selectbox(key="verdicts").value == WRONG


def test_without_texts_no_row_can_be_selected_and_the_page_says_how_to_get_them():
    app = open_page("evaluation", tab="Errors")
    assert not app.dataframe[0].proto.selection_mode
    [hint] = [caption for caption in app.caption if caption.value.startswith("This server has no review texts")]
    assert "`make app DATA=" in hint.help
    assert not app.toggle


def test_example_sentences_are_listed_with_their_texts_for_everyone():
    app = open_page("evaluation", tab="Errors", source="Example sentences", verdicts="all")
    table = app.dataframe[0]
    assert table.proto.selection_mode
    assert len(table.value) == len(example_sentences.example_sentences())
    assert table.value["text"].str.len().min() > 0
    app.selectbox(key="verdicts").set_value(WRONG).run()
    wrong = app.dataframe[0].value
    assert len(wrong)
    assert ((wrong["probability"] >= 50) != (wrong["label"] == "positive")).all()


def test_no_example_sentence_is_from_the_held_out_pairs():
    ours = example_sentences.example_sentences()
    held_out = {each.text for each in contrast.texts() if each.part == contrast.HELD_OUT}
    assert not held_out & set(ours["text"])
    assert set(ours["source"]) == set(example_sentences._SOURCES)
    assert set(ours["label"]) == {0, 1}


@pytest.fixture
def with_texts(serve_runs, tmp_path, monkeypatch):
    """Serves a run together with the texts of its test reviews."""
    reviews = [f"review number {i}, a {'good' if i % 2 else 'bad'} film" for i in range(120)]
    labels = ["positive" if i % 2 else "negative" for i in range(120)]
    pd.DataFrame({"review": reviews, "sentiment": labels}).to_csv(tmp_path / "reviews.csv", index=False)
    run = tiny_run(tmp_path / "runs" / "tiny")
    tested = predictions(("test",), n=120).assign(fingerprint=[fingerprint(text) for text in reviews])
    tested.to_parquet(run / "test_predictions.parquet")
    write_manifest(run)
    (tmp_path / "runs" / "default").write_text("tiny")
    monkeypatch.setenv("SENTIMENT_RUNS", str(tmp_path / "runs"))
    monkeypatch.setenv("SENTIMENT_DATA", str(tmp_path / "reviews.csv"))


@pytest.mark.usefixtures("with_texts")
def test_with_the_data_the_list_shows_texts_and_those_with_a_word_become_a_slice():
    app = open_page("evaluation", tab="Errors", verdicts="all")
    assert not app.exception
    table = app.dataframe[0].value
    assert (table["text"].map(fingerprint) == table["fingerprint"]).all()
    assert app.dataframe[0].proto.selection_mode
    turn_to(app, "Slices")
    app.text_input(key="own_text").set_value("Good")
    press(app, "Add slice")
    [row] = app.dataframe[-1].value.to_dict("records")
    assert (row["slice"], row["n"]) == ("Contains “Good”", 60)
    turn_to(app, "Errors")
    app.selectbox(key="slice").set_value("Contains “Good”").run()
    assert len(app.dataframe[0].value) == 60
    assert app.dataframe[0].value["text"].str.contains("good").all()


# The nearest reviews


def test_the_nearest_reviews_are_sorted_by_similarity_and_exclude_the_review_itself():
    rng = np.random.default_rng(0)
    states = 5 + rng.normal(size=(40, 8)).astype("float16")
    states[7] = 5 + 2 * (states[3] - 5)  # the same direction from the mean
    reviews = pd.DataFrame({"id": [str(i) for i in range(40)], "label": "positive", "probability": 0.5, "film": ""})
    found = neighbours.Pool(reviews, states, "some").nearest(states[3], "3")
    assert len(found) == 10
    assert found["id"].iloc[0] == "7"
    assert "3" not in set(found["id"])
    assert (np.diff(found["similarity"]) <= 0).all()


def test_a_state_of_zeros_has_a_similarity_of_zero():
    reviews = pd.DataFrame({"id": ["a", "b"], "label": "positive", "probability": 0.5, "text": ["x", "y"]})
    found = neighbours.Pool(reviews, np.zeros((2, 4), "float32"), "some").nearest(np.zeros(4, "float32"), "a")
    assert found["similarity"].tolist() == [0.0]


def test_nearest_reviews_without_texts_are_named_by_movie_and_fingerprint(tmp_path, monkeypatch):
    classifier = Classifier.load(tiny_run(tmp_path / "tiny"))
    table = predictions(("train", "validation"), n=6)
    table.to_parquet(classifier.run / "predictions.parquet")
    texts = ["the film is good", "bad", "a dull film", "great great", "not good", "the the"]
    write_validation_states(classifier, texts)
    write_manifest(classifier.run)
    monkeypatch.setattr(neighbours.current_run, "run", lambda: open_run(classifier.run))
    monkeypatch.setattr(neighbours.current_run, "classifier", lambda: classifier)
    pool = neighbours.stored_pool()
    assert pool is not None
    assert "text" not in pool.reviews
    found = pool.nearest(pooled_states(classifier, ["great great"])[0], "another")
    nearest = table[table["split"] == "validation"].iloc[3]
    assert found["id"].iloc[0] == nearest["fingerprint"]
    assert nearest["film"] in found["film"].iloc[0]
    assert found["similarity"].iloc[0] == pytest.approx(1, abs=1e-3)
