"""The available runs, the one chosen in the sidebar, and cached access to its files."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import streamlit as st

from sentiment.app.shared.uploads import escape_markdown
from sentiment.artifacts import MANIFEST, ArtifactError, Run, default_run, list_runs, open_run, runs_root
from sentiment.artifacts import topic as topic_of
from sentiment.formatting import percent

if TYPE_CHECKING:
    import pandas as pd

    from sentiment.model.classifier import Classifier

_KEY = "run"
_OWN = "own_runs"  # key of the folders of the models made in this session, by name
_WANTED = "own_run_wanted"  # key of the own run to choose: a fragment cannot set a widget that it does not draw
_MAX_DESCRIBED = 10  # models in the help of the selection
_BATCH_TOKENS = 2_048  # in a batch of edited texts: as fast as larger batches, and ONNX Runtime keeps less memory


def runs_folder() -> Path:
    """Returns the folder of runs: ``artifacts``, or the environment variable ``SENTIMENT_RUNS``."""
    return runs_root()


def run_paths() -> list[Path]:
    """Returns the folders of finished runs, sorted by name, then those of this session."""
    return [*list_runs(runs_folder()), *_own_runs().values()]


def _own_runs() -> dict[str, Path]:
    """Returns the folders of this session's own models that still exist, by name."""
    own: dict[str, Path] = st.session_state.get(_OWN, {})
    return {name: path for name, path in own.items() if (path / MANIFEST).is_file()}


def is_own(name: str) -> bool:
    """Returns whether a model was made in this session, so that no link leads to it."""
    return name in _own_runs()


def use_own(path: Path) -> None:
    """Makes the next rerun of the whole page choose a model made in this session; only this session lists it."""
    st.session_state[_OWN] = {**_own_runs(), path.name: path}
    st.session_state[_WANTED] = path.name


def choose_run() -> None:
    """Shows the selection of the model in the sidebar. The address holds the model, so links and other pages keep it.

    The address holds the folder's name rather than the label, so it is not bound by Streamlit.
    """
    names = [path.name for path in run_paths()]
    if not names:
        return
    default = _default_name()
    asked, wanted = st.query_params.get(_KEY), st.session_state.pop(_WANTED, None)
    if wanted in names:
        st.session_state[_KEY] = wanted
    elif asked in names:
        st.session_state[_KEY] = asked
    elif asked is not None:
        _warn_of_missing(default)
    if st.session_state.get(_KEY) not in names:
        st.session_state[_KEY] = default if default in names else None
    labels = {name: _label(name, default) for name in names}
    st.sidebar.selectbox(
        "Model",
        names,
        placeholder="Choose a model",
        key=_KEY,
        on_change=_write_address,
        format_func=lambda name: labels.get(name, name),
        help=_help(names),
    )
    _write_address()


def _write_address() -> None:
    """Writes the chosen model to the address, unless it is the default or this session's own."""
    name = st.session_state.get(_KEY)
    if name is None or name == _default_name() or is_own(name):
        st.query_params.pop(_KEY, None)
    elif st.query_params.get(_KEY) != name:
        st.query_params[_KEY] = name


def _warn_of_missing(default: str) -> None:
    shown = f"Showing {escape_markdown(default)} instead." if default else "Choose another one."
    st.sidebar.warning(f"The model in this link isn't available. {shown}", icon=":material/link_off:")


def _help(names: list[str]) -> str:
    """Returns the help of the selection: a line for each of the runs folder's models with its kind and accuracy."""
    paths = [runs_folder() / name for name in names if not is_own(name)][:_MAX_DESCRIBED]
    accuracies = {path.name: _test_accuracy(str(path), _stamp(path)) for path in paths}
    known = {name: accuracy for name, accuracy in accuracies.items() if accuracy is not None}
    lines = ["The model used on every page.\n"]
    for path in paths:
        facts = list(filter(None, [_kind(str(path), _stamp(path))]))
        if path.name in known:
            facts.append(f"{percent(known[path.name])} test accuracy")
        if len(known) > 1 and known.get(path.name) == max(known.values()):
            facts.append("the most accurate")
        lines.append(f"- **{escape_markdown(path.name)}:** {', '.join(facts) or 'not tested'}")
    return "\n".join(lines)


@st.cache_data(max_entries=256, show_spinner=False)
def _kind(path: str, stamp: int) -> str:
    """Returns what kind of network a run is; empty if that is unknown. The pages report damaged files."""
    try:
        model = json.loads((Path(path) / "config.json").read_text(encoding="utf-8"))["model"]
        kind = "bidirectional LSTM" if model["bidirectional"] else "LSTM"
        return f"{kind} trained further from an earlier model" if model.get("continues") else kind
    except (OSError, ValueError, RecursionError, LookupError, TypeError, AttributeError):
        return ""


def _label(name: str, default: str) -> str:
    """Returns a model's name with its accuracy on the test reviews: "distilled – 93.3% (default)"."""
    if is_own(name):
        return name
    path = runs_folder() / name
    accuracy = _test_accuracy(str(path), _stamp(path))
    label = name if accuracy is None else f"{name} – {percent(accuracy)}"
    return f"{label} (default)" if name == default else label


