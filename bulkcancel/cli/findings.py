"""What `bulkcancel find` found and what it left out, in words."""

from __future__ import annotations

import shlex
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path

from bulkcancel.decision.wanted import (
    ANY,
    DOCUMENTED_STATUSES,
    OF_ANOTHER_ORDER,
    LeftOut,
    Reason,
    Wanted,
)
from bulkcancel.execution.find import Found
from bulkcancel.report.cells import one_line
from bulkcancel.report.words import counted

_MOST_VALUES = 5
_CANCELLED = frozenset({"CANCELLED", "PARTIALLY_CANCELLED"})


def found_lines(found: Found, output: Path | None) -> Iterator[str]:
    """Yield what was found and what was left out, as lines for a person."""
    wanted = found.wanted
    yield (
        f"Looked at  {counted(found.looked_at, 'allocation')}, in {found.passes} readings of which "
        f"the last two are alike ({counted(found.queries, 'query', 'queries')})"
    )
    if found.left_out:
        yield f"Left out   {', '.join(_left_out(found))}"
    yield f"Found      {_found(found)}"
    yield from (f"Note       {note}" for note in _notes(found))
    if found.allocations:
        file = "FILE" if output is None else shlex.quote(str(output))
        guards = [f"--expect-count {len(found.allocations)}"]
        guards += [f"--expect-po {shlex.quote(one)}" for one in wanted.purchase_orders]
        guards += [f"--expect-vendor {shlex.quote(one)}" for one in wanted.vendors]
        yield f"Next       bulkcancel run {file} {' '.join(guards)}"
    yield "No cancel was sent."


def _found(found: Found) -> str:
    if not found.allocations:
        return "none"
    statuses = Counter(one.status for one in found.allocations)
    by_status = ", ".join(
        f"{count:,} {one_line(status) if status else 'without a status'}"
        for status, count in statuses.most_common()
    )
    return f"{counted(len(found.allocations), 'allocation')}: {by_status}"


def _left_out(found: Found) -> Iterator[str]:
    """Yield how many were left out for each reason, with what they have instead."""
    for reason in Reason:
        counts = Counter({why: n for why, n in found.left_out.items() if why.reason is reason})
        if not counts:
            continue
        if reason is Reason.OTHER_STATUS:
            yield from (f"{n:,} {_status(why)}" for why, n in counts.most_common())
            continue
        values = [one_line(why.value) for why, _ in counts.most_common() if why.value is not None]
        shown = ", ".join(values[:_MOST_VALUES])
        more = ", ..." if len(values) > _MOST_VALUES else ""
        yield f"{counts.total():,} {reason}" + (f" ({shown}{more})" if shown else "")


def _status(why: LeftOut) -> str:
    already = "already " if why.value in _CANCELLED else ""
    return already + one_line(why.value or "")


def _notes(found: Found) -> Iterator[str]:
    """Yield what a person should know before the result is used."""
    wanted = found.wanted
    for status in wanted.statuses:
        if status != ANY and status not in DOCUMENTED_STATUSES:
            yield f"{one_line(status)} is no documented status."
    if found.looked_at == 0 and found.words:
        yield f"The API says: {found.words}"
    vendors = Counter(one.vendor_id for one in found.allocations)
    if len(vendors) > 1 and not wanted.vendors:
        of_each = [
            f"{count:,} of {'none' if vendor is None else one_line(vendor)}"
            for vendor, count in vendors.most_common(_MOST_VALUES)
        ]
        yield (
            f"They are of {len(vendors):,} vendors ({', '.join(of_each)}"
            f"{', ...' if len(vendors) > _MOST_VALUES else ''}): --vendor keeps to one."
        )
    missing = [one for one in wanted.purchase_orders if not found.by_order[one]]
    if missing:
        yield f"No allocation of {named_orders(wanted, missing)} was shown."
    if found.unfiltered:
        return
    if any(why.reason in OF_ANOTHER_ORDER for why in found.left_out):
        yield "The API does not keep to the filter by purchase order: it was applied here."
    elif missing:
        yield (
            "The API documents no filter by purchase order, so it may know none: --unfiltered "
            "looks at all allocations of the account."
        )


def named_orders(wanted: Wanted, some: Sequence[str] | None = None) -> str:
    """Return purchase orders for a sentence: all that are wanted, or ``some`` of them."""
    orders = wanted.purchase_orders if some is None else some
    noun = "purchase order" if len(orders) == 1 else "purchase orders"
    more = f" and {len(orders) - _MOST_VALUES} more" if len(orders) > _MOST_VALUES else ""
    return f"{noun} {', '.join(orders[:_MOST_VALUES])}{more}"
