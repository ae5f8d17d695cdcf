"""What a journal says of a run's requests over time, for the charts of the report."""

from __future__ import annotations

from bisect import bisect_right
from collections import Counter
from collections.abc import Iterator, Sequence

from bulkcancel.journal.counting import counted
from bulkcancel.journal.store import Journal
from bulkcancel.journal.work import outcome_counts
from bulkcancel.model import (
    Bar,
    Figures,
    Growth,
    Kind,
    Latency,
    NotSentCause,
    Outcome,
    Slot,
    Stretch,
)

_MOST_SLOTS = 240
_LEAST_SLOT = 0.1
_NICE = (1.0, 2.0, 5.0)
_EDGES = (0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0, 2.0, 5.0, 10.0, 30.0)
"""Where the bars of the latency end, in seconds."""

_FINE = 10_000
"""Latencies are told apart to a ten thousandth of a second."""

_MANY = 1_000_000
"""More than the slots of a stretch."""

_SORTS = 3
"""What came back: an answer, a refusal for rate, or nothing that can be trusted."""

_LOST = (Kind.IN_DOUBT, Kind.PROTOCOL, Kind.CONTRADICTION, Kind.MISROUTED, Kind.READ_FAILED)

# The requests of a journal: what came back, when (`at`), and which attempts are one. An intent that
# was withdrawn before it left is none, and several allocations may have shared one.
_CANCEL_SORT = f"""
    CASE WHEN kind = '{Kind.THROTTLED}' THEN 1
         WHEN NOT sent OR kind IN ({", ".join(f"'{kind}'" for kind in _LOST)}) THEN 2
         ELSE 0 END
"""
_READ_SORT = f"""
    CASE WHEN kind = '{Kind.THROTTLED}' THEN 1
         WHEN kind = '{Kind.NOT_SENT}'
              OR kind IN ({", ".join(f"'{kind}'" for kind in _LOST)}) THEN 2
         ELSE 0 END
"""
_CANCELS = "attempt", "row", f"lead = row AND (sent OR cause <> '{NotSentCause.WITHDRAWN}')"
_READS = "read_back", "rowid", "TRUE"

# The allocations that may have taken another number of wire sends than one; most took one.
_AGAIN = "SELECT row FROM intent WHERE number <> 1 UNION SELECT row FROM attempt WHERE NOT sent"

_SENDS = f"""
    SELECT sends, COUNT(*) FROM (
        SELECT SUM(a.row IS NULL OR a.sent) AS sends FROM intent i
        LEFT JOIN attempt a ON a.row = i.row AND a.number = i.number
        WHERE i.row IN ({_AGAIN}) GROUP BY i.row
    ) GROUP BY sends ORDER BY sends
"""  # noqa: S608 - made of our own words

_GROWTH = "(version - version_before)"


def figures(journal: Journal) -> Figures:
    """Return the figures of a run, as far as it came.

    Times are of the wall clock. Where that was set back in mid-run, requests from before the run
    began are counted at its beginning.
    """
    cancels, reads = _latencies(journal)
    return Figures(
        stretches=tuple(_stretches(journal)),
        bars=tuple(_bars(cancels, reads)),
        cancels=_latency(cancels),
        reads=_latency(reads),
        attempts=_attempts(journal),
        growths=_growths(journal),
    )


def slot_seconds(total: float) -> float:
    """Return how long a slot lasts, a round number of seconds, for a run of ``total`` seconds."""
    power = _LEAST_SLOT
    while True:
        for step in _NICE:
            if total <= step * power * (_MOST_SLOTS - 1):  # one more begins at the very end
                return round(step * power, 1)
        power *= 10.0


def _stretches(journal: Journal) -> Iterator[Stretch]:
    found = list(
        journal.select("SELECT segment, started_at, finished_at FROM segment ORDER BY segment")
    )
    if not found:
        return
    # The shards of a merge worked side by side: what overlaps is one stretch.
    merged = journal.fact("merged") is not None
    if merged:
        found = _joined(found)
    began = [started for _, started, _ in found]
    starts = [segment for segment, _, _ in found]
    last = _last_moments(journal, starts, began)
    ends = [
        max(start, done or 0.0, seen) for (_, start, done), seen in zip(found, last, strict=True)
    ]
    width = slot_seconds(sum(end - start for start, end in zip(began, ends, strict=True)))
    counts = _counts(journal, starts, width)
    # What a shard learned of the limit is its own, and no limit of all together.
    pace = () if merged else journal.select("SELECT at, rate_limit FROM pace")
    moved = [(at, limit) for at, limit in pace]
    for number, (start, end) in enumerate(zip(began, ends, strict=True)):
        slots = [
            Slot(
                answered=counts[number, place, 0],
                throttled=counts[number, place, 1],
                failed=counts[number, place, 2],
                limit=_limit_at(start, min(end, start + (place + 1) * width), moved),
            )
            for place in range(int((end - start) / width) + 1)
        ]
        yield Stretch(began=start, slot_seconds=width, slots=tuple(slots))


def _joined(
    segments: Sequence[tuple[int, float, float | None]],
) -> list[tuple[int, float, float | None]]:
    """Return segments with those that overlap put together, under the number of the first."""
    joined: list[tuple[int, float, float | None]] = []
    for number, start, end in segments:
        last = joined[-1] if joined else None
        if last is not None and start <= max(last[1], last[2] or 0.0):
            joined[-1] = (last[0], last[1], max(last[2] or 0.0, end or 0.0) or None)
        else:
            joined.append((number, start, end))
    return joined


