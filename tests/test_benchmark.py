"""The benchmark: libraries are measured in turn and compared, missing ones are named, and no text is written."""

from __future__ import annotations

import json
from importlib.util import find_spec
from xml.etree import ElementTree

import numpy as np
import pandas as pd
import pytest

from dev.benchmarking import arithmetic, page
from dev.benchmarking.chart import chart
from dev.benchmarking.files import effect_of_fast
from dev.benchmarking.measuring import OURS, MissingError, alternate, compare
from dev.benchmarking.peers import require
from dev.benchmarking.results import measure
from dev.benchmarking.rows import BENCHMARKS, GROWTH
from dev.benchmarking.setting import LENGTH, QUICK, Setting
from sentiment import dataset
from sentiment.artifacts import ROOT, default_run, open_run, sha256
from sentiment.model.native.batch import int8_backend
from tests.command import run_tool
from tests.tiny import tiny_weights


@pytest.fixture(scope="module")
def labelled(tmp_path_factory):
    """Sixty short made-up reviews, which differ in number, word and label."""
    path = tmp_path_factory.mktemp("data") / "own.csv"
    texts = [f"film {n} is {'great good' if n % 2 else 'dull bad'} , zanzibar {n} !" for n in range(60)]
    labels = ["positive" if n % 2 else "negative" for n in range(60)]
    pd.DataFrame({"review": texts, "sentiment": labels}).to_csv(path, index=False)
    return path


@pytest.fixture
def setting(run, labelled, tmp_path):
    with Setting(open_run(run), dataset.load(labelled), QUICK, tmp_path) as setting:
        yield setting


def test_libraries_are_measured_in_turn_and_warm_ups_do_not_count():
    order = []
    values = iter(range(100))

    def side(name):
        return lambda: order.append(name) or next(values)

    found = alternate({"a": side("a"), "b": side("b")}, warmups=1, repeats=2)
    assert order == ["a", "b"] * 3
    assert found == {"a": [2, 4], "b": [3, 5]}


@pytest.mark.parametrize(
    ("more_is_better", "ratios"),
    [(True, [1 / 2, 2 / 4, 1 / 4]), (False, [1 / 1, 2 / 2, 0.5 / 1])],
)
def test_a_ratio_is_taken_within_each_round_against_the_best_of_the_others(more_is_better, ratios):
    found = {OURS: [1.0, 2.0, 1.0], "x": [2.0, 4.0, 0.5], "y": [1.0, 2.0, 4.0]}
    ratio = compare(found, more_is_better=more_is_better)["ratio"]
    assert ratio == {"median": np.median(ratios), "lowest": min(ratios), "highest": max(ratios), "repeats": 3}


def test_a_missing_library_is_named_with_the_command_that_installs_it():
    with pytest.raises(MissingError, match=r"Nothing is not installed; pip install '\.\[benchmark\]'"):
        require("no_such_library", "Nothing", "benchmark")


@pytest.mark.skipif(find_spec("tensorflow") is None, reason="TensorFlow is not installed")
def test_a_missing_peer_is_named_in_its_row(run, labelled):
    chosen = [each for each in BENCHMARKS if each.name in ("score", "overhead", "training")]
    found = measure(open_run(run), dataset.load(labelled), QUICK, chosen)
    score, overhead, training = found["rows"]
    assert score["missing"] == training["missing"] == "Model tiny has no model.keras."
    assert "missing" not in overhead
    assert "has no model.keras" in page.table_of(found)


def test_the_single_review_has_the_stated_length(setting):
    assert len(setting.classifier.preprocessor(setting.review).tokens) == setting.classifier.preprocessor.max_length
    assert setting.classifier.preprocessor(setting.review).tokens_total == LENGTH


def test_the_operations_counted_are_those_of_the_matrix_products():
    weights = tiny_weights(embedding=3, units=2, directions=2)
    assert arithmetic.operations(weights) == 2 * (2 * 3 * 8 + 2 * 2 * 8)


def test_fast_rows_are_refused_if_fast_changes_no_digit(setting, monkeypatch):
    def score(setting, output, *, fast):
        pd.DataFrame({"sentiment": ["positive"], "p_positive": [0.75]}).to_parquet(output)

    monkeypatch.setattr("dev.benchmarking.files._score", score)
    [row] = [each for each in BENCHMARKS if each.name == "fast-tfidf"]
    with pytest.raises(MissingError, match="to the last digit"):
        row.sides(setting)


