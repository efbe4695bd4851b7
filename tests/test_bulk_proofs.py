"""The long proofs of bulk scoring in their short form: few rows, few kills, a tiny model."""

import os
import subprocess

import pytest

from dev.proofs import files, generated_reviews
from dev.proofs.files_page import page
from sentiment.artifacts import default_run
from tests.app_runs import CIRCUMSTANCES

pytestmark = pytest.mark.process


@pytest.fixture(autouse=True)
def few(monkeypatch):
    monkeypatch.setattr(files, "FEW_ROWS", 5000)


def namespaces():
    done = subprocess.run(["unshare", "--user", "--map-root-user", "--mount", "true"], capture_output=True)
    return done.returncode == 0


def test_made_up_reviews_are_all_different():
    made = list(generated_reviews.reviews(2000))
    assert len(set(made)) == 2000


def test_memory_stays_below_its_bound_and_does_not_grow_with_the_rows(run, tmp_path):
    found = files.memory_and_rate(run, tmp_path, 20_000)
    assert (found["few"]["rows"], found["many"]["rows"]) == (5000, 20_000)
    assert found["many"]["peak_megabytes"] < files.MAX_MEGABYTES
    assert found["many"]["peak_megabytes"] < 1.2 * found["few"]["peak_megabytes"]


def test_the_run_that_ships_stays_below_the_bound_too(tmp_path):
    found = files.memory_and_rate(default_run(), tmp_path, 10_000)
    assert found["many"]["peak_megabytes"] < files.MAX_MEGABYTES


def test_runs_that_are_killed_end_in_the_same_bytes(run, tmp_path):
    found = files.kills(run, tmp_path, 3)
    assert (found["same_bytes"], found["holds"]) == (3, True)
    assert min(found["parts_found"]) >= 1


@pytest.mark.skipif(
    not namespaces() and os.environ.get("SENTIMENT_REQUIRE_TOOLS") != "1", reason="no user namespaces for a small disk"
)
def test_a_full_disk_is_reported_in_a_sentence_and_the_run_can_be_resumed(run, tmp_path):
    found = files.full_disk(run, tmp_path)
    assert found["holds"], found
    assert "space" in found["said"]


def test_the_page_shows_only_what_was_measured():
    measured = {"rows": 10, "one": 500.0, "two": 1000.0, "ratio": 2.0, "holds": True, "circumstances": CIRCUMSTANCES}
    sentence = page({"cluster": measured})
    assert "500 reviews a second; two: 1,000, 2.00 times as many" in sentence
    assert "| 64 | 32,000 | 8.7 h | 556 |" in sentence
    assert "Kill" not in sentence
    assert "Target reached." in sentence
    assert sentence.endswith("on 2026-01-02, on 2 cores (a processor).\n")


@pytest.mark.parametrize(("holds", "said"), [(True, "Target reached."), (False, "Target missed.")])
def test_the_page_says_whether_the_memory_is_within_its_bound(holds, said):
    size = {"rows": 10, "input_megabytes": 1.0, "rows_a_second": 5.0, "peak_megabytes": 700.0}
    sentence = page({"memory_and_rate": {"few": size, "many": size, "holds": holds, "circumstances": CIRCUMSTANCES}})
    assert f"less than {files.MAX_MEGABYTES} MB" in sentence
    assert said in sentence
