"""The section "Throughput" of RESULTS.md: what was measured, when, and on which machine. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

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
    ids = found[0].ids
    sending = [took.parts["sending"] for took in found if "sending" in took.parts]
    clock = [part.seconds for part in sending] or [took.spent.seconds for took in found]
    return Least(
        ids=ids,
        cancelled=min(took.cancelled for took in found),
        whole=min(took.spent.cpu for took in found) / ids * _MICRO,
        sending=min(part.cpu for part in sending) / ids * _MICRO if sending else None,
        seconds=min(clock),
        peak=min(took.spent.peak for took in found),
    )


def throughput_part(
    contenders: Iterable[Contender],
    found: Mapping[str, Sequence[Took]],
    *,
    circumstances: str,
    setting: str,
) -> str:
    """Return the part with all contenders; ``setting`` says how they were measured."""
    seen = {name: least(took) for name, took in found.items()}
    named = list(contenders)
    bare = best_bare(named, seen)
    rows = "\n".join(
        _row(one, seen[one.name], bare)
        if one.name in seen
        else f"| {one.words} | not measured: no {' or no '.join(one.needs)} | | | | | | | | | |"
        for one in named
    )
    words = f"""{setting} The ratios are to the better of the bare loops. The program goes with
        `--rate {RATE} --fixed-rate`, and its journal with FULL durability. "Sending" is the loop
        alone, from the first send to the last; the whole command has its start, its input and its
        reports in it. Ids a second are those of the loop where it is told apart, else of the
        command. The slow ones got fewer ids, so that their start weighs more. Both that use curl
        look at the HTTP status only, the others at the allocation's."""
    return f"{_PARTS[0]}\n\n{circumstances}\n\n{paragraph(words)}\n\n{_HEAD}\n{rows}"


def best_bare(contenders: Iterable[Contender], seen: Mapping[str, Least]) -> Least | None:
    """Return the bare loop that takes the least CPU for sending; ``None`` if none was measured."""
    bare = [seen[one.name] for one in contenders if one.is_bare and one.name in seen]
    return min(bare, key=lambda one: one.sending or one.whole, default=None)


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
    seen = {one.words: least(found[one.name]) for one in contenders if one.name in found}
    first = next(iter(seen.values()))
    rows = "\n".join(
        f"| {words} | {one.sending or 0:,.0f} | {_ratio(one.sending, first.sending)} |"
        f" {one.seconds:.2f} | {one.rate:,.0f} |"
        for words, one in seen.items()
    )
    words = f"""{setting} Sending alone, the program as a library. It has FULL only: the benchmark
        puts the other values into its own process, after which a power cut may lose what was sent.
        To write 4 KiB and bring them to the disk (`fdatasync`) takes {sync * 1000:.2f} ms here
        (median)."""
    return f"{_PARTS[2]}\n\n{circumstances}\n\n{paragraph(words)}\n\n{_DURABLE_HEAD}\n{rows}"


def _row(contender: Contender, seen: Least, bare: Least | None) -> str:
    complete = seen.cancelled == seen.ids
    ids = f"{seen.ids:,}" if complete else f"{seen.cancelled:,} of {seen.ids:,}"
    cells = [
        contender.words,
        ids,
        "" if seen.sending is None else f"{seen.sending:,.0f}",
        _ratio(seen.sending, bare.sending if bare else None),
        f"{seen.whole:,.0f}",
        _ratio(seen.whole, bare.whole if bare else None),
        f"{seen.rate:,.0f}",
        f"{seen.peak:,.0f}",
        *("yes" if does else "no" for does in _does(contender)),
    ]
    return f"| {' | '.join(cells)} |"


def _does(contender: Contender) -> tuple[bool, bool, bool]:
    return contender.durable, contender.resumable, contender.reconciled


def _ratio(one: float | None, other: float | None) -> str:
    return f"{one / other:.2f}" if one is not None and other else ""
