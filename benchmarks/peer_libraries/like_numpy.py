"""The functions as users of NumPy write them: for NumPy, and for CuPy and JAX, which have its names."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from .work import EPSILON

Formulas = dict[str, Callable[..., Any]]  # of an axis and the inputs


def elementwise(np: Any) -> Formulas:
    def sigmoid(axis: int, x: Any) -> Any:
        return 1 / (1 + np.exp(-x))

    def sigmoid_derivative(axis: int, x: Any) -> Any:
        s = 1 / (1 + np.exp(-x))
        return s * (1 - s)

    return {
        "exp": lambda axis, x: np.exp(x),
        "log": lambda axis, x: np.log(x),
        "sigmoid": sigmoid,
        "sigmoid_derivative": sigmoid_derivative,
        "tanh": lambda axis, x: np.tanh(x),
        "add": lambda axis, x, y: x + y,
        "abs_difference": lambda axis, x, y: np.abs(x - y),
        "add_row": lambda axis, x, row: x + row,
        "multiply_column": lambda axis, x, column: x * column,
    }


def along_an_axis(np: Any) -> Formulas:
    def softmax(axis: int, x: Any) -> Any:
        e = np.exp(x - np.max(x, axis=axis, keepdims=True))
        return e / np.sum(e, axis=axis, keepdims=True)

    def log_softmax(axis: int, x: Any) -> Any:
        d = x - np.max(x, axis=axis, keepdims=True)
        return d - np.log(np.sum(np.exp(d), axis=axis, keepdims=True))

    def logsumexp(axis: int, x: Any) -> Any:
        largest = np.max(x, axis=axis, keepdims=True)
        total = np.sum(np.exp(x - largest), axis=axis)
        return np.log(total) + np.squeeze(largest, axis=axis)

    def layer_norm(axis: int, x: Any, gamma: Any, beta: Any) -> Any:
        d = x - np.mean(x, axis=axis, keepdims=True)
        return d / np.sqrt(np.mean(d * d, axis=axis, keepdims=True) + EPSILON) * gamma + beta

    return {
        "softmax": softmax,
        "log_softmax": log_softmax,
        "normalize_rows": lambda axis, x: x / np.linalg.norm(x, axis=axis, keepdims=True),
        "layer_norm": layer_norm,
        "sum": lambda axis, x: np.sum(x, axis=axis),
        "max": lambda axis, x: np.max(x, axis=axis),
        "norm": lambda axis, x: np.linalg.norm(x, axis=axis),
        "logsumexp": logsumexp,
        "var": lambda axis, x: np.var(x, axis=axis),
    }


def of_two(np: Any) -> Formulas:
    def l2_loss(axis: int, yhat: Any, y: Any) -> Any:
        d = y - yhat
        return np.sum(d * d)

    return {
        "dot": lambda axis, x, y: np.dot(x, y),
        "l1_loss": lambda axis, yhat, y: np.sum(np.abs(y - yhat)),
        "l2_loss": l2_loss,
        "outer": lambda axis, x, y: np.outer(x, y),
        "matmul": lambda axis, x, y: np.matmul(x, y),
    }


def formulas(np: Any) -> Formulas:
    return elementwise(np) | along_an_axis(np) | of_two(np)
