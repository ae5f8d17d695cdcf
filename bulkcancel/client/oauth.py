"""Bearer tokens by OAuth 2 client credentials: the client's id and secret give one."""

from __future__ import annotations

import base64
import re
from collections.abc import AsyncIterator, Iterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from enum import StrEnum
from pathlib import Path
from typing import Final
from urllib.parse import quote_plus, urlencode

from yarl import URL

from bulkcancel.client.address import check_address
from bulkcancel.client.http import Connections
from bulkcancel.client.oauth_answer import Refused, read_answer
from bulkcancel.client.options import ClientOptions
from bulkcancel.client.secret import Secret
from bulkcancel.client.secretfile import secret_in_file
from bulkcancel.client.tls import tls_context
from bulkcancel.client.tokens import Grant, NoToken, TokenSource
from bulkcancel.client.wire import SendCount, headers_for
from bulkcancel.errors import RefusedError
from bulkcancel.model import NoAnswer, NoAnswerCause, NotSent, NotSentCause
from bulkcancel.version import __version__

USUAL_SCOPE: Final = "s2s"
_LONGEST_TRY: Final = 30.0
_BEING_WRITTEN: Final = 5.0
"""So many seconds the secret's file may be empty or gone while somebody replaces it."""
_CLIENT_ID: Final = re.compile(r"[\x21-\x7e]{1,200}")
_SCOPE: Final = re.compile(r"(?:[\x21\x23-\x5b\x5d-\x7e]+(?: [\x21\x23-\x5b\x5d-\x7e]+)*)?")


class Way(StrEnum):
    """How the client shows its id and secret; servers differ in what they take."""

    BASIC = "basic"
    """HTTP Basic as RFC 6749 has it: id and secret are quoted first."""
    BODY = "body"
    """In the form."""
    PLAIN_BASIC = "plain basic"
    """HTTP Basic with id and secret as they are; the same as BASIC for most."""


