"""Open a shared rate: what it takes, looked at before, and the library, which is an extra."""

from __future__ import annotations

import importlib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlsplit

from bulkcancel.client import Secret
from bulkcancel.client.tls import tls_context
from bulkcancel.errors import RefusedError
from bulkcancel.model import Target
from bulkcancel.shared.address import Address, shared_address
from bulkcancel.shared.schedule import Schedule

_EDGE: Final = "bulkcancel.shared.redis_schedule"


@dataclass(frozen=True, slots=True, kw_only=True)
class SharedRate:
    """A Redis, and who asks it; ``allow_http`` lets a password travel there in the clear."""

    url: str
    user: str | None = None
    password: Secret | None = None
    ca_file: Path | None = None
    allow_http: bool = False

    def check(self) -> Address:
        """Return the address if this can be opened, as far as nothing has to be sent.

        Raises:
            RefusedError: It can't: a sentence says what to do.
        """
        address = shared_address(self.url)
        if self.user is not None and self.password is None:
            raise RefusedError(
                "--shared-rate-user is given without a password: set "
                "BULKCANCEL_SHARED_RATE_PASSWORD, or name a file that holds it with "
                "--shared-rate-password-file."
            )
        if self.password is not None and not address.is_private and not self.allow_http:
            raise RefusedError(
                f"--shared-rate {address} would send the password in the clear: use rediss://, or "
                "permit it with --allow-http."
            )
        _library()
        return address

    @asynccontextmanager
    async def opened(self, target: Target) -> AsyncIterator[Schedule]:
        """Give the schedule of a target for as long as the block lasts; nothing is sent yet.

        Raises:
            RefusedError: It can't be opened.
        """
        address = self.check()
        schedule: Any = _library().RedisSchedule(
            address,
            key=key_of(target),
            user=self.user,
            password=self.password,
            trust=tls_context(self.ca_file) if address.tls else None,
        )
        try:
            yield schedule
        finally:
            await schedule.close()


def key_of(target: Target) -> str:
    """Return the name under which the schedule of an API's origin and an account is kept.

    The account can't be read from it.
    """
    parts = urlsplit(target.base_url)
    whose = f"{parts.scheme}://{parts.netloc}\n{target.account}"
    return f"bulkcancel:rate:{sha256(whose.encode()).hexdigest()[:32]}"


def _library() -> Any:
    try:
        return importlib.import_module(_EDGE)
    except ModuleNotFoundError as error:
        if (error.name or "").partition(".")[0] != "redis":
            raise
        raise RefusedError(
            "--shared-rate can't be kept: the library redis is not installed; "
            "`pip install 'bulkcancel[shared-rate]'` brings it."
        ) from None
