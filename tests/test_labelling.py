"""Labelling the rows of a file: the order of the questions, the random sample, the stored answers and the states."""

import json
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest

from sentiment.bulk import labelling
from sentiment.bulk.jobs import answers
from sentiment.bulk.jobs.answers import Answers
from sentiment.bulk.jobs.job import new_job
from sentiment.bulk.labelling import RANDOM, Labelling, Pool
from sentiment.bulk.parts import Parts
from sentiment.bulk.states import read_states, states_stamp, write_states
from sentiment.evaluation.states import pooled_states
from sentiment.model.classifier import Classifier
from sentiment.tables.errors import FileError
from tests.tiny import tiny_run


def scored(n: int = 300, *, unpredicted: int = 0, labels: list[int | None] | None = None) -> SimpleNamespace:
    """The results of a file, in which every ``unpredicted``-th row has no prediction."""
    probabilities = np.random.default_rng(1).random(n)
    frame = pd.DataFrame(
        {"p_positive": probabilities, "sentiment": np.where(probabilities >= 0.5, "positive", "negative")}
    )
    if labels is not None:
        frame["label"] = pd.array(labels, "Int8")
    predicted = frame[np.arange(n) % unpredicted > 0] if unpredicted else frame
    return SimpleNamespace(rows=n, predicted=predicted)


def with_answers(pool: Pool, n: int, *, skipped: int = 0, from_file: bool = False) -> Labelling:
    """The state after ``n`` answers in the order in which the page asks, of which the first ``skipped`` are skips."""
    given: dict[int, labelling.Answer] = {}
    for number in range(n):
        place = Labelling(pool, given, from_file).next_place
        assert place is not None
        given[int(pool.rows[place])] = "skip" if number < skipped else "positive" if number % 3 else "negative"
    return Labelling(pool, given, from_file)


def test_every_session_starts_with_the_same_random_rows_that_have_a_prediction():
    pool = Pool.of(scored(unpredicted=5), "a job")
    assert sorted(pool.rows) == [row for row in range(300) if row % 5]
    assert (pool.rows == Pool.of(scored(unpredicted=5), "a job").rows).all()
    assert not (pool.rows == Pool.of(scored(unpredicted=5), "another").rows).all()
    given = with_answers(pool, RANDOM)
    assert list(given.answers) == list(pool.rows[:RANDOM])
    assert abs(pool.rows[:RANDOM].mean() - 150) < 60  # they are drawn from the whole file


def test_rows_scored_later_do_not_change_the_order_of_earlier_ones():
    early, late = (Pool.of(scored(n), "a job").rows for n in (200, 300))
    assert list(late[late < 200]) == list(early)


def test_after_the_random_rows_come_uncertain_ones_which_no_estimate_uses():
    given = with_answers(Pool.of(scored(), "a job"), RANDOM + 10)
    chosen = given.own[RANDOM:]
    others = np.setdiff1d(np.arange(300), given.own)
    assert np.abs(given.pool.probabilities[chosen] - 0.5).max() < np.abs(given.pool.probabilities[others] - 0.5).min()
    assert list(given.sample) == list(range(RANDOM))


def test_uncertainty_is_the_distance_from_the_model_s_own_threshold():
    pool = Pool.of(scored(), "a job")
    answers = with_answers(pool, RANDOM).answers
    place = Labelling(pool, answers, threshold=0.9).next_place
    assert place is not None
    assert abs(pool.probabilities[place] - 0.9) < 0.02


def test_a_skipped_row_is_replaced_by_the_next_random_one_and_counts_nowhere():
    given = with_answers(Pool.of(scored(), "a job"), RANDOM + 5, skipped=5)
    assert list(given.sample) == list(range(5, RANDOM + 5))
    assert len(given.own) == RANDOM
    assert not given.is_random


def test_every_row_of_a_small_file_is_asked_for_once():
    given = with_answers(Pool.of(scored(60), "a job"), 60)
    assert sorted(given.answers) == list(range(60))
    assert given.next_place is None


@pytest.mark.parametrize("known", [300, 100, 0])
def test_labels_of_the_file_answer_random_rows_up_to_the_first_unlabelled_one(known):
    pool = Pool.of(scored(labels=[row % 2 for row in range(known)] + [None] * (300 - known)), "a job")
    given = Labelling(pool, {}, from_file=True)
    assert len(given.labelled) == known
    assert (given.labels[given.labelled] == pool.rows[given.labelled] % 2).all()
    if known == 300:
        assert len(given.sample) == 300
        assert given.next_place is None
    else:
        first = next(place for place, row in enumerate(pool.rows) if row >= known)
        assert given.next_place == first
        assert list(given.sample) == list(range(first))
    assert len(Labelling(pool, {}).labelled) == 0


def test_the_user_s_answer_replaces_the_label_of_the_file():
    pool = Pool.of(scored(labels=[1] * 300), "a job")
    first, second = (int(row) for row in pool.rows[:2])
    given = Labelling(pool, {first: "negative", second: "skip"}, from_file=True)
    assert list(given.labels[:3]) == [0, -1, 1]
    assert list(given.sample[:2]) == [0, 2]


