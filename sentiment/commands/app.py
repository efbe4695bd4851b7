"""Serves the web app on this machine, until Ctrl-C.

Other options are those of ``streamlit run``, such as --server.baseUrlPath. No data leave this machine.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from importlib.util import find_spec
from pathlib import Path

from sentiment.artifacts import default_run
from sentiment.commands.parser import Parser
from sentiment.paths import HOME, IS_INSTALLED, PACKAGE

# Streamlit reads .streamlit/config.toml next to it, which has the privacy settings.
_SCRIPT = (PACKAGE / "app" if IS_INSTALLED else HOME) / "streamlit_app.py"
_EXAMPLES = """\
%(prog)s
%(prog)s --port 8600
%(prog)s --address 0.0.0.0 --data aclImdb_v1.tar.gz
"""


def main(arguments: Sequence[str], prog: str) -> int:
    """Replaces this process with the server; returns only if that fails."""
    parser = Parser(prog, __doc__, _EXAMPLES)
    parser.add_argument("--port", type=int, default=8501, help="port to listen on (default: %(default)s)")
    parser.add_argument("--address", default="127.0.0.1", help="0.0.0.0 opens it to the network (default: %(default)s)")
    parser.add_argument("--data", type=Path, help="reviews whose texts the Evaluation page may show")
    options, others = parser.parse_known_args(arguments)
    if find_spec("streamlit") is None:
        raise ModuleNotFoundError(name="streamlit")
    default_run()  # raises an error now if there is no run to serve
    server = ["--server.port", str(options.port), "--server.address", options.address]
    data = ["--", "--data", str(options.data.resolve())] if options.data else []
    command = [sys.executable, "-m", "streamlit", "run", str(_SCRIPT), *server, *others, *data]
    os.execv(sys.executable, command)  # noqa: S606 - no shell
