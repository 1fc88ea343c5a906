#!/usr/bin/env python3
"""Joins measurements of numfuse and of its peers into one report.

    report.py NUMFUSE.json [PEERS.json...] --output DIR

DIR gets report.json (everything, joined), report.md (tables) and two charts in SVG. Nothing is filled
in: a point without a peer, a ceiling that was not measured and a target that no point tests say so.
"""

from __future__ import annotations

import argparse
import json
import math
import os
import sys
from typing import Any, NamedTuple

sys.dont_write_bytecode = True  # no __pycache__ among the sources

import report_charts
import report_markdown
from results_file import VERSION, Case, FileError, case_of, complain, load, save_text

Row = dict[str, Any]

# --- The targets: shares of a measured ceiling that warm calls on a GPU are to reach.

ELEMENTWISE = ("exp", "log", "sigmoid", "sigmoid_derivative", "tanh", "add", "abs_difference")
BROADCAST = ("add_row", "multiply_column")
NORMALISED = ("softmax", "log_softmax", "normalize_rows", "layer_norm")
REDUCED = ("sum", "max", "norm")
WHOLE = ("sum", "norm", "dot", "l1_loss", "l2_loss")
SHORT = ("float32", "bfloat16")
ANY = ("float32", "float64", "float16", "bfloat16")
K, M = 2**10, 2**20
MOST = math.inf


class Target(NamedTuple):
    text: str
    functions: tuple[str, ...]
    dtypes: tuple[str, ...]
    axis: str  # last, first (of several), whole or any
    lengths: tuple[float, float]  # of a vector
    elements: tuple[float, float]
    ceiling: str
    share: float


# 1000 columns do not divide 2^26: a hundredth less counts as that size. Where no size was stated,
# it is the least at which memory decides: results that do not fit into a cache.
ABOUT_64M = (0.97 * 64 * M, 1.01 * 64 * M)
TARGETS = (
    Target("elementwise, 2^28 elements", ELEMENTWISE + BROADCAST, ("float32",),
           "any", (0, MOST), (256 * M, MOST), "copy", 0.95),
    Target("softmax and its like, rows of 256", NORMALISED, SHORT,
           "last", (256, 256), ABOUT_64M, "copy", 0.80),
    Target("softmax and its like, rows of 1 K to 256 K", NORMALISED, SHORT,
           "last", (K, 256 * K), ABOUT_64M, "copy", 0.93),
    Target("softmax and its like, rows of 2^20 and 2^24", NORMALISED, SHORT,
           "last", (M, 16 * M), ABOUT_64M, "copy", 0.85),
    Target("sum, max, norm of rows of 1 K and more", REDUCED, ANY,
           "last", (K, MOST), (ABOUT_64M[0], MOST), "read", 0.95),
    Target("whole tensors, 2^28 elements", WHOLE, ANY,
           "whole", (0, MOST), (256 * M, MOST), "read", 0.95),
    Target("sum, max, norm along axis 0", REDUCED, ANY,
           "first", (0, MOST), (16 * M, MOST), "read", 0.90),
    Target("softmax and its like along axis 0", NORMALISED, SHORT,
           "first", (0, MOST), (16 * M, MOST), "copy", 0.85),
    Target("outer", ("outer",), ANY,
           "any", (0, MOST), (8 * M, MOST), "fill", 0.95),
)  # fmt: skip


def kind_of_axis(case: Case) -> str:
    if case.axis is None:
        return "whole"
    return "last" if case.axis == len(case.shape) - 1 else "first" if case.axis == 0 else "middle"


def target_of(case: Case, kind: str) -> Target | None:
    if case.mode != "warm" or kind != "gpu":
        return None
    length = case.elements if case.axis is None else case.shape[case.axis]
    for target in TARGETS:
        if (
            case.function in target.functions
            and case.dtype in target.dtypes
            and target.axis in ("any", kind_of_axis(case))
            and target.lengths[0] <= length <= target.lengths[1]
            and target.elements[0] <= case.elements <= target.elements[1]
        ):
            return target
    return None


# --- The points: what was measured, joined.


def peers_by_case(files: list[dict[str, Any]]) -> dict[Case, dict[str, Row]]:
    """The first measurement of each library counts."""
    peers: dict[Case, dict[str, Row]] = {}
    for data in files:
        for result in data["results"]:
            if result["library"] != "numfuse":
                peers.setdefault(case_of(result), {}).setdefault(result["library"], result)
    return peers


def share_of(result: Row, ceilings: dict[str, float], name: str) -> float | None:
    if name not in ceilings:
        return None
    return result["bytes"] / result["seconds"] / ceilings[name]


def point(result: Row, peers: dict[str, Row], numfuse: dict[str, Any]) -> Row:
    case, ceilings = case_of(result), numfuse.get("ceilings", {})
    target = target_of(case, numfuse["machine"]["kind"])
    found = [
        {
            "library": name,
            "seconds": peer["seconds"],
            "spread": peer["spread"],
            "ratio": peer["seconds"] / result["seconds"],
        }
        for name, peer in peers.items()
    ]
    best = min(found, key=lambda peer: peer["seconds"], default=None)
    reached = share_of(result, ceilings, target.ceiling) if target else None
    return result | {
        "axis": case.axis,
        "speed": result["bytes"] / result["seconds"],
        "share": share_of(result, ceilings, result["bound"]),
        "target": target.text if target else None,
        "target_share": target.share if target else None,
        "target_reached": reached,
        "meets_target": None if reached is None else reached >= target.share,
        "peers": sorted(found, key=lambda peer: peer["seconds"]),
        "best_peer": best["library"] if best else None,
        "ratio": best["ratio"] if best else None,
    }


