"""What the pages share: the runs there are, the one that is served, and what stands in its folder."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import streamlit as st

from sentiment.app.shared.uploads import escape_markdown
from sentiment.artifacts import MANIFEST, ArtifactError, Run, default_run, list_runs, open_run, runs_root

if TYPE_CHECKING:
    import pandas as pd

    from sentiment.model.classifier import Classifier

_KEY = "run"


def runs_folder() -> Path:
    """The folder of runs: ``artifacts``, or what the environment variable ``SENTIMENT_RUNS`` names."""
    return runs_root()


def run_paths() -> list[Path]:
    """The folders of finished runs, by name."""
    return list_runs(runs_folder())


def choose_run() -> None:
    """The choice of the served run, in the sidebar; it is part of the address, so a link keeps it."""
    names = [path.name for path in run_paths()]
    if not names:
        return
    default = _default_name()
    asked = st.query_params.get(_KEY)
    if asked and asked not in names:
        st.sidebar.warning(
            "The run that this link names is not here; the default one is used.", icon=":material/link_off:"
        )
    st.sidebar.selectbox(
        "Model",
        names,
        index=names.index(default) if default in names else None,
        placeholder="Choose a model",
        key=_KEY,
        bind="query-params",
        help="Every page shows the run chosen here. Nothing restarts, and you can change back at any time.",
    )


def chosen_name() -> str | None:
    """Returns the name chosen in the sidebar, None if there is none; it comes from a browser and may be any text."""
    name: str | None = st.session_state.get(_KEY)
    return name


def run() -> Run:
    """The served run. Where it cannot be used, the page says why in a sentence and ends."""
    with stop_on_artifact_error():
        return _open(*location())


def classifier() -> Classifier:
    """The served run's classifier, loaded once for all sessions; see ``run`` for errors."""
    with stop_on_artifact_error():
        return _load(*location())


def read_table(part: str, of: Run | None = None) -> pd.DataFrame:
    """A CSV or Parquet file of a run, the served one if none is named.

    Raises:
        ArtifactError: the run has no such file, or it is damaged.
    """
    path = run().path if of is None else of.path
    return _table(str(path), _stamp(path), part)


def read_json(part: str) -> Any:
    """A JSON file of the served run.

    Raises:
        ArtifactError: the run has no such file, or it is damaged.
    """
    return _json(*location(), part)


def open_path(path: Path) -> Run:
    """The run at ``path``, opened once for all sessions.

    Raises:
        ArtifactError: it cannot be used.
    """
    return _open(str(path), _stamp(path))


@contextmanager
def stop_on_artifact_error() -> Iterator[None]:
    """Shows an ``ArtifactError`` as its sentence and ends the page."""
    try:
        yield
    except ArtifactError as error:
        st.error(escape_markdown(str(error)), icon=":material/error:")
        st.stop()


def _default_name() -> str:
    try:
        return default_run(runs_folder()).name
    except ArtifactError:
        return ""


def location() -> tuple[str, int]:
    """The served run's folder and its stamp.

    Raises:
        ArtifactError: the name chosen, or the default, is not that of a finished run.
    """
    runs = {path.name: path for path in run_paths()}
    name = chosen_name()
    if name is None:
        name = default_run(runs_folder()).name
        if name not in runs:
            raise ArtifactError(
                f"The file {runs_folder().name}/default names “{name}”, which is not a finished run. Choose a model on the "
                "left, or correct the file."
            )
    elif name not in runs:
        raise ArtifactError("The chosen model is not among the runs of this app. Choose another one on the left.")
    path = runs[name]
    return str(path), _stamp(path)


def _stamp(path: Path) -> int:
    """Changes when a run is written anew or gets a part, so that nothing cached outlives it."""
    manifest = path / MANIFEST
    return manifest.stat().st_mtime_ns if manifest.is_file() else 0


@st.cache_resource(max_entries=16, show_spinner=False)
def _open(path: str, stamp: int) -> Run:
    return open_run(path)


@st.cache_resource(max_entries=3, show_spinner="Loading the model")
def _load(path: str, stamp: int) -> Classifier:
    from sentiment.model.classifier import Classifier  # here, because ONNX Runtime takes long to import

    return Classifier.load(path)


@st.cache_data(max_entries=32, show_spinner=False)
def _table(path: str, stamp: int, part: str) -> pd.DataFrame:
    import pandas as pd

    file = _open(path, stamp).file(part)
    return pd.read_csv(file) if file.suffix == ".csv" else pd.read_parquet(file)


@st.cache_data(max_entries=32, show_spinner=False)
def _json(path: str, stamp: int, part: str) -> Any:
    return _open(path, stamp).json(part)
