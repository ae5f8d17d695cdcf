"""Where the bearer token comes from: a file, or the environment."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Final

from bulkcancel.client.secret import Secret
from bulkcancel.errors import RefusedError

VARIABLE: Final = "BULKCANCEL_TOKEN"
_MOST_BYTES: Final = 65536  # a guard against naming a wrong file; servers refuse far shorter ones


def token_from(environ: Mapping[str, str], token_file: Path | None) -> Secret:
    """Return the token of ``token_file``, else of ``BULKCANCEL_TOKEN`` in ``environ``.

    White space around the token is dropped. Who may read the file is not checked here.

    Raises:
        RefusedError: there is no token, its file can't be read, or it holds characters that no
            token has. The sentence never shows the token.
    """
    if token_file is not None:
        return _checked(_content(token_file), f"the token file {token_file}")
    if VARIABLE not in environ:
        raise RefusedError(
            f"no token: set {VARIABLE}, or name a file that holds the token with --token-file"
        )
    return _checked(environ[VARIABLE], f"the variable {VARIABLE}")


def _content(token_file: Path) -> str:
    try:
        with token_file.open("rb") as file:
            raw = file.read(_MOST_BYTES + 1)
    except OSError as failure:
        raise RefusedError(
            f"the token file {token_file} can't be read: {failure.strerror}"
        ) from None
    if len(raw) > _MOST_BYTES:
        raise RefusedError(f"the token file {token_file} is too large to hold a token")
    # Latin-1 never fails, so bytes beyond ASCII reach the one check below.
    return raw.decode("latin-1")


def _checked(text: str, source: str) -> Secret:
    token = Secret(text.strip(" \t\r\n"))
    if not token.reveal():
        raise RefusedError(f"{source} is empty: it has to hold the token")
    if not token.is_sendable():
        raise RefusedError(
            f"{source} holds a space, a line break, a control character or a character beyond "
            "ASCII inside the token: it has to hold the token alone, on one line"
        )
    return token
