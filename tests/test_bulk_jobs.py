"""Jobs: a folder each, processed by workers that outlive pages and servers, and deleted when they are old."""

from __future__ import annotations

import fcntl
import io
import os
import shutil
import signal
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Thread
from types import SimpleNamespace

import pytest

from sentiment.budget import Settings
from sentiment.bulk.jobs import launcher, locks
from sentiment.bulk.jobs.creation import create_job
from sentiment.bulk.jobs.job import all_jobs, find_job
from sentiment.bulk.jobs.launcher import ATTEMPTS
from sentiment.bulk.jobs.maintenance import run_maintenance
from sentiment.bulk.jobs.processes import identify
from sentiment.tables.errors import FileError
from tests.tiny import tiny_run

pytestmark = pytest.mark.process

TASK = {"text": 1, "label": None, "explain": False, "reading": {}}


@pytest.fixture
def settings(job_settings):
    return job_settings


def table(rows):
    """A CSV file of so many reviews."""
    return ("id,review\n" + "".join(f"{i},a good film {i} not dull\n" for i in range(rows))).encode()


def upload(settings, content, name="reviews.csv"):
    return create_job(settings, name, io.BytesIO(content), len(content))


def submit(settings, run, rows):
    """Uploads and submits a file, and lets maintenance start it if its turn has come."""
    job = upload(settings, table(rows))
    job.submit({**TASK, "run": str(run)})
    run_maintenance(settings)
    return job


def wait_until(condition, seconds=60, every=0.02, describe=lambda: ""):
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, describe()
        time.sleep(every)


def wait(job, *states, maintained=None):
    """Waits until the job has one of the states; runs maintenance meanwhile if its settings are given."""

    def reached():
        if job.state in states:
            return True
        if maintained:
            run_maintenance(maintained)
        return False

    wait_until(reached, describe=lambda: (job.state, job.read("error"), (job.folder / "log").read_text()))


def wait_for_end(job):
    """Waits until the worker has removed the record of its process, its last step."""
    wait_until(lambda: not job.read("worker"))


def wait_for_part(job):
    """Waits until the first rows are scored, while the job is running."""
    while not job.parts.path(0).exists():
        assert job.state == "running"
        time.sleep(0.01)


def make_old(folder):
    """Makes a folder and its files look as if nobody had used them since 1970."""
    for path in [folder, *folder.iterdir()]:
        os.utime(path, (1, 1))


# Work


def test_an_upload_is_inspected_by_a_worker(settings):
    job = upload(settings, b"id,review\n1,good\n2,\xff\xff\n")
    assert job.state == "unread"
    assert launcher.start(job, "inspect")
    wait(job, "new")
    found = job.read("inspection")
    assert (found["columns"], found["text"], found["survey"]["rows"]) == (["id", "review"], 1, 2)
    assert job.read("upload") == {"name": "reviews.csv", "bytes": 22}


def test_a_file_that_cannot_be_read_fails_with_a_sentence(settings):
    job = upload(settings, b"PK\x03\x04 no text")
    launcher.start(job, "inspect")
    wait(job, "failed")
    assert "not a file of reviews" in job.read("error")


def test_a_file_is_read_again_with_the_chosen_options_and_five_times_at_most(settings):
    job = upload(settings, "review\ncafé\n".encode("cp1252"))
    job.reinspect({"delimiter": None, "encoding": "cp437", "header": None})
    wait(job, "new", maintained=settings)
    job.remove("inspection")  # as if the worker had been killed
    wait(job, "new", maintained=settings)
    assert job.read("inspection")["found"]["encoding"] == "cp437"
    wait_for_end(job)
    job.remove("inspection")
    job.write("attempts", ATTEMPTS)
    wait(job, "failed", maintained=settings)
    job.reinspect({"delimiter": None, "encoding": "cp1252", "header": None})
    wait(job, "new", maintained=settings)


