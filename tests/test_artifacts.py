"""The folder of a run: faults are reported in one sentence, parts are written safely, one run is the default."""

from __future__ import annotations

import errno
import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from sentiment import artifacts
from sentiment.artifacts import (
    MANIFEST,
    ArtifactError,
    Run,
    add_parts,
    default_run,
    list_runs,
    open_run,
    write_manifest,
)
from sentiment.model.classifier import Classifier
from tests.tiny import tiny_run


@pytest.fixture
def run(tmp_path: Path) -> Path:
    return tiny_run(tmp_path / "tiny")


def replace_part(run: Path, part: str, content: bytes) -> None:
    """Replaces one of the run's files, and updates its hash in the manifest."""
    (run / part).write_bytes(content)
    write_manifest(run)


def change_manifest(run: Path, **changes: object) -> None:
    path = run / MANIFEST
    path.write_text(json.dumps({**json.loads(path.read_text()), **changes}))


NO_MODEL = "does not hold a model of this program ("
# What is done to a run, and the words by which it is then refused
DAMAGES: dict[str, tuple[Callable[[Path], object], str]] = {
    "unfinished": (lambda run: (run / MANIFEST).unlink(), "tiny isn't a finished model: it has no manifest.json."),
    "incomplete": (lambda run: (run / "vocabulary.txt").unlink(), "is incomplete: vocabulary.txt is missing."),
    "damaged": (lambda run: (run / "model.onnx").write_bytes(b"0"), "model.onnx doesn't match its checksum."),
    "without model": (lambda run: ((run / "model.onnx").unlink(), write_manifest(run)), "tiny has no model.onnx."),
    "manifest cut off": (lambda run: (run / MANIFEST).write_text("{"), "corrupted: manifest.json isn't readable."),
    "manifest a list": (lambda run: (run / MANIFEST).write_text("[]"), "corrupted: manifest.json isn't readable."),
    "manifest of bytes": (lambda run: (run / MANIFEST).write_bytes(b"\xff"), "isn't readable."),
    "foreign": (lambda run: change_manifest(run, program="another"), "The folder tiny belongs to another program."),
    "later format": (lambda run: change_manifest(run, format=99), "has format 99, but this program reads format 1."),
    "no folder": (lambda run: run.rename(run.with_name("moved")), "There is no run at "),
    "model of nothing": (lambda run: replace_part(run, "model.onnx", b""), NO_MODEL),
    "model of text": (lambda run: replace_part(run, "model.onnx", b"Hello!"), NO_MODEL),
    "config of a list": (lambda run: replace_part(run, "config.json", b"[]"), NO_MODEL),
    "config without values": (lambda run: replace_part(run, "config.json", b"{}"), NO_MODEL),
    "config of words": (
        lambda run: replace_part(run, "config.json", b'{"max_length": "50", "temperature": 1}'), NO_MODEL
    ),
    "config cut off": (lambda run: replace_part(run, "config.json", b"{"), "is corrupted: config.json isn't JSON."),
    "config too deep": (lambda run: replace_part(run, "config.json", b"[" * 200_000), "config.json isn't JSON."),
    "manifest too deep": (lambda run: (run / MANIFEST).write_text("[" * 200_000), "manifest.json isn't readable."),
    "vocabulary of bytes": (lambda run: replace_part(run, "vocabulary.txt", b"\xff\n"), NO_MODEL),
    "vocabulary twice": (lambda run: replace_part(run, "vocabulary.txt", b"a\na\n"), NO_MODEL),
}  # fmt: skip


@pytest.mark.parametrize("damage", DAMAGES)
def test_a_run_that_cannot_be_used_is_refused_in_one_sentence(damage: str, run: Path) -> None:
    Classifier.load(run)
    do_damage, words = DAMAGES[damage]
    do_damage(run)
    with pytest.raises(ArtifactError) as error:
        Classifier.load(run)
    message = str(error.value)
    assert words in message
    assert "\n" not in message
    assert message.endswith(".")


