"""What one wire send gave: nothing sent, no answer, or an answer with a body of some shape."""

from __future__ import annotations

from enum import StrEnum
from typing import TypeAlias

import msgspec

from bulkcancel.model.allocation import AllocationView


class NotSentCause(StrEnum):
    """Why a request never left: the API can't have seen it."""

    DNS = "dns"
    REFUSED = "refused"
    UNREACHABLE = "unreachable"
    CONNECT_TIMEOUT = "connect_timeout"
    TLS = "tls"
    CERTIFICATE = "certificate"
    WITHDRAWN = "withdrawn"
    """The run stopped between the intent and the send."""


class NoAnswerCause(StrEnum):
    """Why no trustworthy answer came back after the request had left."""

    RESET = "reset"
    DISCONNECTED = "disconnected"
    TIMEOUT = "timeout"
    BAD_HTTP = "bad_http"
    TRUNCATED = "truncated"
    OVERSIZED = "oversized"
    CRASHED = "crashed"
    """An intent without an outcome: the process ended before it could note the answer."""
    ABANDONED = "abandoned"
    """The run was told to stop at once while the answer was still awaited."""


class NotSent(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """No header of the request was written to a connection."""

    cause: NotSentCause
    detail: str = ""


class NoAnswer(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """Headers were written, then no whole answer came. ``http_status`` is set if its head did."""

    cause: NoAnswerCause
    detail: str = ""
    http_status: int | None = None


class OneAllocation(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """A JSON object, or an array of exactly one, that has an ``allocationId`` or ``statusCode``."""

    view: AllocationView


class SeveralAllocations(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """A JSON array of none (``count`` 0), or of several elements.

    ``shown`` are those of its elements that are allocation objects, in their order; they are
    looked at only where several allocations were asked for.
    """

    count: int
    shown: tuple[AllocationView, ...] = ()


class ApiMessage(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """The API's own error shapes: a bare JSON string, or an object with a ``message``.

    ``text`` is cleaned (no control characters, no token, no e-mail address or telephone number)
    and cut to 200 characters; ``code`` is such as ``ALLOCATION-2005`` where one is given.
    """

    text: str
    code: str | None = None


class Foreign(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """A body of no shape that the API is known to use.

    ``kind`` is one of ``empty``, ``html``, ``json`` (valid JSON of another shape), ``text``
    (anything else) and ``encoded`` (compressed although identity was asked for).
    """

    kind: str


Body: TypeAlias = OneAllocation | SeveralAllocations | ApiMessage | Foreign


class Allowance(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """A rate that the API's headers allow, in requests per second, for so many ``seconds``."""

    rate: float
    seconds: float


class Answer(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """A whole answer. ``retry_after`` is seconds to wait, or ``None`` if absent or malformed."""

    http_status: int
    body: Body
    retry_after: float | None = None
    allowance: Allowance | None = None


Observation: TypeAlias = NotSent | NoAnswer | Answer
