"""What the visitors of a server may use, each and together; and hosts that share a folder of jobs."""

from __future__ import annotations

import fcntl
import io
import json
import os
import time
import tomllib
from pathlib import Path

import pytest

from sentiment import budget
from sentiment.app.shared import analyses, visitors
from sentiment.budget import Settings
from sentiment.bulk.jobs import launcher, maintenance, processes, sharing
from sentiment.bulk.jobs.creation import create_job
from sentiment.bulk.jobs.job import Job, all_jobs
from sentiment.tables.errors import FileError
from sentiment.types import Prediction

GREEDY, OTHER = visitors.hashed("198.51.100.7"), visitors.hashed("198.51.100.8")


@pytest.fixture
def settings(tmp_path):
    return Settings(tmp_path / "jobs", per_visitor=4, jobs=6)


@pytest.fixture
def started(monkeypatch):
    """The visitors whose jobs were started, instead of starting workers."""
    jobs: list[str] = []
    monkeypatch.setattr(launcher, "start_or_fail", lambda job, action, **options: jobs.append(job.visitor))
    return jobs


def upload(settings, visitor="", content=b"review\ngood\n"):
    return create_job(settings, "reviews.csv", io.BytesIO(content), len(content), visitor)


def set_working(monkeypatch, *working):
    """Makes these jobs the ones that have a worker."""
    monkeypatch.setattr(Job, "has_worker", property(lambda job: job in working))


# Each visitor and all together


def test_a_visitor_keeps_a_limited_number_of_files_and_others_still_find_room(settings):
    jobs = [upload(settings, GREEDY) for _ in range(4)]
    with pytest.raises(FileError, match=r"^You have 4 files here\. Delete one before you upload another\.$"):
        upload(settings, GREEDY)
    assert upload(settings, OTHER).visitor == OTHER
    jobs[0].delete()
    assert upload(settings, GREEDY).visitor == GREEDY


def test_all_visitors_together_keep_a_limited_number_of_files(settings):
    for number in range(6):
        upload(settings, f"visitor {number}")
    with pytest.raises(FileError, match="too many files"):
        upload(settings)


def test_visitors_on_the_servers_own_machine_have_no_limit_of_their_own(settings):
    for _ in range(5):
        upload(settings, visitors.hashed(visitors.from_address("127.0.0.1")))
    assert len(all_jobs(settings)) == 5


def test_a_visitor_takes_half_of_the_disk_at_most(tmp_path):
    settings = Settings(tmp_path / "jobs", gigabytes=200_000 / 1e9)
    upload(settings, GREEDY, b"x" * 60_000)
    upload(settings, GREEDY, b"x" * 60_000)
    with pytest.raises(FileError, match="Your files take more than"):
        upload(settings, GREEDY)
    assert upload(settings, OTHER)


def test_a_full_disk_loses_files_of_the_visitor_with_the_most_bytes_first(tmp_path):
    settings = Settings(tmp_path / "jobs", gigabytes=100_000 / 1e9)
    old = upload(settings, OTHER, b"x" * 20_000)
    for path in [old.folder, *old.folder.iterdir()]:
        os.utime(path, (time.time() - 60, time.time() - 60))
    filling = [upload(settings, GREEDY, b"x" * 45_000), upload(settings, GREEDY, b"x" * 45_000)]
    maintenance._make_room(settings)
    assert old.folder.exists()
    assert [job.folder.exists() for job in filling].count(True) == 1


def test_a_visitor_with_many_files_leaves_a_worker_to_the_next_visitor(settings, started):
    for _ in range(4):
        upload(settings, GREEDY)
    upload(settings, OTHER)
    maintenance.run_maintenance(settings)
    assert started == [GREEDY, OTHER]


def test_a_visitor_with_a_running_job_waits_behind_one_without(settings, started, monkeypatch):
    working, *_ = [upload(settings, GREEDY) for _ in range(3)]
    upload(settings, OTHER)
    set_working(monkeypatch, working)
    maintenance.run_maintenance(settings)
    assert started == [OTHER]


def test_visitors_take_turns_each_with_the_oldest_file_first(tmp_path, started):
    settings = Settings(tmp_path / "jobs", at_once=3)
    for visitor in (GREEDY, GREEDY, OTHER):
        upload(settings, visitor)
    maintenance.run_maintenance(settings)
    assert started == [GREEDY, OTHER, GREEDY]


def test_a_single_worker_takes_the_oldest_file(tmp_path, started):
    settings = Settings(tmp_path / "jobs", at_once=1)
    for visitor in (GREEDY, OTHER):
        upload(settings, visitor)
    maintenance.run_maintenance(settings)
    assert started == [GREEDY]


def test_a_job_being_inspected_counts_as_running(settings, started, monkeypatch):
    jobs = [upload(settings) for _ in range(4)]
    set_working(monkeypatch, *jobs[:2])
    maintenance.run_maintenance(settings)
    assert started == []


