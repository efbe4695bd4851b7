"""A job on the page Score a file: its link, owner, deletion and maintenance, its failures, and disks that refuse."""

from __future__ import annotations

import errno
import io
import os
import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from sentiment.app import server
from sentiment.app.shared import job_timer
from sentiment.app.shared.uploads import escape_markdown
from sentiment.artifacts import write_json
from sentiment.budget import Settings
from sentiment.bulk.jobs.creation import create_job
from sentiment.bulk.jobs.job import find_job
from sentiment.bulk.jobs.limits import DISK_FULL
from tests.app_pages import said
from tests.bulk_page import CONTENT, button, figures, job_of, open_page, score, settle, upload

pytestmark = [pytest.mark.page, pytest.mark.usefixtures("settings")]


# The link


def test_the_link_opens_the_job_in_another_session(scored, settings):
    other = open_page(job=job_of(scored, settings).id)
    assert "120 of 120 rows" in said(other)
    assert not other.exception


def test_a_job_opened_by_its_link_is_among_the_recent_files_of_that_session(scored, settings):
    id = job_of(scored, settings).id
    other = open_page(job=id)
    button(other, "New file").click().run()
    other.button(key=f"own-{id}").click().run()
    assert figures(other)["Rows"] == "120"


def test_jobs_of_other_sessions_are_never_listed(scored):
    app = open_page()
    assert "films.csv" not in said(app)
    assert not any("films.csv" in each.label for each in app.button)


def test_an_unknown_address_is_reported_and_leads_back():
    app = open_page(job="A" * 22)
    assert "doesn't exist or has expired" in said(app)
    app.button[0].click().run()
    assert app.file_uploader


# Deletion and maintenance


def test_deleting_asks_once_and_leaves_nothing_behind(settings):
    app = settle(upload(), settings, "new")
    folder = job_of(app, settings).folder
    (question,) = (each for each in app.get("popover") if any(b.label == "Delete now" for b in each.button))
    assert "cannot be undone" in question.markdown[0].value
    assert [each.label for each in app.button].count("Delete now") == 1
    button(app, "Delete now").click().run()
    assert not folder.exists()
    assert app.file_uploader


def test_a_deleted_job_that_another_server_works_on_is_gone_for_its_owner_at_once(settings, monkeypatch):
    app = settle(upload(), settings, "new")
    job = job_of(app, settings)
    monkeypatch.setattr("sentiment.bulk.jobs.job._PATIENCE", 0)
    with job.locked():
        button(app, "Delete now").click().run()
        assert "Another server" in app.toast[0].value
        assert app.file_uploader
        assert find_job(settings, job.id) is None
    assert job.delete()


@pytest.mark.parametrize("state", ["new", "done", "waiting"])
def test_a_button_on_a_job_that_is_gone_says_so(settings, state, monkeypatch):
    app = settle(upload(), settings, "new")
    job = job_of(app, settings)
    if state == "done":
        score(app, settings).selectbox(key="form").set_value("jsonl").run()
    elif state == "waiting":
        monkeypatch.setattr("sentiment.bulk.jobs.launcher.start", lambda *_, **__: False)
        button(app, "Score").click().run()
    job.delete()
    button(app, {"new": "Score", "done": "Create", "waiting": "Stop"}[state]).click().run()
    assert not app.exception
    assert "doesn't exist or has expired" in said(app)


def wait_until(condition: Callable[[], bool], seconds: float = 30) -> None:
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.05)


def test_an_old_job_is_deleted_even_if_nobody_returns_to_the_page(monkeypatch, tmp_path):
    settings = Settings(tmp_path / "jobs")
    monkeypatch.setenv("SENTIMENT_JOBS", str(settings.folder))
    monkeypatch.setattr(job_timer, "_INTERVAL", 0.05)
    job = create_job(settings, "films.csv", io.BytesIO(b"review\n"), 7)
    job_timer.start_job_timer.clear()
    AppTest.from_file(str(server.PAGES), default_timeout=30).run()
    wait_until(lambda: job.state == "new")  # an inspection would count as use
    for path in [job.folder, *job.folder.iterdir()]:
        os.utime(path, (1, 1))
    (settings.folder / "cleaned").unlink(missing_ok=True)
    wait_until(lambda: not job.folder.exists())


def test_the_timer_survives_every_failure_and_logs_it(monkeypatch, caplog):
    failures = iter([ValueError("something is damaged"), OSError(errno.ENOSPC, "the disk is full")])

    def fail(settings):
        if threading.current_thread() is threading.main_thread():  # not in the timer that another test started
            raise next(failures, SystemExit)  # the exit ends the timer

    monkeypatch.setattr("sentiment.bulk.jobs.maintenance.run_maintenance", fail)
    monkeypatch.setattr(job_timer, "_INTERVAL", 0)
    with pytest.raises(SystemExit):
        job_timer._maintain_jobs()
    assert "something is damaged" in caplog.text
    assert "the disk is full" in caplog.text


