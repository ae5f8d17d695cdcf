"""The API with a token in hand: what the workers send through."""

from __future__ import annotations

from bulkcancel.client import Client
from bulkcancel.runner.sharedpace import SharedPace
from bulkcancel.runner.tokens import TokenKeeper


class Access:
    """A client and the keeper of its token. Whoever sends asks ``tokens.ready()`` first.

    With ``shared`` there is a rate that other processes share, which all sends have to keep to.
    """

    def __init__(
        self, client: Client, tokens: TokenKeeper, shared: SharedPace | None = None
    ) -> None:
        self.cancel = client.cancel
        self.cancel_several = client.cancel_several
        self.read = client.read
        self.tokens = tokens
        self.shared = shared