def test_the_effect_of_fast_is_measured_on_labels_accuracy_and_probabilities(setting, monkeypatch):
    truth = setting.data.test["label"].head(len(setting.texts)).to_numpy()

    def score(setting, output, *, fast):
        label = np.where(truth == 1, "positive", "negative")
        if fast:
            label[0] = "negative" if truth[0] == 1 else "positive"
        pd.DataFrame({"sentiment": label, "p_positive": 0.5 + 0.25 * fast}).to_parquet(output)

    monkeypatch.setattr("dev.benchmarking.files._score", score)
    effect = effect_of_fast(setting)
    share = 1 / len(truth)
    assert effect.pop("way") == int8_backend()
    assert effect == pytest.approx({"labels_changed": share, "accuracy_change": -share, "probability_change": 0.25})


@pytest.mark.process
def test_the_script_writes_figures_page_and_chart_without_any_text(run, labelled, tmp_path):
    rows = ["overhead", "tfidf", "arithmetic"]
    files = tmp_path / "found.json", tmp_path / "found.md"
    done = run_tool("dev.benchmarking.benchmark", "--data", labelled, "--artifacts", run, "--quick", "--only", *rows,
        "--json", files[0], "--page", files[1],
    )  # fmt: skip
    assert done.status == 0, done.stderr
    found = json.loads(files[0].read_text())
    assert [row["name"] for row in found["rows"]] == rows
    assert found["machine"]["processor"]
    assert {"python", "onnxruntime"} <= found["versions"].keys()
    assert "missing" not in found["rows"][0]
    for row in found["rows"]:
        assert "missing" in row or row["ours"]["median"] > 0 < row["ratio"]["lowest"] <= row["ratio"]["highest"]
    assert done.stdout.strip() in files[1].read_text()
    ElementTree.parse(tmp_path / "found.svg")
    written = [done.stdout, done.stderr, *(path.read_text() for path in tmp_path.iterdir())]
    assert not any("zanzibar" in text for text in written)


def test_a_profile_has_the_time_of_each_stage(run, labelled):
    found = measure(open_run(run), dataset.load(labelled), QUICK, [], profiled=True)
    exact, fast = found["profiles"]
    assert [exact["fast"], fast["fast"]] == [False, True]
    assert exact["seconds"].keys() == fast["seconds"].keys() >= {"read", "tokenize and encode", "run the model"}
    assert all(seconds >= 0 for seconds in exact["seconds"].values())
    assert "| run the model |" in page.profile_of(found)


@pytest.mark.process
def test_growth_reports_rate_and_peak_memory_of_two_sizes_of_files(run, labelled):
    found = measure(open_run(run), dataset.load(labelled), QUICK, GROWTH)
    rate, memory = found["rows"]
    assert rate["ours"]["median"] > 0
    assert 20 < memory["ours"]["median"] < 4_000  # megabytes
    assert memory["others"][0]["name"] == "40 rows"


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        (["--data", "no-such-file.csv"], "no-such-file.csv"),
        (["--data", "x", "--json", "nowhere/found.json"], "folder nowhere for found.json does not exist"),
    ],
)
def test_bad_input_ends_with_one_sentence_and_status_2(options, sentence, run):
    done = run_tool("dev.benchmarking.benchmark", "--artifacts", run, *options)
    assert done.status == 2
    assert len(done.stderr.strip().splitlines()) == 1
    assert sentence in done.stderr


def test_every_row_has_its_own_name_and_is_documented():
    names = [each.name for each in (*BENCHMARKS, *GROWTH)]
    assert len(set(names)) == len(names)
    document = (ROOT.parent / "docs" / "speed.md").read_text(encoding="utf-8")
    assert [name for name in names if f"`{name}`" not in document] == []


def test_the_committed_page_and_chart_are_those_of_the_committed_figures():
    found = json.loads((ROOT / "BENCHMARKS.json").read_text(encoding="utf-8"))
    assert found["run"]["model_sha256"] == sha256(ROOT / found["run"]["name"] / "model.onnx")
    assert found["run"]["name"] == default_run().name
    assert (ROOT / "BENCHMARKS.md").read_text(encoding="utf-8") == page.render(found, "BENCHMARKS.svg")
    assert (ROOT / "BENCHMARKS.svg").read_text(encoding="utf-8") == chart(found)


def test_a_target_is_met_missed_or_cannot_be_judged():
    row = {"at_least": 2.0, "ratio": {"median": 1.9}}
    assert page.met(row) is False
    assert page.met({**row, "ratio": {"median": 2.0}}) is True
    assert page.met({**row, "at_least": None}) is None
    assert page.met({"at_least": 2.0, "missing": "It is not here."}) is None
