"""Libraries that were not compiled in place are compiled on first use, into a private folder of the user."""

from __future__ import annotations

import errno
import multiprocessing
import os
import shutil
import stat
import subprocess
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Barrier

import pytest

from sentiment.model.native import build
from sentiment.model.native.build import Library, libraries, load_library
from tests.served import need

pytestmark = pytest.mark.process

SOURCE = "const char sentiment_source[] = SOURCE;\nint sentiment_usable(void) { return USABLE; }\n"
MACHINES = ("x86_64", "arm64")


@pytest.fixture
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The cache folder of a user, which does not exist yet."""
    need(shutil.which(os.environ.get("CC") or "cc"), "cc")
    monkeypatch.setattr(build, "cache_folder", lambda: tmp_path / "home" / "cache")
    build._warn.cache_clear()
    return tmp_path / "home" / "cache"


@pytest.fixture
def library(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Library:
    """A library of a small source, which is not compiled yet."""
    (tmp_path / "small.c").write_text(SOURCE)
    made = Library(tmp_path / "small.c", tmp_path / "libsmall.so", ("-DUSABLE=1",))
    monkeypatch.setattr(build, "libraries", lambda: (made,))
    return made


def cached(cache: Path) -> list[str]:
    """The names of the libraries in the cache."""
    return sorted(path.name for path in (cache / "native").iterdir())


def test_a_library_is_compiled_once_into_a_private_folder(
    cache: Path, library: Library, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    assert load_library(library, {})
    [name] = cached(cache)
    assert name.startswith("libsmall-")
    assert stat.S_IMODE((cache / "native").stat().st_mode) == 0o700
    monkeypatch.setattr(subprocess, "run", None)
    assert load_library(library, {})
    assert (cached(cache), caplog.messages, library.path.exists()) == ([name], [], False)


def test_a_library_that_was_compiled_in_place_needs_no_cache(cache: Path, library: Library) -> None:
    build.compile_library(library)
    assert load_library(library, {})
    assert not cache.exists()


@pytest.mark.parametrize("change", ["source", "options"])
def test_another_source_or_other_options_give_another_library(
    change: str, cache: Path, library: Library, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert load_library(library, {})
    if change == "source":
        library.source.write_text(SOURCE + "/* changed */")
        assert load_library(library, {})
    else:
        other = Library(library.source, library.path, ("-DUSABLE=0",))
        monkeypatch.setattr(build, "libraries", lambda: (other,))
        assert load_library(other, {}) is None
    assert len(cached(cache)) == 2


def test_a_library_that_is_not_for_this_kind_of_processor_is_not_compiled(cache: Path, library: Library) -> None:
    assert load_library(Library(library.source, library.path, ("-DLANES=99",)), {}) is None
    assert not cache.exists()


@pytest.mark.parametrize("fault", ["another's", "writable by a group", "a link", "a file", "inside a file", "relative"])
def test_a_cache_folder_that_is_unsafe_or_cannot_be_created_is_refused(
    fault: str,
    cache: Path,
    library: Library,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    assert load_library(library, {})  # so that there is a library to load
    if fault == "another's":
        monkeypatch.setattr(os, "getuid", lambda: (cache / "native").stat().st_uid + 1)
    elif fault == "writable by a group":
        (cache / "native").chmod(0o770)
    elif fault == "a link":
        (cache / "native").rename(tmp_path / "elsewhere")
        (cache / "native").symlink_to(tmp_path / "elsewhere")
    elif fault == "a file":
        shutil.rmtree(cache / "native")
        (cache / "native").touch()
    elif fault == "inside a file":
        monkeypatch.setattr(build, "cache_folder", lambda: library.source / "cache")
    else:
        monkeypatch.setattr(build, "cache_folder", lambda: Path("~/.cache"))
    assert load_library(library, {}) is None
    [message] = caplog.messages
    assert message.startswith("The C code cannot be compiled (")
    assert "\n" not in message


def test_a_read_only_home_means_no_compiled_code_unless_the_library_exists(
    cache: Path, library: Library, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def refuse(self: Path, mode: int = 0o777, parents: bool = False, exist_ok: bool = False) -> None:
        if not (exist_ok and self.is_dir()):
            raise OSError(errno.EROFS, os.strerror(errno.EROFS), str(self))

    with monkeypatch.context() as patch:
        patch.setattr(Path, "mkdir", refuse)
        assert load_library(library, {}) is None
    assert "Read-only file system" in caplog.messages[0]
    assert load_library(library, {})
    monkeypatch.setattr(Path, "mkdir", refuse)
    assert load_library(library, {})


@pytest.mark.parametrize(
    ("compiler", "messages"),
    [
        ("no-such-compiler", 1),
        ("false", 1),
        ("true", 3),  # it succeeds and writes nothing: each missing file is named
    ],
)
def test_a_missing_or_failing_compiler_is_reported_once_for_each_reason(
    compiler: str,
    messages: int,
    cache: Path,
    library: Library,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    others = [Library(library.source, library.path, (f"-DUSABLE={n}",)) for n in (1, 2, 3)]
    monkeypatch.setattr(build, "libraries", lambda: others)
    monkeypatch.setenv("CC", compiler)
    assert [load_library(other, {}) for other in others] == [None] * 3
    assert len(set(caplog.messages)) == len(caplog.messages) == messages
    assert cached(cache) == []


def test_a_file_that_cannot_be_loaded_is_named(
    cache: Path, library: Library, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(build, "compile_library", lambda made: made.path.write_bytes(b"not a library"))
    assert load_library(library, {}) is None
    assert "cannot be loaded" in caplog.text


def load_from(folder: Path, library: Library) -> bool:
    """Loads a library in another process, with this folder as its cache."""
    build.cache_folder = lambda: folder
    build.libraries = lambda: (library,)
    return load_library(library, {}) is not None


def test_two_processes_may_compile_at_once(cache: Path, library: Library) -> None:
    with multiprocessing.get_context("spawn").Pool(2) as pool:
        assert pool.starmap(load_from, [(cache, library)] * 2, chunksize=1) == [True, True]
    assert len(cached(cache)) == 1


def test_many_threads_may_compile_at_once(cache: Path, library: Library) -> None:
    together = Barrier(4)

    def load_together(_: int) -> bool:
        together.wait()
        return load_library(library, {}) is not None

    with ThreadPoolExecutor(4) as pool:
        assert list(pool.map(load_together, range(4))) == [True] * 4
    assert len(cached(cache)) == 1


@pytest.mark.parametrize("machine", MACHINES)
def test_instructions_are_chosen_by_name_and_never_by_the_machine_that_compiles(machine: str) -> None:
    options = [option for library in libraries(machine) for option in library.options]
    assert options
    assert [option for option in options if "native" in option or option.startswith(("-march", "-mtune"))] == []


def test_the_compiler_gets_the_library_s_options_and_no_others_for_the_machine(
    cache: Path, library: Library, monkeypatch: pytest.MonkeyPatch
) -> None:
    commands: list[list[str]] = []
    run = subprocess.run
    monkeypatch.setattr(
        subprocess, "run", lambda command, **options: commands.append(command) or run(command, **options)
    )
    assert load_library(library, {})
    [command] = commands
    assert [word for word in command if word.startswith("-m")] == []
    assert {"-O3", "-shared", "-fPIC", *library.options} <= set(command)
