"""A target is checked whole before anything is sent, each refusal with its own sentence."""

from __future__ import annotations

import json
import math
from typing import Any

import pytest

from bulkcancel.client import ClientOptions, check_target, site_context
from bulkcancel.errors import RefusedError
from bulkcancel.model import Target

ACCOUNT = "1234abcd5678efgh9ijklmno"


def checked(
    base_url: str = "https://host/api/v2", *, allow_http: bool = False, **parts: Any
) -> str:
    """Return the base URL after the check."""
    target = Target(base_url=base_url, **({"account": ACCOUNT} | parts))
    return check_target(target, ClientOptions(allow_http=allow_http)).base_url


@pytest.mark.parametrize(
    ("given", "normal"),
    [
        ("https://host/api/v2", "https://host/api/v2"),
        ("https://host/api/v2//", "https://host/api/v2"),
        ("HTTPS://Host.Example:8443/Api/", "https://host.example:8443/Api"),
        ("https://host", "https://host"),
        ("https://host/", "https://host"),
        ("https://order_api.internal./v2", "https://order_api.internal./v2"),
        ("http://localhost:8080/api", "http://localhost:8080/api"),
        ("http://127.0.0.1:1", "http://127.0.0.1:1"),
        ("http://127.9.8.7", "http://127.9.8.7"),
        ("http://[::1]:8080/api", "http://[::1]:8080/api"),
    ],
)
def test_a_good_base_url_is_brought_to_its_normal_form(given: str, normal: str) -> None:
    """Scheme and host in lower case, the path as it is, no slash at the end."""
    assert checked(given) == normal


@pytest.mark.parametrize(
    ("base_url", "words"),
    [
        ("", "empty"),
        ("host/api", "doesn't begin with https://"),
        ("//host/api", "doesn't begin with https://"),
        ("ftp://host/api", "doesn't begin with https://"),
        ("https:host", "no usable host"),
        ("https://", "no usable host"),
        ("https:///api", "no usable host"),
        ("https://:443/api", "no usable host"),
        ("https://-host/api", "no usable host"),
        ("https://a..b/api", "no usable host"),
        ("https://host:port/api", "no usable host"),
        ("https://host:0/api", "no usable host"),
        ("https://host:65536/api", "no usable host"),
        ("https://[::1/api", "no usable host"),
        ("https://[fe80::1%25eth0]/api", "no usable host"),
        ("https://[:::]/api", "no usable host"),
        ("https://127.1/api", "no usable host"),
        ("https://0177.0.0.1/api", "no usable host"),
        ("https://999.1.1.1/api", "no usable host"),
        ("https://2130706433/api", "no usable host"),
        ("https://host\\evil/api", "no usable host"),
        ("https://host/api?x=1", "query or a fragment"),
        ("https://host/api?", "query or a fragment"),
        ("https://host/api#x", "query or a fragment"),
        ("https://host/a//b", "path of the base URL"),
        ("https://host/a/../b", "path of the base URL"),
        ("https://host/./b", "path of the base URL"),
        ("https://host/a%2e%2e/b", "path of the base URL"),
        ("https://host/a b", "holds a space"),
        ("https://ho\nst/api", "holds a space"),
        ("https://h\u00f6st/api", "beyond ASCII"),
        ("https://host/api\u200b", "beyond ASCII"),
    ],
)
def test_a_base_url_that_cannot_be_used_is_refused(base_url: str, words: str) -> None:
    """Each fault of an address has a sentence that names it."""
    with pytest.raises(RefusedError, match=words):
        checked(base_url)


def test_user_information_is_refused_without_being_shown() -> None:
    """A password in the address reaches no message."""
    for address in ("https://user:SENTINEL@host/api", "https://SENTINEL@host", "x://u:SENTINEL@h"):
        with pytest.raises(RefusedError, match="user information") as caught:
            checked(address)
        assert "SENTINEL" not in str(caught.value)


