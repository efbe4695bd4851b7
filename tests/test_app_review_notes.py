"""Notes by human readers on the pages: the causes of mistakes, and the verdicts on suspected labels."""

from __future__ import annotations

import pandas as pd
import pytest

from sentiment.artifacts import write_json, write_manifest
from sentiment.evaluation import review_notes
from tests.app_pages import open_page, said
from tests.app_runs import RULE, full_run

pytestmark = pytest.mark.page


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """An empty folder of notes, next to the folder of a run that makes confident mistakes."""
    run = full_run(tmp_path / "runs" / "tiny")
    tested = pd.read_parquet(run / "test_predictions.parquet")
    flipped = tested["label"].where(tested.index % 5 > 0, 1 - tested["label"])
    tested.assign(label=flipped).to_parquet(run / "test_predictions.parquet")
    write_manifest(run)
    (tmp_path / "runs" / "default").write_text("tiny")
    monkeypatch.setenv("SENTIMENT_RUNS", str(tmp_path / "runs"))
    monkeypatch.setattr(review_notes, "FOLDER", tmp_path / "reviews")
    (tmp_path / "reviews").mkdir()
    return tmp_path / "reviews"


def confident_mistakes(folder):
    """The fingerprints of the run's confident mistakes."""
    tested = pd.read_parquet(folder.parent / "runs" / "tiny" / "test_predictions.parquet")
    return review_notes.confident_mistakes(tested, RULE)["fingerprint"].tolist()


def suspect_first(folder, n, interval=(-0.02, -0.005)):
    """Flags the labels of the first n training reviews, as ``find_label_errors.py`` does; returns their fingerprints.

    ``interval`` is that of the change of the accuracy when the model is trained without them.
    """
    rows = pd.read_parquet(folder.parent / "runs" / "tiny" / "predictions.parquet").head(n)
    columns = rows[["fingerprint", "film", "label", "rating"]].assign(probability=0.9, quality=0.1)
    columns.to_parquet(folder / "label_errors.parquet")
    treatment = {"name": "dropped", "difference": -0.01, "interval": interval}
    facts = {"suspected": {"negative": n, "positive": 0}, "n": 100 * n}
    write_json(
        folder / "label_errors.json", facts | {"treatment": {"n": 100 * n, "accuracy": 0.9, "treatments": [treatment]}}
    )
    return rows["fingerprint"].tolist()


def test_causes_are_listed_next_to_their_mistakes_and_counted(folder):
    first, second, third = confident_mistakes(folder)[:3]
    (folder / "causes.csv").write_text(f"fingerprint,cause\n{first},irony\n{second},plot\n{third},plot\n")
    app = open_page("evaluation", tab="Errors")
    assert not app.exception
    listed = app.dataframe[0].value.set_index("fingerprint")["cause"]
    assert listed[[first, second]].tolist() == ["irony", "plot"]
    assert (listed != "").sum() == 3
    assert app.selectbox(key="cause").options == ["All", "plot", "irony"]
    app.selectbox(key="cause").set_value("plot").run()
    assert set(app.dataframe[0].value["fingerprint"]) == {second, third}
    app.session_state["by_cause"] = True
    app.run()
    assert "plot 2, irony 1" in app.get("vega_lite_chart")[0].proto.alt
    assert f"3 of {len(confident_mistakes(folder)):,} high-confidence errors categorised by hand" in said(app)


def test_a_correct_verdict_is_listed_without_a_cause(folder):
    tested = pd.read_parquet(folder.parent / "runs" / "tiny" / "test_predictions.parquet")
    correct = tested["fingerprint"][(tested["logit"] > 3) & (tested["label"] == 1)].iloc[0]
    (folder / "causes.csv").write_text(f"fingerprint,cause\n{correct},irony\n")
    app = open_page("evaluation", verdicts="All")
    listed = app.dataframe[0].value.set_index("fingerprint")["cause"]
    assert listed[correct] == ""
    assert not any(each.key == "cause" for each in app.selectbox)


def test_an_unknown_cause_is_reported_on_the_page(folder):
    (folder / "causes.csv").write_text("fingerprint,cause\n00,ironie\n")
    app = open_page("evaluation", tab="Errors")
    assert not app.exception
    assert "“ironie” is not one of" in app.error[0].value


def test_suspected_labels_are_listed_with_their_scores_and_the_readers_verdicts(folder):
    prints = suspect_first(folder, 4)
    (folder / "label_verdicts.csv").write_text(f"fingerprint,verdict\n{prints[0]},wrong\n{prints[1]},right\n")
    app = open_page("dataset", tab="Quality")
    assert not app.exception
    table = next(table.value for table in app.dataframe if "quality" in table.value)
    assert table["fingerprint"].tolist() == prints
    assert table["read"].tolist() == ["wrong", "right", "", ""]
    assert table["film"].str.startswith("https://www.imdb.com/title/tt").all()
    assert "4 of 400 labels (1.0%) flagged by confident learning" in said(app)
    assert "Manual check of 2 reviews: 1 wrong (50%, 95% CI" in said(app)
    assert "Training without them lowers the held-out accuracy" in said(app)
    assert "removed −1.00 (95% CI −2.00 to −0.50)" in said(app)


@pytest.mark.parametrize(
    ("interval", "effect"), [([0.001, 0.02], "raises"), ([-0.01, 0.02], "does not significantly change")]
)
def test_the_effect_of_training_without_them_follows_from_the_interval(folder, interval, effect):
    suspect_first(folder, 4, interval)
    assert f"Training without them {effect} the held-out" in said(open_page("dataset", tab="Quality"))


def test_suspected_labels_of_other_reviews_are_not_shown_for_a_run(folder):
    suspect_first(folder, 4)
    others = pd.read_parquet(folder / "label_errors.parquet").assign(fingerprint=list("abcd"))
    others.to_parquet(folder / "label_errors.parquet")
    app = open_page("dataset", tab="Quality")
    assert not app.exception
    assert any("contradiction" in table.value for table in app.dataframe)
    assert not any("quality" in table.value for table in app.dataframe)
