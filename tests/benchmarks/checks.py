"""What tests/benchmarks/run checks: of report.py, of peers.py and of bad input. One line a check."""

from __future__ import annotations

import json
import math
import os
import re
import subprocess
import sys
import tempfile
import xml.dom.minidom
from typing import Any

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(HERE))
PROGRAMS = os.path.join(ROOT, "benchmarks")
sys.dont_write_bytecode = True
sys.path.insert(0, PROGRAMS)

failures = 0


def check(name: str, passed: Any, seen: Any = "") -> None:
    global failures
    print(f"ok      {name}" if passed else f"FAILED  {name}: {seen}", flush=True)
    failures += not passed


def sample(name: str) -> str:
    return os.path.join(HERE, name)


def read(path: str) -> Any:
    with open(path, encoding="utf-8") as file:
        return json.load(file) if path.endswith(".json") else file.read()


def write(path: str, data: Any) -> str:
    with open(path, "w", encoding="utf-8") as file:
        file.write(data if isinstance(data, str) else json.dumps(data))
    return path


def call(program: str, *arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, os.path.join(PROGRAMS, program), *arguments]
    return subprocess.run(
        command, capture_output=True, text=True, timeout=300, env=os.environ | environment
    )


def near(a: float | None, b: float) -> bool:
    return a is not None and abs(a - b) <= 1e-9 * abs(b)


def the_point(report: Any, function: str, shape: list[int], axis: Any, dtype: str = "float32") -> Any:
    found = [
        p
        for p in report["points"]
        if (p["function"], p["shape"], p["axis"], p["dtype"]) == (function, shape, axis, dtype)
    ]
    return found[0] if len(found) == 1 else {"not found": len(found)}


# --- report.py


def values_of_the_report(report: Any) -> None:
    """Every number here was worked out by hand from the samples."""
    p = the_point(report, "exp", [2**28], None)
    # 2^31 bytes in 1.34217728 ms are 1.6e12 a second: 0.8 of 2e12.
    check("report: share of a ceiling", near(p["share"], 0.8) and near(p["speed"], 1.6e12), p)
    check("report: a missed target", p["target_share"] == 0.95 and p["meets_target"] is False, p)
    check("report: no peer, no ratio", p["ratio"] is None and p["best_peer"] is None, p)
    check("report: the first of two measurements", report["repeated"] == 1, report["repeated"])

    p = the_point(report, "softmax", [65536, 1024], 1)
    # 2^29 bytes in 0.268435456 ms: 2e12 of 2e12. torch takes twice the time, cupy four times.
    check("report: a met target", near(p["share"], 1.0) and p["meets_target"] is True, p)
    check("report: ratio to the best peer", near(p["ratio"], 2.0) and p["best_peer"] == "torch", p)
    check("report: every peer", [round(q["ratio"], 9) for q in p["peers"]] == [2.0, 4.0], p["peers"])

    p = the_point(report, "softmax", [262144, 256], 1)
    # 1.6e12: 0.8, exactly the target of rows of 256. torch takes half the time.
    check("report: a target just met", near(p["share"], 0.8) and p["meets_target"] is True, p)
    check("report: axis -1 is the last axis", near(p["ratio"], 0.5), p)
    p = the_point(report, "softmax", [262144, 256], 1, "float64")
    check("report: no target for float64 softmax", p["target"] is None, p)
    p = the_point(report, "sum", [67108, 1000], 1)
    # No multiple of a power of two; and 1000 is less than 1 K.
    check("report: no target below 1 K columns", p["target"] is None, p)
    p = the_point(report, "sum", [2**28], None)
    check("report: a peer in numfuse's file", p["best_peer"] == "cub" and near(p["ratio"], 0.8), p)
    check("report: target of whole tensors", near(p["target_share"], 0.95), p)
    p = the_point(report, "sum", [4096, 4096], 0)
    # 67125248 bytes in 29.82 us: 2.251e12, 0.9004 of 2.5e12.
    check("report: target of axis 0", p["target_share"] == 0.9 and p["meets_target"] is True, p)
    p = the_point(report, "outer", [4096, 4096], None)
    check("report: no ceiling, no share", p["share"] is None and p["meets_target"] is None, p)
    p = the_point(report, "matmul", [1000, 1000, 1000], None)
    check("report: no share of compute", p["share"] is None and p["target"] is None, p)

    warm = report["summary"]["by_mode"]["warm"]
    # Ratios 2, 0.5 and 0.8: their product is 0.8.
    check("report: geometric mean", near(warm["geometric_mean"], 0.8 ** (1 / 3)), warm)
    counts = warm["points"], warm["with_peer"], warm["slower"]
    check("report: counts", counts == (9, 3, 2), counts)
    graph = report["summary"]["by_mode"]["graph"]
    check("report: modes apart", near(graph["geometric_mean"], 1.5), graph)
    torch = report["summary"]["by_library_warm"]["torch"]
    check("report: against each peer", near(torch["geometric_mean"], 1.0), torch)
    targets = {t["text"]: t for t in report["summary"]["targets"]}
    rows = targets["softmax and its like, rows of 256"]
    check("report: points of a target", (rows["points"], rows["met"]) == (1, 1), rows)
    check("report: a target without a ceiling", targets["outer"]["points"] == 0, targets["outer"])
    check("report: a peer without a point", len(report["peers_without_a_point"]) == 1)
    check("report: both files' skips", len(report["skipped"]) == 2, report["skipped"])


