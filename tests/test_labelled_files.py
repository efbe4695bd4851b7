"""Small labelled files as users have them: which columns have the reviews and labels, and which rows are left out."""

import csv
import json
from pathlib import Path

import pytest

from sentiment.bulk.pipeline import Task, score_file
from sentiment.model.lookup_session import load_bulk
from sentiment.tables.base import Options
from sentiment.tables.columns import looks_like_reviews
from sentiment.tables.errors import FileError
from sentiment.tables.inspection import inspect
from sentiment.tables.labels import label_values
from tests.command import run_script

FILES = Path(__file__).parent / "small_files"
STARS = {"5": 1, "3": None, "1": 0}


def no_progress(stage, done, rows):
    pass


@pytest.fixture(scope="module")
def classifier():
    """The default run, because the vocabulary of a tiny run has too few words of these files."""
    return load_bulk(None)


@pytest.fixture
def scored(classifier, tmp_path):
    """Scores a file and returns its report and the rows of the output."""

    def score(name, **options):
        task = Task(FILES / name, tmp_path / "out.csv", "csv", **options)
        report = score_file(task, classifier, no_progress)
        with task.output.open(newline="", encoding="utf-8") as file:
            return report, list(csv.DictReader(file))

    return score


@pytest.mark.parametrize(
    ("name", "text", "label", "meanings"),
    [
        ("three_012.csv", "text", "label", {"0": 0, "1": None, "2": 1}),
        ("five_01234.tsv", "Phrase", "Sentiment", {"0": 0, "1": 0, "2": None, "3": 1, "4": 1}),
        ("fractions.csv", "text", "score", {"0.9": 1, "0.1": 0, "0.5": None}),
        ("three_words.csv", "text", "sentiment", {"positive": 1, "negative": 0, "neutral": None}),
        ("one_out_of_scale.csv", "review", "rating", {"9": 1, "2": 0, "8": 1, "11": None}),
        ("label_na.csv", "review", "rating", {"5": 1, "1": 0, "NA": None}),
        ("stars_words.csv", "review", "rating", {"5 stars": 1, "3 stars": None, "1 star": 0}),
        ("stars_outof.csv", "review", "rating", {f"{n}.0 out of 5 stars": STARS[n] for n in STARS}),
        ("stars_signs.csv", "review", "rating", {"★" * int(n): STARS[n] for n in STARS}),
        ("overall.jsonl", "reviewText", "overall", {f"{n}.0": STARS[n] for n in STARS}),
        ("gplay_console.csv", "Review Text", "Star Rating", {"1": 0, "5": 1}),
        ("my_review.csv", "My Review", "My Rating", {"0": None, "4": 1}),
        ("title_and_text.csv", "review_body", "stars", {"1": 0, "5": 1}),
        ("two_columns_pos_neg.csv", "Positive_Review", "Reviewer_Score", {"9.6": 1, "2.5": 0}),
        ("counts_named_comments.csv", "selftext", None, None),
        ("lb_comments.csv", "Comment", None, None),
        ("nothing_words.csv", "review", None, None),
        ("other_language.csv", "review", "stars", STARS),
    ],
)
def test_the_columns_of_reviews_and_labels_are_found_and_the_labels_read(name, text, label, meanings):
    found = inspect(FILES / name, Options(), no_progress)
    assert found.columns[found.text] == text
    assert looks_like_reviews(found.columns, found.sample, found.text)
    assert (None if found.label is None else found.columns[found.label]) == label
    if label is not None:
        assert label_values(found.values[str(found.label)], label) == meanings


def test_placeholders_for_missing_reviews_are_kept_without_a_verdict(scored):
    report, rows = scored("nothing_words.csv", raw=True)
    assert [row["review"] for row in rows] == (FILES / "nothing_words.csv").read_text().splitlines()[1:]
    assert report["counts"] == {"sentiment": {}, "confidence": {}, "status": {"empty": 10}}
    assert {(row["sentiment"], row["p_positive"], row["status"]) for row in rows} == {("", "", "empty")}