def test_a_row_chosen_for_uncertainty_never_counts_as_random():
    pool = Pool.of(scored(), "a job")
    answers = dict(with_answers(pool, RANDOM).answers)
    answers[int(pool.rows[RANDOM])] = "positive"  # by chance also next in the random order
    assert len(Labelling(pool, answers).sample) == RANDOM


def test_a_random_part_of_a_large_file_can_be_labelled_and_all_rows_are_estimated(monkeypatch):
    monkeypatch.setattr(labelling, "_POOL", 50)
    pool = Pool.of(scored(), "a job")
    assert len(pool.rows) == 50
    assert len(pool.all_probabilities) == 300
    assert with_answers(pool, 50).next_place is None


@pytest.fixture
def job(tmp_path):
    with new_job(tmp_path) as job:
        job.write("task", {"text": 1, "reading": {}, "label": None, "explain": True, "run": "a run"})
        yield job


def test_answers_are_stored_in_order_and_the_last_can_be_undone(job):
    for row, answer in ((7, "positive"), (3, "skip"), (5, "negative")):
        Answers(job).add(row, answer)
    Answers(job).use_file(True)
    assert list(Answers(job).read()[0].items()) == [(7, "positive"), (3, "skip"), (5, "negative")]
    assert Answers(job).read()[1] is True
    Answers(job).undo()
    assert list(Answers(job).read()[0]) == [7, 3]
    for _ in range(3):
        Answers(job).undo()
    assert Answers(job).read() == ({}, True)


def test_a_key_pressed_twice_answers_once(job):
    Answers(job).add(7, "positive")
    Answers(job).add(7, "negative")
    assert Answers(job).read()[0] == {7: "positive"}


def test_answers_are_discarded_if_other_options_number_the_rows_differently(job):
    Answers(job).add(7, "positive")
    task = job.read("task")
    job.write("task", {**task, "explain": False, "run": "another"})
    assert Answers(job).read()[0] == {7: "positive"}
    job.write("task", {**task, "reading": {"header": False}})
    assert Answers(job).read()[0] == {}
    Answers(job).add(1, "negative")
    assert Answers(job).read()[0] == {1: "negative"}


def test_a_file_has_a_bounded_number_of_answers(job, monkeypatch):
    for module in (answers, labelling):
        monkeypatch.setattr(module, "MOST_ANSWERS", 2)
    for row in range(2):
        Answers(job).add(row, "positive")
    with pytest.raises(FileError, match="2 answers at most"):
        Answers(job).add(2, "positive")
    pool = Pool.of(scored(), "a job")
    assert Labelling(pool, Answers(job).read()[0]).next_place is None


def test_answers_are_deleted_with_their_job_and_none_is_stored_afterwards(job):
    Answers(job).add(7, "positive")
    assert "positive" in (job.folder / "answers.json").read_text()
    other = Answers(job)
    job.delete()
    other.add(8, "positive")
    assert not job.folder.exists()
    job.folder.mkdir()  # the fixture closes the job


def test_a_damaged_file_of_answers_has_no_answers(job):
    Answers(job).add(7, "positive")
    (job.folder / "answers.json").write_text("[")
    assert Answers(job).read() == ({}, False)
    (job.folder / "answers.json").write_text(json.dumps({"source": "other"}))
    assert Answers(job).read() == ({}, False)


def test_states_are_computed_after_the_results_and_a_failure_keeps_the_results(job):
    job.write("inspection", {})
    job.write("result", {})
    job.request_states()
    assert job.state == "done"
    assert job.next_action == {"name": "states"}
    with job.locked():
        job.write("action", {"name": "states"})
        assert job.state == "done"
        assert job.next_action is None
    job.fail("states", "The disk is full.")
    assert (job.state, job.states_problem, job.next_action) == ("done", "The disk is full.", None)
    job.request_states()
    assert (job.states_problem, job.states_requested) == (None, True)
    job.submit({**job.read("task"), "explain": False})
    assert (job.state, job.states_requested) == ("waiting", False)


def test_states_are_read_only_for_the_rows_they_were_computed_for(tmp_path):
    texts = ["a good film", "a dull film", "a good film", "not bad"]
    parts, classifier = Parts(tmp_path), Classifier.load(tiny_run(tmp_path / "tiny"))
    given = SimpleNamespace(parts=parts, read_texts=lambda rows: [texts[row] for row in rows])
    rows = np.array([3, 0, 2])
    assert (read_states(parts, rows), states_stamp(parts)) == (None, 0)
    write_states(classifier, given, rows)
    expected = pooled_states(classifier, [texts[row] for row in rows]).astype(np.float16)
    assert np.allclose(read_states(parts, rows), expected, atol=1e-3)
    assert states_stamp(parts)
    assert read_states(parts, rows[:2]) is None
    (tmp_path / "states_rows.npy").write_bytes(b"\x93NUMPY")
    assert read_states(parts, rows) is None
