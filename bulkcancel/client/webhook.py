"""Post a note to a webhook: two tries at most, ten seconds in all, and a sentence if it fails."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlsplit

from yarl import URL

from bulkcancel.client.address import check_address
from bulkcancel.client.http import Connections, Reply
from bulkcancel.client.options import ClientOptions
from bulkcancel.client.secret import Secret
from bulkcancel.client.tls import tls_context
from bulkcancel.client.wire import SendCount, headers_for
from bulkcancel.errors import RefusedError
from bulkcancel.model import NoAnswer, NotSent
from bulkcancel.version import __version__

_TRIES: Final = 2
_TRY_SECONDS: Final = 4.5
_MOST_BODY: Final = 65536
_VISIBLE: Final = re.compile(r"[\x21-\x7e]+")
_NOUN: Final = "the notification address"
_LASTING: Final = frozenset({408, 429})
"""Refusals, besides those of 500 and above, after which another try is worth while."""


def check_webhook(url: Secret, *, allow_http: bool = False) -> str:
    """Return the host of a webhook if notes can be sent to it.

    The address is a secret: whoever has it can post. No sentence shows more than its host.

    Raises:
        RefusedError: It is no https address (nor http on this machine, nor with ``allow_http``).
    """
    text = url.reveal()
    if not _VISIBLE.fullmatch(text):
        raise RefusedError(
            f"{_NOUN} is empty, or holds a space, a control character or a character beyond ASCII"
        )
    scheme, _, rest = text.partition("://")
    origin = f"{scheme}://{re.split('[/?#]', rest, maxsplit=1)[0]}"

    def host(*, in_the_clear: bool) -> str:
        options = ClientOptions(allow_http=in_the_clear)
        return check_address(origin, options, noun=_NOUN, example="", secret="").netloc

    try:
        known = host(in_the_clear=True)
    except RefusedError:
        # Its own sentence would show what could be a part of the secret.
        raise RefusedError(
            f"{_NOUN} has no usable host: it has to look like https://host/path, with no user name"
        ) from None
    try:
        return host(in_the_clear=allow_http)
    except RefusedError:
        raise RefusedError(
            f"{_NOUN} at {known} would send the note in the clear: use https://, or allow http:// "
            "to other hosts explicitly"
        ) from None


async def post_note(
    url: Secret, note: Mapping[str, Any], *, allow_http: bool = False, ca_file: Path | None = None
) -> str:
    """Post a note as JSON; return a sentence if it did not arrive, else nothing.

    It never raises for what an address, a network or a server can do. No redirect is followed and
    no proxy, cookie or password file heeded. A note may arrive twice, if the first answer is lost.

    Args:
        url: where to; it is shown nowhere but for its host.
        note: what to post; it must hold no secret.
        allow_http: permit http:// to another host.
        ca_file: certificates (PEM) to trust besides the system's.
    """
    try:
        host = check_webhook(url, allow_http=allow_http)
        is_tls = urlsplit(url.reveal()).scheme == "https"
        tls = tls_context(ca_file) if is_tls else None
    except RefusedError as error:
        return f"no notification was sent: {error}"
    body = json.dumps(note, ensure_ascii=False, allow_nan=False).encode("utf-8", "backslashreplace")
    address = URL(url.reveal(), encoded=True).with_fragment(None)
    headers = headers_for(
        address,
        {
            "Content-Type": "application/json; charset=utf-8",
            "Accept-Encoding": "identity",
            "User-Agent": f"bulkcancel/{__version__}",
        },
    )
    why = ""
    async with Connections(tls, timeout=_TRY_SECONDS) as connections:
        for _ in range(_TRIES):
            answer = await connections.exchange(
                "POST", address, SendCount(), headers=headers, max_body=_MOST_BODY, data=body
            )
            why, lasting = _meaning(answer)
            if not why or not lasting:
                break
    return f"the notification to {host} failed: {why}" if why else ""


def _meaning(answer: Reply | NoAnswer | NotSent) -> tuple[str, bool]:
    """Return why a note did not arrive (nothing if it did), and whether to try again."""
    if isinstance(answer, NotSent):
        return f"it can't be reached ({answer.detail or answer.cause})", True
    status = answer.http_status
    if status is None:
        detail = answer.detail if isinstance(answer, NoAnswer) else ""
        return f"no answer came ({detail})", True
    match status // 100:
        case 2:
            return "", False
        case 3:
            return f"it answers with a redirect (HTTP {status}), which is not followed", False
        case _:
            return f"it answers with HTTP {status}", status >= 500 or status in _LASTING  # noqa: PLR2004
