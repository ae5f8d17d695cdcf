"""What stands before the allocations: token, site context, limit, clock."""

from __future__ import annotations

import base64
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any

import pytest

from bulkcancel.simulator import Fault, SimulatorOptions, SimulatorThread, parse_fault

ID = "62ff5c0bec0aed3c86202c32"
OTHER = "62ff5c0bec0aed3c86202c33"
FORM = "grant_type=client_credentials&scope=s2s"
BASIC = {
    "Authorization": f"Basic {base64.b64encode(b'simulator-client:simulator-secret').decode()}"
}


@pytest.mark.parametrize(
    ("change", "status", "words", "standing"),
    [
        ({"Authorization": ""}, 401, "Unauthorized", "none"),
        ({"Authorization": "Basic abc"}, 401, "Unauthorized", "none"),
        ({"Authorization": "Bearer wrong"}, 401, "not valid", "refused"),
        ({"x-site-context": "{"}, 400, "not a JSON object", "accepted"),
        ({"x-site-context": "[]"}, 400, "not a JSON object", "accepted"),
        ({"x-site-context": "{}"}, 400, "lacks the account", "accepted"),
        ({"x-site-context": '{"account": 5}'}, 400, "lacks the account", "accepted"),
        ({"x-site-context": '{"account": "zzz"}'}, 400, "unknown account", "accepted"),
    ],
)
def test_token_and_site_context_are_required(
    api: Any, change: dict[str, str], status: int, words: str, standing: str
) -> None:
    """Without either nothing takes effect, and the ledger says how the token stood."""
    options = SimulatorOptions(account="1234abcd5678efgh9ijklmno")
    with SimulatorThread(options) as simulator:
        answer = api.cancel(simulator, ID, headers=api.headers | change)
        ledger = simulator.ledger
        assert api.cancel(simulator, ID).status == 200
        assert api.cancel(simulator, ID, headers=api.headers | change).status == status
    assert answer.status == status
    assert words in answer.json["message"]
    assert (ledger[ID].puts, ledger[ID].effects) == (1, 0)
    assert ledger.entries()[0].token == standing
    assert "wrong" not in repr(ledger)


def test_the_site_context_is_required_without_an_account_too(api: Any) -> None:
    """The header must be there even where any account will do."""
    with SimulatorThread() as simulator:
        answer = api.cancel(simulator, ID, headers={"Authorization": api.headers["Authorization"]})
    assert (answer.status, answer.json["message"]) == (400, "x-site-context is required")


def test_any_token_will_do_where_none_is_fixed(api: Any) -> None:
    """``token=None`` takes any bearer that is not empty."""
    with SimulatorThread(SimulatorOptions(token=None)) as simulator:
        assert (
            api.cancel(simulator, ID, headers=api.headers | {"Authorization": "bearer x"}).status
            == 200
        )
        assert (
            api.cancel(simulator, ID, headers=api.headers | {"Authorization": "Bearer "}).status
            == 401
        )


@pytest.mark.parametrize("in_body", [False, True])
def test_client_credentials_give_a_token_that_works(api: Any, in_body: bool) -> None:  # noqa: FBT001 - a case
    """By HTTP Basic or in the body; the token is accepted and tells how long it lives."""
    ours = "&client_id=simulator-client&client_secret=simulator-secret"
    with SimulatorThread(SimulatorOptions(token="fixed")) as simulator:
        answer = api.token(simulator, body=FORM + ours * in_body, headers={} if in_body else BASIC)
        issued = answer.json["access_token"]
        bearer = {"Authorization": f"Bearer {issued}"}
        assert api.cancel(simulator, ID, headers=api.headers | bearer).status == 200
        ledger = simulator.ledger
    assert answer.json | {"access_token": ""} == {
        "token_type": "Bearer",
        "expires_in": 600,
        "access_token": "",
        "scope": "s2s",
    }
    assert ledger.summary().tokens == 1
    assert issued not in repr(ledger)


def test_a_token_request_is_refused_as_oauth_says(api: Any) -> None:
    """Wrong secret, wrong grant, an Origin: each has its refusal, and no token comes."""
    wrong = {"Authorization": f"Basic {base64.b64encode(b'simulator-client:x').decode()}"}
    with SimulatorThread() as simulator:
        for body, headers, status, error in (
            (FORM, wrong, 401, "invalid_client"),
            (FORM, {"Authorization": "Basic ###"}, 401, "invalid_client"),
            (FORM, {}, 401, "invalid_client"),
            ("grant_type=password", BASIC, 400, "unsupported_grant_type"),
        ):
            answer = api.token(simulator, body=body, headers=headers)
            assert (answer.status, answer.json) == (status, {"error": error})
        assert api.token(simulator, body=FORM, headers=BASIC | {"Origin": "x"}).status == 403
        assert api.token(simulator, body="x" * 2_000_000, headers=BASIC).status == 413
        assert simulator.ledger.summary().by_status == {"401": 3, "400": 1, "403": 1, "413": 1}


