"""The Model card page: the chosen model's intended use, metrics, training, data and files to download."""

from __future__ import annotations

import re
import tempfile
import zipfile
from collections.abc import Sequence
from io import RawIOBase
from pathlib import Path
from typing import Any

import pandas as pd
import streamlit as st

from sentiment import adaptation_card, model_card
from sentiment.app.shared import chart_block, current_run, navigation, tabs
from sentiment.app.shared.buttons import primary_label
from sentiment.app.shared.uploads import escape_markdown
from sentiment.artifacts import MANIFEST, ArtifactError, Run
from sentiment.budget import DOWNLOAD_BYTES
from sentiment.formatting import confidence_header, confidence_rows, duration, interval, percent, size
from sentiment.model.decision import read_rule

_TABS = ("Summary", "Metrics", "Training", "Data and licence", "Files")


def page() -> None:
    """Shows the card of the chosen model in tabs, the first of which is a summary on one screen."""
    run = current_run.run()
    navigation.show_title("model_card", escape_markdown(model_card.summary(current_run.topic())))
    contents = (_summary, _metrics, _training, _data, _files)
    for tab, name, draw in zip(tabs.show_tabs(_TABS), _TABS, contents, strict=True):
        if tab.open:
            with tab, chart_block.report_malformed_file(run.name, f"A file behind “{name}”"):
                draw(run)


def _summary(run: Run) -> None:
    results, metadata = model_card.results(run), _metadata(run)
    _cards(run, results, metadata)
    use = _use(*current_run.location())
    for column, title, icon, lines in zip(
        st.columns(2, border=True),
        ("Use it for", "Do not use it for"),
        (":material/check_circle:", ":material/block:"),
        use,
        strict=True,
    ):
        with column:
            st.header(title, icon=icon)
            st.markdown("\n".join(f"- {line}" for line in lines))
    left, right = st.columns(2)
    with left:
        if results:
            split, summary = next(iter(results.items()))
            st.header("Confidence levels", help=f"On the {split} reviews.")
            header = confidence_header(read_rule(run).threshold)
            _table(header, confidence_rows(summary), "Confidence levels")
    with right:
        st.header("Data and licence")
        st.markdown(model_card.terms(_on_imdb(*current_run.location())))
        _download(run)


def _cards(run: Run, results: dict[str, dict[str, Any]], metadata: dict[str, Any]) -> None:
    """Shows the main facts as metrics."""
    facts: list[tuple[str, str, str | None]] = []
    if results:
        split, summary = next(iter(results.items()))
        confidence = f"95% CI {interval(summary['accuracy_interval'])}, n = {summary['n']:,}"
        facts.append((f"{split.capitalize()} accuracy", percent(summary["accuracy"]), confidence))
    facts.append(
        ("Model size", size(run.file("model.onnx").stat().st_size), "The file model.onnx, which the app runs.")
    )
    length = run.json("config.json")["max_length"]
    facts.append(("Reads up to", f"{length:,} tokens", "Words and punctuation marks. Longer texts are cut off."))
    if "training_seconds" in metadata:
        facts.append(("Training time", duration(metadata["training_seconds"]), "Total of all stages."))
    if "date" in metadata:
        facts.append(("Trained on", str(metadata["date"]), None))
    with st.grid("auto", min_column_width=150, gap="small"):
        for label, value, help in facts:
            st.metric(label, value, help=help, border=True)


def _metrics(run: Run) -> None:
    results = model_card.results(run)
    if not results:
        st.info("This model has no results yet.")
        return
    _table(
        ("Metric", *(split.capitalize() for split in results)), model_card.metric_rows(results), "Metrics of each split"
    )
    if "test" in results:
        st.caption(f"Test set evaluated on {escape_markdown(run.json('test.json')['date'])}.")
    elif adaptation_card.read(run).get("method") != "head":
        st.caption(model_card.NO_TEST_RESULTS)
    if facts := adaptation_card.read(run):
        st.header("Adaptation")
        st.markdown(escape_markdown(adaptation_card.source(facts)))
        _table(adaptation_card.HEADER, adaptation_card.rows(facts), "Metrics before and after the adaptation")
        for note in adaptation_card.notes(facts):
            st.markdown(escape_markdown(note))
    for note in model_card.decision_notes(run):
        st.markdown(note)
    navigation.show_link("evaluation", "Slices, errors and calibration")