def _last_moments(journal: Journal, starts: Sequence[int], began: Sequence[float]) -> list[float]:
    """Return when the last answer came within each stretch; its start if none did."""
    last = dict(zip(starts, began, strict=True))
    for table, _, where in (_CANCELS, _READS):
        statement = f"SELECT {_segment(starts)}, MAX(r.at) FROM {table} r WHERE {where}"  # noqa: S608
        if len(starts) > 1:
            statement += " GROUP BY 1"
        for number, seen in journal.select(statement):
            last[number] = max(last[number], seen or 0.0)
    return [last[number] for number in starts]


def _counts(journal: Journal, starts: Sequence[int], width: float) -> Counter[tuple[int, int, int]]:
    """Return how many requests there were, by stretch (from 0), slot and sort."""
    segment = _segment(starts)
    began = f"(SELECT started_at FROM segment s WHERE s.segment = {segment})"  # noqa: S608 - ours
    slot = f"MAX(0, CAST((r.at - {began}) / ? AS INTEGER))"
    places = {number: place for place, number in enumerate(starts)}
    counts: Counter[tuple[int, int, int]] = Counter()
    for (table, key, where), sort in ((_CANCELS, _CANCEL_SORT), (_READS, _READ_SORT)):
        value = f"({segment} * {_MANY} + {slot}) * {_SORTS} + {sort}"
        for code, count in counted(journal, value, table, key, where, (width,)).items():
            rest, kind = divmod(code, _SORTS)
            number, place = divmod(rest, _MANY)
            counts[places[number], place, kind] += count
    return counts


def _segment(starts: Sequence[int]) -> str:
    """Return the expression for the start that a request ``r`` belongs to, by its time."""
    if len(starts) == 1:
        return str(starts[0])  # of most runs; to look it up for each takes half the time
    newest = (
        f"SELECT segment FROM segment WHERE started_at <= r.at"  # noqa: S608 - our own numbers
        f" AND segment IN ({', '.join(map(str, starts))}) ORDER BY segment DESC LIMIT 1"
    )
    return f"COALESCE(({newest}), {starts[0]})"


def _limit_at(start: float, at: float, moved: Sequence[tuple[float, float | None]]) -> float | None:
    """Return the limit in force at a time; one learned before the stretch began is not known."""
    place = bisect_right(moved, at, key=lambda pair: pair[0]) - 1
    return moved[place][1] if place >= 0 and moved[place][0] >= start else None


def _latencies(journal: Journal) -> tuple[dict[int, int], dict[int, int]]:
    """Return how many answers took so many ten thousandths of a second: cancels and reads."""
    took = f"CAST(elapsed * {_FINE} + 0.5 AS INTEGER)"
    cancels = counted(journal, took, "attempt", "row", "lead = row AND sent AND cause IS NULL")
    reads = counted(journal, took, "read_back", "rowid", "http_status IS NOT NULL")
    return dict(sorted(cancels.items())), dict(sorted(reads.items()))


def _bars(cancels: dict[int, int], reads: dict[int, int]) -> Iterator[Bar]:
    if not (cancels or reads):
        return
    below = -1.0
    for edge in (*_EDGES, None):
        above = float("inf") if edge is None else round(edge * _FINE)
        yield Bar(
            seconds=edge,
            cancels=sum(count for took, count in cancels.items() if below < took <= above),
            reads=sum(count for took, count in reads.items() if below < took <= above),
        )
        below = above


def _latency(counts: dict[int, int]) -> Latency | None:
    if not counts:
        return None
    total = sum(counts.values())
    return Latency(
        count=total,
        p50=_quantile(counts, total, 0.50),
        p95=_quantile(counts, total, 0.95),
        p99=_quantile(counts, total, 0.99),
        longest=max(counts) / _FINE,
    )


def _quantile(counts: dict[int, int], total: int, share: float) -> float:
    """Return the least latency that so large a share of the answers did not exceed."""
    wanted, seen = share * total, 0
    for took, count in counts.items():
        seen += count
        if seen >= wanted:
            return took / _FINE
    raise AssertionError("the counts add up to their total")


def _attempts(journal: Journal) -> tuple[tuple[int, int], ...]:
    """Return how many allocations took how many wire sends, those with none included."""
    counts: Counter[int] = Counter(dict(journal.select(_SENDS)))
    ((begun,),) = journal.select("SELECT COUNT(*) FROM intent WHERE number = 1")
    counts[1] += begun - counts.total()
    counts[0] += journal.unique() - counts.total()
    return tuple((sends, count) for sends, count in sorted(counts.items()) if count)


def _growths(journal: Journal) -> tuple[Growth, ...]:
    if not list(journal.select("SELECT 1 FROM outcome WHERE version_before IS NOT NULL LIMIT 1")):
        # So it is without a precheck.
        return tuple(
            Growth(outcome=outcome, growth=None, allocations=count)
            for outcome, count in sorted(outcome_counts(journal).items())
        )
    found = journal.select(
        # Most are of one of two groups, which are counted without sorting.
        f"""
        SELECT outcome, growth, count FROM (
            SELECT outcome, {_GROWTH} AS growth, COUNT(*) AS count FROM outcome
            WHERE NOT (outcome = '{Outcome.CANCELLED}' AND COALESCE({_GROWTH}, 1) = 1)
            GROUP BY 1, 2
            UNION ALL SELECT '{Outcome.CANCELLED}', NULL, COUNT(*) FROM outcome
            WHERE outcome = '{Outcome.CANCELLED}' AND {_GROWTH} IS NULL
            UNION ALL SELECT '{Outcome.CANCELLED}', 1, COUNT(*) FROM outcome
            WHERE outcome = '{Outcome.CANCELLED}' AND {_GROWTH} = 1
        ) WHERE count ORDER BY 1, 2
        """  # noqa: S608 - made of our own words
    )
    return tuple(
        Growth(outcome=outcome, growth=growth, allocations=count)
        for outcome, growth, count in found
    )
