"""The API with a token in hand: what the workers send through."""

from __future__ import annotations

from bulkcancel.client import Client, Exchange
from bulkcancel.runner.tokens import TokenKeeper


class Access:
    """A client and the keeper of its token. Whoever sends asks ``tokens.ready()`` first."""

    def __init__(self, client: Client, tokens: TokenKeeper) -> None:
        self._client = client
        self.tokens = tokens

    async def cancel(self, allocation_id: str) -> Exchange:
        """Send one cancel."""
        return await self._client.cancel(allocation_id)

    async def read(self, allocation_id: str) -> Exchange:
        """Send one read."""
        return await self._client.read(allocation_id)