@pytest.mark.parametrize(
    ("name", "value"),
    [("max_length", value) for value in ("0", "-1", "10001", "1e7", "50.0", "true", "null", "NaN", "[50]", '"50"')]
    + [("temperature", value) for value in ("0", "-1", "0.009", "101", "NaN", "Infinity", "1e999", "true", '"1"')]
    + [("max_length", ""), ("temperature", ""), ("temperature", "1" * 5_000)],
)  # fmt: skip
def test_a_config_with_an_invalid_value_is_refused_in_a_sentence(name: str, value: str, run: Path) -> None:
    values = {"max_length": "50", "temperature": "1.5", name: value}
    entries = ", ".join(f'"{key}": {held}' for key, held in values.items() if held)
    replace_part(run, "config.json", f"{{{entries}}}".encode())
    with pytest.raises(ArtifactError, match=rf"{name} in config.json is not a|config.json isn't JSON") as error:
        Classifier.load(run)
    assert str(error.value).endswith(".")
    assert len(str(error.value)) < 200


@pytest.mark.parametrize(("length", "temperature"), [(1, 0.01), (10_000, 100), (50, 1)])
def test_a_config_at_the_bounds_is_accepted(length: int, temperature: float, run: Path) -> None:
    artifacts.write_json(run / "config.json", {"max_length": length, "temperature": temperature})
    write_manifest(run)
    classifier = Classifier.load(run)
    assert (classifier.preprocessor.max_length, classifier.rule.temperature) == (length, temperature)
    assert abs(classifier.explain("A good film.").residual) < 1e-4


def test_an_onnx_model_of_another_program_is_refused(run: Path) -> None:
    import onnx
    from onnx import TensorProto, helper

    values = [helper.make_tensor_value_info(name, TensorProto.FLOAT, [1]) for name in ("x", "y")]
    graph = helper.make_graph([helper.make_node("Neg", ["x"], ["y"])], "other", values[:1], values[1:])
    other = helper.make_model(graph, ir_version=9, opset_imports=[helper.make_opsetid("", 17)])
    replace_part(run, "model.onnx", other.SerializeToString())
    assert onnx.load(run / "model.onnx").graph.name == "other"
    with pytest.raises(ArtifactError, match="does not hold a model of this program"):
        Classifier.load(run)


def test_a_part_is_verified_when_it_is_read_and_named_if_it_is_missing(run: Path) -> None:
    opened = add_parts(open_run(run), {"metrics.json": {"n": 1}})
    assert opened.json("metrics.json") == {"n": 1}
    (run / "metrics.json").write_text("{}")
    with pytest.raises(ArtifactError, match=r"corrupted: metrics\.json"):
        opened.json("metrics.json")
    with pytest.raises(ArtifactError, match=r"Model tiny has no test\.json\."):
        opened.json("test.json")


def test_parts_added_later_are_hashed_and_the_others_stay_as_they_were(run: Path) -> None:
    before = open_run(run)
    after = add_parts(before, {"test.json": {"accuracy": 0.5}, "rows.parquet": b"PAR1"})
    assert isinstance(after, Run)
    assert after.manifest == open_run(run).manifest
    assert after.file("rows.parquet").read_bytes() == b"PAR1"
    assert {name: after.manifest["files"][name] for name in before.manifest["files"]} == before.manifest["files"]
    assert not before.has("test.json")


def test_parts_added_by_two_programs_are_all_kept(run: Path) -> None:
    first, second = open_run(run), open_run(run)
    add_parts(first, {"a.json": 1})
    add_parts(second, {"b.json": 2})
    assert open_run(run).json("a.json") == 1
    assert open_run(run).json("b.json") == 2


def test_a_value_that_json_does_not_have_is_refused_and_the_file_is_kept(run: Path) -> None:
    before = (run / "config.json").read_bytes()
    with pytest.raises(ValueError, match="JSON"):
        artifacts.write_json(run / "config.json", {"loss": float("nan")})
    assert (run / "config.json").read_bytes() == before


