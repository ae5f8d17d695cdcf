"""Secrets in the system's keyring, with the library if it is there and without it."""

from __future__ import annotations

import importlib
import sys
from collections.abc import Iterator
from typing import Any

import anyio
import pytest

from bulkcancel.client import ClientOptions, Grant, KeyringEntry, KeyringToken, NoToken, Secret
from bulkcancel.errors import RefusedError

ENTRY = KeyringEntry(service="bulkcancel", user="night")


@pytest.mark.parametrize(
    ("text", "service", "user"),
    [("oms/night", "oms", "night"), ("https://host/api/v2/night", "https://host/api/v2", "night")],
)
def test_an_entry_is_named_by_service_and_user(text: str, service: str, user: str) -> None:
    """The service may be an address; the user is what stands after the last slash."""
    assert KeyringEntry.named(text) == KeyringEntry(service=service, user=user)


@pytest.mark.parametrize("text", ["", "night", "/night", "oms/"])
def test_a_name_of_another_form_is_refused(text: str) -> None:
    """The sentence shows the form."""
    with pytest.raises(RefusedError, match="SERVICE/USER"):
        KeyringEntry.named(text)


def test_without_the_library_the_sentence_says_how_to_get_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The keyring is an extra: who asks for it is told what is missing."""
    monkeypatch.setitem(sys.modules, "keyring", None)  # how Python notes a module that is not there
    with pytest.raises(
        RefusedError, match=r"bulkcancel/night .*pip install 'bulkcancel\[keyring\]"
    ):
        KeyringToken(ENTRY).check(ClientOptions())


@pytest.fixture
def ring() -> Iterator[dict[tuple[str, str], Any]]:
    """Put a keyring of our own in the library's place for the system's; give its content.

    An exception in place of a text is raised.
    """
    library: Any = pytest.importorskip("keyring", reason="the library keyring is an extra")
    base: Any = importlib.import_module("keyring.backend").KeyringBackend
    content: dict[tuple[str, str], Any] = {}

    class Fake(base):  # type: ignore[misc] # the library is loaded by name
        """Holds its entries in memory."""

        priority = 1

        def get_password(self, service: str, username: str) -> str | None:
            """Return an entry."""
            found = content.get((service, username))
            if isinstance(found, Exception):
                raise found
            return found

        def set_password(self, service: str, username: str, password: str) -> None:
            """Keep an entry; the library wants every keyring to have this."""
            content[service, username] = password

    before = library.get_keyring()
    library.set_keyring(Fake())
    yield content
    library.set_keyring(before)


def test_a_token_is_read_at_the_start_and_again_when_it_is_asked_for(
    ring: dict[tuple[str, str], Any],
) -> None:
    """What the keyring holds by then is what is given."""
    ring["bulkcancel", "night"] = "token-1\n"
    source = KeyringToken(ENTRY)
    source.check(ClientOptions())
    ring["bulkcancel", "night"] = "token-2"
    assert anyio.run(source.fetch) == Grant(token=Secret("token-1"))
    assert anyio.run(source.fetch) == Grant(token=Secret("token-2"))
    ring.clear()
    gone = anyio.run(source.fetch)
    assert isinstance(gone, NoToken)
    assert "is not there" in gone.reason
    assert gone.patience == 0.0


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (None, "is not there: `keyring set bulkcancel night` makes it"),
        ("", "is empty"),
        ("SENTINEL two", "it has to hold the client secret alone"),
        (OSError("SENTINEL"), r"can't be read \(OSError\)"),
        (ValueError("SENTINEL"), r"can't be read \(ValueError\)"),
    ],
)
def test_what_can_be_wrong_with_an_entry(
    ring: dict[tuple[str, str], Any], content: object, words: str
) -> None:
    """One sentence each, without what the entry or the backend says."""
    ring["bulkcancel", "night"] = content
    with pytest.raises(RefusedError, match=words) as caught:
        ENTRY.read("client secret")
    assert "SENTINEL" not in str(caught.value)


def test_no_keyring_on_this_machine() -> None:
    """A server without a keyring service is told apart from a missing entry."""
    library: Any = pytest.importorskip("keyring", reason="the library keyring is an extra")
    fail: Any = importlib.import_module("keyring.backends.fail")
    before = library.get_keyring()
    library.set_keyring(fail.Keyring())
    try:
        with pytest.raises(RefusedError, match=r"can't be read \(NoKeyringError\): is there"):
            ENTRY.read("token")
    finally:
        library.set_keyring(before)
