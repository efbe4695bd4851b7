"""Downloads of a job's results: the whole output, written by a worker, or the filtered rows."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pandas as pd
import streamlit as st

from sentiment.app.shared import chart_block, job_errors, uploads
from sentiment.bulk.jobs import maintenance
from sentiment.bulk.jobs.job import Job
from sentiment.bulk.jobs.settings import Settings
from sentiment.bulk.results import Results, Rows
from sentiment.bulk.writing import check_limits, prefix
from sentiment.formatting import size
from sentiment.tables.decoding import COMPRESSIONS, FORMATS, OUTPUT_FORMATS
from sentiment.tables.errors import FileError
from sentiment.tables.open import Survey

# Bytes. Larger downloads are read on request. Streamlit 1.67 drops such a request if two other page runs end before the
# browser starts to fetch it; the user then has to click again.
_IN_MEMORY_DOWNLOAD = 1_000_000
_MAX_SELECTION_ROWS = 20_000  # in memory, for a download of filtered rows
_MAX_SELECTION_CHARACTERS = 50_000_000  # at which such a download is cut off
_SELECTION_CHUNK = 200
_MAX_DOWNLOAD = 1_000_000_000  # bytes; the server holds a download in memory while it is sent


def show(job: Job, inspection: dict[str, Any]) -> None:
    """Offers the output in the chosen format; a worker process writes it first if necessary."""
    name = _stem(job.read("upload")["name"])
    with st.container(horizontal=True, vertical_alignment="bottom"):
        form = st.selectbox("Download as", OUTPUT_FORMATS, key="form", width=130)
        bom = st.checkbox("Mark as UTF-8 for Excel", True, key="bom") if form in ("csv", "tsv") else False
        raw = False
        if form in ("csv", "tsv", "xlsx"):
            raw = st.checkbox(
                "Leave formulas alive",
                key="raw",
                help="Otherwise a cell that a spreadsheet would run as a formula gets an apostrophe before it.",
            )
        try:
            check_limits(form, Survey(**inspection["survey"]), len(inspection["columns"]) + 8)
        except FileError as error:
            st.warning(uploads.escape_markdown(str(error)), icon=":material/block:")
            return
        wanted = {"form": form, "raw": raw, "bom": bom}
        file = _existing_output(job, wanted)
        if job.state == "preparing":
            _preparation(str(job.folder))
        elif file is not None and file.stat().st_size > _MAX_DOWNLOAD:
            st.warning(
                f"This download has {size(file.stat().st_size)}, more than the {size(_MAX_DOWNLOAD)} that the server "
                "sends. Choose parquet, which is smaller, or score the file on the command line.",
                icon=":material/block:",
            )
        elif file is not None:
            st.download_button(
                f"Download {size(file.stat().st_size)}",
                file.read_bytes() if file.stat().st_size < _IN_MEMORY_DOWNLOAD else lambda: file.open("rb"),
                f"{name}-scored.{form}",
                on_click="ignore",
                icon=":material/download:",
            )
        else:
            st.button("Prepare the download", on_click=_prepare, args=(job, wanted), icon=":material/build:")
            if (problem := job.read("unwritten")) and _was_last_requested(job, wanted):
                st.error(uploads.escape_markdown(with_original_name(job, problem)), icon=":material/error:")
        if result := job.read("result"):
            st.download_button(
                "How it was made", json.dumps(result, indent=2), f"{name}-scored.json", icon=":material/data_object:"
            )


def show_selection(results: Results, rows: Rows) -> None:
    """Offers the filtered rows as CSV, in the order of the table."""
    if len(rows) > _MAX_SELECTION_ROWS:
        st.caption(
            f"Up to {_MAX_SELECTION_ROWS:,} rows can be downloaded from here, all of them above.", width="content"
        )
        return
    st.download_button(
        "This row as CSV" if len(rows) == 1 else f"These {len(rows):,} rows as CSV",
        lambda: _selection_as_csv(results, rows),
        "rows.csv",
        "text/csv",
        on_click="ignore",
        icon=":material/download:",
        disabled=not len(rows),
    )


def with_original_name(job: Job, message: str) -> str:
    """Replaces the internal file name in a message by the name of the upload."""
    return message.replace(job.input.name, job.read("upload")["name"])


def _prepare(job: Job, wanted: dict[str, Any]) -> None:
    job_errors.run_action(job.request_download, wanted)


def _stem(name: str) -> str:
    """Returns a file's name without its format suffixes: "my.reviews.csv.gz" becomes "my.reviews"."""
    path = Path(name)
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
        st.caption("Writing the file …")
    else:
        maintenance.run_maintenance(Settings.from_environment())
        st.caption("Other files are being processed. This one waits for its turn.")


def _selection_as_csv(results: Results, rows: Rows) -> str:
    """Returns the rows as CSV, cut off when the cells exceed the memory limit."""
    frames: list[pd.DataFrame] = []
    characters_left = _MAX_SELECTION_CHARACTERS
    for start in range(0, len(rows), _SELECTION_CHUNK):
        frames.append(results.read(rows[start : start + _SELECTION_CHUNK], range(len(results.columns))))
        characters_left -= sum(int(column.str.len().sum()) for _, column in frames[-1].filter(regex=r"^c\d+$").items())
        if characters_left < 0:
            break
    frame = pd.concat(frames)
    our_names = ["row", *frame.columns[len(results.columns) + 1 :]]
    name_prefix = prefix(our_names, results.columns)
    row, *verdict = (name_prefix + name for name in our_names)
    return chart_block.escaped_csv(frame.set_axis([row, *results.columns, *verdict], axis=1))
