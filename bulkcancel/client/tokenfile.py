"""A bearer token in a file that somebody may write anew at any time."""

from __future__ import annotations

import stat
from contextlib import suppress
from os import stat_result
from pathlib import Path
from typing import Final

from bulkcancel.client.options import ClientOptions
from bulkcancel.client.secret import Secret
from bulkcancel.client.secretfile import secret_in_file
from bulkcancel.client.tokens import Grant, NoToken, TokenSource
from bulkcancel.errors import RefusedError

_BEING_WRITTEN: Final = 5.0
"""So many seconds a file may be empty or gone while somebody replaces it."""


class TokenFile(TokenSource):
    """Reads the file again when its inode, size or time of change are other ones than before.

    A pipe (``<(command)``) gives its token once and is never read again.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._token: Secret | None = None
        self._seen: tuple[int, int, int] | None = None
        self._is_pipe = False

    def check(self, options: ClientOptions) -> None:
        """Read the token.

        Raises:
            RefusedError: the file holds none, or can't be read.
        """
        del options
        if self._token is None:
            self._read()

    def has_newer(self) -> bool:
        """Say whether the file was written since it was last read."""
        if self._is_pipe or self._seen is None:
            return False
        try:
            return _looks(self._path.stat()) != self._seen
        except OSError:
            # It is just being replaced, or gone for good: then the old token is all there is.
            return False

    async def fetch(self) -> Grant | NoToken:
        """Return the token that the file holds now."""
        if self._token is not None and self._is_pipe:
            return Grant(token=self._token)
        try:
            return Grant(token=self._read())
        except RefusedError as error:
            return NoToken(reason=str(error), patience=_BEING_WRITTEN)

    def _read(self) -> Secret:
        with suppress(OSError):  # the read below says it in words
            # Before the read: what is written meanwhile is newer, and noticed as such.
            state = self._path.stat()
            self._is_pipe = not stat.S_ISREG(state.st_mode)
            self._seen = _looks(state)
        self._token = secret_in_file(self._path, "token")
        return self._token


def _looks(state: stat_result) -> tuple[int, int, int]:
    return state.st_ino, state.st_size, state.st_mtime_ns
