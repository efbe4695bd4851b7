"""The page Score a file on a full or read-only disk: every action shows an error message."""

import errno
import os
import subprocess
import time

import pytest

from sentiment.app.shared import job_errors
from sentiment.budget import Settings
from sentiment.bulk.jobs.job import Job
from tests.bulk_page import button, job_of, open_page, settle, upload

READ_ONLY = OSError(errno.EROFS, "Read-only file system")
FULL = OSError(errno.ENOSPC, "No space left on device")

either_error = pytest.mark.parametrize(
    ("error", "message"), [(READ_ONLY, "read-only"), (FULL, "disk is full")], ids=["read-only", "full"]
)


def raising(error):
    """Returns a function that raises this error."""

    def fail(*arguments, **options):
        raise error

    return fail


def break_job(monkeypatch, error, *methods):
    """Makes these methods of jobs raise the error."""
    for method in methods:
        monkeypatch.setattr(Job, method, raising(error))


def errors(app):
    """Returns the errors that the page shows, without Markdown escapes."""
    assert not app.exception
    return " ".join(each.value for each in app.error).replace("\\", "")


@either_error
def test_every_button_of_a_new_job_reports_an_unwritable_disk(settings, monkeypatch, error, message):
    app = settle(upload(), settings, "new")
    for label in ("Score", "Reload file", "Delete now"):
        with monkeypatch.context() as patch:
            break_job(patch, error, "write", "remove", "delete", "submit", "reinspect")
            button(app, label).click().run()
            assert message in errors(app), label


@either_error
@pytest.mark.parametrize(
    ("state", "labels"), [("error", ("Retry", "Change settings")), ("cancel", ("Resume",))], ids=["failed", "stopped"]
)
def test_every_button_of_an_unfinished_job_reports_an_unwritable_disk(
    settings,
    monkeypatch,
    error,
    message,
    state,
    labels,
):
    app = settle(upload(), settings, "new")
    job = job_of(app, settings)
    job.write("task", {"text": 1, "label": None, "explain": False, "run": "runs/tiny", "reading": {}})
    job.write(state, "It failed.")
    app.run()
    for label in labels:
        with monkeypatch.context() as patch:
            break_job(patch, error, "write", "remove", "submit", "withdraw")
            button(app, label).click().run()
            assert message in errors(app), label


def test_stopping_reports_a_full_disk(settings, monkeypatch):
    app = settle(upload(), settings, "new")
    monkeypatch.setattr("sentiment.bulk.jobs.maintenance.run_maintenance", lambda settings: None)
    button(app, "Score").click().run()
    break_job(monkeypatch, FULL, "write")
    button(app, "Stop").click().run()
    assert "disk is full" in errors(app)


@either_error
def test_an_upload_reports_an_unwritable_disk(monkeypatch, error, message):
    monkeypatch.setattr("sentiment.bulk.jobs.creation.create_job", raising(error))
    assert message in errors(upload())


def test_the_page_reports_a_read_only_disk(scored, settings, monkeypatch):
    id = job_of(scored, settings).id
    monkeypatch.setattr("sentiment.bulk.jobs.locks.hold", raising(READ_ONLY))
    for app in (open_page(), open_page(job=id)):
        assert "read-only" in errors(app)


@pytest.fixture
def small_disk(tmp_path):
    """A file system of one megabyte."""
    folder = tmp_path / "disk"
    folder.mkdir()
    if subprocess.run(["mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", folder], capture_output=True).returncode:
        pytest.skip("no file system can be mounted here")
    yield folder
    subprocess.run(["umount", "-l", folder], check=True)


def fill(folder):
    """Writes zeros to the file system of the folder until it is full."""
    with pytest.raises(OSError, match=os.strerror(errno.ENOSPC)), (folder / "filler").open("wb", buffering=0) as file:
        while True:
            file.write(bytes(4096))


@pytest.mark.process
def test_a_disk_that_is_really_full_or_read_only_is_reported(small_disk, monkeypatch):
    monkeypatch.setenv("SENTIMENT_JOBS", str(small_disk / "jobs"))
    settings = Settings(small_disk / "jobs")
    app = settle(upload("films.csv", b"review\ngood film\n"), settings, "new")
    fill(small_disk)
    button(app, "Score").click().run()
    assert "disk is full" in errors(app)
    end = time.monotonic() + 30
    while subprocess.run(["mount", "-o", "remount,ro", small_disk], capture_output=True).returncode:
        assert time.monotonic() < end  # a worker that is ending may still write
        time.sleep(0.2)
    assert "read-only" in errors(app.run())
    assert "read-only" in errors(button(app, "Delete now").click().run())
    subprocess.run(["mount", "-o", "remount,rw", small_disk], check=True)


def test_an_error_of_the_system_shows_no_path():
    message = job_errors.error_message(PermissionError(errno.EACCES, "Permission denied", "/home/someone/jobs"))
    assert message == "The server could not continue: Permission denied. Try again later."
