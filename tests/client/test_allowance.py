"""What headers tell of a rate limit: every known form, and nothing from a malformed one."""

from __future__ import annotations

import pytest

from bulkcancel.client.allowance import allowance_in
from bulkcancel.model import Allowance
from bulkcancel.simulator.headers import advertised
from bulkcancel.simulator.limits import Verdict

DATE = "Fri, 15 Jan 2027 08:00:00 GMT"
UNIX = 1_800_000_000


@pytest.mark.parametrize("prefix", ["RateLimit", "X-RateLimit"])
@pytest.mark.parametrize(
    "reset", ["30", str(UNIX + 30), str((UNIX + 30) * 1000), "Fri, 15 Jan 2027 08:00:30 GMT"]
)
def test_what_is_left_until_the_reset(prefix: str, reset: str) -> None:
    """300 left for 30 s are 10/s for 30 s, however the reset is written."""
    headers = {f"{prefix}-Limit": "600", f"{prefix}-Remaining": "300", f"{prefix}-Reset": reset}
    assert allowance_in({**headers, "Date": DATE}) == Allowance(rate=10.0, seconds=30.0)


def test_the_structured_form() -> None:
    """The draft's one header; its policy counts where what is left says nothing."""
    left = {"RateLimit": '"default";r=50;t=25', "RateLimit-Policy": '"default";q=100;w=50'}
    assert allowance_in(left) == Allowance(rate=2.0, seconds=25.0)
    assert allowance_in({**left, "RateLimit": '"default";r=50;t=1'}) == Allowance(
        rate=2.0, seconds=50.0
    )
    assert allowance_in({"RateLimit-Policy": '"d";q=600;w=60'}) == Allowance(
        rate=10.0, seconds=60.0
    )


def test_nothing_left_is_one_until_the_reset() -> None:
    """With a spent quota one request goes in all the time until it is renewed."""
    headers = {"X-RateLimit-Remaining": "0", "X-RateLimit-Reset": "40"}
    assert allowance_in(headers) == Allowance(rate=1 / 40, seconds=40.0)


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"X-RateLimit-Remaining": "5"},
        {"X-RateLimit-Reset": "30"},
        {"X-RateLimit-Remaining": "5", "X-RateLimit-Reset": "0"},
        {"X-RateLimit-Remaining": "5", "X-RateLimit-Reset": "1"},
        {"X-RateLimit-Remaining": "5", "X-RateLimit-Reset": "-30"},
        {"X-RateLimit-Remaining": "5", "X-RateLimit-Reset": "soon"},
        {"X-RateLimit-Remaining": "²", "X-RateLimit-Reset": "30"},
        {"X-RateLimit-Remaining": "1e999", "X-RateLimit-Reset": "30"},
        {"X-RateLimit-Remaining": "5", "X-RateLimit-Reset": "864000"},
        {"X-RateLimit-Remaining": "5", "X-RateLimit-Reset": "9" * 40},
        {"X-RateLimit-Remaining": "5", "X-RateLimit-Reset": str(UNIX + 30)},
        {"X-RateLimit-Remaining": "5", "X-RateLimit-Reset": str(UNIX - 30), "Date": DATE},
        {"X-RateLimit-Remaining": "5", "X-RateLimit-Reset": "30, 60"},
        {"RateLimit": '"a";r=5;t=30, "b";r=50;t=3000'},
        {"RateLimit-Policy": '"a";q=5;w=0'},
        {"RateLimit-Policy": '"a";q=0;w=60'},
    ],
)
def test_what_says_nothing_usable(headers: dict[str, str]) -> None:
    """Half a statement, nonsense, a moment without a Date, several policies: as good as none."""
    assert allowance_in(headers) is None


def test_what_the_simulator_says_is_understood() -> None:
    """Each style of the simulator is read to the same rate, but for the malformed one."""
    told = Verdict(admitted=True, quota=600, period=60.0, remaining=300, reset=30.0)
    for style in ("ratelimit", "ratelimit-fields", "x-delta", "x-epoch", "x-ms", "x-date"):
        headers = {**advertised(style, told, float(UNIX)), "Date": DATE}
        assert allowance_in(headers) == Allowance(rate=10.0, seconds=30.0), style
    assert allowance_in(advertised("malformed", told, float(UNIX))) is None
