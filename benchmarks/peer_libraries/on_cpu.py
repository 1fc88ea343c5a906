"""NumPy and numexpr, timed by the wall's clock."""

from __future__ import annotations

from typing import Any

import numpy as np

from .like_numpy import formulas
from .timing import wall_seconds
from .work import Backend, Library, Unsupported, table


def processor() -> str:
    """The name that bench_host gives to this machine."""
    try:
        with open("/proc/cpuinfo", encoding="utf-8") as file:
            names = [line.split(":", 1)[1] for line in file if line.startswith("model name")]
    except OSError:
        names = []
    return names[-1].strip() if names else "an unknown processor"


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
    functions = formulas(np)
    return Library("numpy", BACKEND, lambda work: table(functions, work, "numpy"))


def numexpr_library() -> Library:
    import numexpr

    def prepare(work: Any) -> Any:
        if work.function not in EXPRESSIONS:
            raise Unsupported(f"numexpr is not measured with {work.function}")
        if work.dtype not in ("float32", "float64"):
            raise Unsupported(f"it has no {work.dtype}")
        text = EXPRESSIONS[work.function]
        return lambda *inputs: numexpr.evaluate(text, local_dict=dict(zip("ab", inputs)))

    return Library("numexpr", BACKEND, prepare)
