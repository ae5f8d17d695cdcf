"""A plot of few lines as SVG: rows across on a logarithmic scale, MiB upwards. Pure."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from html import escape
from itertools import chain
from typing import TypeAlias

Points: TypeAlias = Sequence[tuple[float, float]]
"""Rows and MiB."""

_WIDTH, _HEIGHT = 720, 380
_LEFT, _RIGHT, _TOP, _BOTTOM = 64, 150, 24, 52
_COLOURS = ("#1f6feb", "#1a7f37", "#9a6700", "#8250df")
_STEPS = (1, 2, 5)
_MOST_LINES = 8
_APART = 16


def memory_plot(lines: Mapping[str, Points], *, title: str, bound: float) -> str:
    """Return the drawing; ``bound`` (MiB) is a target, drawn as a dashed line.

    Every line needs a point; the colours repeat after four.
    """
    points = list(chain.from_iterable(lines.values()))
    least, most = (extent(math.log10(rows) for rows, _ in points) for extent in (min, max))
    top = _top(max(bound, *(mib for _, mib in points)))

    def x(rows: float) -> float:
        share = (math.log10(rows) - least) / (most - least) if most > least else 0.5
        return _LEFT + share * (_WIDTH - _LEFT - _RIGHT)

    def y(mib: float) -> float:
        return _HEIGHT - _BOTTOM - mib / top * (_HEIGHT - _TOP - _BOTTOM)

    right = _WIDTH - _RIGHT
    drawn = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDTH} {_HEIGHT}" role="img"',
        f'aria-label="{escape(title)}" font-family="sans-serif" font-size="12" fill="#1f2328">',
        f'<rect width="{_WIDTH}" height="{_HEIGHT}" fill="#ffffff"/>',
    ]
    for mib in _ticks(top):
        drawn += [
            f'<path d="M{_LEFT} {y(mib):.1f}H{right}" stroke="#d1d9e0"/>',
            f'<text x="{_LEFT - 8}" y="{y(mib) + 4:.1f}" text-anchor="end">{mib:,.0f}</text>',
        ]
    foot = _HEIGHT - _BOTTOM
    for rows in sorted({rows for rows, _ in points}):
        drawn += [
            f'<path d="M{x(rows):.1f} {foot}v5" stroke="#59636e"/>',
            f'<text x="{x(rows):.1f}" y="{foot + 20}" text-anchor="middle">{rows:,.0f}</text>',
        ]
    drawn += [
        f'<text x="{(_LEFT + right) / 2:.1f}" y="{_HEIGHT - 10}" text-anchor="middle">rows</text>',
        f'<text x="{_LEFT - 8}" y="{_TOP - 10}" text-anchor="end">MiB</text>',
        f'<path d="M{_LEFT} {y(bound):.1f}H{right}" stroke="#cf222e" stroke-dasharray="6 4"/>',
        f'<text x="{right + 8}" y="{y(bound) + 4:.1f}" fill="#cf222e">target, {bound:,.0f}</text>',
    ]
    labels = _spread({name: y(found[-1][1]) + 4 for name, found in lines.items()})
    for number, (name, found) in enumerate(lines.items()):
        colour = _COLOURS[number % len(_COLOURS)]
        path = " ".join(f"{x(rows):.1f},{y(mib):.1f}" for rows, mib in found)
        drawn.append(f'<polyline points="{path}" fill="none" stroke="{colour}" stroke-width="2"/>')
        drawn += [
            f'<circle cx="{x(rows):.1f}" cy="{y(mib):.1f}" r="3.5" fill="{colour}">'
            f"<title>{escape(name)}: {rows:,.0f} rows, {mib:,.0f} MiB</title></circle>"
            for rows, mib in found
        ]
        drawn.append(
            f'<text x="{right + 8}" y="{labels[name]:.1f}" fill="{colour}">{escape(name)}</text>'
        )
    return "\n".join([*drawn, "</svg>"]) + "\n"


def _step(top: float) -> float:
    """Return the distance of the lines across: 1, 2 or 5 of a power of ten."""
    power = 10.0 ** math.floor(math.log10(top / _MOST_LINES))
    return next(step * power for step in (*_STEPS, 10, 20) if step * power * _MOST_LINES >= top)


def _top(most: float) -> float:
    """Return the upper end of the scale: a whole number of steps above the highest."""
    step = _step(most * 1.05)
    return math.ceil(most * 1.05 / step) * step


def _ticks(top: float) -> list[float]:
    step = _step(top)
    return [number * step for number in range(round(top / step) + 1)]


def _spread(wanted: Mapping[str, float]) -> dict[str, float]:
    """Return heights near those wanted, from the lowest line up, that do not overlap."""
    placed: dict[str, float] = {}
    lowest = math.inf
    for name, height in sorted(wanted.items(), key=lambda one: -one[1]):
        lowest = placed[name] = min(height, lowest - _APART)
    return placed
