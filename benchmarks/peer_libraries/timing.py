"""How a call is repeated until its time is known: as in measure.hpp, so that figures compare."""

from __future__ import annotations

import functools
import itertools
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from .work import Backend, Unsupported

Call = Callable[..., Any]
Inputs = list[list[Any]]  # several sets, which take turns

CALLS_IN_A_GRAPH = 20
MOST_SETS = 64
LONGEST = 2.0  # seconds, of all repeats of one case together, where a few will do


@dataclass(frozen=True)
class Patience:
    batch_seconds: float = 2e-3  # of calls back to back, timed together
    repeats: int = 9


def summary(seconds: list[float]) -> tuple[float, float]:
    """Median, and the interquartile range as a share of it."""
    ordered, n = sorted(seconds), len(seconds)
    median = (ordered[(n - 1) // 2] + ordered[n // 2]) / 2
    return median, (ordered[n - 1 - n // 4] - ordered[n // 4]) / median


def wall_seconds(run: Callable[[], Any], wait: Callable[[Any], Any] = lambda result: None) -> float:
    start = time.perf_counter()
    wait(run())
    return time.perf_counter() - start


def sets_of_inputs(backend: Backend, bytes_of_a_set: float) -> int:
    """How many sets do not fit into the cache together, twice over."""
    return min(MOST_SETS, max(1, -int(-2 * backend.cache_bytes // max(bytes_of_a_set, 1))))


def batches(backend: Backend, call_next: Callable[[], Any], patience: Patience) -> list[float]:
    """Seconds of a call, in each of several batches."""

    def batch(calls: int) -> float:
        def run() -> Any:
            result = None
            for _ in range(calls):
                result = call_next()
            return result

        return backend.seconds(run) / calls

    wanted = patience.batch_seconds * backend.batch_seconds
    calls, each = 1, batch(1)
    while each * calls < wanted:
        calls = max(calls + 1, min(int(1.2 * wanted / max(each, 1e-9)), calls * 100))
        each = batch(calls)
    repeats = min(patience.repeats, max(3, int(LONGEST / (each * calls))))
    return [batch(calls) for _ in range(repeats)]


def time_warm(backend: Backend, call: Call, inputs: Inputs, patience: Patience) -> list[float]:
    if len(inputs) == 1:
        # Nothing of this file's own between two calls: it would count where they are short.
        call_alone = functools.partial(call, *inputs[0])
        backend.seconds(call_alone)
        return batches(backend, call_alone, patience)
    # Results are kept until their set's next turn: they too are written to memory that no cache
    # holds.
    results: list[Any] = [None] * len(inputs)
    turns = itertools.cycle(range(len(inputs)))

    def call_next() -> Any:
        turn = next(turns)
        results[turn] = call(*inputs[turn])
        return results[turn]

    for _ in inputs:  # the first call of each is another matter
        backend.seconds(call_next)
    return batches(backend, call_next, patience)


def time_cold(backend: Backend, call: Call, inputs: Inputs, patience: Patience) -> list[float]:
    if backend.flush is None:
        raise Unsupported("a single call is not measured with it: it has no clock on the device")
    seconds = []
    for turn in range(2 * patience.repeats + 2):
        backend.flush()
        chosen = inputs[turn % len(inputs)]
        seconds.append(backend.seconds(lambda: call(*chosen)))
    return seconds[2:]  # the first ones compile and allocate


def time_graph(backend: Backend, call: Call, inputs: Inputs, patience: Patience) -> list[float]:
    if backend.capture is None:
        raise Unsupported("graphs are not captured with it")
    for chosen in inputs[:2]:  # nothing may compile while a graph is captured
        backend.seconds(lambda: call(*chosen))

    def calls() -> Any:
        return [call(*inputs[i % len(inputs)]) for i in range(CALLS_IN_A_GRAPH)]

    replay = backend.capture(calls)
    backend.seconds(replay)
    return [each / CALLS_IN_A_GRAPH for each in batches(backend, replay, patience)]


MODES = {"warm": time_warm, "cold": time_cold, "graph": time_graph}
