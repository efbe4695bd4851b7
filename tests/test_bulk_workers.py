"""Workers of jobs: only a server's own is killed, none exceeds its limits, and every end is logged."""

import errno
import io
import os
import signal
import subprocess
import sys
import time
from contextlib import contextmanager
from pathlib import Path
from threading import Event, Thread

import pytest
from hypothesis import HealthCheck, example, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from sentiment.budget import Settings
from sentiment.bulk.jobs import creation, journal, launcher, limits, processes
from sentiment.bulk.jobs import job as job_module
from sentiment.bulk.jobs.creation import create_job
from sentiment.bulk.jobs.job import all_jobs, find_job
from sentiment.bulk.jobs.launcher import CRASHED
from sentiment.bulk.jobs.maintenance import run_maintenance
from sentiment.tables.errors import FileError
from tests.tiny import tiny_run

pytestmark = pytest.mark.process

HOLDER = """
import fcntl, sys, time
with open(sys.argv[1], "ab") as lock:
    fcntl.flock(lock, fcntl.LOCK_EX)
    print(flush=True)
    time.sleep(60)
"""
ELSEWHERE = {"host": "another-host", "boot": "another-boot", "namespace": "pid:[1]"}


@pytest.fixture
def settings(tmp_path, monkeypatch):
    monkeypatch.setenv("SENTIMENT_JOBS", str(tmp_path / "jobs"))
    monkeypatch.setenv("SENTIMENT_JOBS_AT_ONCE", "1")
    settings = Settings.from_environment()
    yield settings
    for job in all_jobs(settings):
        job.delete()


@pytest.fixture
def faulty(settings, monkeypatch):
    """Starts an inspection that goes wrong in a named way."""

    def begin(fault, **environment):
        monkeypatch.setattr(launcher, "WORKER", "tests.faulty_worker")
        for name, value in {"FAULT": fault, **environment}.items():
            monkeypatch.setenv(name, value)
        job = upload(settings)
        assert launcher.start(job, "inspect")
        return job

    return begin


def upload(settings, name="reviews.csv", content=b"id,review\n1,a good film\n"):
    return create_job(settings, name, io.BytesIO(content), len(content))


@contextmanager
def stranger(*arguments):
    """A process that no job may end."""
    with subprocess.Popen(arguments or ["sleep", "60"], stdout=subprocess.PIPE) as process:
        try:
            yield process
        finally:
            process.kill()


@contextmanager
def held(job):
    """The job's lock, held by a process that runs until it is ended."""
    with stranger(sys.executable, "-c", HOLDER, str(job.folder / "lock")) as process:
        process.stdout.readline()
        yield process


@contextmanager
def pollers(ask):
    """Two threads that ask for a state without a pause."""
    done = Event()

    def poll():
        while not done.is_set():
            ask()

    threads = [Thread(target=poll) for _ in range(2)]
    for thread in threads:
        thread.start()
    try:
        yield
    finally:
        done.set()
        for thread in threads:
            thread.join()


def wait(job, *states, seconds=60, maintained=None):
    end = time.monotonic() + seconds
    while job.state not in states:
        if maintained:
            run_maintenance(maintained)
        assert time.monotonic() < end, (job.state, job.read("error"), (job.folder / "log").read_text())
        time.sleep(0.02)


def wait_for_end(job):
    end = time.monotonic() + 60
    while job.has_worker or job.read("worker"):
        assert time.monotonic() < end
        time.sleep(0.02)


def logged(settings, caplog):
    with caplog.at_level("INFO"):
        journal.copy_to_log(settings.folder)
    return caplog.text


def age(job):
    for path in [job.folder, *job.folder.iterdir()]:
        os.utime(path, (1, 1))


# Whom a deletion ends


@pytest.mark.parametrize("difference", [{"started": "1"}, *({name: value} for name, value in ELSEWHERE.items())])
def test_a_process_that_differs_from_the_recorded_worker_in_anything_is_not_killed(difference):
    with stranger() as process:
        record = processes.identify(process.pid)
        processes.kill({**record, **difference})
        time.sleep(0.1)
        assert process.poll() is None
        processes.kill(record)
        assert process.wait(10) == -signal.SIGKILL
        processes.kill(record)  # it has ended, which is no error