@pytest.mark.parametrize(
    "host", ["host", "10.0.0.1", "localhost.evil.example", "[::2]", "128.0.0.1"]
)
def test_http_to_another_machine_has_to_be_allowed(host: str) -> None:
    """The token travels in the clear only where it stays on the machine, or where it may."""
    with pytest.raises(RefusedError, match="in the clear"):
        checked(f"http://{host}/api")
    assert checked(f"http://{host}/api", allow_http=True) == f"http://{host}/api"


@pytest.mark.parametrize(
    "account",
    ["", ACCOUNT[:-1], ACCOUNT + "x", ACCOUNT[:-1] + "-", ACCOUNT[:-1] + "é", ACCOUNT + "\n"],
)
def test_an_account_has_exactly_24_letters_and_digits(account: str) -> None:
    """A cut or padded account is refused before the API can misunderstand it."""
    with pytest.raises(RefusedError, match=f"24 letters and digits.* {len(account)} characters"):
        checked(account=account)


@pytest.mark.parametrize("channel", [None, 0, 12, 10**12])
def test_a_channel_is_a_number_from_0(channel: int | None) -> None:
    """Every number from 0 is accepted, a negative one refused."""
    checked(channel=channel)
    with pytest.raises(RefusedError, match="channel has to be 0 or more, not -1"):
        checked(channel=-1)


@pytest.mark.parametrize("stage", ["", "a\nb", "a\x1b", "a\u202e", "s" * 101])
def test_a_stage_has_visible_characters(stage: str) -> None:
    """Control and invisible characters never reach the header."""
    checked(stage="production 2")
    with pytest.raises(RefusedError, match="the stage is"):
        checked(stage=stage)


@pytest.mark.parametrize(
    "date",
    [
        "2023-01-01",
        "2023-01-01T00:00",
        "2023-01-01T00:00:00",
        "2023-01-01T00:00:00.000Z",
        "2022-08-01T18:03:28.483971941Z",
        "2023-01-01T00:00:00+01:00",
    ],
)
def test_an_iso_date_is_accepted_as_it_stands(date: str) -> None:
    """The date is checked, not rewritten."""
    target = Target(base_url="https://host", account=ACCOUNT, date=date)
    assert check_target(target, ClientOptions()).date == date


@pytest.mark.parametrize(
    "date",
    ["", "01.02.2023", "2023-02-30", "2023-1-1", "2023-01-01T25:00", "20230101", "2023-W01-1",
     "2023-01-01 00:00", "2023-01-01\n", "\u0662023-01-01"],
)  # fmt: skip
def test_another_date_is_refused(date: str) -> None:
    """Neither another form nor a day that doesn't exist."""
    with pytest.raises(RefusedError, match="not an ISO 8601 date"):
        checked(date=date)


def test_the_site_context_holds_what_is_given_and_nothing_else() -> None:
    """Compact JSON in ASCII, in the order of the documentation."""
    bare = Target(base_url="https://host", account=ACCOUNT)
    assert site_context(bare) == f'{{"account":"{ACCOUNT}"}}'
    full = Target(
        base_url="https://host", account=ACCOUNT, channel=0, stage='"prüf"', date="2023-01-01"
    )
    text = site_context(full)
    assert text.isascii()
    assert " " not in text
    assert list(json.loads(text).items()) == [
        ("date", "2023-01-01"),
        ("channel", 0),
        ("account", ACCOUNT),
        ("stage", '"prüf"'),
    ]


@pytest.mark.parametrize("timeout", [0.0, -1.0, math.nan, math.inf])
def test_limits_have_to_be_positive(timeout: float) -> None:
    """No timeout would mean a slot that is never freed."""
    with pytest.raises(RefusedError, match="timeout"):
        ClientOptions(timeout=timeout)
    with pytest.raises(RefusedError, match="largest body"):
        ClientOptions(max_body=0)
    with pytest.raises(RefusedError, match="connections"):
        ClientOptions(connections=0)
