"""What stands in the sections of the page: lines of tables, from the summary and the figures."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from bulkcancel.model import Figures, Growth, Outcome, RowKind
from bulkcancel.report.page.charts import bar_width
from bulkcancel.report.page.formats import foreign, number, percent, shortened
from bulkcancel.report.page.wordings import HELD, NO_ANSWER, NOT_SENT, growth_words, status_words
from bulkcancel.report.words import MEANINGS, seconds_in_words, setting

_MOST_LINES = 40
_MOST_SENDS = 8
_LONGEST_SETTING = 300
_LONGEST_STATUS = 60


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """A line of a table with a count: its share of all, and a bar in percent of the longest.

    ``kind`` is an outcome, or a word for the colour of the bar.
    """

    word: str
    words: str
    count: int
    share: str
    bar: float
    kind: str = "plain"


@dataclass(frozen=True, slots=True, kw_only=True)
class Term:
    """A figure of an equation, and what it counts."""

    figure: str
    words: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Equation:
    """A total, the terms that should add up to it, and whether they do."""

    total: Term
    terms: tuple[Term, ...]
    holds: bool


def outcome_lines(summary: Mapping[str, Any]) -> list[Line]:
    """Return the outcomes that occurred, in the order of the table of outcomes."""
    counts, total = summary["outcomes"], summary["rows"]["unique"]
    return list(_lines(((word, MEANINGS[word], counts[word]) for word in counts), total))


def absent_outcomes(summary: Mapping[str, Any]) -> list[str]:
    """Return the outcomes that did not occur."""
    return [word for word, count in summary["outcomes"].items() if not count]


def other_rows(summary: Mapping[str, Any]) -> list[Line]:
    """Return the rows that are no request of their own, by kind."""
    rows = summary["rows"]
    kinds = (RowKind.DUPLICATE, RowKind.INVALID, RowKind.BLANK)
    return list(_lines(((kind.value, MEANINGS[kind], rows[kind]) for kind in kinds), rows["read"]))


def equations(summary: Mapping[str, Any]) -> list[Equation]:
    """Return what has to be the same if nothing was lost and nothing counted twice."""
    rows, attempts, control = summary["rows"], summary["attempts"], summary["control"]
    answered = sum(attempts["by_http_status"].values())
    lost = sum(attempts["no_answer"].values())
    ended = [(count, word) for word, count in summary["outcomes"].items() if count]
    return [
        _equation(
            (rows["read"], "rows read"),
            (rows["unique"], _noun(rows["unique"], "allocation")),
            (rows["duplicate"], _noun(rows["duplicate"], "duplicate")),
            (rows["invalid"], "invalid"),
            (rows["blank"], "blank"),
        ),
        _equation(
            (rows["unique"], _noun(rows["unique"], "allocation")),
            *(ended or [(0, "outcomes")]),
        ),
        _equation(
            (attempts["sent"], f"{_noun(attempts['sent'], 'cancel')} sent"),
            (answered, "answered"),
            (lost, "without an answer"),
        ),
        Equation(
            total=Term(
                figure=control["hash_total_manifest"], words="hash total of the input's ids"
            ),
            terms=(Term(figure=control["hash_total_outcomes"], words="of the outcomes' ids"),),
            holds=control["hash_total_manifest"] == control["hash_total_outcomes"],
        ),
    ]


def check_groups(summary: Mapping[str, Any]) -> list[tuple[str, list[Mapping[str, Any]]]]:
    """Return the control checks by what they are about."""
    groups: dict[str, list[Mapping[str, Any]]] = defaultdict(list)
    for check in summary["control"]["checks"]:
        groups[_about(check["name"])].append(check)
    return list(groups.items())


def answer_lines(summary: Mapping[str, Any]) -> list[Line]:
    """Return what came back to the cancels that were sent: statuses and missing answers."""
    attempts = summary["attempts"]
    found = [
        (
            f"HTTP {status} {status_words(status)}".rstrip(),
            "",
            count,
            "good" if status.startswith("2") else "warn",
        )
        for status, count in attempts["by_http_status"].items()
    ]
    found += [
        (f"no answer: {cause}", NO_ANSWER.get(cause, ""), count, "bad")
        for cause, count in attempts["no_answer"].items()
    ]
    lines = _capped(found)
    return list(_lines((line[:3] for line in lines), attempts["sent"], [line[3] for line in lines]))


def unsent_lines(summary: Mapping[str, Any]) -> list[Line]:
    """Return why cancels never left, by cause."""
    causes = summary["attempts"]["not_sent"]
    return list(
        _lines(
            (
                (f"not sent: {cause}", NOT_SENT.get(cause, ""), count)
                for cause, count in causes.items()
            ),
            sum(causes.values()),
        )
    )


def attempt_lines(figures: Figures) -> list[Line]:
    """Return how many allocations took how many sends; the many of the longest tail together."""
    few = [(sends, count) for sends, count in figures.attempts if sends < _MOST_SENDS]
    many = sum(count for sends, count in figures.attempts if sends >= _MOST_SENDS)
    named = [(f"{sends:,} {_noun(sends, 'send')}", count) for sends, count in few]
    if many:
        named.append((f"{_MOST_SENDS} sends or more", many))
    total = sum(count for _, count in figures.attempts)
    return list(_lines(((word, "", count) for word, count in named), total))


def held_lines(summary: Mapping[str, Any]) -> list[Line]:
    """Return for how long each reason held the next request, the longest first.

    The counts are milliseconds; the share is the time in words.
    """
    held = sorted(summary["pacing"]["seconds_held"].items(), key=lambda pair: (-pair[1], pair[0]))
    most = max((seconds for _, seconds in held), default=0.0)
    return [
        Line(
            word=reason,
            words=HELD.get(reason, ""),
            count=round(1000 * seconds),
            share=seconds_in_words(seconds),
            bar=bar_width(seconds, most),
        )
        for reason, seconds in held
        if seconds
    ]


def pace_facts(summary: Mapping[str, Any]) -> list[tuple[str, str]]:
    """Return the figures of the pace, each with its label."""
    pacing = summary["pacing"]
    ceiling = f"{number(pacing['rate_ceiling'])} requests/s"
    learned, used = pacing["learned_limit"], pacing["limit_used_percent"]
    facts = [
        ("At work", seconds_in_words(pacing["seconds_working"])),
        ("Fixed rate" if pacing["fixed_rate"] else "Ceiling", ceiling),
        ("Learned limit", "none was met" if learned is None else f"{number(learned)} requests/s"),
    ]
    if pacing["fixed_rate"]:
        facts.pop()
    elif pacing.get("shards"):
        facts[-1] = ("Learned limit", "by each shard for itself")
    if used is not None:
        facts.append(("Used of that limit", f"{number(used)} %"))
    refused = f"{pacing['throttled']:,}"
    if pacing["throttled"]:
        refused += f" ({percent(pacing['refused_percent'], 100.0)} of all requests)"
    facts.append(("Refused for the rate", refused))
    return facts


def growth_lines(figures: Figures) -> list[Line]:
    """Return how versions grew, by outcome; empty if nothing can be compared."""
    if all(one.growth is None for one in figures.growths):
        return []
    order = {outcome.value: place for place, outcome in enumerate(Outcome)}
    together: dict[tuple[str, int | None], list[Growth]] = defaultdict(list)
    for one in figures.growths:
        together[one.outcome, _sort_of(one.growth)].append(one)
    keys = sorted(together, key=lambda key: (order.get(key[0], len(order)), _rank(key[1])))
    counts = [
        (
            _grown(together[outcome, sort]),
            growth_words(outcome, sort),
            sum(one.allocations for one in together[outcome, sort]),
        )
        for outcome, sort in keys
    ]
    total = sum(one.allocations for one in figures.growths)
    return list(_lines(counts, total, [outcome for outcome, _ in keys]))


def forecast_lines(forecast: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Return the forecast beside what happened, the largest cells first."""
    cells = sorted(forecast["cells"], key=lambda cell: -cell["allocations"])
    return [
        {
            "status": foreign(cell["status_before"] or "", _LONGEST_STATUS),
            "foretold": cell["foretold"],
            "outcome": cell["outcome"],
            "allocations": cell["allocations"],
            "otherwise": cell["foretold"] not in (None, cell["outcome"]),
        }
        for cell in cells[:_MOST_LINES]
    ]


