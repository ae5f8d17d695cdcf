"""A fault: what shall go wrong, with which requests; and its text form for the command line."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from decimal import Decimal
from typing import Literal, TypeAlias, get_args

from bulkcancel.errors import RefusedError
from bulkcancel.simulator.kinds import KINDS, Family, FaultKind

FaultMethod: TypeAlias = Literal["PUT", "GET", "POST", "any"]

FAULT_FORM = "KIND[:ARGUMENT][=PROBABILITY|@ID[,ID…]][*TIMES][/METHOD][+FROM..TO]"

_ID = r"[0-9A-Za-z._~-]+"
_MOMENT = r"\d+(?:\.\d+)?s|\d+"
_SUFFIXES = {
    "=": r"=(?:\d+\.?\d*|\.\d+)(?:[eE]-?\d+)?",
    "@": rf"@{_ID}(?:,{_ID})*",
    "*": r"\*\d{1,9}",
    "/": r"/(?:PUT|GET|POST|any)",
    "+": rf"\+(?:{_MOMENT})?\.\.(?:{_MOMENT})?",
}
_SUFFIX = "|".join(_SUFFIXES.values())
_TEXT = re.compile(
    rf"""
    (?P<kind>[0-9a-zA-Z][0-9a-zA-Z._-]*)
    (?: : (?: "(?P<quoted>.*)" | (?P<argument>.*?) ) )?
    (?P<suffixes>(?:{_SUFFIX})*)
    """,
    re.VERBOSE | re.DOTALL | re.ASCII,
)
_METHODS: dict[str, FaultMethod] = {name: name for name in get_args(FaultMethod)}
_NEEDS_QUOTES = re.compile(r'["=@*/+]')


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """What shall go wrong, and with which requests. The first fault that fits a request wins.

    ``kind`` is one of `bulkcancel.simulator.KINDS`, ``arg`` its argument. ``ids`` narrows it to
    these allocations (empty: all), ``probability`` to that share of the requests; ``times`` is
    the most an allocation meets it (``None``: always). ``method`` is PUT (cancel), GET (read),
    POST (token and query, told apart by the ids ``token`` and ``query``) or ``any``, which is PUT
    and GET. ``after`` and ``until`` count the requests of that method since the faults were put
    in place, over all allocations: it strikes at number ``after`` + 1 and last at number
    ``until``. ``since`` and ``till`` are seconds from then on. A cancel of several ids is one
    request: it is drawn for once, ``ids`` may name any of them, and all of them have met it.

    Raises:
        RefusedError: an unknown kind, or a value that can't be.
    """

    kind: str
    arg: str | None = None
    probability: float = 1.0
    ids: frozenset[str] = frozenset()
    times: int | None = None
    method: FaultMethod = "PUT"
    after: int | None = None
    until: int | None = None
    since: float | None = None
    till: float | None = None

    def __post_init__(self) -> None:
        if self.kind not in KINDS:
            raise RefusedError(
                f"Fault {self.kind!r}: there is no such kind. The kinds are {', '.join(KINDS)}."
            )
        kind = KINDS[self.kind]
        if not kind.accepts(self.arg):
            given = "without one" if self.arg is None else f"not {self.arg!r}"
            raise RefusedError(f"Fault {self.kind}: it {kind.hint}, {given}.")
        for wrong, words in (
            (not 0 <= self.probability <= 1, "the probability lies between 0 and 1"),
            (self.times is not None and self.times < 1, "the times are 1 or more"),
            (self.method not in get_args(FaultMethod), "the method is PUT, GET, POST or any"),
            (
                self.method == "POST" and kind.family in {Family.SHAPE, Family.COURSE},
                "it speaks of an allocation, and a token request (POST) has none",
            ),
            (any(not _may_be(bound) for bound in self._bounds), "a window has no negative bound"),
            (
                not all(re.fullmatch(_ID, one) for one in self.ids),
                "an id has letters, digits and . _ ~ - only",
            ),
        ):
            if wrong:
                raise RefusedError(f"Fault {self.kind}: {words}.")

    @property
    def _bounds(self) -> tuple[float | None, ...]:
        return (self.after, self.until, self.since, self.till)

    @property
    def what(self) -> FaultKind:
        """The kind with its meaning."""
        return KINDS[self.kind]

    @property
    def base(self) -> str:
        """What it does, whether it takes effect or not."""
        return KINDS[self.kind].base

    @property
    def argument(self) -> str:
        """The argument, or the kind's default, or nothing."""
        return self.arg if self.arg is not None else KINDS[self.kind].default or ""

    @property
    def number(self) -> float:
        """The argument of a kind that takes seconds or a number."""
        return float(self.argument)

    def __str__(self) -> str:
        """Return the text form; `parse_fault` reads it back."""
        text = self.kind
        if self.arg is not None:
            quoted = _NEEDS_QUOTES.search(self.arg) is not None
            text += f':"{self.arg}"' if quoted else f":{self.arg}"
        if self.ids:
            text += f"@{','.join(sorted(self.ids))}"
        if self.probability < 1:
            text += f"={self.probability!r}"
        if self.times is not None:
            text += f"*{self.times}"
        if self.method != "PUT":
            text += f"/{self.method}"
        if any(bound is not None for bound in self._bounds):
            text += f"+{_moment(self.after, self.since)}..{_moment(self.until, self.till)}"
        return text


