"""The section "Throughput" of RESULTS.md: what was measured, when, and on which machine. Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from statistics import median

from benchmarks.document import Section, paragraph
from benchmarks.throughput.contenders import RATE, Contender
from benchmarks.throughput.rounds import Took

_PREFACE = """\
The program, the least loop that could do its sending, and what people use today, each against an
nginx without a limit; `make bench-throughput` writes this. CPU is what the system accounts to the
process and its children, its own share included."""
_PARTS = ("### CPU for one allocation", "### Parts of a run", "### The price of durability")
_HEAD = """\
| contender | ids | sending, µs CPU each | ratio | whole command, µs CPU each | ratio | ids/s \
| peak, MiB | durable | resumable | reconciled |
|---|---:|---:|---:|---:|---:|---:|---:|---|---|---|"""
_PARTS_HEAD = """\
| part | seconds | CPU, s | µs CPU each |
|---|---:|---:|---:|"""
_DURABLE_HEAD = """\
| journal | µs CPU each | ratio | seconds | ids/s |
|---|---:|---:|---:|---:|"""
_MICRO = 1e6

SECTION = Section(heading="## Throughput", preface=_PREFACE, parts=_PARTS)


@dataclass(frozen=True, slots=True, kw_only=True)
class Least:
    """The least of all rounds, each figure by itself: others at work only ever add to them.

    ``whole`` and ``sending`` are CPU for one allocation in µs, of the command and of its loop
    alone (``None`` if it tells of none). ``seconds`` are of the loop, or else of the command.
    ``cancelled`` is the fewest that arrived.
    """

    ids: int
    cancelled: int
    whole: float
    sending: float | None
    seconds: float
    peak: float

    @property
    def rate(self) -> float:
        """Allocations a second."""
        return self.ids / self.seconds


def least(found: Sequence[Took]) -> Least:
    """Return the least of the rounds of one contender."""
    sending = _figures(found, _sending)
    return Least(
        ids=found[0].ids,
        cancelled=min(took.cancelled for took in found),
        whole=min(map(_whole, found)),
        sending=min(sending, default=None),
        seconds=min(took.parts.get("sending", took.spent).seconds for took in found),
        peak=min(took.spent.peak for took in found),
    )


def ratio(
    found: Sequence[Took], bare: Sequence[Sequence[Took]], figure: Callable[[Took], float | None]
) -> float | None:
    """Return the median of the rounds' own ratios to a bare loop: to the one to which it is most.

    To take the better loop of each round would be to take the luckier one, and less than any loop
    takes. A machine that is slower for a while is so for all that run in that round. ``None``:
    there is no such figure, or no loop to hold it against.
    """
    own = _figures(found, figure)
    loops = [figures for loop in bare if (figures := _figures(loop, figure))]
    if not own:
        return None
    ratios = (
        median(one / other for one, other in zip(own, figures, strict=True)) for figures in loops
    )
    return max(ratios, default=None)


def _figures(found: Sequence[Took], figure: Callable[[Took], float | None]) -> list[float]:
    return [one for took in found if (one := figure(took)) is not None]


def _whole(took: Took) -> float:
    return took.spent.cpu / took.ids * _MICRO


def _sending(took: Took) -> float | None:
    part = took.parts.get("sending")
    return None if part is None else part.cpu / took.ids * _MICRO


def throughput_part(
    contenders: Iterable[Contender],
    found: Mapping[str, Sequence[Took]],
    *,
    circumstances: str,
    setting: str,
) -> str:
    """Return the part with all contenders; ``setting`` says how they were measured."""
    named = list(contenders)
    bare = [found[one.name] for one in named if one.is_bare and one.name in found]
    rows = "\n".join(
        _row(one, found[one.name], bare)
        if one.name in found
        else f"| {one.words} | not measured: no {' or no '.join(one.needs)} | | | | | | | | | |"
        for one in named
    )
    words = f"""{setting} A ratio is to a bare loop that uses aiohttp's session in the same
        round, the median of the rounds', and the greater of those to the two loops; all else is the
        least of the rounds. The program goes with `--rate {RATE} --fixed-rate`, its journal with
        FULL durability. "Sending" is the loop alone, from the first send to the last; the whole
        command has its start, its input and its reports in it. Ids a second are those of the loop
        where it is told apart, else of the command. The slow ones got fewer ids, so that their
        start weighs more. Both that use curl look at the HTTP status only, the others at the
        allocation's."""
    return f"{_PARTS[0]}\n\n{circumstances}\n\n{paragraph(words)}\n\n{_HEAD}\n{rows}"


