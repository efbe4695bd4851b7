"""Fingerprints show what a run was trained on, and decide which test results its folder may have."""

from __future__ import annotations

import re
import subprocess
from dataclasses import asdict, replace
from pathlib import Path

import pandas as pd
import pytest

from sentiment.artifacts import Run, add_parts, open_run
from sentiment.dataset import Dataset, Removed, Source
from sentiment.evaluation import provenance
from tests.tiny import tiny_run

SOURCE = Source("CSV", "a" * 64, "seeded", "by text", Removed())
RELEASE = pd.DataFrame(
    {"fingerprint": [f"{i:016x}" for i in range(20)], "part": ["train"] * 10 + ["test"] * 10, "film": "tt0000001"}
)


@pytest.fixture(autouse=True)
def release(monkeypatch: pytest.MonkeyPatch) -> None:
    """A release of twenty reviews in place of the real one."""
    monkeypatch.setattr("sentiment.dataset.official.read_index", RELEASE.copy)


def run_trained_on(fingerprints: pd.Series, folder: Path, source: Source = SOURCE) -> Run:
    rows = folder / "rows.parquet"
    pd.DataFrame({"fingerprint": fingerprints}).to_parquet(rows)
    run = open_run(tiny_run(folder / "run"))
    return add_parts(run, {"metadata.json": {"data": asdict(source)}, "predictions.parquet": rows.read_bytes()})


def data(test: pd.Series, sha256: str) -> Dataset:
    frame = pd.DataFrame({"fingerprint": test})
    return Dataset(frame[:0], frame[:0], frame, frame[:0], replace(SOURCE, sha256=sha256))


def part(name: str) -> pd.Series:
    return RELEASE.loc[RELEASE["part"] == name, "fingerprint"]


OWN = pd.Series([f"{i:016x}" for i in range(100, 110)])


def test_the_file_a_run_was_trained_on_holds_its_test_reviews(tmp_path: Path) -> None:
    run = run_trained_on(OWN[:8], tmp_path)
    assert provenance.is_own_test_set(run, data(OWN[8:], SOURCE.sha256))
    assert not provenance.is_own_test_set(run, data(OWN[8:], "b" * 64))


def test_reviews_that_a_run_was_trained_on_are_not_set_aside_although_they_are_in_the_test_part_now(tmp_path):
    run = run_trained_on(OWN[:8], tmp_path)
    assert not provenance.is_own_test_set(run, data(OWN[7:], SOURCE.sha256))


def test_a_run_on_the_imdb_reviews_may_be_judged_on_the_official_test_in_any_form(tmp_path: Path) -> None:
    run = run_trained_on(part("train"), tmp_path)
    assert provenance.is_own_test_set(run, data(part("test")[::-1], "b" * 64))


def test_half_the_official_test_is_not_the_official_test(tmp_path: Path) -> None:
    run = run_trained_on(part("train"), tmp_path)
    assert not provenance.is_own_test_set(run, data(part("test")[:5], "b" * 64))


def test_a_run_on_other_data_does_not_keep_what_the_official_test_says(tmp_path: Path) -> None:
    assert not provenance.is_own_test_set(run_trained_on(OWN, tmp_path), data(part("test"), "b" * 64))


def test_reviews_a_run_has_seen_are_counted(tmp_path: Path) -> None:
    run = run_trained_on(OWN, tmp_path)
    assert provenance.count_seen(run, pd.DataFrame({"fingerprint": [*OWN[:3], *part("test")]})) == 3


def test_a_run_without_a_record_of_its_reviews_has_seen_none(tmp_path: Path) -> None:
    run = open_run(tiny_run(tmp_path / "run"))
    assert provenance.count_seen(run, pd.DataFrame({"fingerprint": OWN})) == 0
    assert not provenance.is_imdb(provenance.training_fingerprints(run))


@pytest.mark.process
def test_the_commit_is_marked_where_code_differs_but_not_where_a_run_does(tmp_path, monkeypatch):
    code, run = tmp_path / "sentiment" / "a.py", tmp_path / "artifacts" / "run" / "config.json"
    git = ["git", "-C", str(tmp_path), "-c", "user.name=a", "-c", "user.email=a@example.org"]
    for file in (code, run):
        file.parent.mkdir(parents=True)
        file.write_text("1")
    for arguments in (["init", "-q"], ["add", "."], ["commit", "-qm", "one"]):
        subprocess.run([*git, *arguments], check=True)
    monkeypatch.setattr(provenance, "__file__", str(code))
    clean = provenance.commit()
    assert re.fullmatch("[0-9a-f]{12}", clean)
    run.write_text("2")
    assert provenance.commit() == clean
    code.write_text("2")
    assert provenance.commit() == f"{clean}+"


@pytest.mark.process
def test_there_is_no_commit_outside_a_checkout(tmp_path, monkeypatch):
    monkeypatch.setattr(provenance, "__file__", str(tmp_path / "a.py"))
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(tmp_path.parent))
    assert provenance.commit() is None
