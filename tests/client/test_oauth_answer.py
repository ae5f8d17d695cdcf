"""What a token endpoint answers: a token with its life, or why there is none, in words."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bulkcancel.client import Grant, NoToken, Secret
from bulkcancel.client.http import Reply
from bulkcancel.client.oauth_answer import Refused, read_answer

SECRET = "sentinel-secret"
GOOD = {"token_type": "Bearer", "expires_in": 600, "access_token": "tok-1", "scope": "s2s"}


def read(
    status: int, payload: object, headers: dict[str, str] | None = None
) -> Grant | NoToken | Refused:
    """Read an answer with a JSON body, or with these bytes."""
    body = payload if isinstance(payload, bytes) else json.dumps(payload).encode()
    reply = Reply(http_status=status, headers=headers or {}, body=body)
    return read_answer(reply, secrets=("client-7", SECRET))


def test_the_documented_answer() -> None:
    """A bearer token with its life; the next one is due at 80 % of it."""
    assert read(200, GOOD) == Grant(token=Secret("tok-1"), lifetime=600.0, renew_after=480.0)


@pytest.mark.parametrize("kind", ["bearer", "BEARER", "Bearer"])
def test_the_type_is_compared_without_case(kind: str) -> None:
    """As RFC 6749 has it."""
    assert isinstance(read(200, GOOD | {"token_type": kind}), Grant)


def test_a_missing_type_is_bearer() -> None:
    """Some leave it out, and the API takes no other kind."""
    without = {name: value for name, value in GOOD.items() if name != "token_type"}
    assert isinstance(read(200, without), Grant)


@pytest.mark.parametrize(("life", "seconds"), [(600, 600.0), (3599.5, 3599.5), ("600", 600.0)])
def test_a_life_as_number_or_text(life: object, seconds: float) -> None:
    """Some write the number as a text."""
    seen = read(200, GOOD | {"expires_in": life})
    assert seen == Grant(token=Secret("tok-1"), lifetime=seconds, renew_after=0.8 * seconds)


@pytest.mark.parametrize(
    "life", [None, 0, -600, 1e30, True, "soon", "-1", "", [], {}, "١٢", "1e3", 0.01]
)
def test_a_life_that_cannot_be_is_unknown(life: object) -> None:
    """The token is good, expires by the API's word alone, and is looked after as usual."""
    seen = read(200, GOOD | {"expires_in": life})
    assert seen == Grant(token=Secret("tok-1"), lifetime=None, renew_after=480.0)


@pytest.mark.parametrize("life", [b"1e400", b"99999999999999999999999999999"])
def test_a_life_beyond_all_numbers_is_unknown(life: bytes) -> None:
    """A number that no float holds costs the life, not the token."""
    body = b'{"access_token":"tok-1","token_type":"bearer","expires_in":' + life + b"}"
    seen = read(200, body)
    assert isinstance(seen, Grant)
    assert seen.lifetime is None


@pytest.mark.parametrize(
    ("payload", "words"),
    [
        (b"<html>log in</html>", "no JSON object"),
        (b"", "no JSON object"),
        (b"[" * 100_000, "no JSON object"),
        ([GOOD], "no JSON object"),
        ({}, "without an access_token"),
        (GOOD | {"access_token": 7}, "without an access_token"),
        (GOOD | {"access_token": ""}, "no header can hold"),
        (GOOD | {"access_token": "tok\r\nX: y"}, "no header can hold"),
        (GOOD | {"token_type": "mac"}, "no bearer token"),
        (GOOD | {"token_type": 7}, "no bearer token"),
    ],
)
def test_a_success_without_a_usable_token(payload: object, words: str) -> None:
    """Something else than a token endpoint answers, and will do so again."""
    seen = read(200, payload)
    assert isinstance(seen, NoToken)
    assert words in seen.reason
    assert seen.patience == 0.0
    assert "tok" not in seen.reason.replace("token", "")


