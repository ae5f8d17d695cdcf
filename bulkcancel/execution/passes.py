"""Read all that a query shows, page by page, again and again until two readings are alike."""

# What is read is what will be cancelled, and it may change while it is paged through. The API
# documents `updatedAt` as an order, so the newest change first is asked for: whatever changes then
# moves to the front, and pushes an allocation that was shown already onto the next page. So a pass
# that is shown anything twice knows that it was not shown something else, and is thrown away.
# Two passes in a row have to show the same. They cut the pages at different places, so that what
# an API loses at the edge of a page is another thing each time.

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from bulkcancel.client.query import Question
from bulkcancel.decision.wanted import LeftOut, Wanted
from bulkcancel.model.listing import Listed
from bulkcancel.report.cells import one_line
from bulkcancel.runner.asker import Asker, AskingStoppedError

MOST_PASSES = 4
NEWEST_CHANGE = "updatedAt"
"""The order that the API documents; it is asked for from its end, others from their beginning."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """How to read.

    ``page_size`` and ``max_scanned`` are numbers of allocations, the latter for one pass. The
    API is asked to filter by purchase order unless ``unfiltered``. ``sort_by`` names a field.
    """

    page_size: int = 100
    max_scanned: int = 100_000
    sort_by: str = NEWEST_CHANGE
    unfiltered: bool = False


@dataclass(slots=True, kw_only=True)
class Pass:
    """What one reading from the front to the end showed.

    ``of_order`` are the allocations of the purchase orders looked for, by id; the others are only
    counted, by why they are none. ``words`` is what the API said if there was nothing. A pass
    with a ``flaw``, a sentence fragment, is known to be incomplete.
    """

    of_order: dict[str, Listed] = field(default_factory=dict)
    others: Counter[LeftOut] = field(default_factory=Counter)
    seen: set[str] = field(default_factory=set)
    words: str = ""
    flaw: str = ""


class Passes:
    """Reads in passes until two in a row show the same. ``done`` counts the passes begun.

    ``on_seen`` is told after each page how many allocations the pass has shown so far.
    """

    def __init__(
        self,
        asker: Asker,
        wanted: Wanted,
        reading: Reading,
        *,
        on_seen: Callable[[int], None] | None = None,
    ) -> None:
        self._asker = asker
        self._wanted = wanted
        self._reading = reading
        self._on_seen = on_seen
        self._largest = reading.page_size
        self._whose: dict[str, tuple[str | None, str | None]] = {}
        self.done = 0

    async def agreed(self) -> Pass:
        """Return the second of two passes in a row that show the same.

        Raises:
            AskingStoppedError: There are no two such within four, the API contradicts itself, it
                shows more than may be looked at, or a query is not answered.
        """
        before: Pass | None = None
        last = ""
        for number in range(MOST_PASSES):
            if number > 1:
                await self._asker.rest(number)
            self.done += 1
            now = await self._read(self._size(number))
            if not now.flaw and before is not None and now.of_order == before.of_order:
                return now
            if now.flaw:
                last = now.flaw
            elif before is not None:
                last = _difference(before, now)
            before = None if now.flaw else now
        raise AskingStoppedError(
            f"no two of {MOST_PASSES} readings in a row are alike; {last}. Nothing is given out: "
            "try again at a quieter time, or with another --page-size or --sort-by"
        )

    def _size(self, number: int) -> int:
        """Return the size of the pages of a pass: every second one has other edges."""
        return self._largest if number % 2 == 0 else max(1, self._largest * 2 // 3)

    async def _read(self, size: int) -> Pass:
        """Read from the front to where nothing more comes.

        Where a page is short or empty, one allocation more is asked for: whether that was the
        end, a cap on the size of pages, or an offset that counts something else than allocations.
        """
        found, offset = Pass(), 0
        while True:
            page = await self._page(found, size, offset)
            self._take(found, page, offset)
            at_end = not page and (offset == 0 or size == 1)
            if found.flaw or at_end:
                return found
            first, offset = offset == 0, offset + len(page)
            if len(page) >= size:
                continue
            more = await self._page(found, 1, offset)
            if not more:
                return found
            if any(one.allocation_id in found.seen for one in more):
                found.flaw = _again(offset)
            elif not page:
                found.flaw = (
                    f"at offset {offset:,} the API showed none when asked for {size:,}, and one "
                    "when asked for one, as if the offset counted pages"
                )
            elif not first:
                found.flaw = f"at offset {offset:,} more came after a page that was not full"
            else:
                size = self._largest = len(page)
            if found.flaw:
                return found

    async def _page(self, found: Pass, size: int, offset: int) -> Sequence[Listed]:
        reading = self._reading
        listing = await self._asker.answer(
            Question(
                purchase_orders=() if reading.unfiltered else self._wanted.purchase_orders,
                limit=size,
                offset=offset,
                sort_by=reading.sort_by,
                descending=reading.sort_by == NEWEST_CHANGE,
            )
        )
        if offset == 0:
            found.words = listing.words
        return listing.allocations

    def _take(self, found: Pass, page: Sequence[Listed], offset: int) -> None:
        """Note a page; the pass has a flaw if anything in it was shown before."""
        again = 0
        for one in page:
            self._check(one)
            if one.allocation_id in found.seen:
                again += 1
                continue
            found.seen.add(one.allocation_id)
            other = self._wanted.of_another_order(one)
            if other is None:
                found.of_order[one.allocation_id] = one
            else:
                found.others[other] += 1
        if again:
            found.flaw = _again(offset)
            if again == len(page):
                found.flaw += ", and nothing new with them, as if it ignored the offset"
        if len(found.seen) > self._reading.max_scanned:
            raise AskingStoppedError(
                f"{len(found.seen):,} allocations were looked at, {len(found.of_order):,} of them "
                "of the purchase orders asked for, and there may be more. If the API does not "
                "filter by purchase order, --max-scanned permits to look at more"
            )
        if self._on_seen is not None:
            self._on_seen(len(found.seen))

    def _check(self, one: Listed) -> None:
        """Return if nothing else was said before of whose an allocation is, in any pass.

        Raises:
            AskingStoppedError: It is shown as another's than before.
        """
        allocation_id, mine = one.allocation_id, (one.po_number, one.vendor_id)
        if one.po_number in self._wanted.purchase_orders:
            before = self._whose.setdefault(allocation_id, mine)
        else:
            before = self._whose.get(allocation_id, mine)
        if before == mine:
            return
        raise AskingStoppedError(
            f"the API contradicts itself: it shows allocation {one_line(allocation_id)} once as "
            f"of {_whose(*before)}, and once as of {_whose(*mine)}. Nothing is given out"
        )


def _again(offset: int) -> str:
    return f"at offset {offset:,} the API showed allocations that it had shown before"


def _whose(po_number: str | None, vendor: str | None) -> str:
    order = "no purchase order" if po_number is None else f"purchase order {one_line(po_number)}"
    return f"{order}, {'no vendor' if vendor is None else f'vendor {one_line(vendor)}'}"


def _difference(before: Pass, now: Pass) -> str:
    came = len(now.of_order.keys() - before.of_order.keys())
    went = len(before.of_order.keys() - now.of_order.keys())
    changed = sum(
        now.of_order[one] != listed
        for one, listed in before.of_order.items()
        if one in now.of_order
    )
    return f"from the last but one to the last {came:,} came, {went:,} went and {changed:,} changed"
