"""The C sources compile without a warning, and the arm64 library computes what NumPy does."""

from __future__ import annotations

import os
import platform
import shutil
import subprocess
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from sentiment.model import numpy_lstm
from sentiment.model.native import build
from sentiment.model.native.build import (
    BATCH_AMX,
    BATCH_VNNI,
    STEPS_4,
    STEPS_8,
    STEPS_16,
    Library,
    compile_library,
    libraries,
)
from sentiment.model.native.lstm import _packed
from sentiment.model.numpy_lstm import NumpyLSTM
from sentiment.model.weights import by_gate, tanh_gates
from tests.served import need
from tests.tiny import tiny_weights

pytestmark = pytest.mark.process

HOME = Path(__file__).resolve().parent.parent
STRICT = ("-Wall", "-Wextra", "-Werror")
UNITS, WIDTH, STEPS = 32, 5, 23

on_x86 = pytest.mark.skipif(platform.machine().lower() not in {"x86_64", "amd64"}, reason="needs an x86-64 compiler")
emulated = pytest.mark.skipif(
    not (shutil.which("aarch64-linux-gnu-gcc") and shutil.which("qemu-aarch64")),
    reason="aarch64-linux-gnu-gcc and qemu-aarch64 are not both installed",
)

# Calls the library's functions over arrays from standard input, and writes what they computed to standard output.
CALLER = r"""
#include <stdio.h>
#include <stdlib.h>
#include "lstm.c"
static float *get(long count) {
    float *values = malloc(count * sizeof *values);
    if (!values || fread(values, sizeof *values, count, stdin) != (size_t)count) exit(3);
    return values;
}
static void *get_weights(long count) { /* in half precision if HALF */
    const long size = HALF ? 2 : 4;
    char *values = malloc(count * size);
    if (!values || fread(values, size, count, stdin) != (size_t)count) exit(3);
    return values;
}
static float *room(long count) { return calloc(count, sizeof(float)); }
static void put(const float *values, long count) { fwrite(values, sizeof *values, count, stdout); }
int main(void) {
    enum { S = STEPS, U = UNITS, W = WIDTH, Z = S * 4 * U, H = S * U };
    if (!sentiment_usable()) return 4;
    const float *kernel = get(W * 4 * U), *bias = get(4 * U);
    const void *packed = get_weights(U * 4 * U), *back = get_weights(U * 4 * U);
    const float *embedded = get(S * W), *by_hidden = get(H);
    float *change = room(Z), *none = room(Z), *multipliers = room(Z), *pooled = room(3 * U), *rare = room(Z);
    float *passes[2][5];
    for (int pass = 0; pass < 2; pass++)
        for (int part = 0; part < 5; part++) passes[pass][part] = room(part < 2 ? Z : H);
    sentiment_project(S, W, U, kernel, bias, embedded, W, change, 4 * U, U);
    for (int pass = 0; pass < 2; pass++)
        sentiment_forward(HALF, S, U, U, pass ? 1.0f : 0.5f, packed, none, change, passes[pass][0], passes[pass][1],
                          passes[pass][2], passes[pass][3], passes[pass][4]);
    sentiment_backward(HALF, S, U, U, back, passes[0][0], passes[0][1], passes[0][2], passes[0][3], passes[1][0],
                       passes[1][1], passes[1][2], passes[1][3], by_hidden, multipliers);
    int rows[S];
    for (int step = 0; step < S; step++) rows[step] = step;
    sentiment_pool(HALF, S, U, 0, packed, none, 0, embedded, S, W, kernel, bias, rare, rows, pooled);
    put(change, Z), put(passes[1][4], H), put(multipliers, Z), put(pooled, 3 * U);
    return 0;
}
"""


