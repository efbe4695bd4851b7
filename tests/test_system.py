"""Settings of the memory of the C library take effect, measured in a separate process."""

from __future__ import annotations

import platform
import subprocess
import sys
from pathlib import Path

import pytest

from dev.system import peak_megabytes, resident_megabytes

pytestmark = [
    pytest.mark.process,
    pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="the settings are those of glibc"),
]
HOME = Path(__file__).resolve().parent.parent

FREED = """
import ctypes
from sentiment.system import keep_freed_memory, resident_memory, return_freed_memory

def resident():
    return resident_memory() / 1e6

def after_a_large_block():
    block = libc.malloc(100_000_000)
    libc.memset(block, 1, 100_000_000)
    libc.free(block)
    return resident() - before

libc = ctypes.CDLL(None)
libc.malloc.restype = ctypes.c_void_p
libc.malloc.argtypes = [ctypes.c_size_t]
libc.memset.argtypes = [ctypes.c_void_p, ctypes.c_int, ctypes.c_size_t]
libc.free.argtypes = [ctypes.c_void_p]
before = resident()
by_default = after_a_large_block()
keep_freed_memory()
kept = after_a_large_block()
return_freed_memory()
print(by_default, kept, resident() - before)
"""

HEAPS = """
import ctypes, threading
import pyarrow
from sentiment.system import limit_heaps

libc = ctypes.CDLL(None)
libc.malloc.restype = ctypes.c_void_p
libc.malloc.argtypes = [ctypes.c_size_t]
libc.fopen.restype = ctypes.c_void_p
libc.fclose.argtypes = [ctypes.c_void_p]
libc.malloc_info.argtypes = [ctypes.c_int, ctypes.c_void_p]

def heaps(threads):
    together = threading.Barrier(threads)
    def work():
        together.wait()
        libc.malloc(10_000)
        together.wait()
    workers = [threading.Thread(target=work) for _ in range(threads)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    file = libc.fopen(b"heaps.xml", b"w")
    libc.malloc_info(0, file)
    libc.fclose(file)
    return open("heaps.xml").read().count("<heap nr=")

limit_heaps()
print(heaps(8), pyarrow.default_memory_pool().backend_name)
"""


def printed(code: str, folder: Path) -> list[str]:
    """The words that a program prints."""
    done = subprocess.run(
        [sys.executable, "-c", code],
        cwd=folder,
        env={"PYTHONPATH": str(HOME)},
        capture_output=True,
        text=True,
        check=True,
    )
    return done.stdout.split()


def test_freed_memory_is_kept_on_request_until_it_is_returned(tmp_path):
    by_default, kept, returned = map(float, printed(FREED, tmp_path))
    assert by_default < 20  # of 100 MB
    assert kept > 90
    assert returned < 20


def test_the_memory_of_another_process_is_measured():
    code = "import sys; block = bytearray(b'1' * 50_000_000); print(flush=True); sys.stdin.read()"
    with subprocess.Popen([sys.executable, "-c", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE) as child:
        assert child.stdout
        child.stdout.readline()
        resident, peak = resident_megabytes(child.pid), peak_megabytes(child.pid)
    assert 50 < resident < 150  # the block, and what Python needs
    assert peak > resident - 1  # the two are counted at different moments


def test_threads_share_two_heaps_and_arrow_uses_them_too(tmp_path):
    heaps, pool = printed(HEAPS, tmp_path)
    assert int(heaps) <= 2
    assert pool == "system"
