"""The shared schedule in Redis: one script, run by the server as a whole and by its own clock."""

from __future__ import annotations

import os
import ssl
from collections.abc import Mapping
from importlib.resources import files
from typing import Any, Final

from redis.asyncio import Connection, ConnectionPool, Redis
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import (
    AuthenticationError,
    AuthorizationError,
    BusyLoadingError,
    ClusterDownError,
    ConnectionError,  # noqa: A004 - the library's own, never the built-in one here
    MovedError,
    NoPermissionError,
    RedisError,
    ResponseError,
    TimeoutError,  # noqa: A004 - the same
)

from bulkcancel.client import Secret
from bulkcancel.pacing import Grant
from bulkcancel.shared.address import Address
from bulkcancel.shared.schedule import NoGrant

_SCRIPT: Final = files("bulkcancel.shared").joinpath("schedule.lua").read_text(encoding="utf-8")
_TIMEOUT: Final = 10.0
"""So many seconds an answer may take; a slow one only delays."""
_NO_RIGHT: Final = frozenset({"NOAUTH", "WRONGPASS", "NOPERM"})
_DENIED: Final = (AuthenticationError, AuthorizationError, NoPermissionError)


class RedisSchedule:
    """Asks a Redis for slots; `Schedule` says what it does."""

    def __init__(
        self,
        address: Address,
        *,
        key: str,
        user: str | None,
        password: Secret | None,
        trust: ssl.SSLContext | None,
    ) -> None:
        self.name = str(address)
        self._key = key
        # Once and no more: a script that is sent again behind our back would take slots twice.
        once = Retry(NoBackoff(), 0)
        more: dict[str, Any] = {"trust": trust, "connection_class": _Trusting} if trust else {}
        pool = ConnectionPool(
            host=address.host,
            port=address.port,
            db=address.database,
            username=user,
            password=None if password is None else password.reveal(),
            socket_timeout=_TIMEOUT,
            socket_connect_timeout=_TIMEOUT,
            socket_keepalive=True,
            retry=once,
            protocol=2,
            max_connections=1,
            **more,
        )
        self._redis = Redis.from_pool(pool)
        self._script = self._redis.register_script(_SCRIPT)

    async def ask(self, rate: float, *, slots: int, pause: float) -> Grant | NoGrant:
        """Ask for slots, as `Schedule.ask` says; never raises for what the other side does."""
        try:
            answer = await self._script(keys=[self._key], args=[rate, slots, pause])
            wait, interval, granted, paused, in_force = (float(part) for part in answer)
        except _DENIED:
            return NoGrant(reason="refuses the user or the password", denied=True)
        except TimeoutError:
            return NoGrant(reason=f"did not answer within {_TIMEOUT:g} s")
        except BusyLoadingError:
            return NoGrant(reason="is still loading its data")
        except (ConnectionError, OSError) as error:
            return NoGrant(reason=_no_connection(error))
        except ResponseError as error:
            return _refusal(error)
        except (RedisError, ValueError, TypeError) as error:
            return NoGrant(reason=f"gave an answer that is none of Redis ({type(error).__name__})")
        return Grant(
            slots=int(granted), wait=wait, interval=interval, paused=max(0.0, paused), rate=in_force
        )

    async def close(self) -> None:
        """Close the connection."""
        await self._redis.aclose()


class _Trusting(Connection):
    """A connection behind TLS that trusts whom we trust, and no variable of the environment."""

    def __init__(self, *, trust: ssl.SSLContext, **more: Any) -> None:
        super().__init__(**more)
        self._trust = trust

    def _connection_arguments(self) -> Mapping[str, Any]:
        return {"host": self.host, "port": self.port, "ssl": self._trust}


def _refusal(error: ResponseError) -> NoGrant:
    """Return what a refusal means; of its text only the first word is shown, Redis' own."""
    if isinstance(error, (MovedError, ClusterDownError)):
        return NoGrant(reason="is part of a cluster: a shared rate takes one Redis alone")
    # The library has a class for some of these words, and takes the word out of the text then.
    first = str(error).partition(" ")[0]
    word = first if first.isascii() and first.isalpha() and first.isupper() else ""
    if word in _NO_RIGHT:
        return NoGrant(reason="refuses the user or the password", denied=True)
    return NoGrant(reason=f"refuses to run the schedule ({word or type(error).__name__})")


def _no_connection(error: Exception) -> str:
    cause: BaseException | None = error
    while cause is not None:
        if isinstance(cause, ssl.SSLCertVerificationError):
            return f"shows a certificate that is not trusted ({cause.verify_message})"
        if isinstance(cause, ssl.SSLError):
            return "speaks no TLS that we do, or none"
        if isinstance(cause, OSError):
            # asyncio writes addresses into its texts; the system's own say what is wrong.
            number = cause.errno or 0
            known = os.strerror(number) if number > 0 else cause.strerror
            return f"can't be reached ({known})" if known else "can't be reached"
        cause = cause.__cause__ or cause.__context__
    return "closed the connection"
