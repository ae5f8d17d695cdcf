"""Of several ways to a token the one that was meant is taken, or a sentence asks which."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import anyio
import click
import pytest

from bulkcancel.cli.credentials import token_source
from bulkcancel.cli.options import token_options
from bulkcancel.client import (
    ClientCredentials,
    ClientOptions,
    FixedToken,
    Grant,
    KeyringToken,
    TokenFile,
    TokenSource,
)
from bulkcancel.errors import RefusedError

URL = "https://idp.example/oauth2/v1/token"
TOKEN = {"BULKCANCEL_TOKEN": "plain-token"}
SECRET = {"BULKCANCEL_CLIENT_SECRET": "sentinel-secret"}
ENDPOINT = ("--token-url", URL, "--client-id", "client-7")


def source_of(
    *flags: str,
    variables: Mapping[str, str] | None = None,
    files: Mapping[str, str] | None = None,
) -> TokenSource:
    """Return the source that a command with these flags, variables and settings files takes."""
    found: list[TokenSource] = []
    environ = dict(variables or {})

    @click.command()
    @token_options
    def command(**options: Any) -> None:
        found.append(token_source(options, environ))

    with pytest.MonkeyPatch.context() as patch:
        for name, text in environ.items():
            patch.setenv(name, text)
        command.main(list(flags), standalone_mode=False, default_map=dict(files or {}))
    return found[0]


@pytest.mark.parametrize(
    ("flags", "variables", "files", "kind"),
    [
        ((), TOKEN, {}, FixedToken),
        (("--token-file", "f"), TOKEN, {}, TokenFile),
        ((), TOKEN | {"BULKCANCEL_TOKEN_FILE": "f"}, {}, TokenFile),
        ((), TOKEN, {"token_file": "f"}, FixedToken),
        ((), {}, {"token_file": "f"}, TokenFile),
        (("--token-keyring", "a/b"), TOKEN, {}, KeyringToken),
        (ENDPOINT, TOKEN | SECRET, {}, ClientCredentials),
        ((), SECRET, {"token_url": URL, "client_id": "c"}, ClientCredentials),
        ((), TOKEN | SECRET, {"token_url": URL, "client_id": "c"}, FixedToken),
        (("--token-file", "f"), SECRET, {"token_url": URL, "client_id": "c"}, TokenFile),
        (ENDPOINT, SECRET | {"BULKCANCEL_TOKEN_FILE": "f"}, {}, ClientCredentials),
        (
            (),
            {"BULKCANCEL_TOKEN_URL": URL, "BULKCANCEL_CLIENT_ID": "c"} | SECRET,
            {"token_file": "f"},
            ClientCredentials,
        ),
    ],
)
def test_the_nearer_to_the_person_the_more_it_counts(
    flags: tuple[str, ...],
    variables: dict[str, str],
    files: dict[str, str],
    kind: type[TokenSource],
) -> None:
    """A flag before the environment, that before a settings file; BULKCANCEL_TOKEN in between."""
    assert type(source_of(*flags, variables=variables, files=files)) is kind


@pytest.mark.parametrize(
    ("flags", "variables", "words"),
    [
        ((), {}, "no token: set BULKCANCEL_TOKEN.*--token-file.*--token-url"),
        ((), {"BULKCANCEL_TOKEN": ""}, "BULKCANCEL_TOKEN is empty"),
        (
            ("--token-file", "f", *ENDPOINT),
            SECRET,
            "--token-file and --token-url are given together",
        ),
        (("--token-url", URL), SECRET, "--token-url is given without --client-id"),
        (("--client-id", "c"), TOKEN, "--client-id is given without --token-url"),
        (ENDPOINT, TOKEN, "no client secret: set BULKCANCEL_CLIENT_SECRET"),
        (ENDPOINT, {"BULKCANCEL_CLIENT_SECRET": " "}, "BULKCANCEL_CLIENT_SECRET is empty"),
        (
            (*ENDPOINT, "--client-secret-file", "f", "--client-secret-keyring", "a/b"),
            {},
            "--client-secret-file and --client-secret-keyring are given together",
        ),
        (("--token-keyring", "nothing"), {}, "SERVICE/USER"),
    ],
)
def test_a_way_by_halves_or_two_at_once_is_refused(
    flags: tuple[str, ...], variables: dict[str, str], words: str
) -> None:
    """The sentence names the options."""
    with pytest.raises(RefusedError, match=words):
        source_of(*flags, variables=variables)


def test_the_file_of_the_secret_counts_more_than_its_variable(tmp_path: Path) -> None:
    """As for the token; BULKCANCEL_CLIENT_SECRET_FILE names it as well as the flag."""
    missing = tmp_path / "secret"
    for flags, variables in (
        ((*ENDPOINT, "--client-secret-file", str(missing)), SECRET),
        (ENDPOINT, SECRET | {"BULKCANCEL_CLIENT_SECRET_FILE": str(missing)}),
    ):
        with pytest.raises(RefusedError, match=f"client secret file {missing} can't be read"):
            source_of(*flags, variables=variables).check(ClientOptions())


def test_the_variable_holds_the_token() -> None:
    """Without the white space around it."""
    source = source_of(variables={"BULKCANCEL_TOKEN": " plain-token\n"})
    seen = anyio.run(source.fetch)
    assert isinstance(seen, Grant)
    assert seen.token.reveal() == "plain-token"


def test_no_secret_is_ever_a_flags_value() -> None:
    """No option takes one: it would stand in the list of processes, and in histories."""

    @click.command()
    @token_options
    def command() -> None:
        pass

    names = {name for param in command.params for name in param.opts}
    assert not names & {"--token", "--client-secret", "--secret", "--password"}
