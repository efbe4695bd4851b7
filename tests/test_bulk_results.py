"""The results of a job: filters, orders, figures and pages over all of its rows."""

import csv
import tracemalloc
from collections import Counter

import numpy as np
import pyarrow as pa
import pytest

from sentiment import Classifier
from sentiment.bulk import figures
from sentiment.bulk.parts import Parts
from sentiment.bulk.pipeline import Task, score_file
from sentiment.bulk.results import Filter, Results
from sentiment.evaluation import metrics
from tests.scored_parts import scored_part
from tests.tiny import WORDS, tiny_run

ROWS = 5000


@pytest.fixture(scope="module")
def table(tmp_path_factory):
    """The results of a scored table, the rows of its output, and the report."""
    folder = tmp_path_factory.mktemp("results")
    rng = np.random.default_rng(0)
    texts = [" ".join(rng.choice(WORDS, size=rng.integers(0, 9))) for _ in range(ROWS)]
    with (folder / "in.csv").open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["id", "review", "label", "genre", "seen"])
        writer.writerows(
            [i, text, ("pos", "neg", "")[i % 3], ("war", "love")[i % 2], f"2024-{i % 12 + 1:02}-01"]
            for i, text in enumerate(texts)
        )
    task = Task(
        folder / "in.csv", folder / "out.csv", "csv", label_column="label", explain=True, folder=folder / "parts"
    )
    report = score_file(task, Classifier.load(tiny_run(folder / "tiny")), lambda *_: None)
    with (folder / "out.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    return Results(Parts(folder / "parts"), ["id", "review", "label", "genre", "seen"], 1, 2), rows, report


def test_counts_are_those_of_the_output(table):
    results, rows, _ = table
    assert results.rows == len(rows) == ROWS
    for name in ("sentiment", "confidence", "status"):
        assert results.counts(name) == Counter(row[name] for row in rows if row[name])
    assert results.histogram()["n"].sum() == len(results.predicted) == sum(row["sentiment"] != "" for row in rows)


def test_a_filter_selects_the_rows_that_meet_all_of_its_conditions(table):
    results, rows, _ = table
    found = results.select(Filter(sentiments=("positive",), statuses=("ok",), between=(0.5, 0.6), search="GOOD"))
    expected = [
        i
        for i, row in enumerate(rows)
        if row["sentiment"] == "positive"
        and row["status"] == "ok"
        and 0.5 <= float(row["p_positive"]) <= 0.6
        and "good" in row["review"]
    ]
    assert found.tolist() == expected
    assert expected


def test_a_search_is_for_a_literal_string(table):
    results, rows, _ = table
    expected = [i for i, row in enumerate(rows) if "n't ." in row["review"]]
    assert results.select(Filter(search="n't .")).tolist() == expected
    assert expected
    assert results.select(Filter(search=".*")).tolist() == []


def test_an_order_sorts_all_rows_and_puts_those_without_a_verdict_last(table):
    results, rows, _ = table
    highest = results.select(Filter(), "probability", descending=True)
    assert len(highest) == ROWS
    assert float(rows[highest[0]]["p_positive"]) == max(float(row["p_positive"] or 0) for row in rows)
    lowest = results.select(Filter(), "probability")
    predicted = [float(rows[row]["p_positive"]) for row in lowest if rows[row]["sentiment"]]
    assert predicted == sorted(predicted)
    for order in (highest, lowest):
        assert not any(rows[row]["sentiment"] for row in order[len(predicted) :])
    worst = rows[results.select(Filter(), "error")[0]]
    assert worst["label"] == ("neg" if worst["sentiment"] == "positive" else "pos")


def test_a_page_holds_the_requested_rows_in_their_order(table):
    results, rows, _ = table
    requested = [4999, 0, 2048, 2047, 3]
    page = results.read(requested, [1, 0])
    assert page["row"].tolist() == [row + 1 for row in requested]
    assert page["c0"].tolist() == [str(row) for row in requested]
    assert page["c1"].tolist() == [rows[row]["review"] for row in requested]
    assert page["status"].tolist() == [rows[row]["status"] for row in requested]


def test_a_cell_of_the_confusion_matrix_filters_the_rows(table):
    results, _, report = table
    counts = report["against_labels"]["confusion"]
    cells = {"tp": ("positive", "positive"), "fp": ("negative", "positive"), "fn": ("positive", "negative")}
    for name, cell in cells.items():
        assert len(results.select(Filter(cells=(cell,)))) == counts[name]
        labelled = results.labelled
        at = metrics.confusion(labelled["p_positive"].to_numpy(), labelled["label"].to_numpy(), 0.6)
        assert len(results.select(Filter(cells=(cell,), threshold=0.6))) == getattr(at, name) != counts[name]


def test_the_accuracy_against_labels_is_that_of_the_output(table):
    _, rows, report = table
    predicted = [row for row in rows if row["label"] and row["sentiment"]]
    right = sum(row["sentiment"].startswith(row["label"]) for row in predicted)
    figures = report["against_labels"]
    assert figures["n"] == len(predicted)
    assert figures["accuracy"] == pytest.approx(right / len(predicted))
    low, high = figures["accuracy_interval"]
    assert low < figures["accuracy"] < high


def test_groups_and_months_add_up_to_all_judged_rows(table):
    results, rows, _ = table
    groups = results.by_group(3)
    assert set(groups["group"]) == {"war", "love"}
    assert groups["n"].sum() == len(results.predicted)
    months = results.over_time(4)
    assert months["n"].sum() == len(results.predicted)
    assert months["group"].is_monotonic_increasing
    war = [row for row in rows if row["genre"] == "war" and row["sentiment"]]
    share = groups.set_index("group").loc["war", "share"]
    assert share == pytest.approx(sum(row["sentiment"] == "positive" for row in war) / len(war))


def test_the_push_of_a_word_is_the_sum_over_the_rows(table):
    results, rows, _ = table
    words = results.words().set_index("word")
    total = sum(
        float(entry.rsplit(":", 1)[1])
        for row in rows
        for entry in f"{row['words_positive']} {row['words_negative']}".split()
        if entry.rsplit(":", 1)[0] == "good"
    )
    assert words.loc["good", "push"] == pytest.approx(total)


def test_results_without_rows_are_empty(tmp_path):
    results = Results(Parts(tmp_path), ["review"], 0, None)
    assert results.rows == 0
    assert len(results.histogram()) == len(results.select(Filter(search="x"))) == 0


def test_rows_of_mostly_unknown_words_count_in_no_share_metric_or_word(tmp_path):
    part = scored_part(
        c0=["pos", "pos", "neg", ""],
        c1=["a", "a", "b", "b"],
        c2=["2024-01-01", "2024-01-01", "2024-01-02", "2024-01-02"],
        sentiment=["positive", "negative", "positive", "positive"],
        p_positive=[0.9, 0.01, 0.99, 0.8],
        confidence=["confident", "unsure", "unsure", "leaning"],
        status=["ok", "mostly_unknown", "mostly_unknown", "ok"],
        words_positive=["good:+1.00", "ja:+9.00", "ja:+9.00", ""],
        words_negative=[None, "nein:-9.00", None, "bad:-0.50"],
    )
    Parts(tmp_path).write(0, part)
    found = Results(Parts(tmp_path), ["label", "genre", "seen"], 0, 0)
    assert found.predicted.index.tolist() == [0, 3]
    assert found.labelled.index.tolist() == [0]
    assert found.left_out() == {"mostly_unknown": 2, "no_label": 1}
    assert found.histogram()["n"].sum() == 2
    for shares in (found.by_group(1), found.over_time(2)):
        assert shares["n"].tolist() == [1, 1]
        assert shares["share"].tolist() == [1, 1]
    assert set(found.words()["word"]) == {"good", "bad"}
    assert found.select(Filter(cells=(("positive", "negative"),))).tolist() == []
    assert found.select(Filter(), "error").tolist()[0] == 0
    assert found.counts("status") == {"ok": 2, "mostly_unknown": 2}


def test_a_search_covers_every_joined_column(tmp_path):
    empty = Results(Parts(tmp_path), ["title", "note", "body"], [0, 2])
    assert empty.select(Filter(search="x")).tolist() == []
    part = scored_part(c0=["fun", None, "dull"], c1=["bad"] * 3, c2=["so", "some fun", "bad"])
    Parts(tmp_path).write(0, part)
    found = Results(Parts(tmp_path), ["title", "note", "body"], [0, 2])
    assert found.select(Filter(search="FUN")).tolist() == [0, 1]
    assert found.select(Filter(search="bad")).tolist() == [2]


def test_a_label_contradicted_as_surely_as_others_are_confirmed_is_probably_wrong(tmp_path):
    p = [0.9, 0.8, 0.95, 0.05, 0.2, 0.1, 0.97, 0.02, 0.6, None]
    labels = ["pos", "pos", "pos", "neg", "neg", "neg", "neg", "pos", "neg", "pos"]
    sentiment = [None if x is None else "positive" if x >= 0.5 else "negative" for x in p]
    Parts(tmp_path).write(0, scored_part(c0=labels, sentiment=sentiment, p_positive=p))
    results = Results(Parts(tmp_path), ["label"], 0, 0)
    assert results.likely_mislabelled().tolist() == [6, 7]  # 8 is contradicted, but not as surely
    assert results.select(Filter(), "error").tolist()[:3] == [7, 6, 8]


CELLS = ["a" * 300_000, "b" * 300_000, "c" * 300_000]
LONG_PARTS = 16
MOST_BYTES = 20_000_000  # of Python objects; one column of a part is 4 MB


@pytest.fixture(params=["string", "large_string", "string_view", "binary", "dictionary", "list"])
def long_cells(request, tmp_path):
    """Results whose group, label and words columns have few distinct, very long cells; 170 MB in all."""
    kinds = {"string": pa.string(), "large_string": pa.large_string(), "string_view": pa.string_view()}
    if request.param == "dictionary":
        cells = pa.array(CELLS * 4).dictionary_encode()
    elif request.param == "list":
        cells = pa.array([[cell] for cell in CELLS * 4])
    else:
        cells = pa.array([cell.encode() for cell in CELLS * 4] if request.param == "binary" else CELLS * 4)
        cells = cells.cast(kinds.get(request.param, pa.binary()))
    part = scored_part(
        c0=CELLS * 4,
        c1=cells,
        sentiment=["positive", "negative", None] * 4,
        p_positive=[0.9, 0.1, None] * 4,
        words_positive=[f"{cell}:+1.00 good:+0.50" for cell in CELLS * 4],
        words_negative=[""] * 12,
        problem=pa.array([None] * 12, pa.string()),
    )
    for number in range(LONG_PARTS):
        Parts(tmp_path).write(number, part)
    return Results(Parts(tmp_path), ["review", "group"], 0, 1)


def test_long_cells_are_not_held_as_python_strings(long_cells):
    tracemalloc.start()
    try:
        assert len(long_cells.verdicts) == 12 * LONG_PARTS
        assert long_cells.by_group(1)["n"].sum() == 8 * LONG_PARTS
        assert len(long_cells.over_time(1)) == 0
        assert max(map(len, long_cells.words()["word"])) <= 60
        assert len(long_cells.select(Filter(search="bbb"))) == 4 * LONG_PARTS
        assert long_cells.read(range(50), [0, 1], 300)["c0"].str.len().max() == 300
        assert tracemalloc.get_traced_memory()[1] < MOST_BYTES
    finally:
        tracemalloc.stop()


def test_frequent_words_are_counted_exactly_although_rare_ones_are_dropped(tmp_path, monkeypatch):
    monkeypatch.setattr(figures, "_MOST_WORDS", 50)
    for number in range(20):
        rare = " ".join(f"rare{number}x{i}:+0.01" for i in range(40))
        words = {"words_positive": ["good:+1.00 :):+2.00 " + rare, None], "words_negative": ["bad:-1.50", ""]}
        words["status"] = ["ok", "ok"]
        Parts(tmp_path).write(number, pa.table(words))
    found = Results(Parts(tmp_path), ["review"], 0).words().set_index("word")
    assert found.loc[["good", ":)", "bad"], "push"].tolist() == pytest.approx([20, 40, -30])
    assert found.loc[["good", ":)", "bad"], "rows"].tolist() == [20, 20, 20]