def test_processes_are_distinguished_without_proc_as_on_macos(monkeypatch):
    with stranger() as process:
        time.sleep(0.1)
        started = processes._start_time_of_ps(process.pid)
        assert started
        assert processes._start_time_of_ps(process.pid) == started
        monkeypatch.setattr(processes, "_start_time", processes._start_time_of_ps)
        monkeypatch.delattr(os, "pidfd_open", raising=False)
        record = processes.identify(process.pid)
        processes.kill({**record, "started": "Thu Jan  1 00:00:00 1970"})
        assert process.poll() is None
        processes.kill(record)
        assert process.wait(10) == -signal.SIGKILL
    assert processes._start_time_of_ps(process.pid) is None


@pytest.mark.parametrize("record", [None, {"started": "1"}, *({name: value} for name, value in ELSEWHERE.items())])
def test_a_job_that_another_server_works_on_is_deleted_promptly_for_its_owner_and_later_from_the_disk(
    settings, monkeypatch, record
):
    monkeypatch.setattr(job_module, "_PATIENCE", 0.3)
    job = upload(settings)
    with held(job) as process, stranger() as other:
        if record:
            job.write("worker", {**processes.identify(other.pid), **record})
        began = time.monotonic()
        assert job.delete() is False
        assert time.monotonic() - began < 5
        assert (process.poll(), other.poll()) == (None, None)
        assert find_job(settings, job.id) is None
        run_maintenance(settings)
        assert job.folder.exists()
    (settings.folder / "cleaned").unlink()
    run_maintenance(settings)
    assert not job.folder.exists()


def test_a_worker_of_another_server_stops_at_its_next_part_when_its_job_is_deleted(settings):
    from sentiment.bulk.jobs.worker import CancelledError, JobProgress

    job = upload(settings)
    (job.folder / "deleted").touch()
    with pytest.raises(CancelledError):
        JobProgress(job, settings)("reading", 1, 0)


def test_deleting_three_hundred_jobs_whose_states_are_being_asked_for_kills_nobody(settings):
    made = [upload(settings) for _ in range(300)]
    current = [made[0]]
    with stranger() as process, pollers(lambda: current[0].has_worker):
        record = processes.identify(process.pid)
        for job in made:
            job.write("worker", record)  # as that of a worker that has ended, if readers were taken for workers
            current[0] = job
            assert job.delete()
        assert process.poll() is None
    assert all_jobs(settings) == []


def test_asking_for_the_state_of_a_job_that_is_being_removed_puts_nothing_into_its_folder(settings):
    job = upload(settings)
    for path in job.folder.iterdir():
        path.unlink()
    assert not job.has_worker
    assert list(job.folder.iterdir()) == []


def test_asking_for_the_state_never_refuses_a_start(settings):
    job = upload(settings)
    with pollers(lambda: job.state):
        for _ in range(1000):
            with job.locked():  # which a start does
                pass


def test_a_refused_start_does_not_count_as_an_attempt(settings):
    job = upload(settings)
    with held(job):
        launcher.start_or_fail(job, "inspect")
        assert job.read("attempts") is None


def test_the_record_of_a_worker_goes_when_it_ends(settings):
    job = upload(settings)
    launcher.start(job, "inspect")
    assert processes.is_running(job.read("worker"))
    wait(job, "new")
    wait_for_end(job)
    assert not (job.folder / "trace").exists()


# How workers end


@pytest.mark.parametrize("fault", ["crash", "segfault", "exit"])
def test_a_crash_is_logged_without_the_visitor_s_text_and_reported_once(settings, faulty, caplog, fault):
    job = faulty(fault)
    wait(job, "failed")
    wait_for_end(job)
    assert job.read("error") == CRASHED
    run_maintenance(settings)
    assert job.state == "failed"
    log = logged(settings, caplog)
    assert job.short_id in log
    assert "secret" not in log
    assert job.id not in log
    if fault != "exit":
        assert "faulty_worker.py" in log
    if fault == "crash":
        assert "ValueError" in log
        assert "KeyError" in log


def test_a_worker_that_cannot_start_is_reported_and_not_restarted(settings, monkeypatch, caplog):
    monkeypatch.setattr(launcher, "WORKER", "tests.no_such_module")
    job = upload(settings)
    run_maintenance(settings)
    wait(job, "failed")
    assert job.read("error") == CRASHED
    assert f"{job.short_id}: inspect crashed (status 1)" in logged(settings, caplog)


