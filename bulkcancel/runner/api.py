"""What the pool needs of a client."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from bulkcancel.client import Exchange
from bulkcancel.runner.tokens import TokenKeeper


class Api(Protocol):
    """Sends once and says what came back; never raises for what the other side does."""

    tokens: TokenKeeper
    """The keeper of the token that the calls carry."""

    async def cancel(self, allocation_id: str) -> Exchange:
        """Send one cancel."""

    async def cancel_several(self, allocation_ids: Sequence[str]) -> Exchange:
        """Send one cancel of several."""

    async def read(self, allocation_id: str) -> Exchange:
        """Send one read."""
