"""JAX, compiled by jit. It shows no clock on the device: many calls are timed by the wall's."""

from __future__ import annotations

import os
from typing import Any

# It would take most of the GPU's memory at its first use, which the other libraries need too.
os.environ.setdefault("XLA_PYTHON_CLIENT_PREALLOCATE", "false")
os.environ.setdefault("XLA_PYTHON_CLIENT_MEM_FRACTION", "0.45")

import jax
import jax.numpy as jnp
import numpy as np

from .like_numpy import Formulas, formulas
from .timing import wall_seconds
from .work import Backend, Library, Unsupported, Work, table

jax.config.update("jax_enable_x64", True)
jax.config.update("jax_default_matmul_precision", "highest")  # no TF32, as everywhere else


def own_formulas() -> Formulas:
    return formulas(jnp) | {
        "sigmoid": lambda axis, x: jax.nn.sigmoid(x),
        "softmax": lambda axis, x: jax.nn.softmax(x, axis=axis),
        "log_softmax": lambda axis, x: jax.nn.log_softmax(x, axis=axis),
        "logsumexp": lambda axis, x: jax.nn.logsumexp(x, axis=axis),
    }


def random(shape: tuple[int, ...], dtype: str, seed: int) -> Any:
    return jax.random.uniform(jax.random.key(seed), shape, jnp.dtype(dtype), 0.5, 1.5)


def backend(cache_bytes: float) -> Backend:
    return Backend(
        random=random,
        from_numpy=lambda x, dtype: jnp.asarray(x).astype(jnp.dtype(dtype)),
        to_numpy=lambda x: np.asarray(x.astype(jnp.float64)),
        seconds=lambda run: wall_seconds(run, jax.block_until_ready),
        free=jax.effects_barrier,
        cache_bytes=cache_bytes,
        batch_seconds=5,  # waiting for the device takes microseconds, once a batch
    )


def library(cache_bytes: float) -> Library:
    own = own_formulas()

    def prepare(work: Work) -> Any:
        return jax.jit(table(own, work, "jax"))

    return Library("jax", backend(cache_bytes), prepare, 1)


def gpu_libraries(cache_bytes: float) -> list[Library]:
    if jax.default_backend() != "gpu":
        raise Unsupported("JAX sees no GPU")
    return [library(cache_bytes)]


def machine() -> tuple[str, dict[str, str]]:
    return jax.devices("gpu")[0].device_kind, {}
