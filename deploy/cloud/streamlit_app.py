"""Runs the app on Streamlit Community Cloud, which installs the ``requirements.txt`` beside this file."""

import sys
from pathlib import Path

_HOME = str(Path(__file__).resolve().parents[2])
if _HOME not in sys.path:
    sys.path.insert(0, _HOME)

from sentiment.app.main import main  # noqa: E402 - needs the path

main()
