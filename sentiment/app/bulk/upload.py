"""The step Upload: a file, a sample or pasted lines become a job; earlier jobs of the session are linked."""

from __future__ import annotations

import os
import shlex
from io import BytesIO
from pathlib import Path
from typing import BinaryIO

import streamlit as st

from sentiment import budget
from sentiment.app.shared import current_run, job_errors, tabs, uploads, visitors
from sentiment.app.shared.uploads import escape_markdown
from sentiment.budget import Settings
from sentiment.bulk.jobs import creation
from sentiment.bulk.jobs.job import Job, find_job
from sentiment.tables.errors import FileError
from sentiment.tables.options import parse_delimiter

PARAMETER = "job"
_UPLOAD = "upload"
_PASTED = "pasted_reviews"  # key of the box for pasted reviews
_SAMPLE = Path(__file__).with_name("sample.csv")
_UPLOAD_ERROR = "upload_refused"  # key of the error of the last upload, until it is shown
OWN_JOBS = "own_jobs"  # key of the file names of this session's jobs, by id


def show_form(settings: Settings) -> None:
    """Shows the upload, sample and paste controls, and links to the jobs of this session."""
    left, right = st.columns([3, 2], gap="large")
    with left:
        _upload(settings)
    with right:
        _paste(settings)
    if refused := st.session_state.pop(_UPLOAD_ERROR, None):
        st.error(escape_markdown(refused), icon=":material/error:")
    st.caption(
        f"Your reviews stay on this server under a private link and are deleted {settings.hours:g} hours after scoring."
    )
    _recent_files(settings)
    with st.expander("Larger files: use the command line", icon=":material/terminal:"):
        st.write("No size limit; `--resume` continues an interrupted job.")
        st.code(f"python scripts/score.py reviews.csv scored.csv --artifacts {_run_argument()}", language="bash")


def _upload(settings: Settings) -> None:
    key = uploads.uploader_key(_UPLOAD)
    # Without ``type``: Streamlit would list the types twice, and refuse others without saying what to do.
    st.file_uploader("Upload a file of reviews", key=key, on_change=_create_job, args=(settings, key))
    st.caption(
        "CSV, TSV, TXT (one review per line), JSONL, JSON, Parquet or XLSX. All except Parquet and XLSX may be "
        "compressed (.gz, .zst, .zip)."
    )
    with st.container(horizontal=True, vertical_alignment="center"):
        st.button("Try a sample file", on_click=_create_sample, args=(settings,), icon=":material/science:")
        st.caption("50 short reviews with labels, genres and dates.", width="content")


def _paste(settings: Settings) -> None:
    """Shows a box for reviews, each on a line of its own."""
    with st.form("paste", border=False):
        st.text_area(
            "Or paste reviews, one per line",
            key=_PASTED,
            height=150,
            max_chars=budget.TEXT_CHARACTERS,
            placeholder="A warm and funny movie.\nFar too long, and not scary at all.",
        )
        st.form_submit_button(
            "Use these reviews", on_click=_create_from_paste, args=(settings,), icon=":material/content_paste_go:"
        )


def _recent_files(settings: Settings) -> None:
    stored = st.session_state.get(OWN_JOBS, {})
    own_jobs = {job_id: name for job_id, name in stored.items() if find_job(settings, job_id)}
    if not own_jobs:
        return
    st.header("Recent files")
    with st.container(horizontal=True):
        for job_id, name in own_jobs.items():
            model = f" · {escape_markdown(run)}" if (run := model_name(Job(settings.folder / job_id))) else ""
            st.button(
                escape_markdown(name) + model,
                key=f"own-{job_id}",
                on_click=open_job,
                args=(job_id,),
                icon=":material/description:",
            )


def _create_sample(settings: Settings) -> None:
    with _SAMPLE.open("rb") as file:
        _create(settings, "sample-reviews.csv", file, _SAMPLE.stat().st_size)


def _create_from_paste(settings: Settings) -> None:
    """Creates a job from the pasted lines, each of which is one review: no header, no delimiter."""
    if not isinstance(st.session_state.get(_PASTED), str):  # Streamlit does not check what a browser sends
        st.session_state[_PASTED] = ""
    pasted = st.session_state[_PASTED]
    if len(pasted) > budget.TEXT_CHARACTERS:  # the box takes no more, but a browser may send it
        st.session_state[_UPLOAD_ERROR] = f"Paste {budget.TEXT_CHARACTERS:,} characters at most, or upload a file."
        return
    content = pasted.encode("utf-8", "replace")
    if not content.strip():
        st.session_state[_UPLOAD_ERROR] = "There is no review yet. Paste at least one line."
        return
    if job := _create(settings, "pasted-reviews.txt", BytesIO(content), len(content)):
        job_errors.run_action(job.reinspect, {"encoding": "utf-8", "delimiter": parse_delimiter("none")})
        st.session_state[_PASTED] = ""


def _create_job(settings: Settings, key: str) -> None:
    """Creates a job from an upload. A callback, because the uploader's return value would be one more copy."""
    for file in uploads.read_and_release(_UPLOAD, st.session_state[key]):
        _create(settings, file.name, file, file.size)


def _create(settings: Settings, name: str, content: BinaryIO, size: int) -> Job | None:
    """Creates a job and opens it; on failure stores the message and returns None."""
    try:
        job = creation.create_job(settings, name, content, size, visitors.current())
    except (FileError, OSError) as error:
        st.session_state[_UPLOAD_ERROR] = job_errors.error_message(error)
        return None
    open_job(job.id)
    return job


def _run_argument() -> str:
    """Returns the run's folder as a shell argument, without the server's path."""
    root = '"${SENTIMENT_RUNS:-artifacts}"' if "SENTIMENT_RUNS" in os.environ else "artifacts"
    return f"{root}/{shlex.quote(current_run.run().name)}"


def model_name(job: Job) -> str:
    """Returns the name of the model that scores a job, "" if none has been chosen."""
    return Path((job.read("task") or {}).get("run", "")).name


def open_job(job_id: str) -> None:
    """Opens a job; for callbacks."""
    st.query_params[PARAMETER] = job_id


def leave() -> None:
    """Returns to the upload form; for callbacks."""
    st.query_params.pop(PARAMETER, None)
    st.query_params.pop(tabs.KEY, None)
