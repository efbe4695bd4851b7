"""Edited reviews: how pairs are read, evaluated and saved in a run, and shown on its card and on the page."""

from __future__ import annotations

import json
from pathlib import Path

import pandas as pd
import pytest

from sentiment import model_card
from sentiment.artifacts import ArtifactError, Run, add_parts, open_run
from sentiment.behaviour import edited
from sentiment.behaviour.edited import PART, Pair, Pairs
from sentiment.dataset import fingerprint
from sentiment.evaluation.metrics import wilson_interval
from sentiment.model.decision import DecisionRule, unscored_prediction
from sentiment.tables.errors import FileError
from tests.app_runs import full_run
from tests.command import run_script
from tests.test_behaviour_parts import page
from tests.tiny import tiny_run

HEADER = "pair,label,original,text"
ROWS = [
    {"pair": 1, "label": "neg", "original": True, "text": "A dull, dull film."},
    {"pair": 1, "label": "pos", "original": False, "text": "A great, great film."},
    {"pair": 2, "label": "neg", "original": False, "text": "The film is bad, not good."},
    {"pair": 2, "label": "pos", "original": True, "text": "The film is good, not bad."},
]
PAIRS = [
    Pair("A dull, dull film.", "A great, great film.", positive=True),
    Pair("The film is good, not bad.", "The film is bad, not good.", positive=False),
]


@pytest.fixture
def file(tmp_path: Path) -> Path:
    pd.DataFrame(ROWS).to_csv(tmp_path / "pairs.csv", index=False)
    return tmp_path / "pairs.csv"


@pytest.fixture
def tiny(tmp_path: Path) -> Run:
    return open_run(tiny_run(tmp_path / "tiny"))


def with_splits(run: Run, **splits: list[str]) -> Run:
    """The run with a record of the texts in each split of its training."""
    rows = [{"split": split, "fingerprint": fingerprint(text)} for split, texts in splits.items() for text in texts]
    pd.DataFrame(rows).to_parquet(run.path.parent / "rows.parquet")
    return add_parts(run, {"predictions.parquet": (run.path.parent / "rows.parquet").read_bytes()})


def predictor(logits: dict[str, float]):
    """A model that has a fixed logit for each text."""
    return lambda texts: [DecisionRule().predict(logits[text], "ok", 5, 5, 0.0) for text in texts]


def test_csv_and_parquet_give_the_same_pairs_with_the_original_first(file: Path, tmp_path: Path) -> None:
    pd.DataFrame(ROWS).to_parquet(tmp_path / "pairs.parquet")
    assert edited.read(file).pairs == PAIRS
    assert edited.read(tmp_path / "pairs.parquet").pairs == PAIRS


@pytest.mark.parametrize(
    ("labels", "marks"),
    [(("negative", "positive"), ("true", "false")), (("0", "1"), ("1", "0")), (("NEG", "Pos"), ("yes", "no"))],
)
def test_labels_and_marks_have_several_accepted_spellings(labels, marks, tmp_path: Path) -> None:
    lines = [HEADER, f"a,{labels[1]},{marks[1]},After it.", f"a,{labels[0]},{marks[0]},Before it."]
    (tmp_path / "pairs.csv").write_text("\n".join(lines))
    assert edited.read(tmp_path / "pairs.csv").pairs == [Pair("Before it.", "After it.", positive=True)]


@pytest.mark.parametrize("mark", ["true", "false"])
def test_where_both_or_neither_is_marked_the_first_text_is_the_original(mark: str, tmp_path: Path) -> None:
    (tmp_path / "pairs.csv").write_text(f"{HEADER}\na,pos,{mark},First.\na,neg,{mark},Second.\n")
    assert edited.read(tmp_path / "pairs.csv").pairs == [Pair("First.", "Second.", positive=False)]