def points_of(numfuse: dict[str, Any], peers: dict[Case, dict[str, Row]]) -> list[Row]:
    points: dict[Case, Row] = {}
    for result in numfuse["results"]:
        case = case_of(result)
        if result["library"] == "numfuse" and case not in points:
            points[case] = point(result, peers.get(case, {}), numfuse)
    return list(points.values())


# --- The summary.


def geometric_mean(ratios: list[float]) -> float | None:
    return math.exp(math.fsum(map(math.log, ratios)) / len(ratios)) if ratios else None


def against(points: list[Row]) -> Row:
    ratios = [p["ratio"] for p in points if p["ratio"] is not None]
    return {
        "points": len(points),
        "with_peer": len(ratios),
        "geometric_mean": geometric_mean(ratios),
        "slower": sum(ratio < 1 for ratio in ratios),
    }


def by_library(points: list[Row]) -> dict[str, Row]:
    ratios: dict[str, list[float]] = {}
    for p in points:
        for peer in p["peers"]:
            ratios.setdefault(peer["library"], []).append(peer["ratio"])
    return {
        name: {"points": len(r), "geometric_mean": geometric_mean(r), "slower": sum(x < 1 for x in r)}
        for name, r in ratios.items()
    }


def of_target(target: Target, points: list[Row]) -> Row:
    tested = [p for p in points if p["target"] == target.text and p["target_reached"] is not None]
    return {
        "text": target.text,
        "dtypes": "any" if target.dtypes == ANY else ", ".join(target.dtypes),
        "ceiling": target.ceiling,
        "share": target.share,
        "points": len(tested),
        "met": sum(p["meets_target"] for p in tested),
        "lowest": min((p["target_reached"] for p in tested), default=None),
    }


def summary_of(points: list[Row]) -> Row:
    modes = dict.fromkeys(p["mode"] for p in points)
    warm = [p for p in points if p["mode"] == "warm"]
    return {
        "by_mode": {mode: against([p for p in points if p["mode"] == mode]) for mode in modes},
        "by_library_warm": by_library(warm),
        "targets": [of_target(target, points) for target in TARGETS],
    }


def joined(numfuse: dict[str, Any], others: list[dict[str, Any]]) -> dict[str, Any]:
    here = numfuse["machine"]

    def is_here(data: dict[str, Any]) -> bool:
        machine = data["machine"]
        return (machine["name"].strip(), machine["kind"]) == (here["name"].strip(), here["kind"])

    peers = peers_by_case([numfuse] + [data for data in others if is_here(data)])
    points = points_of(numfuse, peers)
    own = sum(result["library"] == "numfuse" for result in numfuse["results"])
    known = {case_of(p) for p in points}
    return {
        "version": VERSION,
        "commit": numfuse.get("commit", ""),
        "machine": here,
        "peers_software": [d["machine"].get("software", {}) for d in others if is_here(d)],
        "ceilings": numfuse.get("ceilings", {}),
        "summary": summary_of(points),
        "points": points,
        "repeated": own - len(points),
        "peers_without_a_point": [
            result for case, found in peers.items() if case not in known for result in found.values()
        ],
        "other_machines": [data for data in others if not is_here(data)],
        "skipped": [entry for data in [numfuse] + others for entry in data.get("skipped", [])],
    }


# --- The command.


def read_all(paths: list[str]) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    numfuse, *others = [load(path) for path in paths]
    if numfuse["producer"] != "numfuse":
        raise FileError(f"{paths[0]}: the first file is to be numfuse's, not {numfuse['producer']}'s")
    for path, data in zip(paths[1:], others):
        if data["producer"] == "numfuse":
            raise FileError(f"{path}: a second file of numfuse; the others are to be its peers'")
    return numfuse, others


def main(argv: list[str]) -> None:
    parser = argparse.ArgumentParser(description="Joins numfuse's measurements and its peers'.")
    parser.add_argument("numfuse", help="the file that numfuse's benchmark wrote")
    parser.add_argument("peers", nargs="*", help="files that peers.py wrote")
    parser.add_argument("--output", required=True, help="the folder of the report; it may exist")
    parser.error = complain
    options = parser.parse_args(argv)
    report = joined(*read_all([options.numfuse, *options.peers]))
    try:
        os.makedirs(options.output, exist_ok=True)
    except OSError as error:
        raise FileError(f"{options.output}: {error.strerror}") from None
    texts = {
        "report.json": json.dumps(report, indent=1, allow_nan=False) + "\n",
        "report.md": report_markdown.page(report),
        "share_of_ceiling.svg": report_charts.share_of_ceiling(report),
        "ratio_to_peer.svg": report_charts.ratio_to_peer(report),
    }
    for name, text in texts.items():
        save_text(os.path.join(options.output, name), text)


if __name__ == "__main__":
    try:
        main(sys.argv[1:])
    except FileError as error:
        print(f"report.py: {error}", file=sys.stderr)
        sys.exit(2)
