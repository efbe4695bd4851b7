"""The proofs against hostile input, in a short form: fuzzing, killed workers, and their page."""

from __future__ import annotations

import random

import pytest

from dev.proofs import forged_values, fuzzing, killed_jobs, mutations, prove_attacks
from dev.proofs.attacks_page import page
from dev.proofs.fuzzed_kinds import KINDS
from sentiment.tables.errors import FileError
from sentiment.tables.formats import COMPRESSIONS, FORMATS
from tests.app_runs import CIRCUMSTANCES

# Attempts, as the kinds of fuzzing make them


def refuse(message):
    def attempt(chance, folder, run):
        raise FileError(message)

    return attempt


def crash(chance, folder, run):
    raise KeyError("a cell")


def accept(chance, folder, run):
    (folder / "kept").touch()


@pytest.mark.parametrize(
    ("attempt", "outcome"),
    [
        (accept, "taken"),
        (refuse("in.csv is damaged."), "refused"),
        (refuse("list index out of range"), "no sentence: 'list index out of range'"),
        (refuse("One.\nTwo."), "no sentence: 'One.\\nTwo.'"),
        (crash, "KeyError: 'a cell'"),
    ],
)
def test_input_that_is_neither_accepted_nor_refused_in_one_sentence_is_a_fault(attempt, outcome, run, monkeypatch):
    monkeypatch.setitem(KINDS, "kind", attempt)
    assert fuzzing.attempt("kind", 0, run) == outcome


@pytest.mark.process
@pytest.mark.parametrize("kind", ["names", "histories"])
def test_each_kind_is_fuzzed_in_its_own_process(kind, run):
    found = fuzzing.run(kind, run, 6)  # seconds
    assert found["faults"] == []
    assert found["inputs"] == found["taken"] + found["refused"]
    assert min(found["taken"], found["refused"]) > 0


@pytest.mark.process
def test_a_process_that_crashes_is_a_fault_and_the_next_one_continues(run, monkeypatch, tmp_path):
    crashing = tmp_path / "python"
    crashing.write_text('#!/bin/sh\necho \'{"number": 4, "outcome": "taken"}\'\nsleep 0.2\nkill -SEGV $$\n')
    crashing.chmod(0o700)
    monkeypatch.setattr(fuzzing.sys, "executable", str(crashing))
    found = fuzzing.run("names", run, 0.5)
    assert found["taken"] == len(found["faults"]) > 1
    assert "the process ended with -11" in found["faults"][0]


def test_every_kind_has_a_share_of_the_time_and_the_shares_add_up():
    assert {*prove_attacks.SHARES} == {*KINDS, "values"}
    assert sum(prove_attacks.SHARES.values()) == pytest.approx(1)


def test_mutations_start_from_every_format_and_nearly_always_change_it():
    chance = random.Random(0)
    assert {name.rsplit(".", 1)[1] for name in mutations.tables()} == {*FORMATS, *COMPRESSIONS}
    for content in [*mutations.tables().values(), *mutations.histories().values()]:
        assert sum(mutations.mutated(content, chance) != content for _ in range(20)) > 15


REFUSED = """Traceback (most recent call last):
  File "/x/sentiment/app/main.py", line 3, in main
    page()
  File "/y/streamlit/runtime/state/widgets.py", line 59, in register_widget
    ^^^^
TypeError: must be real number
"""
FAULT = """12:00 Uncaught exception
Traceback (most recent call last):
  File "/x/sentiment/app/main.py", line 3, in main
    page()
  File "/y/pandas/core.py", line 59, in concat
ValueError: No objects
Something else is logged.
"""


def test_an_exception_is_a_fault_unless_streamlit_refused_the_value():
    assert list(forged_values._faults(REFUSED + FAULT + REFUSED)) == ["app/main.py:3: ValueError: No objects"]
    assert list(forged_values._faults(REFUSED)) == []


@pytest.mark.process
def test_a_job_whose_worker_is_killed_has_the_undisturbed_output(run, tmp_path, monkeypatch):
    monkeypatch.setattr(killed_jobs, "_ROWS", 300)
    found = killed_jobs.killed_jobs(run, tmp_path, 1)
    assert found["holds"]
    assert found["jobs"] == found["same_bytes"] >= 1
    assert [path for path in (tmp_path / "jobs").iterdir() if path.is_dir()] == []


KIND = {"inputs": 1_200, "taken": 200, "refused": 1_000, "faults": []}
FUZZED = {"seconds": 600, "holds": True, "kinds": dict.fromkeys(prove_attacks.SHARES, KIND)}
PHASE = {"verdict_seconds": {"median": 0.02, "p95": 0.3, "most": 1.4}, "server_megabytes": 400, "worker_megabytes": 0}


def test_the_page_says_what_was_tried_and_which_targets_were_reached():
    kills = {"jobs": 12, "kills": 30, "same_bytes": 12, "left_over": 0, "holds": True}
    found = {"fuzzing": FUZZED, "kills": kills, "visitor": {"seconds": 20, "phases": {"idle": PHASE}, "holds": False}}
    text = page({name: {**each, "circumstances": CIRCUMSTANCES} for name, each in found.items()})
    assert f"{1_200 * len(FUZZED['kinds']):,} inputs in 10.0 min" in text
    assert "12 jobs of the app, with 30 kills of their workers" in text
    assert "| is absent | 0.02 s | 0.30 s | 1.40 s | 400 MB | 0 MB |" in text
    assert text.count("Target reached.") == 2
    assert text.count("Target missed.") == 1


def test_the_page_names_each_fault_and_omits_what_was_not_measured():
    faulty = {**KIND, "faults": ["names 7: KeyError: 'x'"]}
    measured = {**FUZZED, "kinds": {"names": faulty}, "holds": False, "circumstances": CIRCUMSTANCES}
    text = page({"fuzzing": measured})
    assert "- `names 7: KeyError: 'x'`" in text
    assert "Killed" not in text
