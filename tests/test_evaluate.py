"""``scripts/evaluate.py`` as a command: what it saves, what it only prints, and how it refuses bad input."""

from __future__ import annotations

import errno
import json
import re
import subprocess
import sys
from dataclasses import asdict
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest

from sentiment import dataset, model_card
from sentiment.artifacts import add_parts, open_run
from sentiment.dataset import Source
from sentiment.evaluation import predictions
from sentiment.faithfulness import report
from tests.app_runs import proofs
from tests.command import SCRIPTS, Done, run_script
from tests.data_forms import parquet_folder, release
from tests.test_model_card import METADATA
from tests.tiny import WORDS, tiny_run

SEED = 7


def evaluate(*options: object) -> Done:
    return run_script("evaluate.py", *options)


def reviews(path: Path, n: int = 120, seed: int = 0) -> Path:
    """A labelled CSV of made-up reviews, no two of them equal."""
    rng = np.random.default_rng(seed)
    texts = [f"{' '.join(rng.choice(WORDS, 8))} number {seed} {i}" for i in range(n)]
    pd.DataFrame({"review": texts, "sentiment": ["positive", "negative"] * (n // 2)}).to_csv(path, index=False)
    return path


def trained(folder: Path, source: Source, *, seed: int = SEED, weights: int = 0) -> Path:
    """A run whose metadata names a data set as its training data."""
    run = open_run(tiny_run(folder, seed=weights))
    add_parts(run, {"metadata.json": {**METADATA, "seed": seed, "data": asdict(source)}})
    return folder


def without_errors(table: pd.DataFrame) -> pd.DataFrame:
    """The table of predictions with a logit of the right sign in every row."""
    return table.assign(logit=(6.0 * (table["label"] * 2 - 1)).astype("float32"))


def figures_on_other_data(folder: Path, run: Path) -> dict:
    """The test figures of a run on reviews that it was not trained on."""
    out = run.parent / "foreign.json"
    assert evaluate("--data", folder / "foreign.csv", "--artifacts", run, "--json", out).status == 0
    return json.loads(out.read_text())["runs"][0]["test"]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two data sets, and two runs trained on the first."""
    root = tmp_path_factory.mktemp("evaluate")
    source = dataset.load(reviews(root / "own.csv"), seed=SEED).source
    reviews(root / "foreign.csv", seed=1)
    trained(root / "run", source)
    trained(root / "other", source, weights=4)
    return root


@pytest.fixture
def run(tmp_path: Path, folder: Path) -> Path:
    return trained(tmp_path / "run", dataset.load(folder / "own.csv", seed=SEED).source)


def test_results_on_the_run_s_own_test_reviews_are_saved_in_the_run(run: Path, folder: Path, tmp_path: Path) -> None:
    done = evaluate("--data", folder / "own.csv", "--artifacts", run, "--json", tmp_path / "out.json")
    assert done.status == 0, done.stderr
    assert "24 test reviews of CSV" in done.stdout
    evaluated = open_run(run)
    result = evaluated.json("test.json")
    table = pd.read_parquet(evaluated.file("test_predictions.parquet"))
    own_test = dataset.load(folder / "own.csv", seed=SEED).test
    assert table["fingerprint"].tolist() == own_test["fingerprint"].tolist()
    assert result["test"]["n"] == 24
    assert result["test"]["accuracy"] == pytest.approx(((table["logit"] >= 0) == table["label"]).mean())
    assert json.loads((tmp_path / "out.json").read_text()) == {"runs": [{"run": "run", **result}]}
    assert f"Test set evaluated on {result['date']}" in evaluated.file("README.md").read_text(encoding="utf-8")


def test_the_test_reviews_are_those_of_the_split_seed(folder: Path, tmp_path: Path) -> None:
    own = dataset.load(folder / "own.csv", seed=SEED)
    run = trained(tmp_path / "run", own.source, seed=SEED + 1)
    add_parts(open_run(run), {"metadata.json": {**open_run(run).json("metadata.json"), "split_seed": SEED}})
    assert evaluate("--data", folder / "own.csv", "--artifacts", run).status == 0
    table = pd.read_parquet(open_run(run).file("test_predictions.parquet"))
    assert table["fingerprint"].tolist() == own.test["fingerprint"].tolist()


def test_an_evaluated_run_is_evaluated_again_only_on_request(run: Path, folder: Path) -> None:
    earlier = {"date": "2001-01-01", "test": figures_on_other_data(folder, run), "data": {}}
    add_parts(open_run(run), {"test.json": earlier})
    first = evaluate("--data", folder / "own.csv", "--artifacts", run)
    assert first.status == 0
    assert "evaluated on 2001-01-01" in first.stderr
    assert open_run(run).json("test.json") == earlier
    again = evaluate("--data", folder / "own.csv", "--artifacts", run, "--again")
    assert again.status == 0
    assert open_run(run).json("test.json")["date"] > "2001-01-01"


def test_a_run_without_errors_is_saved_with_its_card(run: Path, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    predict = predictions.predict
    monkeypatch.setattr(predictions, "predict", lambda *given: without_errors(predict(*given)))
    done = evaluate("--data", folder / "own.csv", "--artifacts", run)
    assert done.status == 0, done.stderr
    assert open_run(run).json("test.json")["test"]["accuracy"] == 1.0
    assert "Test set evaluated on" in open_run(run).file("README.md").read_text(encoding="utf-8")


def test_a_second_call_writes_the_card_that_the_first_could_not_write(
    run: Path, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full_disk(run: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device", "README.md")

    with monkeypatch.context() as broken:
        broken.setattr(model_card, "write", full_disk)
        assert evaluate("--data", folder / "own.csv", "--artifacts", run).status == 2
    assert open_run(run).has("test.json")
    assert not open_run(run).has("README.md")
    assert evaluate("--data", folder / "own.csv", "--artifacts", run).status == 0
    assert "Test set evaluated on" in open_run(run).file("README.md").read_text(encoding="utf-8")
    written = (run / "manifest.json").read_bytes()
    assert evaluate("--data", folder / "own.csv", "--artifacts", run).status == 0
    assert (run / "manifest.json").read_bytes() == written


def test_all_rows_of_other_data_are_evaluated_and_nothing_is_saved(run: Path, folder: Path, tmp_path: Path) -> None:
    before = {path.name: path.read_bytes() for path in run.iterdir()}
    done = evaluate("--data", folder / "foreign.csv", "--artifacts", run, "--json", tmp_path / "out.json")
    assert done.status == 0
    assert "Not saved" in done.stderr
    assert "accuracy" in done.stdout
    assert json.loads((tmp_path / "out.json").read_text())["runs"][0]["test"]["n"] == 120
    assert "60 of them positive" in done.stdout
    assert {path.name: path.read_bytes() for path in run.iterdir()} == before


@pytest.mark.parametrize("options", ["--data own.csv", "--behaviour", "--data own.csv --explanations"])
def test_unfinished_proofs_are_kept_until_the_explanations_are_proved(
    options: str, run: Path, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = proofs()
    planted = SimpleNamespace(prove_shortcuts=lambda *_, **__: found["shortcuts"])
    monkeypatch.setattr(report, "prove", lambda *_, **__: found)
    monkeypatch.setitem(sys.modules, "sentiment.training.shortcuts", planted)
    unfinished = run / ".explanations" / "erasure.json"
    unfinished.parent.mkdir()
    unfinished.write_text("{}")
    words = [folder / word if word == "own.csv" else word for word in options.split()]
    assert evaluate(*words, "--artifacts", run).status == 0
    assert unfinished.exists() == ("--explanations" not in options)


def test_explanations_are_proved_only_on_the_run_s_own_data(run: Path, folder: Path) -> None:
    done = evaluate("--data", folder / "foreign.csv", "--artifacts", run, "--explanations")
    assert (done.status, done.stderr.count("\n")) == (2, 1)
    assert "was trained on; this is other data." in done.stderr
    assert not (run / ".explanations").exists()


def test_a_file_of_a_few_rows_and_one_class_is_evaluated(run: Path, tmp_path: Path) -> None:
    pd.DataFrame({"review": ["good film", "a great film", "Good film!"], "sentiment": ["positive"] * 3}).to_csv(
        tmp_path / "few.csv", index=False
    )
    done = evaluate("--data", tmp_path / "few.csv", "--artifacts", run)
    assert done.status == 0, done.stderr
    assert "2 test reviews of CSV, 2 of them positive" in done.stdout
    assert re.search(r"majority baseline +100.0%", done.stdout)


def test_columns_and_labels_default_to_those_of_the_run_s_training_data(run: Path, tmp_path: Path) -> None:
    how = {"text_column": "comment", "label_column": "felt", "labels": {"up": 1, "down": 0, "so-so": None}}
    add_parts(open_run(run), {"metadata.json": {**open_run(run).json("metadata.json"), "reading": how}})
    rows = [(f"good film {i}", "up", "poor") for i in range(12)] + [
        (f"bad film {i}", "down", "poor") for i in range(12)
    ]
    rows += [(f"a film {i}", "so-so", "poor") for i in range(5)]
    pd.DataFrame(rows, columns=["comment", "felt", "label"]).to_csv(tmp_path / "more.csv", index=False)
    done = evaluate("--data", tmp_path / "more.csv", "--artifacts", run)
    assert done.status == 0, done.stderr
    assert "24 test reviews of CSV, 12 of them positive" in done.stdout
    assert "5 texts labelled neither positive nor negative are left out; the model is unsure of" in done.stdout


def test_two_runs_are_compared_on_the_same_reviews_and_neither_changes(folder: Path, tmp_path: Path) -> None:
    out = tmp_path / "out.json"
    before = (folder / "run" / "manifest.json").read_bytes()
    options = ("--artifacts", folder / "run", "--compare", folder / "other", "--json", out)
    done = evaluate("--data", folder / "own.csv", *options)
    assert done.status == 0, done.stderr
    written = json.loads(out.read_text())
    first, second = (each["test"] for each in written["runs"])
    assert written["comparison"]["difference"] == pytest.approx(second["accuracy"] - first["accuracy"])
    assert written["comparison"]["n"] == first["n"] == second["n"] == 24
    assert "other minus run" in done.stdout
    assert "McNemar" in done.stdout
    assert (folder / "run" / "manifest.json").read_bytes() == before
    assert not (folder / "run" / "test.json").exists()


def test_a_warning_names_the_run_that_was_trained_on_test_reviews(folder: Path, tmp_path: Path) -> None:
    own = dataset.load(folder / "own.csv", seed=SEED)
    other_seed = trained(tmp_path / "other-seed", own.source, seed=SEED + 1)
    seen = dataset.load(folder / "own.csv", seed=SEED + 1).train
    seen.assign(split="train")[["split", "fingerprint"]].to_parquet(tmp_path / "rows.parquet")
    add_parts(open_run(other_seed), {"predictions.parquet": (tmp_path / "rows.parquet").read_bytes()})
    n = int(own.test["fingerprint"].isin(seen["fingerprint"]).sum())
    done = evaluate("--data", folder / "own.csv", "--artifacts", folder / "run", "--compare", other_seed)
    assert f"other-seed was trained on {n} of these 24 reviews" in done.stderr
    assert "run was trained" not in done.stderr.replace("other-seed was trained", "")


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (("--data", "nowhere.csv", "--artifacts", "{run}"), "There is nothing at nowhere.csv."),
        (("--data", "{own}", "--artifacts", "nowhere"), "There is no run at nowhere."),
        (("--data", "{own}", "--artifacts", "{bare}"), "has no metadata.json"),
        (
            ("--data", "{own}", "--artifacts", "{run}", "--json", "no/such/folder.json"),
            "the folder no/such for folder.json does not exist",
        ),
    ],
)
def test_bad_input_gets_one_line_and_status_2(
    options: tuple[str, ...], message: str, folder: Path, tmp_path: Path
) -> None:
    names = {"run": folder / "run", "own": folder / "own.csv", "bare": tmp_path / "bare"}
    tiny_run(tmp_path / "bare")
    done = evaluate(*(option.format(**names) for option in options))
    assert done.status == 2
    assert message in done.stderr
    assert done.stderr.count("\n") == 1
    assert done.stdout == ""


@pytest.mark.process
def test_the_script_runs_in_any_folder_and_prints_its_usage(tmp_path: Path) -> None:
    command = [sys.executable, str(SCRIPTS / "evaluate.py"), "--help"]
    done = subprocess.run(command, capture_output=True, text=True, check=True, cwd=tmp_path)
    assert done.stdout.startswith("usage: evaluate.py")


def test_with_unlabelled_reviews_behaviour_also_tries_changes_of_writing(tmp_path: Path) -> None:
    rows = release(per_class=40, unlabelled=30)
    rows.loc[rows["part"] == "unsup", "text"] += " We didn't stay to the end."
    data = parquet_folder(rows, tmp_path)
    run = trained(tmp_path / "run", dataset.load(data, seed=SEED).source)
    done = evaluate("--behaviour", "--data", data, "--artifacts", run)
    assert done.status == 0, done.stderr
    assert "Changes of writing are not tried" not in done.stderr
    assert "apostrophe as &rsquo;" in done.stdout
    saved = open_run(run).json("behaviour.json")["writing"]
    assert saved["sentences"]["n"] == saved["reviews"]["n"] == 30
    assert "We didn't stay" not in json.dumps(saved)
