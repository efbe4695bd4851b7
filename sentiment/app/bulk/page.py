"""The Bulk page: upload a file, choose options, follow the scoring job, and see the results.

A job is found by the page's address (``?job=``) alone, so it survives a refresh and a restart of browser or server.
"""

from __future__ import annotations

import os
import shlex
from pathlib import Path
from typing import Any

import streamlit as st

from sentiment.app.bulk import results
from sentiment.app.shared import current_run, job_errors, uploads
from sentiment.app.shared.uploads import escape_markdown
from sentiment.artifacts import ArtifactError
from sentiment.bulk.errors import BulkError
from sentiment.bulk.jobs import creation, limits, maintenance
from sentiment.bulk.jobs.job import Job, find_job
from sentiment.bulk.jobs.settings import Settings
from sentiment.bulk.readers.columns import column_choices, header_note, label_values, looks_like_reviews
from sentiment.bulk.readers.decoding import detect_format, is_text
from sentiment.formatting import counted, duration, size

_TYPES = ["csv", "tsv", "txt", "jsonl", "parquet", "xlsx", "gz", "zst", "zip"]
_PARAMETER = "job"
_UPLOAD = "upload"
_UPLOAD_ERROR = "upload_refused"  # key of the error of the last upload, until it is shown
_OWN_JOBS = "own_jobs"  # key of the file names of this session's jobs, by id
_DELIMITERS = {"found out": None, "comma": ",", "semicolon": ";", "tab": "\t", "bar |": "|"}
_ENCODINGS = ["found out", "utf-8", "cp1252", "latin-1", "utf-16", "cp1251", "shift_jis", "gb18030"]
_QUEUED = "Other files are being processed. This one waits for its turn."
_OPTIONS = "Read the file in another way"
_HEADER = "First row holds names"
_HEADERS = {"found out": None, "yes": True, "no": False}


def page() -> None:
    """Shows the upload form, or the job named in the address."""
    st.title("What did all of them feel?")
    try:
        settings = Settings.from_environment()
    except BulkError as error:
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
    id = st.query_params.get(_PARAMETER)
    if id is None:
        _upload(settings)
        return
    job = find_job(settings, id)
    if job is None:
        results.clear_cache()
        st.warning("There is no job at this address any more, or there never was.", icon=":material/link_off:")
        st.button("Upload a file", on_click=_leave)
        return
    st.session_state.setdefault(_OWN_JOBS, {})[job.id] = job.read("upload")["name"]
    _header(job, settings)
    match job.state:
        case "unread" | "inspecting":
            _inspection_progress(job.id)
        case "new":
            _choices(job)
        case "waiting" | "running":
            _scoring_progress(job.id)
        case "failed":
            st.error(escape_markdown(results.with_original_name(job, job.read("error"))), icon=":material/error:")
            if job.read("task"):
                with st.container(horizontal=True):
                    st.button("Try again", on_click=job_errors.run_action, args=(job.submit, job.read("task")))
                    st.button("Start anew", on_click=job_errors.run_action, args=(job.withdraw,))
            else:
                _reading_options(job, expanded=True)
        case _ if job.read("task") is None or job.read("inspection") is None:
            st.error("A file of this job is damaged; upload the reviews again.", icon=":material/error:")
        case "cancelled" | "done" | "preparing":
            _scoring_model(job)
            results.show(job)


