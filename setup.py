"""Adds to the wheel what the package reads but does not contain: the default run, and the app's script and settings.

``pyproject.toml`` has the rest. An editable installation reads both where they are, in the repository.
"""

import json
import shutil
from pathlib import Path

from setuptools import setup
from setuptools.command.build_py import build_py

ROOT = Path(__file__).resolve().parent
LEFT_OUT = {"model.keras"}  # serving never reads it


class BuildPy(build_py):
    """Builds the package together with a folder ``runs``, ``streamlit_app.py`` and its settings."""

    def run(self) -> None:
        """Builds into an empty folder, so that no file of an earlier build gets into the wheel."""
        if self.editable_mode:
            super().run()
            return
        shutil.rmtree(self.build_lib, ignore_errors=True)
        super().run()
        package = Path(self.build_lib, "sentiment")
        copy_runs(ROOT / "artifacts", package / "runs")
        shutil.copy(ROOT / "streamlit_app.py", package / "app")
        settings = package / "app" / ".streamlit"
        settings.mkdir()
        shutil.copy(ROOT / ".streamlit" / "config.toml", settings)


def copy_runs(source: Path, target: Path) -> None:
    """Copies the default run, with a manifest of the files that are copied, and the notes on single reviews."""
    name = (source / "default").read_text(encoding="utf-8").strip()
    manifest = json.loads((source / name / "manifest.json").read_text(encoding="utf-8"))
    manifest["files"] = {part: digest for part, digest in manifest["files"].items() if part not in LEFT_OUT}
    (target / name).mkdir(parents=True)
    for part in manifest["files"]:
        shutil.copy(source / name / part, target / name)
    (target / name / "manifest.json").write_text(json.dumps(manifest, indent=2) + "\n", encoding="utf-8")
    shutil.copytree(source / "reviews", target / "reviews")
    shutil.copy(source / "default", target)


setup(cmdclass={"build_py": BuildPy})
