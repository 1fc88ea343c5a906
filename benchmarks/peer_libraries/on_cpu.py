"""NumPy and numexpr, timed by the wall's clock."""

from __future__ import annotations

from typing import Any

import numpy as np

from .numpy_in_place import calls
from .timing import wall_seconds
from .work import Backend, Library, Unsupported, Work, row


def processor() -> str:
    """The name that bench_host gives to this machine."""
    said: dict[str, str] = {}
    try:
        with open("/proc/cpuinfo", encoding="utf-8") as file:
            for line in file:
                key, colon, value = line.partition(":")
                if colon:
                    said[key.strip()] = value.strip()
    except OSError:
        pass
    name = said.get("model name", "an unknown processor")
    if "cpu family" in said:
        name += f", family {said['cpu family']}, model {said['model']}"
    return name


def dtype_of(name: str) -> Any:
    if name == "bfloat16":
        raise Unsupported("it has no bfloat16")
    return np.dtype(name)


def random(shape: tuple[int, ...], dtype: str, seed: int) -> Any:
    return np.random.default_rng(seed).uniform(0.5, 1.5, shape).astype(dtype_of(dtype))


# One set of inputs, in the cache where it fits: so measures bench_host.
BACKEND = Backend(
    random=random,
    from_numpy=lambda x, dtype: x.astype(dtype_of(dtype)),
    to_numpy=lambda x: np.asarray(x, dtype=np.float64),
    seconds=wall_seconds,
    free=lambda: None,
)

# Integers leave float32 as it is, where numexpr would make 1.0 of float64.
EXPRESSIONS = {
    "exp": "exp(a)",
    "log": "log(a)",
    "sigmoid": "1 / (1 + exp(-a))",
    "sigmoid_derivative": "1 / (1 + exp(-a)) * (1 - 1 / (1 + exp(-a)))",
    "tanh": "tanh(a)",
    "add": "a + b",
    "abs_difference": "abs(a - b)",
    "add_row": "a + b",
    "multiply_column": "a * b",
    "l1_loss": "sum(abs(b - a))",
    "l2_loss": "sum((b - a) * (b - a))",
}


def numpy_library() -> Library:
    def prepare(work: Work) -> Any:
        dtype_of(work.dtype)
        return row(calls(work), work, "numpy")

    return Library("numpy", BACKEND, prepare)


def numexpr_library(threads: int | None = None) -> Library:
    import numexpr

    numexpr.set_num_threads(threads or numexpr.detect_number_of_cores())
    def prepare(work: Work) -> Any:
        if work.function not in EXPRESSIONS:
            raise Unsupported(f"numexpr is not measured with {work.function}")
        if work.dtype not in ("float32", "float64"):
            raise Unsupported(f"it has no {work.dtype}")
        y = None if work.function.endswith("_loss") else np.empty(work.shape, work.dtype)
        # Compiled once, from dtypes alone; re_evaluate then takes the last expression.
        one = np.ones(1, work.dtype)
        error = numexpr.validate(EXPRESSIONS[work.function], local_dict={"a": one, "b": one}, out=y)
        if error:
            raise error
        return lambda *inputs: numexpr.re_evaluate(dict(zip("ab", inputs)))

    return Library("numexpr", BACKEND, prepare)
