"""Check the address of the Redis that holds a shared rate; no sentence shows a secret."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final
from urllib.parse import SplitResult, urlsplit

from bulkcancel.client.address import is_loopback, is_name_or_address
from bulkcancel.errors import RefusedError

_VISIBLE: Final = re.compile(r"[\x21-\x7e]+")
_EXAMPLE: Final = "redis://host:6379/0, or rediss:// with TLS"
_PORT: Final = 6379
_MOST_DATABASES: Final = 65536


@dataclass(frozen=True, slots=True, kw_only=True)
class Address:
    """Where a Redis listens, and which of its databases is meant."""

    host: str
    port: int
    database: int
    tls: bool

    def __str__(self) -> str:
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{'rediss' if self.tls else 'redis'}://{host}:{self.port}/{self.database}"

    @property
    def is_private(self) -> bool:
        """Say whether nobody can read along: it is this machine, or TLS."""
        return self.tls or is_loopback(self.host)


def shared_address(url: str) -> Address:
    """Return the parts of an address such as ``redis://host:6379/0``.

    Raises:
        RefusedError: It can't be used, with a sentence that says why.
    """
    # Before the address is shown in any sentence: a password may stand before an @ or after a ?.
    if "@" in url or "?" in url or "#" in url:
        raise RefusedError(
            "--shared-rate holds more than an address (an @, ? or #): remove it; the password "
            "comes from BULKCANCEL_SHARED_RATE_PASSWORD or --shared-rate-password-file, the user "
            "from --shared-rate-user."
        )
    parts, port = _split(url)
    database = parts.path.strip("/") or "0"
    if not database.isdecimal() or not database.isascii() or int(database) >= _MOST_DATABASES:
        raise RefusedError(
            f"--shared-rate {url}: after the host stands the number of a database, or nothing; "
            f"it looks like {_EXAMPLE}."
        )
    return Address(
        host=parts.hostname or "",
        port=port,
        database=int(database),
        tls=parts.scheme == "rediss",
    )


def _split(url: str) -> tuple[SplitResult, int]:
    wrong = RefusedError(f"--shared-rate has to look like {_EXAMPLE}; this does not.")
    if not _VISIBLE.fullmatch(url):
        raise wrong
    try:
        parts = urlsplit(url)
        port = _PORT if parts.port is None else parts.port
    except ValueError:  # an unclosed bracket, a port beyond 65535
        raise wrong from None
    host = parts.hostname or ""
    if parts.scheme not in {"redis", "rediss"} or not host or port == 0:
        raise wrong
    if not re.fullmatch(r"[A-Za-z0-9._:-]+", host) or not is_name_or_address(host):
        raise wrong
    return parts, port