def test_a_worker_that_is_killed_is_logged_and_started_again(settings, faulty, monkeypatch, caplog):
    job = faulty("sleep")
    processes.kill(job.read("worker"))
    wait_for_end(job)
    assert f"{job.short_id}: inspect was killed (status -9)" in logged(settings, caplog)
    monkeypatch.undo()
    monkeypatch.setenv("SENTIMENT_JOBS", str(settings.folder))
    wait(job, "new", maintained=settings)


def test_a_worker_that_died_while_no_server_ran_is_logged_by_the_next(settings, caplog):
    job = upload(settings)
    job.write("action", {"name": "inspect"})
    job.write("worker", {**processes.identify(os.getpid()), "pid": 1, "started": "1"})
    launcher.record_end(job)
    assert f"{job.short_id}: inspect was killed (status unknown)" in logged(settings, caplog)
    assert job.state == "unread"


def test_the_log_says_when_a_worker_started_and_ended(settings, caplog):
    job = upload(settings)
    run_maintenance(settings)
    wait(job, "new")
    wait_for_end(job)
    log = logged(settings, caplog)
    assert f"{job.short_id}: inspect started" in log
    assert f"{job.short_id}: inspect ended after" in log
    caplog.clear()
    assert logged(settings, caplog) == ""


def test_a_journal_that_nobody_reads_does_not_grow_without_bound(tmp_path, monkeypatch):
    monkeypatch.setattr(journal, "_MOST_BYTES", 500)
    for _ in range(100):
        journal.record(tmp_path, "something happened")
    assert (tmp_path / "events").stat().st_size < 1000


@pytest.mark.parametrize("fault", ["numpy", "arrow", "large", "held", "python"])
@pytest.mark.skipif(sys.platform != "linux", reason="other systems do not enforce the limit")
def test_a_file_that_needs_too_much_memory_fails_in_a_sentence(settings, faulty, fault):
    job = faulty(fault, SENTIMENT_JOB_MEMORY_GIGABYTES="0.5")
    wait(job, "failed")
    assert job.read("error") == limits.too_much_memory(0.5)
    run_maintenance(settings)
    assert job.state == "failed"


def test_memory_that_a_library_only_reserves_does_not_count(faulty):
    job = faulty("reserve", SENTIMENT_JOB_MEMORY_GIGABYTES="0.5")
    wait(job, "failed")
    assert job.read("error") == "The end."


@pytest.mark.parametrize("fault", ["sleep", "stuck", "expression"])
def test_a_file_that_takes_too_long_to_inspect_fails_in_a_sentence(settings, faulty, fault):
    job = faulty(fault, SENTIMENT_JOB_SECONDS="0.5")
    wait(job, "failed")
    assert job.read("error") == limits.too_slow(0.5)
    run_maintenance(settings)
    assert job.state == "failed"


def test_scoring_that_takes_too_long_in_all_its_turns_fails_in_a_sentence(settings, tmp_path, monkeypatch):
    job = upload(settings, content=b"id,review\n" + b"1,a good film\n" * 200_000)
    wait(job, "new", maintained=settings)
    monkeypatch.setenv("SENTIMENT_JOB_SCORING_SECONDS", "3600")
    job.submit({"text": 1, "label": None, "explain": False, "reading": {}, "run": str(tiny_run(tmp_path / "tiny"))})
    job.write("spent", 3599.7)  # in earlier turns
    wait(job, "failed", maintained=settings)
    assert job.read("error") == limits.too_slow(3600)


def test_a_job_that_takes_too_much_disk_fails_in_a_sentence_and_no_other_is_harmed(settings, faulty):
    other = upload(settings)
    job = faulty("fill", SENTIMENT_JOB_GIGABYTES="0.004")
    wait(job, "failed")
    assert job.read("error") == limits.too_large(0.001)
    assert job.size < 0.1e9
    assert find_job(settings, other.id)


def test_no_job_takes_the_last_of_the_disk(faulty):
    job = faulty("full")
    wait(job, "failed")
    assert job.read("error") == limits.NEARLY_FULL


