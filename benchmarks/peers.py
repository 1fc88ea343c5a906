#!/usr/bin/env python3
"""Times other libraries at the cases of a file that numfuse's benchmark wrote.

    peers.py --cases CASES.json --output PEERS.json [--quick] [--budget SECONDS] [--cpu]

On an NVIDIA GPU: PyTorch, torch.compile, CuPy, JAX and Triton, whichever can be imported. With --cpu:
NumPy, and PyTorch and numexpr where they can. Formulas are checked against float64 NumPy before they
are timed. What cannot be measured, or not within the budget, is listed in the file under "skipped".
"""

from __future__ import annotations

import argparse
import importlib
import platform
import subprocess
import sys
import time
from collections.abc import Callable, Iterable, Iterator
from itertools import zip_longest
from typing import Any, NamedTuple

sys.dont_write_bytecode = True  # no __pycache__ among the sources

from results_file import VERSION, Case, FileError, case_of, load, save

LARGE = 0.99 * 2**26  # elements; from here on memory decides, and the targets are stated here
# When the libraries of each stage must give way to the next, as a share of the budget. Compilers take
# seconds a case: they come late, but must have their turn.
STAGE_ENDS = (0.45, 0.65, 0.9, 1.0)
# One case of float64 is measured for every three of float32, and so on.
DTYPE_WEIGHT = {"float32": 1, "bfloat16": 2, "float64": 3, "float16": 4}
MODE_WEIGHT = {"warm": 1, "graph": 2, "cold": 4}


class Task(NamedTuple):
    library: Any
    case: Case
    bytes: float
    bound: str


# --- What comes first.


def spread_out(items: list[Any]) -> list[Any]:
    """The middle, then the middles of both halves, and so on: any first few stand for all."""
    if not items:
        return []
    middle = len(items) // 2
    halves = spread_out(items[:middle]), spread_out(items[middle + 1 :])
    return [items[middle]] + interleave(halves)


def interleave(lists: Iterable[list[Any]]) -> list[Any]:
    missing = object()
    return [x for turn in zip_longest(*lists, fillvalue=missing) for x in turn if x is not missing]


def grouped(items: Iterable[Any], key: Callable[[Any], Any]) -> list[list[Any]]:
    groups: dict[Any, list[Any]] = {}
    for item in items:
        groups.setdefault(key(item), []).append(item)
    return list(groups.values())


def most_telling_first(cases: list[Case]) -> list[Case]:
    """Functions take turns. In each, large tensors and float32 come first, sizes well spread."""

    def order(of_function: list[Case]) -> list[Case]:
        ranked = []
        for group in grouped(of_function, lambda case: (case.mode, case.dtype, case.axis)):
            large = [case for case in group if case.elements >= LARGE]
            others = [case for case in group if case.elements < LARGE]
            first = group[0]
            weight = DTYPE_WEIGHT.get(first.dtype, 4) * MODE_WEIGHT.get(first.mode, 4)
            ordered = spread_out(large) + spread_out(others)
            ranked += [(weight * (i + 1), case) for i, case in enumerate(ordered)]
        return [case for _, case in sorted(ranked, key=lambda pair: pair[0])]

    return interleave(order(group) for group in grouped(cases, lambda case: case.function))


def tasks_of(results: list[dict[str, Any]], libraries: list[Any]) -> list[list[Task]]:
    """The tasks of each stage."""
    first = {}  # a case that two libraries measured is one case
    for result in results:
        first.setdefault(case_of(result), result)
    stages: list[list[Task]] = [[] for _ in STAGE_ENDS]
    for case in most_telling_first(list(first)):
        for library in libraries:
            result = first[case]
            stages[library.stage].append(Task(library, case, result["bytes"], result["bound"]))
    return stages


def within_budget(stages: list[list[Task]], budget: float, clock: Callable[[], float]) -> Iterator[Task]:
    """Each stage until its share of the budget is spent, then what is left over. Stops with the
    budget; what was never handed out stays in `stages`."""
    for stage, end in zip(stages, STAGE_ENDS):
        while stage and clock() < end * budget:
            yield stage.pop(0)
    for stage in stages:
        while stage and clock() < budget:
            yield stage.pop(0)


# --- One case.


def one_line(error: BaseException) -> str:
    lines = str(error).strip().splitlines()
    text = " ".join(lines[0].split())[:200] if lines else ""
    from peer_libraries.work import Unsupported

    return text if isinstance(error, Unsupported) else f"{type(error).__name__}: {text}"


