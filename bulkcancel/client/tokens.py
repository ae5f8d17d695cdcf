"""Where bearer tokens come from: what every source does, and the one whose token never changes."""

from __future__ import annotations

from abc import ABC, abstractmethod
from contextlib import AbstractAsyncContextManager, nullcontext
from dataclasses import dataclass

from bulkcancel.client.options import ClientOptions
from bulkcancel.client.secret import Secret


@dataclass(frozen=True, slots=True, kw_only=True)
class Grant:
    """A token, and how many seconds it lives from the moment it was asked for.

    A ``lifetime`` of ``None`` says that nobody knows; the API's refusal will tell. ``renew_after``
    is when to ask for the next one, in seconds likewise; ``None`` only when it is refused.
    """

    token: Secret
    lifetime: float | None = None
    renew_after: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class NoToken:
    """Why a source has no token now: a sentence fragment without anything secret in it.

    ``patience`` is how many seconds it makes sense to ask again: 0 where the same answer will
    come, ``None`` where it is a matter of the run's own patience. ``retry_after`` is how many
    seconds the other side asked to wait before.
    """

    reason: str
    patience: float | None = None
    retry_after: float | None = None


class TokenSource(ABC):
    """Gives the bearer token as it is at the moment; whoever asks decides when, and how often."""

    def check(self, options: ClientOptions) -> None:
        """Find out what can be found out before a run begins; sends nothing.

        Raises:
            RefusedError: this source can't be used, with a sentence that says why.
        """
        del options  # most sources have nothing of the kind

    def opened(self, options: ClientOptions) -> AbstractAsyncContextManager[object]:
        """Hold what `fetch` needs, such as connections, for as long as the block lasts.

        Raises:
            RefusedError: as for `check`.
        """
        del options
        return nullcontext()

    def has_newer(self) -> bool:
        """Say whether a newer token than the one last fetched is there; costs next to nothing."""
        return False

    @abstractmethod
    async def fetch(self) -> Grant | NoToken:
        """Return the token as it is now; never raises for what others can cause."""


class FixedToken(TokenSource):
    """One token for good."""

    def __init__(self, token: Secret) -> None:
        self._token = token

    async def fetch(self) -> Grant | NoToken:
        """Return the token."""
        return Grant(token=self._token)


def as_source(token: Secret | TokenSource) -> TokenSource:
    """Return a source; a plain token is one that never changes."""
    return FixedToken(token) if isinstance(token, Secret) else token