@pytest.mark.parametrize("hours", ["24h", "nan", "-1"])
def test_a_setting_that_is_not_a_number_is_reported_in_a_sentence(monkeypatch, caplog, hours):
    monkeypatch.setenv("SENTIMENT_JOB_HOURS", hours)
    app = open_page()
    assert not app.exception
    job_timer._maintain_jobs()
    sentence = f"SENTIMENT_JOB_HOURS must be a number, 0 or more; it is {hours}."
    assert sentence in caplog.messages
    assert app.error[0].value == escape_markdown(sentence)


# Failures


@pytest.mark.parametrize("name", ["task", "inspection"])
def test_a_job_with_a_damaged_file_says_so_in_a_sentence(settings, name):
    app = settle(upload(), settings, "new")
    job = job_of(app, settings)
    for each in ("result", "task"):
        job.write(each, {"rows": 120})
    (job.folder / f"{name}.json").write_bytes(b"")
    assert app.run().error[0].value == "This job's files are corrupted. Please upload the file again."
    assert not app.exception


def test_a_job_whose_model_changed_cannot_resume_but_can_restart(settings):
    app = score(upload(), settings)
    job = job_of(app, settings)
    write_json(job.parts.folder / "state.json", {**job.parts.state(), "model": ["another"]})
    job.remove("result")
    job.cancel()
    button(app.run(), "Resume").click().run()
    settle(app, settings, "failed")
    assert "model changed" in app.error[0].value
    assert r"\-\-resume" not in app.error[0].value
    button(app, "Change settings").click().run()
    button(app, "Score").click().run()
    settle(app, settings, "done")
    assert figures(app)["Rows"] == "120"


@pytest.mark.parametrize("name", ["result", "cancel"])
def test_a_failed_job_can_restart_whatever_it_did_before(settings, name):
    app = score(upload(), settings)
    job = job_of(app, settings)
    job.remove("result")
    job.write(name, True)
    job.write("error", "The disk is full.")
    button(app.run(), "Change settings").click().run()
    assert not app.exception
    assert button(app, "Score")


# Disks that refuse


def refuse_as_full(*_):
    raise OSError(errno.ENOSPC, "No space left on device", "/a/folder/of/the/server")


def refuse_as_read_only(*_, **__):
    raise OSError(errno.EROFS, "Read-only file system")


@pytest.mark.parametrize("label", ["Score", "Create", "Resume", "Reload file"])
def test_a_button_on_a_full_disk_gives_a_sentence(settings, monkeypatch, label):
    app = settle(upload(), settings, "new")
    if label in ("Create", "Resume"):
        score(app, settings)
    if label == "Create":
        app.selectbox(key="form").set_value("jsonl").run()
    elif label == "Resume":
        job = job_of(app, settings)
        job.remove("result")
        job.cancel()
        app.run()
    with monkeypatch.context() as patch:
        patch.setattr("sentiment.bulk.jobs.job.write_json", refuse_as_full)
        button(app, label).click().run()
    assert not app.exception
    assert [error.value for error in app.error] == [escape_markdown(DISK_FULL)]
    assert not app.run().error


@pytest.fixture
def make_read_only(settings, monkeypatch):
    """Returns a function after which every write to the folder of jobs fails."""
    open_file = Path.open

    def open_to_read(path, mode="r", *arguments, **named):
        if path.is_relative_to(settings.folder) and set(mode) & set("wax+"):
            refuse_as_read_only()
        return open_file(path, mode, *arguments, **named)

    def patch():
        monkeypatch.setattr(Path, "open", open_to_read)
        for name in ("touch", "mkdir", "rename", "unlink"):
            monkeypatch.setattr(Path, name, refuse_as_read_only)
        monkeypatch.setattr("sentiment.bulk.jobs.job.write_json", refuse_as_read_only)

    return patch


def test_a_job_on_a_read_only_disk_is_shown_and_its_deletion_refused_in_a_sentence(settings, make_read_only):
    app = settle(upload(), settings, "new")
    make_read_only()
    app.run()
    assert button(app, "Score")
    assert not app.exception
    button(app, "Delete now").click().run()
    assert not app.exception
    assert "read\\-only" in app.error[0].value


def test_an_upload_to_a_read_only_disk_is_refused_in_a_sentence(make_read_only):
    make_read_only()
    app = open_page()
    app.file_uploader[0].upload("films.csv", CONTENT).run()
    assert not app.exception
    assert "read\\-only" in app.error[0].value
