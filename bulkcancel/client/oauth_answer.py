"""Read the answer of a token endpoint (OAuth 2, RFC 6749): a token, or why there is none."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from http import HTTPStatus
from typing import Final, TypeVar

import msgspec
from msgspec import Raw
from msgspec.json import Decoder

from bulkcancel.client.http import Reply
from bulkcancel.client.retry_after import seconds_to_wait
from bulkcancel.client.secret import Secret
from bulkcancel.client.tokens import Grant, NoToken

USUAL_LIFE: Final = 600.0
"""The API's tokens live that long by default, in seconds: where none is said, it is looked then."""

_RENEWED_AT: Final = 0.8
_LEAST_LIFE, _MOST_LIFE = 1.0, 10 * 365 * 86_400.0
_SECONDS: Final = re.compile(r"[0-9]{1,15}(?:\.[0-9]{1,6})?")
_CODE: Final = re.compile(r"[a-z_]{1,40}")
_ABSENT: Final = Raw(b"")
# What msgspec raises on foreign bytes; too deep a nesting is a RecursionError.
_UNREADABLE: Final = (ValueError, RecursionError)

_MEANINGS: Final = {
    "invalid_client": "the client id or its secret is wrong there",
    "unauthorized_client": "this client may not get tokens by its secret",
    "invalid_scope": "the scope is unknown there, or not for this client",
    "invalid_request": "it wants the request in another form",
    "invalid_grant": "it does not accept the grant",
    "unsupported_grant_type": "it gives no tokens for client credentials",
    "access_denied": "it denies the client access",
    "server_error": "it is broken",
    "temporarily_unavailable": "it is overloaded or being mended",
    "slow_down": "it is asked too often",
}
_PASSING_CODES: Final = frozenset({"server_error", "temporarily_unavailable", "slow_down"})
_PASSING: Final = frozenset(
    {HTTPStatus.REQUEST_TIMEOUT, HTTPStatus.TOO_EARLY, HTTPStatus.TOO_MANY_REQUESTS}
)

T = TypeVar("T")


class _Answer(msgspec.Struct):
    """The fields of interest, each as raw JSON; a description is never read: it may echo all."""

    access_token: Raw = _ABSENT
    token_type: Raw = _ABSENT
    expires_in: Raw = _ABSENT
    error: Raw = _ABSENT


_ANSWER: Final = Decoder(_Answer)
_TEXT: Final = Decoder(str)
_NUMBER: Final = Decoder(float)


@dataclass(frozen=True, slots=True, kw_only=True)
class Refused:
    """The endpoint does not accept the client; given otherwise, the credentials may pass."""

    reason: str


def read_answer(reply: Reply, *, secrets: tuple[str, ...]) -> Grant | NoToken | Refused:
    """Return what an answer gives; total, whatever the bytes are.

    Of an error only its code is passed on, and only if it is a plain word that has nothing in
    common with the ``secrets``.
    """
    status, seen = reply.http_status, _decoded(reply.body)
    words = f"answered HTTP {status}"
    if HTTPStatus.OK <= status < HTTPStatus.MULTIPLE_CHOICES:
        return _granted(seen, words)
    if HTTPStatus.MULTIPLE_CHOICES <= status < HTTPStatus.BAD_REQUEST:
        return NoToken(
            reason=f"redirects (HTTP {status}), which is never followed: the address is wrong",
            patience=0.0,
        )
    code = _code(seen, secrets)
    words += f", {code}" if code else ""
    words += f": {_MEANINGS[code]}" if code in _MEANINGS else ""
    if status in _PASSING or status >= HTTPStatus.INTERNAL_SERVER_ERROR or code in _PASSING_CODES:
        wait = seconds_to_wait(reply.headers.get("Retry-After"), reply.headers.get("Date"))
        words += f", and asks to wait {wait:,.0f} s" if wait is not None else ""
        return NoToken(reason=words, retry_after=wait)
    refused_form = status == HTTPStatus.BAD_REQUEST and code in {
        "invalid_client",
        "invalid_request",
    }
    if status == HTTPStatus.UNAUTHORIZED or refused_form:
        return Refused(reason=words)
    if code is None:
        words += ": that is not what a token endpoint says, so the address may be wrong"
    return NoToken(reason=words, patience=0.0)


def _decoded(body: bytes) -> _Answer | None:
    try:
        return _ANSWER.decode(body)
    except _UNREADABLE:
        return None


def _granted(seen: _Answer | None, words: str) -> Grant | NoToken:
    def refused(why: str) -> NoToken:
        return NoToken(reason=f"{words} {why}", patience=0.0)

    if seen is None:
        return refused("with something else than a token (no JSON object): is the address right?")
    token = _tried(_TEXT, seen.access_token)
    if token is None:
        return refused("without an access_token")
    if not Secret(token).is_sendable():
        return refused("with an access_token that no header can hold")
    kind = _tried(_TEXT, seen.token_type) if seen.token_type else "bearer"
    if kind is None or kind.lower() != "bearer":
        return refused("with a token that is no bearer token")
    lifetime = _lifetime(seen.expires_in)
    if lifetime is None:
        return Grant(token=Secret(token), renew_after=_RENEWED_AT * USUAL_LIFE)
    return Grant(token=Secret(token), lifetime=lifetime, renew_after=_RENEWED_AT * lifetime)


def _lifetime(raw: Raw) -> float | None:
    """Return the seconds a token lives; ``None`` if that is not said, or can't be."""
    seconds = _tried(_NUMBER, raw)
    if seconds is None:
        text = _tried(_TEXT, raw)  # some write the number as a text
        seconds = float(text) if text is not None and _SECONDS.fullmatch(text) else math.nan
    return seconds if _LEAST_LIFE <= seconds <= _MOST_LIFE else None


def _code(seen: _Answer | None, secrets: tuple[str, ...]) -> str | None:
    code = _tried(_TEXT, seen.error) if seen is not None else None
    if code is None or code in _MEANINGS:
        return code
    if not _CODE.fullmatch(code) or any(code in one or one in code for one in secrets):
        return None
    return code


def _tried(decoder: Decoder[T], raw: Raw) -> T | None:
    """Return the value of a part, or ``None`` if it is absent or of another type."""
    if not raw:
        return None
    try:
        return decoder.decode(raw)
    except _UNREADABLE:
        return None
