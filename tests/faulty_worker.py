"""A worker whose inspection fails as the environment variable ``FAULT`` says.

The launcher starts it as ``python -m tests.faulty_worker FOLDER LOCK``.
"""

import ctypes
import faulthandler
import os
import re
import sys
import time

import numpy as np
import pyarrow as pa

from sentiment.bulk.jobs import limits, worker

_LONG = 60  # seconds; the worker is ended before


def crash(folder):
    cell = "".join(reversed("terces a"))  # reversed: a log may show this line, but not the text
    try:
        int(cell)
    except ValueError as error:
        raise KeyError(cell) from error


def numpy_memory(folder):
    held = []
    while True:
        held.append(np.ones(10_000_000))


def arrow_memory(folder):
    held = []
    while True:
        held.append(pa.array(range(1_000_000), pa.int64()))


def one_large_request(folder):
    np.ones(10**12)


def hold_too_much(folder):
    held = np.ones(80_000_000)  # 0.64 GB: more than allowed, though the request itself succeeds
    time.sleep(_LONG)
    del held


def reserve_only(folder):
    held = np.empty(80_000_000)  # no page of it is touched, so it takes no memory
    time.sleep(1.5)  # long enough for the memory to be measured
    del held
    raise limits.FileError("The end.")


def python_memory(folder):
    held = []
    while True:
        held.append("x" * 100 + str(len(held)))


def fill_disk(folder):
    with (folder / "output").open("wb") as file:
        while True:
            file.write(b"x" * 100_000)
            file.flush()
            time.sleep(0.01)


def meet_full_disk(folder):
    limits.nearly_full = lambda folder: True
    time.sleep(_LONG)


def stuck_outside_python(folder):
    ctypes.PyDLL(None).sleep(_LONG)  # holds the interpreter's lock, as a slow regular expression does


def slow_expression(folder):
    re.match("(a+)+$", "a" * 40 + "b")


FAULTS = {
    "crash": crash,
    "numpy": numpy_memory,
    "arrow": arrow_memory,
    "large": one_large_request,
    "held": hold_too_much,
    "reserve": reserve_only,
    "python": python_memory,
    "fill": fill_disk,
    "full": meet_full_disk,
    "sleep": lambda folder: time.sleep(_LONG),
    "stuck": stuck_outside_python,
    "expression": slow_expression,
    "segfault": lambda folder: faulthandler._sigsegv(),
    "exit": lambda folder: os._exit(3),
}

if __name__ == "__main__":
    if os.environ["FAULT"] in ("stuck", "expression"):
        limits._GRACE = 0.5  # seconds; a test need not wait longer
    worker.inspect = lambda path, options, report: FAULTS[os.environ["FAULT"]](path.parent)
    sys.exit(worker.run())