def page_of_the_report(page: str) -> None:
    rows = {
        "machine": "| machine | sample, not a measurement |",
        "ceiling": "| copy | read and write | 2000 GB/s |",
        "missing ceiling": "| fill | write only | not measured |",
        "mode": "| warm | 9 | 3 | 0.93 | 2 |",
        "target": "| softmax and its like, rows of 256 | float32, bfloat16 | 80 % of copy "
        "| 1 of 1 | 80.0 % |",
        "untested target": "| outer | any | 95 % of fill | not measured | – |",
        "missed": "| exp 268435456 float32 warm | 80.0 % of copy | 95 %: **missed** |",
        "slower": "| softmax 262144 x 256 axis 1 float32 warm | 336 µs | 0.50 | torch, the only one "
        "| sample |",
        "point": "| 65536 x 1024 | 1 | float32 | warm | 268 µs ± 2 % | 2000 | 100.0 % of copy "
        "| 93 %: met | torch, best of 2 | 2.00 | sample |",
        "point without a peer": "| 4096 x 4096 | 0 | float32 | warm | 29.8 µs ± 2 % | 2251 "
        "| 90.0 % of read | 90 %: met | no peer measured | – | sample |",
        "product": "compute: 2 TFLOP/s",
        "escaped bar": "sample \\| with a bar",
        "skipped": "| JAX | not importable: a sample |",
        "unmeasured functions": "No point of: log, sigmoid,",
        "charts": "![Share of the ceiling over the length of a row](share_of_ceiling.svg)",
    }
    for name, row in rows.items():
        check(f"page: {name}", row in page, f"no line {row}")


CHARTS = "share_of_ceiling.svg", "ratio_to_peer.svg"


def charts(folder: str, name: str, files: tuple[str, ...] = CHARTS) -> None:
    for chart in files:
        try:
            root = xml.dom.minidom.parse(os.path.join(folder, chart)).documentElement
            shapes = root.getElementsByTagName("rect")
            check(f"charts: {name}, {chart}", root.tagName == "svg" and len(shapes) > 0)
        except Exception as error:
            check(f"charts: {name}, {chart}", False, error)


def test_report(work: str) -> None:
    folder = os.path.join(work, "report")
    done = call(
        "report.py", sample("sample_targets.json"), sample("sample_peers.json"), "--output", folder
    )
    check("report: runs", done.returncode == 0 and not done.stderr, done.stderr)
    values_of_the_report(read(os.path.join(folder, "report.json")))
    page_of_the_report(read(os.path.join(folder, "report.md")))
    charts(folder, "both samples")
    points = read(os.path.join(folder, "share_of_ceiling.svg"))
    check("charts: a line a function", "softmax (copy)" in points and "sum (read)" in points)
    ratios = read(os.path.join(folder, "ratio_to_peer.svg"))
    check("charts: mean and points", "1.00 (2)" in ratios, re.findall(r"\d\.\d\d \(\d+\)", ratios))


