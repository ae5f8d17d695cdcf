"""What a simulator is asked to be."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from ipaddress import ip_address
from pathlib import Path
from typing import Literal, TypeAlias, get_args

from bulkcancel.errors import RefusedError
from bulkcancel.simulator.faults import Fault
from bulkcancel.simulator.headers import Advertise
from bulkcancel.simulator.limits import build_limit

Already: TypeAlias = Literal["ok", "400", "409", "500"]
Shipped: TypeAlias = Literal["ok", "400", "409"]
Several: TypeAlias = Literal[
    "each",
    "all-or-nothing",
    "partial-list",
    "error-after-some",
    "500-after-some",
    "shuffled",
    "stale",
    "first-only",
    "refused",
    "repeated",
]
SeveralOver: TypeAlias = Literal["400", "414"]
QueryFilters: TypeAlias = Literal["honoured", "ignored", "loose"]
QueryOffset: TypeAlias = Literal["counted", "ignored", "pages", "rounded"]

_MAX_PORT = 65535
_MAX_STOCK = 1_000_000
_HEADER_VALUE = re.compile(r"[^\x00-\x1f\x7f]+")


@dataclass(frozen=True, slots=True, kw_only=True)
class SimulatorOptions:
    """What a simulator is asked to be; all times are seconds.

    - ``host``: a loopback address; ``port`` 0 takes any free one.
    - ``token``: the bearer token accepted (``None``: any). Those issued by ``POST /v1/token`` for
      ``client_id`` and ``client_secret`` are accepted too, for ``token_lifetime``.
    - ``account``: what ``x-site-context`` must name; that header is always required.
    - ``latency``: from a request's arrival to its answer, with up to ``latency_jitter`` on top
      (decided by the seed). ``effect_delay``: from its arrival to its effect.
    - ``rate`` with ``burst`` is nginx's limiter, ``window`` = (requests, seconds) a fixed window.
      ``retry_after`` is sent with their 429s (``date+7``: as an HTTP date); without it a window
      tells the seconds to its end, and with ``none`` it tells nothing. ``advertise`` adds
      headers that tell the limit.
    - ``faults``: the first that fits a request wins.
    - ``states``: status by allocation id, or ``missing``. With ``conventions`` an id that ends
      in ``40f4`` is missing and one that ends in ``5e1d`` is SHIPPED.
    - ``already``, ``shipped``: what a cancel of a CANCELLED allocation answers, and of one in a
      status that can't be cancelled; ``ok`` is 200 with the allocation as it is.
    - ``several``: what a cancel of several ids does (`SEVERAL` has the modes); ``several_most``:
      the most ids it takes, and ``several_over`` what it answers to more. An address of more
      than 8,190 bytes never gets that far: the HTTP server answers 400, and no ledger knows it.
    - ``po_number``, ``vendor_id``: the same for all allocations; else made up from id and seed.
      ``owners``: another (purchase order, vendor) by allocation id.
    - ``stock``: so many allocations are there for a query before any is named.
      ``query_filters``: whether it heeds them; ``loose`` is by the beginning of a text, whatever
      its case. ``query_offset``: whether the offset counts allocations, nothing, or pages, or
      is rounded down to whole pages. ``query_cap``: the most in one answer. ``query_moves``: so
      many times somebody updates the last allocation found, once after each answer.
    - ``read_available``: without it a read answers 405.
    - ``clock_skew``: how far the server's clock, and so its Date, is ahead of the true one.
    - ``ledger_path``: where each request is written as a line of JSON when it happens.
    - ``shutdown_after``: when `serve` and `SimulatorThread` end by themselves.

    Raises:
        RefusedError: a value that can't be, or a host that others could reach.
    """

    host: str = "127.0.0.1"
    port: int = 0
    token: str | None = field(default="simulator-token", repr=False)
    client_id: str = "simulator-client"
    client_secret: str = field(default="simulator-secret", repr=False)
    token_lifetime: float = 600.0
    account: str | None = None
    latency: float = 0.0
    latency_jitter: float = 0.0
    effect_delay: float = 0.0
    rate: float | None = None
    burst: int = 5
    window: tuple[int, float] | None = None
    retry_after: str | None = None
    advertise: Advertise | None = None
    faults: tuple[Fault, ...] = ()
    states: Mapping[str, str] = field(default_factory=dict)
    conventions: bool = True
    already: Already = "ok"
    shipped: Shipped = "400"
    several: Several = "each"
    several_most: int | None = None
    several_over: SeveralOver = "414"
    po_number: str | None = None
    vendor_id: str | None = None
    owners: Mapping[str, tuple[str, str]] = field(default_factory=dict)
    stock: int = 0
    query_filters: QueryFilters = "honoured"
    query_offset: QueryOffset = "counted"
    query_cap: int | None = None
    query_moves: int = 0
    read_available: bool = True
    clock_skew: float = 0.0
    seed: int = 0
    ledger_path: Path | None = None
    shutdown_after: float | None = None

    def __post_init__(self) -> None:
        build_limit(rate=self.rate, burst=self.burst, window=self.window)
        for wrong, words in (
            (
                not _is_loopback(self.host),
                f"--host {self.host}: it serves this machine only, give 127.0.0.1 or ::1",
            ),
            (not 0 <= self.port <= _MAX_PORT, f"--port {self.port}: it lies within 0 and 65535"),
            (
                not all(map(_is_time, (self.latency, self.latency_jitter, self.effect_delay))),
                "latency, jitter and effect delay are 0 seconds or more",
            ),
            (
                not (math.isfinite(self.token_lifetime) and self.token_lifetime >= 1),
                "a token lives 1 second or more",
            ),
            (not math.isfinite(self.clock_skew), "the clock's skew is a number of seconds"),
            (
                self.shutdown_after is not None and not _is_time(self.shutdown_after),
                "it stops after 0 seconds or more",
            ),
            (self.already not in get_args(Already), "`already` is ok, 400, 409 or 500"),
            (self.shipped not in get_args(Shipped), "`shipped` is ok, 400 or 409"),
            (
                self.several not in get_args(Several),
                f"several ids are taken as one of {', '.join(get_args(Several))}",
            ),
            (
                self.several_most is not None and self.several_most < 1,
                "a cancel takes 1 id or more",
            ),
            (
                self.several_over not in get_args(SeveralOver),
                "too many ids are answered 400 or 414",
            ),
            (not 0 <= self.stock <= _MAX_STOCK, "a stock has 0 to 1,000,000 allocations"),
            (
                self.query_filters not in get_args(QueryFilters),
                "filters of a query are honoured, ignored or loose",
            ),
            (
                self.query_offset not in get_args(QueryOffset),
                "the offset of a query is counted, ignored, pages or rounded",
            ),
            (
                self.query_cap is not None and self.query_cap < 1,
                "a query answers with 1 allocation or more",
            ),
            (self.query_moves < 0, "what moves, moves 0 times or more"),
            (
                self.retry_after is not None and not _HEADER_VALUE.fullmatch(self.retry_after),
                "a Retry-After has no control characters and is not empty",
            ),
            (
                self.advertise is not None and self.rate is None and self.window is None,
                "there is no limit to advertise: give a rate or a window",
            ),
        ):
            if wrong:
                raise RefusedError(f"The simulator can't be so: {words}.")


def _is_loopback(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        # A name may mean any address, and `localhost` two of them with two ports.
        return False


def _is_time(seconds: float) -> bool:
    return math.isfinite(seconds) and seconds >= 0
