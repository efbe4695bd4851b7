"""The command ``sentiment``, a module for each of its commands; ``scripts/*.py`` run the same functions.

A module has a function ``main(arguments, prog)``, which returns the exit status: 0, or 1 if a check fails. Errors are
reported here, in one line: 2 for what the user can fix, and 130 for Ctrl-C. Nothing but the standard library is
imported before a command is chosen.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from importlib import import_module
from pathlib import Path

import sentiment
from sentiment.errors import SentimentError
from sentiment.paths import IS_INSTALLED

COMMANDS = {
    "score": "score a review, or a file of reviews",
    "train": "train a model on labelled reviews",
    "adapt": "adapt a run to labelled texts of your own",
    "evaluate": "evaluate a run on the test reviews of a data set",
    "runs": "list, import and activate runs",
    "app": "serve the web app",
    "ready": "check that the served run can score",
    "download-data": "download the IMDB reviews",
    "find-label-errors": "find training reviews whose label may be wrong",
    "compile": "compile the optional C code in place",
}

_EXAMPLES = """\
examples:
  sentiment score --text "Slow to start, but what an ending!" --explain
  sentiment score reviews.csv scored.csv
  sentiment train --data reviews.csv --preset lstm --output mine
  sentiment app --port 8600
"""

_EXTRAS = {
    "files": ("charset_normalizer", "openpyxl", "pandas", "pyarrow"),
    "app": ("altair", "prometheus_client", "pydantic", "starlette", "streamlit"),
    "train": ("gensim", "keras", "tensorboard", "tensorflow"),
    "labels": ("cleanlab", "scipy", "sklearn"),
    "cluster": ("ray",),
}
_NEEDS = {"train": "train", "app": "app", "find-label-errors": "labels"}  # extras that contain "files"


def run() -> None:
    """Runs the command line of ``sentiment`` and exits."""
    name, *arguments = sys.argv[1:] or ["--help"]
    if name in COMMANDS:
        sys.exit(run_command(name, arguments, f"sentiment {name}"))
    if name in ("-h", "--help"):
        print(_help())
    elif name == "--version":
        print(f"sentiment {sentiment.__version__}")
    else:
        print(f"sentiment: there is no command {name[:80]!r}; choose {', '.join(COMMANDS)}", file=sys.stderr)
        sys.exit(2)


def run_script(name: str) -> None:
    """Runs the command of a script in ``scripts/`` and exits."""
    sys.exit(run_command(name, sys.argv[1:], Path(sys.argv[0]).name))


def run_command(name: str, arguments: Sequence[str], prog: str) -> int:
    """Runs a command and reports its errors.

    Args:
        name: one of ``COMMANDS``.
        arguments: the words after it.
        prog: the program's name in messages.

    Returns:
        The exit status.
    """
    try:
        status: int = import_module(f"sentiment.commands.{name.replace('-', '_')}").main(arguments, prog)
    except SentimentError as error:
        return fail(prog, str(error))
    except ModuleNotFoundError as error:
        if remedy := _missing_extra(name, error):
            return fail(prog, remedy)
        raise
    except OSError as error:
        return fail(prog, f"{error.filename or 'a file'}: {error.strerror or error}.")
    except KeyboardInterrupt:
        return 130
    return status


def fail(prog: str, message: str, status: int = 2) -> int:
    """Prints an error and returns the exit status."""
    print(f"{prog}: {message}", file=sys.stderr)
    return status


def say(line: str) -> None:
    """Prints a line for the user to stderr, apart from the results on stdout."""
    print(line, file=sys.stderr)


def program(name: str) -> list[str]:
    """Returns the words that run a command, for the records of runs: a script in the repository, else ``sentiment``."""
    return ["sentiment", name] if IS_INSTALLED else ["python", f"scripts/{name.replace('-', '_')}.py"]


def _help() -> str:
    width = max(map(len, COMMANDS))
    commands = "\n".join(f"  {name:<{width}}  {purpose}" for name, purpose in COMMANDS.items())
    return (
        "usage: sentiment COMMAND ...\n\n"
        "Predicts the sentiment of movie reviews with an LSTM, and shows which words decided it.\n\n"
        f"commands:\n{commands}\n\n{_EXAMPLES}\n"
        "sentiment COMMAND --help describes a command; --version prints the version."
    )


def _missing_extra(name: str, error: ModuleNotFoundError) -> str | None:
    """Returns how to install a missing library; None if no extra contains it."""
    library = (error.name or "").partition(".")[0]
    for extra, libraries in _EXTRAS.items():
        if library in libraries:
            wanted = _NEEDS.get(name, extra) if extra == "files" else extra
            command = f'"sentiment[{wanted}]=={sentiment.__version__}"' if IS_INSTALLED else "-r requirements.txt"
            return f'{library} is missing; it comes with the extra "{wanted}". Install it with: pip install {command}'
    return None
