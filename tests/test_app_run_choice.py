"""The choice of the model: in the sidebar, by a link, and by the default; no name opens another folder."""

from __future__ import annotations

import pytest

from sentiment.app.shared import current_run
from sentiment.artifacts import ArtifactError, write_json
from tests.app_pages import open_page, said
from tests.app_runs import all_runs, full_run

pytestmark = pytest.mark.usefixtures("serve_runs")

FORGED = ("", ".", "..", "../outside", "tiny/../../outside", "./tiny", "tiny/", "/etc", "TINY", "tiny\0", "x" * 5_000)


def test_another_model_is_chosen_and_the_first_one_again():
    app = open_page("review")
    app.selectbox(key="run").select("other").run()
    app.selectbox(key="run").select("tiny").run()
    assert [analysis.run for analysis in app.session_state["analyses"]] == ["tiny", "other"]
    assert not app.exception


def test_the_help_of_the_choice_describes_each_model():
    lines = open_page("review").selectbox(key="run").help.splitlines()
    described = {line.partition(":**")[0].removeprefix("- **"): line for line in lines if line.startswith("- ")}
    assert set(described) == {"tiny", "other"}
    assert all(line.count("% test accuracy") == 1 for line in described.values())
    assert sum("the most accurate" in line for line in described.values()) == 1


@pytest.mark.parametrize(
    ("model", "kind"),
    [
        ({"bidirectional": False, "continues": None}, "LSTM"),
        ({"bidirectional": True}, "bidirectional LSTM"),
        (
            {"bidirectional": True, "continues": {"share": 0.6}},
            "bidirectional LSTM trained further from an earlier model",
        ),
        ("0123456789abcdef", ""),
    ],
)
def test_the_kind_of_a_model_is_that_of_its_network(tmp_path, model, kind):
    write_json(tmp_path / "config.json", {"model": model})
    assert current_run._kind(str(tmp_path), 0) == kind


def test_a_link_with_a_missing_run_is_reported_and_shows_the_default():
    app = open_page("review", run="gone")
    assert "The model in this link isn't available. Showing tiny instead." in said(app)
    assert app.session_state["analyses"][-1].run == "tiny"


@pytest.mark.parametrize("name", ["", "../outside", "tiny\0", "x" * 5_000])
def test_a_link_with_a_forged_name_shows_the_default_run(name):
    app = open_page("review", run=name)
    assert not app.exception
    assert [each.run for each in app.session_state["analyses"]] == ["tiny"]


@pytest.mark.parametrize("name", FORGED)
def test_a_forged_name_of_a_run_opens_no_folder(tmp_path, monkeypatch, name):
    root = all_runs(tmp_path / "runs")
    full_run(tmp_path / "outside")
    monkeypatch.setenv("SENTIMENT_RUNS", str(root))
    monkeypatch.setattr(current_run.st, "session_state", {"run": name})
    with pytest.raises(ArtifactError, match="chosen model isn't available"):
        current_run.location()


@pytest.mark.parametrize(
    ("page", "name"),
    [("evaluation", "tinny"), ("model_card", "tinny")]
    + [("review", name) for name in ("tinny", "young", "..", "", "tiny/x")],
)
def test_a_wrong_default_is_reported_and_no_other_run_takes_its_place(tmp_path, monkeypatch, page, name):
    root = all_runs(tmp_path / "runs")
    (root / "default").write_text(name, encoding="utf-8")
    monkeypatch.setenv("SENTIMENT_RUNS", str(root))
    app = open_page(page)
    assert not app.exception
    [error] = app.error
    assert "default" in error.value
    assert "analyses" not in app.session_state
    app.selectbox(key="run").select("other").run()
    assert not app.error
    assert not app.exception


def test_white_space_after_the_name_of_the_default_is_ignored(tmp_path, monkeypatch):
    root = all_runs(tmp_path / "runs")
    (root / "default").write_text("tiny \n", encoding="utf-8")
    monkeypatch.setenv("SENTIMENT_RUNS", str(root))
    app = open_page("review")
    assert not app.error
    assert [each.run for each in app.session_state["analyses"]] == ["tiny"]
