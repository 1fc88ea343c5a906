"""The functions as users of NumPy write them who count microseconds: into arrays that exist, with the
ufuncs' own reductions."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np

from .work import EPSILON, Work, input_shapes

Calls = dict[str, Callable[..., Any]]  # of the inputs


def elementwise(y: Any, spare: Any) -> Calls:
    def sigmoid(x: Any) -> Any:
        np.negative(x, out=y)
        np.exp(y, out=y)
        np.add(y, 1, out=y)
        return np.reciprocal(y, out=y)

    def sigmoid_derivative(x: Any) -> Any:
        sigmoid(x)
        np.subtract(1, y, out=spare)
        return np.multiply(y, spare, out=y)

    def abs_difference(a: Any, b: Any) -> Any:
        np.subtract(a, b, out=y)
        return np.abs(y, out=y)

    return {
        "exp": partial(np.exp, out=y),
        "log": partial(np.log, out=y),
        "sigmoid": sigmoid,
        "sigmoid_derivative": sigmoid_derivative,
        "tanh": partial(np.tanh, out=y),
        "add": partial(np.add, out=y),
        "abs_difference": abs_difference,
        "add_row": partial(np.add, out=y),
        "multiply_column": partial(np.multiply, out=y),
    }


def sum_of_squares(work: Work, into: Any) -> Callable[[Any], Any]:
    if len(work.shape) == 1:
        return lambda x: np.dot(x, x, out=into)
    of_input = "abcdefgh"[: len(work.shape)]
    of_sum = of_input.replace(of_input[work.axis], "")
    return lambda x: np.einsum(f"{of_input},{of_input}->{of_sum}", x, x, out=into)


def along_an_axis(work: Work, y: Any, spare: Any) -> Calls:
    axis, length = work.axis, work.shape[work.axis]
    kept = np.empty([1 if i == axis else n for i, n in enumerate(work.shape)], y.dtype)
    total = kept.reshape([n for i, n in enumerate(work.shape) if i != axis])  # the same memory
    squares = sum_of_squares(work, total)

    def norm(x: Any) -> Any:
        squares(x)
        return np.sqrt(total, out=total)

    def softmax(x: Any) -> Any:
        np.maximum.reduce(x, axis=axis, out=total)
        np.subtract(x, kept, out=y)
        np.exp(y, out=y)
        np.add.reduce(y, axis=axis, out=total)
        return np.divide(y, kept, out=y)

    def log_softmax(x: Any) -> Any:
        np.maximum.reduce(x, axis=axis, out=total)
        np.subtract(x, kept, out=y)
        np.exp(y, out=spare)
        np.add.reduce(spare, axis=axis, out=total)
        np.log(total, out=total)
        return np.subtract(y, kept, out=y)

    def logsumexp(x: Any) -> Any:
        largest = np.maximum.reduce(x, axis=axis, keepdims=True)
        np.subtract(x, largest, out=y)
        np.exp(y, out=y)
        np.add.reduce(y, axis=axis, out=total)
        np.log(total, out=total)
        np.add(kept, largest, out=kept)
        return total

    def normalize_rows(x: Any) -> Any:
        norm(x)
        return np.divide(x, kept, out=y)

    def layer_norm(x: Any, gamma: Any, beta: Any) -> Any:
        np.add.reduce(x, axis=axis, out=total)
        np.divide(total, length, out=total)
        np.subtract(x, kept, out=y)
        squares(y)
        np.divide(total, length, out=total)
        np.add(total, EPSILON, out=total)
        np.sqrt(total, out=total)
        np.divide(y, kept, out=y)
        np.multiply(y, gamma, out=y)
        return np.add(y, beta, out=y)

    return {
        "softmax": softmax,
        "log_softmax": log_softmax,
        "normalize_rows": normalize_rows,
        "layer_norm": layer_norm,
        "sum": partial(np.add.reduce, axis=axis, out=total),
        "max": partial(np.maximum.reduce, axis=axis, out=total),
        "norm": norm,
        "logsumexp": logsumexp,
        "var": partial(np.var, axis=axis, out=total),
    }


def of_two(y: Any, spare: Any) -> Calls:
    def l1_loss(yhat: Any, truth: Any) -> Any:
        np.subtract(truth, yhat, out=spare)
        np.abs(spare, out=spare)
        return np.add.reduce(spare)

    def l2_loss(yhat: Any, truth: Any) -> Any:
        np.subtract(truth, yhat, out=spare)
        return np.dot(spare, spare)

    return {
        "dot": np.dot,
        "l1_loss": l1_loss,
        "l2_loss": l2_loss,
        "outer": partial(np.multiply.outer, out=y),
        "matmul": partial(np.matmul, out=y),
    }


def calls(work: Work) -> Calls:
    """For one shape: the results are made here, once."""
    dtype = np.dtype(work.dtype)
    y = np.empty(work.shape[:2] if work.function == "matmul" else work.shape, dtype)
    spare = np.empty(input_shapes(work)[0], dtype)
    return elementwise(y, spare) | along_an_axis(work, y, spare) | of_two(y, spare)