def test_report_alone(work: str) -> None:
    folder = os.path.join(work, "alone")
    done = call("report.py", sample("sample.json"), "--output", folder)
    check("report without peers: runs", done.returncode == 0, done.stderr)
    page = read(os.path.join(folder, "report.md"))
    check("report without peers: says so", "No peer was measured" in page)
    check("report without peers: claims nothing", "Not known: no peer was measured" in page)
    check("report without a GPU: no targets", "stated for GPUs; this machine is none" in page)
    charts(folder, "no peers")

    nothing = read(sample("sample.json")) | {"results": [], "ceilings": {}}
    done = call("report.py", write(f"{work}/nothing.json", nothing), "--output", f"{work}/nothing")
    check("report of nothing: runs", done.returncode == 0, done.stderr)
    page = read(f"{work}/nothing/report.md")
    check("report of nothing: says so", "No point of: exp, log" in page and "outer, matmul." in page)
    charts(f"{work}/nothing", "nothing")

    other = read(sample("sample_peers.json"))
    other["machine"]["name"] = "another sample"
    paths = sample("sample_targets.json"), write(f"{work}/other.json", other)
    call("report.py", *paths, "--output", f"{work}/other")
    page = read(f"{work}/other/report.md")
    check(
        "report: another machine is not compared",
        "another machine, another sample: not compared" in page and "torch, best" not in page,
    )


def test_extreme_charts(work: str) -> None:
    """Shares far above one, a single length, a ratio of a million, a name that is no XML."""
    data = read(sample("sample_targets.json"))
    softmax = next(r for r in data["results"] if r["shape"] == [65536, 1024])
    softmax["seconds"] /= 5000
    data["results"] = [softmax]
    data["machine"]["name"] = "sample <&> \u0001 \"'"
    peer = softmax | {"library": "torch", "seconds": softmax["seconds"] * 1e6}
    data["results"].append(peer)
    done = call("report.py", write(f"{work}/extreme.json", data), "--output", f"{work}/extreme")
    check("report of extremes: runs", done.returncode == 0, done.stderr)
    charts(f"{work}/extreme", "extremes")
    size = os.path.getsize(f"{work}/extreme/share_of_ceiling.svg")
    check("charts: few ticks at any scale", size < 20000, size)


# --- peers.py, as it runs


def test_peers(work: str) -> None:
    output = f"{work}/peers.json"
    cases = sample("sample.json")
    done = call("peers.py", "--cpu", "--quick", "--cases", cases, "--output", output, "--budget", "120")
    check("peers: runs", done.returncode == 0, done.stderr)
    check("peers: shows progress", re.search(r"\d+/\d+, \d+ of 120 s: numpy", done.stderr), done.stderr)
    import results_file

    peers = results_file.load(output)
    check("peers: its file is valid", peers["producer"] == "peers" and peers["machine"]["kind"] == "cpu")
    ours = [results_file.case_of(r) for r in read(cases)["results"]]
    measured = {results_file.case_of(r) for r in peers["results"] if r["library"] == "numpy"}
    expected = {
        case
        for case in ours
        if case.mode == "warm" and case.dtype != "bfloat16" and case.function != "no_such_function"
    }
    check("peers: NumPy at every case it can", measured == expected, measured ^ expected)
    check("peers: each case once", len(set(ours)) == len(ours))
    check("peers: plausible times", all(1e-8 < r["seconds"] < 1 for r in peers["results"]))
    reasons = {entry["why"] for entry in peers["skipped"]}
    for why in (
        "peers.py has no no_such_function",
        "it has no bfloat16",
        "graphs are not captured with it",
        "a single call is not measured with it: it has no clock on the device",
    ):
        check(f"peers: skipped, {why}", why in reasons, reasons)
    wrong = [why for why in reasons if "wrong result" in why]
    check("peers: no library is wrong", not wrong, wrong)

    join(work, output, peers)
    done = call("peers.py", "--cpu", "--cases", cases, "--output", output, "--budget", "1e-6")
    spent = read(output)
    why = [entry["why"] for entry in spent["skipped"] if entry["what"].startswith("numpy")]
    check("peers: nothing beyond the budget", done.returncode == 0 and not spent["results"])
    check("peers: says what the budget left out", why == ["the budget of 1e-06 s was spent"], why)
    without_gpu(work, cases)


