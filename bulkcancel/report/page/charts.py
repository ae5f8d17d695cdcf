"""Charts as inline SVG: shapes with classes, coloured by the style; no foreign text in them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from markupsafe import Markup, escape

from bulkcancel.model import Bar, Figures, Stretch
from bulkcancel.report.page.formats import latency, nice_ticks, number
from bulkcancel.report.words import seconds_in_words

_WIDTH, _HEIGHT = 760.0, 250.0
_LEFT, _RIGHT, _TOP, _BOTTOM = 46.0, 10.0, 12.0, 34.0
_GAP = 26.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Chart:
    """A chart: its drawing, and in words what it shows, for whoever can't see it."""

    svg: Markup
    words: str


def share_bar(part: int, most: int, kind: str) -> Markup:
    """Return a bar as long as a count is of the largest one; ``kind`` is a class."""
    width = 0.0 if most == 0 else max(0.6 if part else 0.0, 100.0 * part / most)
    return Markup(
        '<svg class="bar {kind}" viewBox="0 0 100 10" preserveAspectRatio="none" '
        'aria-hidden="true"><rect class="rail" width="100" height="10"/>'
        '<rect class="fill" width="{width:.2f}" height="10"/></svg>'
    ).format(kind=kind, width=width)


def over_time(figures: Figures) -> Chart | None:
    """Return answers, refusals and failures per second over time, with the learned limit."""
    stretches = [one for one in figures.stretches if one.slots]
    totals = [
        sum(getattr(slot, name) for one in stretches for slot in one.slots)
        for name in ("answered", "throttled", "failed")
    ]
    if not any(totals):
        return None
    seconds = [len(one.slots) * one.slot_seconds for one in stretches]
    peak = max(
        (slot.answered + slot.throttled + slot.failed) / one.slot_seconds
        for one in stretches
        for slot in one.slots
    )
    limits = [slot.limit for one in stretches for slot in one.slots if slot.limit is not None]
    ticks = nice_ticks(max(peak, max(limits, default=0.0) * 1.05))
    frame = _Frame(ticks[-1])
    room = _WIDTH - _LEFT - _RIGHT - _GAP * (len(stretches) - 1)
    parts = [_open("time", "Requests per second over time"), frame.grid(ticks, "requests/s")]
    left = _LEFT
    for place, (stretch, lasted) in enumerate(zip(stretches, seconds, strict=True), 1):
        width = max(2.0, room * lasted / sum(seconds))
        parts.append(_stretch(frame, stretch, left, width))
        parts.append(_time_axis(stretch, left, width, place if len(stretches) > 1 else 0))
        left += width + _GAP
    parts.append(Markup("</svg>"))
    words = (
        f"{totals[0]:,} answers, {totals[1]:,} refusals for the rate and {totals[2]:,} failures; "
        f"at most {number(round(peak, 1))} requests in a second"
    )
    if limits:
        words += f"; the learned limit was {number(round(limits[-1], 1))} requests/s at last"
    if len(stretches) > 1:
        words += f"; {len(stretches)} starts, drawn side by side"
    return Chart(svg=Markup("").join(parts), words=words)


def latencies(bars: Sequence[Bar]) -> Chart | None:
    """Return how long answers took: two bars for each span, cancels and reads."""
    used = [bar for bar in bars if bar.cancels or bar.reads]
    if not used:
        return None
    first, last = bars.index(used[0]), bars.index(used[-1])
    shown = bars[first : last + 1]
    labels = [f"≤ {latency(bar.seconds)}" if bar.seconds is not None else "longer" for bar in shown]
    pairs = [(bar.cancels, bar.reads) for bar in shown]
    return _columns("How long answers took", labels, pairs, ("cancel", "read"), "answers")


def attempts(counts: Sequence[tuple[int, int]]) -> Chart | None:
    """Return how many allocations took how many sends."""
    if not counts:
        return None
    most = 8
    few = [(str(sends), count) for sends, count in counts if sends < most]
    rest = sum(count for sends, count in counts if sends >= most)
    labelled = [*few, *([(f"{most} or more", rest)] if rest else [])]
    labels = [f"{label} send{'' if label == '1' else 's'}" for label, _ in labelled]
    pairs = [(count, 0) for _, count in labelled]
    return _columns("Sends for each allocation", labels, pairs, ("cancel", ""), "allocations")


class _Frame:
    def __init__(self, top: float) -> None:
        self._top = top

    def y(self, value: float) -> float:
        return _TOP + (_HEIGHT - _TOP - _BOTTOM) * (1.0 - value / self._top)

    def grid(self, ticks: Sequence[float], unit: str) -> Markup:
        lines = [
            Markup(
                '<line class="grid" x1="{l}" x2="{r}" y1="{y:.1f}" y2="{y:.1f}"/>'
                '<text class="tick end" x="{t}" y="{ty:.1f}">{label}</text>'
            ).format(
                l=_LEFT, r=_WIDTH - _RIGHT, y=self.y(tick), t=_LEFT - 6, ty=self.y(tick) + 4,
                label=number(tick),
            )
            for tick in ticks
        ]  # fmt: skip
        lines.append(
            Markup('<text class="unit" x="{x}" y="{y}">{unit}</text>').format(
                x=_LEFT, y=_TOP - 2, unit=unit
            )
        )
        return Markup("").join(lines)


