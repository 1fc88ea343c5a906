"""The functions as users of PyTorch write them on a CPU: into tensors that exist, where PyTorch has an
`out`, which layer_norm has not."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import torch
import torch.nn.functional as F

from .work import EPSILON, Unsupported, Work, input_shapes

Calls = dict[str, Callable[..., Any]]  # of the inputs


def elementwise(y: Any) -> Calls:
    def sigmoid_derivative(x: Any) -> Any:
        torch.sigmoid(x, out=y)
        return torch.addcmul(y, y, y, value=-1, out=y)  # s - s s

    def abs_difference(a: Any, b: Any) -> Any:
        torch.sub(a, b, out=y)
        return torch.abs(y, out=y)

    return {
        "exp": partial(torch.exp, out=y),
        "log": partial(torch.log, out=y),
        "sigmoid": partial(torch.sigmoid, out=y),
        "sigmoid_derivative": sigmoid_derivative,
        "tanh": partial(torch.tanh, out=y),
        "add": partial(torch.add, out=y),
        "abs_difference": abs_difference,
        "add_row": partial(torch.add, out=y),
        "multiply_column": partial(torch.mul, out=y),
    }


def along_an_axis(work: Work, y: Any, spare: Any) -> Calls:
    axis = work.axis
    kept = torch.empty([1 if i == axis else n for i, n in enumerate(work.shape)], dtype=y.dtype)
    total = kept.squeeze(axis)  # the same memory

    def norm(x: Any) -> Any:
        if axis == x.dim() - 1:
            return torch.linalg.vector_norm(x, dim=axis, out=total)
        torch.mul(x, x, out=spare)  # along other axes much faster than vector_norm
        torch.sum(spare, axis, out=total)
        return torch.sqrt(total, out=total)

    def normalize_rows(x: Any) -> Any:
        norm(x)
        return torch.div(x, kept, out=y)

    def layer_norm(x: Any, gamma: Any, beta: Any) -> Any:
        if axis == x.dim() - 1:
            return F.layer_norm(x, gamma.shape, gamma, beta, EPSILON)
        variance, mean = torch.var_mean(x, dim=axis, correction=0, keepdim=True)
        torch.sub(x, mean, out=y)
        return y.mul_(torch.rsqrt(variance + EPSILON)).mul_(gamma).add_(beta)

    return {
        "softmax": lambda x: torch.softmax(x, axis, out=y),
        "log_softmax": lambda x: torch.log_softmax(x, axis, out=y),
        "normalize_rows": normalize_rows,
        "layer_norm": layer_norm,
        "sum": lambda x: torch.sum(x, axis, out=total),
        "max": lambda x: torch.amax(x, axis, out=total),
        "norm": norm,
        "logsumexp": lambda x: torch.logsumexp(x, axis, out=total),
        "var": lambda x: torch.var(x, axis, correction=0, out=total),
    }


def of_two(y: Any, spare: Any) -> Calls:
    scalar = torch.empty((), dtype=y.dtype)

    def l1_loss(yhat: Any, truth: Any) -> Any:
        torch.sub(truth, yhat, out=spare)
        torch.abs(spare, out=spare)
        return torch.sum(spare, 0, out=scalar)

    def l2_loss(yhat: Any, truth: Any) -> Any:
        torch.sub(truth, yhat, out=spare)
        return torch.dot(spare, spare, out=scalar)

    return {
        "dot": partial(torch.dot, out=scalar),
        "l1_loss": l1_loss,
        "l2_loss": l2_loss,
        "outer": partial(torch.outer, out=y),
        "matmul": partial(torch.matmul, out=y),
    }


def calls(work: Work) -> Calls:
    """For one shape: the results are made here, once."""
    dtype = getattr(torch, work.dtype, None)
    if dtype is None:
        raise Unsupported(f"it has no {work.dtype}")
    y = torch.empty(work.shape[:2] if work.function == "matmul" else work.shape, dtype=dtype)
    spare = torch.empty(input_shapes(work)[0], dtype=dtype)
    return elementwise(y) | along_an_axis(work, y, spare) | of_two(y, spare)
