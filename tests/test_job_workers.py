"""The workers of jobs: every end is logged and reported, and never more run than set."""

import os
import time

import pytest

from sentiment.bulk.jobs import journal, launcher, processes
from sentiment.bulk.jobs.launcher import CRASHED
from sentiment.bulk.jobs.maintenance import run_maintenance
from tests.bulk_jobs import DOWNLOAD, new_log, task, upload, wait, wait_for_end

pytestmark = pytest.mark.process


@pytest.mark.parametrize("fault", ["crash", "segfault", "exit"])
def test_a_crash_is_reported_once_and_logged_without_the_visitor_s_text(job_settings, start_faulty, caplog, fault):
    job = start_faulty(fault)
    wait(job, "failed")
    wait_for_end(job)
    assert job.read("error") == CRASHED
    run_maintenance(job_settings)
    assert job.state == "failed"
    log = new_log(job_settings, caplog)
    assert job.short_id in log
    assert "secret" not in log
    assert job.id not in log
    if fault != "exit":
        assert "faulty_worker.py" in log
    if fault == "crash":
        assert "ValueError" in log
        assert "KeyError" in log


def test_a_worker_that_cannot_start_is_reported_and_not_restarted(job_settings, monkeypatch, caplog):
    monkeypatch.setattr(launcher, "WORKER", "tests.no_such_module")
    job = upload(job_settings)
    run_maintenance(job_settings)
    wait(job, "failed")
    assert job.read("error") == CRASHED
    assert f"{job.short_id}: inspect crashed (status 1)" in new_log(job_settings, caplog)


def test_a_worker_that_is_killed_is_logged_and_started_again(job_settings, start_faulty, monkeypatch, caplog):
    job = start_faulty("sleep")
    processes.kill(job.read("worker"))
    wait_for_end(job)
    assert f"{job.short_id}: inspect was killed (status -9)" in new_log(job_settings, caplog)
    monkeypatch.undo()
    monkeypatch.setenv("SENTIMENT_JOBS", str(job_settings.folder))
    wait(job, "new", maintained=job_settings)


def test_the_next_server_logs_a_worker_that_died_while_none_ran(job_settings, caplog):
    job = upload(job_settings)
    job.write("action", {"name": "inspect"})
    job.write("worker", {**processes.identify(os.getpid()), "pid": 1, "started": "1"})
    launcher.record_end(job)
    assert f"{job.short_id}: inspect was killed (status unknown)" in new_log(job_settings, caplog)
    assert job.state == "unread"


def test_the_log_says_when_a_worker_started_and_ended(job_settings, caplog):
    job = upload(job_settings)
    run_maintenance(job_settings)
    wait(job, "new")
    wait_for_end(job)
    log = new_log(job_settings, caplog)
    assert f"{job.short_id}: inspect started" in log
    assert f"{job.short_id}: inspect ended after" in log
    caplog.clear()
    assert new_log(job_settings, caplog) == ""


def test_a_journal_that_no_server_reads_stays_within_a_bound(tmp_path, monkeypatch):
    monkeypatch.setattr(journal, "_MOST_BYTES", 500)
    for _ in range(100):
        journal.record(tmp_path, "something happened")
    assert (tmp_path / "events").stat().st_size < 1000


def test_never_more_workers_run_than_set_whatever_their_actions(job_settings, run):
    scored = upload(job_settings)
    scored.submit(task(run))
    wait(scored, "done", maintained=job_settings)
    uploads = [upload(job_settings) for _ in range(4)]
    scored.request_download(DOWNLOAD)
    assert scored.state == "preparing"
    end = time.monotonic() + 120
    while any(job.state != "new" for job in uploads) or scored.state != "done":
        run_maintenance(job_settings)
        assert sum(job.has_worker for job in [scored, *uploads]) <= 1
        assert time.monotonic() < end
        time.sleep(0.01)
    assert (scored.folder / "download.jsonl").exists()


def test_a_download_that_cannot_be_written_keeps_the_results_and_reports_why(job_settings, run):
    job = upload(job_settings)
    job.submit(task(run))
    wait(job, "done", maintained=job_settings)
    job.input.unlink()
    (job.folder / "input.csv").write_bytes(b"")
    job.request_download(DOWNLOAD)
    wait(job, "done", maintained=job_settings)
    assert job.read("unwritten") == "reviews.csv is empty."


def test_an_error_names_the_upload_and_no_folder_of_the_server(job_settings, tmp_path):
    job = upload(job_settings, "my films.csv")
    job.submit(task(tmp_path / "nowhere"))
    wait(job, "failed", maintained=job_settings)
    assert "nowhere" in job.read("error")
    assert "/" not in job.read("error")
    empty = upload(job_settings, "my films.csv", b"")
    wait(empty, "failed", maintained=job_settings)
    assert empty.read("error") == "my films.csv is empty."