def test_a_job_ends_with_an_output_and_all_its_parts(settings, run):
    job = submit(settings, run, 5000)
    wait(job, "done")
    assert job.read("result")["rows"] == 5000
    assert job.read("result")["input"]["name"] == "reviews.csv"
    assert (job.folder / "output.csv").read_bytes().count(b"\n") == 5001
    assert sum(part.num_rows for part in job.parts.tables()) == 5000


def test_a_job_whose_worker_is_killed_resumes(settings, run):
    job = submit(settings, run, 20_000)
    wait_for_part(job)
    os.kill(job.read("worker")["pid"], signal.SIGKILL)
    wait(job, "waiting")
    before = job.parts.path(0).stat().st_mtime_ns
    run_maintenance(settings)
    wait(job, "done")
    assert job.parts.path(0).stat().st_mtime_ns == before
    assert job.read("result")["rows"] == 20_000


def test_a_job_is_attempted_a_limited_number_of_times(settings, run):
    job = submit(settings, run / "nowhere", 10)
    wait(job, "failed")
    assert "no run" in job.read("error")
    job.submit({**TASK, "run": str(run)})
    job.write("attempts", ATTEMPTS)
    run_maintenance(settings)
    assert job.state == "failed"


def test_a_cancelled_job_keeps_its_finished_rows_and_can_resume(settings, run):
    job = submit(settings, run, 20_000)
    wait_for_part(job)
    job.cancel()
    wait(job, "cancelled")
    done = sum(part.num_rows for part in job.parts.tables())
    assert 0 < done < 20_000
    launcher.start(job, "write", form="csv", raw=False, bom=False)
    wait(job, "cancelled")
    assert (job.folder / "download.csv").read_bytes().count(b"\n") == done + 1
    job.submit(job.read("task"))
    run_maintenance(settings)
    wait(job, "done")


def test_other_formats_are_written_on_demand(settings, run):
    job = submit(settings, run, 50)
    wait(job, "done")
    for format in ("jsonl", "parquet", "xlsx"):
        assert launcher.start(job, "write", form=format, raw=False, bom=False)
        wait(job, "done")
        assert (job.folder / f"download.{format}").stat().st_size


def test_a_damaged_file_of_a_job_counts_as_missing(settings, run):
    scored = submit(settings, run, 10)
    submitted, inspected, unnamed = (upload(settings, table(10)) for _ in range(3))
    wait(scored, "done")
    launcher.start(inspected, "inspect")
    wait(inspected, "new")
    for job, name in ((scored, "result"), (submitted, "task"), (inspected, "inspection"), (unnamed, "upload")):
        (job.folder / f"{name}.json").write_bytes(b"")  # as a power cut leaves it
    assert find_job(settings, unnamed.id) is None
    assert inspected.state in ("unread", "inspecting")  # the last worker may have started an inspection
    assert submitted.state in ("unread", "inspecting", "new")
    wait(scored, "done", maintained=settings)  # repeatedly, since the worker that inspected may run maintenance
    assert scored.read("result")["rows"] == 10


def test_a_job_whose_worker_is_being_started_is_still_unread(settings):
    job = upload(settings, table(10))
    with (job.folder / "lock").open("ab") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        assert job.has_worker
        assert job.state == "unread"


def test_a_worker_has_lower_priority_than_the_app_from_its_first_import(settings):
    job = upload(settings, table(10))
    launcher.start(job, "inspect")
    worker = job.read("worker")["pid"]
    command = Path(f"/proc/{worker}/cmdline")
    wait_until(lambda: command.read_bytes().startswith(sys.executable.encode()), every=0.001)
    assert os.getpriority(os.PRIO_PROCESS, worker) == min(19, os.getpriority(os.PRIO_PROCESS, 0) + 10)
    wait(job, "new")


# The queue


def test_jobs_run_one_at_a_time_if_so_set_and_the_oldest_first(settings, run):
    first, second = submit(settings, run, 6000), submit(settings, run, 10)
    assert (first.state, second.state) == ("running", "waiting")
    wait(first, "done")
    wait(second, "done")  # which the first worker starts, without any page


