"""``sentiment adapt`` and ``sentiment runs``: from a labelled file to the run that is served."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from sentiment.artifacts import open_run, sha256
from sentiment.commands import run_command
from sentiment.model.classifier import Classifier
from tests.adapted_runs import adapt, labelled_file, teachable
from tests.tiny import tiny_run

pytestmark = pytest.mark.process  # a run asks git for its commit


@pytest.fixture(scope="module")
def adapted(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a run, "start", and the run that was adapted from it, "mine"."""
    folder = tmp_path_factory.mktemp("adapted")
    data = labelled_file(folder)
    assert adapt(teachable(folder / "start"), data, folder / "mine", "--about", "comments on kettles") == 0
    return folder


def test_the_result_is_a_verified_run_that_predicts_better_and_has_no_keras_file(adapted: Path) -> None:
    run = open_run(adapted / "mine")
    assert not run.has("model.keras")
    for part in run.manifest["files"]:
        run.file(part)
    texts, expected = ["the film is good good", "the film is bad bad"], ["positive", "negative"]
    assert [each.label for each in Classifier.load(run.path).predict(texts)] == expected
    assert [each.label for each in Classifier.load(adapted / "start").predict(texts)] != expected


def test_contributions_of_an_adapted_run_add_up(adapted: Path) -> None:
    found = Classifier.load(adapted / "mine").explain("the film is not good !")
    assert found.baseline_logit + found.contributions.sum() == pytest.approx(found.logit, abs=1e-4)
    assert abs(found.residual) < 1e-4


def test_the_run_names_its_parent_and_its_card_shows_the_figures_before_and_after(adapted: Path) -> None:
    run, start = open_run(adapted / "mine"), open_run(adapted / "start")
    facts = run.json("adaptation.json")
    assert facts["parent"]["files"]["model.onnx"] == start.manifest["files"]["model.onnx"]
    assert facts["after"]["accuracy"] > facts["before"]["accuracy"]
    assert run.json("metadata.json")["data"]["sha256"]
    card = (run.path / "README.md").read_text(encoding="utf-8")
    assert "| Metric | Before | After |" in card
    assert "comments on kettles" in card
    assert "movie review" not in card
    assert "stores no states" in card  # the parent has none, so its cost is unknown
    for text in ("good good", "great"):  # words of the file
        assert text not in json.dumps(facts)


def test_a_run_adapted_again_has_its_cost_on_the_first_file(adapted: Path) -> None:
    data = labelled_file(adapted, 60, name="more.csv")
    assert adapt(adapted / "mine", data, adapted / "again") == 1  # it has learned all that the labels show
    lines = data.read_text(encoding="utf-8").splitlines()
    data.write_text("\n".join(line.replace("fine", "-").replace("poor", "fine").replace("-", "poor") for line in lines))
    assert adapt(adapted / "mine", data, adapted / "opposite") == 0
    cost = open_run(adapted / "opposite").json("adaptation.json")["validation_cost"]
    assert cost["n"] == 160
    assert cost["after"] < cost["before"]


def test_if_labels_do_not_help_nothing_is_written_and_the_status_is_1(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    start = teachable(tmp_path / "start")
    assert adapt(start, labelled_file(tmp_path, noise=0.5), tmp_path / "mine") == 1
    assert "Not adopted" in capsys.readouterr().out
    assert not (tmp_path / "mine").exists()


def test_with_too_few_labels_the_message_says_how_many_are_needed(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    start = teachable(tmp_path / "start")
    assert adapt(start, labelled_file(tmp_path, 30), tmp_path / "mine") == 1
    assert "30 labels are too few; at least 40 are needed" in capsys.readouterr().out


def test_a_file_of_one_class_is_refused_in_a_sentence(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "all-good.csv"
    path.write_text("comment,verdict\n" + "".join(f"good {chr(97 + i)},fine\n" for i in range(20)), encoding="utf-8")
    assert adapt(teachable(tmp_path / "start"), path, tmp_path / "mine") == 2
    assert "all-good.csv needs at least two positive and two negative texts." in capsys.readouterr().err


def test_an_adapted_run_is_imported_activated_and_rolled_back(
    adapted: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    tiny_run(tmp_path / "shipped")
    (tmp_path / "default").write_text("shipped\n")
    monkeypatch.setenv("SENTIMENT_RUNS", str(tmp_path))

    def runs(*words: str) -> int:
        return run_command("runs", words, "runs")

    assert runs("rollback") == 2
    assert runs("activate", "mine") == 2
    assert "it has shipped" in capsys.readouterr().err
    assert runs("import", str(adapted / "mine")) == 0
    assert runs("import", str(adapted / "mine")) == 2
    assert Classifier.load().run.name == "shipped"
    assert runs("activate", "mine") == 0
    assert Classifier.load().run.name == "mine"
    capsys.readouterr()
    assert runs("list") == 0
    listed = capsys.readouterr().out.splitlines()
    assert listed[0].startswith("* mine")
    assert "adapted from start, comments on kettles" in listed[0]
    assert listed[1].startswith("  shipped")
    assert runs("rollback") == 0
    assert Classifier.load().run.name == "shipped"
    assert runs("rollback") == 0
    assert Classifier.load().run.name == "mine"


@pytest.mark.parametrize("fault", ["changed", "missing", "outside", "not a model"])
def test_a_damaged_run_is_not_imported(
    fault: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    run = tiny_run(tmp_path / "downloads" / "mine")
    manifest = json.loads((run / "manifest.json").read_text())
    if fault == "changed":
        (run / "vocabulary.txt").write_text("the\n")
    elif fault == "missing":
        manifest["files"]["metrics.json"] = "0" * 64
    elif fault == "outside":
        manifest["files"]["../mine/config.json"] = manifest["files"]["config.json"]
    else:
        (run / "config.json").write_text("{}")
        manifest["files"]["config.json"] = sha256(run / "config.json")
    (run / "manifest.json").write_text(json.dumps(manifest))
    root = tmp_path / "runs"
    monkeypatch.setenv("SENTIMENT_RUNS", str(root))
    assert run_command("runs", ["import", str(run)], "runs") == 2
    assert len(capsys.readouterr().err.splitlines()) == 1
    assert not root.exists() or not any(root.iterdir())