def measure(task: Task, patience: Any) -> tuple[float, float]:
    """Median seconds and spread. Throws whatever the library throws."""
    from peer_libraries import timing, work

    the_work, backend = work.work_of(task.case), task.library.backend
    if task.case.mode not in timing.MODES:
        raise work.Unsupported(f"peers.py has no mode {task.case.mode}")
    if not task.case.elements:
        raise work.Unsupported("there is nothing to do")
    call = task.library.prepare(the_work)
    sets = timing.sets_of_inputs(backend, task.bytes)
    inputs = [
        [backend.random(s, the_work.dtype, 8 * turn + i) for i, s in enumerate(work.input_shapes(the_work))]
        for turn in range(sets)
    ]
    return timing.summary(timing.MODES[task.case.mode](backend, call, inputs, patience))


class Checks:
    """Which formulas were right. A formula is checked once, before it is first timed."""

    def __init__(self) -> None:
        self.faults: dict[Any, str | None] = {}

    def fault(self, task: Task) -> str | None:
        from peer_libraries import reference, work

        case, library = task.case, task.library
        dtype = case.dtype if library.check_each_dtype else "any"
        key = (library.name, case.function, len(case.shape), case.axis, dtype)
        if key not in self.faults:
            try:
                reference.check(library, work.work_of(case))
                self.faults[key] = None
            except Exception as error:
                self.faults[key] = one_line(error)
        return self.faults[key]


def result_of(task: Task, seconds: float, spread: float) -> dict[str, Any]:
    case = task.case
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


# --- All cases.


class Skipped:
    """What was not measured, and why: cases that share a library and a reason make one entry."""

    def __init__(self, entries: list[dict[str, str]]) -> None:
        self.entries = list(entries)
        self.cases: dict[tuple[str, str], list[Case]] = {}

    def add(self, task: Task, why: str) -> None:
        self.cases.setdefault((task.library.name, why), []).append(task.case)

    def as_list(self) -> list[dict[str, str]]:
        summed = []
        for (library, why), cases in self.cases.items():
            functions = ", ".join(dict.fromkeys(case.function for case in cases))
            what = str(cases[0]) if len(cases) == 1 else f"{len(cases)} cases of {functions}"
            summed.append({"what": f"{library}: {what}", "why": why})
        return self.entries + summed


class Progress:
    """One line that is written over, on a terminal; elsewhere a line a second at most."""

    def __init__(self) -> None:
        self.terminal = sys.stderr.isatty()
        self.written = float("-inf")

    def __call__(self, text: str) -> None:
        now = time.monotonic()
        if self.terminal:
            print(f"\r\x1b[K{text[:150]}", end="", file=sys.stderr, flush=True)
        elif now - self.written >= 1:
            print(text, file=sys.stderr, flush=True)
            self.written = now

    def end(self, text: str) -> None:
        print(f"\r\x1b[K{text}" if self.terminal else text, file=sys.stderr, flush=True)


def run(
    stages: list[list[Task]],
    skipped: Skipped,
    patience: Any,
    budget: float,
    clock: Callable[[], float],
    save_so_far: Callable[[list[dict[str, Any]]], None],
) -> list[dict[str, Any]]:
    results: list[dict[str, Any]] = []
    checks, progress = Checks(), Progress()
    lost: dict[int, str] = {}  # back ends that no longer answer
    total, saved = sum(map(len, stages)), clock()
    for number, task in enumerate(within_budget(stages, budget, clock), 1):
        progress(f"{number}/{total}, {clock():.0f} of {budget:.0f} s: {task.library.name} {task.case}")
        backend = task.library.backend
        why = lost.get(id(backend)) or checks.fault(task)
        if why is None:
            try:
                results.append(result_of(task, *measure(task, patience)))
            except Exception as error:
                why = one_line(error)
        if why is not None:
            skipped.add(task, why)
        if id(backend) not in lost and (why is not None or task.bytes > 1e8):
            try:
                backend.free()
            except Exception as error:
                lost[id(backend)] = f"not run: an earlier case broke the device: {one_line(error)}"
        if clock() - saved > 10:  # a run that is cut off leaves what it had
            save_so_far(results)
            saved = clock()
    for task in (task for stage in stages for task in stage):
        skipped.add(task, f"the budget of {budget:g} s was spent")
    progress.end(f"{len(results)} of {total} measured in {clock():.0f} s")
    return results


# --- The libraries of this machine.


