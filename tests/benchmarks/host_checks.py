"""What tests/benchmarks/run checks of the host's rounds and their report. The programs that they run are
stand-ins that write made-up times, so nothing is measured and no peer is needed."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from typing import Any

import checks
from checks import ROOT, call, charts, check, is_one_line_error, near, read, write

# Stands in for every program: logs how it was called, writes what its name and the round make of it.
STAND_IN = """\
import json, os, sys
name, folder = os.path.basename(sys.argv[0]), os.path.dirname(os.path.abspath(sys.argv[0]))
options = {a: b for a, b in zip(sys.argv, sys.argv[1:]) if a.startswith("--")}
if "--list" in sys.argv:
    print("exp 2\\nsoftmax 1\\nsum 3\\nouter 4")
    sys.exit()
with open(os.path.join(folder, "log.json"), "a") as log:
    threads = {n: os.environ.get(n + "_NUM_THREADS") for n in ("NUMFUSE", "OMP", "OPENBLAS")}
    entry = {"name": name, "argv": sys.argv[1:], "threads": threads}
    entry["told"] = [n for n in ("OPENBLAS_CORETYPE", "NUMFUSE_ISA") if n in os.environ]
    print(json.dumps(entry), file=log)
if name + ":" + options.get("--only", "") in os.environ.get("FAIL", "").split():
    sys.exit("a made-up failure\\nof two lines")
head = {"machine": {"name": "sample", "kind": "cpu"}, "results": []}
head["producer"] = "numfuse" if name == "bench_host" else "peers"
if name == "bench_host":
    head["asked"] = options["--only"]
else:
    with open(options["--cases"]) as cases:
        head["asked"] = json.load(cases)["asked"]
with open(options["--output"], "w") as file:
    json.dump(head, file)