@pytest.mark.parametrize(
    ("total", "free", "full"), [(1e12, 0.9e9, True), (1e12, 1.1e9, False), (1e9, 19e6, True), (1e9, 21e6, False)]
)
def test_a_share_of_a_small_disk_stays_free_and_a_gigabyte_of_a_large_one(tmp_path, monkeypatch, total, free, full):
    from types import SimpleNamespace

    monkeypatch.setattr(limits.shutil, "disk_usage", lambda _: SimpleNamespace(total=total, free=free))
    assert limits.nearly_full(tmp_path) is full


@pytest.mark.parametrize(
    "name", ["SENTIMENT_JOB_MEMORY_GIGABYTES", "SENTIMENT_JOB_SECONDS", "SENTIMENT_JOB_SCORING_SECONDS"]
)
def test_a_limit_that_is_not_a_number_is_refused_in_a_sentence(monkeypatch, name):
    monkeypatch.setenv(name, "much")
    with pytest.raises(FileError, match=f"^{name} must be a number"):
        Settings.from_environment()


# The queue


def test_never_more_workers_run_than_set_whatever_they_do(settings, tmp_path):
    run = tiny_run(tmp_path / "tiny")
    scored = upload(settings)
    scored.submit({"text": 1, "label": None, "explain": False, "reading": {}, "run": str(run)})
    wait(scored, "done", maintained=settings)
    uploads = [upload(settings) for _ in range(4)]
    scored.request_download({"form": "jsonl", "raw": False, "bom": False})
    assert scored.state == "preparing"
    end = time.monotonic() + 120
    while any(job.state != "new" for job in uploads) or scored.state != "done":
        run_maintenance(settings)
        assert sum(job.has_worker for job in [scored, *uploads]) <= 1
        assert time.monotonic() < end
        time.sleep(0.01)
    assert (scored.folder / "download.jsonl").exists()


def test_a_download_that_cannot_be_written_keeps_the_results_and_says_why(settings, tmp_path, monkeypatch):
    job = upload(settings)
    job.submit({"text": 1, "label": None, "explain": False, "reading": {}, "run": str(tiny_run(tmp_path / "tiny"))})
    wait(job, "done", maintained=settings)
    job.input.unlink()
    (job.folder / "input.csv").write_bytes(b"")
    job.request_download({"form": "jsonl", "raw": False, "bom": False})
    wait(job, "done", maintained=settings)
    assert job.read("unwritten") == "reviews.csv is empty."


def test_a_file_that_a_worker_replaces_does_not_keep_a_job_from_expiring(settings, monkeypatch):
    job = upload(settings)
    (job.folder / "progress.json.new").symlink_to(job.folder / "renamed")  # it is listed, and then missing
    os.utime(job.folder, (1, 1))
    for path in job.folder.iterdir():
        if not path.is_symlink():
            os.utime(path, (1, 1))
    os.utime(job.folder, (1, 1))
    run_maintenance(settings)
    assert not job.folder.exists()


def test_a_job_being_inspected_expires_although_its_worker_reports_progress(settings, faulty):
    job = faulty("sleep")
    for name in ("upload", "reading"):
        if (path := job.folder / f"{name}.json").exists():
            os.utime(path, (1, 1))
    run_maintenance(settings)
    assert not job.folder.exists()


def test_a_sentence_names_the_upload_and_no_folder_of_the_server(settings, tmp_path):
    job = upload(settings, "my films.csv")
    job.submit({"text": 1, "label": None, "explain": False, "reading": {}, "run": str(tmp_path / "nowhere")})
    wait(job, "failed", maintained=settings)
    assert "nowhere" in job.read("error")
    assert "/" not in job.read("error")
    empty = upload(settings, "my films.csv", b"")
    wait(empty, "failed", maintained=settings)
    assert empty.read("error") == "my films.csv is empty."


# Names, full disks and wrong clocks


@hypothesis_settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.builds(
        lambda stem, ends: stem + "".join(ends),
        st.text(max_size=300),
        st.lists(st.sampled_from([".csv", ".zip", ".gz", ".ZST", ".xlsx", ".", "\0", "/", "..", ".exe"]), max_size=3),
    )
)
@example("")
@example("..")
@example("..zip")
@example("." * 300)
@example("\0.csv")
@example("x." + "y" * 250 + ".zip")
@example("x." + "y" * 250 + ".csv.gz")
@example("z" * 5000 + ".csv")
@example("\ud800.csv")
@example("a\r\nb.csv")
def test_any_name_gives_a_readable_job_or_is_refused_in_a_sentence_and_leaves_nothing(settings, name):
    try:
        job = create_job(settings, name, io.BytesIO(b"review\n"), 7)
    except FileError as error:
        assert str(error).endswith(".")
        assert not settings.folder.exists() or not [path for path in settings.folder.iterdir() if path.is_dir()]
    else:
        assert job.input.read_bytes() == b"review\n"
        assert len(job.read("upload")["name"]) <= 255
        assert job.read("upload")["name"].isprintable()
        assert job.delete()