def parse_fault(text: str) -> Fault:
    """Return the fault that a text of the command line describes.

    The form is ``KIND[:ARGUMENT][=PROBABILITY|@ID[,ID…]][*TIMES][/METHOD][+FROM..TO]``; what
    follows the argument may stand in any order. Without a selector all cancels are meant:

    - ``500=0.05*1``: 5 % of the cancels, each allocation at most once
    - ``429:7=0.1``: with ``Retry-After: 7``; ``429:date+7``: with the HTTP date 7 s from now
    - ``hangup-after@62ff5c0bec0aed3c86202c32*1``: this allocation, once
    - ``hang/GET``: every read
    - ``503+10s..70s``: from second 10 to 70; ``401+100..200``: the requests 101 to 200
    - ``status:"A=1"``: an argument in quotes may hold any of ``= @ * / +``

    Raises:
        RefusedError: the text has another form, an unknown kind, or an impossible value.
    """
    found = _TEXT.fullmatch(text)
    if found is None:
        raise RefusedError(f"Fault {text!r} can't be read: give {FAULT_FORM}.")
    suffixes = re.findall(_SUFFIX, found["suffixes"], re.ASCII)
    part = {suffix[0]: suffix[1:] for suffix in suffixes}
    if len(part) < len(suffixes):
        raise RefusedError(
            f"Fault {text!r} says one thing twice; an argument that holds any of = @ * / + "
            'stands in quotes (status:"A=1").'
        )
    start, _, end = part.get("+", "..").partition("..")
    after, since = _split_moment(start)
    until, till = _split_moment(end)
    return Fault(
        kind=found["kind"],
        arg=found["quoted"] if found["quoted"] is not None else found["argument"],
        probability=float(part.get("=", 1)),
        ids=frozenset(part["@"].split(",")) if "@" in part else frozenset(),
        times=int(part["*"]) if "*" in part else None,
        method=_METHODS[part.get("/", "PUT")],
        after=after,
        until=until,
        since=since,
        till=till,
    )


def _may_be(bound: float | None) -> bool:
    return bound is None or (math.isfinite(bound) and bound >= 0)


def _split_moment(text: str) -> tuple[int | None, float | None]:
    if not text:
        return None, None
    return (None, float(text[:-1])) if text.endswith("s") else (int(text), None)


def _moment(count: int | None, seconds: float | None) -> str:
    if count is not None:
        return str(count)
    # By way of Decimal: a float's own text may have an exponent, which the form does not know.
    return "" if seconds is None else f"{Decimal(repr(seconds)):f}s"
