"""CuPy: its functions, and cupy.fuse for what is elementwise."""

from __future__ import annotations

from typing import Any

import cupy
import cupyx.scipy.special as special

from .like_numpy import Formulas, elementwise, formulas
from .work import Backend, Library, Unsupported, Work, table


def own_formulas() -> Formulas:
    plain = formulas(cupy)
    sigmoid = plain["sigmoid"]  # of float16, expit would make float64
    return plain | {
        "sigmoid": lambda axis, x: special.expit(x) if x.dtype.char in "fd" else sigmoid(axis, x),
        "softmax": lambda axis, x: special.softmax(x, axis=axis),
        "log_softmax": lambda axis, x: special.log_softmax(x, axis=axis),
        "logsumexp": lambda axis, x: special.logsumexp(x, axis=axis),
    }


def dtype_of(name: str) -> Any:
    if name != "bfloat16":
        return cupy.dtype(name)
    try:
        import ml_dtypes

        return cupy.dtype(ml_dtypes.bfloat16)
    except Exception as error:
        raise Unsupported("it has no bfloat16") from error


def random(shape: tuple[int, ...], dtype: str, seed: int) -> Any:
    made_in = dtype if dtype in ("float32", "float64") else "float32"
    x = cupy.random.RandomState(seed).random_sample(shape, dtype=made_in)
    x += 0.5
    return x.astype(dtype_of(dtype), copy=False)


def seconds(run: Any) -> float:
    start, end = cupy.cuda.Event(), cupy.cuda.Event()
    start.record()
    run()
    end.record()
    end.synchronize()
    return 1e-3 * cupy.cuda.get_elapsed_time(start, end)


def free() -> None:
    cupy.cuda.Device().synchronize()
    cupy.get_default_memory_pool().free_all_blocks()


def fused(work: Work) -> Any:
    function = table(elementwise(cupy), work, "cupy.fuse")
    return cupy.fuse(kernel_name="fused_" + work.function)(function)


def gpu_libraries() -> list[Library]:
    if cupy.cuda.runtime.getDeviceCount() == 0:
        raise Unsupported("CuPy sees no GPU")
    cache = int(cupy.cuda.Device().attributes.get("L2CacheSize", 0)) or 50 << 20
    waste = cupy.empty(4 * cache, dtype=cupy.uint8)
    backend = Backend(
        random=random,
        from_numpy=lambda x, dtype: cupy.asarray(x).astype(dtype_of(dtype)),
        to_numpy=lambda x: cupy.asnumpy(x.astype(cupy.float64)),
        seconds=seconds,
        free=free,
        flush=lambda: waste.fill(0),
        cache_bytes=cache,
    )
    own = own_formulas()
    return [
        Library("cupy", backend, lambda work: table(own, work, "cupy")),
        Library("cupy.fuse", backend, fused, 1),
    ]


def machine() -> tuple[str, dict[str, str]]:
    name = cupy.cuda.runtime.getDeviceProperties(0)["name"].decode()
    return name, {"cuda (cupy)": str(cupy.cuda.runtime.runtimeGetVersion())}