INVALID_FILES = {
    "no column": ("pair,label,text\na,pos,One.", "There is no column called original"),
    "a single text": (f"{HEADER}\na,pos,true,One.", "The pair 'a' of pairs.csv is not two texts with opposite labels"),
    "three texts": (f"{HEADER}\na,pos,true,One.\na,neg,false,Two.\na,neg,false,Three.", "The pair 'a'"),
    "equal labels": (f"{HEADER}\na,pos,true,One.\na,pos,false,Two.", "The pair 'a'"),
    "an unknown label": (f"{HEADER}\na,pos,true,One.\na,meh,false,Two.", "Row 2 of pairs.csv"),
    "an unknown mark": (f"{HEADER}\na,pos,perhaps,One.\na,neg,false,Two.", "Row 1 of pairs.csv"),
    "no text": (f"{HEADER}\na,pos,true,\na,neg,false,Two.", "Row 1 of pairs.csv"),
    "a row cut short": (f"{HEADER}\na,pos,true,One.\na,neg", "pairs.csv, line 3"),
    "a header alone": (f"{HEADER}\n", "pairs.csv has no pairs"),
    "a long name": (f"{HEADER}\n{'x' * 500},pos,true,One.", f"The pair '{'x' * 39}…' of pairs.csv"),
}


@pytest.mark.parametrize(("content", "message"), INVALID_FILES.values(), ids=INVALID_FILES)
def test_a_file_without_valid_pairs_is_refused_in_one_sentence(content: str, message: str, tmp_path: Path) -> None:
    (tmp_path / "pairs.csv").write_text(content)
    with pytest.raises(FileError) as refused:
        edited.read(tmp_path / "pairs.csv")
    assert message in str(refused.value)
    assert "\n" not in str(refused.value)
    assert len(str(refused.value)) < 300


FOUR_PAIRS = [
    Pair("a", "A", positive=True),  # both texts are correct
    Pair("b", "B", positive=False),  # the edited text is correct, the original is not
    Pair("c", "C", positive=False),  # moves towards its label, but does not reach it
    Pair("d", "D", positive=True),  # moves away from its label
]
LOGITS = {"a": -2.0, "A": 1.0, "b": -0.5, "B": -1.0, "c": 3.0, "C": 0.5, "d": -1.0, "D": -1.5}


def test_correct_pairs_crossings_and_moves_are_counted_separately(tiny: Run) -> None:
    found = edited.evaluate(tiny, predictor(LOGITS), Pairs(FOUR_PAIRS, "f" * 64))
    [row] = found["sets"]
    assert (found["sha256"], found["trained_on"], row["of"], row["pairs"]) == ("f" * 64, 0, "all", 4)
    for name, n in (("both", 1), ("crosses", 2), ("moves", 3)):
        assert row[name] == {"value": n / 4, "bounds": list(wilson_interval(n, 4))}


def test_an_unmoved_score_has_not_moved_and_equal_texts_are_counted(tiny: Run) -> None:
    pairs = [Pair("One & the same!", "one and  the same", positive=True), Pair("So, so.", "so so", positive=True)]
    found = edited.evaluate(
        tiny, lambda texts: [DecisionRule().predict(1.0, "ok", 5, 5, 0.0)] * len(texts), Pairs(pairs, "")
    )
    assert found["sets"][0]["moves"]["value"] == 0.0
    assert found["identical"] == 1


def test_pairs_without_tokens_count_in_no_measure(tiny: Run) -> None:
    found = edited.evaluate(tiny, lambda texts: [unscored_prediction("empty")] * len(texts), Pairs(FOUR_PAIRS, ""))
    [row] = found["sets"]
    assert [row[name]["value"] for name in edited.MEASURES] == [0.0, 0.0, 0.0]


