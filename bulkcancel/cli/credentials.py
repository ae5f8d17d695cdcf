"""From options and environment to a source of tokens: which of several ways was meant."""

from __future__ import annotations

from collections.abc import Mapping
from enum import IntEnum
from typing import Any, Final

import click
from click.core import ParameterSource

from bulkcancel.client import (
    ClientCredentials,
    FixedToken,
    KeyringEntry,
    KeyringToken,
    Secret,
    TokenFile,
    TokenSource,
    secret_in_variable,
)
from bulkcancel.client.secretfile import secret_in_file
from bulkcancel.errors import RefusedError

_TOKEN: Final = "BULKCANCEL_TOKEN"  # noqa: S105 - a name
_CLIENT_SECRET: Final = "BULKCANCEL_CLIENT_SECRET"  # noqa: S105 - a name
_SHARED_RATE_PASSWORD: Final = "BULKCANCEL_SHARED_RATE_PASSWORD"  # noqa: S105 - a name


class _Rank(IntEnum):
    """Who says it: the nearer to the person and the moment, the more it counts."""

    FILE = 1
    PLAIN_VARIABLE = 2
    VARIABLE = 3
    FLAG = 4


_RANKS: Final = {
    ParameterSource.COMMANDLINE: _Rank.FLAG,
    ParameterSource.ENVIRONMENT: _Rank.VARIABLE,
    ParameterSource.DEFAULT_MAP: _Rank.FILE,
}


def token_source(options: Mapping[str, Any], environ: Mapping[str, str]) -> TokenSource:
    """Return where the bearer token comes from.

    A flag counts more than the environment, and that more than a settings file. In the
    environment the options' own variables count more than ``BULKCANCEL_TOKEN``.

    Raises:
        RefusedError: no way is given, two that count the same, or one by halves.
    """
    way = _chosen(
        options,
        ("token_file", "token_keyring", "token_url"),
        _Rank.PLAIN_VARIABLE if _TOKEN in environ else None,
    )
    if way == "token_file":
        return TokenFile(options["token_file"])
    if way == "token_keyring":
        return KeyringToken(KeyringEntry.named(options["token_keyring"]))
    if way == "token_url":
        return _client_credentials(options, environ)
    if options.get("client_id") and not options.get("token_url"):
        raise RefusedError("--client-id is given without --token-url, the token endpoint's address")
    token = secret_in_variable(environ, _TOKEN, "token")
    if token is None:
        raise RefusedError(
            f"no token: set {_TOKEN}, or name a file that holds the token with --token-file, or a "
            "token endpoint with --token-url and --client-id"
        )
    return FixedToken(token)


def shared_rate_password(options: Mapping[str, Any], environ: Mapping[str, str]) -> Secret | None:
    """Return the password of the Redis that holds a shared rate; ``None`` if none is given.

    Raises:
        RefusedError: It can't be read, or be one.
    """
    what = "shared-rate password"
    plain = _Rank.PLAIN_VARIABLE if _SHARED_RATE_PASSWORD in environ else None
    if _chosen(options, ("shared_rate_password_file",), plain) is not None:
        return secret_in_file(options["shared_rate_password_file"], what)
    return secret_in_variable(environ, _SHARED_RATE_PASSWORD, what)


def _client_credentials(options: Mapping[str, Any], environ: Mapping[str, str]) -> TokenSource:
    if not options.get("client_id"):
        raise RefusedError("--token-url is given without --client-id, the client's name there")
    way = _chosen(
        options,
        ("client_secret_file", "client_secret_keyring"),
        _Rank.PLAIN_VARIABLE if _CLIENT_SECRET in environ else None,
    )
    if way == "client_secret_file":
        secret = options["client_secret_file"]
    elif way == "client_secret_keyring":
        secret = KeyringEntry.named(options["client_secret_keyring"]).read("client secret")
    else:
        secret = _secret_variable(environ)
    return ClientCredentials(
        token_url=options["token_url"],
        client_id=options["client_id"],
        client_secret=secret,
        scope=options["token_scope"],
    )


def _secret_variable(environ: Mapping[str, str]) -> Secret:
    secret = secret_in_variable(environ, _CLIENT_SECRET, "client secret")
    if secret is None:
        raise RefusedError(
            f"no client secret: set {_CLIENT_SECRET}, or name a file that holds it with "
            "--client-secret-file"
        )
    return secret


def _chosen(options: Mapping[str, Any], names: tuple[str, ...], plain: _Rank | None) -> str | None:
    """Return the option that counts most; ``None`` if a plain variable does, or none is given."""
    given = {name: _rank(name) for name in names if options.get(name)}
    if not given:
        return None
    most = max(given.values())
    if plain is not None and plain > most:
        return None
    first, *others = (name for name, rank in given.items() if rank is most)
    if others:
        both = " and ".join(f"--{name.replace('_', '-')}" for name in (first, *others))
        raise RefusedError(f"{both} are given together: give one of them")
    return first


def _rank(name: str) -> _Rank:
    context = click.get_current_context(silent=True)
    source = None if context is None else context.get_parameter_source(name)
    return _RANKS.get(source, _Rank.FLAG) if source is not None else _Rank.FLAG
