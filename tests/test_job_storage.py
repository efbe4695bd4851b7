"""Uploads with any name, and jobs on a full disk: stored safely, or refused with a message and no leftovers."""

import errno
import io
import os
from pathlib import Path

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from sentiment.bulk.jobs import creation, limits
from sentiment.bulk.jobs import job as job_module
from sentiment.bulk.jobs.creation import create_job
from sentiment.bulk.jobs.maintenance import run_maintenance
from sentiment.tables.errors import FileError
from tests.bulk_jobs import upload, wait

pytestmark = pytest.mark.process


def folders(settings):
    """Returns the folders of jobs, and what is left of them."""
    return [path for path in settings.folder.glob("*") if path.is_dir()]


@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.builds(
        lambda stem, suffixes: stem + "".join(suffixes),
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
def test_any_name_gives_a_readable_job_or_is_refused_without_leftovers(job_settings, name):
    try:
        job = create_job(job_settings, name, io.BytesIO(b"review\n"), 7)
    except FileError as error:
        assert str(error).endswith(".")
        assert folders(job_settings) == []
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
def test_an_upload_is_stored_by_its_format_alone(job_settings, name, stored):
    assert upload(job_settings, name).input.name == stored


def raise_full(*_, **__):
    """Raises the error of a full disk."""
    raise OSError(errno.ENOSPC, "No space left on device", "/a/folder/of/the/server")


@pytest.mark.parametrize(
    ("owner", "function"),
    [(job_module, "write_json"), (Path, "touch"), (creation.shutil, "copyfileobj")],
    ids=["write", "touch", "copy"],
)
def test_an_upload_to_a_full_disk_is_refused_without_leftovers(job_settings, monkeypatch, owner, function):
    job_settings.folder.mkdir()
    with monkeypatch.context() as patch:
        patch.setattr(owner, function, raise_full)
        with pytest.raises(FileError, match=f"^{limits.DISK_FULL}$"):
            upload(job_settings)
    assert not list(job_settings.folder.iterdir())


@pytest.mark.parametrize("action", ["submit", "request_download", "cancel", "reinspect", "score_with_other_run"])
def test_an_action_on_a_full_disk_is_refused_and_changes_nothing(job_settings, monkeypatch, action):
    job = upload(job_settings)
    arguments = {"run": "a", "text": 0}
    for name in ("inspection", "task", "result"):
        job.write(name, arguments)
    with monkeypatch.context() as patch:
        patch.setattr(job_module, "write_json", raise_full)
        with pytest.raises(FileError, match=f"^{limits.DISK_FULL}$"):
            getattr(job, action)(*{"cancel": (), "score_with_other_run": ("b",)}.get(action, (arguments,)))
    assert job.state == "done"
    assert job.read("inspection") == arguments
    assert folders(job_settings) == [job.folder]


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EROFS])
def test_maintenance_on_an_unwritable_disk_leaves_the_job_to_the_next_call(job_settings, monkeypatch, number):
    job = upload(job_settings)

    def refuse(*_):
        raise OSError(number, os.strerror(number))

    with monkeypatch.context() as patch:
        patch.setattr(job_module, "write_json", refuse)
        with pytest.raises(OSError, match=os.strerror(number)):
            run_maintenance(job_settings)
        assert job.state == "unread"
    wait(job, "new", maintained=job_settings)


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EROFS, errno.EIO, None])
def test_an_error_of_the_system_is_explained_without_a_path(number):
    error = OSError(number, os.strerror(number), "/a/path") if number else OSError("cannot open /a/path")
    assert "a/path" not in limits.explain(error)
    assert "None" not in limits.explain(error)
