"""The model adapted to a file: written to the job's folder, deleted with it, and used by its owner's session only."""

from __future__ import annotations

import hashlib
import shutil
from io import BytesIO
from pathlib import Path
from time import monotonic
from zipfile import ZIP_DEFLATED, ZipFile

import numpy as np
import streamlit as st

from sentiment.adapt import run as adapted_run
from sentiment.adapt.from_file import FileAdaptation
from sentiment.adapt.run import Labelled
from sentiment.app.bulk.loading import Scored
from sentiment.app.bulk.own_labels import load_curve, load_states
from sentiment.app.shared import current_run, job_errors
from sentiment.app.shared.buttons import primary_label
from sentiment.artifacts import list_runs, open_run
from sentiment.bulk.jobs import limits
from sentiment.bulk.labelling import Labelling
from sentiment.dataset import Removed, Source
from sentiment.formatting import counted

_FOLDER = "adapted"  # in the job's folder
_NEW = "adapted-new"  # while it is written
_COMMAND = "python scripts/adapt.py --data LABELS.csv --start {start} --output {name}"


def show(scored: Scored, labelling: Labelling, adaptation: FileAdaptation, *, balanced: bool) -> None:
    """Offers to make the adapted model if it helps, then to use and to download it."""
    made, name = _made(scored), _name(scored, adaptation, balanced=balanced)
    with st.container(horizontal=True, vertical_alignment="center"):
        if made and made.name == name:
            used = current_run.chosen_name() == name
            if st.button(
                primary_label("In use" if used else "Use it", ":material/check:", disabled=used),
                on_click=current_run.use_own,
                args=(made,),
                type="primary",
                disabled=used,
                help="Chooses this model in the sidebar, for this browser session only.",
            ):
                st.rerun()  # the whole page, with its sidebar
            st.download_button(
                "Download this model",
                lambda: _zip(made),
                f"{name}.zip",
                "application/zip",
                on_click="ignore",
                icon=":material/download:",
            )
        elif adaptation.found.adopted:
            label = primary_label("Make this model", ":material/model_training:")
            if st.button(label, type="primary"):
                with current_run.stop_on_artifact_error():
                    job_errors.run_action(_make, scored, labelling, adaptation, name, balanced)
                st.rerun()


def _made(scored: Scored) -> Path | None:
    """Returns the folder of the adapted model, None if none was made."""
    return next(iter(list_runs(scored.job.folder / _FOLDER)), None)


def _name(scored: Scored, adaptation: FileAdaptation, *, balanced: bool) -> str:
    """Returns the model's name, which depends on the labels and the job."""
    digest = hashlib.sha256(scored.job.id.encode() + bytes([balanced]))
    for array in (adaptation.places, adaptation.labels):
        digest.update(np.ascontiguousarray(array).tobytes())
    return f"{Path(scored.task['run']).name}-adapted-{len(adaptation.labels)}-{digest.hexdigest()[:4]}"


@limits.disk_errors_explained()
def _make(scored: Scored, labelling: Labelling, adaptation: FileAdaptation, name: str, balanced: bool) -> None:
    """Writes the model into the job's folder in place of an earlier one.

    Raises:
        ArtifactError: the model that scored the file cannot be used.
        FileError: the disk cannot be written to.
    """
    states = load_states(scored, labelling)
    if states is None:
        return
    began, folder = monotonic(), scored.job.folder
    run, classifier = open_run(scored.task["run"]), scored.classifier()
    source = Source("Labels", _file_hash(scored), "none", "out of fold", Removed())
    labelled = Labelled(reviews=adapted_run.reviews_of(adaptation.texts, adaptation.labels), source=source)
    learned, points = states[adaptation.places].astype(np.float32), load_curve(scored, labelling, adaptation)
    shutil.rmtree(folder / _NEW, ignore_errors=True)
    with st.spinner(f"Making a model from {counted(len(adaptation.labels), 'label')}"):
        facts = adapted_run.report(run, adaptation.start, adaptation.found, labelled, points, balanced=balanced)
        adapted_run.write(
            folder / _NEW / name,
            run,
            classifier,
            adaptation.found,
            labelled,
            learned,
            facts,
            command=_COMMAND.format(start=run.name, name=name),
            seconds=monotonic() - began,
        )
    shutil.rmtree(folder / _FOLDER, ignore_errors=True)
    (folder / _NEW).rename(folder / _FOLDER)


def _file_hash(scored: Scored) -> str:
    """Returns the SHA-256 of the file, as recorded when it was scored; empty if it was not."""
    return str((scored.job.parts.state() or {}).get("input", ""))


def _zip(run: Path) -> bytes:
    """Returns a zip archive of the run's folder, under its own name."""
    content = BytesIO()
    with ZipFile(content, "w", ZIP_DEFLATED) as archive:
        for path in sorted(run.iterdir()):
            archive.write(path, f"{run.name}/{path.name}")
    return content.getvalue()
