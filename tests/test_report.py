"""The figures in documents are those of the runs, in a synthetic repository and in this one."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from dev.documents import fill_figures, run_records
from sentiment import formatting
from sentiment.artifacts import ROOT, add_parts, open_run, write_json
from sentiment.evaluation.predictions import summary
from tests.app_runs import RULE, predictions
from tests.command import Done, run_tool
from tests.test_model_card import METADATA
from tests.tiny import tiny_run

HOME = Path(__file__).resolve().parent.parent
README = """\
# A model

It reaches <!-- figures:accuracy -->old<!-- /figures --> in <!-- figures:training-time plain -->?<!-- /figures -->.

<!-- figures:table -->
<!-- /figures -->

<!-- figures:slices --><!-- /figures -->
"""
UNTESTED = {"metadata.json": METADATA, "metrics.json": {"validation": summary(predictions(("validation",)), RULE)}}


def report(*options: object, home: Path) -> Done:
    return run_tool("dev.documents.report", "--home", home, *options)


def evaluated_run(folder: Path, seed: int, seconds: float) -> None:
    """Writes a run with figures for each split."""
    figures = {split: summary(predictions((split,), seed=seed), RULE) for split in ("train", "validation")}
    test = {"data": {}, "test": summary(predictions(("test",), seed=seed + 9), RULE), "date": "2026-01-03"}
    metadata = {**METADATA, "training_seconds": seconds}
    add_parts(open_run(tiny_run(folder)), {"metadata.json": metadata, "metrics.json": figures, "test.json": test})


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """A repository with a README and two runs."""
    evaluated_run(tmp_path / "artifacts" / "plain", 0, 60.0)
    evaluated_run(tmp_path / "artifacts" / "best", 1, 600.0)
    (tmp_path / "artifacts" / "default").write_text("best\n")
    (tmp_path / "README.md").write_text(README)
    return tmp_path


@pytest.fixture
def written(home: Path) -> Path:
    """The same repository with records and filled documents."""
    runs = [home / "artifacts" / name for name in ("plain", "best")]
    done = report("--remember", runs[0], "--remember", runs[1], home=home)
    assert done.status == 0, done.stderr
    return home


def test_every_figure_in_the_readme_is_that_of_the_run(written: Path) -> None:
    text = (written / "README.md").read_text()
    test = open_run(written / "artifacts" / "best").json("test.json")["test"]
    low, high = test["accuracy_interval"]
    share = f"{100 * test['accuracy']:.1f}%"
    assert f"<!-- figures:accuracy -->{share} (95% interval {100 * low:.1f} to {100 * high:.1f}%)<!-- /f" in text
    assert "in <!-- figures:training-time plain -->60 s<!-- /figures -->." in text
    assert "| `plain` |" in text
    assert f"| `best` | {share} |" in text
    assert "| Star rating | 4 |" in text
    assert text.startswith("# A model\n\nIt reaches ")


def test_a_benchmark_is_quoted_where_there_is_one(written: Path) -> None:
    root = written / "artifacts"
    document = "<!-- figures:speed --><!-- /figures --> <!-- figures:profile --><!-- /figures -->"
    assert fill_figures.fill(document, root).count("No benchmark is committed yet") == 2
    row = {"what": "one text", "against": "another library", "at_least": 2.0, "ratio": {"median": 3.5}}
    profiles = [{"rows": 10, "seconds": {"read": 0.001, "run": seconds}} for seconds in (0.003, 0.001)]
    rows = [row, {**row, "ratio": {"median": 1.5}}, {**row, "what": "for information", "at_least": None}]
    write_json(root / "BENCHMARKS.json", {"rows": rows, "profiles": profiles})
    text = fill_figures.fill(document, root)
    assert "| one text | another library | 3.50x | 2.00x, reached |" in text
    assert "| one text | another library | 1.50x | 2.00x, missed |" in text
    assert "for information" not in text
    assert "| run | 300 | 75.0% | 100 | 50.0% |" in text
    assert "| all | 400 | 100.0% | 200 | 100.0% |" in text


def test_check_and_remember_exclude_each_other(home: Path) -> None:
    done = report("--check", "--remember", home / "artifacts" / "best", home=home)
    assert done.status == 2
    assert "--check writes nothing" in done.stderr
    assert not (home / "artifacts" / "records").exists()


def test_a_damaged_record_is_reported_in_a_sentence(written: Path) -> None:
    (written / "artifacts" / "records" / "best.json").write_text("{")
    done = report("--check", home=written)
    assert (done.status, done.stderr) == (2, "report.py: The record best.json is not valid JSON; restore it.\n")


def test_a_recorded_run_that_was_never_tested_is_in_no_table_of_test_figures(written: Path) -> None:
    run = tiny_run(written / "artifacts" / "new")
    add_parts(open_run(run), UNTESTED)
    done = report("--remember", run, home=written)
    assert done.status == 0, done.stderr
    assert "`new`" not in (written / "README.md").read_text()
    assert "| new |" in (written / "artifacts" / "RUNS.md").read_text()


def test_runs_md_lists_every_record_and_marks_the_default_run(written: Path) -> None:
    page = (written / "artifacts" / "RUNS.md").read_text()
    assert "| **best** | 2026-01-02 | two units, untrained |" in page
    assert "| plain | 2026-01-02 |" in page


def test_a_record_outlives_the_folder_of_its_run(written: Path) -> None:
    shutil.rmtree(written / "artifacts" / "plain")
    (written / "README.md").write_text("No figures.")
    assert report("--check", home=written).status == 0
    assert "| plain |" in (written / "artifacts" / "RUNS.md").read_text()


def test_documents_just_written_are_not_stale(written: Path) -> None:
    assert report("--check", home=written).status == 0
    assert report(home=written).stderr == ""


@pytest.mark.parametrize(
    "changed", ["README.md", "artifacts/RUNS.md", "artifacts/best/README.md", "artifacts/records/best.json"]
)
def test_a_figure_changed_by_hand_is_reported_and_corrected(changed: str, written: Path) -> None:
    path = written / changed
    before = path.read_text()
    share = open_run(written / "artifacts" / "best").json("test.json")["test"]["accuracy"]
    shown = repr(share) if changed.endswith(".json") else f"{100 * share:.1f}"
    assert shown in before
    path.write_text(before.replace(shown, "0.99"))
    checked = report("--check", home=written)
    assert checked.status == 1
    assert f"{changed} is stale" in checked.stderr
    assert path.read_text() != before, "--check changed the file"
    assert report(home=written).status == 0
    assert path.read_text() == before


def test_a_new_test_result_makes_every_document_stale(written: Path) -> None:
    test = {"data": {}, "test": summary(predictions(("test",), n=50), RULE), "date": "2026-02-01"}
    add_parts(open_run(written / "artifacts" / "best"), {"test.json": test})
    stderr = report("--check", home=written).stderr
    assert stderr.count("is stale") == 3  # README.md, the model card and the record; RUNS.md follows from the record
    assert report(home=written).status == 0
    assert report("--check", home=written).status == 0


@pytest.mark.parametrize(
    ("document", "message"),
    [
        ("<!-- figures:nonsense -->1<!-- /figures -->", "There is no figure called nonsense"),
        ("<!-- figures:table -->", "is unpaired"),
        ("1<!-- /figures -->", "is unpaired"),
        ("<!-- figures:accuracy gone -->1<!-- /figures -->", "There is no run at"),
    ],
)
def test_a_marker_that_cannot_be_filled_is_reported_in_a_sentence(document: str, message: str, written: Path) -> None:
    (written / "README.md").write_text(document)
    done = report(home=written)
    assert done.status == 2
    assert message in done.stderr
    assert done.stderr.count("\n") == 1
    assert (written / "README.md").read_text() == document


def test_a_document_without_markers_is_left_as_it_is(tmp_path: Path) -> None:
    assert fill_figures.fill("No figures here.", tmp_path) == "No figures here."


def test_a_run_that_was_never_tested_has_a_record_without_test_figures(tmp_path: Path) -> None:
    record = run_records.record(add_parts(open_run(tiny_run(tmp_path / "tiny")), UNTESTED))
    assert record["test"] is None
    assert record["behaviour"] is None
    assert record["validation"]["n"] == 400
    assert "| tiny |" in run_records.page([record], None)
    assert json.loads(json.dumps(record)) == record


def count_and_accuracy(figures: dict[str, Any]) -> str:
    return f"{figures['n']}, {formatting.percent(figures['accuracy'])}"


CELLS: dict[str, Callable[[dict[str, Any]], str]] = {  # the cell of a record, by the column of docs/trials.md
    "validation": lambda run: formatting.percent(run["validation"]["accuracy"]),
    "log loss": lambda run: f"{run['validation']['log_loss']:.4f}"[1:],
    "negation fails": lambda run: formatting.percent(run["behaviour"]["failures"]["negation"]),
    "invariance fails": lambda run: formatting.percent(run["behaviour"]["failures"]["must not change"]),
    "sentences": lambda run: formatting.percent(run["behaviour"]["sentences"]["accuracy"]),
    "confident there, and right": lambda run: count_and_accuracy(run["behaviour"]["sentences_confident"]),
    "test": lambda run: formatting.percent(run["test"]["accuracy"]),
    "log loss on test": lambda run: f"{run['test']['log_loss']:.4f}"[1:],
}
RECORDED = "in RUNS.md"


def tables(document: str) -> Iterator[dict[str, str]]:
    """Yields each row of the tables whose rows name records, as cells by column."""
    for block in document.split("\n\n"):
        header, *rows = ([cell.strip() for cell in line.strip("|").split("|")] for line in block.splitlines())
        if RECORDED in header:
            yield from (dict(zip(header, row, strict=True)) for row in rows[1:])


def test_the_figures_in_docs_trials_are_those_of_the_records() -> None:
    records = {each["run"]: each for each in run_records.read(ROOT)}
    rows = [row for row in tables((HOME / "docs" / "trials.md").read_text(encoding="utf-8")) if row[RECORDED]]
    checked = 0
    for row in rows:
        run = records[row[RECORDED]]
        for column in CELLS.keys() & row.keys():
            if run.get("behaviour") or column in ("validation", "test"):  # older records have no more than these
                checked += 1
                assert row[column] == CELLS[column](run), f"{column} of {run['run']}"
    assert checked >= 60, "the tables were not found"


def test_the_documents_of_this_repository_are_not_stale() -> None:
    done = report("--check", home=HOME)
    assert done.status == 0, done.stderr
    records = {each["run"] for each in run_records.read(ROOT)}
    assert (ROOT / "default").read_text().strip() in records
