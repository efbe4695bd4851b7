"""docs/teach.md: its five commands lead from a CSV to a served model, and its table holds the measured figures."""

from __future__ import annotations

import json
import re
import shlex
from pathlib import Path

import pytest

from dev.measure_adapting import PAGE, REPORT, filled
from sentiment.artifacts import default_run
from sentiment.commands import run_command
from sentiment.model.classifier import Classifier
from tests.adapted_runs import labelled_file, teachable

pytestmark = pytest.mark.process  # a run asks git for its commit

COMMANDS = re.findall(r"^   python scripts/(\w+)\.py (.*)$", PAGE.read_text(encoding="utf-8"), re.MULTILINE)


def test_the_five_commands_lead_from_a_csv_to_a_served_model(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    teachable(tmp_path / "artifacts" / "distilled")
    (tmp_path / "artifacts" / "default").write_text("distilled\n")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("SENTIMENT_RUNS", str(tmp_path / "artifacts"))
    table = labelled_file(tmp_path).read_text(encoding="utf-8").replace(",fine", ",good").replace(",poor", ",bad")
    header, *rows = table.splitlines()
    (tmp_path / "kettles.csv").write_text("\n".join([header, *rows[:120]]) + "\n", encoding="utf-8")
    (tmp_path / "more.csv").write_text("\n".join([header, *rows[120:]]) + "\n", encoding="utf-8")
    assert [name for name, _ in COMMANDS] == ["score", "adapt", "evaluate", "runs", "runs"]
    for name, words in COMMANDS:
        capsys.readouterr()
        assert run_command(name, shlex.split(words), name) == 0, capsys.readouterr()
        if name == "evaluate":
            assert "40 test reviews of CSV" in capsys.readouterr().out
    assert default_run().name == "kettles"
    assert Classifier.load().predict(["the film is good good"])[0].label == "positive"


def test_the_table_of_results_to_expect_holds_the_measured_figures() -> None:
    text = PAGE.read_text(encoding="utf-8")
    assert filled(text, json.loads(REPORT.read_text(encoding="utf-8"))) == text
    assert len(re.findall(r"^\| .*% \| (?:20|40|80|240) \|", text, re.MULTILINE)) >= 8