def setting_lines(summary: Mapping[str, Any]) -> list[tuple[str, str]]:
    """Return the settings in force, by the names of their options."""
    return [
        (f"--{name.replace('_', '-')}", shortened(setting(value), _LONGEST_SETTING))
        for name, value in summary["options"].items()
    ]


def _lines(
    counts: Iterable[tuple[str, str, int]], total: int, kinds: Sequence[str] | None = None
) -> Iterator[Line]:
    found = list(counts)
    most = max((count for _, _, count in found), default=0)
    for place, (word, words, count) in enumerate(found):
        if count:
            yield Line(
                word=word,
                words=words,
                count=count,
                share=percent(count, total),
                bar=bar_width(count, most),
                kind=kinds[place] if kinds else "plain",
            )


def _capped(found: Sequence[tuple[str, str, int, str]]) -> list[tuple[str, str, int, str]]:
    """Return the largest lines in their order, and the others as one."""
    least = sorted((line[2] for line in found), reverse=True)[:_MOST_LINES][-1:]
    kept = [line for line in found if line[2] >= least[0]][:_MOST_LINES] if least else []
    rest = sum(line[2] for line in found) - sum(line[2] for line in kept)
    return [*kept, ("others", "", rest, "warn")] if rest else kept


def _equation(total: tuple[int, str], *terms: tuple[int, str]) -> Equation:
    named = [Term(figure=f"{count:,}", words=words) for count, words in (total, *terms)]
    holds = total[0] == sum(count for count, _ in terms)
    return Equation(total=named[0], terms=tuple(named[1:]), holds=holds)


def _noun(count: int, one: str) -> str:
    return one if count == 1 else f"{one}s"


def _about(name: str) -> str:
    if name.startswith("file_"):
        return "The file, read back from the disk"
    return {
        "answers": "Requests",
        "attempts": "Requests",
        "hash_total": "Ids",
    }.get(name, "Rows and outcomes")


def _sort_of(growth: int | None) -> int | None:
    """Return a growth that stands for all of its sort: 2 for several, -1 for backwards."""
    return None if growth is None else max(-1, min(growth, 2))


def _rank(sort: int | None) -> int:
    return 99 if sort is None else sort


def _grown(alike: Sequence[Growth]) -> str:
    """Return in words by how much versions of one sort grew."""
    growths = [one.growth for one in alike if one.growth is not None]
    if not growths:
        return "not known"
    least, most = min(growths), max(growths)
    if most == 0:
        return "unchanged"
    if most < 0:
        return f"fell by {_from_to(-most, -least)}"
    return f"grew by {_from_to(least, most)}"


def _from_to(least: int, most: int) -> str:
    return f"{least:,}" if least == most else f"{least:,} to {most:,}"
