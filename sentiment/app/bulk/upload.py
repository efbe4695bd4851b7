"""Uploads a file of reviews, and leads back to the jobs of this session."""

from __future__ import annotations

import os
import shlex
from pathlib import Path

import streamlit as st

from sentiment.app.shared import current_run, job_errors, uploads
from sentiment.app.shared.uploads import escape_markdown
from sentiment.bulk.jobs import creation
from sentiment.bulk.jobs.job import Job, find_job
from sentiment.bulk.jobs.settings import Settings
from sentiment.tables.errors import FileError

# An old workbook (.xls) is refused in a sentence that says what to do.
_TYPES = ["csv", "tsv", "txt", "jsonl", "json", "parquet", "xlsx", "xls", "gz", "zst", "zip"]
PARAMETER = "job"
_UPLOAD = "upload"
_UPLOAD_ERROR = "upload_refused"  # key of the error of the last upload, until it is shown
OWN_JOBS = "own_jobs"  # key of the file names of this session's jobs, by id


def show_form(settings: Settings) -> None:
    """Shows the upload form, and links to the jobs of this session."""
    limit = st.get_option("server.maxUploadSize")
    st.write(
        f"Up to **{limit:,} MB**: .csv, .tsv, .txt (a review a line), .jsonl, .json, .parquet or .xlsx; the first five "
        "also as .gz, .zst or .zip. Every row comes back with its verdict."
    )
    key = uploads.uploader_key(_UPLOAD)
    st.file_uploader(
        "A file of reviews",
        type=_TYPES,
        key=key,
        label_visibility="collapsed",
        on_change=_create_job,
        args=(settings, key),
    )
    if refused := st.session_state.pop(_UPLOAD_ERROR, None):
        st.error(escape_markdown(refused), icon=":material/error:")
    st.caption(
        "The file is kept on the server of this page and nowhere else, under an address that only you know. It goes "
        f"when you delete it, or by itself {settings.hours:g} hours after the work on it has ended."
    )
    with st.expander("A larger file, or many of them", icon=":material/terminal:"):
        st.write("On the command line there is no limit; an interrupted run resumes with `--resume`:")
        st.code(f"python scripts/score.py reviews.csv scored.csv --artifacts {_run_argument()}", language="bash")
    own_jobs = {id: name for id, name in st.session_state.get(OWN_JOBS, {}).items() if find_job(settings, id)}
    if own_jobs:
        st.header("Files of this session")
        for id, name in own_jobs.items():
            model = f" · {escape_markdown(run)}" if (run := model_name(Job(settings.folder / id))) else ""
            st.button(
                escape_markdown(name) + model,
                key=f"own-{id}",
                on_click=open_job,
                args=(id,),
                icon=":material/description:",
            )


def _create_job(settings: Settings, key: str) -> None:
    """Creates a job from an upload, in a callback because the page's own return value would be one more copy."""
    for file in uploads.read_and_release(_UPLOAD, st.session_state[key]):
        try:
            job = creation.create_job(settings, file.name, file, file.size)
        except (FileError, OSError) as error:
            st.session_state[_UPLOAD_ERROR] = job_errors.error_message(error)
        else:
            st.query_params[PARAMETER] = job.id


def _run_argument() -> str:
    """Returns the run's folder as a shell argument, without the server's path."""
    root = '"${SENTIMENT_RUNS:-artifacts}"' if "SENTIMENT_RUNS" in os.environ else "artifacts"
    return f"{root}/{shlex.quote(current_run.run().name)}"


def model_name(job: Job) -> str:
    """Returns the name of the model that scores a job, "" if none has been chosen."""
    return Path(task["run"]).name if (task := job.read("task")) else ""


def open_job(id: str) -> None:
    """Leads to a job, in a callback."""
    st.query_params[PARAMETER] = id


def leave() -> None:
    """Leads back to the upload form, in a callback."""
    st.query_params.pop(PARAMETER, None)
