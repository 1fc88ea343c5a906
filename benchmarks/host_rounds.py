#!/usr/bin/env python3
"""Measures numfuse and its peers on the CPU in rounds: a few functions of numfuse's, the same of each
peer, the next functions, and all of them again in the next round.

    host_rounds.py --build FOLDER --output FOLDER [--quick] [--rounds N] [--threads N]... [--only F,G]

So what the machine does to one of them it does to all, and a slow minute spoils one round of several.
Writes a file a program and turn, and turns.json after each turn, which says what report_host.py is to
join and what went wrong. A run that is cut off leaves a report of the turns that it had.
"""

from __future__ import annotations

import argparse
import json
import math
import os
import subprocess
import sys
import time
from collections.abc import Callable
from typing import Any, NamedTuple

sys.dont_write_bytecode = True  # no __pycache__ among the sources

from results_file import FileError, complain, save_text

HERE = os.path.dirname(os.path.abspath(__file__))
SECONDS_A_CASE = 15  # at most, of one program: some hold several libraries
SECONDS_TO_START = 60
LIBRARIES = "OMP GOMP KMP OPENBLAS MKL ONEDNN DNNL NPY NUMEXPR ATEN TORCH".split()
PREFIXES_OF_PEERS = tuple(f"{name}_" for name in LIBRARIES)


class Turn(NamedTuple):
    """What one program measures before the next has its turn."""

    round: int
    threads: int
    functions: list[str]
    cases: int

    def file(self, program: str) -> str:
        return f"{self.round}-{self.threads}-{'+'.join(self.functions)}-{program}.json"

    def __str__(self) -> str:
        plural = "s" * (self.threads > 1)
        return f"round {self.round}, {self.threads} thread{plural}, {', '.join(self.functions)}"


class Programs(NamedTuple):
    build: str
    python: str  # that has the peers
    quick: bool
    commit: str

    def numfuse(self) -> str:
        return os.path.join(self.build, "benchmarks", "bench_host")

    def commands(self, turn: Turn, cases: str) -> dict[str, list[str]]:
        """By name, in their order; numfuse writes the cases that the others read."""
        more = ["--quick"] if self.quick else []
        more += ["--budget", str(SECONDS_A_CASE * turn.cases)]
        numfuse = [self.numfuse(), "--only", ",".join(turn.functions), "--commit", self.commit]
        in_python = [self.python, os.path.join(HERE, "peers.py"), "--cpu"]
        commands = {
            "numfuse": [*numfuse, *more],
            "python": [*in_python, "--threads", str(turn.threads), "--cases", cases, *more],
        }
        in_cpp = os.path.join(self.build, "benchmarks", "bench_host_peers")
        if os.path.exists(in_cpp):
            commands["cpp"] = [in_cpp, "--cases", cases, *more]
        return commands


def functions_of(program: str, quick: bool, only: list[str]) -> dict[str, int]:
    """Each function and its number of cases."""
    command = [program, "--list", *(["--quick"] if quick else [])]
    command += ["--only", ",".join(only)] if only else []
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=SECONDS_TO_START)
        counts = dict(line.split() for line in done.stdout.splitlines())
        functions = {name: int(count) for name, count in counts.items()}
    except (OSError, ValueError, subprocess.SubprocessError) as error:
        raise FileError(f"{program} does not list its functions: {error}") from None
    if done.returncode or not functions:
        what = f" of {', '.join(only)}" if only else ""
        raise FileError(f"{program} has no cases{what}: {done.stderr.strip()}")
    return functions


def turns_of(functions: dict[str, int], rounds: int, threads: list[int], at_once: int) -> list[Turn]:
    """Rounds are outermost, so that those of one case lie far apart in time."""
    names = list(functions)
    groups = [names[i : i + at_once] for i in range(0, len(names), at_once)]
    return [
        Turn(number, count, group, sum(functions[name] for name in group))
        for number in range(1, rounds + 1)
        for count in threads
        for group in groups
    ]


def environment(threads: int) -> dict[str, str]:
    """Without what else tells the libraries how to go about their work, say by OPENBLAS_CORETYPE for
    which processor: measured is what they choose by themselves."""
    kept = {k: v for k, v in os.environ.items() if not k.startswith(PREFIXES_OF_PEERS)}
    names = ("NUMFUSE", "OMP", "OPENBLAS", "MKL", "NUMEXPR")
    return kept | {f"{name}_NUM_THREADS": str(threads) for name in names}


