"""The YAML block of a model card, as the Hugging Face Hub reads it."""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest
import yaml

from sentiment import front_matter, model_card
from sentiment.artifacts import ROOT, Run, add_parts, open_run
from tests.committed import COMMITTED
from tests.served import need
from tests.tiny import tiny_run

FIGURES = {"accuracy": 0.875, "precision": 0.0000004, "recall": 1.0, "f1": 0.93, "auc": None, "log_loss": 12.5, "n": 8}


def parsed_block(card: str) -> Any:
    """The values in the YAML block at the start of a card."""
    opening, content, _ = card.split("---\n", 2)
    assert opening == ""
    return yaml.safe_load(content)


@pytest.fixture
def run(tmp_path: Path) -> Run:
    return open_run(tiny_run(tmp_path / 'it\'s "tiny": #1'))


def test_a_run_of_the_imdb_reviews_names_them_and_their_terms(run: Run) -> None:
    found = parsed_block(front_matter.render(run, imdb=True))
    assert (found["language"], found["datasets"], found["license"]) == ("en", ["stanfordnlp/imdb"], "other")
    assert found["pipeline_tag"] == "text-classification"


def test_a_run_of_other_data_claims_neither_language_nor_licence(run: Run) -> None:
    found = parsed_block(front_matter.render(run, imdb=False))
    assert found["license"] == "unknown"
    assert {"language", "datasets", "metrics", "model-index"} & set(found) == set()


def test_the_metrics_of_the_test_are_numbers_and_missing_ones_are_left_out(run: Run) -> None:
    tested = add_parts(run, {"test.json": {"test": FIGURES}})
    [entry] = parsed_block(front_matter.render(tested, imdb=False))["model-index"]
    assert entry["name"] == run.name
    [result] = entry["results"]
    found = {each["type"]: each["value"] for each in result["metrics"]}
    assert set(found) == {"accuracy", "precision", "recall", "f1", "log_loss"}
    assert found == pytest.approx({name: FIGURES[name] for name in found}, abs=1e-6)
    assert all(isinstance(value, float) for value in found.values())


@pytest.mark.parametrize("imdb", [True, False])
def test_the_card_is_shown_without_the_block(imdb: bool, run: Run) -> None:
    tested = add_parts(run, {"test.json": {"test": FIGURES}})
    text = "# A card\n\n---\n\nwith a line\n---\n"
    assert front_matter.without(front_matter.render(tested, imdb=imdb) + "\n" + text) == text


@pytest.mark.parametrize("text", ["", "# A card\n", "---\n", "---\nunfinished", "--- \n\n---\n"])
def test_a_card_without_a_block_stays_as_it_is(text: str) -> None:
    assert front_matter.without(text) == text


@pytest.mark.parametrize("name", COMMITTED)
def test_the_hub_reads_the_card_of_every_committed_run(name: str, tmp_path: Path) -> None:
    need(find_spec("huggingface_hub"), "huggingface_hub")
    from huggingface_hub import ModelCard

    run = open_run(ROOT / name)
    path = tmp_path / "README.md"
    path.write_text(model_card.render(run), encoding="utf-8")
    data = ModelCard.load(path).data
    assert (data.language, data.datasets, data.model_name) == ("en", ["stanfordnlp/imdb"], name)
    found = {each.metric_type: each.metric_value for each in data.eval_results}
    assert found["accuracy"] == pytest.approx(run.json("test.json")["test"]["accuracy"], abs=1e-6)
    assert {each.task_type for each in data.eval_results} == {"text-classification"}


@pytest.mark.parametrize("name", COMMITTED)
def test_the_committed_card_of_every_run_has_the_block(name: str) -> None:
    found = parsed_block((ROOT / name / "README.md").read_text(encoding="utf-8"))
    assert found["model-index"][0]["name"] == name
