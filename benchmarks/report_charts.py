"""The report's charts, as SVG. Their ground is white, so that they read on dark pages too."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from typing import Any
from xml.sax.saxutils import escape, quoteattr

Row = dict[str, Any]
Scale = Callable[[float], float]

WIDTH = 860
INK, FAINT, GRID, FRAME = "#1f2328", "#59636e", "#e4e8ec", "#d1d9e0"
# Told apart by those who see colours otherwise, too; so are the marks.
COLOURS = (
    "#0072b2", "#d55e00", "#009e73", "#cc79a7", "#8a6d00",
    "#3d9bd1", "#7a3e9d", "#444444", "#b03a2e",
)  # fmt: skip
MARKS = ("circle", "square", "diamond", "triangle")


# --- Elements.


def element(name: str, content: str = "", **attributes: Any) -> str:
    pairs = (
        f" {key.strip('_').replace('_', '-')}={quoteattr(number(value))}"
        for key, value in attributes.items()
    )
    return f"<{name}{''.join(pairs)}>{content}</{name}>"


def number(value: Any) -> str:
    return f"{value:.2f}".rstrip("0").rstrip(".") if isinstance(value, float) else str(value)


def text(x: float, y: float, content: str, anchor: str = "start", size: int = 12, **more: Any) -> str:
    more = {"fill": INK} | more
    content = "".join(c for c in content if c.isprintable())  # XML has no control characters
    return element("text", escape(content), x=x, y=y, text_anchor=anchor, font_size=size, **more)


def line(x1: float, y1: float, x2: float, y2: float, stroke: str, **more: Any) -> str:
    return element("line", x1=x1, y1=y1, x2=x2, y2=y2, stroke=stroke, **more)


def mark(kind: str, x: float, y: float, fill: str) -> str:
    if kind == "circle":
        return element("circle", cx=x, cy=y, r=4, fill=fill)
    corners = {
        "square": ((-3.5, -3.5), (3.5, -3.5), (3.5, 3.5), (-3.5, 3.5)),
        "diamond": ((0, -5), (5, 0), (0, 5), (-5, 0)),
        "triangle": ((0, -5), (4.6, 3.6), (-4.6, 3.6)),
    }[kind]
    points = " ".join(f"{number(x + dx)},{number(y + dy)}" for dx, dy in corners)
    return element("polygon", points=points, fill=fill)


def drawing(height: float, title: str, subtitle: str, parts: Iterable[str]) -> str:
    ground = element(
        "rect", x=0.5, y=0.5, width=WIDTH - 1, height=height - 1, rx=10, fill="#fff", stroke=FRAME
    )
    head = [
        element("title", escape(title)),
        ground,
        text(24, 34, title, size=17, font_weight="600"),
        text(24, 54, subtitle, fill=FAINT),
    ]
    body = "\n".join([*head, *parts])
    return element(
        "svg",
        f"\n{body}\n",
        xmlns="http://www.w3.org/2000/svg",
        width=WIDTH,
        height=height,
        viewBox=f"0 0 {WIDTH} {number(float(height))}",
        role="img",
        font_family="system-ui, -apple-system, 'Segoe UI', Helvetica, Arial, sans-serif",
    ) + "\n"


def empty(title: str, subtitle: str, why: str) -> str:
    return drawing(140, title, subtitle, [text(WIDTH / 2, 100, why, "middle", 14, fill=FAINT)])


def log_scale(low: float, high: float, start: float, end: float) -> Scale:
    span = math.log(high / low)
    return lambda value: start + math.log(value / low) / span * (end - start)


def count_text(n: int) -> str:
    for unit, size in (("G", 2**30), ("M", 2**20), ("K", 2**10)):
        if n >= size:
            return f"{n // size} {unit}"
    return str(n)


# --- Share of the ceiling over the length of a row.


def lines_of_functions(points: list[Row]) -> dict[str, dict[int, Row]]:
    """Of each function, at each length, the point with most elements."""
    lines: dict[str, dict[int, Row]] = {}
    for p in points:
        last = len(p["shape"]) - 1
        if (p["mode"], p["dtype"]) != ("warm", "float32") or p["axis"] != last or last < 1:
            continue
        if p["share"] is None or not p["shape"][last]:
            continue
        at_length = lines.setdefault(p["function"], {})
        best = at_length.setdefault(p["shape"][last], p)
        if math.prod(p["shape"]) > math.prod(best["shape"]):
            at_length[p["shape"][last]] = p
    return lines


def step_of(span: float) -> float:
    """A round step that makes ten of the span, or fewer."""
    step = 10.0 ** math.floor(math.log10(span / 10))
    return next(step * m for m in (1, 2, 5, 10) if step * m * 10.001 >= span)


def share_axes(x: Scale, y: Scale, low: int, high: int, floor: float, top: float) -> list[str]:
    left, right, bottom = x(low) - 14, x(high) + 14, y(floor)
    parts = []
    step = step_of(top - floor)
    for i in range(round((top - floor) / step) + 1):
        share = floor + i * step
        parts.append(line(left, y(share), right, y(share), FAINT if abs(share - 1) < 0.01 else GRID))
        parts.append(text(left - 8, y(share) + 4, f"{100 * share:.0f} %", "end", fill=FAINT))
    every = 1 if math.log2(high / low) <= 14 else 2
    first = math.ceil(math.log2(low))
    for power in range(first + first % every, math.floor(math.log2(high)) + 1, every):
        n = 2**power
        parts.append(line(x(n), bottom, x(n), bottom + 5, FAINT))
        parts.append(text(x(n), bottom + 19, count_text(n), "middle", fill=FAINT))
    middle = (left + right) / 2
    parts.append(text(middle, bottom + 42, "elements of a row", "middle", fill=FAINT))
    return parts


def share_of_ceiling(report: Row) -> str:
    title = "Share of the measured ceiling"
    name = report["machine"]["name"]
    lines = lines_of_functions(report["points"])
    if not lines:
        return empty(title, name, "Not measured: no float32 row along the last axis with a ceiling")
    subtitle = f"{name}; float32, last axis, warm; the largest tensor measured at each length"
    lengths = [n for line_points in lines.values() for n in line_points]
    low, high = min(lengths), max(lengths)
    if low == high:
        low, high = max(1, low // 2), high * 2
    shares = [p["share"] for line_points in lines.values() for p in line_points.values()]
    # Most lines lie close together near the top: the axis begins where the lowest needs it.
    floor = min(0.8, math.floor(min(shares) * 5) / 5)
    step = step_of(max(1.0, *shares) - floor)
    top = floor + step * math.ceil((max(1.0, *shares) - floor) / step - 1e-6)
    height = 500
    x = log_scale(low, high, 86, 616)
    y: Scale = lambda share: 430 - (share - floor) / (top - floor) * 350  # noqa: E731
    parts = share_axes(x, y, low, high, floor, top)
    for i, (function, by_length) in enumerate(lines.items()):
        colour, kind = COLOURS[i % len(COLOURS)], MARKS[i % len(MARKS)]
        at = [(x(n), y(by_length[n]["share"])) for n in sorted(by_length)]
        path = " ".join(f"{number(px)},{number(py)}" for px, py in at)
        parts.append(element("polyline", points=path, fill="none", stroke=colour, stroke_width=2))
        parts += [mark(kind, px, py, colour) for px, py in at]
        bound = by_length[max(by_length)]["bound"]
        parts.append(line(652, 92 + 22 * i, 676, 92 + 22 * i, colour, stroke_width=2))
        parts.append(mark(kind, 664, 92 + 22 * i, colour))
        parts.append(text(684, 96 + 22 * i, f"{function} ({bound})"))
    return drawing(max(height, 110 + 22 * len(lines)), title, subtitle, parts)


# --- The best peer's time over numfuse's.


def ticks(low: float, high: float) -> list[float]:
    decades = range(math.floor(math.log10(low)), math.ceil(math.log10(high)) + 1)
    all_ticks = [m * 10.0**d for d in decades for m in (1, 2, 5)]
    inside = [t for t in all_ticks if low <= t <= high]
    return inside if len(inside) <= 9 else [t for t in inside if f"{t:e}"[0] == "1"]


def ratios_of_functions(points: list[Row]) -> dict[str, list[float]]:
    ratios: dict[str, list[float]] = {}
    for p in points:
        if p["mode"] == "warm" and p["ratio"] is not None:
            ratios.setdefault(p["function"], []).append(p["ratio"])
    return ratios


def ratio_row(function: str, ratios: list[float], x: Scale, y: float) -> list[str]:
    mean = math.exp(math.fsum(map(math.log, ratios)) / len(ratios))
    colour = COLOURS[0] if mean >= 1 else COLOURS[1]
    left, right = sorted((x(1), x(mean)))
    return [
        text(160, y + 4, function, "end"),
        element("rect", x=left, y=y - 7, width=right - left, height=14, fill=colour, opacity=0.3),
        *(element("circle", cx=x(r), cy=y, r=2.5, fill=colour, opacity=0.45) for r in ratios),
        line(x(mean), y - 9, x(mean), y + 9, colour, stroke_width=3),
        text(WIDTH - 24, y + 4, f"{mean:.2f} ({len(ratios)})", "end"),
    ]


def ratio_to_peer(report: Row) -> str:
    title = "Time of the best peer over numfuse's"
    name = report["machine"]["name"]
    ratios = ratios_of_functions(report["points"])
    if not ratios:
        return empty(title, name, "Not measured: no point has a peer")
    subtitle = f"{name}; warm, all dtypes; a dot is a point, a bar the geometric mean"
    seen = [r for of_function in ratios.values() for r in of_function]
    low, high = min(0.5, min(seen) / 1.1), max(2.0, max(seen) * 1.1)
    x = log_scale(low, high, 176, WIDTH - 120)
    bottom = 96 + 26 * len(ratios)
    parts = []
    for tick in ticks(low, high):
        parts.append(line(x(tick), 84, x(tick), bottom, GRID))
        parts.append(text(x(tick), bottom + 18, f"{tick:g}", "middle", fill=FAINT))
    parts.append(line(x(1), 80, x(1), bottom, INK, stroke_width=1.5))
    parts.append(text(x(1) - 8, 76, "peer faster", "end", fill=FAINT))
    parts.append(text(x(1) + 8, 76, "numfuse faster", fill=FAINT))
    parts.append(text(WIDTH - 24, 76, "mean (points)", "end", fill=FAINT))
    for i, (function, of_function) in enumerate(ratios.items()):
        parts += ratio_row(function, of_function, x, 104.0 + 26 * i)
    return drawing(bottom + 38, title, subtitle, parts)
