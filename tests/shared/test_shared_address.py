"""The address of a shared rate: what is taken, and that no sentence shows a secret."""

from __future__ import annotations

import pytest

from bulkcancel.client import Secret
from bulkcancel.errors import RefusedError
from bulkcancel.shared import SharedRate, shared_address


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("redis://host", "redis://host:6379/0"),
        ("redis://host/", "redis://host:6379/0"),
        ("redis://host:7000/3", "redis://host:7000/3"),
        ("rediss://cache.example", "rediss://cache.example:6379/0"),
        ("redis://127.0.0.1:7000", "redis://127.0.0.1:7000/0"),
        ("redis://[::1]:7000/1", "redis://[::1]:7000/1"),
    ],
)
def test_an_address_is_taken(url: str, shown: str) -> None:
    """Port and database may be left out; it is shown in full."""
    assert str(shared_address(url)) == shown


@pytest.mark.parametrize(
    "url",
    [
        "redis://:SENTINEL@host:6379/0",
        "redis://user:SENTINEL@host",
        "redis://SENTINEL@host",
        "redis://host/0?password=SENTINEL",
        "redis://host/0#SENTINEL",
        "SENTINEL@host",
    ],
)
def test_an_address_with_a_secret_is_refused_without_showing_it(url: str) -> None:
    """The sentence says where the password is to come from."""
    with pytest.raises(RefusedError, match="BULKCANCEL_SHARED_RATE_PASSWORD") as caught:
        shared_address(url)
    assert "SENTINEL" not in str(caught.value)


@pytest.mark.parametrize(
    "url",
    [
        "", "host", "host:6379", "http://host", "unix:///run/redis.sock", "redis://", "redis:///0",
        "redis://host:0", "redis://host:70000", "redis://ho st", "redis://[::1", "redis://127.1",
        "redis://h\nost", "redis://host/0/1", "redis://host/x", "redis://host/-1",
        "redis://host/99999999", "redis://hÖst",
    ],
)  # fmt: skip
def test_what_is_no_address_is_refused(url: str) -> None:
    """The sentence names the option and shows the form."""
    with pytest.raises(RefusedError, match=r"--shared-rate .*redis://host:6379/0"):
        shared_address(url)


@pytest.mark.parametrize(
    ("url", "allow_http", "is_fine"),
    [
        ("redis://127.0.0.1", False, True),
        ("redis://localhost", False, True),
        ("rediss://cache.example", False, True),
        ("redis://cache.example", False, False),
        ("redis://cache.example", True, True),
    ],
)
def test_a_password_does_not_travel_in_the_clear(
    url: str,
    allow_http: bool,  # noqa: FBT001 - a parameter of a case, not of an interface
    is_fine: bool,  # noqa: FBT001 - the same
) -> None:
    """To another machine it goes by TLS, unless that is permitted."""
    rate = SharedRate(url=url, password=Secret("SENTINEL"), allow_http=allow_http)
    if is_fine:
        rate.check()
    else:
        with pytest.raises(RefusedError, match="in the clear: use rediss://"):
            rate.check()
    SharedRate(url=url).check()


def test_a_user_needs_a_password() -> None:
    """Redis takes no name alone; that is said before anything is begun."""
    with pytest.raises(RefusedError, match="--shared-rate-user is given without a password"):
        SharedRate(url="redis://127.0.0.1", user="shards").check()