def test_the_address_of_a_visitor_is_not_stored(settings):
    job = upload(settings, GREEDY)
    assert "198.51.100" not in json.dumps(job.read("upload"))
    assert GREEDY != OTHER
    assert visitors.hashed("") == ""


@pytest.mark.parametrize(
    ("address", "visitor"),
    [
        ("203.0.113.5", "203.0.113.5"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("2001:db8:1:2:ffff::1", "2001:db8:1:2::/64"),
        ("::ffff:203.0.113.5", "203.0.113.5"),
        *((own, "") for own in ("127.0.0.1", "127.8.9.1", "::1", "::ffff:127.0.0.1", "", "testclient", "1.2.3", "\0")),
    ],
)
def test_a_visitor_is_identified_by_address_and_this_machine_by_none(address, visitor):
    assert visitors.from_address(address) == visitor


def test_the_texts_of_a_session_have_a_common_limit(monkeypatch):
    state: dict = {}
    monkeypatch.setattr(analyses.st, "session_state", state)
    monkeypatch.setattr(analyses, "SESSION_CHARACTERS", 25)
    nothing = Prediction(None, 0.5, 0.0, None, "empty", 0, 0, 0.0)
    for number in range(5):
        analyses._store(analyses.Analysis(number, "x" * 10, "tiny", nothing))
    assert [each.number for each in analyses.all_analyses()] == [3, 4]
    analyses._store(analyses.Analysis(6, "x" * 26, "tiny", nothing))
    assert [each.number for each in analyses.all_analyses()] == []


@pytest.mark.parametrize("name", ["SENTIMENT_JOBS_KEPT", "SENTIMENT_JOBS_PER_VISITOR", "SENTIMENT_PAGES_PER_VISITOR"])
@pytest.mark.parametrize("value", ["0", "-1", "1.5", "nan", "many"])
def test_an_invalid_count_is_refused_in_a_sentence(name, value, monkeypatch):
    monkeypatch.setenv(name, value)
    with pytest.raises(FileError, match=f"^{name} must be a"):
        Settings.from_environment()


# Two hosts that share the folder


@pytest.fixture
def shared(settings):
    """The settings, with this server's mark in the folder."""
    settings.folder.mkdir()
    with sharing.Mark(settings.folder) as mark:
        mark.renew()
        yield settings


def write_mark_of_another_host(settings, age=0.0):
    """Writes the mark, renewed so many seconds ago; returns its path."""
    path = settings.folder / "server-another-boot"
    path.touch()
    now = time.time() - age
    os.utime(path, (now, now))
    return path


def test_two_hosts_without_common_file_locks_are_refused_in_a_sentence(shared):
    write_mark_of_another_host(shared)
    for use in (upload, maintenance.run_maintenance):
        with pytest.raises(FileError, match=r"file locks do not reach it.*SENTIMENT_JOBS\)\.$"):
            use(shared)


def test_two_hosts_with_common_file_locks_share_the_folder(shared):
    with write_mark_of_another_host(shared).open("ab") as other:
        fcntl.flock(other, fcntl.LOCK_SH)
        assert upload(shared)


def test_a_host_that_no_longer_renews_its_mark_is_ignored(shared):
    write_mark_of_another_host(shared, age=sharing._FRESH + 1)
    assert upload(shared)


def test_two_servers_on_one_host_share_the_folder(shared):
    with sharing.Mark(shared.folder) as mark:
        mark.renew()
        assert upload(shared)
    assert [path.name for path in shared.folder.glob("server-*")] == [f"server-{processes.boot()}"]


def test_a_disk_that_refuses_the_mark_stops_nothing(settings, monkeypatch):
    settings.folder.mkdir()
    monkeypatch.setattr(sharing, "_own_mark", lambda folder, boot="": folder / "missing" / "server")
    with sharing.Mark(settings.folder) as mark:
        mark.renew()
    assert list(settings.folder.iterdir()) == []


def test_a_wrong_clock_does_not_make_another_hosts_mark_look_old(shared, monkeypatch):
    write_mark_of_another_host(shared)
    monkeypatch.setattr(time, "time", lambda: 1e12)
    with pytest.raises(FileError, match="file locks"):
        sharing.check(shared.folder)


def test_the_limit_of_a_text_is_some_hundred_thousand_characters_and_is_stated():
    assert 100_000 <= budget.TEXT_CHARACTERS <= 500_000
    assert f"{budget.TEXT_CHARACTERS:,}" in analyses.TOO_LONG
    assert "Score a file" in analyses.TOO_LONG


def test_a_message_has_room_for_the_longest_text_five_times():
    settings = tomllib.loads((Path(__file__).parent.parent / ".streamlit/config.toml").read_text())
    escaped = 6 * budget.TEXT_CHARACTERS / 1e6  # megabytes, with every character as \\uXXXX
    assert 5 * escaped < settings["server"]["maxMessageSize"] < 50
