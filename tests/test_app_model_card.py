"""The Model card page: its tabs, and the download of the model's files."""

from __future__ import annotations

import json
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from streamlit.runtime.download_data_util import convert_data_to_bytes_and_infer_mime

from sentiment.app.model_card import page as model_card_page
from sentiment.artifacts import MANIFEST, Run, open_run, write_json, write_manifest
from tests.app_pages import open_page, said
from tests.app_runs import full_run
from tests.test_model_card import METADATA


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / "default").write_text("tiny")
    monkeypatch.setenv("SENTIMENT_RUNS", str(tmp_path))
    return full_run(tmp_path / "tiny")


@pytest.mark.parametrize("tab", model_card_page._TABS)
def test_every_tab_opens_with_a_full_record_of_the_training(run: Path, tab: str) -> None:
    write_json(run / "metadata.json", {**METADATA, "command": "python scripts/train.py --data a --seed 1"})
    write_manifest(run)
    app = open_page("model_card", tab=tab)
    assert not app.exception
    assert not app.error
    shown = "".join(each.value for each in [*app.markdown, *app.code])
    if tab == "Training":
        assert app.code[0].value == "python scripts/train.py \\\n  --data a \\\n  --seed 1"
    if tab == "Data and licence":
        assert "3 duplicates in train" in shown


@pytest.mark.usefixtures("run")
def test_the_card_shows_the_figures_and_the_limits_of_the_model() -> None:
    app = open_page("model_card")
    assert {"Test accuracy", "Model size", "Reads up to"} <= {each.label for each in app.metric}
    headers = {each.value for each in app.header}
    assert {"Use it for", "Do not use it for", "Confidence levels", "Data and licence"} <= headers
    assert "first 50 tokens" in said(app)


def test_a_long_recipe_is_a_list_on_the_page() -> None:
    assert model_card_page._recipe("Embedding, LSTM; Adam") == ["- Embedding\\, LSTM", "- Adam"]
    summary = "learns from labels and, on other reviews, from predictions, on short clauses"
    assert model_card_page._recipe(summary) == [
        "- learns from labels and\\, on other reviews\\, from predictions",
        "- on short clauses",
    ]


def test_markup_in_a_foreign_record_is_shown_as_text(run: Path) -> None:
    evil = "![x](https://example.org/x.png) :red[a] <b>"
    data = {**METADATA["data"], "form": evil, "split": evil}
    write_json(run / "metadata.json", {**METADATA, "summary": evil, "commit": evil, "date": evil, "data": data})
    write_manifest(run)
    for tab in ("Training", "Data and licence"):
        app = open_page("model_card", tab=tab)
        assert not app.exception
        shown = [each.value for each in [*app.markdown, *app.caption] if "example" in each.value]
        assert shown
        assert not any("![" in each or ":red[" in each for each in shown)


@contextmanager
def archived(run: Run) -> Iterator[zipfile.ZipFile]:
    with model_card_page._archive(run) as file, zipfile.ZipFile(file) as archive:
        assert convert_data_to_bytes_and_infer_mime(file, AssertionError())[0].startswith(b"PK")  # as for a download
        yield archive


def test_the_archive_holds_a_model_that_opens(run: Path, tmp_path: Path) -> None:
    with archived(open_run(run)) as archive:
        archive.extractall(tmp_path / "taken")
    taken = open_run(tmp_path / "taken" / "tiny")
    assert {name: taken.file(name).read_bytes() for name in taken.manifest["files"]} == {
        path.name: path.read_bytes() for path in run.iterdir() if path.name != MANIFEST
    }


def test_the_archive_leaves_out_what_is_damaged_and_what_lies_elsewhere(run: Path) -> None:
    (run.parent / "secret.txt").write_text("secret", encoding="utf-8")
    manifest = json.loads((run / MANIFEST).read_text(encoding="utf-8"))
    manifest["files"] |= {"../secret.txt": "2bb80d537b1da3e38bd30361aa855686bde0eacd7162fef6a25fe97bf527a25b"}
    (run / MANIFEST).write_text(json.dumps(manifest), encoding="utf-8")
    (run / "history.csv").write_text("changed", encoding="utf-8")
    with archived(open_run(run)) as archive:
        names = archive.namelist()
    assert "tiny/model.onnx" in names
    assert not any("secret" in name or "history" in name for name in names)
