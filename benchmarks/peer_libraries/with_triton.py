"""A softmax in Triton, as its tutorial has it: a program holds one row, or several short ones."""

from __future__ import annotations

from typing import Any

import torch
import triton
import triton.language as tl

from .work import Backend, Library, Unsupported, Work

LONGEST_ROW = 65536  # held in the registers of 1024 threads
WARPS = [triton.Config({}, num_warps=n) for n in (1, 2, 4, 8, 16, 32)]


def sensible(configs: list[Any], named: dict[str, Any], **more: Any) -> list[Any]:
    """Those in which a thread holds 4 to 64 numbers. More would take minutes to compile."""
    held = named["HELD_ROWS"] * named["HELD"]
    return [c for c in configs if 4 <= held // (32 * c.num_warps) <= 64]


@triton.autotune(WARPS, ["length", "rows"], prune_configs_by={"early_config_prune": sensible})
@triton.jit
def softmax_kernel(x, y, rows, length, HELD_ROWS: tl.constexpr, HELD: tl.constexpr):
    row = tl.program_id(0).to(tl.int64) * HELD_ROWS + tl.arange(0, HELD_ROWS)
    column = tl.arange(0, HELD)
    inside = (row < rows)[:, None] & (column < length)[None, :]
    at = row[:, None] * length + column[None, :]
    v = tl.load(x + at, mask=inside, other=-float("inf"))
    v = v.to(tl.float64 if x.dtype.element_ty == tl.float64 else tl.float32)
    e = tl.exp(v - tl.max(v, axis=1)[:, None])
    tl.store(y + at, (e / tl.sum(e, axis=1)[:, None]).to(y.dtype.element_ty), mask=inside)


def softmax(x: Any) -> Any:
    length = x.shape[-1]
    rows = x.numel() // length
    held = triton.next_power_of_2(length)
    held_rows = max(1, 1024 // held)
    y = torch.empty_like(x)
    softmax_kernel[(triton.cdiv(rows, held_rows),)](x, y, rows, length, held_rows, held)
    return y


def prepare(work: Work) -> Any:
    if work.function != "softmax" or work.axis != len(work.shape) - 1:
        raise Unsupported("only a softmax along the last axis is written for it")
    if work.shape[-1] > LONGEST_ROW:
        raise Unsupported(f"a program holds a row of at most {LONGEST_ROW}")
    return softmax


def gpu_libraries(torch_backend: Backend) -> list[Library]:
    return [Library("triton", torch_backend, prepare, 1)]
