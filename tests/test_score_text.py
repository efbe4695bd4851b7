"""``score.py --text`` prints the prediction for one text as a JSON object."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from sentiment import Classifier
from sentiment.commands import score as score_command
from tests.command import SCRIPTS, Done, run_script

KEYS = ["label", "probability", "logit", "confidence", "status", "tokens_read", "tokens_total", "unknown_rate"]


def score(*arguments: object) -> Done:
    """Runs ``score.py`` in this process."""
    return run_script("score.py", *arguments)


def command(run: Path, *arguments: str | bytes) -> list[str | bytes | Path]:
    """The command that runs ``score.py`` with a run in a process of its own."""
    return [sys.executable, SCRIPTS / "score.py", *arguments, "--artifacts", run]


def test_the_object_has_the_documented_keys_and_the_numbers_of_the_classifier(run):
    done = score("--text", "A good film, not dull.", "--artifacts", run)
    assert done.status == 0, done.stderr
    result = json.loads(done.stdout)
    assert list(result) == KEYS
    [expected] = Classifier.load(run).predict(["A good film, not dull."])
    numbers = {key: result.pop(key) for key in ("probability", "logit")}
    assert numbers == pytest.approx({key: getattr(expected, key) for key in numbers}, abs=1e-6)
    assert result == {key: getattr(expected, key) for key in result}


def test_explain_adds_contributions_with_spans_that_sum_to_the_logit(run):
    text = "A good\u2009film 🎬, not dull."
    result = json.loads(score("--text", text, "--artifacts", run, "--explain").stdout)
    total = result["baseline_logit"] + result["residual"] + sum(part["value"] for part in result["contributions"])
    assert total == pytest.approx(result["logit"], abs=1e-6)
    assert len(result["contributions"]) == result["tokens_read"]
    assert all(text[part["start"] : part["end"]] == part["token"] for part in result["contributions"])


def test_an_empty_text_has_a_status_and_no_score(run):
    result = json.loads(score("--text", "  ", "--artifacts", run, "--explain").stdout)
    assert result["status"] == "empty"
    assert result["label"] is result["probability"] is result["confidence"] is None
    assert result["contributions"] == []


@pytest.mark.process
def test_the_command_works_in_any_folder_and_without_a_python_path(run, tmp_path):
    done = subprocess.run(
        command(run, "--text", "good"), capture_output=True, text=True, cwd=tmp_path, env={"PATH": "/usr/bin:/bin"}
    )
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize(
    "arguments",
    [[], ["only-an-input.csv"], ["--text", "good", "in.csv", "out.csv"]],
    ids=["nothing", "an input alone", "a text and files"],
)
def test_a_wrong_command_ends_with_status_2_and_a_message(arguments):
    done = score(*arguments)
    assert (done.status, done.stdout) == (2, "")
    assert done.stderr.splitlines()[-1].startswith("score.py: ")


def test_a_missing_run_is_named_in_one_line():
    done = score("--text", "good", "--artifacts", "/nowhere")
    assert (done.status, done.stdout) == (2, "")
    assert done.stderr == "score.py: There is no run at /nowhere.\n"


@pytest.mark.process
@pytest.mark.parametrize("arguments", [["--text", "good"], ["reviews.csv", "-"]], ids=["a text", "a pipe"])
@pytest.mark.parametrize("unbuffered", ["", "1"], ids=["buffered", "unbuffered"])
def test_output_that_cannot_be_written_is_reported_without_an_offer_to_resume(run, tmp_path, arguments, unbuffered):
    (tmp_path / "reviews.csv").write_text("review\ngood film\n")
    with Path("/dev/full").open("wb") as full:
        done = subprocess.run(
            command(run, *arguments),
            stdout=full,
            stderr=subprocess.PIPE,
            text=True,
            cwd=tmp_path,
            env={**os.environ, "PYTHONUNBUFFERED": unbuffered},
        )
    assert done.returncode == 1
    assert done.stderr == "score.py: No space left on device.\n"


@pytest.mark.parametrize(
    ("text", "source", "output", "resumable"),
    [
        (None, "in.csv", "out.csv", True),
        (None, "-", "out.csv", False),
        (None, "in.csv", "-", False),
        ("good", None, None, False),
    ],
)
def test_resuming_is_offered_after_ctrl_c_if_both_paths_are_files(text, source, output, resumable, capsys, monkeypatch):
    def interrupted(_):
        raise KeyboardInterrupt

    monkeypatch.setattr(score_command, "_one", interrupted)
    monkeypatch.setattr(score_command, "_file", interrupted)
    assert score_command.main(["--text", text] if text else [source, output], "score.py") == 130
    assert ("--resume" in capsys.readouterr().err) == resumable


@pytest.mark.process
@pytest.mark.parametrize("encoding", ["utf-8:strict", "ascii:strict"])
def test_a_text_that_the_terminal_cannot_show_is_written_with_escapes(run, encoding):
    text = b"good \xff film \xc3\xa9 \xf0\x9f\x8e\xac"
    env = {**os.environ, "PYTHONIOENCODING": encoding, "PYTHONUTF8": "1"}
    done = subprocess.run(command(run, "--text", text, "--explain"), capture_output=True, env=env)
    assert done.returncode == 0, done.stderr
    tokens = [part["token"] for part in json.loads(done.stdout)["contributions"]]
    assert "".join(tokens) == os.fsdecode(text).replace(" ", "")


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (["--text", "-great!"], {"text": "-great!"}),
        (["--text", "-10/10, dreadful"], {"text": "-10/10, dreadful"}),
        (["--text", "-hated it"], {"text": "-hated it"}),
        (["--text", "--worse=than ever", "--explain"], {"text": "--worse=than ever", "explain": True}),
        (["--text", "-"], {"text": "-"}),
        (["--explain", "--text", "—a dash"], {"text": "—a dash", "explain": True}),
        (["in.csv", "out.csv", "--text-column", "-review-"], {"text_column": "-review-", "input": "in.csv"}),
        (["-", "out.csv", "--delimiter", "-"], {"delimiter": "-", "input": "-", "output": "out.csv"}),
    ],
)
def test_a_value_may_begin_with_a_dash(words, expected):
    options = vars(score_command._options(words, "score.py"))
    assert {name: options[name] for name in expected} == expected


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["--label-column", "--label", "in.csv", "out.csv"], "ambiguous option"),
        (["--text", "--explain"], "expected one argument"),
        (["--text", "--expl"], "expected one argument"),
        (["--text", "-h"], "expected one argument"),
        (["--text"], "expected one argument"),
        (["in.csv", "out.csv", "--text-column=--"], "expected one argument"),
        (["-great!"], "unrecognized"),
    ],
)
def test_an_option_is_not_taken_for_a_value(words, message, capsys):
    with pytest.raises(SystemExit) as end:
        score_command._options(words, "score.py")
    assert end.value.code == 2
    assert message in capsys.readouterr().err
