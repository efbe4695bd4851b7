"""The expiry of jobs, whatever their workers and the clock do."""

import os
import time

import pytest

from sentiment.bulk.jobs.maintenance import run_maintenance
from tests.bulk_jobs import set_times, upload, wait, wait_for_end

pytestmark = pytest.mark.process


def test_a_file_that_a_worker_replaces_does_not_keep_a_job_from_expiring(job_settings):
    job = upload(job_settings)
    (job.folder / "progress.json.new").symlink_to(job.folder / "renamed")  # it is listed, and then missing
    set_times(job)
    run_maintenance(job_settings)
    assert not job.folder.exists()


def test_a_job_being_inspected_expires_although_its_worker_writes_files(job_settings, start_faulty):
    job = start_faulty("sleep")
    os.utime(job.folder / "upload.json", (1, 1))
    run_maintenance(job_settings)
    assert not job.folder.exists()


def test_a_clock_that_was_wrong_stops_neither_the_expiry_of_jobs_nor_their_work(job_settings):
    old, ahead = upload(job_settings), upload(job_settings)
    for job in (old, ahead):
        wait(job, "new", maintained=job_settings)
    for job in (old, ahead):
        wait_for_end(job)
    future = time.time() + 1e8
    set_times(old)
    set_times(ahead, future)
    os.utime(job_settings.folder / "cleaned", (future, future))
    run_maintenance(job_settings)
    assert not old.folder.exists()
    assert 0 <= ahead.idle_seconds < 60
    assert 0 <= time.time() - (job_settings.folder / "cleaned").stat().st_mtime < 60
