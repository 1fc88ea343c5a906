"""Which libraries this machine has."""

from __future__ import annotations

import importlib
import os
import platform
import subprocess
import sys
from collections.abc import Callable
from typing import Any

from .work import Library, Unsupported

Found = tuple[list[Library], list[dict[str, str]]]  # and what is missing, and why


def one_line(error: BaseException) -> str:
    text = " ".join(str(error).split())[:200]
    return text if isinstance(error, Unsupported) else f"{type(error).__name__}: {text}"


def gather(what: str, into: Found, load: Callable[[], list[Library]]) -> None:
    libraries, missing = into
    try:
        libraries.extend(load())
    except Exception as error:
        why = ("not importable: " if isinstance(error, ImportError) else "") + one_line(error)
        missing.append({"what": what, "why": why})


def module(name: str) -> Any:
    return importlib.import_module("." + name, __package__)


def on_gpu() -> Found:
    found: Found = [], []
    libraries = found[0]
    gather("PyTorch and torch.compile", found, lambda: module("with_torch").gpu_libraries())
    gather("CuPy", found, lambda: module("with_cupy").gpu_libraries())
    # JAX does not say how large the GPU's cache is.
    cache = libraries[0].backend.cache_bytes if libraries else 50 << 20
    gather("JAX", found, lambda: module("with_jax").gpu_libraries(cache))
    torch = next((library.backend for library in libraries if library.name == "torch"), None)
    if torch:
        gather("Triton", found, lambda: module("with_triton").gpu_libraries(torch))
    else:
        found[1].append({"what": "Triton", "why": "its tensors are PyTorch's, which does not run"})
    return found


def limit_threads(threads: int) -> None:
    """For what looks at the environment when it is imported."""
    for name in ("OMP", "OPENBLAS", "MKL", "NUMEXPR"):
        os.environ[f"{name}_NUM_THREADS"] = str(threads)
    os.environ["NUMEXPR_MAX_THREADS"] = str(threads)


def on_cpu(threads: int | None = None) -> Found:
    """All cores, or so many threads of each library."""
    found: Found = [], []
    gather("NumPy", found, lambda: [module("on_cpu").numpy_library()])
    gather("PyTorch", found, lambda: module("with_torch").cpu_libraries(threads))
    gather("numexpr", found, lambda: [module("on_cpu").numexpr_library(threads)])
    return found


def versions() -> dict[str, str]:
    software = {"python": platform.python_version()}
    for name in ("numpy", "numexpr", "torch", "triton", "cupy", "jax"):
        if name in sys.modules:
            software[name] = str(getattr(sys.modules[name], "__version__", "unknown"))
    return software


def driver() -> str:
    command = ["nvidia-smi", "--query-gpu=driver_version", "--format=csv,noheader"]
    try:
        answer = subprocess.run(command, capture_output=True, text=True, timeout=20, check=True)
    except (OSError, subprocess.SubprocessError):
        return "unknown"
    return answer.stdout.split("\n")[0].strip()


def cpu() -> dict[str, Any]:
    return {"name": module("on_cpu").processor(), "kind": "cpu", "software": versions()}


def gpu() -> dict[str, Any]:
    name, software = "unknown: no library sees a GPU", versions()
    for library in ("with_jax", "with_cupy", "with_torch"):  # the last that works names it
        try:
            name, own = module(library).machine()
            software |= own
        except Exception:  # the library is missing, which was said
            continue
    return {"name": name, "kind": "gpu", "driver": driver(), "software": software}
