"""Find the allocations of purchase orders by the API's query; sends no cancel."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass

from bulkcancel.client import Client, Secret, TokenSource, as_source
from bulkcancel.decision.wanted import LeftOut, Wanted
from bulkcancel.execution.passes import Pass, Passes, Reading
from bulkcancel.execution.settings import RunSettings
from bulkcancel.manifest import DEFAULT_ID_PATTERN
from bulkcancel.manifest.ids import Grammar
from bulkcancel.model.listing import Listed
from bulkcancel.report.cells import one_line
from bulkcancel.runner import Clock, TokenKeeper
from bulkcancel.runner.asker import Asker, AskingStoppedError


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """What was looked for and found.

    ``allocations`` are sorted by their ids. ``left_out`` counts the others that the API showed,
    by why they are none of them, and ``by_order`` what it showed of each purchase order, whatever
    vendor and status. ``looked_at`` is how many allocations one pass was shown, ``queries`` how
    many requests the ``passes`` took. ``words`` is what the API said if it showed nothing.
    """

    wanted: Wanted
    allocations: tuple[Listed, ...]
    left_out: Mapping[LeftOut, int]
    by_order: Mapping[str, int]
    looked_at: int
    queries: int
    passes: int
    unfiltered: bool = False
    words: str = ""


async def find(
    wanted: Wanted,
    settings: RunSettings,
    token: Secret | TokenSource,
    *,
    reading: Reading | None = None,
    id_pattern: str = DEFAULT_ID_PATTERN,
    on_seen: Callable[[int], None] | None = None,
) -> Found:
    """Return the allocations that are wanted, as two readings in a row showed them.

    Each is held against ``wanted`` here, whatever the API made of the filter. ``on_seen`` is told
    now and then how many allocations a reading has shown so far.

    Raises:
        RefusedError: What is wanted, a setting or the token's source can't be so.
        BulkcancelError: Nothing is given out; its ``exit_code`` says why: 5 where the API's
            answers are no ground for a cancel, 6 where it refuses the token.
    """
    wanted, reading = wanted.checked(), reading or Reading()
    grammar = Grammar(id_pattern)
    async with _asking(settings, token) as asker:
        passes = Passes(asker, wanted, reading, on_seen=on_seen)
        agreed = await passes.agreed()
    chosen, left_out = _sorted_out(agreed, wanted)
    _check_ids(chosen, grammar)
    shown = Counter(one.po_number for one in agreed.of_order.values())
    return Found(
        wanted=wanted,
        allocations=chosen,
        left_out=left_out,
        by_order={po_number: shown[po_number] for po_number in wanted.purchase_orders},
        looked_at=len(agreed.seen),
        queries=asker.sent,
        passes=passes.done,
        unfiltered=reading.unfiltered,
        words=agreed.words,
    )


@asynccontextmanager
async def _asking(settings: RunSettings, token: Secret | TokenSource) -> AsyncIterator[Asker]:
    options, source = settings.client(), as_source(token)
    async with source.opened(options), Client(settings.target, None, options) as client:
        clock, pool = Clock(), settings.pool()
        keeper = TokenKeeper(
            source, use=client.use_token, options=pool, clock=clock, chance=random.random
        )
        yield Asker(client.query, keeper, options=pool, chance=random.random, clock=clock)


def _sorted_out(agreed: Pass, wanted: Wanted) -> tuple[tuple[Listed, ...], Counter[LeftOut]]:
    chosen: list[Listed] = []
    left_out = Counter(agreed.others)
    for one in agreed.of_order.values():
        why = wanted.left_out(one)
        if why is None:
            chosen.append(one)
        else:
            left_out[why] += 1
    return tuple(sorted(chosen, key=lambda one: one.allocation_id)), left_out


def _check_ids(chosen: tuple[Listed, ...], grammar: Grammar) -> None:
    """Return if a run would take every id as it stands.

    Raises:
        AskingStoppedError: One is none, or two differ only in case.
    """
    folded: dict[str, str] = {}
    for one in chosen:
        allocation_id = one.allocation_id
        if grammar.accept(allocation_id) != allocation_id:
            raise AskingStoppedError(
                f"the API shows an allocation whose id {one_line(allocation_id)!r} "
                f"{grammar.fault(allocation_id)}; --id-pattern says what an id looks like. "
                "Nothing is given out"
            )
        other = folded.setdefault(allocation_id.casefold(), allocation_id)
        if other != allocation_id:
            raise AskingStoppedError(
                f"the API shows two allocations whose ids differ only in case, {other} and "
                f"{allocation_id}. Nothing is given out"
            )
