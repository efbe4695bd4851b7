"""The processes of jobs: a deletion kills only a job's own worker, and asking for a state disturbs nothing."""

import os
import signal
import time

import pytest

from sentiment.bulk.jobs import job as job_module
from sentiment.bulk.jobs import launcher, processes
from sentiment.bulk.jobs.job import all_jobs, find_job
from sentiment.bulk.jobs.maintenance import run_maintenance
from sentiment.bulk.jobs.worker import CancelledError, JobProgress
from tests.bulk_jobs import locked_elsewhere, other_process, polled, upload, wait, wait_for_end

pytestmark = pytest.mark.process

OTHERS = {"started": "1", "host": "another-host", "boot": "another-boot", "namespace": "pid:[1]"}


def survives(process):
    """Whether the process is running after the time that a signal needs."""
    time.sleep(0.1)
    return process.poll() is None


@pytest.mark.parametrize("difference", OTHERS)
def test_a_process_that_differs_from_the_recorded_worker_is_not_killed(difference):
    with other_process() as process:
        record = processes.identify(process.pid)
        processes.kill({**record, difference: OTHERS[difference]})
        assert survives(process)
        processes.kill(record)
        assert process.wait(10) == -signal.SIGKILL
        processes.kill(record)  # it has ended, which is no error


def test_processes_are_distinguished_without_proc_as_on_macos(monkeypatch):
    monkeypatch.setattr(processes, "_start_time", processes._start_time_of_ps)
    monkeypatch.delattr(os, "pidfd_open", raising=False)
    with other_process() as process:
        record = processes.identify(process.pid)
        assert processes.is_running(record)
        processes.kill({**record, "started": "Thu Jan  1 00:00:00 1970"})
        assert survives(process)
        processes.kill(record)
        assert process.wait(10) == -signal.SIGKILL
    assert processes._start_time_of_ps(process.pid) is None


@pytest.mark.parametrize("difference", [None, *OTHERS])
def test_a_job_in_use_by_another_server_is_gone_at_once_and_deleted_from_the_disk_later(
    job_settings, monkeypatch, difference
):
    monkeypatch.setattr(job_module, "_PATIENCE", 0.3)
    job = upload(job_settings)
    with locked_elsewhere(job) as holder, other_process() as other:
        if difference:
            job.write("worker", {**processes.identify(other.pid), difference: OTHERS[difference]})
        began = time.monotonic()
        assert job.delete() is False
        assert time.monotonic() - began < 5
        assert (holder.poll(), other.poll()) == (None, None)
        assert find_job(job_settings, job.id) is None
        run_maintenance(job_settings)
        assert job.folder.exists()
    (job_settings.folder / "cleaned").unlink()
    run_maintenance(job_settings)
    assert not job.folder.exists()


def test_a_worker_of_another_server_stops_at_its_next_part_when_its_job_is_deleted(job_settings):
    job = upload(job_settings)
    (job.folder / "deleted").touch()
    with pytest.raises(CancelledError):
        JobProgress(job, job_settings)("reading", 1, 0)


def test_deleting_300_jobs_whose_states_are_polled_kills_no_process(job_settings):
    jobs = [upload(job_settings) for _ in range(300)]
    current = [jobs[0]]
    with other_process() as process, polled(lambda: current[0].has_worker):
        record = processes.identify(process.pid)
        for job in jobs:
            job.write("worker", record)  # a lock held by a poll must not count as this worker's
            current[0] = job
            assert job.delete()
        assert survives(process)
    assert all_jobs(job_settings) == []


def test_asking_for_the_state_of_a_job_that_is_being_removed_creates_no_file(job_settings):
    job = upload(job_settings)
    for path in job.folder.iterdir():
        path.unlink()
    assert not job.has_worker
    assert list(job.folder.iterdir()) == []


def test_asking_for_the_state_never_refuses_a_start(job_settings):
    job = upload(job_settings)
    with polled(lambda: job.state):
        for _ in range(1000):
            with job.locked():  # which a start does
                pass


def test_a_refused_start_does_not_count_as_an_attempt(job_settings):
    job = upload(job_settings)
    with locked_elsewhere(job):
        launcher.start_or_fail(job, "inspect")
        assert job.read("attempts") is None


def test_a_worker_that_ends_removes_its_record_and_its_trace(job_settings):
    job = upload(job_settings)
    launcher.start(job, "inspect")
    assert processes.is_running(job.read("worker"))
    wait(job, "new")
    wait_for_end(job)
    assert not (job.folder / "trace").exists()
