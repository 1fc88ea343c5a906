"""What every function is, in float64 NumPy. Shares no code with the libraries that it checks."""

from __future__ import annotations

from typing import Any

import numpy as np

from .work import EPSILON, Library, Unsupported, Work, input_shapes, small

# Shares of the largest magnitude. Wide enough for sums in the dtype itself, narrow enough that no
# other formula passes.
TOLERANCE = {"float64": 1e-11, "float32": 1e-5, "float16": 1e-2, "bfloat16": 5e-2}


def expected(work: Work, *inputs: Any) -> Any:
    """Written for inputs near 1: what keeps real libraries from overflow is left out."""
    x, y, z = (*inputs, None, None)[:3]
    shape = list(x.shape)
    axis = work.axis
    if shape:
        shape[axis] = 1
    total = lambda a: np.add.reduce(a, axis=axis)  # noqa: E731
    kept = lambda a: total(a).reshape(shape)  # noqa: E731
    n = x.shape[axis] if x.shape else 1
    values = {
        "exp": lambda: np.exp2(x / np.log(2)),
        "log": lambda: np.log2(x) * np.log(2),
        "sigmoid": lambda: (1 + np.tanh(x / 2)) / 2,
        "sigmoid_derivative": lambda: 1 / (4 * np.cosh(x / 2) ** 2),
        "tanh": lambda: (np.exp(2 * x) - 1) / (np.exp(2 * x) + 1),
        "add": lambda: x + y,
        "abs_difference": lambda: np.maximum(x, y) - np.minimum(x, y),
        "add_row": lambda: np.stack([row + y for row in x]),
        "multiply_column": lambda: np.stack([row * c[0] for row, c in zip(x, y)]),
        "softmax": lambda: np.exp(x) / kept(np.exp(x)),
        "log_softmax": lambda: x - np.log(kept(np.exp(x))),
        "normalize_rows": lambda: x / kept(x * x) ** 0.5,
        "layer_norm": lambda: (x - kept(x) / n)
        / (kept(x * x) / n - (kept(x) / n) ** 2 + EPSILON) ** 0.5 * y + z,
        "sum": lambda: total(x),
        "max": lambda: np.sort(x, axis=axis).take(-1, axis=axis),
        "norm": lambda: total(x * x) ** 0.5,
        "logsumexp": lambda: np.log(total(np.exp(x))),
        "var": lambda: total(x * x) / n - (total(x) / n) ** 2,
        "dot": lambda: total(x * y),
        "l1_loss": lambda: total(np.maximum(x, y) - np.minimum(x, y)),
        "l2_loss": lambda: total(x * x - 2 * x * y + y * y),
        "outer": lambda: x[:, None] * y[None, :],
        "matmul": lambda: np.einsum("mk,kn->mn", x, y),
    }
    return values[work.function]()


def check(library: Library, work: Work) -> None:
    """Throws Unsupported where the library's result on a small tensor is not what NumPy computes."""
    tiny, backend = small(work), library.backend
    numbers = np.random.default_rng(7)
    inputs = [
        backend.from_numpy(numbers.uniform(0.5, 1.5, shape), work.dtype)
        for shape in input_shapes(tiny)
    ]
    got = np.asarray(backend.to_numpy(library.prepare(tiny)(*inputs)))
    want = np.asarray(expected(tiny, *(backend.to_numpy(x) for x in inputs)))
    if got.shape != want.shape:
        raise Unsupported(f"wrong result: shape {got.shape}, NumPy has {want.shape}")
    error = np.max(np.abs(got - want)) / np.max(np.abs(want))
    if not error <= TOLERANCE[work.dtype]:  # NaN is wrong too
        raise Unsupported(f"wrong result: off by {error:.1e} of NumPy's largest number")
