"""The file of measurements that benchmarks write and report.py joins: read, checked, written."""

from __future__ import annotations

import json
import os
import tempfile
from dataclasses import dataclass
from typing import Any, NoReturn

VERSION = 1  # a file without "version" has this one


class FileError(Exception):
    """A file, or a command line, that cannot be used. The message is one line and names it."""


@dataclass(frozen=True)
class Case:
    """What is measured, whoever measures it."""

    function: str
    shape: tuple[int, ...]
    axis: int | None
    dtype: str
    mode: str

    @property
    def elements(self) -> int:
        count = 1
        for size in self.shape:
            count *= size
        return count

    def __str__(self) -> str:
        along = "" if self.axis is None else f" axis {self.axis}"
        return f"{self.function} {list(self.shape)}{along} {self.dtype} {self.mode}"


def case_of(result: dict[str, Any]) -> Case:
    shape, axis = tuple(result["shape"]), result["axis"]
    if axis is not None and axis < 0:
        axis += len(shape)  # so that -1 and the last axis are the same case
    return Case(result["function"], shape, axis, result["dtype"], result["mode"])


def is_number(value: Any) -> bool:
    return type(value) in (int, float)  # in Python, true is an int


def is_shape(value: Any) -> bool:
    return isinstance(value, list) and all(type(size) is int and size >= 0 for size in value)


# Infinity and NaN, which Python's parser lets pass, are in none of these ranges.
CHECKS = {
    "a text": lambda value: isinstance(value, str),
    "an object": lambda value: isinstance(value, dict),
    "a list": lambda value: isinstance(value, list),
    "a list of sizes": is_shape,
    "an integer or null": lambda value: value is None or type(value) is int,
    "a time in seconds": lambda value: is_number(value) and 1e-12 <= value <= 1e9,
    "a speed above zero": lambda value: is_number(value) and 1 <= value <= 1e20,
    "a number of zero or more": lambda value: is_number(value) and 0 <= value <= 1e20,
}
FILE_KEYS = {"producer": "a text", "machine": "an object", "results": "a list"}
MACHINE_KEYS = {"name": "a text", "kind": "a text"}
RESULT_KEYS = {
    "library": "a text",
    "function": "a text",
    "shape": "a list of sizes",
    "axis": "an integer or null",
    "dtype": "a text",
    "mode": "a text",
    "seconds": "a time in seconds",
    "spread": "a number of zero or more",
    "bytes": "a number of zero or more",
    "bound": "a text",
}
SKIP_KEYS = {"what": "a text", "why": "a text"}


def require(where: str, value: Any, keys: dict[str, str]) -> None:
    if not isinstance(value, dict):
        raise FileError(f"{where} is not an object")
    for key, kind in keys.items():
        if key not in value:
            raise FileError(f'{where} has no "{key}"')
        if not CHECKS[kind](value[key]):
            raise FileError(f'{where}: "{key}" is not {kind}')


def check(path: str, data: Any) -> None:
    """Throws FileError unless `data` is what a benchmark writes."""
    if not isinstance(data, dict):
        raise FileError(f"{path}: not an object")
    if data.get("version", VERSION) != VERSION:
        raise FileError(f"{path}: version {data['version']!r} is unknown; this reads {VERSION}")
    require(path, data, FILE_KEYS)
    require(f"{path}: machine", data["machine"], MACHINE_KEYS)
    require(f"{path}: machine", {"software": {}} | data["machine"], {"software": "an object"})
    for i, result in enumerate(data["results"]):
        where = f"{path}: results[{i}]"
        require(where, result, RESULT_KEYS)
        axis, rank = result["axis"], len(result["shape"])
        if axis is not None and not -rank <= axis < rank:
            raise FileError(f"{where}: axis {axis} is out of bounds for shape {result['shape']}")
    ceilings = data.get("ceilings", {})
    require(f"{path}: ceilings", ceilings, {name: "a speed above zero" for name in ceilings})
    skipped = data.get("skipped", [])
    if not isinstance(skipped, list):
        raise FileError(f'{path}: "skipped" is not a list')
    for i, entry in enumerate(skipped):
        require(f"{path}: skipped[{i}]", entry, SKIP_KEYS)


def load(path: str) -> dict[str, Any]:
    try:
        with open(path, encoding="utf-8") as file:
            data = json.load(file)
    except OSError as error:
        raise FileError(f"{path}: {error.strerror}") from None
    except RecursionError:
        raise FileError(f"{path}: not JSON that a benchmark writes: nested too deeply") from None
    except ValueError as error:  # bad JSON, and bytes that are no UTF-8
        raise FileError(f"{path}: not JSON: {' '.join(str(error).split())}") from None
    check(path, data)
    return data


def complain(message: str) -> NoReturn:
    """What argparse is to do with a command line that it does not understand."""
    raise FileError(f"{message}; --help explains")


def save_text(path: str, text: str) -> None:
    """Replaces the file at once: whoever reads it never sees half of it."""
    try:
        folder = os.path.dirname(os.path.abspath(path))
        handle, temporary = tempfile.mkstemp(dir=folder, prefix=os.path.basename(path) + ".")
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            file.write(text)
        os.chmod(temporary, 0o644)
        os.replace(temporary, path)
    except OSError as error:
        raise FileError(f"{path}: cannot be written: {error.strerror}") from None


def save(path: str, data: dict[str, Any]) -> None:
    save_text(path, json.dumps(data, indent=1, allow_nan=False) + "\n")
