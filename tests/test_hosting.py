"""Hosting: a Hugging Face Space from the wheel alone, and Streamlit Community Cloud from the repository."""

from __future__ import annotations

import json
import re
import runpy
import tomllib
from pathlib import Path

import pytest
import yaml
from streamlit.web.server.app_discovery import discover_asgi_app

from sentiment.app import server
from sentiment.app.shared import logs
from sentiment.artifacts import ROOT
from sentiment.commands import COMMANDS

HOME = ROOT.parent
SPACE, CLOUD = HOME / "deploy" / "space", HOME / "deploy" / "cloud"
REQUIRED = ("tensorflow", "streamlit", "pandas", "numpy", "altair")
PINNED = re.compile(r"^([\w.-]+)==", re.MULTILINE)


def locked_names(path: Path) -> set[str]:
    """The names of the packages in a lock file and in those that it includes."""
    text = path.read_text(encoding="utf-8")
    included = [path.parent / name for name in re.findall(r"^-r (\S+)$", text, re.MULTILINE)]
    return set(PINNED.findall(text)).union(*map(locked_names, included))


def dockerfile_commands() -> list[list[str]]:
    """The commands of the image: the health check and the server."""
    return [json.loads(words) for words in re.findall(r"CMD (\[.*\])", (SPACE / "Dockerfile").read_text())]


def test_the_space_has_the_front_matter_that_the_hub_asks_for() -> None:
    _, block, page = (SPACE / "README.md").read_text(encoding="utf-8").split("---\n", 2)
    found = yaml.safe_load(block)
    assert (found["sdk"], page.strip()[0]) == ("docker", "#")
    assert str(found["app_port"]) in dockerfile_commands()[-1]
    assert f"EXPOSE {found['app_port']}\n" in (SPACE / "Dockerfile").read_text(encoding="utf-8")
    assert found["colorFrom"] in {"red", "yellow", "green", "blue", "indigo", "purple", "pink", "gray"}
    assert len(found["short_description"]) <= 60


def test_the_space_starts_from_the_wheel_alone_and_without_privileges() -> None:
    lines = (SPACE / "Dockerfile").read_text(encoding="utf-8").splitlines()
    copied = [line for line in lines if line.startswith("COPY") and "--from" not in line]
    assert copied == ["COPY sentiment-*.whl /wheel/"]
    assert lines.index("USER 1000") < next(i for i, line in enumerate(lines) if line.startswith("CMD"))
    assert all(words[0] == "sentiment" and words[1] in COMMANDS for words in dockerfile_commands())


def test_the_cloud_installs_the_lock_of_the_app_without_tensorflow() -> None:
    found = locked_names(CLOUD / "requirements.txt")
    assert found == locked_names(HOME / "requirements-app.txt")
    assert "streamlit" in found
    assert "tensorflow" not in found


def test_the_lock_of_requirements_txt_has_the_five_required_packages() -> None:
    assert set(REQUIRED) <= locked_names(HOME / "requirements.txt")


@pytest.mark.parametrize("name", ["requirements.txt", "requirements-app.txt", "requirements-check.txt"])
def test_every_line_of_a_lock_has_hashes(name: str) -> None:
    entries = re.split(r"\n(?=[\w.-]+==)", "\n" + (HOME / name).read_text(encoding="utf-8"))[1:]
    assert len(entries) > 30
    assert [entry.split("==")[0] for entry in entries if "--hash=sha256:" not in entry] == []


def test_every_runtime_dependency_is_in_the_lock_of_the_app() -> None:
    project = tomllib.loads((HOME / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    extras = project["optional-dependencies"]
    required = {
        re.match(r"[\w.-]+", line)[0].lower() for line in [*project["dependencies"], *extras["files"], *extras["app"]]
    }
    assert required - {"sentiment"} <= locked_names(HOME / "requirements-app.txt")


def test_the_cloud_s_script_serves_the_pages_and_the_api(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(logs, "configure", lambda: None)
    script = CLOUD / "streamlit_app.py"
    assert discover_asgi_app(script).is_asgi_app  # otherwise Streamlit would run it as a page
    app = runpy.run_path(str(script))["app"]
    assert app.script_path == server.PAGES
    assert "/api" in {route.path for route in app._user_routes}
