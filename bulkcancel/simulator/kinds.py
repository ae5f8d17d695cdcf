"""The kinds of faults: their names, what each does, and the argument each takes."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from enum import Enum, auto
from types import MappingProxyType


class Family(Enum):
    """Where in the course of an answer a fault bites."""

    REFUSAL = auto()
    """Another HTTP status with a body of its own."""
    SHAPE = auto()
    """A 200 whose allocation objects are not as they should be."""
    BODY = auto()
    """A whole HTTP answer with a body that is no allocation at all."""
    WIRE = auto()
    """The bytes on the connection, or their absence."""
    COURSE = auto()
    """What happens to the allocation, and when; the answer is the ordinary one."""


class Argument(Enum):
    """What a kind takes after its colon; the value is a pattern that the whole text must match."""

    NONE = r"(?!)"
    SECONDS = r"\d{1,6}(?:\.\d{1,6})?"
    NUMBER = r"[1-9]\d{0,9}"
    RETRY_AFTER = r"[^\x00-\x1f\x7f]{1,200}"
    STATUS_CODE = r"[45]\d\d"
    STATUS_NAME = r"(?s:.){1,200}"
    REDIRECT = r"30[12378](?:,[^\x00-\x20\x7f]{1,1000})?"
    ALREADY = r"ok|400|409|500"


_HINTS: Mapping[Argument, str] = {
    Argument.NONE: "takes no argument",
    Argument.SECONDS: "takes seconds, such as 40 or 0.5",
    Argument.NUMBER: "takes a whole number from 1 on",
    Argument.RETRY_AFTER: "takes the value of Retry-After, such as 7, or date+7 for an HTTP date",
    Argument.STATUS_CODE: "takes an HTTP status, such as 409",
    Argument.STATUS_NAME: "takes the statusCode to show, such as PENDING_PICK",
    Argument.REDIRECT: "takes 301, 302, 303, 307 or 308, then perhaps a comma and an address",
    Argument.ALREADY: "takes ok, 400, 409 or 500",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class FaultKind:
    """One kind of fault.

    ``base`` is what it does, ``applied`` whether the cancel takes effect all the same. Kinds that
    could do either come as ``BASE-applied`` and ``BASE-unapplied`` too. ``default`` is the
    argument where none is given; without a default the argument is required, unless it is
    ``optional``.
    """

    name: str
    base: str
    family: Family
    applied: bool
    summary: str
    argument: Argument = Argument.NONE
    default: str | None = None
    optional: bool = False

    def accepts(self, text: str | None) -> bool:
        """Return whether the text may stand as this kind's argument (``None``: none given)."""
        if text is None:
            return self.argument is Argument.NONE or self.default is not None or self.optional
        return re.fullmatch(self.argument.value, text) is not None

    @property
    def hint(self) -> str:
        """What the kind takes, in words."""
        return _HINTS[self.argument]


def _plain(code: int, words: str) -> FaultKind:
    name = str(code)
    return FaultKind(
        name=name, base=name, family=Family.REFUSAL, applied=False, summary=f"{code} {words}"
    )


def _kind(
    name: str,
    family: Family,
    summary: str,
    *,
    applied: bool,
    argument: Argument = Argument.NONE,
    default: str | None = None,
    optional: bool = False,
) -> FaultKind:
    return FaultKind(
        name=name,
        base=name,
        family=family,
        applied=applied,
        summary=summary,
        argument=argument,
        default=default,
        optional=optional,
    )


_MESSAGE = "with {message}"

_REFUSALS = (
    _kind(
        "429",
        Family.REFUSAL,
        "429 {message}; the argument is its Retry-After",
        applied=False,
        argument=Argument.RETRY_AFTER,
        optional=True,
    ),
    _kind(
        "503",
        Family.REFUSAL,
        "503 {message}; the argument is its Retry-After",
        applied=False,
        argument=Argument.RETRY_AFTER,
        optional=True,
    ),
    *(_plain(code, _MESSAGE) for code in (400, 401, 403, 405, 408, 409, 412, 421, 422, 425)),
    *(_plain(code, _MESSAGE) for code in (500, 501, 502, 504, 520)),
    _plain(404, "with the API's bare string: unknown id"),
    _plain(410, "with the API's bare string: unknown id"),
    _kind(
        "4006",
        Family.REFUSAL,
        "409 (or the argument) with SERVICE-4006: modified by another request",
        applied=False,
        argument=Argument.STATUS_CODE,
        default="409",
    ),
    _kind(
        "403-token",
        Family.REFUSAL,
        "403 whose message holds the caller's token",
        applied=False,
    ),
    _kind(
        "pii-message",
        Family.REFUSAL,
        "400 whose message holds personal data, control characters and a formula",
        applied=False,
    ),
    _kind(
        "redirect",
        Family.REFUSAL,
        "a redirect: STATUS or STATUS,ADDRESS (without one: back to this server)",
        applied=False,
        argument=Argument.REDIRECT,
        default="302",
    ),
    _kind("html-404", Family.REFUSAL, "404 as a proxy's HTML page", applied=False),
    _kind("empty-404", Family.REFUSAL, "404 without a body", applied=False),
    _kind("html-502", Family.REFUSAL, "502 as a proxy's HTML page", applied=False),
)

