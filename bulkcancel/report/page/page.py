"""The page, rendered from the summary, the figures and the breaks."""

from __future__ import annotations

import base64
from collections.abc import Iterator, Mapping
from hashlib import sha256
from importlib.resources import files
from typing import Any

import jinja2

from bulkcancel.model import Figures
from bulkcancel.report.page import formats, sections
from bulkcancel.report.page.charts import bar_width, slices
from bulkcancel.report.page.groups import BreakGroups
from bulkcancel.report.page.state import state
from bulkcancel.report.page.timeline import LANE, PLOT, timeline
from bulkcancel.report.words import DELIMITERS, headlines, resumes

_MOST_GROUPS = 40
_LONGEST_PATH = 1_000
_LEAST_SLICE = 1.0
"""No piece of the bar of outcomes is narrower than so many percent: it would not be seen."""

_STYLES = ("style.css", "charts.css", "print.css")


def render_page(summary: Mapping[str, Any], figures: Figures, groups: BreakGroups) -> str:
    """Return the whole page; the same arguments give the same text.

    ``summary`` is the content of ``summary.json``, though its ``files`` can't name the page itself.
    What comes from the input or the server is escaped and cut: the page stays small, however many
    rows there were.
    """
    environment = jinja2.Environment(
        loader=jinja2.PackageLoader("bulkcancel.report.page"),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    environment.filters |= {
        "bar": bar_width,
        "foreign": formats.foreign,
        "latency": formats.latency,
        "number": formats.number,
        "round": "{:.2f}".format,
        "span": formats.span,
    }
    style = _style()
    return environment.get_template("report.html.j2").render(
        _parts(summary, figures, groups),
        style=style,
        policy=_policy(style),
    )


def _parts(summary: Mapping[str, Any], figures: Figures, groups: BreakGroups) -> dict[str, Any]:
    """Return what the templates show, by the names that they use."""
    counts, unique = summary["outcomes"], summary["rows"]["unique"]
    forecast = summary.get("forecast")
    bars = [bar for bar in figures.bars if bar.cancels or bar.reads]
    return {
        "absent": sections.absent_outcomes(summary),
        "answers": sections.answer_lines(summary),
        "attempts": sections.attempt_lines(figures),
        "bars": bars,
        "breaks": groups.rows,
        "by_outcome": groups.by_outcome(_MOST_GROUPS),
        "checks": sections.check_groups(summary),
        "equations": sections.equations(summary),
        "figures": figures,
        "files": list(_files(summary)),
        "forecast": forecast,
        "forecast_lines": sections.forecast_lines(forecast) if forecast else (),
        "growths": sections.growth_lines(figures),
        "headlines": list(headlines(summary)),
        "held": sections.held_lines(summary),
        "lane": LANE,
        "longest_bar": max((max(bar.cancels, bar.reads) for bar in bars), default=0),
        "other_rows": sections.other_rows(summary),
        "outcomes": sections.outcome_lines(summary),
        "pace": sections.pace_facts(summary),
        "plot": PLOT,
        "merged": summary.get("merged") is not None,
        "resumes": resumes(summary)[:_MOST_GROUPS],
        "run": list(_run(summary)),
        "run_id": summary["run_id"],
        "settings": sections.setting_lines(summary),
        "slices": slices(list(counts.items()), _LEAST_SLICE),
        "state": state(summary),
        "summary": summary,
        "timeline": timeline(figures),
        "unsent": sections.unsent_lines(summary),
        "widened": any(0 < count < unique * _LEAST_SLICE / 100.0 for count in counts.values()),
    }


def _style() -> str:
    folder = files("bulkcancel.report.page").joinpath("templates")
    return "\n".join(folder.joinpath(name).read_text("utf-8") for name in _STYLES)


def _policy(style: str) -> str:
    """Return a content policy under which nothing is loaded or run, and this style alone holds."""
    digest = base64.b64encode(sha256(style.encode()).digest()).decode()
    return "; ".join(
        (
            "default-src 'none'",
            f"style-src 'sha256-{digest}'",
            "img-src 'none'",
            "base-uri 'none'",
            "form-action 'none'",
        )
    )


def _run(summary: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """Yield the facts on the run, each a label and a text."""
    yield "Started (UTC)", formats.moment(summary["started_at"])
    yield "Finished (UTC)", formats.moment(summary["finished_at"])
    lasted = formats.lasted(summary["started_at"], summary["finished_at"])
    starts = summary.get("segments", 1)
    yield "Duration", (lasted or "not known") + (f", in {starts:,} starts" if starts > 1 else "")
    target = summary["target"]
    yield "Target", formats.foreign(target["base_url"], _LONGEST_PATH)
    yield "Account", formats.foreign(target["account"], _LONGEST_PATH)
    for label, name in (("Stage", "stage"), ("Channel", "channel")):
        if target[name] is not None:
            yield label, formats.foreign(str(target[name]), _LONGEST_PATH)
    facts = summary["input"]
    yield "Input", formats.foreign(_path(facts), _LONGEST_PATH)
    yield "Read as", formats.foreign(_read_as(facts), _LONGEST_PATH)


def _read_as(facts: Mapping[str, Any]) -> str:
    """Return how the input was read, and where the ids stood in it."""
    delimiter = facts.get("delimiter")
    parts = [
        (facts.get("format") or "").upper(),
        facts.get("container") and f"in {facts['container']}",
        delimiter and DELIMITERS.get(delimiter, delimiter),
        facts.get("encoding"),
        facts.get("sheet") is not None and f"sheet {facts['sheet']}",
        f"ids in column {facts['id_column']}",
    ]
    return ", ".join(part for part in parts if part)


def _files(summary: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    yield formats.foreign(_path(summary["input"]), _LONGEST_PATH), summary["input"]["sha256"]
    yield from summary["files"].items()


def _path(facts: Mapping[str, Any]) -> str:
    path: str = facts["path"]
    return "standard input" if path == "-" else path
