"""The report as a page in Markdown."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

Row = dict[str, Any]
MODES = ("warm", "graph", "cold")
DTYPES = ("float32", "bfloat16", "float64", "float16")
NONE = "–"
LONGEST_LIST = 40  # of points below a target; all of them stand in report.json
SLOWEST = 10

EXPECTED = (
    "exp log sigmoid sigmoid_derivative tanh add abs_difference add_row multiply_column softmax "
    "log_softmax normalize_rows layer_norm sum max norm logsumexp var dot l1_loss l2_loss outer matmul"
).split()

MEANING = """\
*time* is the median of batches, ± their interquartile range as a share of it. *GB/s* counts the
bytes that must move at least: each input read once, each result written once. *share* is that speed
over the measured ceiling that bounds the function; above 100 % caches had a part in it. *ratio* is
the best peer's time over numfuse's: above 1 numfuse is faster. A peer's time includes the allocation
of its results, and its Python where that takes longer than the device.
"""
MODE_MEANING = {
    "warm": "calls back to back",
    "graph": "calls replayed from a captured CUDA graph",
    "cold": "a single call, the caches emptied before it",
}


# --- Texts of numbers.


def time_text(seconds: float) -> str:
    for unit, size in (("s", 1.0), ("ms", 1e-3), ("µs", 1e-6)):
        if seconds >= size:
            return f"{seconds / size:.3g} {unit}" if seconds < 1000 * size else f"{seconds:.0f} s"
    return f"{seconds / 1e-9:.3g} ns"


def speed_text(speed: float) -> str:
    return f"{speed / 1e9:.0f}" if speed >= 1e11 else f"{speed / 1e9:.3g}"


def percent(share: float | None) -> str:
    return NONE if share is None else f"{100 * share:.1f} %"


def ratio_text(ratio: float | None) -> str:
    return NONE if ratio is None else f"{ratio:.2f}"


def axis_text(row: Row) -> str:
    return NONE if row["axis"] is None else str(row["axis"])


def shape_text(row: Row) -> str:
    return " x ".join(map(str, row["shape"])) or "()"


def point_text(row: Row) -> str:
    axis = "" if row["axis"] is None else f" axis {row['axis']}"
    return f"{row['function']} {shape_text(row)}{axis} {row['dtype']} {row['mode']}"


def share_text(row: Row) -> str:
    if row["function"] == "matmul" and len(row["shape"]) == 3:
        m, n, k = row["shape"]
        return f"compute: {2 * m * n * k / row['seconds'] / 1e12:.3g} TFLOP/s"
    if row["share"] is None:
        return f"{row['bound']} not measured"
    return f"{percent(row['share'])} of {row['bound']}"


def target_text(row: Row) -> str:
    if row["target_share"] is None:
        return NONE
    verdict = {True: "met", False: "**missed**", None: "unknown"}[row["meets_target"]]
    return f"{100 * row['target_share']:.0f} %: {verdict}"


def peer_text(row: Row) -> str:
    count = len(row["peers"])
    if not count:
        return "no peer measured"
    return row["best_peer"] + (f", best of {count}" if count > 1 else ", the only one")


# --- Parts of the page.


def table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    def line(cells: Sequence[str]) -> str:
        return "| " + " | ".join(c.replace("|", "\\|").replace("\n", " ") for c in cells) + " |"

    return "\n".join([line(head), line(["---"] * len(head)), *map(line, rows)]) + "\n"


def machine(report: Row) -> str:
    where = report["machine"]
    rows = [("machine", where["name"]), ("kind", where["kind"])]
    rows += [("driver", where["driver"])] if where.get("driver") else []
    rows += [("commit", report["commit"] or "unknown")]
    software = [("numfuse", where.get("software", {}))]
    software += [("peers", peers) for peers in report["peers_software"]]
    for who, versions in software:
        if versions:
            rows.append((f"with {who}", ", ".join(f"{k} {v}" for k, v in versions.items())))
    return "## Machine\n\n" + table(("", ""), rows)


def ceilings(report: Row) -> str:
    names = {"copy": "read and write", "read": "read only", "fill": "write only"}
    known = report["ceilings"]
    rows = [
        (name, what, f"{known[name] / 1e9:.0f} GB/s" if name in known else "not measured")
        for name, what in (names | {n: "" for n in known if n not in names}).items()
    ]
    return "## Ceilings\n\nMeasured in the same run.\n\n" + table(("", "", ""), rows)


def comparisons(report: Row) -> str:
    rows = [
        (mode, str(s["points"]), str(s["with_peer"]), ratio_text(s["geometric_mean"]), str(s["slower"]))
        for mode, s in report["summary"]["by_mode"].items()
    ]
    head = ("mode", "points", "with a peer", "geometric mean of the ratio", "slower than the best")
    text = "### Against the best peer\n\n" + table(head, rows)
    libraries = report["summary"]["by_library_warm"]
    if not libraries:
        return text + "\nNo peer was measured: nothing is compared.\n"
    rows = [
        (name, str(s["points"]), ratio_text(s["geometric_mean"]), str(s["slower"]))
        for name, s in libraries.items()
    ]
    head = ("warm, against each", "points", "geometric mean of the ratio", "numfuse slower")
    return text + "\n" + table(head, rows)


def targets(report: Row) -> str:
    if report["machine"]["kind"] != "gpu":
        return "### Targets\n\nThey are stated for GPUs; this machine is none.\n"
    rows = [
        (
            t["text"],
            t["dtypes"],
            f"{100 * t['share']:.0f} % of {t['ceiling']}",
            f"{t['met']} of {t['points']}" if t["points"] else "not measured",
            percent(t["lowest"]),
        )
        for t in report["summary"]["targets"]
    ]
    return "### Targets\n\n" + table(("", "dtypes", "target", "met", "lowest"), rows)


def below(report: Row) -> str:
    missed = [p for p in report["points"] if p["meets_target"] is False]
    missed.sort(key=lambda p: p["target_reached"] / p["target_share"])
    if not missed:
        return "### Below their target\n\nNo measured point.\n"
    rows = [(point_text(p), share_text(p), target_text(p)) for p in missed[:LONGEST_LIST]]
    text = f"### Below their target: {len(missed)}\n\n" + table(("", "share", "target"), rows)
    more = len(missed) - LONGEST_LIST
    return text + (f"\nAnd {more} more, in report.json.\n" if more > 0 else "")


def slowest(report: Row) -> str:
    slower = [p for p in report["points"] if p["ratio"] is not None and p["ratio"] < 1]
    if not slower:
        compared = any(p["ratio"] is not None for p in report["points"])
        return "### Slower than the best peer\n\n" + (
            "No compared point.\n" if compared else "Not known: no peer was measured.\n"
        )
    slower.sort(key=lambda p: p["ratio"])
    rows = [
        (point_text(p), time_text(p["seconds"]), ratio_text(p["ratio"]), peer_text(p), p.get("plan", ""))
        for p in slower[:SLOWEST]
    ]
    head = ("", "time", "ratio", "best peer", "plan")
    title = f"### Slower than the best peer: {len(slower)}"
    return f"{title}\n\nThe {len(rows)} worst.\n\n" + table(head, rows)


def position(name: str, order: Sequence[str]) -> int:
    return order.index(name) if name in order else len(order)


def of_function(points: list[Row]) -> str:
    ordered = sorted(
        points,
        key=lambda p: (
            position(p["mode"], MODES),
            -1 if p["axis"] is None else p["axis"],
            p["shape"],
            position(p["dtype"], DTYPES),
        ),
    )
    rows = [
        (
            shape_text(p),
            axis_text(p),
            p["dtype"],
            p["mode"],
            f"{time_text(p['seconds'])} ± {100 * p['spread']:.0f} %",
            speed_text(p["speed"]),
            share_text(p),
            target_text(p),
            peer_text(p),
            ratio_text(p["ratio"]),
            p.get("plan", ""),
        )
        for p in ordered
    ]
    head = "shape axis dtype mode time GB/s share target".split() + ["best peer", "ratio", "plan"]
    return f"## {points[0]['function']}\n\n" + table(head, rows)


def functions(report: Row) -> list[str]:
    names = dict.fromkeys(p["function"] for p in report["points"])
    return [of_function([p for p in report["points"] if p["function"] == name]) for name in names]


def missing(report: Row) -> str:
    parts = ["## Not measured\n"]
    measured = {p["function"] for p in report["points"]}
    absent = [name for name in EXPECTED if name not in measured]
    if absent:
        parts.append(f"No point of: {', '.join(absent)}.\n")
    alone = sum(not p["peers"] for p in report["points"])
    if alone:
        parts.append(f"{alone} of {len(report['points'])} points have no peer.\n")
    single = sum(len(p["peers"]) == 1 for p in report["points"])
    if single:
        parts.append(f"At {single} points only one library was measured: the best of one.\n")
    if report["repeated"]:
        parts.append(f"{report['repeated']} measurements repeat a point: the first counts.\n")
    for data in report["other_machines"]:
        count, name = len(data["results"]), data["machine"]["name"]
        if count:
            text = f"{count} measurements of peers on another machine, {name}: not compared.\n"
            parts.append(text)
    if report["peers_without_a_point"]:
        parts.append(f"{len(report['peers_without_a_point'])} of peers without one of numfuse.\n")
    if report["skipped"]:
        rows = [(entry["what"], entry["why"]) for entry in report["skipped"]]
        parts.append(table(("skipped", "why"), rows))
    return "\n".join(parts if len(parts) > 1 else [*parts, "Nothing was left out.\n"])


def meaning(report: Row) -> str:
    modes = [f"*{m}*: {MODE_MEANING.get(m, 'unknown')}" for m in report["summary"]["by_mode"]]
    text = MEANING + ("Modes: " + "; ".join(modes) + ".\n" if modes else "")
    if report["machine"]["kind"] == "gpu":
        return text + "Inputs and results take turns, so that no cache holds them.\n"
    return text


def page(report: Row) -> str:
    parts = [
        "# Benchmarks of numfuse\n",
        meaning(report),
        machine(report),
        ceilings(report),
        "## Summary\n",
        comparisons(report),
        targets(report),
        below(report),
        slowest(report),
        "![Share of the ceiling over the length of a row](share_of_ceiling.svg)\n",
        "![Time of the best peer over numfuse's](ratio_to_peer.svg)\n",
        *functions(report),
        missing(report),
    ]
    return "\n".join(parts)
