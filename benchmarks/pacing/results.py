"""The section "Pacing" of RESULTS.md: what was measured, when, and on which machine."""

from __future__ import annotations

from collections.abc import Sequence

from benchmarks.accesslog import Counts
from benchmarks.document import Section, circumstances
from benchmarks.pacing.courses import (
    AFTER_STEP,
    RECOVERED_SHARE,
    RECOVERED_WINDOW,
    Steady,
    Steps,
)
from benchmarks.pacing.strategies import Strategy
from benchmarks.pacing.trial import Outcome
from benchmarks.tools import version_of

_PREFACE = """\
The real program and what people use today, each against a real nginx with `limit_req … nodelay`
on the same machine; `make bench-pacing` writes this. All figures are from nginx's access log."""
_TABLE_HEAD = """\
| strategy | time to finish, s | ideal, s | ratio | refused | refused % | requests | command, s |
|---|---:|---:|---:|---:|---:|---:|---:|"""
_COUNTS_HEAD = """\
| | requests | refused | refused % | goodput, % of the limit |
|---|---:|---:|---:|---:|"""
_PARTS = ("### Time to finish", "### Steady", "### Steps")

SECTION = Section(heading="## Pacing", preface=_PREFACE, parts=_PARTS)


def table_part(
    rows: Sequence[tuple[Strategy, Outcome | str]],
    *,
    limit: int,
    burst: int,
    ids: int,
    ceiling: int,
    bound: float,
) -> str:
    """Return the part with the table; a text in place of an outcome says why there is none."""
    ideal = ids / limit
    rows_text = "\n".join(
        _row(strategy, outcome, ideal=ideal, ids=ids) for strategy, outcome in rows
    )
    return f"""\
{_PARTS[0]}

{_circumstances("curl", "parallel")}

Limit {limit:,}/s, burst {burst:,}, {ids:,} ids; the program with `--rate {ceiling}`, as somebody
runs it who does not know the limit. A command was cut off after {bound:,.0f} s. The time runs from
the first answer to that for the last allocation; the burst lets it fall short of the ideal
(ids / limit) a little. The last column is the whole command, with its start and its report.

{_TABLE_HEAD}
{rows_text}"""


def steady_part(steady: Steady, *, ceiling: int) -> str:
    """Return the part about the run at one limit."""
    rows = [_counts_row("the whole run", steady.overall, steady.goodput)]
    if steady.later is not None and steady.later_goodput is not None:
        rows.append(_counts_row("after the first minute", steady.later, steady.later_goodput))
    rows_text = "\n".join(rows)
    return f"""\
{_PARTS[1]}

{_circumstances()}

`bulkcancel run --rate {ceiling}` for {steady.seconds / 60:g} min, limit {steady.limit:,}/s,
burst {steady.burst:,}.

{_COUNTS_HEAD}
{rows_text}"""


def steps_part(steps: Steps, *, ceiling: int) -> str:
    """Return the part about the run at three limits."""
    first, lower, upper = steps.limits
    goodputs = [
        counts.accepted / (limit * steps.seconds)
        for counts, limit in zip(steps.phases, steps.limits, strict=True)
    ]
    names = (f"{first}/s", f"then {lower}/s", f"then {upper}/s")
    rows_text = "\n".join(map(_counts_row, names, steps.phases, goodputs))
    recovery = (
        f"not within {steps.seconds:g} s" if steps.recovery is None else f"{steps.recovery:.1f} s"
    )
    return f"""\
{_PARTS[2]}

{_circumstances()}

`bulkcancel run --rate {ceiling}` while the limit goes from {first}/s to {lower}/s and to {upper}/s,
{steps.seconds:g} s each, burst {steps.burst:,}.

{_COUNTS_HEAD}
{rows_text}

- refused within {min(AFTER_STEP, steps.seconds):g} s of the step down:
  {steps.after_down.refused:,} of {steps.after_down.requests:,} requests
- from the step up to the end of the first {RECOVERED_WINDOW:g} s in which
  {RECOVERED_SHARE:.0%} of the new limit passed: {recovery}"""


def _row(strategy: Strategy, outcome: Outcome | str, *, ideal: float, ids: int) -> str:
    if isinstance(outcome, str):
        return f"| {strategy.words} | {outcome} | {ideal:.1f} | | | | | |"
    counts = outcome.counts
    ratio = ""
    if outcome.finish is not None:
        finish, ratio = f"{outcome.finish:.1f}", f"{outcome.finish / ideal:.2f}"
    elif outcome.exit_code is None:
        finish = f"cut off with {outcome.cancelled:,} of {ids:,} done"
    else:
        finish = f"gave up with {outcome.cancelled:,} of {ids:,} done"
    if outcome.exit_code:
        finish += f" (exit {outcome.exit_code})"
    refused = f"{counts.refused:,}" + (f" (+ {counts.others:,} other)" if counts.others else "")
    cells = [
        strategy.words, finish, f"{ideal:.1f}", ratio, refused,
        f"{counts.refused_share:.1%}", f"{counts.requests:,}", f"{outcome.whole:.1f}",
    ]  # fmt: skip
    return f"| {' | '.join(cells)} |"


def _counts_row(name: str, counts: Counts, goodput: float) -> str:
    return (
        f"| {name} | {counts.requests:,} | {counts.refused:,} | {counts.refused_share:.2%} |"
        f" {goodput:.1%} |"
    )


def _circumstances(*tools: str) -> str:
    """Return the day, the machine and the versions of what took part."""
    return circumstances(*(version_of(tool) for tool in ("nginx", *tools)))
