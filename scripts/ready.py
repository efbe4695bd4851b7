"""Whether this machine is ready to judge: loads the served run, checks its hashes, and scores a sentence.

With ``--url`` it also asks whether the server lives, which is all that Streamlit's own health says.
Says so in a sentence and exits with 0, or with 1 and the reason; for a container's health check or a readiness probe.
"""

from __future__ import annotations

import argparse
import sys
import urllib.request
from pathlib import Path

import _path  # noqa: F401 - makes the package importable

from sentiment import Classifier
from sentiment.artifacts import DEFAULT_RUN, ArtifactError, default_run

_SENTENCE = "A film to see again."


def main() -> int:
    """Runs the command line; gives the exit status."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--artifacts", type=Path, metavar="RUN_FOLDER", help=f"the run (default: {DEFAULT_RUN})")
    parser.add_argument("--url", help="of the app's health, as http://127.0.0.1:8501/_stcore/health, to ask it as well")
    options = parser.parse_args()
    try:
        if options.url:
            urllib.request.urlopen(options.url, timeout=10).close()  # noqa: S310 - named by who runs this
        run = options.artifacts or default_run()
        [prediction] = Classifier.load(run).predict([_SENTENCE])
    except (ArtifactError, OSError, ValueError) as error:
        print(f"ready.py: not ready: {error}", file=sys.stderr)
        return 1
    print(f"Ready: {run.name} read “{_SENTENCE}” as {prediction.label} ({prediction.probability:.1%} positive).")
    return 0


if __name__ == "__main__":
    try:
        raise SystemExit(main())
    except KeyboardInterrupt:
        raise SystemExit(130) from None
