"""The first commands of docs/bulk.md score the files that they name."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import pandas as pd
import pytest

from sentiment.artifacts import ROOT
from sentiment.commands import run_command

DOCUMENT = (ROOT.parent / "docs" / "bulk.md").read_text(encoding="utf-8")
COMMANDS = re.findall(r"^python scripts/score\.py (.*)$", DOCUMENT.partition("## Input")[0], re.MULTILINE)


def test_the_document_begins_with_commands() -> None:
    assert len(COMMANDS) >= 4


@pytest.mark.parametrize("command", COMMANDS)
def test_each_command_scores_every_row(
    command: str, runs: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SENTIMENT_RUNS", str(runs))
    monkeypatch.chdir(tmp_path)
    texts = ["a good film", "a bad film"]
    pd.DataFrame({"title": "The film", "body": texts, "review": texts}).to_csv("reviews.csv", index=False)
    pd.DataFrame({"comment": texts, "stars": [5, 1]}).to_excel("survey.xlsx", index=False)
    assert run_command("score", shlex.split(command), "score") == 0
    output = next(Path(word) for word in shlex.split(command) if word.startswith("scored"))
    read = {".csv": pd.read_csv, ".xlsx": pd.read_excel, ".parquet": pd.read_parquet}[output.suffix]
    assert read(output)["status"].isin(["ok", "mostly_unknown"]).tolist() == [True, True]