def gpu_libraries() -> tuple[list[Any], list[dict[str, str]]]:
    libraries: list[Any] = []
    skipped = []

    def attempt(what: str, module: str, arguments: Callable[[], tuple[Any, ...]] = tuple) -> None:
        try:
            found = importlib.import_module("peer_libraries." + module)
            libraries.extend(found.gpu_libraries(*arguments()))
        except Exception as error:
            why = one_line(error)
            missing = isinstance(error, ImportError)
            skipped.append({"what": what, "why": f"not importable: {why}" if missing else why})

    attempt("PyTorch and torch.compile", "with_torch")
    attempt("CuPy", "with_cupy")
    # Neither of the other two says how large the cache is.
    cache = libraries[0].backend.cache_bytes if libraries else 50 << 20
    attempt("JAX", "with_jax", lambda: (cache,))
    if libraries and libraries[0].name == "torch":
        attempt("Triton", "with_triton", lambda: (libraries[0].backend,))
    else:
        skipped.append({"what": "Triton", "why": "its tensors are PyTorch's, which does not run"})
    return libraries, skipped


def cpu_libraries() -> tuple[list[Any], list[dict[str, str]]]:
    from peer_libraries import on_cpu

    libraries, skipped = [on_cpu.numpy_library()], []
    for what in ("PyTorch", "numexpr"):
        try:
            if what == "numexpr":
                libraries.append(on_cpu.numexpr_library())
            else:
                libraries += importlib.import_module("peer_libraries.with_torch").cpu_libraries()
        except Exception as error:
            skipped.append({"what": what, "why": f"not importable: {one_line(error)}"})
    return libraries, skipped


def versions() -> dict[str, str]:
    software = {"python": platform.python_version()}
    for name in ("numpy", "numexpr", "torch", "triton", "cupy", "jax"):
        if name in sys.modules:
            software[name] = str(getattr(sys.modules[name], "__version__", "unknown"))
    return software


def driver() -> str:
    command = ["nvidia-smi", "--query-gpu=driver_version", "--format=csv,noheader"]
    try:
        answer = subprocess.run(command, capture_output=True, text=True, timeout=20, check=True)
    except (OSError, subprocess.SubprocessError):
        return "unknown"
    return answer.stdout.split("\n")[0].strip()


def machine(cpu: bool) -> dict[str, Any]:
    if cpu:
        from peer_libraries import on_cpu

        return {"name": on_cpu.processor(), "kind": "cpu", "software": versions()}
    name, software = "unknown: no library sees a GPU", versions()
    for module in ("with_jax", "with_cupy", "with_torch"):  # the last that works names the GPU
        try:
            name, own = sys.modules["peer_libraries." + module].machine()
            software |= own
        except Exception:  # the library is missing, which "skipped" says
            continue
    return {"name": name, "kind": "gpu", "driver": driver(), "software": software}


# --- The command.


def seconds(text: str) -> float:
    value = float(text)
    if not 0 < value < 1e6:
        raise ValueError
    return value


def arguments(argv: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="Times other libraries at numfuse's cases.")
    parser.add_argument("--cases", required=True, help="a file of numfuse's benchmark")
    parser.add_argument("--output", required=True, help="write the measurements to this file")
    parser.add_argument("--quick", action="store_true", help="few repeats")
    parser.add_argument("--budget", type=seconds, default=300, help="stop after so many seconds")
    parser.add_argument("--cpu", action="store_true", help="libraries of the CPU instead of the GPU")
    return parser.parse_args(argv)


def main(argv: list[str]) -> None:
    options = arguments(argv)
    start = time.monotonic()
    cases = load(options.cases)
    try:
        from peer_libraries import timing
        from peer_libraries.reference import check  # noqa: F401
    except ImportError as error:
        raise FileError(f"NumPy is needed to check results: {error}") from None
    libraries, missing = cpu_libraries() if options.cpu else gpu_libraries()
    skipped = Skipped(missing)
    where = machine(options.cpu)

    def write(results: list[dict[str, Any]]) -> None:
        head = {"version": VERSION, "producer": "peers", "machine": where}
        save(options.output, head | {"results": results, "skipped": skipped.as_list()})

    write([])  # better to learn now that the file cannot be written
    patience = timing.Patience(1e-3, 5) if options.quick else timing.Patience()
    stages = tasks_of(cases["results"], libraries)
    clock = lambda: time.monotonic() - start  # noqa: E731
    write(run(stages, skipped, patience, options.budget, clock, write))


if __name__ == "__main__":
    try:
        main(sys.argv[1:])
    except FileError as error:
        print(f"peers.py: {error}", file=sys.stderr)
        sys.exit(2)