@st.cache_data(max_entries=256, show_spinner=False)
def _test_accuracy(path: str, stamp: int) -> float | None:
    """Reads the accuracy on the test reviews, None if there is none yet. The pages report damaged files."""
    try:
        accuracy = json.loads((Path(path) / "test.json").read_text(encoding="utf-8"))["test"]["accuracy"]
        return float(accuracy)
    except (OSError, ValueError, RecursionError, LookupError, TypeError):
        return None


def chosen_name() -> str | None:
    """Returns the name chosen in the sidebar, if any. It comes from the browser, so it may not be a valid name."""
    name: str | None = st.session_state.get(_KEY)
    return name


def run() -> Run:
    """Returns the chosen run; if it cannot be used, shows why and stops the page."""
    with stop_on_artifact_error():
        return _open(*location())


def classifier() -> Classifier:
    """Returns the chosen run's classifier, loaded once for all sessions; stops the page like ``run``."""
    with stop_on_artifact_error():
        return _load(*location())


def load_path(path: Path) -> Classifier:
    """Returns the classifier of the run at ``path``, loaded once for all sessions; stops the page like ``run``."""
    with stop_on_artifact_error():
        return _load(str(path), _stamp(path))


def shared_classifier(path: Path) -> Classifier:
    """Returns the classifier of the run at ``path``, loaded once for all sessions and the API.

    Raises:
        ArtifactError: the run cannot be used.
    """
    return _load_once(str(path), _stamp(path))


def named_classifier(name: str) -> Classifier:
    """Returns the classifier of the run with this name, loaded once for all sessions.

    Raises:
        ArtifactError: there is no such run, or it cannot be used.
    """
    for path in run_paths():
        if path.name == name:
            return _load(str(path), _stamp(path))
    raise ArtifactError(f"The model {name} isn't available here.")


def read_table(part: str, of: Run | None = None) -> pd.DataFrame:
    """Reads a CSV or Parquet file of a run, by default the chosen one.

    Raises:
        ArtifactError: the file is missing or damaged.
    """
    path = run().path if of is None else of.path
    return _table(str(path), _stamp(path), part)


def topic() -> str | None:
    """Returns the topic of the chosen run's training texts; None for movie reviews, or if it is unknown."""
    try:
        return topic_of(run())
    except (ArtifactError, AttributeError, TypeError):
        return None  # the page reports elsewhere what is wrong with the run


def read_json(part: str) -> Any:
    """Reads a JSON file of the chosen run.

    Raises:
        ArtifactError: the file is missing or damaged.
    """
    return _json(*location(), part)


def open_path(path: Path) -> Run:
    """Opens the run at ``path``, once for all sessions.

    Raises:
        ArtifactError: the run cannot be used.
    """
    return _open(str(path), _stamp(path))


@contextmanager
def stop_on_artifact_error() -> Iterator[None]:
    """Shows the message of an ``ArtifactError`` and stops the page."""
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
    """Returns the chosen run's folder, and a stamp that changes with its files; both are a cache key.

    Raises:
        ArtifactError: the chosen or default name is not a finished run.
    """
    runs = {path.name: path for path in run_paths()}
    name = chosen_name()
    if name is None:
        name = default_run(runs_folder()).name
        if name not in runs:
            raise ArtifactError(
                f"{runs_folder().name}/default names “{name}”, which isn't a finished model. "
                "Choose a model in the sidebar, or correct the file."
            )
    elif name not in runs:
        raise ArtifactError("The chosen model isn't available. Choose another one in the sidebar.")
    path = runs[name]
    return str(path), _stamp(path)


def _stamp(path: Path) -> int:
    """Returns a cache key that changes whenever the run is rewritten or a file is added to it."""
    manifest = path / MANIFEST
    return manifest.stat().st_mtime_ns if manifest.is_file() else 0


@st.cache_resource(max_entries=16, show_spinner=False)
def _open(path: str, stamp: int) -> Run:
    return open_run(path)


@st.cache_resource(max_entries=3, show_spinner="Loading the model")
def _load(path: str, stamp: int) -> Classifier:
    return _load_once(path, stamp)


@st.cache_resource(max_entries=3, show_spinner=False)  # a spinner is for pages only
def _load_once(path: str, stamp: int) -> Classifier:
    from sentiment.model.classifier import Classifier  # here, because ONNX Runtime is slow to import

    return Classifier.load(path, batch_tokens=_BATCH_TOKENS)


@st.cache_data(max_entries=32, show_spinner=False)
def _table(path: str, stamp: int, part: str) -> pd.DataFrame:
    import pandas as pd

    file = _open(path, stamp).file(part)
    return pd.read_csv(file) if file.suffix == ".csv" else pd.read_parquet(file)


@st.cache_data(max_entries=32, show_spinner=False)
def _json(path: str, stamp: int, part: str) -> Any:
    return _open(path, stamp).json(part)
