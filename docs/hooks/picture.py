"""Two lines in a small SVG: decades before and after."""

from __future__ import annotations

import math

from measured import FLOOR, Series

WIDTH, HEIGHT = 560, 200
LEFT, RIGHT, TOP, BOTTOM = 56, 12, 12, 36
COLORS = {"before": "#d0454c", "after": "#2f7fd1"}  # both are read on white and on black
FEW = 24  # points: more of them are a line without dots


def svg(series: Series) -> str:
    """The picture; its text has the numbers of both ends for who cannot see it."""
    every = series.before + series.after
    low, high = math.floor(min(every)), max(math.ceil(max(every)), math.floor(min(every)) + 1)
    parts = [_grid(low, high)]
    for name, values in (("before", series.before), ("after", series.after)):
        parts.append(_line(values, low, high, COLORS[name]))
    parts += [_text(LEFT, HEIGHT - 8, f"{series.what} · {series.along}")]
    parts += [_legend(number, name) for number, name in enumerate(COLORS)]
    body = "".join(parts)
    return (
        f'<svg viewBox="0 0 {WIDTH} {HEIGHT}" style="max-width:{WIDTH}px" role="img" '
        f'aria-label="{said(series)}" xmlns="http://www.w3.org/2000/svg">{body}</svg>'
    )


def said(series: Series) -> str:
    """The ends of both lines in words."""
    before, after = (
        f"{_power(each[0])} at the first and {_power(each[-1])} at the last"
        for each in (series.before, series.after)
    )
    return f"{series.what}: before {before}, after {after}"


def _power(value: float) -> str:
    return f"{10**value:.1e}" if value > FLOOR else "nothing"


def _grid(low: int, high: int) -> str:
    step = max(1, math.ceil((high - low) / 5))
    return "".join(
        f'<line x1="{LEFT}" x2="{WIDTH - RIGHT}" y1="{_y(level, low, high)}" '
        f'y2="{_y(level, low, high)}" stroke="currentColor" stroke-opacity="0.15"/>'
        + _text(LEFT - 6, _y(level, low, high) + 4, f"1e{level}", "end")
        for level in range(low, high + 1, step)
    )


def _line(values: list[float], low: int, high: int, color: str) -> str:
    wide = WIDTH - LEFT - RIGHT
    points = [
        (round(LEFT + wide * number / max(1, len(values) - 1), 1), _y(value, low, high))
        for number, value in enumerate(values)
    ]
    path = " ".join(f"{x},{y}" for x, y in points)
    line = f'<polyline points="{path}" fill="none" stroke="{color}" stroke-width="2"/>'
    dots = points if len(points) <= FEW else []
    return line + "".join(f'<circle cx="{x}" cy="{y}" r="3" fill="{color}"/>' for x, y in dots)


def _y(value: float, low: int, high: int) -> float:
    return round(TOP + (high - value) / (high - low) * (HEIGHT - TOP - BOTTOM), 1)


def _legend(number: int, name: str) -> str:
    x = WIDTH - RIGHT - 60 * (len(COLORS) - number)
    return _text(x, HEIGHT - 8, name, color=COLORS[name])


def _text(x: float, y: float, text: str, anchor: str = "start", color: str = "currentColor") -> str:
    return (
        f'<text x="{x}" y="{y}" font-size="12" fill="{color}" text-anchor="{anchor}">{text}</text>'
    )
