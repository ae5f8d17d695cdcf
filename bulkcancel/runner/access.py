"""The API with a token in hand: what the workers send through."""

from __future__ import annotations

from collections.abc import Sequence

from bulkcancel.client import Client, Exchange
from bulkcancel.runner.sharedpace import SharedPace
from bulkcancel.runner.tokens import TokenKeeper


class Access:
    """A client and the keeper of its token. Whoever sends asks ``tokens.ready()`` first.

    With ``shared`` there is a rate that other processes share, which all sends have to keep to.
    """

    def __init__(
        self, client: Client, tokens: TokenKeeper, shared: SharedPace | None = None
    ) -> None:
        self._client = client
        self.tokens = tokens
        self.shared = shared

    async def cancel(self, allocation_id: str) -> Exchange:
        """Send one cancel."""
        return await self._client.cancel(allocation_id)

    async def cancel_several(self, allocation_ids: Sequence[str]) -> Exchange:
        """Send one cancel of several."""
        return await self._client.cancel_several(allocation_ids)

    async def read(self, allocation_id: str) -> Exchange:
        """Send one read."""
        return await self._client.read(allocation_id)
