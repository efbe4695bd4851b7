"""The provenance of a run: its training reviews, its own test set, and the commit of the code."""

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

OWN = pd.Series([f"{i:016x}" for i in range(100, 110)])  # fingerprints that are not in the release


@pytest.fixture(autouse=True)
def release(monkeypatch: pytest.MonkeyPatch) -> None:
    """A release of twenty reviews in place of the real one."""
    monkeypatch.setattr("sentiment.dataset.official.read_index", RELEASE.copy)


def run_trained_on(fingerprints: pd.Series, folder: Path, source: Source = SOURCE) -> Run:
    rows = folder / "rows.parquet"
    pd.DataFrame({"fingerprint": fingerprints}).to_parquet(rows)
    run = open_run(tiny_run(folder / "run"))
    return add_parts(run, {"metadata.json": {"data": asdict(source)}, "predictions.parquet": rows.read_bytes()})


def dataset_with_test(test: pd.Series, sha256: str) -> Dataset:
    """A data set with these fingerprints as its test reviews."""
    frame = pd.DataFrame({"fingerprint": test})
    return Dataset(frame[:0], frame[:0], frame, frame[:0], replace(SOURCE, sha256=sha256))


def official_part(name: str) -> pd.Series:
    """The fingerprints of a part of the release."""
    return RELEASE.loc[RELEASE["part"] == name, "fingerprint"]


def test_only_the_run_s_own_file_has_its_own_test_reviews(tmp_path: Path) -> None:
    run = run_trained_on(OWN[:8], tmp_path)
    assert provenance.is_own_test_set(run, dataset_with_test(OWN[8:], SOURCE.sha256))
    assert not provenance.is_own_test_set(run, dataset_with_test(OWN[8:], "b" * 64))


def test_a_test_set_with_a_training_review_is_not_the_run_s_own(tmp_path):
    run = run_trained_on(OWN[:8], tmp_path)
    assert not provenance.is_own_test_set(run, dataset_with_test(OWN[7:], SOURCE.sha256))


def test_the_official_test_set_in_any_file_is_that_of_a_run_on_imdb_reviews(tmp_path: Path) -> None:
    run = run_trained_on(official_part("train"), tmp_path)
    assert provenance.is_own_test_set(run, dataset_with_test(official_part("test")[::-1], "b" * 64))


def test_half_of_the_official_test_set_is_not_a_run_s_own(tmp_path: Path) -> None:
    run = run_trained_on(official_part("train"), tmp_path)
    assert not provenance.is_own_test_set(run, dataset_with_test(official_part("test")[:5], "b" * 64))


def test_the_official_test_set_is_not_that_of_a_run_on_other_data(tmp_path: Path) -> None:
    assert not provenance.is_own_test_set(
        run_trained_on(OWN, tmp_path), dataset_with_test(official_part("test"), "b" * 64)
    )


def test_reviews_that_a_run_was_trained_on_are_counted(tmp_path: Path) -> None:
    run = run_trained_on(OWN, tmp_path)
    assert provenance.count_seen(run, pd.DataFrame({"fingerprint": [*OWN[:3], *official_part("test")]})) == 3


def test_a_run_without_a_record_of_its_reviews_counts_none(tmp_path: Path) -> None:
    run = open_run(tiny_run(tmp_path / "run"))
    assert provenance.count_seen(run, pd.DataFrame({"fingerprint": OWN})) == 0
    assert not provenance.is_imdb(provenance.training_fingerprints(run))


@pytest.mark.process
def test_the_commit_is_marked_if_code_differs_but_not_if_a_run_does(tmp_path, monkeypatch):
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
