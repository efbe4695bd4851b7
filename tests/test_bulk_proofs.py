"""The proofs of bulk scoring in a short form (few rows, few kills, a tiny model), and the page that reports them."""

import os
import subprocess

import pytest

from dev.proofs import files, generated_reviews
from dev.proofs.files_page import page
from sentiment.artifacts import default_run
from tests.app_runs import CIRCUMSTANCES

pytestmark = pytest.mark.process

FEW_ROWS = 5000
MAX_GROWTH = 1.2  # of the peak memory, from FEW_ROWS to four times as many


@pytest.fixture(autouse=True)
def few_rows(monkeypatch):
    monkeypatch.setattr(files, "FEW_ROWS", FEW_ROWS)


def can_mount_in_a_namespace():
    """Whether this user may mount a small disk in a namespace."""
    done = subprocess.run(["unshare", "--user", "--map-root-user", "--mount", "true"], capture_output=True)
    return done.returncode == 0


def test_generated_reviews_are_distinct():
    assert len(set(generated_reviews.reviews(2000))) == 2000


def test_memory_stays_below_its_bound_and_does_not_grow_with_the_rows(run, tmp_path):
    found = files.memory_and_rate(run, tmp_path, 4 * FEW_ROWS)
    assert (found["few"]["rows"], found["many"]["rows"]) == (FEW_ROWS, 4 * FEW_ROWS)
    assert found["many"]["peak_megabytes"] < files.MAX_MEGABYTES
    assert found["many"]["peak_megabytes"] < MAX_GROWTH * found["few"]["peak_megabytes"]


def test_the_memory_of_the_default_run_stays_below_the_bound_too(tmp_path):
    found = files.memory_and_rate(default_run(), tmp_path, 2 * FEW_ROWS)
    assert found["many"]["peak_megabytes"] < files.MAX_MEGABYTES


def test_killed_runs_resume_to_the_same_bytes(run, tmp_path):
    found = files.kills(run, tmp_path, 3)
    assert (found["same_bytes"], found["holds"]) == (3, True)
    assert min(found["parts_found"]) >= 1


@pytest.mark.skipif(
    not can_mount_in_a_namespace() and os.environ.get("SENTIMENT_REQUIRE_TOOLS") != "1",
    reason="no user namespaces for a small disk",
)
def test_a_full_disk_is_reported_and_the_run_can_be_resumed(run, tmp_path):
    found = files.full_disk(run, tmp_path)
    assert found["holds"], found
    assert "space" in found["said"]


def test_the_page_shows_only_what_was_measured():
    measured = {"rows": 10, "one": 500.0, "two": 1000.0, "ratio": 2.0, "holds": True, "circumstances": CIRCUMSTANCES}
    text = page({"cluster": measured})
    assert "500 reviews a second; two: 1,000, 2.00 times as many" in text
    assert "| 64 | 32,000 | 8.7 h | 556 |" in text
    assert "Kill" not in text
    assert "Target reached." in text
    assert text.endswith("on 2026-01-02, on 2 cores (a processor).\n")


@pytest.mark.parametrize(("holds", "verdict"), [(True, "Target reached."), (False, "Target missed.")])
def test_the_page_says_whether_the_memory_is_within_its_bound(holds, verdict):
    size = {"rows": 10, "input_megabytes": 1.0, "rows_a_second": 5.0, "peak_megabytes": 700.0}
    text = page({"memory_and_rate": {"few": size, "many": size, "holds": holds, "circumstances": CIRCUMSTANCES}})
    assert f"less than {files.MAX_MEGABYTES} MB" in text
    assert verdict in text
