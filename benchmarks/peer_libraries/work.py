"""What a case asks of a library: its inputs' shapes, and what a library and its clock must offer."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from results_file import Case

ELEMENTWISE = ("exp", "log", "sigmoid", "sigmoid_derivative", "tanh", "add", "abs_difference")
BROADCAST = ("add_row", "multiply_column")
VECTORS = (
    "softmax", "log_softmax", "normalize_rows", "layer_norm",
    "sum", "max", "norm", "logsumexp", "var",
)  # fmt: skip
PAIRS = ("dot", "l1_loss", "l2_loss")  # of two vectors each
PRODUCTS = ("outer", "matmul")
DTYPES = ("float32", "bfloat16", "float64", "float16")
EPSILON = 1e-5  # of layer_norm


class Unsupported(Exception):
    """What a library does not have, or what is not measured with it."""


@dataclass(frozen=True)
class Work:
    """A case as libraries see it. What takes the whole tensor takes the axis of a flat one."""

    function: str
    shape: tuple[int, ...]
    axis: int
    dtype: str


@dataclass(frozen=True)
class Backend:
    """Where arrays live and how time passes there. Another one measures the same cases elsewhere."""

    random: Callable[[tuple[int, ...], str, int], Any]  # shape, dtype, seed: uniform in 0.5 to 1.5
    from_numpy: Callable[[Any, str], Any]
    to_numpy: Callable[[Any], Any]  # float64
    seconds: Callable[[Callable[[], Any]], float]  # how long a function's work takes
    free: Callable[[], None]  # waits for all work, then gives cached memory back
    flush: Callable[[], None] | None = None  # empties the caches
    capture: Callable[[Callable[[], Any]], Callable[[], Any]] | None = None  # a CUDA graph, to replay
    cache_bytes: float = 0  # inputs take turns until they are twice as large
    batch_seconds: float = 1  # how long a batch lasts, in batches of a device's own clock


@dataclass(frozen=True)
class Library:
    name: str
    backend: Backend
    prepare: Callable[[Work], Callable[..., Any]]  # throws Unsupported
    stage: int = 0  # libraries whose cases take longer to prepare come in later stages
    check_each_dtype: bool = True  # false where each check is another compilation


def work_of(case: Case) -> Work:
    """Throws Unsupported for a function that is not known here or a shape that it does not take."""
    ranks = {"add_row": 2, "multiply_column": 2, "outer": 2, "matmul": 3}
    if case.function not in ELEMENTWISE + BROADCAST + VECTORS + PAIRS + PRODUCTS:
        raise Unsupported(f"peers.py has no {case.function}")
    if len(case.shape) != ranks.get(case.function, len(case.shape)):
        raise Unsupported(f"{case.function} has no shape {list(case.shape)}")
    if case.dtype not in DTYPES:
        raise Unsupported(f"peers.py has no {case.dtype}")
    if case.function in VECTORS + PAIRS and case.axis is None:
        return Work(case.function, (case.elements,), 0, case.dtype)
    if case.function in PAIRS:
        raise Unsupported(f"{case.function} has no axis here")
    return Work(case.function, case.shape, case.axis or 0, case.dtype)


def input_shapes(work: Work) -> list[tuple[int, ...]]:
    shape = work.shape
    if work.function in ("add", "abs_difference") + PAIRS:
        return [shape, shape]
    if work.function == "add_row":
        return [shape, shape[1:]]
    if work.function == "multiply_column":
        return [shape, (shape[0], 1)]
    if work.function == "layer_norm":
        length = (shape[work.axis],) + (1,) * (len(shape) - work.axis - 1)
        return [shape, length, length]
    if work.function == "outer":
        return [shape[:1], shape[1:]]
    if work.function == "matmul":
        m, n, k = shape
        return [(m, k), (k, n)]
    return [shape]


def small(work: Work) -> Work:
    """The same with few elements: odd sizes, no two alike, so that no axis passes for another."""
    sizes = (37, 29, 23, 3, 2, 2, 2, 2)[: len(work.shape)]
    return Work(work.function, sizes, work.axis, work.dtype)


def table(functions: dict[str, Callable[..., Any]], work: Work, library: str) -> Callable[..., Any]:
    """A row of a library's table, as a function of the inputs alone."""
    if work.function not in functions:
        raise Unsupported(f"{library} is not measured with {work.function}")
    formula, axis = functions[work.function], work.axis
    return lambda *inputs: formula(axis, *inputs)


def row(calls: dict[str, Callable[..., Any]], work: Work, library: str) -> Callable[..., Any]:
    """The same of a table that was made for this work."""
    if work.function not in calls:
        raise Unsupported(f"{library} is not measured with {work.function}")
    return calls[work.function]
