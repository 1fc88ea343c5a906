#!/usr/bin/env python3
"""Times other libraries at the cases of a file that numfuse's benchmark wrote.

    peers.py --cases CASES.json --output PEERS.json [--quick] [--budget SECONDS] [--cpu [--threads N]]

On an NVIDIA GPU: PyTorch, torch.compile, CuPy, JAX and Triton, whichever can be imported. With --cpu:
NumPy, and PyTorch and numexpr where they can, on all cores or N threads. Each formula is checked against float64 NumPy before it
is timed. What cannot be measured, or not within the budget, stands in the file under "skipped".
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Callable
from typing import Any

sys.dont_write_bytecode = True  # no __pycache__ among the sources

from peer_libraries import found, timing
from peer_libraries.order import Task, stages_of, within_budget
from peer_libraries.work import Unsupported, input_shapes, work_of
from results_file import VERSION, Case, FileError, complain, load, save

Result = dict[str, Any]
Skipped = dict[tuple[str, str], list[Case]]  # by library and reason


def measure(task: Task, patience: timing.Patience) -> Result:
    """Throws whatever the library throws."""
    case, backend = task.case, task.library.backend
    work = work_of(case)
    if case.mode not in timing.MODES:
        raise Unsupported(f"peers.py has no mode {case.mode}")
    if case.elements == 0:
        raise Unsupported("there is nothing to do")
    call = task.library.prepare(work)
    inputs = [
        [backend.random(shape, work.dtype, 8 * turn + i) for i, shape in enumerate(input_shapes(work))]
        for turn in range(timing.sets_of_inputs(backend, task.bytes))
    ]
    seconds, spread = timing.summary(timing.MODES[case.mode](backend, call, inputs, patience))
    return {
        "library": task.library.name,
        "function": case.function,
        "shape": list(case.shape),
        "axis": case.axis,
        "dtype": case.dtype,
        "mode": case.mode,
        "seconds": seconds,
        "spread": spread,
        "bytes": task.bytes,
        "bound": task.bound,
    }


def fault(task: Task, known: dict[Any, str | None]) -> str | None:
    """What is wrong with a formula. It is checked once, before it is first timed."""
    from peer_libraries import reference

    case, library = task.case, task.library
    dtype = case.dtype if library.check_each_dtype else "any"
    key = (library.name, case.function, len(case.shape), case.axis, dtype)
    if key not in known:
        try:
            reference.check(library, work_of(case))
            known[key] = None
        except Exception as error:
            known[key] = found.one_line(error)
    return known[key]


def attempt(
    task: Task, patience: timing.Patience, known: dict[Any, str | None]
) -> tuple[Result | None, str]:
    """A result, or none and the reason."""
    wrong = fault(task, known)
    if wrong is not None:
        return None, wrong
    try:
        return measure(task, patience), ""
    except Exception as error:  # whatever it is, the run goes on
        return None, found.one_line(error)


def progress() -> Callable[[str, bool], None]:
    """Writes over one line of a terminal; elsewhere writes a line a second at most."""
    terminal, written = sys.stderr.isatty(), float("-inf")

    def show(text: str, last: bool = False) -> None:
        nonlocal written
        if terminal:
            end = "\n" if last else ""
            print(f"\r\x1b[K{text[:150]}", end=end, file=sys.stderr, flush=True)
        elif last or time.monotonic() - written >= 1:
            print(text, file=sys.stderr, flush=True)
            written = time.monotonic()

    return show


def run(
    stages: list[list[Task]],
    patience: timing.Patience,
    budget: float,
    clock: Callable[[], float],
    save_so_far: Callable[[list[Result], Skipped], None],
) -> None:
    results: list[Result] = []
    skipped: Skipped = {}
    known: dict[Any, str | None] = {}
    lost: dict[int, str] = {}  # back ends that no longer answer
    show, total, saved = progress(), sum(map(len, stages)), clock()
    for number, task in enumerate(within_budget(stages, budget, clock), 1):
        name, backend = task.library.name, task.library.backend
        show(f"{number}/{total}, {clock():.0f} of {budget:g} s: {name} {task.case}")
        result, why = None, lost.get(id(backend), "")
        if not why:
            result, why = attempt(task, patience, known)
        if result:
            results.append(result)
        else:
            skipped.setdefault((name, why), []).append(task.case)
        # Libraries share the device: none may keep memory that it does not use.
        if id(backend) not in lost and (result is None or task.bytes > 1e8):
            try:
                backend.free()
            except Exception as error:
                lost[id(backend)] = f"the device broke at an earlier case: {found.one_line(error)}"
        if clock() - saved > 10:  # a run that is cut off leaves what it had
            save_so_far(results, skipped)
            saved = clock()
    for task in sum(stages, []):
        key = task.library.name, f"the budget of {budget:g} s was spent"
        skipped.setdefault(key, []).append(task.case)
    save_so_far(results, skipped)
    show(f"{len(results)} of {total} measured in {clock():.0f} s", True)


def entries(skipped: Skipped) -> list[dict[str, str]]:
    """One for each library and reason."""
    texts = []
    for (library, why), cases in skipped.items():
        functions = ", ".join(dict.fromkeys(case.function for case in cases))
        what = str(cases[0]) if len(cases) == 1 else f"{len(cases)} cases of {functions}"
        texts.append({"what": f"{library}: {what}", "why": why})
    return texts


def positive(text: str) -> float:
    value = float(text)
    if not 0 < value < 1e9:
        raise ValueError
    return value


def count(text: str) -> int:
    value = int(text)
    if not 0 < value < 10000:
        raise ValueError
    return value


def arguments(argv: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="Times other libraries at numfuse's cases.")
    parser.add_argument("--cases", required=True, help="a file that numfuse's benchmark wrote")
    parser.add_argument("--output", required=True, help="write the measurements to this file")
    parser.add_argument("--quick", action="store_true", help="few repeats")
    parser.add_argument("--budget", type=positive, default=300, help="stop after so many seconds")
    parser.add_argument("--cpu", action="store_true", help="the CPU's libraries, not the GPU's")
    parser.add_argument("--threads", type=count, help="of each library on the CPU")
    parser.error = complain
    return parser.parse_args(argv)


def main(argv: list[str]) -> None:
    options = arguments(argv)
    start = time.monotonic()
    cases = load(options.cases)
    if options.threads:
        found.limit_threads(options.threads)  # before NumPy is imported: its BLAS looks only once
    try:
        import numpy  # noqa: F401
    except ImportError:
        raise FileError("NumPy is needed, to check every library's results") from None
    libraries, missing = found.on_cpu(options.threads) if options.cpu else found.on_gpu()
    head = {
        "version": VERSION,
        "producer": "peers",
        "machine": found.cpu() if options.cpu else found.gpu(),
    }

    def write(results: list[Result], skipped: Skipped) -> None:
        save(options.output, head | {"results": results, "skipped": missing + entries(skipped)})

    write([], {})  # if the file cannot be written, better to learn it now
    patience = timing.Patience(1e-3, 5) if options.quick else timing.Patience()
    stages = stages_of(cases["results"], libraries)
    run(stages, patience, options.budget, lambda: time.monotonic() - start, write)


if __name__ == "__main__":
    try:
        main(sys.argv[1:])
    except FileError as error:
        print(f"peers.py: {error}", file=sys.stderr)
        sys.exit(2)