def test_issued_tokens_expire(api: Any) -> None:
    """All at once on demand, one by revocation; the answer is 401, the fixed token goes on."""
    with SimulatorThread() as simulator:
        old = api.token(simulator, body=FORM, headers=BASIC).json["access_token"]
        simulator.expire_tokens()
        new = api.token(simulator, body=FORM, headers=BASIC).json["access_token"]
        for token, status in ((old, 401), (new, 200), ("simulator-token", 200)):
            bearer = {"Authorization": f"Bearer {token}"}
            assert api.cancel(simulator, ID, headers=api.headers | bearer).status == status
        assert simulator.ledger.entries()[2].token == "expired"
        simulator.set_faults(parse_fault("revoke+..1"))
        bearer = {"Authorization": f"Bearer {new}"}
        statuses = [
            api.cancel(simulator, OTHER, headers=api.headers | bearer).status for _ in range(3)
        ]
        assert statuses == [401, 401, 401]
        assert api.cancel(simulator, OTHER).status == 200
        assert simulator.ledger[OTHER].effects == 1


def test_a_token_lives_as_long_as_asked(api: Any) -> None:
    """After its lifetime a token is expired; before, it is not."""
    with SimulatorThread(SimulatorOptions(token_lifetime=1)) as simulator:
        token = api.token(simulator, body=FORM, headers=BASIC).json["access_token"]
        headers = api.headers | {"Authorization": f"Bearer {token}"}
        while api.cancel(simulator, ID, headers=headers).status == 200:
            pass
        entries = simulator.ledger.entries()
    assert entries[-1].token == "expired"
    assert entries[-1].monotonic - entries[0].monotonic >= 1
    assert all(entry.token == "accepted" for entry in entries[1:-1])


@pytest.mark.parametrize(
    ("text", "status"), [("500/POST", 500), ("html/POST", 200), ("401/POST*1", 401)]
)
def test_the_token_address_has_faults_too(api: Any, text: str, status: int) -> None:
    """Faults for POST strike the token request and nothing else."""
    with SimulatorThread(SimulatorOptions(faults=(parse_fault(text),))) as simulator:
        answer = api.token(simulator, body=FORM, headers=BASIC)
        assert answer.status == status
        assert b"access_token" not in answer.body
        assert api.cancel(simulator, ID).status == 200


def test_the_limiter_refuses_without_effect(api: Any) -> None:
    """Over the rate 429 with the header asked for; the ledger counts it, nothing takes effect."""
    options = SimulatorOptions(rate=0.001, burst=1, retry_after="7", advertise="x-delta")
    with SimulatorThread(options) as simulator:
        unknown = api.headers | {"Authorization": "Bearer wrong"}
        assert api.cancel(simulator, ID, headers=unknown).status == 401  # counts for no limit
        assert [api.read(simulator, ID).status, api.cancel(simulator, ID).status] == [200, 200]
        refused = api.cancel(simulator, OTHER)
        assert (refused.status, refused.json) == (429, {"message": "Too many requests"})
        assert refused.headers["retry-after"] == "7"
        assert refused.headers["x-ratelimit-remaining"] == "0"
        assert (simulator.ledger[OTHER].puts, simulator.ledger[OTHER].effects) == (1, 0)
        simulator.set_rate(None)
        assert api.cancel(simulator, OTHER).status == 200


def test_a_window_tells_its_end_and_may_keep_silent(api: Any) -> None:
    """Without a value of one's own a window's 429 tells the seconds to its end; ``none`` hides."""
    options = SimulatorOptions(window=(1, 3600))
    with SimulatorThread(options) as simulator:
        api.cancel(simulator, ID)
        assert 3500 < int(api.cancel(simulator, ID).headers["retry-after"]) <= 3600
        simulator.set_rate(None, window=(1, 3600), retry_after="none")
        api.cancel(simulator, ID)
        assert "retry-after" not in api.cancel(simulator, ID).headers


def test_the_servers_clock_may_be_wrong(api: Any) -> None:
    """Date and a Retry-After date are both of the server's own clock."""
    options = SimulatorOptions(clock_skew=86400 * 365, faults=(Fault(kind="429", arg="date+7"),))
    with SimulatorThread(options) as simulator:
        headers = api.cancel(simulator, ID).headers
    shown, wait = (parsedate_to_datetime(headers[name]) for name in ("date", "retry-after"))
    assert (shown - datetime.now(UTC)).days >= 364
    assert 7 <= (wait - shown).total_seconds() <= 8
