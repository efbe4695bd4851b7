"""The page Score a file: upload, choose columns, follow the scoring job, and see the results.

The URL (``?job=``) alone identifies a job, so the job survives a refresh, and a restart of the browser or server.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

import streamlit as st

from sentiment.app.bulk import choices, downloads, loading, own_labels, results, steps, upload
from sentiment.app.shared import current_run, job_errors
from sentiment.app.shared.buttons import primary_label
from sentiment.app.shared.uploads import escape_markdown
from sentiment.artifacts import ArtifactError
from sentiment.budget import Settings
from sentiment.bulk.jobs import limits, maintenance
from sentiment.bulk.jobs.job import Job, find_job
from sentiment.formatting import counted, duration, size
from sentiment.tables.errors import FileError

_QUEUED = "Queued: other jobs are running. This file waits for its turn."
_SCORED = ("cancelled", "done", "preparing")  # states of a job with rows to show


def page() -> None:
    """Shows the upload form, or the job that the URL names."""
    st.title("Score a file")
    try:
        settings = Settings.from_environment()
    except FileError as error:
        st.error(escape_markdown(str(error)), icon=":material/error:")
        return
    job_errors.show_stored_error()
    if limits.is_read_only(settings.folder):
        st.error(escape_markdown(limits.READ_ONLY), icon=":material/error:")
    with job_errors.show_disk_errors():
        maintenance.run_maintenance(settings)
    with job_errors.show_disk_errors():
        _content(settings)


def _content(settings: Settings) -> None:
    job_id = st.query_params.get(upload.PARAMETER)
    if job_id is None:
        _introduce("Upload")
        upload.show_form(settings)
        return
    job = find_job(settings, job_id)
    if job is None:
        _clear_cache()
        st.warning("This job doesn't exist or has expired.", icon=":material/link_off:")
        st.button("Upload a file", on_click=upload.leave)
        return
    st.session_state.setdefault(upload.OWN_JOBS, {})[job.id] = job.read("upload")["name"]
    scored = job.state in _SCORED and job.read("task") is not None and job.read("inspection") is not None
    _introduce("Results" if job.read("task") else "Columns")
    _header(job, settings, scored)
    match job.state:
        case "unread" | "inspecting":
            _inspection_progress(job.id)
        case "new":
            choices.show(job)
        case "waiting" | "running":
            _scoring_progress(job.id)
        case "failed":
            _failure(job)
        case _ if not scored:
            st.error("This job's files are corrupted. Please upload the file again.", icon=":material/error:")
        case _:
            _offer_chosen_model(job)
            results.show(job)


def _introduce(step: steps.Step) -> None:
    with st.container(horizontal=True, vertical_alignment="center"):
        st.caption("Every review comes back with its sentiment, probability, confidence and status.", width="stretch")
        steps.show(step)


def _header(job: Job, settings: Settings, scored: bool) -> None:
    """Shows the file's name and its buttons; for a scored one also its model, its date and the download."""
    file = job.read("upload")
    row, facts, notes = st.container(horizontal=True, vertical_alignment="center"), st.container(), st.container()
    with row:
        st.header(escape_markdown(file["name"]), icon=":material/description:", width="stretch")
        if scored:
            downloads.show(job, job.read("inspection"), notes)
        st.button("New file", on_click=upload.leave, icon=":material/upload_file:")
        with st.popover("Delete", icon=":material/delete:"):
            st.write(
                "Delete the file and its results? This cannot be undone. They are deleted automatically "
                f"after {settings.hours:g} hours."
            )
            st.button("Delete now", on_click=_delete, args=(job,), icon=":material/delete:")
    facts.caption(" · ".join(_facts(job, scored)))


def _facts(job: Job, scored: bool) -> Iterator[str]:
    """Yields the model and the end of the job, as far as known, the file's size, and a hint."""
    if model := upload.model_name(job):
        yield f"Model: **{escape_markdown(model)}**"
    if scored and (result := job.read("result")):
        yield f"{datetime.fromisoformat(result['ended']):%Y-%m-%d, %H:%M} UTC"
    yield size(job.read("upload")["bytes"])
    yield "bookmark this page to return"


