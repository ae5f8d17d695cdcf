"""Bearer tokens: which are accepted, and the address that issues them."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import blake2b
from typing import Literal, TypeAlias
from urllib.parse import parse_qsl, unquote_plus

from bulkcancel.simulator.options import SimulatorOptions
from bulkcancel.simulator.replies import Reply, encode, message

Standing: TypeAlias = Literal["accepted", "refused", "expired", "none"]


@dataclass(frozen=True, slots=True)
class Bearer:
    """The token a request came with (empty: none), and how it stands."""

    token: str
    standing: Standing


class Tokens:
    """The tokens of one simulator; times are monotonic seconds."""

    def __init__(self, options: SimulatorOptions) -> None:
        self._options = options
        self._expiry: dict[str, float] = {}
        self._revoked: set[str] = set()
        self._issued = 0

    def check(self, header: str | None, now: float) -> Bearer:
        """Return the token in an ``Authorization`` header and how it stands."""
        scheme, _, token = (header or "").partition(" ")
        if scheme.lower() != "bearer" or not token:
            return Bearer("", "none")
        if token in self._revoked:
            return Bearer(token, "expired")
        if token in self._expiry:
            return Bearer(token, "accepted" if now < self._expiry[token] else "expired")
        accepted = self._options.token is None or token == self._options.token
        return Bearer(token, "accepted" if accepted else "refused")

    def revoke(self, token: str) -> None:
        """Refuse this token from now on."""
        self._revoked.add(token)

    def expire(self) -> None:
        """Let all tokens issued so far be expired; the fixed one stays."""
        self._revoked.update(self._expiry)

    def answer(self, headers: Mapping[str, str], form: str, now: float) -> Reply:
        """Return the answer to ``POST /v1/token``: a new token, or OAuth's refusal."""
        if "Origin" in headers:
            return message(403, "Origin is not allowed")
        fields = dict(parse_qsl(form, keep_blank_values=True))
        if fields.get("grant_type") != "client_credentials":
            return _oauth_error(400, "unsupported_grant_type")
        ours = (self._options.client_id, self._options.client_secret)
        if ours not in _credentials(headers.get("Authorization"), fields):
            return _oauth_error(401, "invalid_client")
        payload = {
            "token_type": "Bearer",
            "expires_in": int(self._options.token_lifetime),
            "access_token": self._issue(now),
            "scope": fields.get("scope", "s2s"),
        }
        return Reply(status=200, body=encode(payload), headers={"Cache-Control": "no-store"})

    def _issue(self, now: float) -> str:
        self._issued += 1
        seed = f"{self._options.seed}\0token\0{self._issued}".encode()
        token = f"simulated-{blake2b(seed, digest_size=20).hexdigest()}"
        self._expiry[token] = now + self._options.token_lifetime
        return token


def _credentials(header: str | None, fields: Mapping[str, str]) -> set[tuple[str, str]]:
    """Return each way to read the client's id and secret: HTTP Basic, plain or quoted; the body."""
    found = {(fields.get("client_id", ""), fields.get("client_secret", ""))}
    scheme, _, encoded = (header or "").partition(" ")
    if scheme.lower() == "basic":
        try:
            client_id, _, secret = base64.b64decode(encoded, validate=True).decode().partition(":")
        except (binascii.Error, UnicodeDecodeError):
            return found
        found |= {(client_id, secret), (unquote_plus(client_id), unquote_plus(secret))}
    return found


def _oauth_error(status: int, error: str) -> Reply:
    return Reply(status=status, body=encode({"error": error}))
