"""The documents build as a site without a broken link; citation and changelog name this version."""

from __future__ import annotations

import re
import subprocess
import sys

import pytest
import yaml

import sentiment
from sentiment.artifacts import ROOT

HOME = ROOT.parent


@pytest.mark.process
def test_the_site_has_a_page_for_every_document_and_no_broken_link(tmp_path):
    build = [sys.executable, "-m", "sphinx", "-q", "-n", "-W", "--keep-going", "docs", str(tmp_path / "site")]
    done = subprocess.run(build, cwd=HOME, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
    pages = {path.stem for path in (tmp_path / "site").glob("*.html")}
    assert {path.stem for path in HOME.glob("docs/*.md")} <= pages
    loaded = re.findall(
        r'(?:src|<link[^>]+href)="(https?:[^"]+)"', (tmp_path / "site" / "index.html").read_text("utf-8")
    )
    assert loaded == [], "a page loads something from another site"


def test_citation_and_changelog_name_this_version():
    cited = yaml.safe_load((HOME / "CITATION.cff").read_text(encoding="utf-8"))
    assert cited["version"] == sentiment.__version__
    assert f"## {cited['version']}" in (HOME / "CHANGELOG.md").read_text(encoding="utf-8")
