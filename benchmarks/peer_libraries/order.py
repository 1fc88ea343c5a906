"""Which case is measured when, so that a run that its budget cuts short has measured what tells most."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from itertools import zip_longest
from typing import Any, NamedTuple

from results_file import Case, case_of

from .work import Library

LARGE = 0.99 * 2**26  # elements: memory decides from here on, and the targets begin here
# When the libraries of each stage give way to the next, as shares of the budget. Compilers take
# seconds a case: they come late, but must have their turn.
STAGE_ENDS = (0.45, 0.65, 0.9, 1.0)
# For every case of weight 2, two of weight 1.
DTYPE_WEIGHT = {"float32": 1, "bfloat16": 2, "float64": 3, "float16": 4}
MODE_WEIGHT = {"warm": 1, "graph": 2, "cold": 4}


class Task(NamedTuple):
    library: Library
    case: Case
    bytes: float
    bound: str


def interleave(lists: Iterable[list[Any]]) -> list[Any]:
    missing = object()
    return [x for turn in zip_longest(*lists, fillvalue=missing) for x in turn if x is not missing]


def spread_out(items: list[Any]) -> list[Any]:
    """The middle, then the middles of both halves, and so on: any first few stand for all."""
    if not items:
        return []
    middle = len(items) // 2
    halves = spread_out(items[:middle]), spread_out(items[middle + 1 :])
    return [items[middle]] + interleave(halves)


def grouped(items: Iterable[Any], key: Callable[[Any], Any]) -> list[list[Any]]:
    groups: dict[Any, list[Any]] = {}
    for item in items:
        groups.setdefault(key(item), []).append(item)
    return list(groups.values())


def order_of_a_function(cases: list[Case]) -> list[Case]:
    """Large tensors before small ones, float32 and warm calls before others, lengths well spread."""
    ranked = []
    for group in grouped(cases, lambda case: (case.mode, case.dtype, case.axis)):
        large = [case for case in group if case.elements >= LARGE]
        others = [case for case in group if case.elements < LARGE]
        weight = DTYPE_WEIGHT.get(group[0].dtype, 4) * MODE_WEIGHT.get(group[0].mode, 4)
        ordered = spread_out(large) + spread_out(others)
        ranked += [(weight * (i + 1), case) for i, case in enumerate(ordered)]
    return [case for _, case in sorted(ranked, key=lambda pair: pair[0])]


def most_telling_first(cases: list[Case]) -> list[Case]:
    """Functions take turns."""
    groups = grouped(cases, lambda case: case.function)
    return interleave(order_of_a_function(group) for group in groups)


def stages_of(results: list[dict[str, Any]], libraries: list[Library]) -> list[list[Task]]:
    """The tasks of each stage, in their order."""
    first: dict[Case, dict[str, Any]] = {}  # what two libraries measured is one case
    for result in results:
        first.setdefault(case_of(result), result)
    stages: list[list[Task]] = [[] for _ in STAGE_ENDS]
    for case in most_telling_first(list(first)):
        for library in libraries:
            task = Task(library, case, first[case]["bytes"], first[case]["bound"])
            stages[library.stage].append(task)
    return stages


def within_budget(
    stages: list[list[Task]], budget: float, clock: Callable[[], float]
) -> Iterator[Task]:
    """Each stage until its share is spent, then what they left. What the budget does not reach
    stays in `stages`. A task that has begun is not cut off."""
    for stage, end in zip(stages, STAGE_ENDS):
        while stage and clock() < end * budget:
            yield stage.pop(0)
    for stage in stages:
        while stage and clock() < budget:
            yield stage.pop(0)
