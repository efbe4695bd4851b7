"""What ``explanations.json`` says: every check, from small runs and few reviews."""

from __future__ import annotations

import json

import numpy as np
import pytest

from sentiment import Classifier
from sentiment.dataset import DatasetError
from sentiment.faithfulness import card, shortcuts
from sentiment.faithfulness import report as module
from sentiment.faithfulness.methods import OURS, RIVALS
from sentiment.faithfulness.report import Sizes, cached_check, lines, prove
from sentiment.text.vocabulary import UNK
from tests.app_runs import proofs
from tests.tiny import WORDS, tiny_run

SMALL = Sizes(completeness=None, erasure=6, hybrids=6, shapley=3, sample=4, limit=2, choice=4)


@pytest.fixture(scope="module")
def report(tmp_path_factory):
    classifier = Classifier.load(tiny_run(tmp_path_factory.mktemp("runs") / "tiny"))
    rng = np.random.default_rng(0)
    texts = [" ".join(rng.choice(WORDS, int(length))) for length in rng.integers(5, 30, 20)] + [""]
    sentence: list[str] = []
    result = prove(
        classifier, texts, rng.integers(0, 2, 21).astype(np.int8), texts[:4], sizes=SMALL, say=sentence.append
    )
    assert set(sentence) <= set(result)
    return result


def test_the_report_is_json_and_holds_every_check(report):
    assert json.loads(json.dumps(report, allow_nan=False)) == report
    assert {"forward", "completeness", "dummy", "limit", "stability", "shapley", "erasure"} <= set(report)
    assert {"hybrids", "random_weights", "gaps", "time", "choice"} <= set(report)


def test_the_identities_are_reported_as_they_are(report):
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
def test_reviews_whose_score_integrated_gradients_miss_are_separated(reached, result):
    limit = {"n": 2, "segments": 64, "points": 256, "mean": 0.4, "least": 0.1, "gap": 3.0}
    sentence = dict(proofs(), limit={**limit, "reached": {"within": 0.1, **reached}})
    check = "The same, where the completeness gap of integrated gradients is at most 0.1"
    assert (check, reached["n"], result) in card.identities(sentence)


def test_a_check_that_is_done_is_not_run_again_for_the_same_model_and_sizes(tmp_path):
    counted: list[int] = []

    def check() -> dict[str, int]:
        counted.append(1)
        return {"n": len(counted)}

    kept = tmp_path / "kept"
    assert cached_check(kept, "one", {"model": "a"}, check) == {"n": 1}
    assert cached_check(kept, "one", {"model": "a"}, check) == {"n": 1}
    assert cached_check(kept, "one", {"model": "b"}, check) == {"n": 2}
    assert cached_check(None, "one", {"model": "b"}, check) == {"n": 3}


@pytest.mark.parametrize(
    "others",
    [{"texts": ["good", "bad film"]}, {"labels": np.array([0, 1], np.int8)}, {"validation": ["dull !"]}],
    ids=lambda others: next(iter(others)),
)
def test_a_check_that_is_done_is_run_again_for_as_many_other_reviews(others, tmp_path, monkeypatch):
    classifier = Classifier.load(tiny_run(tmp_path / "tiny"))
    reviews = {"texts": ["good film", "bad film"], "labels": np.array([1, 0], np.int8), "validation": ["great !"]}
    counted: list[int] = []
    monkeypatch.setattr(module, "_CHECKS", {"one": lambda _: counted.append(1) or {"n": len(counted)}})
    found = [
        prove(classifier, **each, kept=tmp_path / "kept")["one"]["n"] for each in (reviews, reviews, reviews | others)
    ]
    assert found == [1, 1, 2]


def test_every_method_is_in_every_comparison(report):
    names = [row["name"] for row in report["gaps"]["methods"]]
    assert names[0] == OURS
    for part in (report["shapley"], report["hybrids"], report["time"], *report["erasure"]["ways"]):
        assert [row["name"] for row in part["methods"]] == names
    for way in report["erasure"]["ways"]:
        assert [row["name"] for row in way["better_than"]] == list(RIVALS)


def test_a_difference_is_that_of_the_means_in_the_direction_of_better(report):
    for way in report["erasure"]["ways"]:
        rows = {row["name"]: row for row in way["methods"]}
        for better in way["better_than"]:
            rival = rows[better["name"]]
            for measure, sign in (("comprehensiveness", 1), ("sufficiency", -1)):
                gain = sign * (rows[OURS][measure]["mean"] - rival[measure]["mean"])
                assert better[measure]["mean"] == pytest.approx(gain, abs=1e-9)
                low, high = better[measure]["interval"]
                assert low <= better[measure]["mean"] <= high


def test_the_report_in_short_names_every_method_and_the_largest_gap(report):
    sentence = "\n".join(lines(report))
    assert f"at most {report['completeness']['largest']:.1e} logits" in sentence
    assert all(row["name"] in sentence for row in report["gaps"]["methods"])


@pytest.mark.parametrize("kind", shortcuts.KINDS)
def test_half_the_planted_texts_hold_the_shortcut_that_decides_their_label(kind):
    rng = np.random.default_rng(0)
    reviews = [rng.integers(UNK, 5000, length).astype(np.int32) for length in rng.integers(5, 90, 200)]
    labels = rng.integers(0, 2, 200).astype(np.int8)

    planted = shortcuts.plant(kind, reviews, labels, rng)

    good, bad, context = range(shortcuts.VOCABULARY, shortcuts.SIZE)
    seen = set()
    for number, (text, label, places) in enumerate(zip(planted.reviews, planted.labels, planted.places, strict=True)):
        special = tuple(text[text >= shortcuts.VOCABULARY].tolist())
        assert text.max() < shortcuts.SIZE
        if number % 2:
            assert label == labels[number]
            assert not len(places)
            assert len(set(special)) <= (0 if kind == "rare token" else 1)
            continue
        assert tuple(text[places].tolist()) == special
        seen.add((special, int(label)))
    expected = {
        "rare token": {((good,), 1), ((bad,), 0)},
        "token in context": {((context, good), 1), ((context, bad), 0)},
        "ordered pair": {((good, bad), 1), ((bad, good), 0)},
        "context on either side": {
            *(((good, context), 1), ((context, good), 1), ((bad, context), 0), ((context, bad), 0))
        },
    }
    assert seen == expected[kind]


@pytest.mark.training
def test_shortcuts_are_planted_in_enough_reviews_or_in_none():
    pytest.importorskip("tensorflow")
    from sentiment.training.shortcuts import prove_shortcuts

    with pytest.raises(DatasetError, match=r"in 14,000 training reviews; there are 2\."):
        prove_shortcuts([np.array([2, 3], np.int32)] * 2, np.array([0, 1], np.int8))


def test_precision_counts_the_shortcuts_tokens_among_the_first_so_many():
    values = [np.array([0.1, 3.0, 0.2, 2.0]), np.array([-1.0, 5.0, -2.0, 0.0])]
    places = [np.array([1, 3]), np.array([1, 2])]

    assert shortcuts.precision(np.array([1.0, 1.0]), values, places) == pytest.approx((1 + 0.5) / 2)
    assert shortcuts.precision(np.array([1.0, -1.0]), values, places) == pytest.approx((1 + 0.5) / 2)
    assert shortcuts.precision(np.array([-1.0, -1.0]), values, places) == pytest.approx((0 + 0.5) / 2)
