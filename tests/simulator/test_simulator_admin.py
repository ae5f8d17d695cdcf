"""Options, the seed, and the addresses by which another process reads and steers."""

from __future__ import annotations

import json
from typing import Any

import pytest

from bulkcancel.errors import RefusedError
from bulkcancel.simulator import SimulatorOptions, SimulatorThread, parse_fault

ID = "62ff5c0bec0aed3c86202c32"
OTHER = "62ff5c0bec0aed3c86202c33"


def test_faults_are_the_same_in_every_run(api: Any) -> None:
    """With one seed each id meets the same faults, whatever the order in which ids come."""

    def statuses(seed: int, ids: list[str]) -> dict[str, list[int]]:
        faults = (parse_fault("500=0.3"), parse_fault("429=0.3*1"))
        with SimulatorThread(SimulatorOptions(seed=seed, faults=faults)) as simulator:
            return {one: [api.cancel(simulator, one).status for _ in range(3)] for one in ids}

    ids = [f"{number:024x}" for number in range(15)]
    assert statuses(5, ids) == statuses(5, ids[::-1])
    assert statuses(5, ids) != statuses(6, ids)


def test_the_admin_addresses_read_and_steer(api: Any) -> None:
    """Another process reads the ledger, and changes faults, limit and tokens; unseen by it."""
    with SimulatorThread() as simulator:

        def steer(method: str, path: str, payload: object = None) -> Any:
            body = None if payload is None else json.dumps(payload)
            return api.ask(simulator, method, f"/_simulator/{path}", headers={}, body=body)

        api.cancel(simulator, ID)
        assert steer("PUT", "faults", ["500=0.5*1", f"hang@{ID}"]).json == [
            "500=0.5*1",
            f"hang@{ID}",
        ]
        assert steer("GET", "faults").json == ["500=0.5*1", f"hang@{ID}"]
        assert steer("PUT", "faults", ["503:9"]).status == 200
        assert api.cancel(simulator, OTHER).headers["retry-after"] == "9"
        assert steer("PUT", "faults", []).json == []
        assert steer("PUT", "rate", {"rate": 0.001, "burst": 0, "retry_after": "3"}).status == 200
        assert [api.cancel(simulator, OTHER).status for _ in range(2)] == [200, 429]
        assert steer("PUT", "rate", {"window": [1, 3600]}).status == 200
        assert [api.read(simulator, OTHER).status for _ in range(2)] == [200, 429]
        assert steer("DELETE", "tokens").status == 200
        for path, payload in (
            ("faults", ["nonsense"]),
            ("faults", "500"),
            ("rate", {"speed": 1}),
            ("rate", {"rate": "fast"}),
            ("rate", {"window": [1]}),
            ("rate", {"rate": 1, "window": [1, 1]}),
            ("entries", None),
        ):
            method = "GET" if payload is None else "PUT"
            refused = steer(method, f"{path}?after=x" if payload is None else path, payload)
            assert refused.status == 400, path
            assert refused.json["message"]
        assert api.ask(simulator, "PUT", "/_simulator/rate", headers={}, body="{").status == 400
        assert steer("GET", "nowhere").status == 404
        shown = steer("GET", "ledger").json
        entries = steer("GET", "entries?after=1").json
        assert shown == json.loads(json.dumps(simulator.ledger.summary().as_json()))
    assert shown["requests"] == 6
    assert shown["allocations"][ID]["status"] == "CANCELLED"
    assert [entry["sequence"] for entry in entries] == [2, 3, 4, 5, 6]


@pytest.mark.parametrize(
    "values",
    [
        {"host": "0.0.0.0"},  # noqa: S104 - refused, which is the point
        {"host": "192.0.2.1"},
        {"host": "localhost"},
        {"host": "example.invalid"},
        {"port": 65536},
        {"port": -1},
        {"latency": -1.0},
        {"latency_jitter": float("inf")},
        {"effect_delay": float("nan")},
        {"token_lifetime": 0.0},
        {"clock_skew": float("inf")},
        {"shutdown_after": -1.0},
        {"rate": 0.0},
        {"rate": 1.0, "window": (1, 1.0)},
        {"retry_after": "1\r\nX: y"},
        {"advertise": "x-ms"},
        {"already": "418"},
        {"shipped": "500"},
    ],
)
def test_impossible_options_are_refused(values: dict[str, Any]) -> None:
    """Above all a host that others could reach; the sentence says what is wrong."""
    with pytest.raises(RefusedError, match="simulator"):
        SimulatorOptions(**values)


def test_options_do_not_show_their_secrets() -> None:
    """Neither token nor client secret is in the repr."""
    shown = repr(SimulatorOptions(token="hush-1", client_secret="hush-2"))
    assert "hush" not in shown