@pytest.mark.parametrize(
    ("name", "stored"),
    [
        ("films.2024.zip", "input.zip"),
        ("..zip", "input.zip"),
        ("x." + "y" * 250 + ".zip", "input.zip"),
        ("my.films.CSV.GZ", "input.csv.gz"),
        ("C:\\films\\a.tsv", "input.tsv"),
        ("z" * 300 + ".parquet", "input.parquet"),
    ],
)
def test_an_upload_is_stored_by_its_format_alone(settings, name, stored):
    assert upload(settings, name).input.name == stored


def full(*_, **__):
    raise OSError(errno.ENOSPC, "No space left on device", "/a/folder/of/the/server")


@pytest.mark.parametrize("broken", ["write", "touch", "copy"])
def test_an_upload_that_a_full_disk_does_not_take_is_refused_in_a_sentence_and_leaves_nothing(
    settings, monkeypatch, broken
):
    settings.folder.mkdir()
    with monkeypatch.context() as patch:
        if broken == "write":
            patch.setattr(job_module, "write_json", full)
        elif broken == "touch":
            patch.setattr(Path, "touch", full)
        else:
            patch.setattr(creation.shutil, "copyfileobj", full)
        with pytest.raises(FileError, match=f"^{limits.DISK_FULL}$"):
            upload(settings)
    assert not list(settings.folder.iterdir())


@pytest.mark.parametrize("action", ["submit", "request_download", "cancel", "reinspect", "score_with_other_run"])
def test_an_action_on_a_full_disk_is_refused_in_a_sentence_and_changes_nothing(settings, monkeypatch, action):
    job = upload(settings)
    task = {"run": "a", "text": 0}
    for name in ("inspection", "task", "result"):
        job.write(name, task)
    with monkeypatch.context() as patch:
        patch.setattr(job_module, "write_json", full)
        with pytest.raises(FileError, match=f"^{limits.DISK_FULL}$"):
            getattr(job, action)(*{"cancel": (), "score_with_other_run": ("b",)}.get(action, (task,)))
    assert job.state == "done"
    assert job.read("inspection") == task
    assert [path for path in settings.folder.iterdir() if path.is_dir()] == [job.folder]


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EROFS])
def test_maintenance_on_a_disk_that_takes_nothing_leaves_the_job_to_the_next_time(settings, monkeypatch, number):
    job = upload(settings)

    def refuse(*_):
        raise OSError(number, os.strerror(number))

    with monkeypatch.context() as patch:
        patch.setattr(job_module, "write_json", refuse)
        with pytest.raises(OSError, match=os.strerror(number)):
            run_maintenance(settings)
        assert job.state == "unread"
    wait(job, "new", maintained=settings)


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EROFS, errno.EIO, None])
def test_an_error_of_the_system_is_explained_without_a_path(number):
    error = OSError(number, os.strerror(number), "/a/path") if number else OSError("cannot open /a/path")
    assert "a/path" not in limits.explain(error)
    assert "None" not in limits.explain(error)


def test_a_clock_that_was_wrong_does_not_stop_the_cleaning_or_the_end_of_a_job(settings):
    old, ahead = upload(settings), upload(settings)
    run_maintenance(settings)
    wait(old, "new", maintained=settings)
    wait(ahead, "new", maintained=settings)
    wait_for_end(old)
    wait_for_end(ahead)
    age(old)
    future = time.time() + 1e8
    for path in [ahead.folder, *ahead.folder.iterdir(), settings.folder / "cleaned"]:
        os.utime(path, (future, future))
    run_maintenance(settings)
    assert not old.folder.exists()
    assert 0 <= ahead.idle_seconds < 60
    assert 0 <= time.time() - (settings.folder / "cleaned").stat().st_mtime < 60