def parts_part(found: Sequence[Took], *, circumstances: str, setting: str) -> str:
    """Return the part that tells where one run's time goes."""
    ids = found[0].ids
    names = list(found[0].parts)
    rows = []
    for name in names:
        parts = [took.parts[name] for took in found]
        cpu, seconds = (min(one.cpu for one in parts), min(one.seconds for one in parts))
        rows.append(f"| {name} | {seconds:.2f} | {cpu:.2f} | {cpu / ids * _MICRO:,.0f} |")
    whole = min(took.spent.cpu for took in found)
    rest = min(took.spent.cpu - sum(part.cpu for part in took.parts.values()) for took in found)
    rows.append(f"| start-up and the rest | | {rest:.2f} | {rest / ids * _MICRO:,.0f} |")
    rows.append(f"| the whole process | | {whole:.2f} | {whole / ids * _MICRO:,.0f} |")
    table = "\n".join(rows)
    words = f"{setting} The program as a library, with all its reports."
    return f"{_PARTS[1]}\n\n{circumstances}\n\n{paragraph(words)}\n\n{_PARTS_HEAD}\n{table}"


def durability_part(
    contenders: Iterable[Contender],
    found: Mapping[str, Sequence[Took]],
    *,
    circumstances: str,
    setting: str,
    sync: float,
) -> str:
    """Return the part on what it costs that a commit is on the disk; ``sync`` is in seconds."""
    named = [one for one in contenders if one.name in found]
    rows = "\n".join(
        _durable_row(one.words, found[one.name], found[named[0].name]) for one in named
    )
    words = f"""{setting} Sending alone, the program as a library. It has FULL only: the benchmark
        puts the other values into its own process, after which a power cut may lose what was sent.
        To write 4 KiB and bring them to the disk (`fdatasync`) takes {sync * 1000:.2f} ms here
        (median)."""
    return f"{_PARTS[2]}\n\n{circumstances}\n\n{paragraph(words)}\n\n{_DURABLE_HEAD}\n{rows}"


def _row(contender: Contender, found: Sequence[Took], bare: Sequence[Sequence[Took]]) -> str:
    seen = least(found)
    complete = seen.cancelled == seen.ids
    does = (contender.durable, contender.resumable, contender.reconciled)
    cells = [
        contender.words,
        f"{seen.ids:,}" if complete else f"{seen.cancelled:,} of {seen.ids:,}",
        "" if seen.sending is None else f"{seen.sending:,.0f}",
        _shown(ratio(found, bare, _sending)),
        f"{seen.whole:,.0f}",
        _shown(ratio(found, bare, _whole)),
        f"{seen.rate:,.0f}",
        f"{seen.peak:,.0f}",
        *("yes" if one else "no" for one in does),
    ]
    return f"| {' | '.join(cells)} |"


def _durable_row(words: str, found: Sequence[Took], full: Sequence[Took]) -> str:
    seen = least(found)
    cells = [
        words,
        f"{seen.sending or 0:,.0f}",
        _shown(ratio(found, [full], _sending)),
        f"{seen.seconds:.2f}",
        f"{seen.rate:,.0f}",
    ]
    return f"| {' | '.join(cells)} |"


def _shown(value: float | None) -> str:
    return "" if value is None else f"{value:.2f}"
