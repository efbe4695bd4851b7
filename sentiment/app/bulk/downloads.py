"""Downloads of a job's results: the whole output, written by a worker, or the filtered rows."""

from __future__ import annotations

import json
from functools import partial
from pathlib import Path
from typing import Any

import pandas as pd
import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from sentiment.app.shared import chart_block, job_errors, transfers, uploads
from sentiment.app.shared.buttons import primary_label
from sentiment.budget import DOWNLOAD_BYTES, Settings
from sentiment.bulk.jobs import maintenance
from sentiment.bulk.jobs.job import Job
from sentiment.bulk.results import Results, Rows
from sentiment.bulk.scoring import PROBLEM, VERDICT, WORDS
from sentiment.bulk.writing import check_limits, prefix
from sentiment.formatting import counted, size
from sentiment.tables.errors import FileError
from sentiment.tables.formats import COMPRESSIONS, FORMATS, OUTPUT_FORMATS
from sentiment.tables.open import Survey

# Bytes. Larger downloads are read on request. Streamlit 1.67 drops such a request if two other page runs end before the
# browser starts to fetch it; the user then has to click again.
_IN_MEMORY_DOWNLOAD = 1_000_000
_MAX_SELECTION_ROWS = 20_000  # in memory, for a download of filtered rows
_MAX_SELECTION_CHARACTERS = 50_000_000  # at which such a download is cut off
_SELECTION_CHUNK = 200  # rows read at a time
_MAX_ADDED_COLUMNS = len([*VERDICT, *WORDS, PROBLEM])
_ESCAPING = "Cells starting with =, +, - or @ are escaped by default, because a spreadsheet would run them."


def show(job: Job, inspection: dict[str, Any], notes: DeltaGenerator) -> None:
    """Shows the download of the whole output, and a menu of its format; a worker writes the file if necessary.

    Args:
        job: the finished or stopped job.
        inspection: the inspection of its file.
        notes: the container for long messages.
    """
    place = st.container(width="content")
    wanted = _menu(job)
    with place:
        try:
            width = len(inspection["columns"]) + _MAX_ADDED_COLUMNS
            check_limits(wanted["form"], Survey(**inspection["survey"]), width)
        except FileError as error:
            notes.warning(uploads.escape_markdown(str(error)), icon=":material/block:")
            return
        _show_file(job, wanted, notes)


def _menu(job: Job) -> dict[str, Any]:
    """Shows the format of the download and its options; returns them as the job's worker expects them."""
    with st.popover("Format", icon=":material/tune:"):
        form = st.selectbox("Format", OUTPUT_FORMATS, key="form", format_func=str.upper)
        bom = raw = False
        if form in ("csv", "tsv"):
            bom = st.checkbox("Add BOM for Excel", True, key="bom")
        if form in ("csv", "tsv", "xlsx"):
            raw = st.checkbox("Don't escape formulas", key="raw", help=_ESCAPING)
        if result := job.read("result"):
            st.download_button(
                "Metadata (JSON)",
                json.dumps(result, indent=2),
                f"{stem(job)}-scored.json",
                on_click="ignore",
                icon=":material/data_object:",
                help="How the file was made: model, input, options and counts.",
            )
    return {"form": form, "raw": raw, "bom": bom}


def _show_file(job: Job, wanted: dict[str, Any], notes: DeltaGenerator) -> None:
    form, file = wanted["form"], _existing_output(job, wanted)
    if job.state == "preparing":
        _preparation(str(job.folder))
    elif file is not None and file.stat().st_size > DOWNLOAD_BYTES:
        notes.warning(
            f"This download is {size(file.stat().st_size)}, and the server sends at most {size(DOWNLOAD_BYTES)}. "
            "Choose Parquet, which is smaller, or score the file on the command line.",
            icon=":material/block:",
        )
    elif file is not None:
        st.download_button(
            primary_label(f"Download {form.upper()} ({size(file.stat().st_size)})", ":material/download:"),
            file.read_bytes() if file.stat().st_size < _IN_MEMORY_DOWNLOAD else partial(transfers.open_download, file),
            f"{stem(job)}-scored.{form}",
            on_click="ignore",
            type="primary",
        )
    else:
        label = primary_label(f"Create {form.upper()}", ":material/build:")
        st.button(label, on_click=_prepare, args=(job, wanted), type="primary")
        if (problem := job.read("unwritten")) and _was_last_requested(job, wanted):
            notes.error(uploads.escape_markdown(with_original_name(job, problem)), icon=":material/error:")