def test_validation_pairs_are_found_by_the_fingerprint_of_the_original(tiny: Run) -> None:
    run = with_splits(tiny, train=["A!", "d"], validation=["<br />B.", "C", "nothing"])  # case and marks are ignored
    found = edited.evaluate(run, predictor(LOGITS), Pairs(FOUR_PAIRS, ""))
    _, row = found["sets"]
    assert (found["trained_on"], row["of"], row["pairs"]) == (2, "validation", 2)
    assert [row[name]["value"] for name in edited.MEASURES] == [0.0, 0.5, 1.0]


def test_the_result_is_saved_with_the_file_s_hash_and_without_any_text(file: Path, tiny: Run, tmp_path: Path) -> None:
    before = tiny.manifest["files"]
    done = run_script("evaluate.py", "--edited", file, "--artifacts", tiny.path, "--json", tmp_path / "out.json")
    assert done.status == 0, done.stderr
    assert "edited reviews, all pairs (2): both texts correct" in done.stdout
    after = open_run(tiny.path)
    assert set(after.manifest["files"]) - set(before) == {PART, "README.md"}
    saved = after.json(PART)
    assert saved["sets"][0]["pairs"] == 2
    assert json.loads((tmp_path / "out.json").read_text()) == {"runs": [{"run": "tiny", "edited": saved}]}
    assert not any(row["text"] in (tiny.path / PART).read_text() for row in ROWS)
    assert f"`{edited.sha256(file)}`" in after.file("README.md").read_text(encoding="utf-8")


def test_an_invalid_file_is_refused_before_anything_is_evaluated(file: Path, tiny: Run) -> None:
    file.write_text(f"{HEADER}\na,pos,true,One.\n")
    done = run_script("evaluate.py", "--edited", file, "--behaviour", "--artifacts", tiny.path)
    assert (done.status, done.stdout, done.stderr.count("\n")) == (2, "", 1)
    done = run_script("evaluate.py", "--edited", file.with_name("nowhere.csv"), "--artifacts", tiny.path)
    assert done.status == 2
    assert "There is no file" in done.stderr
    assert not open_run(tiny.path).has(PART)


def test_a_comparison_does_not_evaluate_edited_reviews(file: Path, tiny: Run) -> None:
    done = run_script("evaluate.py", "--data", "x", "--compare", tiny.path, "--edited", file, "--artifacts", tiny.path)
    assert done.status == 2
    assert "only compares" in done.stderr.splitlines()[-1]


def with_result(run: Run) -> Run:
    """The run with a result on edited reviews, of which one original is in training and one in validation."""
    known = with_splits(run, train=["a"], validation=["b"])
    found = edited.evaluate(known, predictor(LOGITS), Pairs(FOUR_PAIRS, "e" * 64))
    return add_parts(run, {PART: found})


def test_the_card_has_both_sets_and_refuses_a_damaged_part(tiny: Run) -> None:
    run = with_result(tiny)
    card = model_card.render(run)
    assert "1 of the 4 original reviews are in the recorded training\nsplit of this run." in card
    assert "| all pairs | 4 | 25.0% (4.6 to 69.9%) | 50.0% (15.0 to 85.0%) | 75.0% (30.1 to 95.4%) |" in card
    assert "| original in validation | 1 | 0.0%" in card
    (run.path / PART).write_text("{}")
    with pytest.raises(ArtifactError, match=r"edited\.json doesn't match its checksum"):
        model_card.render(run)


def test_the_page_has_both_sets_and_says_if_the_part_is_malformed(tmp_path: Path, monkeypatch) -> None:
    run = with_result(open_run(full_run(tmp_path / "runs" / "with_result")))
    app = page(monkeypatch, run, "Edited reviews")
    assert not app.exception
    [shown] = [table.value for table in app.table if "Edited text correct" in table.value]
    assert shown["Pairs"].tolist() == ["all pairs", "original in validation"]
    assert shown["Edited text correct"].tolist()[0] == "50.0% (15.0 to 85.0%)"
    app = page(monkeypatch, add_parts(run, {PART: {"date": "today"}}), "Edited reviews")
    assert not app.exception
    assert any("doesn't have the expected content" in error.value for error in app.error)