_SHAPES = (
    _kind("other-id", Family.SHAPE, "200 with another allocation's object", applied=True),
    _kind("several", Family.SHAPE, "200 with two objects", applied=True),
    _kind("empty-array", Family.SHAPE, "200 with an empty array", applied=True),
    _kind("bare-object", Family.SHAPE, "200 with the object outside an array", applied=True),
    _kind("no-version", Family.SHAPE, "200 without a version", applied=True),
    _kind("no-status", Family.SHAPE, "200 without a statusCode", applied=True),
    _kind("version-string", Family.SHAPE, "200 with the version as a string", applied=True),
    _kind("version-huge", Family.SHAPE, "200 with the version 1e400", applied=True),
    _kind("version-nan", Family.SHAPE, "200 with the version NaN", applied=True),
    _kind(
        "deep-json",
        Family.SHAPE,
        "200 with arrays nested so deep",
        applied=True,
        argument=Argument.NUMBER,
        default="100000",
    ),
    _kind(
        "status",
        Family.SHAPE,
        "200 that shows the status given; the allocation stays as it is",
        applied=False,
        argument=Argument.STATUS_NAME,
    ),
    _kind("stale", Family.SHAPE, "200 that shows status and version before", applied=True),
)

_BODIES = (
    _kind("html", Family.BODY, "200 as an HTML page", applied=False),
    _kind("empty-200", Family.BODY, "200 without a body", applied=True),
    _kind("garbage", Family.BODY, "200 with invalid JSON", applied=True),
    _kind(
        "gzip-bomb",
        Family.BODY,
        "200 compressed unasked, so many bytes when unpacked",
        applied=True,
        argument=Argument.NUMBER,
        default="100000000",
    ),
    _kind(
        "big-header",
        Family.BODY,
        "the ordinary answer with a header of so many bytes",
        applied=True,
        argument=Argument.NUMBER,
        default="20000",
    ),
)

_WIRES = (
    _kind("hangup", Family.WIRE, "the connection is closed, no answer", applied=False),
    _kind("reset", Family.WIRE, "the connection is reset (RST), no answer", applied=False),
    _kind(
        "hang",
        Family.WIRE,
        "no answer; the connection is closed after so many seconds",
        applied=False,
        argument=Argument.SECONDS,
        default="120",
    ),
    _kind(
        "drop-idle",
        Family.WIRE,
        "a proper answer; the connection is closed so many seconds later without a word",
        applied=True,
        argument=Argument.SECONDS,
        default="0",
    ),
    _kind(
        "reset-idle",
        Family.WIRE,
        "a proper answer; the connection is reset (RST) so many seconds later",
        applied=True,
        argument=Argument.SECONDS,
        default="0.02",
    ),
    _kind(
        "drip",
        Family.WIRE,
        "the body comes byte by byte, so many a second",
        applied=True,
        argument=Argument.NUMBER,
        default="1",
    ),
    _kind("truncated", Family.WIRE, "half of the body announced", applied=True),
    _kind(
        "oversized",
        Family.WIRE,
        "a body of so many bytes, streamed",
        applied=True,
        argument=Argument.NUMBER,
        default="100000000",
    ),
    _kind("bad-status-line", Family.WIRE, "an answer whose first line is garbage", applied=True),
    _kind("http-0.9", Family.WIRE, "a body without status line and headers", applied=True),
)

_COURSES = (
    _kind(
        "late",
        Family.COURSE,
        "effect and answer come only after so many seconds",
        applied=True,
        argument=Argument.SECONDS,
    ),
    _kind(
        "stale-delayed",
        Family.COURSE,
        "200 that shows the state before; the effect comes after so many seconds",
        applied=False,
        argument=Argument.SECONDS,
    ),
    _kind("partial", Family.COURSE, "it becomes PARTIALLY_CANCELLED", applied=True),
    _kind(
        "becomes",
        Family.COURSE,
        "somebody else gives it the status given just before; it is not cancelled",
        applied=False,
        argument=Argument.STATUS_NAME,
    ),
    _kind(
        "rival",
        Family.COURSE,
        "somebody else cancels it just before; answered as an already cancelled one",
        applied=True,
        argument=Argument.ALREADY,
        optional=True,
    ),
    _kind(
        "revoke",
        Family.COURSE,
        "401, and the caller's token is refused from now on",
        applied=False,
    ),
)


def _with_variants() -> dict[str, FaultKind]:
    kinds = {kind.name: kind for kind in (*_REFUSALS, *_SHAPES, *_BODIES, *_WIRES, *_COURSES)}
    for kind in tuple(kinds.values()):
        if kind.family is Family.COURSE or kind.base == "stale":
            continue
        ending = "unapplied" if kind.applied else "applied"
        # Not in the summary's words twice: the variant differs in one thing only.
        variant = replace(kind, name=f"{kind.base}-{ending}", applied=not kind.applied)
        kinds[variant.name] = variant
    for base in ("hangup", "reset"):
        kinds[f"{base}-before"] = replace(kinds[base], name=f"{base}-before")
        kinds[f"{base}-after"] = replace(kinds[f"{base}-applied"], name=f"{base}-after")
    return kinds


KINDS: Mapping[str, FaultKind] = MappingProxyType(_with_variants())
"""Every kind by its name."""


def describe_kinds() -> str:
    """Return one line for each kind: its name, its argument, what it does, whether it applies.

    Variants that differ only in whether the cancel takes effect stand in one line with it.
    """
    lines = []
    for kind in (*_REFUSALS, *_SHAPES, *_BODIES, *_WIRES, *_COURSES):
        names = [name for name, other in KINDS.items() if other.base == kind.base]
        effect = "takes effect" if kind.applied else "no effect"
        taken = "" if kind.argument is Argument.NONE else f"; {kind.hint}"
        lines.append(f"{', '.join(names)}: {kind.summary} ({effect}{taken})")
    return "\n".join(lines)
