"""``score.py --text``: one JSON object that says what the classifier says."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from sentiment import Classifier
from sentiment.commands import score as score_command

pytestmark = pytest.mark.process

ROOT = Path(__file__).resolve().parent.parent
KEYS = ["label", "probability", "logit", "confidence", "status", "tokens_read", "tokens_total", "unknown_rate"]


def score(*arguments, **options):
    command = [sys.executable, str(ROOT / "scripts/score.py"), *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, timeout=60, **options)


def test_the_object_has_the_contracts_keys_and_the_classifiers_numbers(run):
    done = score("--text", "A good film, not dull.", "--artifacts", run)
    assert done.returncode == 0, done.stderr
    result = json.loads(done.stdout)
    assert list(result) == KEYS
    [expected] = Classifier.load(run).predict(["A good film, not dull."])
    numbers = {key: result.pop(key) for key in ("probability", "logit")}
    assert numbers == pytest.approx({key: getattr(expected, key) for key in numbers}, abs=1e-6)
    assert result == {key: getattr(expected, key) for key in result}


def test_explaining_adds_contributions_in_place_that_sum_to_the_logit(run):
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


def test_the_command_works_from_any_folder_and_needs_no_path_set(run, tmp_path):
    done = score("--text", "good", "--artifacts", run, cwd=tmp_path, env={"PATH": "/usr/bin:/bin"})
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize(
    "arguments",
    [
        ["--text", "good", "--artifacts", "/nowhere"],
        [],
        ["only-an-input.csv"],
        ["--text", "good", "in.csv", "out.csv"],
    ],
)
def test_a_wrong_command_ends_with_2_and_no_traceback(arguments):
    done = score(*arguments)
    assert done.returncode == 2
    assert done.stdout == ""
    assert done.stderr.strip()
    assert "Traceback" not in done.stderr


def test_a_missing_run_is_named_in_one_line():
    done = score("--text", "good", "--artifacts", "/nowhere")
    assert done.stderr == "score.py: There is no run at /nowhere.\n"


@pytest.mark.parametrize("arguments", [["--text", "good"], ["reviews.csv", "-"]], ids=["a text", "a pipe"])
@pytest.mark.parametrize("unbuffered", ["", "1"], ids=["at the end", "at once"])
def test_output_that_cannot_be_written_is_reported_in_one_line_without_an_offer_to_resume(
    run, tmp_path, arguments, unbuffered
):
    (tmp_path / "reviews.csv").write_text("review\ngood film\n")
    command = [sys.executable, str(ROOT / "scripts/score.py"), *arguments, "--artifacts", str(run)]
    with Path("/dev/full").open("wb") as full:
        done = subprocess.run(
            command,
            stdout=full,
            stderr=subprocess.PIPE,
            text=True,
            timeout=60,
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
def test_resuming_is_offered_after_ctrl_c_if_files_are_left(text, source, output, resumable, capsys, monkeypatch):
    def interrupted(_):
        raise KeyboardInterrupt

    monkeypatch.setattr(score_command, "_one", interrupted)
    monkeypatch.setattr(score_command, "_file", interrupted)
    assert score_command.main(["--text", text] if text else [source, output], "score.py") == 130
    assert ("--resume" in capsys.readouterr().err) == resumable


@pytest.mark.parametrize("encoding", ["utf-8:strict", "ascii:strict"])
def test_a_text_that_the_terminal_cannot_show_is_written_in_escapes(run, encoding):
    text = b"good \xff film \xc3\xa9 \xf0\x9f\x8e\xac"
    command = [sys.executable, str(ROOT / "scripts/score.py"), "--text", text, "--explain", "--artifacts", str(run)]
    env = {**os.environ, "PYTHONIOENCODING": encoding, "PYTHONUTF8": "1"}
    done = subprocess.run(command, capture_output=True, timeout=60, env=env)
    assert done.returncode == 0, done.stderr
    sentence = [part["token"] for part in json.loads(done.stdout)["contributions"]]
    assert "".join(sentence) == os.fsdecode(text).replace(" ", "")


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
        (["--label-column", "--label", "in.csv", "out.csv"], None),
        (["--text", "--explain"], None),
        (["--text", "--expl"], None),
        (["--text", "-h"], None),
        (["--text"], None),
        (["-great!"], None),
    ],
)
def test_a_value_may_begin_with_a_dash_unless_it_is_an_option(words, expected, capsys):
    if expected is None:
        with pytest.raises(SystemExit) as end:
            score_command._options(words, "score.py")
        assert end.value.code in (0, 2)
        return
    options = vars(score_command._options(words, "score.py"))
    assert {name: options[name] for name in expected} == expected


def test_two_dashes_are_not_a_value(capsys):
    with pytest.raises(SystemExit) as stopped:
        score_command._options(["in.csv", "out.csv", "--text-column=--"], "score.py")
    assert stopped.value.code == 2
    assert "expected one argument" in capsys.readouterr().err