def test_a_job_deleted_while_the_queue_is_read_does_no_harm(settings, monkeypatch):
    job = upload(settings, table(10))

    def delete_and_accept(id):
        shutil.rmtree(job.folder)
        return True

    with monkeypatch.context() as patch:
        patch.setattr("sentiment.bulk.jobs.job.is_job_id", delete_and_accept)
        assert all_jobs(settings) == [job]


def test_a_long_job_gives_way_to_waiting_ones(settings, run, monkeypatch):
    monkeypatch.setenv("SENTIMENT_JOB_TURN", "0")
    long = submit(settings, run, 20_000)
    wait_for_part(long)
    short = submit(settings, run, 10)
    wait(short, "done")
    assert not (long.folder / "result.json").exists()
    wait(long, "done")


@pytest.mark.parametrize("at_once", ["0", "0.9", "1.5"])
def test_an_invalid_number_of_jobs_at_once_is_refused_in_a_sentence(monkeypatch, at_once):
    monkeypatch.setenv("SENTIMENT_JOBS_AT_ONCE", at_once)
    with pytest.raises(
        FileError, match=f"^SENTIMENT_JOBS_AT_ONCE must be a whole number, 1 or more; it is {at_once}.$"
    ):
        Settings.from_environment()


# Uploads and folders


def test_ids_cannot_be_guessed_and_open_nothing_else(settings):
    job = upload(settings, b"review\n")
    assert find_job(settings, job.id) == job
    assert len(job.id) == 22
    (settings.folder / "upload.json").write_text("{}")
    for id in ("", ".", "..", "../jobs", job.id[:-1], job.id + "x", job.id[:-1] + "/"):
        assert find_job(settings, id) is None


def test_only_the_user_of_the_server_can_read_the_folders(settings):
    job = upload(settings, b"review\n")
    assert job.folder.stat().st_mode & 0o077 == 0
    assert settings.folder.stat().st_mode & 0o077 == 0


@pytest.mark.parametrize(("free", "accepted"), [(500, True), (499, False)])
def test_an_upload_needs_five_times_its_size_on_the_disk(free, accepted, settings, monkeypatch):
    monkeypatch.setattr("shutil.disk_usage", lambda folder: SimpleNamespace(free=free, total=10_000))
    if accepted:
        assert upload(settings, b"x" * 100).input.stat().st_size == 100
    else:
        with pytest.raises(FileError, match="no room for this file"):
            upload(settings, b"x" * 100)
        assert all_jobs(settings) == []


@pytest.mark.parametrize("name", ["reviews.exe", "reviews", ".csv", "../../etc/passwd"])
def test_a_file_name_without_a_known_format_is_refused_before_anything_is_written(settings, name):
    with pytest.raises(FileError):
        upload(settings, b"x", name)
    assert not settings.folder.exists()


@pytest.mark.parametrize("name", ["../../escape.csv", "a/b.CSV", "x.tar.csv.gz", "Ünïcode 😀.jsonl"])
def test_a_file_name_decides_only_the_format(settings, name):
    job = upload(settings, b"x", name)
    assert job.input.parent == job.folder
    assert job.input.name.startswith("input.")
    assert "/" not in job.read("upload")["name"]


# Deletion


def test_deleting_ends_the_worker_and_leaves_nothing(settings, run):
    job = submit(settings, run, 20_000)
    wait_for_part(job)
    worker = job.read("worker")["pid"]
    assert job.delete()
    assert not job.folder.exists()
    assert find_job(settings, job.id) is None
    with pytest.raises(ProcessLookupError):  # once the thread that waits for it has done so
        for _ in range(200):
            os.kill(worker, 0)
            time.sleep(0.01)


def test_nothing_can_be_done_with_a_deleted_job(settings, run):
    job = upload(settings, table(10))
    job.delete()
    job.cancel()
    job.submit({**TASK, "run": str(run)})
    job.score_with_other_run(str(run))
    assert not launcher.start(job, "write", form="csv", raw=False, bom=False)
    assert not any(path.is_dir() for path in settings.folder.iterdir())


