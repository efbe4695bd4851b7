"""Figures and pages over all rows of a job."""

import csv
import tracemalloc
from warnings import catch_warnings

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

from sentiment import Classifier
from sentiment.bulk import dates, figures
from sentiment.bulk.dates import DateReader
from sentiment.bulk.parts import Parts
from sentiment.bulk.pipeline import Task, score_file
from sentiment.bulk.prevalence import adjusted_count
from sentiment.bulk.results import Filter, Results
from sentiment.evaluation import metrics
from sentiment.tables.cells import as_texts, longest_cell, truncate
from tests.tiny import WORDS, tiny_run

ROWS = 5000


@pytest.fixture(scope="module")
def table(tmp_path_factory):
    """A scored table, and its rows as the output has them."""
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
        for value, n in results.counts(name).items():
            assert n == sum(row[name] == value for row in rows)
    assert results.histogram()["n"].sum() == len(results.judged) == sum(row["sentiment"] != "" for row in rows)


def test_a_filter_lets_through_what_it_says(table):
    results, rows, _ = table
    found = results.select(Filter(sentiments=("positive",), statuses=("ok",), between=(0.5, 0.6), search="GOOD"))
    wanted = [
        i
        for i, row in enumerate(rows)
        if row["sentiment"] == "positive"
        and row["status"] == "ok"
        and 0.5 <= float(row["p_positive"]) <= 0.6
        and "good" in row["review"]
    ]
    assert found.tolist() == wanted
    assert wanted


def test_a_search_is_for_the_very_signs(table):
    results, rows, _ = table
    assert results.select(Filter(search="n't .")).tolist() == [
        i for i, row in enumerate(rows) if "n't ." in row["review"]
    ]
    assert results.select(Filter(search=".*")).tolist() == []


def test_orders_are_over_all_rows(table):
    results, rows, _ = table
    highest = results.select(Filter(), "probability", descending=True)
    assert len(highest) == ROWS
    assert float(rows[highest[0]]["p_positive"]) == max(float(row["p_positive"] or 0) for row in rows)
    lowest = results.select(Filter(), "probability")
    judged = [float(rows[row]["p_positive"]) for row in lowest if rows[row]["sentiment"]]
    assert judged == sorted(judged)
    for order in (highest, lowest):
        assert not any(rows[row]["sentiment"] for row in order[len(judged) :])  # those without a verdict come last
    worst = rows[results.select(Filter(), "error")[0]]
    assert worst["label"] == ("neg" if worst["sentiment"] == "positive" else "pos")


def test_a_page_holds_the_rows_asked_for_in_their_order(table):
    results, rows, _ = table
    wanted = [4999, 0, 2048, 2047, 3]
    page = results.read(wanted, [1, 0])
    assert page["row"].tolist() == [row + 1 for row in wanted]
    assert page["c0"].tolist() == [str(row) for row in wanted]
    assert page["c1"].tolist() == [rows[row]["review"] for row in wanted]
    assert page["status"].tolist() == [rows[row]["status"] for row in wanted]


def test_a_cell_of_the_confusion_matrix_filters_the_rows(table):
    results, _, report = table
    counts = report["against_labels"]["confusion"]
    cells = {"tp": ("positive", "positive"), "fp": ("negative", "positive"), "fn": ("positive", "negative")}
    for name, cell in cells.items():
        assert len(results.select(Filter(cell=cell))) == counts[name]
        labelled = results.labelled
        at = metrics.confusion(labelled["p_positive"].to_numpy(), labelled["label"].to_numpy(), 0.6)
        assert len(results.select(Filter(cell=cell, threshold=0.6))) == getattr(at, name) != counts[name]


def test_the_figures_against_labels_are_those_of_the_output(table):
    _, rows, report = table
    judged = [row for row in rows if row["label"] and row["sentiment"]]
    right = sum(row["sentiment"].startswith(row["label"]) for row in judged)
    figures = report["against_labels"]
    assert figures["n"] == len(judged)
    assert figures["accuracy"] == pytest.approx(right / len(judged))
    low, high = figures["accuracy_interval"]
    assert low < figures["accuracy"] < high