def _training(run: Run) -> None:
    metadata = _metadata(run)
    if "command" not in metadata:
        st.info("This model has no record of its training.")
        return
    st.markdown(
        "\n".join(
            [f"**Preset:** {escape_markdown(str(metadata.get('preset', run.name)))}", "", *_recipe(metadata["summary"])]
        )
    )
    st.markdown(escape_markdown(model_card.circumstances(metadata)))
    st.header("Reproduce", help="Files outside the repository are shown without their folders.")
    st.code(str(metadata["command"]).replace(" --", " \\\n  --"), language=None, wrap_lines=True)
    if metadata["commit"]:
        st.caption(f"At commit {escape_markdown(metadata['commit'])}.")
    with st.expander("Time of each stage", icon=":material/timer:"):
        rows = [[each["name"], duration(each["seconds"])] for each in metadata["stages"]]
        _table(("Stage", "Time"), rows, "Time of each stage")
    navigation.show_link("training", "Learning curves and hyperparameters")


def _recipe(summary: str) -> list[str]:
    """Returns the parts of a recipe as the items of a list, because a long sentence is hard to read."""
    return [f"- {escape_markdown(part)}" for part in re.split(r"; |(?<!and), (?=on )", summary)]


def _data(run: Run) -> None:
    imdb = _on_imdb(*current_run.location())
    if source := _metadata(run).get("data"):
        for name, value in model_card.data_rows(source):
            st.markdown(f"**{name}:** {escape_markdown(str(value))}")
    st.header("Terms of use")
    st.markdown(model_card.terms(imdb))
    if imdb:
        st.markdown(f"> {model_card.CITATION}")
    navigation.show_link("dataset", "Class balance, lengths and words")


def _files(run: Run) -> None:
    st.caption(
        f"The files of {escape_markdown(run.name)}. The app runs model.onnx; model.keras is the same network for "
        "Keras. Checksums are verified on load."
    )
    st.dataframe(
        _file_rows(run),
        hide_index=True,
        alt="Files of the model with size and hash",
        placeholder="missing",
        column_config={"Size": st.column_config.NumberColumn(format="bytes")},
    )
    with st.container(horizontal=True):
        _download(run)
        if run.has("README.md"):
            readme = run.file("README.md").read_bytes()
            st.download_button(
                "Download the full card (Markdown)",
                readme,
                f"{run.name}.md",
                on_click="ignore",
                icon=":material/article:",
            )


def _download(run: Run) -> None:
    """Offers the model's files as a zip archive, built on click."""
    total = int(_file_rows(run)["Size"].sum())
    if total > DOWNLOAD_BYTES:
        st.caption(f"The files are {size(total)}, and the server sends at most {size(DOWNLOAD_BYTES)}.")
        return
    st.download_button(
        primary_label("Download model", ":material/download:"),
        lambda: _archive(run),
        f"{run.name}.zip",
        "application/zip",
        on_click="ignore",
        type="primary",
        help=f"All files as a zip archive, {size(total)}.",
    )


def _archive(run: Run) -> RawIOBase:
    """Returns a zip archive of the run's folder as a temporary file, which saves memory; damaged files are left out."""
    file = tempfile.TemporaryFile()  # noqa: SIM115 - Streamlit reads it after this function
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        for name in _names(run):
            try:
                archive.write(run.file(name), f"{run.name}/{name}")
            except ArtifactError:
                continue
        archive.write(run.path / MANIFEST, f"{run.name}/{MANIFEST}")
    file.seek(0)
    return file.detach()  # unbuffered, because Streamlit rejects a buffered file open for both reading and writing


def _file_rows(run: Run) -> pd.DataFrame:
    """Returns a row for each file of the manifest: name, size in bytes (missing if the file is), and hash."""
    rows = [(name, _file_size(run, name), run.manifest["files"][name]) for name in _names(run)]
    return pd.DataFrame(rows, columns=["File", "Size", "SHA-256"]).astype({"Size": "Int64"})


def _names(run: Run) -> list[str]:
    """Returns the names of the files in the run's own folder. A manifest from elsewhere may list other paths."""
    return [name for name in run.manifest["files"] if Path(name).name == name]


def _file_size(run: Run, name: str) -> int | None:
    try:
        return (run.path / name).stat().st_size
    except (OSError, ValueError):
        return None


def _metadata(run: Run) -> dict[str, Any]:
    return run.json("metadata.json") if run.has("metadata.json") else {}


def _table(header: Sequence[str], rows: Sequence[Sequence[object]], alt: str) -> None:
    """Shows a small table whose cells wrap, so that it fits a phone."""
    cells = [[escape_markdown(str(cell)) for cell in row] for row in rows]
    st.table(pd.DataFrame(cells, columns=list(header)), border="horizontal", hide_index=True, alt=alt)


@st.cache_data(max_entries=32, show_spinner=False)
def _use(path: str, stamp: int) -> model_card.Use:
    """Returns the intended and excluded uses of a run; ``stamp`` is only a cache key."""
    return model_card.use(current_run.open_path(Path(path)))


@st.cache_data(max_entries=32, show_spinner=False)
def _on_imdb(path: str, stamp: int) -> bool:
    """Returns whether a run was trained on IMDB; ``stamp`` is only a cache key."""
    return model_card.trained_on_imdb(current_run.open_path(Path(path)))