def test_rows_in_another_language_are_left_out_of_the_metrics(scored):
    report, rows = scored("other_language.csv", label_column="stars", explain=True)
    assert report["counts"]["status"] == {"mostly_unknown": 9, "ok": 1}
    assert all(row["sentiment"] for row in rows)
    assert report["against_labels"]["n"] == 1
    assert report["against_labels"]["left_out"] == {"mostly_unknown": 9}


def test_rows_left_out_are_counted_by_reason(scored):
    report, rows = scored("three_012.csv", label_column="label")
    assert report["input"]["labels"] == {"2": "positive", "0": "negative", "1": "neutral"}
    assert report["against_labels"]["n"] == 10
    assert report["against_labels"]["left_out"] == {"neutral_label": 5}
    assert len(rows) == 15


def test_chosen_meanings_of_labels_are_used_and_recorded(scored):
    report, _ = scored("three_012.csv", label_column="label", labels={"1": 1, "0": 0})
    assert report["input"]["labels"] == {"2": "unknown", "0": "negative", "1": "positive"}
    assert report["against_labels"]["n"] == 10
    assert report["against_labels"]["positive"] == 5
    assert report["against_labels"]["left_out"] == {"unknown_label": 5}


def test_columns_are_joined_by_a_line_break_without_placeholders(scored, classifier):
    report, rows = scored("title_and_text.csv", text_column="review_title,review_body")
    assert report["input"]["text_column"] == ["review_title", "review_body"]
    texts = ["\n".join([row["review_title"], row["review_body"]]) for row in rows]
    assert [float(row["p_positive"]) for row in rows] == [
        round(prediction.probability, 6) for prediction in classifier.predict(texts)
    ]
    joined = scored("two_columns_pos_neg.csv", text_column=[1, 2])[1]  # "No Negative" or "No Positive" is in each row
    alone = [scored("two_columns_pos_neg.csv", text_column=column)[1] for column in (1, 2)]
    assert joined == [alone[1][0], alone[0][1]]
    assert alone[0][0]["status"] == alone[1][1]["status"] == "empty"


def test_scoring_of_joined_columns_is_resumed_only_with_the_same_columns(scored, tmp_path):
    first = scored("title_and_text.csv", text_column=[0, 1], folder=tmp_path / "parts")[1]
    assert scored("title_and_text.csv", text_column=[0, 1], folder=tmp_path / "parts", resume=True)[1] == first
    with pytest.raises(FileError, match="text column changed"):
        scored("title_and_text.csv", text_column=[1, 0], folder=tmp_path / "parts", resume=True)


def run_score(tmp_path, name, *options):
    return run_script("score.py", FILES / name, tmp_path / "out.csv", *options)


def test_the_command_reports_rows_left_out_and_doubtful_choices(tmp_path):
    done = run_score(tmp_path, "other_language.csv", "--label-column", "stars")
    assert "9 of 10 rows are mostly words the model does not know: another language, or the wrong" in done.stderr
    assert "Left out: 9 rows of mostly unknown words." in done.stderr
    done = run_score(tmp_path, "lb_comments.csv", "--text-column", "Content")
    assert "this does not look like reviews; Content was scored" in done.stderr
    chosen = "positive=positive,neutral=negative"
    done = run_score(tmp_path, "three_words.csv", "--label-column", "2", "--labels", chosen)
    assert "against 10 labels" in done.stderr
    assert "Left out: 5 rows with a label of unknown meaning." in done.stderr
    assert json.loads((tmp_path / "out.csv.json").read_text())["input"]["labels"]["neutral"] == "negative"


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--label-column", "stars", "--labels", "5=good"], "“good” is not a meaning of 5"),
        (["--labels", "5=positive"], "--labels needs --label-column"),
        (["--text-column", "review_title,nope"], "There is no column called nope"),
        (["--text-column", "review_title,1"], "is named twice"),
    ],
)
def test_invalid_options_end_with_status_2_and_one_line(tmp_path, options, message):
    done = run_score(tmp_path, "title_and_text.csv", *options)
    assert done.status == 2
    assert message in done.stderr
    assert len(done.stderr.splitlines()) == 1
