#!/usr/bin/env python3
"""Joins the rounds of host_rounds.py into one report of numfuse and its peers on a CPU.

    report_host.py FOLDER --output DIR

DIR gets report.json, report.md and two charts in SVG for each number of threads. A time is the median
over the rounds of their medians; its spread is that of the rounds. Nothing is filled in.
"""

from __future__ import annotations

import argparse
import json
import math
import os
import sys
from typing import Any

sys.dont_write_bytecode = True  # no __pycache__ among the sources

import report_charts
import report_host_markdown
from peer_libraries.timing import summary
from report import Row, joined
from results_file import VERSION, FileError, case_of, complain, load, save_text

LARGE = 2**24  # elements: memory decides from here on
LARGE_SHARE = 0.9  # of the ceiling: what numfuse is to reach there
AGAINST = {"torch": 1.5, "numpy": 3.0}  # how much faster it is to be, by geometric mean


def turns_in(folder: str) -> tuple[list[Row], list[str]]:
    path = os.path.join(folder, "turns.json")
    try:
        with open(path, encoding="utf-8") as file:
            data = json.load(file)
        turns = [(int(t["threads"]), int(t["round"]), dict(t["files"])) for t in data["turns"]]
        failed = [str(line) for line in data["failed"]]
    except OSError as error:
        raise FileError(f"{path}: {error.strerror}") from None
    except (ValueError, KeyError, TypeError):
        raise FileError(f"{path}: not what host_rounds.py writes") from None
    return [
        {"threads": threads, "round": number, "program": program} | load(os.path.join(folder, name))
        for threads, number, files in turns
        for program, name in files.items()
    ], failed


def without_repeats(rows: list[Row]) -> list[Row]:
    return list({json.dumps(row, sort_keys=True): row for row in rows}.values())


def over_rounds(files: list[Row]) -> Row:
    """One file of several that measured the same, or other functions, one after another."""
    seconds: dict[Any, dict[int, Row]] = {}
    for data in files:
        for result in data["results"]:
            of_rounds = seconds.setdefault((result["library"], case_of(result)), {})
            of_rounds.setdefault(data["round"], result)
    results = []
    for of_rounds in seconds.values():
        times = [of_rounds[number]["seconds"] for number in sorted(of_rounds)]
        median, spread = summary(times)
        first = of_rounds[min(of_rounds)]
        results.append(first | {"seconds": median, "spread": spread, "rounds": times})
    ceilings: dict[str, list[float]] = {}
    for data in files:
        for name, speed in data.get("ceilings", {}).items():
            ceilings.setdefault(name, []).append(speed)
    software: Row = {}
    for data in files:
        software |= data["machine"].get("software", {})
    return files[0] | {
        "machine": files[0]["machine"] | {"software": software},
        "results": results,
        "ceilings": {name: summary(speeds)[0] for name, speeds in ceilings.items()},
        "skipped": without_repeats([entry for data in files for entry in data.get("skipped", [])]),
    }


def is_large(point: Row) -> bool:
    """Whether memory bounds it: no cache has a part in its share of a ceiling."""
    return point["share"] is not None and math.prod(point["shape"]) >= LARGE


def goals(points: list[Row], by_library: dict[str, Row]) -> list[Row]:
    """What numfuse is to show on a CPU; "met" is none where nothing was measured that tells."""
    ratios = [p["ratio"] for p in points if p["ratio"] is not None]
    shares = [p["share"] for p in points if p["large"]]
    rows = [
        {
            "text": "at least as fast as the fastest peer, at every point",
            "met": min(ratios) >= 1 if ratios else None,
            "seen": f"{sum(r >= 1 for r in ratios)} of {len(ratios)}",
        }
    ]
    for name, factor in AGAINST.items():
        mean = by_library.get(name, {}).get("geometric_mean")
        rows.append(
            {
                "text": f"{factor:g} times as fast as {name}, by geometric mean",
                "met": None if mean is None else mean >= factor,
                "seen": "" if mean is None else f"{mean:.2f}",
            }
        )
    text = f"{LARGE_SHARE} of the ceiling where memory bounds, from 2^24 elements on"
    seen = f"{sum(s >= LARGE_SHARE for s in shares)} of {len(shares)}"
    rows.append({"text": text, "met": min(shares) >= LARGE_SHARE if shares else None, "seen": seen})
    return rows


def of_threads(threads: int, files: list[Row]) -> Row:
    programs: dict[str, list[Row]] = {}
    for data in files:
        programs.setdefault(data["program"], []).append(data)
    if "numfuse" not in programs:
        raise FileError(f"numfuse was not measured on {threads} threads")
    numfuse = over_rounds(programs.pop("numfuse"))
    report = joined(numfuse, [over_rounds(of_program) for of_program in programs.values()])
    for point in report["points"]:
        point["large"] = is_large(point)
    by_library = report["summary"]["by_library_warm"]
    return {"threads": threads} | report | {"goals": goals(report["points"], by_library)}


def report_of(files: list[Row], failed: list[str]) -> Row:
    counts = sorted({data["threads"] for data in files})
    if not counts:
        raise FileError("nothing was measured")
    runs = [of_threads(n, [data for data in files if data["threads"] == n]) for n in counts]
    return {
        "version": VERSION,
        "commit": runs[0]["commit"],
        "machine": runs[0]["machine"],
        "rounds": len({data["round"] for data in files}),
        "failed": failed,
        "runs": runs,
    }


def texts_of(report: Row) -> dict[str, str]:
    texts = {
        "report.json": json.dumps(report, indent=1, allow_nan=False) + "\n",
        "report.md": report_host_markdown.page(report),
    }
    for run in report["runs"]:
        of_run = report_host_markdown.threads_text(run["threads"])
        name = f"{run['machine']['name'].strip()}, {of_run}"
        named = run | {"machine": run["machine"] | {"name": name}}
        texts[report_host_markdown.chart("share_of_ceiling", run)] = report_charts.share_of_ceiling(
            named
        )
        texts[report_host_markdown.chart("ratio_to_peer", run)] = report_charts.ratio_to_peer(named)
    return texts


def main(argv: list[str]) -> None:
    parser = argparse.ArgumentParser(description="Joins the rounds of host_rounds.py into a report.")
    parser.add_argument("folder", help="what host_rounds.py wrote")
    parser.add_argument("--output", required=True, help="the folder of the report; it may exist")
    parser.error = complain
    options = parser.parse_args(argv)
    texts = texts_of(report_of(*turns_in(options.folder)))
    try:
        os.makedirs(options.output, exist_ok=True)
    except OSError as error:
        raise FileError(f"{options.output}: {error.strerror}") from None
    for name, text in texts.items():
        save_text(os.path.join(options.output, name), text)


if __name__ == "__main__":
    try:
        main(sys.argv[1:])
    except FileError as error:
        print(f"report_host.py: {error}", file=sys.stderr)
        sys.exit(2)
