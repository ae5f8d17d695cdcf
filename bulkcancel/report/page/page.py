"""The page, rendered from the summary, the figures and the breaks."""

from __future__ import annotations

import base64
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from hashlib import sha256
from importlib.resources import files
from typing import Any

import jinja2
from markupsafe import Markup

from bulkcancel.errors import ExitCode
from bulkcancel.model import Figures, Outcome
from bulkcancel.report.cells import one_line
from bulkcancel.report.page import charts, formats
from bulkcancel.report.page.groups import BreakGroups
from bulkcancel.report.words import MEANINGS, headlines, seconds_in_words

_MOST_GROUPS = 40
_MOST_SETTINGS_TEXT = 300

_STATES = {
    ExitCode.OK: ("good", "Complete"),
    ExitCode.BREAKS: ("breaks", "Finished with breaks"),
    ExitCode.UNKNOWNS: ("unknown", "Some are unknown"),
    ExitCode.STOPPED: ("stopped", "Stopped early, can be resumed"),
    ExitCode.AUTHENTICATION: ("stopped", "Token refused, can be resumed"),
    ExitCode.INTERRUPTED: ("stopped", "Interrupted, can be resumed"),
    ExitCode.TERMINATED: ("stopped", "Interrupted, can be resumed"),
}
_KINDS = {
    Outcome.CANCELLED: "good",
    Outcome.ALREADY_CANCELLED: "good",
    Outcome.PARTIALLY_CANCELLED: "warn",
    Outcome.NOT_CANCELLED: "warn",
    Outcome.NOT_FOUND: "warn",
    Outcome.REJECTED: "warn",
    Outcome.FAILED: "bad",
    Outcome.UNKNOWN: "bad",
    Outcome.NOT_ATTEMPTED: "idle",
}
_GROWTHS = {
    None: "not known: without --precheck nobody saw the version before, or the end shows none",
    0: "unchanged: no update took effect in this run",
    1: "one update: with an accepted cancel, this run's own",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class _Line:
    """A line of a table with a bar in it."""

    label: str
    count: int
    share: str
    bar: Markup
    note: str = ""


def render_page(summary: Mapping[str, Any], figures: Figures, groups: BreakGroups) -> str:
    """Return the whole page; the same arguments give the same text.

    ``summary`` is the content of ``summary.json``, but that its ``files`` can't hold the page.
    """
    environment = jinja2.Environment(
        loader=jinja2.PackageLoader("bulkcancel.report.page"),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= {
        "number": formats.number,
        "moment": formats.moment,
        "latency": formats.latency,
        "plain": formats.plain,
        "line": one_line,
    }
    style = files("bulkcancel.report.page").joinpath("templates/style.css").read_text("utf-8")
    shown, left_out, rows_left = groups.groups(_MOST_GROUPS)
    kind, state = _STATES.get(ExitCode(summary["exit_code"]), ("breaks", "Ended"))
    return environment.get_template("report.html.j2").render(
        summary=summary,
        style=Markup(style),  # noqa: S704 - our own file
        policy=_policy(style),
        kind=kind,
        state=state,
        duration=formats.lasted(summary["started_at"], summary["finished_at"]),
        headlines=list(headlines(summary)),
        resume=_resume(summary),
        outcomes=list(_outcomes(summary)),
        forecast=summary.get("forecast"),
        over_time=charts.over_time(figures),
        latencies=charts.latencies(figures.bars),
        quantiles=[
            (name, one) for name, one in (("cancels", figures.cancels), ("reads", figures.reads))
            if one is not None
        ],
        attempts=charts.attempts(figures.attempts),
        breaks=sum(groups.totals.values()),
        groups=shown,
        steps=groups.steps(summary["run_id"]),
        groups_left=left_out,
        rows_left=rows_left,
        growths=list(_growths(figures)),
        answers=list(_answers(summary)),
        held=list(_held(summary)),
        options=[
            (f"--{name.replace('_', '-')}", formats.plain(value)[:_MOST_SETTINGS_TEXT])
            for name, value in summary["options"].items()
        ],
    )  # fmt: skip


def _policy(style: str) -> str:
    digest = base64.b64encode(sha256(style.encode()).digest()).decode()
    return f"default-src 'none'; style-src 'sha256-{digest}'; base-uri 'none'; form-action 'none'"


def _resume(summary: Mapping[str, Any]) -> str | None:
    """Return the command that goes on, if there is something to go on with."""
    outcomes = summary["outcomes"]
    stopped = summary.get("stop") is not None
    left = outcomes[Outcome.UNKNOWN] + (stopped and outcomes[Outcome.NOT_ATTEMPTED])
    return f"bulkcancel resume {summary['run_id']}" if left else None


def _outcomes(summary: Mapping[str, Any]) -> Iterator[_Line]:
    total = summary["rows"]["unique"]
    most = max(summary["outcomes"].values(), default=0)
    for word, count in summary["outcomes"].items():
        yield _Line(
            label=word,
            count=count,
            share=formats.percent(count, total),
            bar=charts.share_bar(count, most, _KINDS[Outcome(word)]),
            note=MEANINGS[word],
        )


def _growths(figures: Figures) -> Iterator[tuple[str, str, str, int]]:
    for one in figures.growths:
        grown = f"{one.growth:+,}" if one.growth else "—" if one.growth is None else "0"
        words = _GROWTHS.get(
            one.growth, "several updates: somebody else touched it too, before or after"
        )
        if one.growth is not None and one.growth < 0:
            words = "it went back: the API showed an older version at the end"
        yield one.outcome, grown, words, one.allocations


def _answers(summary: Mapping[str, Any]) -> Iterator[_Line]:
    attempts = summary["attempts"]
    found = [(f"HTTP {status}", count) for status, count in attempts["by_http_status"].items()]
    found += [(f"no answer: {cause}", count) for cause, count in attempts["no_answer"].items()]
    most = max((count for _, count in found), default=0)
    for label, count in found:
        good = label.startswith("HTTP 2")
        yield _Line(
            label=label,
            count=count,
            share=formats.percent(count, attempts["sent"]),
            bar=charts.share_bar(count, most, "good" if good else "warn"),
        )


def _held(summary: Mapping[str, Any]) -> Iterator[_Line]:
    held = {name: seconds for name, seconds in summary["pacing"]["seconds_held"].items() if seconds}
    total = sum(held.values())
    for reason, seconds in sorted(held.items(), key=lambda pair: -pair[1]):
        yield _Line(
            label=reason,
            count=round(seconds),
            share=seconds_in_words(seconds),
            bar=charts.share_bar(round(1000 * seconds), round(1000 * total), "plain"),
        )
