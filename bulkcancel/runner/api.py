"""What the pool needs of a client."""

from __future__ import annotations

from typing import Protocol

from bulkcancel.client import Exchange


class Api(Protocol):
    """Sends once and says what came back; never raises for what the other side does."""

    token_number: int
    """The number of the token in use."""

    def renew_token(self, refused: int) -> bool:
        """See to it that another token than the refused one is in use; say whether one is."""

    async def cancel(self, allocation_id: str) -> Exchange:
        """Send one cancel."""

    async def read(self, allocation_id: str) -> Exchange:
        """Send one read."""