def test_deletion_waits_for_a_new_comparison_job_and_kills_no_other_process(settings):
    job = upload(settings, table(10))
    with subprocess.Popen(["sleep", "60"]) as other:
        job.write("worker", {**identify(other.pid), "started": "1"})  # a worker had this id before
        deleting = Thread(target=job.delete)
        with locks.hold(job.folder / "twins.lock"):
            deleting.start()
            deleting.join(0.3)
            assert deleting.is_alive()
        deleting.join()
        assert (job.folder.exists(), other.poll()) == (False, None)
        other.kill()


def test_a_job_that_is_idle_too_long_is_deleted(settings):
    old, recent = upload(settings, b"review\n"), upload(settings, b"review\n")
    make_old(old.folder)
    run_maintenance(settings)
    assert find_job(settings, old.id) is None
    assert find_job(settings, recent.id) == recent


def test_the_remains_of_an_interrupted_upload_or_deletion_are_deleted(settings):
    deleted, begun, recent = (upload(settings, b"review\n") for _ in range(3))
    for job in (begun, recent):
        job.remove("upload")
    folders = [deleted.folder.rename(settings.folder / f".{deleted.id}"), begun.folder]
    (settings.folder / "notes").mkdir()
    for folder in [*folders, settings.folder / "notes"]:
        make_old(folder)
    run_maintenance(settings)
    assert not any(folder.exists() for folder in folders)
    assert recent.folder.exists()
    assert (settings.folder / "notes").exists()  # not of a job


def test_maintenance_without_a_job_writes_nothing(settings):
    run_maintenance(settings)
    assert not settings.folder.exists()


def test_a_full_disk_loses_the_job_that_is_idle_longest(settings):
    older, newer = upload(settings, b"x" * 60_000), upload(settings, b"x" * 60_000)
    for path in [older.folder, *older.folder.iterdir()]:
        os.utime(path, (time.time() - 60, time.time() - 60))
    run_maintenance(Settings(settings.folder, gigabytes=100_000 / 1e9))
    assert all_jobs(settings) == [newer]


# Comparison with another run


def test_a_comparison_job_scores_the_file_with_another_run_and_is_deleted_with_its_job(settings, run, tmp_path):
    job = submit(settings, run, 50)
    wait(job, "done")
    other = tiny_run(tmp_path / "other", seed=1)
    assert job.comparison_job(str(other)) is None
    job.score_with_other_run(str(other))
    comparison = job.comparison_job(str(other))
    run_maintenance(settings)
    wait(comparison, "done")
    assert comparison.read("result")["model"]["run"] == "other"
    assert comparison.read("result")["input"]["sha256"] == job.read("result")["input"]["sha256"]
    job.delete()
    assert not comparison.folder.exists()


def test_a_comparison_job_requested_again_is_the_same(settings, run, tmp_path):
    job = upload(settings, table(10))
    job.submit({**TASK, "run": str(run)})
    with ThreadPoolExecutor() as threads:
        list(threads.map(job.score_with_other_run, [str(tmp_path / "other")] * 4))
    job.score_with_other_run(str(tmp_path / "other"))
    assert len(all_jobs(settings)) == 2
    job.delete()
    assert all_jobs(settings) == []


def test_a_comparison_job_requested_during_a_deletion_leaves_nothing_behind(settings, run, monkeypatch):
    job = upload(settings, table(10))
    job.submit({**TASK, "run": str(run)})
    link, deletion = os.link, Thread(target=job.delete)

    def link_during_deletion(*paths):
        deletion.start()
        deletion.join(0.5)  # it does not end, because it waits for the comparison job
        link(*paths)

    monkeypatch.setattr(os, "link", link_during_deletion)
    job.score_with_other_run(str(run))
    deletion.join()
    assert not any(path.is_dir() for path in settings.folder.iterdir())
