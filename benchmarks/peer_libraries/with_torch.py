"""PyTorch, eager and compiled, on the GPU or on the CPU."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
import torch.nn.functional as F

from .timing import wall_seconds
from .work import EPSILON, Backend, Library, Unsupported, Work, row, table


def sigmoid_derivative(axis: int, x: Any) -> Any:
    s = torch.sigmoid(x)
    return s * (1 - s)


def normalize_rows(axis: int, x: Any) -> Any:
    return x / torch.linalg.vector_norm(x, dim=axis, keepdim=True)


def layer_norm(axis: int, x: Any, gamma: Any, beta: Any) -> Any:
    if axis == x.dim() - 1:
        return F.layer_norm(x, gamma.shape, gamma, beta, EPSILON)
    variance, mean = torch.var_mean(x, dim=axis, correction=0, keepdim=True)
    return (x - mean) * torch.rsqrt(variance + EPSILON) * gamma + beta


FORMULAS = {
    "exp": lambda axis, x: torch.exp(x),
    "log": lambda axis, x: torch.log(x),
    "sigmoid": lambda axis, x: torch.sigmoid(x),
    "sigmoid_derivative": sigmoid_derivative,
    "tanh": lambda axis, x: torch.tanh(x),
    "add": lambda axis, x, y: x + y,
    "abs_difference": lambda axis, x, y: torch.abs(x - y),
    "add_row": lambda axis, x, row: x + row,
    "multiply_column": lambda axis, x, column: x * column,
    "softmax": lambda axis, x: torch.softmax(x, axis),
    "log_softmax": lambda axis, x: torch.log_softmax(x, axis),
    "normalize_rows": normalize_rows,
    "layer_norm": layer_norm,
    "sum": lambda axis, x: torch.sum(x, axis),
    "max": lambda axis, x: torch.amax(x, axis),
    "norm": lambda axis, x: torch.linalg.vector_norm(x, dim=axis),
    "logsumexp": lambda axis, x: torch.logsumexp(x, axis),
    "var": lambda axis, x: torch.var(x, axis, correction=0),
    "dot": lambda axis, x, y: torch.dot(x, y),
    "l1_loss": lambda axis, yhat, y: F.l1_loss(yhat, y, reduction="sum"),
    "l2_loss": lambda axis, yhat, y: F.mse_loss(yhat, y, reduction="sum"),
    "outer": lambda axis, x, y: torch.outer(x, y),
    "matmul": lambda axis, x, y: torch.matmul(x, y),
}


def random_on(device: str) -> Any:
    def random(shape: tuple[int, ...], dtype: str, seed: int) -> Any:
        numbers = torch.Generator(device).manual_seed(seed)
        x = torch.empty(shape, dtype=getattr(torch, dtype), device=device)
        return x.uniform_(0.5, 1.5, generator=numbers)

    return random


def device_seconds(run: Any) -> float:
    start, end = (torch.cuda.Event(enable_timing=True) for _ in range(2))
    start.record()
    run()
    end.record()
    end.synchronize()
    return 1e-3 * start.elapsed_time(end)


def capture(calls: Any) -> Any:
    graph = torch.cuda.CUDAGraph()
    # Other libraries have threads of their own, whose calls do not concern this graph.
    with torch.cuda.graph(graph, capture_error_mode="thread_local"):
        results = calls()

    def replay(results: Any = results) -> None:  # the results' memory is the graph's
        graph.replay()

    return replay


def free() -> None:
    torch.cuda.synchronize()
    torch.cuda.empty_cache()


def cache_bytes() -> int:
    return getattr(torch.cuda.get_device_properties(0), "L2_cache_size", 0) or 50 << 20


def gpu_backend() -> Backend:
    cache = cache_bytes()
    waste = torch.empty(4 * cache, dtype=torch.uint8, device="cuda")
    return Backend(
        random=random_on("cuda"),
        from_numpy=lambda x, dtype: torch.tensor(x, dtype=getattr(torch, dtype), device="cuda"),
        to_numpy=lambda x: x.double().cpu().numpy(),
        seconds=device_seconds,
        free=free,
        flush=waste.zero_,
        capture=capture,
        cache_bytes=cache,
    )


def cpu_backend() -> Backend:
    return Backend(
        random=random_on("cpu"),
        from_numpy=lambda x, dtype: torch.tensor(np.asarray(x), dtype=getattr(torch, dtype)),
        to_numpy=lambda x: x.double().numpy(),
        seconds=wall_seconds,
        free=lambda: None,
    )


def compiled(mode: str | None) -> Any:
    def prepare(work: Work) -> Any:
        # Past a handful of shapes of one function, PyTorch would go back to eager.
        torch._dynamo.reset()
        # Without fullgraph, what cannot be compiled runs eagerly and nobody knows.
        function = table(FORMULAS, work, "torch")
        return torch.compile(function, dynamic=False, fullgraph=True, mode=mode)

    return prepare


def eager(backend: Backend) -> Library:
    return Library("torch", backend, lambda work: table(FORMULAS, work, "torch"))


def gpu_libraries() -> list[Library]:
    if not torch.cuda.is_available():
        raise Unsupported("PyTorch sees no GPU")
    backend = gpu_backend()
    # Its own CUDA graphs are left out: they copy the inputs first. Mode "graph" captures one.
    best = compiled("max-autotune-no-cudagraphs")
    return [
        eager(backend),
        Library("torch.compile", backend, compiled(None), 2, False),
        Library("torch.compile max-autotune", backend, best, 3, False),
    ]


def cpu_libraries(threads: int | None = None) -> list[Library]:
    from .torch_in_place import calls

    if threads:
        torch.set_num_threads(threads)
    return [Library("torch", cpu_backend(), lambda work: row(calls(work), work, "torch"))]


def machine() -> tuple[str, dict[str, str]]:
    return torch.cuda.get_device_name(0), {"cuda": str(torch.version.cuda)}