def last_line(text: str) -> str:
    lines = [line for line in text.splitlines() if line.strip()]
    return lines[-1].strip()[:200] if lines else "it printed nothing"


def fault(command: list[str], output: str, turn: Turn) -> str:
    """Runs one program; what is wrong, or nothing."""
    limit = SECONDS_TO_START + 2 * SECONDS_A_CASE * turn.cases
    try:
        done = subprocess.run(
            [*command, "--output", output],
            env=environment(turn.threads),
            capture_output=True,
            text=True,
            timeout=limit,
        )
    except subprocess.TimeoutExpired:
        return f"it ran longer than {limit} s"
    except OSError as error:
        return str(error.strerror)
    if done.returncode:
        return f"status {done.returncode}: {last_line(done.stderr or done.stdout)}"
    return "" if os.path.exists(output) else "it wrote no file"


def run(programs: Programs, turns: list[Turn], folder: str, say: Callable[[str], None]) -> list[str]:
    """What went wrong, a line each."""
    done: list[dict[str, Any]] = []
    failed: list[str] = []
    total, start = sum(turn.cases for turn in turns), time.monotonic()
    left = total
    for turn in turns:
        minutes = (time.monotonic() - start) / 60 * left / max(total - left, 1)
        remaining = f"{left} cases left" + (f", about {math.ceil(minutes)} min" if left < total else "")
        files: dict[str, str] = {}
        for name, command in programs.commands(
            turn, os.path.join(folder, turn.file("numfuse"))
        ).items():
            say(f"{turn}: {name}; {remaining}")
            why = fault(command, os.path.join(folder, turn.file(name)), turn)
            if not why:
                files[name] = turn.file(name)
                continue
            failed.append(f"{name} in {turn}: {why}")
            say(f"FAILED: {failed[-1]}")
            if name == "numfuse":
                break  # without its cases there is nothing to compare
        left -= turn.cases
        done.append({"round": turn.round, "threads": turn.threads, "files": files})
        text = json.dumps({"turns": done, "failed": failed}, indent=1) + "\n"
        save_text(os.path.join(folder, "turns.json"), text)
    return failed


def positive(text: str) -> int:
    value = int(text)
    if not 0 < value < 10000:
        raise ValueError
    return value


def arguments(argv: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="Measures numfuse and its peers on the CPU in rounds.")
    parser.add_argument("--build", required=True, help="a build with benchmarks")
    parser.add_argument("--output", required=True, help="the folder of the measurements")
    parser.add_argument("--python", default=sys.executable, help="a Python that has the peers")
    parser.add_argument("--quick", action="store_true", help="few sizes, few repeats")
    parser.add_argument("--rounds", type=positive, default=3)
    parser.add_argument("--threads", type=positive, action="append", help="1 and all unless given")
    parser.add_argument("--only", default="", help="only these functions, say exp,log")
    parser.add_argument("--commit", default="", help="what is measured, for the report")
    parser.error = complain
    return parser.parse_args(argv)


def main(argv: list[str]) -> int:
    options = arguments(argv)
    start = time.monotonic()
    programs = Programs(options.build, options.python, options.quick, options.commit)
    only = [name for name in options.only.split(",") if name]
    functions = functions_of(programs.numfuse(), options.quick, only)
    threads = sorted(set(options.threads or [1, len(os.sched_getaffinity(0))]))
    # Starting a program takes seconds, which in a quick run are most of its time.
    turns = turns_of(functions, options.rounds, threads, 3 if options.quick else 1)
    try:
        os.makedirs(options.output, exist_ok=True)
    except OSError as error:
        raise FileError(f"{options.output}: {error.strerror}") from None

    def say(text: str) -> None:
        print(f"[{time.monotonic() - start:4.0f} s] {text}", flush=True)

    try:
        failed = run(programs, turns, options.output, say)
    except KeyboardInterrupt:
        say("interrupted")
        return 130
    say(f"{len(turns)} turns, {len(failed)} failures")
    return 1 if failed else 0


if __name__ == "__main__":
    try:
        sys.exit(main(sys.argv[1:]))
    except FileError as error:
        print(f"host_rounds.py: {error}", file=sys.stderr)
        sys.exit(2)
