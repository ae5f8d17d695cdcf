"""Reach the API as the settings say, with a token from wherever it comes."""

from __future__ import annotations

import random
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from structlog.typing import FilteringBoundLogger

from bulkcancel.client import Client, Secret, TokenSource, as_source
from bulkcancel.execution.settings import RunSettings
from bulkcancel.runner import Access, Clock, TokenKeeper


@asynccontextmanager
async def reach(
    settings: RunSettings,
    token: Secret | TokenSource,
    *,
    log: FilteringBoundLogger | None = None,
) -> AsyncIterator[Access]:
    """Give access to the API for as long as the block lasts; the first token is not fetched yet.

    Raises:
        RefusedError: The target, the source of the token or the CA file can't be used.
    """
    options, source = settings.client(), as_source(token)
    async with source.opened(options), Client(settings.target, None, options) as client:
        keeper = TokenKeeper(
            source,
            use=client.use_token,
            options=settings.pool(),
            clock=Clock(),
            # Jitter needs spreading, not secrecy.
            chance=random.random,
            log=log,
        )
        yield Access(client, keeper)