def join(work: str, output: str, peers: Any) -> None:
    """The sample with this machine's name, so that the report joins both."""
    here = read(sample("sample.json")) | {"machine": peers["machine"]}
    done = call(
        "report.py", write(f"{work}/here.json", here), output, "--output", f"{work}/joined"
    )
    check("peers and report: run", done.returncode == 0, done.stderr)
    report = read(f"{work}/joined/report.json")
    for p in report["points"]:
        if p["mode"] != "warm" or p["dtype"] == "bfloat16" or p["function"] == "no_such_function":
            continue
        times = [
            r["seconds"]
            for r in peers["results"]
            if (r["function"], r["shape"], r["axis"], r["dtype"], r["mode"])
            == (p["function"], p["shape"], p["axis"], p["dtype"], p["mode"])
        ]
        right = times and near(p["ratio"], min(times) / p["seconds"])
        check(f"peers and report: {p['function']} {p['shape']} {p['axis']} {p['dtype']}", right, p)
    charts(f"{work}/joined", "measured here")


def without_gpu(work: str, cases: str) -> None:
    output = f"{work}/gpu.json"
    done = call(
        "peers.py", "--cases", cases, "--output", output, CUDA_VISIBLE_DEVICES="", JAX_PLATFORMS="cpu"
    )
    data = read(output) if done.returncode == 0 else {}
    check("peers without a GPU: an empty file", data.get("results") == [], done.stderr)
    names = {entry["what"] for entry in data.get("skipped", [])}
    all_four = {"PyTorch and torch.compile", "CuPy", "JAX", "Triton"}
    check("peers without a GPU: every library is skipped", names == all_four, names)


# --- peers.py, its parts


def fake_backend(cost: float) -> tuple[Any, dict[str, Any]]:
    """A device on which a call takes `cost` seconds, and what was asked of it."""
    from peer_libraries.work import Backend

    seen: dict[str, Any] = {"calls": [], "time": 0.0, "flushed": 0, "captured": 0}

    def seconds(run: Any) -> float:
        before = seen["time"]
        run()
        return seen["time"] - before

    def flush() -> None:
        seen["flushed"] += 1

    def capture(calls: Any) -> Any:
        at, first = seen["time"], len(seen["calls"])
        calls()
        seen["captured"], seen["time"] = len(seen["calls"]) - first, at

        def replay() -> None:
            seen["time"] += cost * seen["captured"]

        return replay

    def call(x: Any) -> Any:
        seen["calls"].append(x)
        seen["time"] += cost
        return x

    seen["call"] = call
    unused = lambda *_: None  # noqa: E731
    backend = Backend(unused, unused, unused, seconds, unused, flush, capture, 1000)
    return backend, seen


def test_timing() -> None:
    from peer_libraries import timing

    check("timing: median and spread", timing.summary([5, 1, 2, 4, 3]) == (3, 2 / 3))
    check("timing: median of four", timing.summary([4, 1, 2, 3])[0] == 2.5)
    inputs = [["a"], ["b"], ["c"]]
    for mode in ("warm", "cold", "graph"):
        backend, seen = fake_backend(1e-4)
        times = timing.MODES[mode](backend, seen["call"], inputs, timing.Patience())
        right = all(math.isclose(t, 1e-4, rel_tol=1e-6) for t in times)
        check(f"timing: {mode} gives the time of a call", right, times)
        counts = [seen["calls"].count(x) for x in "abc"]
        check(f"timing: {mode} lets inputs take turns", max(counts) - min(counts) <= 2, counts)
        if mode == "cold":
            check("timing: cold empties the caches before each call", seen["flushed"] == sum(counts))
        if mode == "graph":
            check("timing: a graph of 20 calls", seen["captured"] == 20, seen["captured"])
    backend, _ = fake_backend(1)
    sets = [timing.sets_of_inputs(backend, b) for b in (1, 500, 600, 2000, 5000)]
    check("timing: inputs exceed twice the cache", sets == [64, 4, 4, 1, 1], sets)


