"""The report of a CPU as a page in Markdown: every peer's time at every point, on each number of threads."""

from __future__ import annotations

from typing import Any

from report_markdown import (
    DTYPES, EXPECTED, NONE, axis_text, machine, percent, position, ratio_text, shape_text, share_text,
    speed_text, table, time_text,
)  # fmt: skip

Row = dict[str, Any]
LIBRARIES = ("numpy", "torch", "numexpr", "Eigen", "xtensor")

MEANING = """\
A *time* is the median over the rounds of the median of batches of calls back to back; ± is the spread
of the rounds. numfuse and its peers took turns, function by function, on the same number of threads.
All write into results that exist, where they can: numfuse's *dot*, *outer* and *matmul*, PyTorch's
*layer_norm* and scalars in Python cannot. *GB/s* counts the bytes that must move at least: each
input read once, each result written once. *share* is that speed over the measured ceiling that bounds
the function; above 100 % caches had a part in it. *ratio* is a peer's time over numfuse's: above 1
numfuse is faster.
"""


def threads_text(threads: int) -> str:
    return f"{threads} thread" + "s" * (threads > 1)


def chart(name: str, run: Row) -> str:
    return f"{name}_{threads_text(run['threads']).replace(' ', '_')}.svg"


def point_text(p: Row) -> str:
    axis = "" if p["axis"] is None else f" axis {p['axis']}"
    return f"{p['function']} {shape_text(p)}{axis} {p['dtype']}"


def key_of(p: Row) -> tuple[Any, ...]:
    return p["function"], tuple(p["shape"]), p["axis"], p["dtype"]


def heads(report: Row) -> list[str]:
    return [threads_text(run["threads"]) for run in report["runs"]]


def about(report: Row) -> str:
    first = report["runs"][0]
    own = {k: v for k, v in first["machine"].get("software", {}).items() if k != "threads"}
    peers = [
        {k: v for k, v in s.items() if k not in ("threads", "compiler")}
        for s in first["peers_software"]
    ]
    named = first | {"machine": first["machine"] | {"software": own}, "peers_software": peers}
    rows = f"| rounds | {report['rounds']} |\n| threads | {', '.join(heads(report))} |\n"
    return machine(named) + rows


def ceilings(report: Row) -> str:
    kinds = {"copy": "read and write", "read": "read only", "fill": "write only"}
    seen = dict.fromkeys([*kinds, *(n for run in report["runs"] for n in run["ceilings"])])
    rows = [
        (
            name,
            kinds.get(name, ""),
            *(
                f"{speed_text(run['ceilings'][name])} GB/s"
                if name in run["ceilings"]
                else "not measured"
                for run in report["runs"]
            ),
        )
        for name in seen
    ]
    text = "## Ceilings\n\nMeasured in the same rounds: the fastest of several ways.\n\n"
    return text + table(("", "", *heads(report)), rows)


def goals(report: Row) -> str:
    verdicts = {True: "met", False: "**missed**", None: "not measured"}
    rows = []
    for goals_of_row in zip(*(run["goals"] for run in report["runs"])):
        cells = [
            verdicts[goal["met"]] + (f": {goal['seen']}" if goal["met"] is not None else "")
            for goal in goals_of_row
        ]
        rows.append((goals_of_row[0]["text"], *cells))
    return "### Goals\n\n" + table(("", *heads(report)), rows)


def against(report: Row) -> str:
    rows = []
    for run in report["runs"]:
        of_run = threads_text(run["threads"])
        libraries = dict(run["summary"]["by_library_warm"])
        ordered = sorted(libraries, key=lambda name: (position(name, LIBRARIES), name))
        for name in ordered:
            s = libraries[name]
            rows.append(
                (of_run, name, str(s["points"]), ratio_text(s["geometric_mean"]), str(s["slower"]))
            )
        best = run["summary"]["by_mode"].get("warm", {"with_peer": 0})
        if best["with_peer"]:
            mean = ratio_text(best["geometric_mean"])
            rows.append((of_run, "the fastest", str(best["with_peer"]), mean, str(best["slower"])))
    if not rows:
        return "### Against each peer\n\nNo peer was measured: nothing is compared.\n"
    head = ("", "peer", "points", "geometric mean of the ratio", "numfuse slower")
    return "### Against each peer\n\n" + table(head, rows)


