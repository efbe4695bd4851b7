"""Runs that are incomplete, changed, or written by another program: every page about a run still opens."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pytest
from streamlit.testing.v1 import AppTest

from sentiment.artifacts import write_manifest
from tests.app_pages import open_page, said
from tests.app_runs import full_run

Damage = Callable[[Path, str], None]
READ = [  # page, tab ("" for the first), and a part of a run that it reads
    *(("training", "", part) for part in ("config.json", "metadata.json", "history.csv", "steps.csv")),
    *(("evaluation", "", part) for part in ("config.json", "test_predictions.parquet")),
    ("evaluation", "Explanations", "explanations.json"),
    ("evaluation", "Words", "words.json"),
    *(("dataset", "", part) for part in ("dataset.json", "vocabulary.txt")),
    ("dataset", "Words", "word_counts.parquet"),
    ("dataset", "Quality", "predictions.parquet"),
    ("dataset", "Your data", "config.json"),
    *(("model_card", "", part) for part in ("metrics.json", "test.json", "metadata.json", "predictions.parquet")),
]


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / "default").write_text("tiny")
    monkeypatch.setenv("SENTIMENT_RUNS", str(tmp_path))
    return full_run(tmp_path / "tiny")


def missing(run: Path, part: str) -> None:
    """Deletes a file."""
    (run / part).unlink()


def changed(run: Path, part: str) -> None:
    """Writes a file whose hash does not match."""
    (run / part).write_bytes(b"changed")


def left_out(run: Path, part: str) -> None:
    """Deletes a file and its hash."""
    (run / part).unlink()
    write_manifest(run)


def empty(run: Path, part: str) -> None:
    """Writes a file with a matching hash that lacks all of its expected content."""
    if part.endswith(".parquet"):
        pd.DataFrame({"other": [1]}).to_parquet(run / part)
    else:
        (run / part).write_text({"json": "{}", "csv": "a,b\n1,2\n"}.get(part.rpartition(".")[2], ""), encoding="utf-8")
    write_manifest(run)


def garbled(run: Path, part: str) -> None:
    """Writes a file with a matching hash that is of another kind."""
    (run / part).write_bytes(b'\xff\xfe[1, "\x00')
    write_manifest(run)


def open_tab(name: str, tab: str) -> AppTest:
    """Opens a tab of a page, and asserts that it does not fail and that each of its errors is a sentence."""
    app = open_page(name, **({"tab": tab} if tab else {}))
    assert not app.exception
    assert all(error.value.endswith(".") for error in app.error)
    return app


@pytest.mark.parametrize("damage", [missing, changed])
@pytest.mark.parametrize(("name", "tab", "part"), READ)
def test_a_missing_or_changed_part_of_a_run_is_named(run: Path, name: str, tab: str, part: str, damage: Damage) -> None:
    damage(run, part)
    assert part in said(open_tab(name, tab)).replace("\\", "")


@pytest.mark.parametrize("damage", [left_out, empty, garbled])
@pytest.mark.parametrize(("name", "tab", "part"), READ)
def test_a_page_opens_although_a_part_of_the_run_is_unusable(
    run: Path, name: str, tab: str, part: str, damage: Damage
) -> None:
    damage(run, part)
    open_tab(name, tab)


@pytest.mark.parametrize("content", ["", "a,b\n1,2\n", "step,epoch\n1\n2,3\n4,5,6\n", "step,epoch,loss\nx,y,z\n"])
def test_a_folder_in_progress_with_malformed_steps_is_shown(run: Path, content: str) -> None:
    young = run.parent / "young"
    young.mkdir()
    (young / "steps.csv").write_text(content, encoding="utf-8")
    app = open_page("training", runs="young")
    assert not app.exception
    assert not app.error


def test_the_card_lists_a_missing_file_without_a_size(run: Path) -> None:
    (run / "history.csv").unlink()
    app = open_page("model_card", tab="Files")
    sizes = app.dataframe[-1].value.set_index("File")["Size"]
    assert pd.isna(sizes["history.csv"])
    assert sizes["steps.csv"] > 0
