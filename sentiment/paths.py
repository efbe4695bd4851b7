"""The folders of this program: its code, the runs that come with it, and those of its files.

In the repository the runs are in ``artifacts`` and jobs in ``jobs``. The wheel holds the default run in the package's
folder ``runs``, and files are kept in the folders that the operating system has for them.
"""

from __future__ import annotations

from pathlib import Path

PACKAGE = Path(__file__).resolve().parent
HOME = PACKAGE.parent  # goes on the module path of child processes: the repository, or site-packages
IS_INSTALLED = (PACKAGE / "runs").is_dir()
RUNS = PACKAGE / "runs" if IS_INSTALLED else HOME / "artifacts"


def jobs_folder() -> Path:
    """Returns the folder of the app's jobs, if no setting names another."""
    if not IS_INSTALLED:
        return HOME / "jobs"
    from platformdirs import user_state_path  # here, because the repository needs no such folder

    return user_state_path("sentiment", appauthor=False) / "jobs"


def cache_folder() -> Path:
    """Returns the user's cache folder, for files that can be created again."""
    from platformdirs import user_cache_path  # here, because compile.py runs before anything is installed

    return user_cache_path("sentiment", appauthor=False)