def test_a_write_that_fails_keeps_the_old_file_and_leaves_no_other(run: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    names, before = sorted(path.name for path in run.iterdir()), (run / "config.json").read_bytes()

    def refuse(self: Path, target: Path) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(Path, "replace", refuse)
    with pytest.raises(OSError, match="No space"):
        artifacts.write_json(run / "config.json", {})
    assert sorted(path.name for path in run.iterdir()) == names
    assert (run / "config.json").read_bytes() == before


def test_a_file_is_on_the_disk_before_it_replaces_another(run: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    before = (run / "config.json").read_text()
    synced: list[str] = []

    def sync(descriptor: int) -> None:
        synced.append(Path(f"/proc/self/fd/{descriptor}").read_text())
        assert (run / "config.json").read_text() == before

    monkeypatch.setattr("os.fsync", sync)
    artifacts.write_json(run / "config.json", {})
    assert synced == [(run / "config.json").read_text()] == ["{}\n"]


@pytest.mark.parametrize("umask", [0o022, 0o077, 0o002])
def test_a_file_written_atomically_has_the_permissions_that_the_umask_leaves(umask: int, tmp_path: Path) -> None:
    before = os.umask(umask)
    try:
        artifacts.write_atomically(tmp_path / "a.json", b"{}")
    finally:
        os.umask(before)
    assert (tmp_path / "a.json").stat().st_mode & 0o777 == 0o666 & ~umask


def test_only_finished_runs_are_listed(tmp_path: Path, run: Path) -> None:
    (tmp_path / "young").mkdir()
    (tmp_path / "young" / "history.csv").write_text("epoch,loss\n")
    tiny_run(tmp_path / "another")
    assert [path.name for path in list_runs(tmp_path)] == ["another", "tiny"]


def test_the_default_run_is_the_one_the_file_names(tmp_path: Path, run: Path) -> None:
    (tmp_path / "default").write_text("tiny\n")
    assert default_run(tmp_path) == run


@pytest.mark.parametrize("content", ["", "\n", "../elsewhere", "/etc", "a/b", ".", ".."])
def test_a_default_that_names_no_folder_next_to_it_is_refused(content: str, tmp_path: Path) -> None:
    (tmp_path / "default").write_text(content)
    with pytest.raises(ArtifactError, match="default doesn't name a model"):
        default_run(tmp_path)


def test_a_missing_default_is_reported_with_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(ArtifactError, match=r"default is missing\). Write the name"):
        default_run(tmp_path)


@pytest.mark.parametrize("name", ["nothing", "Tiny", "tiny2", "x" * 300])
def test_a_default_that_names_no_run_is_refused_with_the_names_of_the_runs(name: str, run: Path) -> None:
    (run.parent / "default").write_text(f"{name}\n")
    with pytest.raises(ArtifactError, match=f"default names {name}, which is not there. .* into it: tiny\\."):
        default_run(run.parent)


def test_a_default_of_bytes_is_refused(run: Path) -> None:
    (run.parent / "default").write_bytes(b"\xff\n")
    with pytest.raises(ArtifactError, match="default cannot be read"):
        default_run(run.parent)


@pytest.fixture
def environment(tmp_path: Path, run: Path) -> dict[str, str]:
    """An environment that names another folder of runs, whose default is ``tiny``."""
    (tmp_path / "default").write_text("tiny\n")
    return {**os.environ, "SENTIMENT_RUNS": str(tmp_path)}


def test_the_variable_names_the_folder_of_runs_for_the_library(
    environment: dict[str, str], run: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SENTIMENT_RUNS", environment["SENTIMENT_RUNS"])
    assert Classifier.load().run == run
    assert open_run().path == default_run() == run
    assert list_runs() == [run]
    monkeypatch.setenv("SENTIMENT_RUNS", "")
    assert artifacts.runs_root() == artifacts.ROOT
    monkeypatch.delenv("SENTIMENT_RUNS")
    assert artifacts.runs_root() == artifacts.ROOT


@pytest.mark.process
@pytest.mark.parametrize(
    "command",
    [
        ("score.py", "--text", "A good film."),
        ("score.py", "reviews.csv", "scored.csv"),
        ("evaluate.py", "--behaviour", "--json", "found.json"),
        ("ready.py",),
    ],
    ids=["text", "file", "behaviour", "ready"],
)
def test_the_variable_names_the_folder_of_runs_for_every_command(
    command: tuple[str, ...], environment: dict[str, str], run: Path
) -> None:
    (run.parent / "reviews.csv").write_text("review\nA good film.\n")
    script = [sys.executable, str(artifacts.ROOT.parent / "scripts" / command[0]), *command[1:]]
    subprocess.run(script, cwd=run.parent, env=environment, check=True, capture_output=True)
    (run.parent / "default").write_text("nothing\n")
    done = subprocess.run(script, cwd=run.parent, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode in {1, 2}
    assert "default names nothing, which is not there." in done.stderr
    assert "Traceback" not in done.stderr
