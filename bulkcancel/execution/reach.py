"""Reach the API as the settings say, with a token from wherever it comes, at a shared rate."""

from __future__ import annotations

import random
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager

from structlog.typing import FilteringBoundLogger

from bulkcancel.client import Client, Secret, TokenSource, as_source
from bulkcancel.execution.settings import RunSettings
from bulkcancel.runner import Access, Clock, SharedPace, TokenKeeper


@asynccontextmanager
async def reach(
    settings: RunSettings,
    token: Secret | TokenSource,
    *,
    shared_password: Secret | None = None,
    log: FilteringBoundLogger | None = None,
) -> AsyncIterator[Access]:
    """Give access to the API for as long as the block lasts; the first token is not fetched yet.

    ``shared_password`` is for the Redis of a shared rate, which is not asked yet either.

    Raises:
        RefusedError: The target, the source of the token, the CA file or the shared rate can't be
            used.
    """
    options, source = settings.client(), as_source(token)
    async with AsyncExitStack() as stack:
        await stack.enter_async_context(source.opened(options))
        client = await stack.enter_async_context(Client(settings.target, None, options))
        keeper = TokenKeeper(
            source,
            use=client.use_token,
            options=settings.pool(),
            clock=Clock(),
            # Jitter needs spreading, not secrecy.
            chance=random.random,
            log=log,
        )
        shared: SharedPace | None = None
        if (rate := settings.shared(shared_password)) is not None:
            schedule = await stack.enter_async_context(rate.opened(settings.target))
            shared = SharedPace(
                schedule, options=settings.pool(), clock=Clock(), chance=random.random, log=log
            )
        yield Access(client, keeper, shared)