def _open(kind: str, title: str) -> Markup:
    return Markup(
        '<svg class="chart {kind}" viewBox="0 0 {w:.0f} {h:.0f}" role="img" aria-label="{title}">'
    ).format(kind=kind, w=_WIDTH, h=_HEIGHT, title=title)


def _stretch(frame: _Frame, stretch: Stretch, left: float, width: float) -> Markup:
    """Draw one start of the run: a column for each slot, stacked, and the limit as steps."""
    step = width / len(stretch.slots)
    paths: dict[str, list[str]] = {"ok": [], "refused": [], "lost": []}
    for place, slot in enumerate(stretch.slots):
        below = 0.0
        for name, count in (
            ("ok", slot.answered), ("refused", slot.throttled), ("lost", slot.failed),
        ):  # fmt: skip
            if count:
                above = below + count / stretch.slot_seconds
                x = left + place * step
                paths[name].append(
                    f"M{x:.1f} {frame.y(below):.1f}V{frame.y(above):.1f}"
                    f"h{max(step - 0.3, 0.6):.2f}V{frame.y(below):.1f}Z"
                )
                below = above
    drawn = [
        Markup('<path class="{name}" d="{d}"/>').format(name=name, d="".join(path))
        for name, path in paths.items()
        if path
    ]
    line, drawing = [], False
    for place, slot in enumerate(stretch.slots):
        if slot.limit is None:
            drawing = False
            continue
        y = frame.y(slot.limit)
        x = left + place * step
        line.append(f"{'V' if drawing else f'M{x:.1f} '}{y:.1f}h{step:.2f}")
        drawing = True
    if line:
        drawn.append(Markup('<path class="limit" d="{d}"/>').format(d="".join(line)))
    return Markup("").join(drawn)


def _time_axis(stretch: Stretch, left: float, width: float, number_of: int) -> Markup:
    """Draw the seconds since the start below a stretch; ``number_of`` names it if not 0."""
    lasted = len(stretch.slots) * stretch.slot_seconds
    base = _HEIGHT - _BOTTOM
    fitting = max(1, int(width // 110))
    ticks = [tick for tick in nice_ticks(lasted, fitting) if tick <= lasted * 1.001]
    shown = [
        Markup(
            '<line class="axis" x1="{x:.1f}" x2="{x:.1f}" y1="{b}" y2="{b4}"/>'
            '<text class="tick" x="{x:.1f}" y="{y}">{label}</text>'
        ).format(
            x=left + width * tick / lasted, b=base, b4=base + 4, y=base + 17,
            label="0" if tick == 0 else seconds_in_words(tick).replace(".0 s", " s"),
        )
        for tick in ticks
    ]  # fmt: skip
    name = f"start {number_of}" if number_of else "since the start"
    shown.append(
        Markup('<text class="tick end" x="{x:.1f}" y="{y}">{name}</text>').format(
            x=left + width, y=base + 31, name=name
        )
    )
    line = Markup('<line class="axis" x1="{l:.1f}" x2="{r:.1f}" y1="{b}" y2="{b}"/>').format(
        l=left, r=left + width, b=base
    )
    return Markup("").join([line, *shown])


def _columns(
    title: str,
    labels: Sequence[str],
    pairs: Sequence[tuple[int, int]],
    kinds: tuple[str, str],
    unit: str,
) -> Chart:
    # Room for the number above the highest bar.
    ticks = nice_ticks(1.08 * max(max(pair) for pair in pairs))
    frame = _Frame(ticks[-1])
    step = (_WIDTH - _LEFT - _RIGHT) / len(labels)
    both = any(second for _, second in pairs)
    wide = min(step * (0.36 if both else 0.6), 70.0)
    parts = [_open("columns", title), frame.grid(ticks, unit)]
    for place, (label, pair) in enumerate(zip(labels, pairs, strict=True)):
        middle = _LEFT + step * (place + 0.5)
        starts = (middle - wide - 1, middle + 1) if both else (middle - wide / 2,)
        for x, value, kind in zip(starts, pair, kinds, strict=False):
            if not value:
                continue
            top = frame.y(value)
            parts.append(
                Markup(
                    '<rect class="{kind}" x="{x:.1f}" y="{y:.1f}" width="{w:.1f}" '
                    'height="{h:.1f}"/><text class="value" x="{t:.1f}" y="{v:.1f}">{n}</text>'
                ).format(
                    kind=kind, x=x, y=top, w=wide, h=max(0.8, _HEIGHT - _BOTTOM - top),
                    t=x + wide / 2, v=top - 3, n=number(value),
                )
            )  # fmt: skip
        parts.append(
            Markup('<text class="tick" x="{x:.1f}" y="{y}">{label}</text>').format(
                x=middle, y=_HEIGHT - _BOTTOM + 17, label=label
            )
        )
    base = Markup('<line class="axis" x1="{l}" x2="{r}" y1="{b}" y2="{b}"/></svg>').format(
        l=_LEFT, r=_WIDTH - _RIGHT, b=_HEIGHT - _BOTTOM
    )
    words = "; ".join(
        f"{label}: {pair[0]:,}" + (f" and {pair[1]:,}" if both else "")
        for label, pair in zip(labels, pairs, strict=True)
    )
    return Chart(svg=Markup("").join([*parts, base]), words=str(escape(words)))