def test_groups_and_dates_add_up(table):
    results, rows, _ = table
    groups = results.by_group(3)
    assert set(groups["group"]) == {"war", "love"}
    assert groups["n"].sum() == len(results.judged)
    months = results.over_time(4)
    assert months["n"].sum() == len(results.judged)
    assert months["group"].is_monotonic_increasing
    war = [row for row in rows if row["genre"] == "war" and row["sentiment"]]
    share = groups.set_index("group").loc["war", "share"]
    assert share == pytest.approx(sum(row["sentiment"] == "positive" for row in war) / len(war))


def test_words_of_the_file_are_those_of_its_rows_summed(table):
    results, rows, _ = table
    words = results.words().set_index("word")
    total = sum(
        float(entry.rsplit(":", 1)[1])
        for row in rows
        for entry in f"{row['words_positive']} {row['words_negative']}".split()
        if entry.rsplit(":", 1)[0] == "good"
    )
    assert words.loc["good", "push"] == pytest.approx(total)


def test_results_of_nothing_are_empty_and_no_error(tmp_path):
    results = Results(Parts(tmp_path), ["review"], 0, None)
    assert results.rows == 0
    assert len(results.histogram()) == len(results.select(Filter(search="x"))) == 0


@pytest.mark.parametrize("truth", [0.02, 0.1, 0.5, 0.9, 0.98])
def test_the_adjusted_count_finds_the_true_share_where_counting_does_not(truth):
    rng = np.random.default_rng(0)
    tpr, fpr, n, covered, distance = 0.9, 0.08, 4000, 0, []
    for _ in range(400):
        known = {"tp": rng.binomial(12_500, tpr), "fp": rng.binomial(12_500, fpr)}
        known |= {"fn": 12_500 - known["tp"], "tn": 12_500 - known["fp"]}
        positives = round(truth * n)
        called = rng.binomial(positives, tpr) + rng.binomial(n - positives, fpr)
        share = adjusted_count(int(called), n, known)
        covered += share.low <= truth <= share.high
        distance.append(share.corrected - truth)
    assert covered / 400 > 0.92
    assert abs(np.mean(distance)) < 0.003


@pytest.mark.parametrize("truth", [0, 0.1, 0.5, 0.9, 1])
def test_the_adjusted_count_of_a_model_seen_to_err_seldom_or_never_is_not_sure(truth):
    rng = np.random.default_rng(0)
    tpr, fpr, labels, n, covered = 0.95, 0.05, 20, 200, 0
    for _ in range(400):
        known = {"tp": rng.binomial(labels, tpr), "fp": rng.binomial(labels, fpr)}
        known |= {"fn": labels - known["tp"], "tn": labels - known["fp"]}
        positives = round(truth * n)
        called = rng.binomial(positives, tpr) + rng.binomial(n - positives, fpr)
        share = adjusted_count(int(called), n, known)
        covered += share.low <= truth <= share.high
    assert covered / 400 > 0.92
    never = adjusted_count(100, 100, {"tp": 10, "fp": 0, "fn": 0, "tn": 10})
    assert (never.corrected, never.high) == (1, 1)
    assert 0.7 < never.low < 0.9


def test_the_adjusted_count_says_nothing_where_the_rates_say_nothing():
    assert adjusted_count(5, 10, {"tp": 1, "fp": 1, "fn": 1, "tn": 1}) is None
    assert adjusted_count(0, 0, {"tp": 9, "fp": 1, "fn": 1, "tn": 9}) is None
    assert adjusted_count(5, 10, {"tp": 9, "fp": 0, "fn": 1, "tn": 0}) is None