def _upload(settings: Settings) -> None:
    limit = st.get_option("server.maxUploadSize")
    st.write(
        f"Up to **{limit:,} MB**: .csv, .tsv, .txt (a review a line), .jsonl, .parquet or .xlsx; the first four "
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
        st.write("On the command line there is no limit; a broken-off run goes on with `--resume`:")
        st.code(f"python scripts/score.py reviews.csv scored.csv --artifacts {_run_argument()}", language="bash")
    own_jobs = {id: name for id, name in st.session_state.get(_OWN_JOBS, {}).items() if find_job(settings, id)}
    if own_jobs:
        st.header("Files of this session")
        for id, name in own_jobs.items():
            model = f" · {escape_markdown(run)}" if (run := _model_name(Job(settings.folder / id))) else ""
            st.button(
                escape_markdown(name) + model,
                key=f"own-{id}",
                on_click=_open_job,
                args=(id,),
                icon=":material/description:",
            )


def _create_job(settings: Settings, key: str) -> None:
    """Creates a job from an upload, in a callback because the page's own return value would be one more copy."""
    for file in uploads.read_and_release(_UPLOAD, st.session_state[key]):
        try:
            job = creation.create_job(settings, file.name, file, file.size)
        except (BulkError, OSError) as error:
            st.session_state[_UPLOAD_ERROR] = job_errors.error_message(error)
        else:
            st.query_params[_PARAMETER] = job.id


def _run_argument() -> str:
    """Returns the run's folder as a shell argument, without the server's path."""
    root = '"${SENTIMENT_RUNS:-artifacts}"' if "SENTIMENT_RUNS" in os.environ else "artifacts"
    return f"{root}/{shlex.quote(current_run.run().name)}"


def _header(job: Job, settings: Settings) -> None:
    upload = job.read("upload")
    with st.container(horizontal=True, vertical_alignment="center"):
        st.header(escape_markdown(upload["name"]), icon=":material/description:", width="content")
        st.caption(f"{size(upload['bytes'])} · come back to it by this page's address", width="stretch")
        st.button("Another file", on_click=_leave, icon=":material/upload_file:")
        with st.popover("Delete", icon=":material/delete:"):
            st.write(
                "Delete the file and its results? This cannot be undone. They are deleted automatically "
                f"{settings.hours:g} hours after the work on them has ended."
            )
            st.button("Delete now", on_click=_delete, args=(job,), icon=":material/delete:")


def _model_name(job: Job) -> str:
    """Returns the name of the model that scores a job, "" if none has been chosen."""
    return Path(task["run"]).name if (task := job.read("task")) else ""


def _scoring_model(job: Job) -> None:
    """Shows which model scored the file, and offers the one in the sidebar if it differs."""
    scored_with = _model_name(job)
    try:
        chosen = Path(current_run.location()[0]).resolve()
    except ArtifactError:
        chosen = None
    if chosen is None or str(chosen) == job.read("task")["run"]:
        st.caption(f"Scored with **{escape_markdown(scored_with)}**.")
        return
    with st.container(horizontal=True, vertical_alignment="center"):
        st.info(
            f"Scored with **{escape_markdown(scored_with)}**; you have chosen **{escape_markdown(chosen.name)}**.",
            icon=":material/model_training:",
        )
        label = "Open the results of" if _job_with_run(job, str(chosen)) else "Score again with"
        st.button(f"{label} {escape_markdown(chosen.name)}", on_click=_score_again, args=(job, str(chosen)))


def _job_with_run(job: Job, run: str) -> Job | None:
    """Returns the job that scores the same file with another run, None if there is none."""
    if comparison := job.comparison_job(run):
        return comparison
    origin = _find(job.read("origin") or "")
    if origin is None:
        return None
    return origin if (origin.read("task") or {}).get("run") == run else origin.comparison_job(run)


def _score_again(job: Job, run: str) -> None:
    """Opens the job that scores the same file with another run, and creates it if necessary."""
    if _job_with_run(job, run) is None:
        origin = _find(job.read("origin") or "") or job
        job_errors.run_action(origin.score_with_other_run, run)
        if comparison := origin.comparison_job(run):
            job_errors.run_action(comparison.write, "origin", origin.id)
    if other := _job_with_run(job, run):
        _open_job(other.id)


@st.fragment(run_every=0.5)
@job_errors.show_disk_errors()
def _inspection_progress(id: str) -> None:
    job = _find(id)
    if job is None or (state := job.state) not in ("unread", "inspecting"):
        st.rerun()
    if state == "unread":
        maintenance.run_maintenance(Settings.from_environment())
        st.info(_QUEUED, icon=":material/hourglass_top:")
        return
    progress = job.read("progress") or {"done": 0}
    st.info(f"Reading the file: {counted(progress['done'], 'row')}", icon=":material/hourglass_top:")


def _choices(job: Job) -> None:
    """Shows the result of the inspection and the options for scoring."""
    inspection = job.read("inspection")
    columns, rows = inspection["columns"], inspection["survey"]["rows"]
    st.write(_summary(inspection))
    if inspection.get("header_in_doubt"):
        st.warning(
            f"{escape_markdown(header_note(columns))} If it is a review, open “{_OPTIONS}” below and set “{_HEADER}” "
            "to “no”.",
            icon=":material/help:",
        )
    for problem in inspection["problems"][:3]:
        st.warning(f"Unreadable, {escape_markdown(problem)}", icon=":material/warning:")
    if not rows:
        st.info("The file has a header and no rows, so there is nothing to score.", icon=":material/info:")
    left, right = st.columns(2)
    names = column_choices(columns)
    text = left.selectbox(
        "Column of reviews",
        range(len(columns)),
        index=inspection["text"],
        format_func=names.__getitem__,
        key="text_column",
    )
    label = right.selectbox(
        "Column of labels, to measure against",
        [None, *range(len(columns))],
        index=0 if inspection["label"] is None else inspection["label"] + 1,
        format_func=lambda place: "none" if place is None else names[place],
        key="label_column",
    )
    if not looks_like_reviews(columns, inspection["sample"], text):
        st.warning(
            f"“{escape_markdown(names[text])}” does not look like reviews. Is it the column you mean?",
            icon=":material/help:",
        )
    if label is not None:
        _label_meaning(inspection["values"].get(str(label)), names[label])
    explain = st.checkbox("Name the words that pushed each review", value=rows <= 20_000, key="explain")
    st.button(
        f"Score {counted(rows, 'row')}",
        icon=":material/play_arrow:",
        disabled=label == text or not rows,
        on_click=_submit,
        args=(job, {"text": text, "label": label, "explain": explain}),
    )
    if rows:
        _preview(inspection, names, text)
    _reading_options(job)


def _summary(inspection: dict[str, Any]) -> str:
    survey = inspection["survey"]
    parts = [counted(survey["rows"], "row"), counted(len(inspection["columns"]), "column")]
    detected = inspection["found"]
    if "encoding" in detected:
        parts.append(f"encoding {escape_markdown(detected['encoding'])}")
    if "delimiter" in detected:
        names = {sign: name for name, sign in _DELIMITERS.items()}
        parts.append(
            f"delimiter {escape_markdown(names.get(detected['delimiter'], detected['delimiter'].strip()) or 'none')}"
        )
    if detected.get("header") is False:
        parts.append("no header")
    if "sheet" in detected:
        parts.append(f"sheet {escape_markdown(detected['sheet'])}")
    if survey["unreadable"]:
        parts.append(f"{counted(survey['unreadable'], 'row')} unreadable, to be returned without a score")
    if extra := survey.get("extra"):
        parts.append(f"{counted(extra, 'row')} with extra cells, which are kept in the column “problem”")
    return "Found: " + ", ".join(parts) + "."


def _label_meaning(values: dict[str, int] | None, name: str) -> None:
    """Shows how each value of the label column is interpreted."""
    if values is None:
        st.info(
            f"The values of “{escape_markdown(name)}” are not listed here: there are none, or too many values or "
            "columns. Where they are pos/neg, 1/0, true/false or stars, the verdicts are measured against them."
        )
        return
    means = label_values(values)
    if not {0, 1} & set(means.values()):
        st.warning(
            f"The values of “{escape_markdown(name)}” are no labels that I know: pos/neg, 1/0, true/false, or stars."
        )
        return
    words = {1: "positive", 0: "negative", None: "neither"}
    st.dataframe(
        {"value": list(means), "means": [words[m] for m in means.values()], "rows": list(values.values())},
        hide_index=True,
        width="content",
        alt="What each value of the labels means, and how many rows have it",
    )


def _preview(inspection: dict[str, Any], names: list[str], text: int) -> None:
    order = [text, *(i for i in range(min(len(names), 30)) if i != text)]
    rows = [[row[i] if i < len(row) else "" for i in order] for row in inspection["sample"]]
    keys = [f"c{i}" for i in order]
    labels = {key: st.column_config.TextColumn(names[i], pinned=i == text) for key, i in zip(keys, order, strict=True)}
    st.header("How it begins")
    shown = [dict(zip(keys, row, strict=True)) for row in rows]
    st.dataframe(shown, hide_index=True, column_config=labels, alt="The first rows of the file")


def _reading_options(job: Job, *, expanded: bool = False) -> None:
    """Offers parser options to replace the detected ones, if any apply to this file."""
    offered = _useful_options(job)
    if not offered:
        return
    chosen: dict[str, Any] = {}
    with st.expander(_OPTIONS, expanded, icon=":material/tune:"), st.form("reading", border=False):
        places = dict(zip(offered, st.columns(len(offered)), strict=True))
        if place := places.get("delimiter"):
            chosen["delimiter"] = _DELIMITERS[place.selectbox("Delimiter", list(_DELIMITERS))]
        if place := places.get("encoding"):
            encoding = place.selectbox("Encoding", _ENCODINGS, accept_new_options=True)
            chosen["encoding"] = None if encoding == _ENCODINGS[0] else encoding
        if place := places.get("header"):
            chosen["header"] = _HEADERS[place.selectbox(_HEADER, list(_HEADERS))]
        if st.form_submit_button("Read again"):
            job_errors.run_action(job.reinspect, chosen)
            st.rerun()


def _useful_options(job: Job) -> list[str]:
    """Returns the parser options that apply to this file; none if it is not a table."""
    inspection = job.read("inspection")
    try:
        form = inspection["form"] if inspection else detect_format(job.input)[0]
        usable = inspection is not None or is_text(job.input)
    except BulkError:
        return []
    offered = {"csv": ["delimiter", "encoding", "header"], "txt": ["encoding"], "jsonl": ["encoding"]}
    offered |= {"tsv": offered["csv"], "xlsx": ["header"] if inspection else []}
    return offered.get(form, []) if usable else []


@st.fragment(run_every=1.0)
@job_errors.show_disk_errors()
def _scoring_progress(id: str) -> None:
    job = _find(id)
    if job is None or (state := job.state) not in ("waiting", "running"):
        st.rerun()
    job_errors.show_stored_error()
    st.caption(f"Model: **{escape_markdown(_model_name(job))}**")
    maintenance.run_maintenance(Settings.from_environment())
    if state == "waiting":
        st.info(_QUEUED, icon=":material/hourglass_top:")
    elif progress := job.read("progress"):
        done, rows, rate = progress["done"], progress["rows"], progress["rate"]
        stage = progress["stage"].capitalize()
        parts = f"{stage}: {done:,} of {counted(rows, 'row')}" if rows else f"Reading: {counted(done, 'row')}"
        if rate:
            parts += f", {rate:,.0f} a second, {duration((rows - done) / rate, clock=True)} left"
        st.progress(min(1.0, done / rows) if rows else 0.0, text=parts)
    else:
        st.progress(0.0, text="Starting")
    st.button("Stop, and keep what is done", on_click=job_errors.run_action, args=(job.cancel,), icon=":material/stop:")


def _submit(job: Job, task: dict[str, Any]) -> None:
    job_errors.run_action(
        job.submit, {**task, "run": str(current_run.run().path), "reading": job.read("reading") or {}}
    )


def _find(id: str) -> Job | None:
    return find_job(Settings.from_environment(), id)


def _open_job(id: str) -> None:
    st.query_params[_PARAMETER] = id


def _leave() -> None:
    st.query_params.pop(_PARAMETER, None)


def _delete(job: Job) -> None:
    deleted = job_errors.run_action(job.delete)
    if deleted is None:
        return
    results.clear_cache()
    _leave()
    if deleted:
        st.toast("The file and all that was made of it are gone.")
    else:
        st.toast("Another server is working on this file. It stops soon, and the file is then deleted.")
