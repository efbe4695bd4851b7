"""The wheel in a fresh environment and an empty folder: what ``pip install .`` gives.

The environments hold only the libraries that the wheel's metadata asks for, linked from the environment of the tests.
So no network is needed, and a dependency that is not declared is missing.
"""

from __future__ import annotations

import json
import os
import shutil
import stat
import subprocess
import sys
import venv
import zipfile
from collections.abc import Callable, Collection
from importlib.metadata import PackageNotFoundError, distribution
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest
from packaging.requirements import Requirement

from dev.serving import wait_until_served
from dev.system import free_port
from dev.visitor import Visitor
from sentiment.artifacts import MANIFEST, ROOT, ArtifactError, default_run, open_run
from tests.command import run_script
from tests.served import need
from tests.test_hosting import dockerfile_commands

pytestmark = pytest.mark.process

HOME = ROOT.parent
PROJECT = ("pyproject.toml", "setup.py", "MANIFEST.in", "README.md", "LICENSE", "streamlit_app.py")
TEXT = "Slow to start, but what an ending!"
REVIEWS = "review,stars\n" + "".join(f'"{text}",{n}\n' for n, text in enumerate([TEXT, "", "A dull film.", "=1+1"]))

Run = Callable[..., "subprocess.CompletedProcess[str]"]


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel, built from a copy of the sources, because a build writes next to them."""
    source, built = tmp_path_factory.mktemp("source"), tmp_path_factory.mktemp("wheel")
    for name in ("sentiment", "artifacts", ".streamlit"):
        ignored = shutil.ignore_patterns("*.keras", "__pycache__", "secrets.toml")
        shutil.copytree(HOME / name, source / name, ignore=ignored)
    for name in PROJECT:
        shutil.copy(HOME / name, source)
    stale = source / "build" / "lib" / "sentiment"  # what an earlier build would have left
    stale.mkdir(parents=True)
    (stale / "stale.py").touch()
    pip = [sys.executable, "-m", "pip", "--quiet", "--disable-pip-version-check"]
    subprocess.run([*pip, "wheel", "--no-deps", "--no-build-isolation", "-w", built, source], check=True)
    [path] = built.glob("*.whl")
    return path


def _applies(requirement: Requirement, extras: Collection[str]) -> bool:
    return not requirement.marker or any(requirement.marker.evaluate({"extra": extra}) for extra in ("", *extras))


def collect_requirements(name: str, extras: frozenset[str], found: dict[str, frozenset[str]]) -> None:
    """Adds a distribution and those that it requires on this machine to ``found``, with their extras."""
    if extras <= found.get(name, frozenset()) and name in found:
        return
    found[name] = found.get(name, frozenset()) | extras
    for line in distribution(name).requires or []:
        needed = Requirement(line)
        if _applies(needed, extras):
            collect_requirements(needed.name, frozenset(needed.extras), found)


def distributions(required: list[Requirement], extra: str) -> Collection[str]:
    """The distributions that the wheel requires with an extra, which may include other extras of the wheel."""
    extras, found = {extra}, dict[str, frozenset[str]]()
    own = [each for each in required if each.name == "sentiment"]
    while more := {name for each in own if _applies(each, extras) for name in each.extras} - extras:
        extras |= more
    for each in required:
        if each.name != "sentiment" and _applies(each, extras):
            try:
                collect_requirements(each.name, frozenset(each.extras), found)
            except PackageNotFoundError as error:
                need(None, str(error.name))
    return found


def make_environment(folder: Path, wheel: Path, extra: str) -> Path:
    """Creates an environment with the wheel and the libraries of an extra; returns its folder of programs."""
    venv.create(folder, symlinks=True)
    python = folder / "bin" / "python"
    pip = [sys.executable, "-m", "pip", "--quiet", "--disable-pip-version-check", "--python", python]
    subprocess.run([*pip, "install", "--no-deps", "--no-index", wheel], check=True)
    [site] = folder.glob("lib/*/site-packages")
    [metadata] = site.glob("sentiment-*.dist-info/METADATA")
    lines = metadata.read_text(encoding="utf-8").partition("\n\n")[0].splitlines()
    required = [Requirement(line.partition(": ")[2]) for line in lines if line.startswith("Requires-Dist: ")]
    for name in distributions(required, extra):
        files = distribution(name).files or []
        for top in {file.parts[0] for file in files if file.parts[0] != ".."}:
            target = Path(str(distribution(name).locate_file(top)))
            if not (site / top).exists():
                (site / top).symlink_to(target)
    return folder / "bin"


def runner(programs: Path, folder: Path) -> Run:
    """Returns a function that runs a program of an environment in an empty folder, for a user without any files."""
    home = folder / "home"
    home.mkdir(exist_ok=True)
    (folder / "empty").mkdir(exist_ok=True)
    clean = {"HOME": str(home), "PATH": f"{programs}:{os.environ['PATH']}"}

    def run(*command: str, **variables: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [programs / command[0], *command[1:]],
            cwd=folder / "empty",
            env={**clean, **variables},
            capture_output=True,
            text=True,
            timeout=120,
        )

    return run


@pytest.fixture(scope="module")
def core(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Run:
    """Runs programs of an environment without extras."""
    folder = tmp_path_factory.mktemp("core")
    return runner(make_environment(folder / "env", wheel, ""), folder)


@pytest.fixture(scope="module")
def files(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Run:
    """Runs programs of an environment with the extra ``files``."""
    folder = tmp_path_factory.mktemp("files")
    return runner(make_environment(folder / "env", wheel, "files"), folder)


@pytest.fixture(scope="module")
def app(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Run]:
    """A folder that has an environment with the extra ``app``, and a function that runs its programs."""
    need(find_spec("streamlit"), "Streamlit")
    folder = tmp_path_factory.mktemp("app")
    return folder, runner(make_environment(folder / "env", wheel, "app"), folder)


def close_to(expected: Any) -> Any:
    return pytest.approx(expected, abs=1e-5)


def test_the_wheel_has_every_file_of_the_package_and_no_compiled_library(wheel: Path) -> None:
    names = set(zipfile.ZipFile(wheel).namelist())
    ours = [path for path in (HOME / "sentiment").rglob("*") if path.is_file() and "__pycache__" not in path.parts]
    wanted = {path.relative_to(HOME).as_posix() for path in ours if path.suffix != ".so"}
    assert wanted - names == set()
    assert [name for name in names if name.endswith((".so", ".keras", "stale.py"))] == []
    assert wheel.name.endswith("-py3-none-any.whl")
    assert wheel.stat().st_size < 25_000_000


def test_the_run_in_the_wheel_has_its_own_manifest_and_no_keras_model(wheel: Path, tmp_path: Path) -> None:
    zipfile.ZipFile(wheel).extractall(tmp_path)
    run = open_run(default_run(tmp_path / "sentiment" / "runs"))
    original = open_run(default_run())
    assert run.name == original.name
    assert set(original.manifest["files"]) - set(run.manifest["files"]) == {"model.keras"}
    assert {path.name for path in run.path.iterdir()} == {*run.manifest["files"], MANIFEST}
    for part in run.manifest["files"]:
        assert run.file(part).read_bytes() == original.file(part).read_bytes()
    with pytest.raises(ArtifactError, match=f"{run.name} has no model.keras"):
        run.file("model.keras")


def test_the_wheel_has_the_privacy_settings_of_the_app(wheel: Path) -> None:
    packed = zipfile.ZipFile(wheel).read("sentiment/app/.streamlit/config.toml")
    assert packed == (HOME / ".streamlit" / "config.toml").read_bytes()
    assert b"gatherUsageStats = false" in packed


def test_the_core_scores_and_explains_a_text_as_the_repository_does(core: Run, tmp_path: Path) -> None:
    done = core("sentiment", "score", "--text", TEXT, "--explain")
    assert (done.returncode, done.stderr) == (0, "")
    found, expected = json.loads(done.stdout), json.loads(run_script("score.py", "--text", TEXT, "--explain").stdout)
    spans = [(each["token"], each["start"], each["end"]) for each in expected["contributions"]]
    assert [(each["token"], each["start"], each["end"]) for each in found["contributions"]] == spans
    values = [each["value"] for each in expected["contributions"]]
    assert [each["value"] for each in found["contributions"]] == close_to(values)
    for name in ("label", "confidence", "status", "tokens_read", "tokens_total", "unknown_rate"):
        assert found[name] == expected[name]
    assert [found[name] for name in ("probability", "logit")] == close_to([expected["probability"], expected["logit"]])


def test_the_c_code_is_compiled_on_first_use_into_a_private_folder(core: Run) -> None:
    need(shutil.which("cc"), "cc")
    code = "from sentiment.model.native.lstm import _library; print(_library()[0]._name)"
    done = core("python", "-c", code)
    assert done.stderr == ""
    library = Path(done.stdout.strip())
    assert library.parent.name == "native"
    assert "home" in library.parts
    assert stat.S_IMODE(library.parent.stat().st_mode) == 0o700


@pytest.mark.parametrize("missing", ["compiler", "home"])
def test_without_the_c_code_the_scores_are_the_same_and_one_line_warns(missing: str, core: Run, tmp_path: Path) -> None:
    no_compiler = {"CC": "no-such-compiler", "XDG_CACHE_HOME": str(tmp_path)}
    variables = no_compiler if missing == "compiler" else {"HOME": "/proc"}  # where nobody can write, root included
    code = f"from sentiment import Classifier; print(Classifier.load().predict([{TEXT!r}])[0].logit)"
    done = core("python", "-c", code, **variables)
    assert (done.returncode, done.stderr.count("\n")) == (0, 1)
    assert done.stderr.startswith("The C code cannot be compiled (")
    assert float(done.stdout) == close_to(json.loads(run_script("score.py", "--text", TEXT).stdout)["logit"])


def test_the_library_works_in_an_empty_folder(core: Run) -> None:
    code = "\n".join(
        [
            "import pickle, sentiment; from sentiment import Classifier",
            "classifier = pickle.loads(pickle.dumps(Classifier.load()))",
            "print(sentiment.__version__, repr(classifier))",
            "print((classifier.run / 'model.onnx').is_file(), classifier.predict_proba(['good', 'bad']).shape)",
        ]
    )
    done = core("python", "-c", code)
    assert done.stderr == ""
    version, where = done.stdout.splitlines()
    assert "<Classifier " in version
    assert "test reviews" in version
    assert where == "True (2, 2)"


@pytest.mark.parametrize(
    ("command", "extra"),
    [
        (("score", "in.csv", "out.csv"), "files"),
        (("evaluate", "--data", "in.csv"), "files"),
        (("download-data",), "files"),
        (("train", "--data", "in.csv", "--preset", "lstm", "--output", "run"), "train"),
        (("find-label-errors", "--data", "in.csv", "--output", "found"), "labels"),
        (("app",), "app"),
    ],
    ids=lambda value: value if isinstance(value, str) else value[0],
)
def test_a_command_whose_extra_is_missing_names_it(command: tuple[str, ...], extra: str, core: Run) -> None:
    done = core("sentiment", *command)
    assert (done.returncode, done.stdout, done.stderr.count("\n")) == (2, "", 1)
    assert f'pip install "sentiment[{extra}]==' in done.stderr


def test_the_other_commands_need_no_extra(core: Run) -> None:
    assert core("sentiment", "ready").stdout.startswith("Ready: ")
    assert core("sentiment", "--help").returncode == core("sentiment", "--version").returncode == 0
    frame = core("python", "-c", "from sentiment import Classifier; Classifier.load().predict_frame(['good'])")
    assert "pandas" in frame.stderr.splitlines()[-1]


def test_with_the_extra_files_a_file_is_scored_as_in_the_repository(files: Run, tmp_path: Path) -> None:
    (tmp_path / "in.csv").write_text(REVIEWS, encoding="utf-8")
    done = files("sentiment", "score", str(tmp_path / "in.csv"), str(tmp_path / "out.csv"))
    assert (done.returncode, done.stderr) == (0, "")
    assert run_script("score.py", tmp_path / "in.csv", tmp_path / "expected.csv").status == 0
    assert (tmp_path / "out.csv").read_bytes() == (tmp_path / "expected.csv").read_bytes()


def test_an_engine_whose_extra_is_missing_names_it(files: Run, tmp_path: Path) -> None:
    (tmp_path / "in.csv").write_text(REVIEWS, encoding="utf-8")
    done = files("sentiment", "score", str(tmp_path / "in.csv"), str(tmp_path / "out.csv"), "--engine", "ray")
    assert (done.returncode, done.stderr.count("\n")) == (2, 1)
    assert 'pip install "sentiment[cluster]==' in done.stderr


def test_the_app_has_its_privacy_settings_and_a_private_folder_of_jobs(app: tuple[Path, Run]) -> None:
    folder, run = app
    code = "from sentiment.commands.app import _SCRIPT; from streamlit import config\n"
    code += "config._main_script_path = str(_SCRIPT); print(config.get_option('browser.gatherUsageStats'))\n"
    code += "from sentiment.budget import Settings; print(Settings.from_environment().folder)"
    stats, jobs = run("python", "-c", code).stdout.splitlines()[-2:]
    assert stats == "False"
    assert Path(jobs).is_relative_to(folder / "home")


def test_the_command_of_the_space_serves_the_app_which_predicts(app: tuple[Path, Run]) -> None:
    folder, run = app
    assert run("sentiment", "compile").returncode == 0
    port = free_port()
    started = dockerfile_commands()[-1]
    started[started.index("--port") + 1] = str(port)
    started[started.index("--address") + 1] = "127.0.0.1"
    command = [folder / "env" / "bin" / started[0], *started[1:]]
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen(
            command, cwd=folder / "empty", env={"HOME": str(folder / "home")}, stdout=log, stderr=log
        )
        try:
            wait_until_served(process, f"http://127.0.0.1:{port}/_stcore/health")
            with Visitor(f"http://127.0.0.1:{port}") as visitor:
                visitor.analyse("A warm and funny film that I loved.")
                visitor.wait()
                assert visitor.shows("Positive")
        finally:
            process.terminate()
            process.wait(30)