def slower(report: Row) -> str:
    found = [
        (p["ratio"], run["threads"], p)
        for run in report["runs"]
        for p in run["points"]
        if p["ratio"] is not None and p["ratio"] < 1
    ]
    title = "### Slower than the fastest peer"
    if not found:
        compared = any(p["peers"] for run in report["runs"] for p in run["points"])
        return f"{title}\n\n" + ("No point.\n" if compared else "Not known: no peer was measured.\n")
    found.sort(key=lambda entry: entry[0])
    rows = [
        (
            point_text(p),
            threads_text(threads),
            time_text(p["seconds"]),
            time_text(p["peers"][0]["seconds"]),
            p["best_peer"],
            ratio_text(ratio),
        )
        for ratio, threads, p in found
    ]
    head = ("", "threads", "numfuse", "fastest peer", "which", "ratio")
    return f"{title}: {len(rows)}\n\nThe worst first.\n\n" + table(head, rows)


def memory(report: Row) -> str:
    title = "### Share of the ceiling from 2^24 elements on\n\n"
    by_run = [{key_of(p): p for p in run["points"] if p["large"]} for run in report["runs"]]
    every = {key: p for points in reversed(by_run) for key, p in points.items()}
    if not every:
        return title + "No point so large was measured.\n"
    lowest = {key: min(points[key]["share"] for points in by_run if key in points) for key in every}
    rows = [
        (
            point_text(every[key]),
            every[key]["bound"],
            *(percent(points[key]["share"]) if key in points else NONE for points in by_run),
        )
        for key in sorted(every, key=lambda key: lowest[key])
    ]
    return f"{title}The lowest first.\n\n" + table(("", "ceiling", *heads(report)), rows)


def of_function(function: str, report: Row, libraries: list[str]) -> str:
    entries = [
        (run["threads"], p)
        for run in report["runs"]
        for p in run["points"]
        if p["function"] == function
    ]
    entries.sort(
        key=lambda e: (
            -1 if e[1]["axis"] is None else e[1]["axis"],
            e[1]["shape"],
            position(e[1]["dtype"], DTYPES),
            e[0],
        )
    )
    rows = []
    for threads, p in entries:
        times = {peer["library"]: time_text(peer["seconds"]) for peer in p["peers"]}
        rows.append(
            (
                shape_text(p),
                axis_text(p),
                p["dtype"],
                str(threads),
                f"{time_text(p['seconds'])} ± {100 * p['spread']:.0f} %",
                speed_text(p["speed"]),
                share_text(p),
                *(times.get(name, NONE) for name in libraries),
                p["best_peer"] or NONE,
                ratio_text(p["ratio"]),
            )
        )
    head = (
        "shape",
        "axis",
        "dtype",
        "threads",
        "numfuse",
        "GB/s",
        "share",
        *libraries,
        "fastest",
        "ratio",
    )
    return f"## {function}\n\n" + table(head, rows)


def missing(report: Row) -> str:
    parts = ["## Not measured\n"]
    runs = report["runs"]
    measured = {p["function"] for run in runs for p in run["points"]}
    absent = [name for name in EXPECTED if name not in measured]
    if absent:
        parts.append(f"No point of: {', '.join(absent)}.\n")
    for run in runs:
        incomplete = sum(len(p["rounds"]) < report["rounds"] for p in run["points"])
        if incomplete:
            parts.append(f"{threads_text(run['threads'])}: points in some rounds only: {incomplete}.\n")
        for data in run["other_machines"]:
            parts.append(f"Peers on another machine, {data['machine']['name']}: not compared.\n")
    if report["failed"]:
        parts.append("\n".join(f"- failed: {line}" for line in report["failed"]) + "\n")
    skipped = {(entry["what"], entry["why"]): None for run in runs for entry in run["skipped"]}
    if skipped:
        parts.append(table(("skipped", "why"), list(skipped)))
    return "\n".join(parts if len(parts) > 1 else [*parts, "Nothing was left out.\n"])


def page(report: Row) -> str:
    runs = report["runs"]
    seen = {peer["library"] for run in runs for p in run["points"] for peer in p["peers"]}
    libraries = sorted(seen, key=lambda name: (position(name, LIBRARIES), name))
    functions = dict.fromkeys(p["function"] for run in runs for p in run["points"])
    parts = ["# Benchmarks of numfuse on a CPU\n", MEANING, about(report), ceilings(report)]
    parts += ["## Summary\n", goals(report), against(report), slower(report), memory(report)]
    for run in runs:
        of_run = threads_text(run["threads"])
        parts.append(
            f"![Time of the fastest peer over numfuse's, {of_run}]({chart('ratio_to_peer', run)})\n"
        )
        parts.append(
            f"![Share of the ceiling over the length of a row, {of_run}]({chart('share_of_ceiling', run)})\n"
        )
    parts += [of_function(name, report, libraries) for name in functions]
    return "\n".join([*parts, missing(report)])