"""


def stand_ins(folder: str) -> list[str]:
    """The options that make host_rounds.py use them."""
    os.makedirs(f"{folder}/benchmarks")
    for name in ("bench_host", "bench_host_peers", "python"):
        path = write(f"{folder}/benchmarks/{name}", f"#!{sys.executable}\n{STAND_IN}")
        os.chmod(path, 0o755)
    return ["--build", folder, "--python", f"{folder}/benchmarks/python"]


def rounds(work: str, name: str, *more: str, **environment: str) -> tuple[Any, list[Any], Any]:
    """What host_rounds.py did, what it called, and its turns.json."""
    folder = f"{work}/{name}"
    options = [*stand_ins(folder), "--output", f"{folder}/out", *more]
    done = call("host_rounds.py", *options, **environment)
    with open(f"{folder}/benchmarks/log.json", encoding="utf-8") as file:
        log = [json.loads(line) for line in file]
    return done, log, read(f"{folder}/out/turns.json")


def test_rounds(work: str) -> None:
    done, log, turns = rounds(
        *(work, "plain", "--threads", "1", "--threads", "3", "--commit", "abc"),
        OPENBLAS_CORETYPE="Haswell",
        NUMFUSE_ISA="avx2",
    )
    told = {name for entry in log for name in entry["told"]}
    check("rounds: libraries choose their kernels themselves", told == {"NUMFUSE_ISA"}, told)
    check("rounds: run", done.returncode == 0 and not done.stderr, done.stderr)
    names = [entry["name"] for entry in log]
    order = ["bench_host", "python", "bench_host_peers"]
    check("rounds: the programs take turns", names == order * 24, names)
    functions = [e["argv"][e["argv"].index("--only") + 1] for e in log if e["name"] == "bench_host"]
    check("rounds: a function a turn", functions == ["exp", "softmax", "sum", "outer"] * 6, functions)
    threads = [e["threads"]["NUMFUSE"] for e in log]
    check("rounds: rounds outermost", threads == (["1"] * 12 + ["3"] * 12) * 3, threads)
    check("rounds: threads of every kind", all(len(set(e["threads"].values())) == 1 for e in log))
    python = [e["argv"] for e in log if e["name"] == "python"]
    told = {argv[argv.index("--threads") + 1] for argv in python}
    check("rounds: Python is told its threads", told == {"1", "3"} and "--cpu" in python[0], told)
    check("rounds: the commit", ["--commit", "abc"] == log[0]["argv"][2:4], log[0]["argv"])
    lines = done.stdout.splitlines()
    check(
        "rounds: shows each turn",
        "round 1, 1 thread, exp: numfuse; 60 cases left" in lines[0],
        lines[0],
    )
    check("rounds: shows what is left", "outer: bench_host" not in lines[-2] and "4 cases" in lines[-2])
    files = [name for turn in turns["turns"] for name in turn["files"].values()]
    asked = {name: read(f"{work}/plain/out/{name}")["asked"] for name in files}
    right = len(files) == 72 and all(name.split("-")[2] == asked[name] for name in files)
    check("rounds: each peer has the cases of its turn", right, asked)
    check("rounds: nothing failed", turns["failed"] == [], turns["failed"])


def test_options_of_rounds(work: str) -> None:
    done, log, turns = rounds(work, "quick", "--quick", "--rounds", "2", "--threads", "2")
    only = [e["argv"][e["argv"].index("--only") + 1] for e in log if e["name"] == "bench_host"]
    check("rounds: several functions a turn when quick", only == ["exp,softmax,sum", "outer"] * 2, only)
    check("rounds: quick programs", all("--quick" in e["argv"] for e in log))
    check("rounds: their number", [t["round"] for t in turns["turns"]] == [1, 1, 2, 2], turns)

    _, log, turns = rounds(work, "all", "--rounds", "1")
    counts = sorted({t["threads"] for t in turns["turns"]})
    cores = len(os.sched_getaffinity(0))
    check("rounds: 1 thread and all", counts == sorted({1, cores}), counts)

    failing = {"FAIL": "python: bench_host:sum"}
    done, log, turns = rounds(work, "failing", "--rounds", "1", "--threads", "1", **failing)
    check("rounds: a failure is a status", done.returncode == 1 and not done.stderr, done.stderr)
    names = [e["name"] for e in log]
    three = ["bench_host", "python", "bench_host_peers"]
    check("rounds: a failure stops nothing else", names == three * 2 + three[:1] + three, names)
    kept = [sorted(t["files"]) for t in turns["turns"]]
    check("rounds: what failed is left out", kept == [["cpp", "numfuse"]] * 2 + [[], kept[0]], kept)
    first = turns["failed"][0]
    expected = "python in round 1, 1 thread, exp: status 1: of two lines"
    check(
        "rounds: what failed, and why", first == expected and len(turns["failed"]) == 4, turns["failed"]
    )

    folder = f"{work}/without"
    options = stand_ins(folder)
    os.remove(f"{folder}/benchmarks/bench_host_peers")
    call("host_rounds.py", *options, "--output", f"{folder}/out", "--rounds", "1", "--threads", "1")
    kinds = {kind for t in read(f"{folder}/out/turns.json")["turns"] for kind in t["files"]}
    check("rounds: without the peers in C++", kinds == {"numfuse", "python"}, kinds)


# --- report_host.py


def result(library: str, function: str, shape: list[int], axis: Any, seconds: float) -> Any:
    size = 4.0
    for n in shape:
        size *= n
    names = {"function": function, "shape": shape, "axis": axis, "dtype": "float32", "mode": "warm"}
    measured = {"seconds": seconds, "spread": 0.01, "bytes": 2 * size, "bound": "copy"}
    return {"library": library} | names | measured


def sample_rounds(folder: str) -> str:
    """Two threads: three rounds of numfuse, two of numpy; one thread: one round, Eigen alone."""
    os.makedirs(folder)
    turns = []

    def add(round: int, threads: int, copy: float, **files: list[Any]) -> None:
        names = {}
        for kind, results in files.items():
            names[kind] = f"{round}-{threads}-{len(turns)}-{kind}.json"
            data = {"producer": "numfuse" if kind == "numfuse" else "peers", "results": results}
            data["machine"] = {"name": "sample", "kind": "cpu", "software": {"of " + kind: "1"}}
            data["skipped"] = [{"what": f"all of {kind}", "why": "a sample"}]
            if kind == "numfuse":
                data |= {"ceilings": {"copy": copy}, "commit": "abc"}
            write(f"{folder}/{names[kind]}", data)
        turns.append({"round": round, "threads": threads, "files": names})

    exp, softmax, sums = ("exp", [2**24], None), ("softmax", [64, 1024], 1), ("sum", [8, 9], 0)
    for i, (t, u) in enumerate([(1e-3, 8e-6), (4e-3, 2e-6), (2e-3, 4e-6)]):
        own = [result("numfuse", *exp, t), result("numfuse", *softmax, u)]
        own.append(result("numfuse", *sums, 4e-6))
        numpy = [result("numpy", *exp, 6e-3), result("numpy", *softmax, 1e-6 * (i + 1))]
        numpy.append(result("numpy", *sums, 1e-6))
        torch = [result("torch", *exp, 1e-2)]
        peers = {"python": numpy + torch} if i < 2 else {}
        add(i + 1, 2, 1e11 * (i + 1), numfuse=own, **peers)
    add(1, 1, 1e11, numfuse=[result("numfuse", *softmax, 3e-6)], cpp=[result("Eigen", *softmax, 6e-6)])
    return write(f"{folder}/turns.json", {"turns": turns, "failed": ["a sample of a failure"]})


def test_report(work: str) -> None:
    folder = os.path.dirname(sample_rounds(f"{work}/rounds"))
    done = call("report_host.py", folder, "--output", f"{work}/report")
    check("host report: runs", done.returncode == 0 and not done.stderr, done.stderr)
    report = read(f"{work}/report/report.json")
    check(
        "host report: a run for each number of threads",
        [r["threads"] for r in report["runs"]] == [1, 2],
    )
    check("host report: rounds, commit", (report["rounds"], report["commit"]) == (3, "abc"))
    one, two = report["runs"]
    exp, softmax, sums = two["points"]
    check("host report: median over the rounds", (exp["seconds"], softmax["seconds"]) == (2e-3, 4e-6))
    check(
        "host report: spread of the rounds", near(exp["spread"], 1.5) and near(softmax["spread"], 1.5)
    )
    check("host report: every round", exp["rounds"] == [1e-3, 4e-3, 2e-3], exp["rounds"])
    check("host report: median ceiling", two["ceilings"] == {"copy": 2e11}, two["ceilings"])
    # 2^27 bytes in 2 ms are 6.7e10 a second.
    check("host report: share of the ceiling", near(exp["share"], 2**27 / 2e-3 / 2e11), exp["share"])
    check("host report: where memory decides", exp["large"] and not softmax["large"])
    # numpy: 6 ms, and the median of 1 us and 2 us.
    check("host report: the fastest peer", (exp["best_peer"], softmax["best_peer"]) == ("numpy",) * 2)
    ratios = [p["ratio"] for p in (exp, softmax, sums)]
    check("host report: ratios", all(map(near, ratios, (3.0, 0.375, 0.25))), ratios)
    check("host report: every peer", [p["library"] for p in exp["peers"]] == ["numpy", "torch"])
    by_library = two["summary"]["by_library_warm"]
    check(
        "host report: mean of a peer", near(by_library["numpy"]["geometric_mean"], 0.28125 ** (1 / 3))
    )
    check(
        "host report: one thread has its own peers", near(one["points"][0]["ratio"], 2.0), one["points"]
    )
    check("host report: a skip once", len(two["skipped"]) == 2, two["skipped"])
    met = [[goal["met"] for goal in run["goals"]] for run in report["runs"]]
    # Two threads: two of three are slower; torch 5 times, numpy 0.66 times as slow; a third of the ceiling.
    check("host report: goals", met == [[True, None, None, None], [False, True, False, False]], met)
    page_of(read(f"{work}/report/report.md"))
    for threads in ("1_thread", "2_threads"):
        names = f"share_of_ceiling_{threads}.svg", f"ratio_to_peer_{threads}.svg"
        charts(f"{work}/report", threads, names)
    svg = read(f"{work}/report/ratio_to_peer_2_threads.svg")
    check("host report: the chart says the threads", "sample, 2 threads" in svg)


def page_of(page: str) -> None:
    rows = {
        "machine": "| with numfuse | of numfuse 1 |",
        "rounds": "| rounds | 3 |\n| threads | 1 thread, 2 threads |",
        "ceilings": "| copy | read and write | 100 GB/s | 200 GB/s |",
        "missing ceilings": "| read | read only | not measured | not measured |",
        "goals": "| at least as fast as the fastest peer, at every point | met: 1 of 1 | **missed**: 1 of 3 |",
        "goals not measured": "| 3 times as fast as numpy, by geometric mean | not measured | **missed**: 0.66 |",
        "against each": "| 2 threads | torch | 1 | 5.00 | 0 |",
        "against the fastest": "| 2 threads | the fastest | 3 | 0.66 | 2 |",
        "slower": "| softmax 64 x 1024 axis 1 float32 | 2 threads | 4 µs | 1.5 µs | numpy | 0.38 |",
        "the worst first": "| 0.25 |\n| softmax 64 x 1024 axis 1 float32 | 2 threads |",
        "memory": "| exp 16777216 float32 | copy | – | 33.6 % |",
        "point": "| 16777216 | – | float32 | 2 | 2 ms ± 150 % | 67.1 | 33.6 % of copy | 6 ms | 10 ms | – "
        "| numpy | 3.00 |",
        "point on one thread": "| 64 x 1024 | 1 | float32 | 1 | 3 µs ± 0 % | 175 | 174.8 % of copy | – | – "
        "| 6 µs | Eigen | 2.00 |",
        "rounds missing": "1 thread: points in some rounds only: 1.",
        "failures": "- failed: a sample of a failure",
        "skipped": "| all of python | a sample |",
        "charts": "(ratio_to_peer_2_threads.svg)",
    }
    for name, row in rows.items():
        check(f"host page: {name}", row in page, f"no line {row}")


def test_report_of_little(work: str) -> None:
    folder = os.path.dirname(sample_rounds(f"{work}/little"))
    turns = read(f"{folder}/turns.json")
    turns["turns"] = [t | {"files": {"numfuse": t["files"]["numfuse"]}} for t in turns["turns"]]
    write(f"{folder}/turns.json", turns)
    done = call("report_host.py", folder, "--output", f"{work}/alone")
    page = read(f"{work}/alone/report.md")
    check("host report without peers: runs", done.returncode == 0, done.stderr)
    check("host report without peers: says so", "Not known: no peer was measured" in page)

    bad = {
        "no folder": [f"{work}/none", "--output", f"{work}/x"],
        "no output": [folder],
        "an output that cannot be made": [folder, "--output", f"{folder}/turns.json/x"],
    }
    contents = {
        "no JSON": "{",
        "no turns": {"failed": []},
        "nothing measured": {"turns": [], "failed": []},
        "a file that is gone": {
            "turns": [{"round": 1, "threads": 1, "files": {"numfuse": "x"}}],
            "failed": [],
        },
        "peers alone": {
            "turns": [{"round": 1, "threads": 2, "files": {"python": "1-2-0-python.json"}}],
            "failed": [],
        },
    }
    for name, content in contents.items():
        other = os.path.dirname(sample_rounds(f"{work}/bad {name}"))
        write(f"{other}/turns.json", content)
        bad[name] = [other, "--output", f"{work}/x"]
    for name, line in bad.items():
        done = call("report_host.py", *line)
        check(
            f"bad input of host report: {name}", is_one_line_error(done, "report_host.py"), done.stderr
        )


def test_bad_input_of_rounds(work: str) -> None:
    options = [*stand_ins(f"{work}/bad"), "--output", f"{work}/out"]
    silent = stand_ins(f"{work}/silent")
    write(f"{work}/silent/benchmarks/bench_host", f"#!{sys.executable}\n")
    bad = {
        "no build": ["--build", f"{work}/none", "--output", f"{work}/out"],
        "no output": options[:2],
        "no rounds": [*options, "--rounds", "0"],
        "no threads": [*options, "--threads", "0"],
        "an unknown option": [*options, "--gpu"],
        "no function": [*silent, "--output", f"{work}/out"],
    }
    for name, line in bad.items():
        done = call("host_rounds.py", *line)
        check(f"bad input of rounds: {name}", is_one_line_error(done, "host_rounds.py"), done.stderr)
    check("bad input of rounds: nothing is written", not os.path.exists(f"{work}/out"))


def test_command() -> None:
    for line in ([], ["--unknown"], ["a", "b"], ["a", "--rounds"]):
        done = subprocess.run(
            [os.path.join(ROOT, "scripts", "bench-host"), *line], capture_output=True, text=True
        )
        usage = done.returncode == 2 and done.stdout.startswith("Usage: scripts/bench-host")
        check(f"bench-host {' '.join(line)}: explains itself", usage, done.stdout + done.stderr)


def main() -> int:
    with tempfile.TemporaryDirectory() as work:
        test_rounds(work)
        test_options_of_rounds(work)
        test_report(work)
        test_report_of_little(work)
        test_bad_input_of_rounds(work)
    test_command()
    print(f"{checks.failures} failed" if checks.failures else "all passed")
    return 1 if checks.failures else 0


if __name__ == "__main__":
    sys.exit(main())
