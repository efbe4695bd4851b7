"""Documents say what the runs say: shown on a synthetic repository, and held for the real one."""

from __future__ import annotations

import json
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
# A house

It reaches <!-- figures:accuracy -->old<!-- /figures --> in <!-- figures:training-time plain -->?<!-- /figures -->.

<!-- figures:table -->
<!-- /figures -->

<!-- figures:slices --><!-- /figures -->
"""


def report(*options: object, home: Path) -> Done:
    return run_tool("dev.documents.report", "--home", home, *options)


def judged_run(folder: Path, seed: int, seconds: float) -> None:
    figures = {split: summary(predictions((split,), seed=seed), RULE) for split in ("train", "validation")}
    test = {"data": {}, "test": summary(predictions(("test",), seed=seed + 9), RULE), "date": "2026-01-03"}
    metadata = {**METADATA, "training_seconds": seconds}
    add_parts(open_run(tiny_run(folder)), {"metadata.json": metadata, "metrics.json": figures, "test.json": test})


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """A repository with a README and two runs."""
    judged_run(tmp_path / "artifacts" / "plain", 0, 60.0)
    judged_run(tmp_path / "artifacts" / "best", 1, 600.0)
    (tmp_path / "artifacts" / "default").write_text("best\n")
    (tmp_path / "README.md").write_text(README)
    return tmp_path


@pytest.fixture
def written(home: Path) -> Path:
    runs = [home / "artifacts" / name for name in ("plain", "best")]
    done = report("--remember", runs[0], "--remember", runs[1], home=home)
    assert done.status == 0, done.stderr
    return home


def test_every_figure_in_the_readme_is_the_run_s(written: Path) -> None:
    text = (written / "README.md").read_text()
    test = open_run(written / "artifacts" / "best").json("test.json")["test"]
    low, high = test["accuracy_interval"]
    share = f"{100 * test['accuracy']:.1f}%"
    assert f"<!-- figures:accuracy -->{share} (95% interval {100 * low:.1f} to {100 * high:.1f}%)<!-- /f" in text
    assert "in <!-- figures:training-time plain -->60 s<!-- /figures -->." in text
    assert "| `plain` |" in text
    assert f"| `best` | {share} |" in text
    assert "| Star rating | 4 |" in text
    assert text.startswith("# A house\n\nIt reaches ")


def test_a_benchmark_is_quoted_where_there_is_one(written: Path) -> None:
    root = written / "artifacts"
    document = "<!-- figures:speed --><!-- /figures --> <!-- figures:profile --><!-- /figures -->"
    assert fill_figures.fill(document, root).count("No benchmark is committed yet") == 2
    row = {"what": "one text", "against": "another way", "at_least": 2.0, "ratio": {"median": 3.5}}
    profiles = [{"rows": 10, "seconds": {"read": 0.001, "run": seconds}} for seconds in (0.003, 0.001)]
    rows = [row, {**row, "ratio": {"median": 1.5}}, {**row, "what": "for information", "at_least": None}]
    write_json(root / "BENCHMARKS.json", {"rows": rows, "profiles": profiles})
    text = fill_figures.fill(document, root)
    assert "| one text | another way | 3.50x | 2.00x, reached |" in text
    assert "| one text | another way | 1.50x | 2.00x, missed |" in text
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
    root = written / "artifacts"
    made = tiny_run(root / "new")
    validated = {"metadata.json": METADATA, "metrics.json": {"validation": summary(predictions(("validation",)), RULE)}}
    add_parts(open_run(made), validated)
    done = report("--remember", made, home=written)
    assert done.status == 0, done.stderr
    assert "`new`" not in (written / "README.md").read_text()
    assert "| new |" in (root / "RUNS.md").read_text()


def test_runs_md_lists_every_record_and_marks_the_run_that_is_served(written: Path) -> None:
    page = (written / "artifacts" / "RUNS.md").read_text()
    assert "| **best** | 2026-01-02 | two units, untrained |" in page
    assert "| plain | 2026-01-02 |" in page


def test_a_record_outlives_its_run_s_folder(written: Path) -> None:
    for path in (written / "artifacts" / "plain").iterdir():
        path.unlink()
    (written / "artifacts" / "plain").rmdir()
    (written / "README.md").write_text("No figures.")
    assert report("--check", home=written).status == 0
    assert "| plain |" in (written / "artifacts" / "RUNS.md").read_text()


def test_what_was_just_written_is_not_stale(written: Path) -> None:
    assert report("--check", home=written).status == 0
    assert report(home=written).stderr == ""


@pytest.mark.parametrize(
    "changed", ["README.md", "artifacts/RUNS.md", "artifacts/best/README.md", "artifacts/records/best.json"]
)
def test_a_figure_changed_by_hand_is_found_and_put_right(changed: str, written: Path) -> None:
    path = written / changed
    before = path.read_text()
    share = open_run(written / "artifacts" / "best").json("test.json")["test"]["accuracy"]
    shown = repr(share) if changed.endswith(".json") else f"{100 * share:.1f}"
    assert shown in before
    path.write_text(before.replace(shown, "0.99"))
    checked = report("--check", home=written)
    assert checked.status == 1
    assert f"{changed} is stale" in checked.stderr
    assert path.read_text() != before, "--check wrote"
    assert report(home=written).status == 0
    assert path.read_text() == before


def test_a_new_test_result_makes_every_document_stale(written: Path) -> None:
    test = {"data": {}, "test": summary(predictions(("test",), n=50), RULE), "date": "2026-02-01"}
    add_parts(open_run(written / "artifacts" / "best"), {"test.json": test})
    said = report("--check", home=written).stderr
    assert said.count("is stale") == 3  # RUNS.md follows from the record, which is named
    assert report(home=written).status == 0
    assert report("--check", home=written).status == 0


@pytest.mark.parametrize(
    ("document", "said"),
    [
        ("<!-- figures:nonsense -->1<!-- /figures -->", "There is no figure called nonsense"),
        ("<!-- figures:table -->", "is unpaired"),
        ("1<!-- /figures -->", "is unpaired"),
        ("<!-- figures:accuracy gone -->1<!-- /figures -->", "There is no run at"),
    ],
)
def test_a_marker_that_cannot_be_filled_is_named_in_a_sentence(document: str, said: str, written: Path) -> None:
    (written / "README.md").write_text(document)
    done = report(home=written)
    assert done.status == 2
    assert said in done.stderr
    assert done.stderr.count("\n") == 1
    assert (written / "README.md").read_text() == document


def test_a_document_without_markers_is_left_as_it_is(tmp_path: Path) -> None:
    assert fill_figures.fill("No figures here.", tmp_path) == "No figures here."


def test_a_run_that_was_never_tested_has_a_record_without_test_figures(tmp_path: Path) -> None:
    validated = {"metadata.json": METADATA, "metrics.json": {"validation": summary(predictions(("validation",)), RULE)}}
    found = run_records.record(add_parts(open_run(tiny_run(tmp_path / "tiny")), validated))
    assert found["test"] is None
    assert found["behaviour"] is None
    assert found["validation"]["n"] == 400
    assert "| tiny |" in run_records.page([found], None)
    assert json.loads(json.dumps(found)) == found


def count_and_right(judged: dict[str, Any]) -> str:
    return f"{judged['n']}, {formatting.percent(judged['accuracy'])}"


SAID: dict[str, Callable[[dict[str, Any]], str]] = {  # what a column of docs/trials.md says of a record
    "validation": lambda run: formatting.percent(run["validation"]["accuracy"]),
    "log loss": lambda run: f"{run['validation']['log_loss']:.4f}"[1:],
    "negation fails": lambda run: formatting.percent(run["behaviour"]["failures"]["negation"]),
    "invariance fails": lambda run: formatting.percent(run["behaviour"]["failures"]["must not change"]),
    "sentences": lambda run: formatting.percent(run["behaviour"]["sentences"]["accuracy"]),
    "confident there, and right": lambda run: count_and_right(run["behaviour"]["sentences_confident"]),
    "test": lambda run: formatting.percent(run["test"]["accuracy"]),
    "log loss on test": lambda run: f"{run['test']['log_loss']:.4f}"[1:],
}
RECORDED = "in RUNS.md"


def tables(document: str) -> Iterator[dict[str, str]]:
    """Each row of each table whose rows name records, by column."""
    for block in document.split("\n\n"):
        header, *rows = ([cell.strip() for cell in line.strip("|").split("|")] for line in block.splitlines())
        if RECORDED in header:
            yield from (dict(zip(header, row, strict=True)) for row in rows[1:])


def test_docs_trials_says_of_a_run_what_its_record_says() -> None:
    records = {each["run"]: each for each in run_records.read(ROOT)}
    rows = [row for row in tables((HOME / "docs" / "trials.md").read_text(encoding="utf-8")) if row[RECORDED]]
    held = 0
    for row in rows:
        run = records[row[RECORDED]]
        for column in SAID.keys() & row.keys():
            if run.get("behaviour") or column in ("validation", "test"):  # some records have less
                held += 1
                assert row[column] == SAID[column](run), f"{column} of {run['run']}"
    assert held > 6 * 8


def test_figures_read_well() -> None:
    assert formatting.percent(0.91724) == "91.7%"
    assert formatting.interval((0.9138, 0.9206)) == "91.4 to 92.1%"
    assert [formatting.duration(s) for s in (48, 570, 7560)] == ["48 s", "9.5 min", "2.1 h"]
    assert [formatting.size(n) for n in (0, 1, 12, 10_038, 1_300_000)] == [
        "0 bytes",
        "1 byte",
        "12 bytes",
        "10.0 kB",
        "1.3 MB",
    ]
    assert formatting.table(["a", "b"], [["x|y", 1]]) == "| a | b |\n| --- | ---: |\n| x\\|y | 1 |"


@pytest.mark.skipif(not (ROOT / "default").exists(), reason="no run has been committed yet")
def test_the_documents_of_this_repository_say_what_its_runs_say() -> None:
    done = report("--check", home=HOME)
    assert done.status == 0, done.stderr
    records = {each["run"] for each in run_records.read(ROOT)}
    assert (ROOT / "default").read_text().strip() in records