def _failure(job: Job) -> None:
    """Shows why a job failed, and what can be done about it."""
    st.error(escape_markdown(downloads.with_original_name(job, job.read("error"))), icon=":material/error:")
    if job.read("task"):
        with st.container(horizontal=True):
            retry = primary_label("Retry")
            st.button(retry, on_click=job_errors.run_action, args=(job.submit, job.read("task")), type="primary")
            st.button("Change settings", on_click=job_errors.run_action, args=(job.withdraw,))
    else:
        choices.show_reading_options(job, expanded=True)


def _offer_chosen_model(job: Job) -> None:
    """Says if the sidebar's model is not the one that scored the file, and offers to use it."""
    try:
        chosen = Path(current_run.location()[0]).resolve()
    except ArtifactError:
        return
    if str(chosen) == job.read("task")["run"]:
        return
    with st.container(horizontal=True, vertical_alignment="center"):
        scored_with, name = escape_markdown(upload.model_name(job)), escape_markdown(chosen.name)
        st.info(
            f"Scored with **{scored_with}**; the model in the sidebar is **{name}**.",
            icon=":material/model_training:",
        )
        label = "Open the results of" if _job_with_run(job, str(chosen)) else "Score again with"
        st.button(f"{label} {name}", on_click=_score_again, args=(job, str(chosen)))


def _job_with_run(job: Job, run: str) -> Job | None:
    """Returns the job that scores the same file with the run in this folder, None if there is none."""
    if comparison := job.comparison_job(run):
        return comparison
    origin = _find(job.read("origin") or "")
    if origin is None:
        return None
    return origin if (origin.read("task") or {}).get("run") == run else origin.comparison_job(run)


def _score_again(job: Job, run: str) -> None:
    """Opens the job that scores the same file with the run in this folder, and creates it if necessary."""
    if _job_with_run(job, run) is None:
        origin = _find(job.read("origin") or "") or job
        job_errors.run_action(origin.score_with_other_run, run)
        if comparison := origin.comparison_job(run):
            job_errors.run_action(comparison.write, "origin", origin.id)
    if other := _job_with_run(job, run):
        upload.open_job(other.id)


@st.fragment(run_every=0.5)
@job_errors.show_disk_errors()
def _inspection_progress(job_id: str) -> None:
    job = _find(job_id)
    if job is None or (state := job.state) not in ("unread", "inspecting"):
        st.rerun()
    if state == "unread":
        maintenance.run_maintenance(Settings.from_environment())
        st.info(_QUEUED, icon=":material/hourglass_top:")
        return
    progress = job.read("progress") or {"done": 0}
    st.info(f"Reading the file: {counted(progress['done'], 'row')}", icon=":material/hourglass_top:")


@st.fragment(run_every=1.0)
@job_errors.show_disk_errors()
def _scoring_progress(job_id: str) -> None:
    job = _find(job_id)
    if job is None or (state := job.state) not in ("waiting", "running"):
        st.rerun()
    job_errors.show_stored_error()
    maintenance.run_maintenance(Settings.from_environment())
    if state == "waiting":
        st.info(_QUEUED, icon=":material/hourglass_top:")
    elif progress := job.read("progress"):
        done, rows, rate = progress["done"], progress["rows"], progress["rate"]
        stage = progress["stage"].capitalize()
        parts = f"{stage} {done:,} of {counted(rows, 'row')}" if rows else f"Reading {counted(done, 'row')}"
        if rate:
            parts += f" ({rate:,.0f}/s, {duration((rows - done) / rate, clock=True)} left)"
        st.progress(min(1.0, done / rows) if rows else 0.0, text=parts)
    else:
        st.progress(0.0, text="Starting")
    st.button("Stop (keep finished rows)", on_click=job_errors.run_action, args=(job.cancel,), icon=":material/stop:")


def _clear_cache() -> None:
    loading.clear_cache()
    own_labels.clear_cache()


def _find(job_id: str) -> Job | None:
    return find_job(Settings.from_environment(), job_id)


def _delete(job: Job) -> None:
    deleted = job_errors.run_action(job.delete)
    if deleted is None:
        return
    _clear_cache()
    upload.leave()
    if deleted:
        st.toast("File and results deleted.")
    else:
        st.toast("Another server is working on this file. It stops soon, and the file is then deleted.")
