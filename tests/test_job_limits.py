"""The limits of a job on memory, time and disk: a job that exceeds one fails with a message and harms no other."""

import sys
from types import SimpleNamespace

import pytest

from sentiment.budget import Settings
from sentiment.bulk.jobs import limits
from sentiment.bulk.jobs.job import find_job
from sentiment.bulk.jobs.maintenance import run_maintenance
from sentiment.tables.errors import FileError
from tests.bulk_jobs import task, upload, wait

pytestmark = pytest.mark.process


@pytest.mark.parametrize("fault", ["numpy", "arrow", "large", "held", "python"])
@pytest.mark.skipif(sys.platform != "linux", reason="other systems do not enforce the limit")
def test_a_job_that_needs_too_much_memory_fails_with_a_message(job_settings, start_faulty, fault):
    job = start_faulty(fault, SENTIMENT_JOB_MEMORY_GIGABYTES="0.5")
    wait(job, "failed")
    assert job.read("error") == limits.too_much_memory(0.5)
    run_maintenance(job_settings)
    assert job.state == "failed"


def test_memory_that_a_library_only_reserves_does_not_count(start_faulty):
    job = start_faulty("reserve", SENTIMENT_JOB_MEMORY_GIGABYTES="0.5")
    wait(job, "failed")
    assert job.read("error") == "The end."  # the fault raises this after the time of a check


@pytest.mark.parametrize("fault", ["sleep", "stuck", "expression"])
def test_an_inspection_that_takes_too_long_fails_with_a_message(job_settings, start_faulty, fault):
    job = start_faulty(fault, SENTIMENT_JOB_SECONDS="0.5")
    wait(job, "failed")
    assert job.read("error") == limits.too_slow(0.5)
    run_maintenance(job_settings)
    assert job.state == "failed"


def test_scoring_that_takes_too_long_over_all_turns_fails_with_a_message(job_settings, run, monkeypatch):
    job = upload(job_settings, content=b"id,review\n" + b"1,a good film\n" * 200_000)
    wait(job, "new", maintained=job_settings)
    monkeypatch.setenv("SENTIMENT_JOB_SCORING_SECONDS", "3600")
    job.submit(task(run))
    job.write("spent", 3599.7)  # in earlier turns
    wait(job, "failed", maintained=job_settings)
    assert job.read("error") == limits.too_slow(3600)


def test_a_job_that_fills_its_share_of_the_disk_fails_and_no_other_is_harmed(job_settings, start_faulty):
    other = upload(job_settings)
    job = start_faulty("fill", SENTIMENT_JOB_GIGABYTES="0.004")
    wait(job, "failed")
    assert job.read("error") == limits.too_large(0.001)  # a job's share is a quarter
    assert job.size < 0.1e9
    assert find_job(job_settings, other.id)


def test_a_job_stops_before_the_disk_is_full(start_faulty):
    job = start_faulty("full")
    wait(job, "failed")
    assert job.read("error") == limits.NEARLY_FULL


@pytest.mark.parametrize(
    ("total", "free", "full"), [(1e12, 0.9e9, True), (1e12, 1.1e9, False), (1e9, 19e6, True), (1e9, 21e6, False)]
)
def test_a_disk_is_nearly_full_below_2_percent_or_a_gigabyte_of_free_space(tmp_path, monkeypatch, total, free, full):
    monkeypatch.setattr(limits.shutil, "disk_usage", lambda _: SimpleNamespace(total=total, free=free))
    assert limits.nearly_full(tmp_path) is full


@pytest.mark.parametrize(
    "name", ["SENTIMENT_JOB_MEMORY_GIGABYTES", "SENTIMENT_JOB_SECONDS", "SENTIMENT_JOB_SCORING_SECONDS"]
)
def test_a_limit_that_is_not_a_number_is_refused(monkeypatch, name):
    monkeypatch.setenv(name, "much")
    with pytest.raises(FileError, match=f"^{name} must be a number"):
        Settings.from_environment()
