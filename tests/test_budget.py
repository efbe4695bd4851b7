"""What visitors of a server may use: each of them and all together, and on which hosts."""

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

WORST, OTHER = visitors.hashed("198.51.100.7"), visitors.hashed("198.51.100.8")


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


def at_work(monkeypatch, *working):
    monkeypatch.setattr(Job, "has_worker", property(lambda job: job in working))


# Each visitor and all together


def test_one_visitor_keeps_so_many_files_and_another_still_finds_room(settings):
    jobs = [upload(settings, WORST) for _ in range(4)]
    with pytest.raises(FileError, match=r"^You have 4 files here\. Delete one before you upload another\.$"):
        upload(settings, WORST)
    assert upload(settings, OTHER).visitor == OTHER
    jobs[0].delete()
    assert upload(settings, WORST).visitor == WORST


def test_all_visitors_together_keep_so_many_files(settings):
    for number in range(6):
        upload(settings, f"visitor {number}")
    with pytest.raises(FileError, match="too many files"):
        upload(settings)


def test_on_the_servers_own_machine_nobody_has_a_share(settings):
    for _ in range(5):
        upload(settings, visitors.hashed(visitors.from_address("127.0.0.1")))
    assert len(all_jobs(settings)) == 5


def test_one_visitor_takes_half_of_the_disk_and_no_more(tmp_path):
    settings = Settings(tmp_path / "jobs", gigabytes=200_000 / 1e9)
    upload(settings, WORST, b"x" * 60_000)
    upload(settings, WORST, b"x" * 60_000)
    with pytest.raises(FileError, match="Your files take more than"):
        upload(settings, WORST)
    assert upload(settings, OTHER)


def test_when_the_disk_fills_the_files_of_the_visitor_who_fills_it_go_first(tmp_path):
    settings = Settings(tmp_path / "jobs", gigabytes=100_000 / 1e9)
    old = upload(settings, OTHER, b"x" * 20_000)
    for path in [old.folder, *old.folder.iterdir()]:
        os.utime(path, (time.time() - 60, time.time() - 60))
    filling = [upload(settings, WORST, b"x" * 45_000), upload(settings, WORST, b"x" * 45_000)]
    maintenance._make_room(settings)
    assert old.folder.exists()
    assert [job.folder.exists() for job in filling].count(True) == 1


def test_a_visitor_with_many_files_leaves_a_worker_to_the_next_one(settings, started):
    for _ in range(4):
        upload(settings, WORST)
    late = upload(settings, OTHER)
    maintenance.run_maintenance(settings)
    assert started == [WORST, OTHER]
    assert late.visitor == OTHER


def test_a_visitor_whose_file_is_being_worked_on_waits_behind_those_with_none(settings, started, monkeypatch):
    working, *_ = [upload(settings, WORST) for _ in range(3)]
    upload(settings, OTHER)
    at_work(monkeypatch, working)
    maintenance.run_maintenance(settings)
    assert started == [OTHER]


def test_visitors_take_turns_and_of_each_the_first_file_comes_first(tmp_path, started):
    settings = Settings(tmp_path / "jobs", at_once=3)
    for visitor in (WORST, WORST, OTHER):
        upload(settings, visitor)
    maintenance.run_maintenance(settings)
    assert started == [WORST, OTHER, WORST]


def test_a_single_worker_is_not_reserved_for_a_visitor(tmp_path, started):
    settings = Settings(tmp_path / "jobs", at_once=1)
    for visitor in (WORST, OTHER):
        upload(settings, visitor)
    maintenance.run_maintenance(settings)
    assert started == [WORST]


def test_a_job_that_is_inspected_counts_among_those_at_work(settings, started, monkeypatch):
    jobs = [upload(settings) for _ in range(4)]
    at_work(monkeypatch, *jobs[:2])
    maintenance.run_maintenance(settings)
    assert started == []


def test_a_visitor_is_not_written_down_by_name(settings):
    job = upload(settings, WORST)
    assert "198.51.100" not in json.dumps(job.read("upload"))
    assert WORST != OTHER
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
def test_a_visitor_is_known_by_address_and_this_machine_by_none(address, visitor):
    assert visitors.from_address(address) == visitor


def test_the_texts_that_a_session_keeps_are_bounded_together(monkeypatch):
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
    settings.folder.mkdir()
    with sharing.Mark(settings.folder) as mark:
        mark.renew()
        yield settings


def mark_of_another_host(settings, age=0.0):
    path = settings.folder / "server-another-boot"
    path.touch()
    now = time.time() - age
    os.utime(path, (now, now))
    return path


def test_another_host_that_the_locks_do_not_reach_is_refused_in_a_sentence(shared):
    mark_of_another_host(shared)
    for refused in (lambda: upload(shared), lambda: maintenance.run_maintenance(shared)):
        with pytest.raises(FileError, match=r"file locks do not reach it.*SENTIMENT_JOBS\)\.$"):
            refused()


def test_another_host_that_the_locks_reach_shares_the_folder(shared):
    with mark_of_another_host(shared).open("ab") as other:
        fcntl.flock(other, fcntl.LOCK_SH)
        assert upload(shared)


def test_a_host_that_has_gone_is_forgotten(shared):
    mark_of_another_host(shared, age=sharing._FRESH + 1)
    assert upload(shared)


def test_two_servers_on_one_host_share_the_folder(shared):
    with sharing.Mark(shared.folder) as mark:
        mark.renew()
        assert upload(shared)
    assert [path.name for path in shared.folder.glob("server-*")] == [f"server-{processes.boot()}"]


def test_a_disk_that_takes_no_mark_stops_nothing(settings, monkeypatch):
    settings.folder.mkdir()
    monkeypatch.setattr(sharing, "_own_mark", lambda folder, boot="": folder / "missing" / "server")
    with sharing.Mark(settings.folder) as mark:
        mark.renew()
    assert list(settings.folder.iterdir()) == []


def test_a_clock_that_differs_from_the_disks_makes_no_other_host_old(shared, monkeypatch):
    mark_of_another_host(shared)
    monkeypatch.setattr(time, "time", lambda: 1e12)
    with pytest.raises(FileError, match="file locks"):
        sharing.check(shared.folder)


def test_the_largest_text_is_a_few_hundred_thousand_characters():
    assert 100_000 <= budget.TEXT_CHARACTERS <= 500_000
    assert f"{budget.TEXT_CHARACTERS:,}" in analyses.TOO_LONG
    assert "Score a file" in analyses.TOO_LONG


def test_a_message_may_hold_the_longest_text_several_times_and_no_more():
    settings = tomllib.loads((Path(__file__).parent.parent / ".streamlit/config.toml").read_text())
    escaped = 6 * budget.TEXT_CHARACTERS / 1e6  # megabytes, with every character as \\uXXXX
    assert 5 * escaped < settings["server"]["maxMessageSize"] < 50
