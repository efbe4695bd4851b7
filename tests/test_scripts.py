"""What every command line keeps to: --help, and one sentence and status 2 where what it is given is not there."""

from __future__ import annotations

import pytest

from tests.command import SCRIPTS, run_script

NAMES = sorted(path.name for path in SCRIPTS.glob("*.py"))
USES_A_RUN = {"evaluate.py": ("--behaviour",), "prove_bulk.py": (), "prove_people.py": ()}


@pytest.mark.parametrize("name", NAMES)
def test_every_script_tells_how_it_is_used(name):
    done = run_script(name, "--help")
    assert (done.status, done.stdout.startswith(f"usage: {name}")) == (0, True)


@pytest.mark.parametrize("name", USES_A_RUN)
def test_a_run_that_is_not_there_is_told_in_a_sentence(name, tmp_path):
    done = run_script(name, "--artifacts", tmp_path / "none", *USES_A_RUN[name])
    assert (done.status, done.stderr) == (2, f"{name}: There is no run at {tmp_path / 'none'}.\n")


@pytest.mark.parametrize("name", ["x" * 300 + ".csv", "none.csv", ""])
def test_an_input_that_cannot_be_opened_is_told_in_a_sentence(name, tmp_path):
    done = run_script("score.py", tmp_path / name, tmp_path / "out.csv")
    assert (done.status, done.stderr.count("\n")) == (2, 1)
    assert "--resume" not in done.stderr