def test_rows_of_mostly_unknown_words_enter_no_share_measure_or_word(tmp_path):
    n = 4
    part = {
        "c0": ["pos", "pos", "neg", ""],
        "c1": ["a", "a", "b", "b"],
        "c2": ["2024-01-01", "2024-01-01", "2024-01-02", "2024-01-02"],
        "sentiment": ["positive", "negative", "positive", "positive"],
        "p_positive": [0.9, 0.01, 0.99, 0.8],
        "confidence": ["confident", "unsure", "unsure", "leaning"],
        "status": ["ok", "mostly_unknown", "mostly_unknown", "ok"],
        "tokens_read": pa.array([1] * n, pa.int32()),
        "words_positive": ["good:+1.00", "ja:+9.00", "ja:+9.00", ""],
        "words_negative": [None, "nein:-9.00", None, "bad:-0.50"],
    }
    Parts(tmp_path).write(0, pa.table(part))
    found = Results(Parts(tmp_path), ["label", "genre", "seen"], 0, 0)
    assert found.judged.index.tolist() == [0, 3]
    assert found.labelled.index.tolist() == [0]
    assert found.left_out() == {"mostly_unknown": 2, "no_label": 1}
    assert found.histogram()["n"].sum() == 2
    for shares in (found.by_group(1), found.over_time(2)):
        assert shares["n"].tolist() == [1, 1]
        assert shares["share"].tolist() == [1, 1]
    assert set(found.words()["word"]) == {"good", "bad"}
    assert found.select(Filter(cell=("positive", "negative"))).tolist() == []
    assert found.select(Filter(), "error").tolist()[0] == 0
    assert found.counts("status") == {"ok": 2, "mostly_unknown": 2}


def test_a_search_looks_into_all_columns_that_were_joined(tmp_path):
    empty = Results(Parts(tmp_path), ["title", "note", "body"], [0, 2])
    assert empty.select(Filter(search="x")).tolist() == []
    texts = {"c0": ["fun", None, "dull"], "c1": ["bad"] * 3, "c2": ["so", "some fun", "bad"]}
    verdict = {name: ["ok"] * 3 for name in ("sentiment", "confidence", "status")}
    numbers = {"p_positive": [0.5] * 3, "tokens_read": pa.array([1] * 3, pa.int32())}
    Parts(tmp_path).write(0, pa.table(texts | verdict | numbers))
    found = Results(Parts(tmp_path), ["title", "note", "body"], [0, 2])
    assert found.select(Filter(search="FUN")).tolist() == [0, 1]
    assert found.select(Filter(search="bad")).tolist() == [2]


def test_labels_that_are_contradicted_as_surely_as_others_are_confirmed_are_called_probably_wrong(tmp_path):
    p = [0.9, 0.8, 0.95, 0.05, 0.2, 0.1, 0.97, 0.02, 0.6, None]
    label = ["pos", "pos", "pos", "neg", "neg", "neg", "neg", "pos", "neg", "pos"]
    part = {
        "c0": label,
        "sentiment": [None if x is None else "positive" if x >= 0.5 else "negative" for x in p],
        "p_positive": p,
        "confidence": ["unsure"] * 10,
        "status": ["ok"] * 10,
        "tokens_read": pa.array([1] * 10, pa.int32()),
    }
    Parts(tmp_path).write(0, pa.table(part))
    results = Results(Parts(tmp_path), ["label"], 0, 0)
    assert results.likely_mislabelled().tolist() == [6, 7]  # the 9th is contradicted, but not as surely
    assert results.select(Filter(), "error").tolist()[:3] == [7, 6, 8]


CELLS = ["a" * 300_000, "b" * 300_000, "c" * 300_000]


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
    part = {
        "c0": CELLS * 4,
        "c1": cells,
        "sentiment": ["positive", "negative", None] * 4,
        "p_positive": [0.9, 0.1, None] * 4,
        "confidence": ["unsure"] * 12,
        "status": ["ok"] * 12,
        "tokens_read": pa.array([1] * 12, pa.int32()),
        "words_positive": [f"{cell}:+1.00 good:+0.50" for cell in CELLS * 4],
        "words_negative": [""] * 12,
        "problem": pa.array([None] * 12, pa.string()),
    }
    for number in range(16):
        Parts(tmp_path).write(number, pa.table(part))
    return Results(Parts(tmp_path), ["review", "group"], 0, 1)


