"""The Training page: a table of runs, the learning curves of the selected ones, and their hyperparameters."""

from __future__ import annotations

from pathlib import Path

import streamlit as st

from sentiment.app.shared import current_run, uploads
from sentiment.app.training import curves, histories, hyperparameters, import_form, run_files, runs_table


def page() -> None:
    """Shows the page."""
    st.title("Training")
    model = current_run.run().name
    folders = histories.folders(current_run.runs_folder())
    names = [folder.name for folder in folders]
    with st.container(horizontal=True, vertical_alignment="center"):
        st.caption("Learning curves and hyperparameters of each run, runs in progress included.", width="stretch")
        with st.popover("Import runs", icon=":material/upload_file:"):
            import_form.show(set(names))
    runs_table.follow(model, [*names, *import_form.imported()])
    import_form.show_remarks()
    _watch_for_runs({folder: histories.finished(folder) for folder in folders})
    chosen = [folder for folder in folders if folder.name in st.session_state[runs_table.RUNS]]
    live = any(not histories.finished(folder) for folder in chosen)
    draw = st.fragment(_runs_and_curves, run_every="3s") if live else _runs_and_curves
    draw(folders, list(st.session_state[runs_table.RUNS]))
    if chosen:
        with st.expander("Hyperparameters", expanded=len(chosen) > 1, icon=":material/tune:"):
            hyperparameters.show(chosen)


@st.fragment(run_every="5s")
def _watch_for_runs(seen: dict[Path, bool]) -> None:
    """Reruns the page when a run starts or ends."""
    if {path: histories.finished(path) for path in histories.folders(current_run.runs_folder())} != seen:
        st.rerun()


def _runs_and_curves(folders: list[Path], chosen: list[str]) -> None:
    """Shows the table and the chart. While a shown run is training, only this fragment is redrawn every few seconds."""
    if chosen != st.session_state[runs_table.RUNS]:
        st.rerun()  # the selection has changed within the fragment
    imported = import_form.imported()
    summaries = [
        *(run_files.summarise(folder) for folder in folders),
        *(histories.summarise_imported(history) for history in imported.values()),
    ]
    if not summaries:
        st.caption("No run has a training history.")
        return
    runs_table.show(summaries)
    if not chosen:
        st.caption("Select at least one run.")
        return
    for note in histories.notes([each for each in summaries if each.run in chosen]):
        st.caption(uploads.escape_markdown(note))
    curves.show(
        [folder for folder in folders if folder.name in chosen],
        [history for name, history in imported.items() if name in chosen],
        runs_table.colours([each.run for each in summaries]),
    )
