"""The settings of a run, as they are kept in its journal and shown in its summary."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Any

import msgspec

from bulkcancel.breaker import BreakerOptions, FailureLimit, parse_failure_limit
from bulkcancel.client import ClientOptions, Secret
from bulkcancel.client.several import MOST_IDS
from bulkcancel.decision import CANCELLABLE, Guard, Policy, Shard, parse_shard
from bulkcancel.errors import RefusedError
from bulkcancel.execution.deadline import seconds_until
from bulkcancel.model import Target
from bulkcancel.pacing import PacerOptions
from bulkcancel.runner import PoolOptions
from bulkcancel.shared import SharedRate, shared_address


@dataclass(frozen=True, slots=True, kw_only=True)
class RunSettings:
    """All that decides how a run goes, but for the input and the token.

    ``rate`` is in requests per second, ``timeout`` (one send, whole) and the waits in seconds.
    With ``fixed_rate`` the rate is that one; else it is the most, and the API's limit is learned.
    An input of more than ``xlsx_rows`` rows is not written into the workbook, its breaks are.
    At most ``limit`` allocations are begun, the first ``canary`` of them alone; ``deadline`` is a
    time of day or a duration. An allocation is sent only if it belongs to one of ``expect_po``
    and ``expect_vendor``, where these are given, and has one of the ``cancellable`` statuses,
    where it is read first. With ``shard`` (``I/N``) the run is for that share of the input only.
    With ``shared_rate``, the address of a Redis, ``rate`` is the most for
    all processes together that name the same one for the same target; ``shared_rate_user`` is who
    asks there.
    One cancel holds up to ``ids_per_request`` of the allocations that were never sent.
    """

    target: Target
    rate: float = 25.0
    fixed_rate: bool = False
    concurrency: int = 16
    timeout: float = 30.0
    max_attempts: int = 4
    wait_initial: float = 0.5
    wait_max: float = 30.0
    verify_after: tuple[float, ...] = (5.0, 60.0)
    allow_http: bool = False
    ca_file: str | None = None
    skip_invalid: bool = False
    max_time: float = 900.0
    outage_patience: float = 900.0
    drain: float = 30.0
    max_failures: str | None = None
    precheck: bool = False
    xlsx_rows: int = 100_000
    limit: int | None = None
    canary: int | None = None
    deadline: str | None = None
    expect_po: tuple[str, ...] = ()
    expect_vendor: tuple[str, ...] = ()
    cancellable: tuple[str, ...] = tuple(sorted(CANCELLABLE))
    shared_rate: str | None = None
    shared_rate_user: str | None = None
    shard: str | None = None
    ids_per_request: int = 1

    @property
    def share(self) -> Shard | None:
        """Return the share of the input that the run is for, ``None`` for all of it.

        Raises:
            RefusedError: ``shard`` is none.
        """
        return None if self.shard is None else parse_shard(self.shard)

    @property
    def looks_first(self) -> bool:
        """Say whether each allocation is read before it is sent."""
        return self.precheck or self.guard.asks_whose

    @property
    def guard(self) -> Guard:
        """Return which allocations may be sent, of those that were read first."""
        return Guard(
            purchase_orders=frozenset(self.expect_po),
            vendors=frozenset(self.expect_vendor),
            cancellable=frozenset(self.cancellable),
        )

    def checked(self) -> RunSettings:
        """Return the settings if each lies within its bounds.

        Raises:
            RefusedError: One does not; its option is named.
        """
        for name, value, least, most in (
            ("--rate", self.rate, 0.01, 100_000),
            ("--concurrency", self.concurrency, 1, 10_000),
            ("--timeout", self.timeout, 0.05, 3600),
            ("--max-attempts", self.max_attempts, 1, 100),
            ("--wait-initial", self.wait_initial, 0, 3600),
            ("--wait-max", self.wait_max, 0, 3600),
            ("--max-time", self.max_time, 0, 86_400),
            ("--outage-patience", self.outage_patience, 0, 86_400),
            ("--drain", self.drain, 0, 3600),
            ("--ids-per-request", self.ids_per_request, 1, MOST_IDS),
            ("--xlsx-rows", self.xlsx_rows, 0, 1_048_575),
        ):
            if not least <= value <= most:
                raise RefusedError(
                    f"{name} is {value:g}: it must lie between {least:g} and {most:g}."
                )
        steps = self.verify_after
        if not steps or any(step < 0 for step in steps) or list(steps) != sorted(steps):
            raise RefusedError(
                "--verify-after takes one or more rising numbers of seconds, such as 5,60."
            )
        for name, number in (("--limit", self.limit), ("--canary", self.canary)):
            if number is not None and number < 1:
                raise RefusedError(f"{name} is {number}: it must be 1 or more.")
        if self.deadline is not None:
            seconds_until(self.deadline, datetime.now().astimezone())
        for name, texts in (
            ("--expect-po", self.expect_po),
            ("--expect-vendor", self.expect_vendor),
            ("--cancellable", self.cancellable),
        ):
            if any(not text or text != text.strip() for text in texts):
                raise RefusedError(f"{name} takes a text that is not empty, without spaces around.")
        if not self.cancellable:
            raise RefusedError("--cancellable takes one status or more, such as ALLOCATED.")
        if self.max_failures is not None:
            parse_failure_limit(self.max_failures)
        if self.shared_rate is not None:
            shared_address(self.shared_rate)
        elif self.shared_rate_user is not None:
            raise RefusedError("--shared-rate-user is given without --shared-rate, the address.")
        # Written in one way: the digest of a plan must not depend on a zero in front.
        return self if self.share is None else replace(self, shard=str(self.share))

    def aimed_at(self, target: Target) -> RunSettings:
        """Return the settings with another target."""
        return replace(self, target=target)

    def at_rate(self, rate: float) -> RunSettings:
        """Return the settings with another ceiling, in requests per second."""
        return replace(self, rate=rate)

    def client(self) -> ClientOptions:
        """Return the client's part."""
        return ClientOptions(
            timeout=self.timeout,
            allow_http=self.allow_http,
            ca_file=Path(self.ca_file) if self.ca_file else None,
            connections=self.concurrency,
        )

    def shared(self, password: Secret | None) -> SharedRate | None:
        """Return the rate to share, which a password may guard; ``None`` if none is shared."""
        if self.shared_rate is None:
            return None
        return SharedRate(
            url=self.shared_rate,
            user=self.shared_rate_user,
            password=password,
            ca_file=Path(self.ca_file) if self.ca_file else None,
            allow_http=self.allow_http,
        )

    def pool(self, known: float | None = None) -> PoolOptions:
        """Return the runner's part; ``known`` is a rate limit learned before, in requests/s."""
        return PoolOptions(
            concurrency=self.concurrency,
            policy=Policy(
                max_attempts=self.max_attempts,
                wait_initial=self.wait_initial,
                wait_max=self.wait_max,
                verify_after=self.verify_after,
                max_time=self.max_time,
                guard=self.guard,
            ),
            pacer=PacerOptions(rate=self.rate, fixed=self.fixed_rate, known=known),
            breaker=BreakerOptions(patience=self.outage_patience),
            max_failures=(
                parse_failure_limit(self.max_failures) if self.max_failures else FailureLimit()
            ),
            drain=self.drain,
            precheck=self.looks_first,
            ids_per_request=self.ids_per_request,
        )

    def as_json(self) -> dict[str, Any]:
        """Return the settings as plain JSON values."""
        plain: dict[str, Any] = msgspec.to_builtins(self)
        return plain

    def options_json(self) -> dict[str, Any]:
        """Return what the summary shows under ``options``: all but the target."""
        plain = self.as_json()
        del plain["target"]
        return plain


def settings_from_json(plain: Any) -> RunSettings:
    """Return the settings kept in a journal."""
    return msgspec.convert(plain, RunSettings)