def test_order() -> None:
    from peer_libraries import order
    from results_file import Case

    check("order: the first few stand for all", order.spread_out([0, 1, 2, 3, 4])[:3] == [2, 1, 4])
    cases = [
        Case(function, (2**26 // n, n), 1, dtype, mode)
        for function in ("softmax", "sum", "exp")
        for dtype in ("float64", "float32", "bfloat16")
        for mode in ("cold", "warm")
        for n in (8, 64, 1024, 2**16, 2**20)
    ]
    ordered = order.most_telling_first(cases)
    check("order: nothing is lost", sorted(map(str, ordered)) == sorted(map(str, cases)))
    check("order: functions take turns", len({case.function for case in ordered[:3]}) == 3, ordered[:3])
    first = {(case.dtype, case.mode, case.shape[1]) for case in ordered[:3]}
    check("order: float32, warm, a middle length first", first == {("float32", "warm", 1024)}, first)
    early = {case.dtype for case in ordered[:18]}
    check("order: other dtypes have their turn", early == {"float32", "bfloat16", "float64"}, early)

    stages: list[list[Any]] = [[f"{stage}{i}" for i in range(100)] for stage in "abcd"]
    clock = iter(range(1000))  # every look at it takes a second
    done = list(order.within_budget(stages, 100, lambda: float(next(clock))))
    starts = {stage: sum(name.startswith(stage) for name in done) for stage in "abcd"}
    check("order: every stage has its share", min(starts.values()) > 5 and starts["a"] == 45, starts)
    check("order: what is left is known", len(done) + sum(map(len, stages)) == 400)
    stages = [["a"], [], ["c"], []]
    done = list(order.within_budget(stages, 100, lambda: 0.0))
    check("order: all within a large budget", done == ["a", "c"], done)


def test_reference() -> None:
    """A formula that is wrong is noticed, whichever it is; and one that takes the wrong axis."""
    from peer_libraries import on_cpu, reference, work
    from peer_libraries.work import Library, Unsupported
    from results_file import Case

    right = on_cpu.numpy_library()

    def is_right(prepare: Any, the_work: Any) -> bool:
        try:
            reference.check(Library("a library", on_cpu.BACKEND, prepare), the_work)
        except Unsupported:
            return False
        return True

    def off(the_work: Any) -> Any:
        function = right.prepare(the_work)
        return lambda *inputs: function(*inputs) * 1.001

    def other_axis(the_work: Any) -> Any:
        return right.prepare(
            work.Work(the_work.function, the_work.shape, 1 - the_work.axis, the_work.dtype)
        )

    ranks = {"add_row": 2, "multiply_column": 2, "outer": 2, "matmul": 3}
    names = work.ELEMENTWISE + work.BROADCAST + work.VECTORS + work.PAIRS + work.PRODUCTS
    for name in names:
        the_work = work.work_of(Case(name, (1,) * ranks.get(name, 1), None, "float32", "warm"))
        both = is_right(right.prepare, the_work), is_right(off, the_work)
        check(f"reference: {name}", both == (True, False), both)
    for name in work.VECTORS:
        results = []
        for axis in (0, 1):
            the_work = work.work_of(Case(name, (1, 1), axis, "float64", "warm"))
            results += [is_right(right.prepare, the_work)]
            if name != "layer_norm":  # whose gamma would not even fit
                results += [not is_right(other_axis, the_work)]
        check(f"reference: {name} along its axis", all(results), results)


# --- Bad input


def is_one_line_error(done: subprocess.CompletedProcess[str], program: str) -> bool:
    lines = done.stderr.splitlines()
    return done.returncode == 2 and len(lines) == 1 and lines[0].startswith(program + ": ")


def bad_files(work: str) -> dict[str, str]:
    data = read(sample("sample.json"))
    whole = json.dumps(data)
    files = {"truncated": whole[: len(whole) // 2], "empty": "", "no object": "[1, 2]"}
    files["not UTF-8"] = "\udcff"
    files["nested"] = "[" * 100000

    def changed(name: str, change: Any) -> None:
        data = json.loads(whole)
        change(data)
        files[name] = json.dumps(data)

    changed("unknown version", lambda d: d.update(version=2))
    for key in ("producer", "machine", "results"):
        changed(f"no {key}", lambda d, key=key: d.pop(key))
    changed("no machine name", lambda d: d["machine"].pop("name"))
    for key in data["results"][0]:
        if key != "plan":
            changed(f"no {key} of a result", lambda d, key=key: d["results"][3].pop(key))
    values = {
        "seconds": [0, -1, "1", True, None, float("nan"), float("inf")],
        "bytes": [-1, float("nan")],
        "shape": [[-1], [2.5], 3],
        "axis": [7, 0.5, "0"],
        "dtype": [4],
    }
    for key, bad in values.items():
        for value in bad:
            changed(
                f"{key} {value!r}",
                lambda d, key=key, value=value: d["results"][0].update({key: value}),
            )
    changed("a result that is no object", lambda d: d["results"].append(3))
    changed("a ceiling of zero", lambda d: d["ceilings"].update(copy=0))
    changed("ceilings that are a list", lambda d: d.update(ceilings=[]))
    changed("skipped that is no list", lambda d: d.update(skipped={}))
    changed("skipped without why", lambda d: d.update(skipped=[{"what": "x"}]))
    paths = {}
    for i, (name, content) in enumerate(files.items()):
        paths[name] = f"{work}/bad{i}.json"
        with open(paths[name], "w", encoding="utf-8", errors="surrogateescape") as file:
            file.write(content)
    return paths


def test_bad_input(work: str) -> None:
    good, output = sample("sample.json"), f"{work}/out"
    peers = sample("sample_peers.json")
    bad: dict[str, list[str]] = {
        "no file": [f"{work}/none.json", "--output", output],
        "a folder": [work, "--output", output],
        "peers first": [peers, "--output", output],
        "two of numfuse": [good, good, "--output", output],
        "a folder that cannot be made": [good, "--output", f"{good}/x"],
        "no output": [good],
        "nothing": [],
    }
    bad |= {name: [path, "--output", output] for name, path in bad_files(work).items()}
    bad["bad peers"] = [good, bad["truncated"][0], "--output", output]
    for name, line in bad.items():
        done = call("report.py", *line)
        check(f"bad input of report: {name}", is_one_line_error(done, "report.py"), done.stderr)
    check("bad input: nothing is written", not os.path.exists(output))


def test_bad_input_of_peers(work: str) -> None:
    good, output = sample("sample.json"), f"{work}/out.json"
    truncated = write(f"{work}/truncated.json", json.dumps(read(good))[:50])
    bad = {
        "no file": ["--cases", f"{work}/none.json", "--output", output],
        "truncated": ["--cases", truncated, "--output", output],
        "no cases": ["--output", output],
        "an unknown option": ["--cases", good, "--output", output, "--gpu"],
        "a budget of zero": ["--cases", good, "--output", output, "--budget", "0"],
        "a budget of words": ["--cases", good, "--output", output, "--budget", "long"],
        "an output that cannot be written": ["--cases", good, "--output", f"{good}/x", "--cpu"],
    }
    for name, line in bad.items():
        done = call("peers.py", *line)
        check(f"bad input of peers: {name}", is_one_line_error(done, "peers.py"), done.stderr)
    check("bad input of peers: nothing is written", not os.path.exists(output))


def main() -> int:
    with tempfile.TemporaryDirectory() as work:
        test_report(work)
        test_report_alone(work)
        test_extreme_charts(work)
        test_bad_input(work)
        test_timing()
        test_order()
        try:
            import numpy  # noqa: F401
        except ImportError:
            print("skipped: no NumPy, which peers.py needs")
        else:
            test_peers(work)
            test_reference()
            test_bad_input_of_peers(work)
    print(f"{failures} failed" if failures else "all passed")
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
