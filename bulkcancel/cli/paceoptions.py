"""The options about pace and patience, and their defaults."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from bulkcancel.cli.optionkit import Decorated, Seconds, option, stacked

PACE_DEFAULTS = {
    "rate": 25.0,
    "concurrency": 16,
    "timeout": 30.0,
    "max_attempts": 4,
    "wait_initial": 0.5,
    "wait_max": 30.0,
    "verify_after": (5.0, 60.0),
    "max_time": 900.0,
    "outage_patience": 900.0,
    "drain": 30.0,
    "ids_per_request": 1,
}


def pace_options(*, defaults: bool) -> Callable[[Decorated], Decorated]:
    """Return the options about pace and patience; a resume has no defaults of its own."""

    def default(name: str) -> dict[str, Any]:
        if not defaults:
            return {"default": None}
        value = PACE_DEFAULTS[name]
        shown = ",".join(f"{part:g}" for part in value) if isinstance(value, tuple) else True
        return {"default": value, "show_default": shown}

    return stacked(
        [
            option(
                "--rate", type=float, metavar="N", help="Ceiling, requests/s.", **default("rate")
            ),
            option(
                "--fixed-rate",
                is_flag=True,
                help="Send at --rate, and learn no limit from refusals.",
                default=False if defaults else None,
            ),
            option(
                "--shared-rate",
                metavar="URL",
                help="A Redis, redis://host:6379/0: all processes of the account that name it "
                "share --rate; needs bulkcancel[shared-rate]."
                + ("" if defaults else " `off`: no longer."),
                default=None,
            ),
            option(
                "--shared-rate-user",
                metavar="NAME",
                help="Who asks that Redis, if it wants a name.",
                default=None,
            ),
            option(
                "--concurrency",
                type=int,
                metavar="N",
                help="Most requests in flight.",
                **default("concurrency"),
            ),
            option(
                "--ids-per-request",
                type=int,
                metavar="N",
                help="Allocations in one cancel, 1 to 50; more has its price: see the README.",
                **default("ids_per_request"),
            ),
            option(
                "--timeout",
                type=float,
                metavar="S",
                help="One send, whole, in seconds.",
                **default("timeout"),
            ),
            option(
                "--max-attempts",
                type=int,
                metavar="N",
                help="Sends for one allocation.",
                **default("max_attempts"),
            ),
            option(
                "--wait-initial",
                type=float,
                metavar="S",
                help="First wait before a retry, in seconds.",
                **default("wait_initial"),
            ),
            option(
                "--wait-max",
                type=float,
                metavar="S",
                help="Longest such wait, in seconds.",
                **default("wait_max"),
            ),
            option(
                "--verify-after",
                type=Seconds(),
                help="When to read back what is not proven, in seconds after the send.",
                **default("verify_after"),
            ),
            option(
                "--max-time",
                type=float,
                metavar="S",
                help="Most time for one allocation, read-backs included, in seconds.",
                **default("max_time"),
            ),
            option(
                "--outage-patience",
                type=float,
                metavar="S",
                help="How long a server may be down before the run stops, in seconds.",
                **default("outage_patience"),
            ),
            option(
                "--drain",
                type=float,
                metavar="S",
                help="How long a stop waits for what is in flight, in seconds.",
                **default("drain"),
            ),
            option(
                "--max-failures",
                metavar="N|N%",
                help="Stop when more allocations than that end badly.",
                default=None,
            ),
        ]
    )
