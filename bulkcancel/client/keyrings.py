"""Secrets in the system's keyring, by the library ``keyring``, which is an extra."""

from __future__ import annotations

import asyncio
import importlib
from contextlib import suppress
from dataclasses import dataclass
from threading import Thread
from typing import Any, Final, Self

from bulkcancel.client.options import ClientOptions
from bulkcancel.client.secret import Secret
from bulkcancel.client.secretfile import checked_secret
from bulkcancel.client.tokens import Grant, NoToken, TokenSource
from bulkcancel.errors import RefusedError

_PATIENCE: Final = 30.0
"""So many seconds a keyring may take in mid-run: a locked one asks, and nobody is there."""


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyringEntry:
    """The name of a secret, as ``keyring set SERVICE USER`` has it."""

    service: str
    user: str

    @classmethod
    def named(cls, text: str) -> Self:
        """Return the entry that ``SERVICE/USER`` names; the service may hold slashes itself.

        Raises:
            RefusedError: the text has another form.
        """
        service, _, user = text.rpartition("/")
        if not service or not user:
            raise RefusedError(
                f"the keyring entry {text!r} has to be SERVICE/USER, as `keyring set SERVICE USER` "
                "has them"
            )
        return cls(service=service, user=user)

    def __str__(self) -> str:
        return f"the keyring entry {self.service}/{self.user}"

    def read(self, what: str) -> Secret:
        """Return the secret; ``what`` is its name, such as ``token``. It may ask for a password.

        Raises:
            RefusedError: the library or the entry is missing, or the keyring can't be read.
        """
        try:
            library: Any = importlib.import_module("keyring")
        except ImportError:
            raise RefusedError(
                f"{self} can't be read: the library keyring is not installed; "
                "`pip install 'bulkcancel[keyring]'` brings it"
            ) from None
        try:
            text = library.get_password(self.service, self.user)
        except Exception as error:  # noqa: BLE001 - each backend raises its own; the text is foreign
            raise RefusedError(
                f"{self} can't be read ({type(error).__name__}): is there a keyring for this user, "
                "and is it unlocked?"
            ) from None
        if text is None:
            raise RefusedError(
                f"{self} is not there: `keyring set {self.service} {self.user}` makes it"
            )
        return checked_secret(text, str(self), what)


class KeyringToken(TokenSource):
    """A bearer token in the keyring: read at the start, and again when it is refused."""

    def __init__(self, entry: KeyringEntry) -> None:
        self._entry = entry
        self._first: Secret | None = None

    def check(self, options: ClientOptions) -> None:
        """Read the token; it may ask for a password.

        Raises:
            RefusedError: there is none, or it can't be read.
        """
        del options
        if self._first is None:
            self._first = self._entry.read("token")

    async def fetch(self) -> Grant | NoToken:
        """Return the token that the keyring holds now."""
        first, self._first = self._first, None
        if first is not None:
            return Grant(token=first)
        loop = asyncio.get_running_loop()
        found: asyncio.Future[Grant | NoToken] = loop.create_future()

        def tell(answer: Grant | NoToken) -> None:
            if not found.done():
                found.set_result(answer)

        def look() -> None:
            try:
                answer: Grant | NoToken = Grant(token=self._entry.read("token"))
            except RefusedError as error:
                answer = NoToken(reason=str(error), patience=0.0)
            with suppress(RuntimeError):  # the run is over, nobody wants to know any more
                loop.call_soon_threadsafe(tell, answer)

        # A daemon: a keyring that asks for a password must not keep the process from ending.
        Thread(target=look, name="keyring", daemon=True).start()
        try:
            return await asyncio.wait_for(found, _PATIENCE)
        except TimeoutError:
            reason = f"{self._entry} was not read within {_PATIENCE:g} s: is it locked?"
            return NoToken(reason=reason, patience=0.0)
