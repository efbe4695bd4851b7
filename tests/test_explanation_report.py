"""The report of all checks of explanations, ``explanations.json``, on a tiny run and few reviews."""

from __future__ import annotations

import json

import numpy as np
import pytest

from sentiment import Classifier
from sentiment.faithfulness import card
from sentiment.faithfulness import report as report_module
from sentiment.faithfulness.methods import OURS, RIVALS
from sentiment.faithfulness.report import Sizes, cached_check, lines, prove
from tests.app_runs import proofs
from tests.tiny import WORDS, tiny_run

SMALL = Sizes(completeness=None, erasure=6, hybrids=6, shapley=3, sample=4, limit=2, choice=4)
CHECKS = {
    *("forward", "completeness", "dummy", "limit", "stability", "shapley", "erasure"),
    *("hybrids", "random_weights", "gaps", "time", "choice"),
}


@pytest.fixture(scope="module")
def proof(tmp_path_factory):
    """The report, and the names of the checks that were announced."""
    classifier = Classifier.load(tiny_run(tmp_path_factory.mktemp("runs") / "tiny"))
    rng = np.random.default_rng(0)
    texts = [" ".join(rng.choice(WORDS, int(length))) for length in rng.integers(5, 30, 20)] + [""]
    labels = rng.integers(0, 2, len(texts)).astype(np.int8)
    announced: list[str] = []
    return prove(classifier, texts, labels, texts[:4], sizes=SMALL, say=announced.append), announced


@pytest.fixture(scope="module")
def report(proof):
    return proof[0]


def test_the_report_is_valid_json_and_has_every_announced_check(proof):
    report, announced = proof
    assert json.loads(json.dumps(report, allow_nan=False)) == report
    assert set(announced) == CHECKS <= set(report)


def test_the_identities_hold_in_the_report(report):
    assert report["completeness"]["n"] == 20  # the empty text has nothing to explain
    assert report["completeness"]["largest"] < 1e-5
    assert report["forward"]["largest"] < 1e-5
    assert report["dummy"]["largest"] == 0.0
    assert report["limit"]["least"] > 0.99
    assert report["limit"]["gap"] < 0.1
    assert report["limit"]["reached"]["n"] == report["limit"]["n"]


@pytest.mark.parametrize(
    ("reached", "result"),
    [
        ({"n": 0}, "elsewhere the gap is up to 3"),
        ({"n": 1, "mean": 0.9, "least": 0.9}, "mean correlation 0.9000, minimum 0.9000; elsewhere the gap is up to 3"),
        ({"n": 2, "mean": 0.9, "least": 0.8}, "mean correlation 0.9000, minimum 0.8000"),
    ],
)
def test_the_card_separates_reviews_on_which_integrated_gradients_converged(reached, result):
    limit = {"n": 2, "segments": 64, "points": 256, "mean": 0.4, "least": 0.1, "gap": 3.0}
    report = dict(proofs(), limit={**limit, "reached": {"within": 0.1, **reached}})
    check = "The same, where the completeness gap of integrated gradients is at most 0.1"
    assert (check, reached["n"], result) in card.identities(report)


def test_a_saved_check_is_reused_for_the_same_inputs_only(tmp_path):
    calls: list[int] = []

    def check() -> dict[str, int]:
        calls.append(1)
        return {"n": len(calls)}

    folder = tmp_path / "checks"
    assert cached_check(folder, "one", {"model": "a"}, check) == {"n": 1}
    assert cached_check(folder, "one", {"model": "a"}, check) == {"n": 1}
    assert cached_check(folder, "one", {"model": "b"}, check) == {"n": 2}
    assert cached_check(None, "one", {"model": "b"}, check) == {"n": 3}


@pytest.mark.parametrize(
    "others",
    [{"texts": ["good", "bad film"]}, {"labels": np.array([0, 1], np.int8)}, {"validation": ["dull !"]}],
    ids=lambda others: next(iter(others)),
)
def test_a_check_is_run_again_for_other_reviews_of_the_same_number(others, tmp_path, monkeypatch):
    classifier = Classifier.load(tiny_run(tmp_path / "tiny"))
    reviews = {"texts": ["good film", "bad film"], "labels": np.array([1, 0], np.int8), "validation": ["great !"]}
    calls: list[int] = []
    monkeypatch.setattr(report_module, "_CHECKS", {"one": lambda _: calls.append(1) or {"n": len(calls)}})
    found = [
        prove(classifier, **each, kept=tmp_path / "checks")["one"]["n"] for each in (reviews, reviews, reviews | others)
    ]
    assert found == [1, 1, 2]


def test_every_method_is_in_every_comparison(report):
    names = [row["name"] for row in report["gaps"]["methods"]]
    assert names[0] == OURS
    for part in (report["shapley"], report["hybrids"], report["time"], *report["erasure"]["ways"]):
        assert [row["name"] for row in part["methods"]] == names
    for removal in report["erasure"]["ways"]:
        assert [row["name"] for row in removal["better_than"]] == list(RIVALS)


def test_a_difference_is_positive_if_our_mean_is_better(report):
    for removal in report["erasure"]["ways"]:
        rows = {row["name"]: row for row in removal["methods"]}
        for better in removal["better_than"]:
            rival = rows[better["name"]]
            for measure, sign in (("comprehensiveness", 1), ("sufficiency", -1)):
                gain = sign * (rows[OURS][measure]["mean"] - rival[measure]["mean"])
                assert better[measure]["mean"] == pytest.approx(gain, abs=1e-9)
                low, high = better[measure]["interval"]
                assert low <= better[measure]["mean"] <= high


def test_the_printed_lines_name_every_method_and_the_largest_gap(report):
    printed = "\n".join(lines(report))
    assert f"at most {report['completeness']['largest']:.1e} logits" in printed
    assert all(row["name"] in printed for row in report["gaps"]["methods"])
