"""The words for a run that stand alike on the terminal, in the workbook and on the page."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from bulkcancel.model import Outcome, RowKind
from bulkcancel.report.cells import one_line

MEANINGS: Mapping[str, str] = {
    Outcome.CANCELLED: "the API showed CANCELLED in its reply or in a read-back",
    Outcome.ALREADY_CANCELLED: "it was cancelled before this run sent anything",
    Outcome.PARTIALLY_CANCELLED: "the API showed PARTIALLY_CANCELLED",
    Outcome.NOT_CANCELLED: (
        "the API refused for its state, or its status stayed another one, such as SHIPPED"
    ),
    Outcome.NOT_FOUND: "the API says that it does not know the id",
    Outcome.REJECTED: "refused for another permanent reason",
    Outcome.FAILED: "attempts used up, and it is certain that none took effect",
    Outcome.UNKNOWN: "sent, and the truth could not be established",
    Outcome.NOT_ATTEMPTED: "never sent: the run stopped first",
    RowKind.INVALID: "the row holds no usable id: nothing was sent for it",
    RowKind.DUPLICATE: "repeats an earlier row and shares its outcome",
    RowKind.BLANK: "holds nothing",
}
"""What each outcome, and each kind of row that is no request of its own, means."""


_MOST_RUNS = 10

DELIMITERS: Mapping[str, str] = {",": "comma", ";": "semicolon", "\t": "tab", "|": "pipe"}
"""What people call the characters that divide the cells of a text."""


def setting(value: Any) -> str:
    """Return the value of a setting on one line."""
    match value:
        case None | [] | ():
            return "not set"
        case bool():
            return "yes" if value else "no"
        case int():
            return f"{value:,}"
        case float():
            return f"{value:g}"
        case list() | tuple():
            return ", ".join(map(setting, value))
        case _:
            return one_line(str(value))


def resumable(summary: Mapping[str, Any]) -> bool:
    """Say whether a resume of a run has something to do, from the content of ``summary.json``.

    A merge can't be resumed, its shards can: see `resumes`.
    """
    if summary.get("merged") is not None:
        return False
    outcomes = summary["outcomes"]
    if outcomes[Outcome.UNKNOWN]:
        return True
    stopped = summary.get("stop") is not None
    return stopped and bool(outcomes[Outcome.NOT_ATTEMPTED] or outcomes[Outcome.FAILED])


def resumes(summary: Mapping[str, Any], run: str | None = None) -> list[str]:
    """Return the commands that go on with a run: its own, or those of a merge's shards.

    ``run`` is how the run is named in its command, if not by its id.
    """
    if (merged := summary.get("merged")) is not None:
        return [f"bulkcancel resume {one['run']}" for one in merged["runs"] if one["resumable"]]
    return [f"bulkcancel resume {run or summary['run_id']}"] if resumable(summary) else []


def resumed_as(facts: Mapping[str, Any]) -> str:
    """Return what stands for a run's name where a row's next step is to resume it."""
    # Of a merge it is the run of the row's shard; the verdict says which have something to do.
    return "SHARD" if facts.get("merged") is not None else str(facts["run_id"])


def counted(count: int, one: str, many: str | None = None) -> str:
    """Return a count with its noun: 1 row, 5,000 rows."""
    return f"{count:,} {one if count == 1 else many or one + 's'}"


def seconds_in_words(seconds: float) -> str:
    """Return a duration for a person: 0.4 s, 45 s, 12 min, 3 h 5 min."""
    if seconds < 10:  # noqa: PLR2004 - below ten seconds a decimal says something
        return f"{seconds:.1f} s"
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    if hours:
        return f"{hours} h {minutes} min"
    if minutes:
        return f"{minutes} min {rest} s" if rest else f"{minutes} min"
    return f"{rest} s"


def headlines(summary: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """Yield the lines on a run, each a label and its text, from the content of ``summary.json``."""
    rows, attempts, pacing = summary["rows"], summary["attempts"], summary["pacing"]
    yield (
        "Rows",
        (
            f"{rows['read']:,} read = {counted(rows['unique'], 'allocation')} + "
            f"{counted(rows['duplicate'], 'duplicate')} + {rows['invalid']:,} invalid + "
            f"{rows['blank']:,} blank"
        ),
    )
    yield (
        "Requests",
        (f"{_cancels(attempts)}, {counted(attempts['read_backs'], 'read-back')}"),
    )
    yield from _shards(summary)
    if pacing["learned_limit"] is not None:
        yield (
            "Pace",
            (
                f"{pacing['throttled']:,} refused for their rate "
                f"({pacing['refused_percent']:.1f} %); the API takes about "
                f"{pacing['learned_limit']:g} requests/s"
            ),
        )
    if (forecast := summary.get("forecast")) is not None:
        yield "Forecast", _forecast(forecast)
    if (standing := summary["standing"])["allocations"]:
        yield (
            "Standing",
            (
                f"{counted(standing['allocations'], 'allocation')} among the breaks again, for "
                f"up to {standing['longest_runs']:,} runs in a row, since {standing['since'][:10]}"
            ),
        )
    yield "Totals", "balance" if summary["control"]["balanced"] else "DO NOT BALANCE"


def _shards(summary: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """Yield the line on the share of a shard, or on the shards of a merge."""
    if (shard := summary.get("shard")) is not None:
        whole = shard["whole"]["unique"]
        share = f"{summary['rows']['unique']:,} of {counted(whole, 'allocation')}"
        yield "Shard", f"{shard['index']:,} of {shard['of']:,}: {share} of the input"
    if (merged := summary.get("merged")) is not None:
        runs = [one["run_id"] for one in merged["runs"]]
        shown = ", ".join(map(one_line, runs[:_MOST_RUNS]))
        more = f" and {len(runs) - _MOST_RUNS:,} more" if len(runs) > _MOST_RUNS else ""
        yield "Merged", f"{counted(len(runs), 'shard')}: {shown}{more}"
        if merged["settings_differ"]:
            names = ", ".join(merged["settings_differ"])
            yield "Settings", f"of shard 1; not the same in all: {names}"


def _cancels(attempts: Mapping[str, Any]) -> str:
    """Return how many cancels were sent, and in how many requests where they shared some."""
    sent = f"{counted(attempts['sent'], 'cancel')} sent"
    if attempts["requests"] == attempts["sent"]:
        return sent
    return f"{sent} in {counted(attempts['requests'], 'request')}"


def _forecast(forecast: Mapping[str, Any]) -> str:
    """Return how what was foretold came out, such as "38 of 40 as foretold, 2 otherwise"."""
    parts = [f"{forecast['as_foretold']:,} of {forecast['allocations']:,} as foretold"]
    for name, words in (("otherwise", "otherwise"), ("not_foretold", "not foretold")):
        if forecast[name]:
            parts.append(f"{forecast[name]:,} {words}")
    return ", ".join(parts)