def show_selection(results: Results, rows: Rows) -> None:
    """Offers the filtered rows as CSV, in the order of the table."""
    if len(rows) > _MAX_SELECTION_ROWS:
        st.caption(
            f"Filter to {_MAX_SELECTION_ROWS:,} rows or fewer to download them. The whole file is above.",
            width="content",
        )
        return
    st.download_button(
        f"Download {counted(len(rows), 'listed row')}",
        lambda: _selection_as_csv(results, rows),
        "rows.csv",
        "text/csv",
        on_click="ignore",
        type="tertiary",
        icon=":material/download:",
        disabled=not len(rows),
    )


def with_original_name(job: Job, message: str) -> str:
    """Replaces the internal file name in a message by the name of the upload."""
    return message.replace(job.input.name, job.read("upload")["name"])


def _prepare(job: Job, wanted: dict[str, Any]) -> None:
    job_errors.run_action(job.request_download, wanted)


def stem(job: Job) -> str:
    """Returns the name of a job's file without the suffixes of its format: "my.reviews.csv.gz" is "my.reviews"."""
    path = Path(job.read("upload")["name"])
    if path.suffix.lower().lstrip(".") in COMPRESSIONS:
        path = path.with_suffix("")
    return path.stem if path.suffix.lower().lstrip(".") in FORMATS else path.name


def _existing_output(job: Job, wanted: dict[str, Any]) -> Path | None:
    """Returns the output file in the requested format, None if it does not exist yet."""
    if job.state == "done" and wanted == {"form": "csv", "raw": False, "bom": job.read("result")["options"]["bom"]}:
        return job.folder / "output.csv"
    file = job.folder / f"download.{wanted['form']}"
    return file if file.exists() and _was_last_requested(job, wanted) else None


def _was_last_requested(job: Job, wanted: dict[str, Any]) -> bool:
    """Returns whether this format was the last one requested."""
    return bool(job.read("action") == {"name": "write", **wanted})


@st.fragment(run_every=1.0)
@job_errors.show_disk_errors()
def _preparation(folder: str) -> None:
    job = Job(Path(folder))
    if job.state != "preparing":
        st.rerun()
    if job.has_worker:
        st.caption("Preparing download …", width="content")
    else:
        maintenance.run_maintenance(Settings.from_environment())
        st.caption("Queued: other jobs are running.", width="content")


def _selection_as_csv(results: Results, rows: Rows) -> str:
    """Returns the rows as CSV, cut off when the cells exceed the memory limit."""
    frames: list[pd.DataFrame] = []
    characters_left = _MAX_SELECTION_CHARACTERS
    for start in range(0, len(rows), _SELECTION_CHUNK):
        frames.append(results.read(rows[start : start + _SELECTION_CHUNK], range(len(results.columns))))
        cells = frames[-1].filter(regex=r"^c\d+$")  # the file's own columns
        characters_left -= sum(int(column.str.len().sum()) for _, column in cells.items())
        if characters_left < 0:
            break
    frame = pd.concat(frames)
    our_names = ["row", *frame.columns[len(results.columns) + 1 :]]
    name_prefix = prefix(our_names, results.columns)
    row, *verdict = (name_prefix + name for name in our_names)
    return chart_block.escaped_csv(frame.set_axis([row, *results.columns, *verdict], axis=1))
