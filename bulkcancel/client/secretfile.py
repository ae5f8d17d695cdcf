"""Read a secret from a file or a variable, and look at it; no sentence ever shows it."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Final

from bulkcancel.client.secret import Secret
from bulkcancel.errors import RefusedError

_MOST_BYTES: Final = 65536  # a guard against naming a wrong file; servers refuse far shorter ones


def secret_in_file(path: Path, what: str) -> Secret:
    """Return the secret that a file holds.

    ``what`` is the secret's name, such as ``token``. White space around it is dropped. Who may
    read the file is not checked here.

    Raises:
        RefusedError: the file can't be read, is empty, or holds characters that no secret has.
    """
    source = f"the {what} file {path}"
    try:
        with path.open("rb") as file:
            raw = file.read(_MOST_BYTES + 1)
    except OSError as failure:
        raise RefusedError(f"{source} can't be read: {failure.strerror}") from None
    if len(raw) > _MOST_BYTES:
        raise RefusedError(f"{source} is too large to hold a {what}")
    # Latin-1 never fails, so bytes beyond ASCII reach the one check below.
    return checked_secret(raw.decode("latin-1"), source, what)


def secret_in_variable(environ: Mapping[str, str], name: str, what: str) -> Secret | None:
    """Return the secret that a variable of the environment holds, ``None`` if it is not set.

    Raises:
        RefusedError: it is empty, or holds characters that no secret has.
    """
    text = environ.get(name)
    return None if text is None else checked_secret(text, f"the variable {name}", what)


def checked_secret(text: str, source: str, what: str) -> Secret:
    """Return a text as a secret, without the white space around it.

    Raises:
        RefusedError: it is empty, or holds characters that no secret has.
    """
    secret = Secret(text.strip(" \t\r\n"))
    if not secret.reveal():
        raise RefusedError(f"{source} is empty: it has to hold the {what}")
    if not secret.is_sendable():
        raise RefusedError(
            f"{source} holds a space, a line break, a control character or a character beyond "
            f"ASCII inside the {what}: it has to hold the {what} alone, on one line"
        )
    return secret
