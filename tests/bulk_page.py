"""The page Score a file, run in process: opens it, uploads files to it, and reads what it shows.

``tests/conftest.py`` offers the fixtures to every module. Jobs run in this process (``tests/inline_worker.py``), so
each is done before its start returns; ``tests/test_bulk_jobs.py`` tests the workers.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from sentiment.budget import Settings
from sentiment.bulk.jobs.job import Job, all_jobs, find_job
from tests.inline_worker import inline_worker

if TYPE_CHECKING:
    from streamlit.testing.v1 import AppTest

_KINDS = [("a good film", "pos"), ("a dull film", "neg"), ("not bad .", "pos")]
CONTENT = (
    "id,review,label,genre,seen\n"
    + "".join(
        f"{i},{text} {i},{label},{'drama' if i % 3 else 'comedy'},2024-0{i % 9 + 1}-01\n"
        for i, (text, label) in enumerate(_KINDS * 40)
    )
).encode()  # 120 rows


@pytest.fixture(scope="module")
def settings(runs: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Settings]:
    """The settings of the jobs of one module; the environment names their folder and that of the runs."""
    settings = Settings(tmp_path_factory.mktemp("jobs"))
    with inline_worker(), pytest.MonkeyPatch.context() as environment:
        environment.setenv("SENTIMENT_RUNS", str(runs))
        environment.setenv("SENTIMENT_JOBS", str(settings.folder))
        yield settings
        for job in all_jobs(settings):
            job.delete()


@pytest.fixture(scope="module")
def scored(settings: Settings) -> AppTest:
    """The page of a job that is done; a test that changes its filters or tab changes them back."""
    return score(upload(), settings)


def open_page(**query: str) -> AppTest:
    """The page as the app shows it, with the choice of the model in the sidebar."""
    from streamlit.testing.v1 import AppTest  # only here, since it takes a second and tests/conftest.py imports this

    def script() -> None:
        from sentiment.app.bulk import page
        from sentiment.app.shared import current_run

        current_run.choose_run()
        page.page()

    app = AppTest.from_function(script, default_timeout=30)
    for key, value in query.items():
        app.query_params[key] = value
    return app.run()


def upload(name: str = "films.csv", content: bytes = CONTENT) -> AppTest:
    """The page after the upload of a file."""
    app = open_page()
    app.file_uploader[0].upload(name, content).run()
    assert not app.exception
    return app


def score(app: AppTest, settings: Settings) -> AppTest:
    """Scores the uploaded file; returns the page with its results."""
    settle(app, settings, "new")
    button(app, "Score").click().run()
    return settle(app, settings, "done")


def job_of(app: AppTest, settings: Settings) -> Job:
    """The job that the page's address names."""
    id = app.query_params["job"]
    return find_job(settings, id if isinstance(id, str) else id[0])


def settle(app: AppTest, settings: Settings, *states: str) -> AppTest:
    """Returns the page once its job has one of the states; its job has it at once, since the worker is inline."""
    job = job_of(app, settings)
    assert job.state in states, (job.state, job.read("error"), (job.folder / "log").read_text())
    return app


def button(app: AppTest, start: str) -> Any:
    """The first button whose label begins with these words."""
    return next(each for each in app.button if plain(each.label).startswith(start))


def plain(label: str) -> str:
    """A label without its colour and its icon."""
    return re.sub(r"^:material/\w+: ", "", re.sub(r"^:violet\[(.*)\]$", r"\1", label))


def offers(app: AppTest, format: str) -> bool:
    """Whether the whole output can be downloaded in a format."""
    return any(plain(each.label).startswith(f"Download {format} (") for each in app.get("download_button"))


def open_tab(app: AppTest, name: str) -> AppTest:
    """The page with another tab of the results."""
    app.query_params["tab"] = name
    return app.run()


def figures(app: AppTest) -> dict[str, str]:
    """The figures of the tab Summary."""
    return {metric.label: metric.value for metric in open_tab(app, "Summary").metric}