class ClientCredentials(TokenSource):
    """Asks ``token_url`` for a token of ``scope`` (empty: none is named).

    ``client_secret`` is the secret itself, or a file that is read for each request. What the
    endpoint does not take as HTTP Basic is tried in the form; the way that worked is kept.
    """

    def __init__(
        self,
        *,
        token_url: str,
        client_id: str,
        client_secret: Secret | Path,
        scope: str = USUAL_SCOPE,
    ) -> None:
        self._token_url = token_url
        self._client_id = client_id
        self._client_secret = client_secret
        self._scope = scope
        self._way: Way | None = None
        self._connections: Connections | None = None
        self._options = ClientOptions()
        self._sends = SendCount()

    @property
    def requests_sent(self) -> int:
        """How many token requests had their headers written to a connection."""
        return self._sends.total

    def check(self, options: ClientOptions) -> None:
        """Look at the address, the id, the scope and the secret's file.

        Raises:
            RefusedError: one of them can't be used, or the CA file can't.
        """
        self._url(options)
        if not _CLIENT_ID.fullmatch(self._client_id):
            raise RefusedError(
                "the client id has to be 1 to 200 visible ASCII characters without a space"
            )
        if not _SCOPE.fullmatch(self._scope):
            raise RefusedError(
                'the token scope has to be words of ASCII characters, without " and \\, with one '
                "space between them"
            )
        self._secret()

    def opened(self, options: ClientOptions) -> AbstractAsyncContextManager[object]:
        """Hold a connection to the endpoint for as long as the block lasts.

        Raises:
            RefusedError: as for `check`.
        """
        if self._connections is not None:
            raise RuntimeError("client credentials are used by one run at a time")
        self.check(options)
        return self._open(options)

    @asynccontextmanager
    async def _open(self, options: ClientOptions) -> AsyncIterator[None]:
        self._options = options
        is_tls = self._url(options).scheme == "https"
        tls = tls_context(options.ca_file) if is_tls else None
        async with Connections(tls, timeout=min(options.timeout, _LONGEST_TRY)) as connections:
            self._connections = connections
            try:
                yield
            finally:
                self._connections = None

    async def fetch(self) -> Grant | NoToken:
        """Ask for a token: one request, or one for each way of showing the secret."""
        try:
            secret = self._secret()
        except RefusedError as error:
            return NoToken(reason=str(error), patience=_BEING_WRITTEN)
        refused: Refused | None = None
        for way in self._ways(secret):
            seen = await self._ask(way, secret)
            if isinstance(seen, Refused):
                refused = refused or seen  # what the usual way met says most
                continue
            if isinstance(seen, Grant):
                self._way = way
            return seen
        if refused is None:
            raise AssertionError("there is one way at least")
        return NoToken(reason=refused.reason, patience=0.0)

    def _ways(self, secret: Secret) -> Iterator[Way]:
        if self._way is not None:
            yield self._way
            return
        yield Way.BASIC
        yield Way.BODY
        if any(quote_plus(text) != text for text in (self._client_id, secret.reveal())):
            yield Way.PLAIN_BASIC

    async def _ask(self, way: Way, secret: Secret) -> Grant | NoToken | Refused:
        if self._connections is None:
            raise RuntimeError("tokens are fetched outside of `opened`")
        form = {"grant_type": "client_credentials"}
        if self._scope:
            form["scope"] = self._scope
        headers = {
            "Accept": "application/json",
            "Accept-Encoding": "identity",
            "Content-Type": "application/x-www-form-urlencoded",
            "User-Agent": f"bulkcancel/{__version__}",
        }
        if way is Way.BODY:
            form |= {"client_id": self._client_id, "client_secret": secret.reveal()}
        else:
            headers["Authorization"] = _basic(way, self._client_id, secret.reveal())
        url = self._url(self._options)
        seen = await self._connections.exchange(
            "POST",
            url,
            self._sends,
            headers=headers_for(url, headers),
            data=urlencode(form).encode(),
            max_body=self._options.max_body,
        )
        match seen:
            case NotSent():
                return self._told(_unsent(seen))
            case NoAnswer():
                return self._told(_unanswered(seen))
            case _:
                return self._told(read_answer(seen, secrets=(self._client_id, secret.reveal())))

    def _told(self, seen: Grant | NoToken | Refused) -> Grant | NoToken | Refused:
        """Return it with the endpoint's name before the reason."""
        match seen:
            case Grant():
                return seen
            case Refused(reason=reason):
                return Refused(reason=f"the token endpoint {self._token_url} {reason}")
            case NoToken():
                return NoToken(
                    reason=f"the token endpoint {self._token_url} {seen.reason}",
                    patience=seen.patience,
                    retry_after=seen.retry_after,
                )

    def _url(self, options: ClientOptions) -> URL:
        parts = check_address(
            self._token_url,
            options,
            noun="the token URL",
            example="https://host/oauth2/v1/token",
            secret="the client's secret comes from BULKCANCEL_CLIENT_SECRET or a file",  # noqa: S106 - a sentence
        )
        return URL(parts.geturl(), encoded=True)

    def _secret(self) -> Secret:
        if isinstance(self._client_secret, Secret):
            if not self._client_secret.is_sendable():
                raise RefusedError(
                    "the client secret is empty, or holds a space, a line break or a character "
                    "beyond ASCII"
                )
            return self._client_secret
        return secret_in_file(self._client_secret, "client secret")


def _basic(way: Way, client_id: str, secret: str) -> str:
    pair = (client_id, secret)
    if way is Way.BASIC:
        pair = (quote_plus(client_id), quote_plus(secret))
    return "Basic " + base64.b64encode(":".join(pair).encode()).decode("ascii")


def _unsent(seen: NotSent) -> NoToken:
    detail = f": {seen.detail}" if seen.detail else ""
    if seen.cause is NotSentCause.CERTIFICATE:
        return NoToken(
            reason=f"shows a certificate that is not trusted{detail}; --ca-file adds one",
            patience=0.0,
        )
    return NoToken(reason=f"can't be reached ({seen.cause}{detail})")


def _unanswered(seen: NoAnswer) -> NoToken:
    detail = f": {seen.detail}" if seen.detail else ""
    # What sends so much is no token endpoint, and will do so again.
    patience = 0.0 if seen.cause is NoAnswerCause.OVERSIZED else None
    return NoToken(reason=f"gave no whole answer ({seen.cause}{detail})", patience=patience)
