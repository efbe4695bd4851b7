"""Runs that are incomplete, changed, or written by something else: every page about a run says so in a sentence."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest

from sentiment.artifacts import write_manifest
from tests.app_runs import full_run
from tests.test_small_runs import open_page

PARTS = {  # a page -> the parts of a run that it reads
    "training": ("config.json", "metadata.json", "history.csv", "steps.csv"),
    "evaluation": ("config.json", "test_predictions.parquet", "explanations.json", "words.json"),
    "dataset": ("config.json", "dataset.json", "predictions.parquet", "vocabulary.txt", "word_counts.parquet"),
    "model_card": ("metrics.json", "test.json", "metadata.json", "predictions.parquet"),
}
TABS = {"explanations.json": {"tab": "Explanations"}, "words.json": {"tab": "Words"}}  # where a part is read


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("SENTIMENT_RUNS", str(tmp_path))
    return full_run(tmp_path / "tiny")


def missing(run: Path, part: str) -> None:
    (run / part).unlink()


def changed(run: Path, part: str) -> None:
    (run / part).write_bytes(b"changed")


def left_out(run: Path, part: str) -> None:
    (run / part).unlink()
    write_manifest(run)


def empty(run: Path, part: str) -> None:
    """A file with a matching hash that lacks all of its expected content."""
    if part.endswith(".parquet"):
        pd.DataFrame({"other": [1]}).to_parquet(run / part)
    else:
        (run / part).write_text({"json": "{}", "csv": "a,b\n1,2\n"}.get(part.rpartition(".")[2], ""), encoding="utf-8")
    write_manifest(run)


def garbled(run: Path, part: str) -> None:
    """A file with a matching hash that is of another kind."""
    (run / part).write_bytes(b'\xff\xfe[1, "\x00')
    write_manifest(run)


@pytest.mark.parametrize("damage", [missing, changed, left_out, empty, garbled])
@pytest.mark.parametrize(("name", "part"), [(name, part) for name, parts in PARTS.items() for part in parts])
def test_a_changed_part_of_a_run_is_reported_in_a_sentence(run: Path, name: str, part: str, damage) -> None:
    damage(run, part)
    app = open_page(run, name, **TABS.get(part, {}))
    assert not app.exception
    assert all(error.value.endswith(".") for error in app.error)
    said = [element.value for kind in ("error", "warning", "info", "caption", "text") for element in app.get(kind)]
    assert said


@pytest.mark.parametrize("content", ["", "a,b\n1,2\n", "step,epoch\n1\n2,3\n4,5,6\n", "step,epoch,loss\nx,y,z\n"])
def test_a_folder_in_progress_with_other_files_than_ours_is_shown(run: Path, content: str) -> None:
    young = run.parent / "young"
    young.mkdir()
    (young / "steps.csv").write_text(content, encoding="utf-8")
    app = open_page(run, "training", runs="young")
    assert not app.exception
    assert not app.error


def test_the_card_lists_a_file_that_is_missing_as_missing(run: Path) -> None:
    (run / "history.csv").unlink()
    app = open_page(run, "model_card", tab="Files")
    sizes = app.dataframe[-1].value.set_index("File")["Size"]
    assert pd.isna(sizes["history.csv"])
    assert sizes["steps.csv"] > 0