@pytest.mark.parametrize(
    ("status", "code", "words"),
    [
        (401, "invalid_client", "the client id or its secret is wrong"),
        (400, "invalid_client", "the client id or its secret is wrong"),
        (400, "invalid_request", "another form"),
        (401, "something_else", "HTTP 401, something_else"),
    ],
)
def test_a_refused_client(status: int, code: str, words: str) -> None:
    """What may be a matter of how the secret was shown is told apart from the rest."""
    seen = read(status, {"error": code, "error_description": SECRET})
    assert isinstance(seen, Refused)
    assert words in seen.reason
    assert code in seen.reason


@pytest.mark.parametrize(
    ("status", "code", "words"),
    [
        (400, "invalid_scope", "the scope is unknown there"),
        (400, "unauthorized_client", "may not get tokens by its secret"),
        (400, "unsupported_grant_type", "no tokens for client credentials"),
        (403, "access_denied", "denies the client access"),
        (400, "some_new_code", "HTTP 400, some_new_code"),
    ],
)
def test_a_refusal_for_good(status: int, code: str, words: str) -> None:
    """OAuth's code, and what it means; asking again is of no use."""
    seen = read(status, {"error": code, "error_description": SECRET})
    assert isinstance(seen, NoToken)
    assert words in seen.reason
    assert seen.patience == 0.0


@pytest.mark.parametrize(
    "error",
    [SECRET, "client-7", "Sentence With Spaces", "x" * 41, "caf\u00e9", 7, None, "sentinel"],
)
def test_an_error_that_is_no_code_is_not_passed_on(error: object) -> None:
    """It may echo what was sent: then only the status is told."""
    seen = read(400, {"error": error})
    assert isinstance(seen, NoToken)
    assert seen.reason == (
        "answered HTTP 400: that is not what a token endpoint says, so the address may be wrong"
    )


@pytest.mark.parametrize("error", ["pass", "my_pass_word", "ass"])
def test_a_code_with_anything_of_the_secret_is_not_passed_on(error: str) -> None:
    """Be it the secret itself, more than it, or a piece of it."""
    reply = Reply(http_status=400, headers={}, body=json.dumps({"error": error}).encode())
    seen = read_answer(reply, secrets=("client-7", "pass"))
    assert isinstance(seen, NoToken)
    assert error not in seen.reason


@pytest.mark.parametrize("status", [408, 425, 429, 500, 502, 503, 504, 520])
def test_passing_trouble(status: int) -> None:
    """A sick or busy server is asked again as long as the run is patient."""
    seen = read(status, b"<html>", {"Retry-After": "7"})
    words = f"answered HTTP {status}, and asks to wait 7 s"
    assert seen == NoToken(reason=words, retry_after=7.0)
    assert read(status, b"") == NoToken(reason=f"answered HTTP {status}")


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_a_redirect_is_a_wrong_address(status: int) -> None:
    """It is never followed: the secret would go to a place that nobody named."""
    seen = read(status, b"", {"Location": "https://elsewhere.example/token"})
    assert isinstance(seen, NoToken)
    assert "never followed" in seen.reason
    assert "elsewhere" not in seen.reason
    assert seen.patience == 0.0


@given(
    status=st.integers(100, 999),
    body=st.one_of(
        st.binary(max_size=200),
        st.recursive(
            st.none() | st.booleans() | st.floats() | st.text() | st.just(SECRET),
            lambda inner: st.dictionaries(
                st.sampled_from(["access_token", "token_type", "expires_in", "error", "x"]), inner
            ),
        ).map(lambda value: json.dumps(value).encode()),
    ),
)
def test_any_answer_is_read_and_no_secret_comes_out(status: int, body: bytes) -> None:
    """Whatever the bytes, there is a result, and no reason holds the secret."""
    seen: Any = read(status, body)
    if not isinstance(seen, Grant):
        assert SECRET not in seen.reason
        assert "\n" not in seen.reason
    else:
        assert seen.token.is_sendable()
        assert seen.lifetime is None or seen.lifetime >= 1.0
        assert 200 <= status < 300