@on_x86
@pytest.mark.parametrize("compiler", ["gcc", "clang"])
@pytest.mark.parametrize("library", [STEPS_16, STEPS_8, STEPS_4, BATCH_AMX, BATCH_VNNI], ids=lambda one: one.path.stem)
def test_the_sources_compile_without_a_warning(
    compiler: str, library: Library, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    if compiler == "gcc":
        need(shutil.which("gcc"), "gcc")
    elif not shutil.which(compiler):
        pytest.skip(f"{compiler} is not installed")
    monkeypatch.setenv("CC", f"{compiler} {' '.join(STRICT)}")
    compile_library(replace(library, path=tmp_path / "library.so"))
    assert (tmp_path / "library.so").is_file()


@pytest.mark.parametrize("library", [STEPS_16, BATCH_VNNI], ids=["steps", "batch"])
@on_x86
def test_every_exported_name_has_the_program_s_prefix(library: Library, tmp_path: Path) -> None:
    for tool in ("nm", "cc"):
        need(shutil.which(tool), tool)
    path = tmp_path / "library.so"
    compile_library(replace(library, path=path))
    listed = subprocess.run(["nm", "-D", "--defined-only", path], capture_output=True, text=True, check=True).stdout
    names = {line.split()[-1] for line in listed.splitlines()}
    assert "sentiment_usable" in names
    assert [name for name in names if not name.startswith("sentiment_")] == []


def test_each_kind_of_processor_has_its_libraries() -> None:
    assert libraries("arm64") == libraries("aarch64") == (STEPS_4,)
    assert libraries("AMD64") == libraries("x86_64") == (STEPS_16, STEPS_8, BATCH_AMX, BATCH_VNNI)
    assert libraries("riscv64") == ()


@pytest.mark.parametrize("machine", ["x86_64", "aarch64", "arm64"])
def test_the_makefile_depends_on_the_libraries_that_are_compiled(machine: str, tmp_path: Path) -> None:
    (tmp_path / "uname").write_text(f"#!/bin/sh\necho {machine}\n")
    (tmp_path / "uname").chmod(0o755)
    command = ["make", "--no-print-directory", "-f", "Makefile", "-f", "-", "listed"]
    environment = {**os.environ, "PATH": f"{tmp_path}:{os.environ['PATH']}"}
    done = subprocess.run(
        command,
        cwd=HOME,
        env=environment,
        input="listed:\n\t@echo $(LIBRARIES)\n",
        capture_output=True,
        text=True,
        check=True,
    )
    assert {HOME / name for name in done.stdout.split()} == {library.path for library in libraries(machine)}


@emulated
@pytest.mark.parametrize("precision", [np.float32, np.float16])
def test_the_arm64_code_computes_what_numpy_does(
    precision: type[np.floating], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    weights = tiny_weights(embedding=WIDTH, units=UNITS, directions=1)
    direction = weights.directions[0]
    direction.recurrent[:] = (direction.recurrent / np.sqrt(UNITS)).astype(precision)
    rng = np.random.default_rng(2)
    embedded = rng.normal(size=(STEPS, WIDTH)).astype(np.float32)
    by_hidden = rng.normal(size=(STEPS, 1, 1, UNITS)).astype(np.float32)
    block = 8
    kernel, bias = (tanh_gates(array, np.float32) for array in (direction.kernel, direction.bias))
    recurrent = by_gate(direction.recurrent).astype(precision)
    inputs = [_packed(kernel, block), bias, _packed(recurrent, block), _packed(recurrent.swapaxes(1, 2), block)]
    found = run_on_arm64([*inputs, embedded, by_hidden], precision, tmp_path)

    monkeypatch.setattr(numpy_lstm, "compiled_lstm", lambda _: None)
    lstm = NumpyLSTM(weights)
    lengths = np.array([STEPS])
    change = lstm.project(embedded[None], lengths) + lstm.bias
    low, high = (lstm.run(np.zeros_like(change), change, share) for share in (0.5, 1.0))
    multipliers = lstm._step_back(low, high, by_hidden.copy())
    hidden = high.hidden[:, 0, 0]
    pooled = np.stack([hidden[-1], hidden.max(axis=0), hidden.sum(axis=0)])
    for name, expected in (("change", change), ("hidden", hidden), ("multipliers", multipliers), ("pooled", pooled)):
        ours, found = found[: expected.size], found[expected.size :]
        np.testing.assert_allclose(ours, expected.ravel(), atol=2e-5, rtol=1e-4, err_msg=name)
    assert not found.size


def run_on_arm64(arrays: list[np.ndarray], precision: type[np.floating], folder: Path) -> np.ndarray:
    """Compiles the caller above for arm64, runs it in an emulator, and returns what it computed."""
    (folder / "caller.c").write_text(CALLER)
    sizes = [f"-DSTEPS={STEPS}", f"-DUNITS={UNITS}", f"-DWIDTH={WIDTH}", f"-DHALF={int(precision is np.float16)}"]
    options = ["-O3", *STRICT, *STEPS_4.options, *sizes, '-DSOURCE=""', "-I", str(build.STEPS_4.source.parent)]
    command = ["aarch64-linux-gnu-gcc", *options, "-static", "-o", "caller", "caller.c"]
    subprocess.run(command, cwd=folder, check=True, capture_output=True)
    given = b"".join(np.ascontiguousarray(array).tobytes() for array in arrays)
    done = subprocess.run(["qemu-aarch64", "./caller"], cwd=folder, input=given, capture_output=True, check=True)
    return np.frombuffer(done.stdout, np.float32)