def test_long_cells_take_no_memory_in_python(long_cells):
    tracemalloc.start()
    try:
        assert len(long_cells.verdicts) == 192
        assert long_cells.by_group(1)["n"].sum() == 128
        assert len(long_cells.over_time(1)) == 0
        assert max(map(len, long_cells.words()["word"])) <= 60
        assert len(long_cells.select(Filter(search="bbb"))) == 64
        assert long_cells.read(range(50), [0, 1], 300)["c0"].str.len().max() == 300
        assert tracemalloc.get_traced_memory()[1] < 20_000_000  # 5 MB are a part's cells as Python strings
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize(
    "column",
    [
        pa.array(["héllo world", None, ""]),
        pa.array(["héllo world", "x"], pa.large_string()),
        pa.array(["héllo world" * 9, None], pa.string_view()),
        pa.array([b"\xff\xfe caf\xc3\xa9", None]),
        pa.array([b"abc", None], pa.binary(3)),
        pa.array([1, None]),
        pa.array([[1] * 50, None]),
        pa.array([{"a": 1}]),
        pa.array(["x" * 20, None, "y"]).dictionary_encode(),
        pa.array([None, None]),
        pa.array([], pa.string()),
    ],
    ids=lambda column: str(column.type),
)
def test_a_cell_is_cut_to_the_beginning_of_its_text(column):
    for cells in (column, pa.chunked_array([column, column.slice(1)], column.type)):
        assert truncate(cells, 7).to_pylist() == [text and text[:7] for text in as_texts(cells)]


def test_strings_that_are_not_utf_8_are_cut_too():
    offsets = np.array([0, 4], np.int32).tobytes()
    column = pa.Array.from_buffers(pa.string(), 1, [None, pa.py_buffer(offsets), pa.py_buffer(b"\xff\xffab")])
    assert truncate(column, 6).to_pylist() == [r"\xff\x"]
    assert longest_cell(column) == 4


@pytest.mark.parametrize(
    "values",
    [
        ["2024-01-02T10:30:00Z", "2024-01-02T23:30:00-05:00", None],
        ["2024-01-02", "", "no date"],
        ["May 2021", "June 2022"],
        ["3/4/21", "4/25/22"],
        ["3-May-21", "3rd May 21", "May 3, 2021"],
        ["20210304T101112Z"],
        ["3000-01-01", "1200-01-01"],
        ["Sunday, 2 May 2021", "02 May 2021 10:30 PM"],
        [],
    ],
)
def test_dates_are_those_that_pandas_reads_one_by_one(values):
    with catch_warnings(action="ignore"):
        each = pd.to_datetime(pd.Series(values, dtype="str"), errors="coerce", format="mixed", utc=True)
    expected = each.dt.tz_localize(None).to_numpy("datetime64[D]")
    np.testing.assert_array_equal(DateReader(filter(None, values))(values), expected)


def test_the_order_of_day_and_month_is_that_of_the_whole_column():
    values = ["03/08/2024", "19/08/2024", "22/10/2023"]
    assert DateReader(values)(values).astype(str).tolist() == ["2024-08-03", "2024-08-19", "2023-10-22"]
    assert DateReader(["03/08/2024"])(["03/08/2024"]).astype(str).tolist() == ["2024-03-08"]


def test_dates_of_no_known_format_are_parsed_once_and_not_without_end(monkeypatch):
    monkeypatch.setattr(dates, "_OTHER_FORMATS", ())
    monkeypatch.setattr(dates, "_ONE_BY_ONE", 3)
    values = [f"{day} of May, 2021" for day in range(1, 9)]
    reader = DateReader([])
    assert (~np.isnat(reader(values))).sum() == 3
    assert (~np.isnat(reader(values * 2))).sum() == 6


def test_many_different_words_are_counted_in_bounded_memory(tmp_path, monkeypatch):
    monkeypatch.setattr(figures, "_MOST_WORDS", 50)
    for number in range(20):
        rare = " ".join(f"rare{number}x{i}:+0.01" for i in range(40))
        words = {"words_positive": ["good:+1.00 :):+2.00 " + rare, None], "words_negative": ["bad:-1.50", ""]}
        words["status"] = ["ok", "ok"]
        Parts(tmp_path).write(number, pa.table(words))
    found = Results(Parts(tmp_path), ["review"], 0).words().set_index("word")
    assert found.loc[["good", ":)", "bad"], "push"].tolist() == pytest.approx([20, 40, -30])
    assert found.loc[["good", ":)", "bad"], "rows"].tolist() == [20, 20, 20]
