"""Starting and stopping: nothing is left behind, the ledger's file is whole, words on failure."""

from __future__ import annotations

import asyncio
import gc
import json
import os
import re
import signal
import socket
import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from urllib.parse import urlsplit

import aiohttp
import anyio
import pytest

from bulkcancel.errors import RefusedError, ReportError
from bulkcancel.simulator import (
    AllocationTruth,
    Simulator,
    SimulatorOptions,
    SimulatorThread,
    parse_fault,
    read_ledger,
)

ID = "62ff5c0bec0aed3c86202c32"
HEADERS = {
    "Authorization": "Bearer simulator-token",
    "x-site-context": json.dumps({"account": "1234abcd5678efgh9ijklmno"}),
}
SERVE = """
import sys
from pathlib import Path
from bulkcancel.simulator import SimulatorOptions, parse_fault, serve
serve(
    SimulatorOptions(
        ledger_path=Path(sys.argv[1]),
        faults=tuple(map(parse_fault, sys.argv[3:])),
        shutdown_after=float(sys.argv[2]),
    ),
    ready=lambda url: print(url, flush=True),
)
"""


def raw_cancel(url: str, one: str = ID) -> socket.socket:
    """Send a cancel and leave the connection open."""
    where = urlsplit(url)
    connection = socket.create_connection((where.hostname or "", where.port or 0), timeout=30)
    named = "".join(f"{name}: {value}\r\n" for name, value in HEADERS.items())
    connection.sendall(
        f"PUT /api/v2/allocation/cancel/{one} HTTP/1.1\r\nHost: x\r\n{named}\r\n".encode()
    )
    return connection


async def cancel_all(url: str, ids: list[str]) -> list[int]:
    """Cancel with a plain aiohttp session."""
    async with aiohttp.ClientSession(headers=HEADERS) as session:

        async def one(allocation_id: str) -> int:
            async with session.put(f"{url}/allocation/cancel/{allocation_id}") as answer:
                await answer.read()
                return answer.status

        return list(await asyncio.gather(*map(one, ids)))


def test_a_thread_leaves_nothing_behind() -> None:
    """After the stop: no thread, no open file or socket, and nobody listens."""
    threads, files = set(threading.enumerate()), _open_files()
    with SimulatorThread() as simulator:
        ids = [f"{number:024x}" for number in range(50)]
        assert anyio.run(cancel_all, simulator.url, ids) == [200] * 50
        port = urlsplit(simulator.url).port or 0
        simulator.set_faults(parse_fault("hang"))
        hanging = raw_cancel(simulator.url)
    hanging.close()
    del hanging
    assert set(threading.enumerate()) == threads
    assert _open_files() == files
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(("127.0.0.1", port))
    summary = simulator.ledger.summary()
    assert (summary.effects, summary.requests >= 50) == (50, True)


def _open_files() -> int:
    gc.collect()
    return len(os.listdir("/proc/self/fd"))  # noqa: PTH208 - names only


def test_a_simulator_leaves_no_task_in_its_loop(monkeypatch: pytest.MonkeyPatch) -> None:
    """Hanging, dripping, late and slow answers: the stop lets go of them all, and at once."""
    monkeypatch.setattr("bulkcancel.simulator.server._PATIENCE", 120.0)

    async def main() -> None:
        faults = tuple(map(parse_fault, ("hang@a", "drip@b", "late:60@c", "stale-delayed:1@d")))
        simulator = Simulator(SimulatorOptions(faults=faults, latency=0.01))
        await simulator.start()
        where = urlsplit(simulator.url)
        writers = []
        for one in "abcde":
            _, writer = await asyncio.open_connection(where.hostname, where.port)
            named = "".join(f"{name}: {value}\r\n" for name, value in HEADERS.items())
            path = f"/api/v2/allocation/cancel/{one}"
            writer.write(f"PUT {path} HTTP/1.1\r\nHost: x\r\n{named}\r\n".encode())
            writers.append(writer)
        with anyio.fail_after(30):
            while len(simulator.ledger.entries()) < 5:  # noqa: ASYNC110 - what is tested has no event for it
                await asyncio.sleep(0.01)
        with anyio.fail_after(50):
            await simulator.stop()
        await simulator.stop()  # harmless
        for writer in writers:
            writer.close()
            await writer.wait_closed()
        assert asyncio.all_tasks() == {asyncio.current_task()}
        await asyncio.sleep(1.1)  # when the delayed effect would have come
        effects = {one.allocation_id: one.effects for one in _truths(simulator)}
        assert effects == {"a": 0, "b": 1, "c": 0, "d": 0, "e": 1}

    anyio.run(main)


def _truths(simulator: Simulator) -> list[AllocationTruth]:
    return list(simulator.ledger.summary().allocations.values())


def test_it_tells_how_many_requests_were_under_way() -> None:
    """Ten at once with some latency are ten in flight; one after the other is one."""
    with SimulatorThread(SimulatorOptions(latency=1)) as simulator:
        anyio.run(cancel_all, simulator.url, [f"{number:024x}" for number in range(10)])
        assert simulator.ledger.summary().peak_in_flight == 10
    with SimulatorThread() as simulator:
        for _ in range(3):
            anyio.run(cancel_all, simulator.url, [ID])
        assert simulator.ledger.summary().peak_in_flight == 1


def test_many_threads_may_ask_and_steer() -> None:
    """Snapshots, changes and requests at once, and around the stop: no error, nothing lost."""
    with SimulatorThread() as simulator, ThreadPoolExecutor(8) as pool:

        def work(number: int) -> int:
            with raw_cancel(simulator.url, f"{number:024x}") as connection:
                connection.recv(1 << 16)
            simulator.set_faults()
            simulator.set_rate(None)
            return simulator.ledger.summary().requests

        assert max(pool.map(work, range(100))) == 100
    simulator.stop()
    simulator.set_faults()
    assert simulator.ledger.summary().effects == 100


def test_it_stops_by_itself() -> None:
    """``shutdown_after`` ends a thread as well; its ledger can still be read."""
    with SimulatorThread(SimulatorOptions(shutdown_after=0.2)) as simulator:
        end = time.monotonic() + 30
        while any(thread.name == "simulator" for thread in threading.enumerate()):
            assert time.monotonic() < end
            time.sleep(0.01)
        assert simulator.ledger.entries() == ()


def test_a_taken_port_is_refused_in_words() -> None:
    """Who asks for a port that is taken reads which, and nothing is left running."""
    with SimulatorThread() as first:
        options = SimulatorOptions(port=urlsplit(first.url).port or 0)
        threads = set(threading.enumerate())
        with pytest.raises(RefusedError, match=rf"can't listen on 127.0.0.1 port {options.port}"):
            SimulatorThread(options).start()
        assert set(threading.enumerate()) == threads


def test_ipv6_loopback_has_its_brackets() -> None:
    """``::1`` is served where the machine has it."""
    try:
        with SimulatorThread(SimulatorOptions(host="::1")) as simulator:
            assert re.fullmatch(r"http://\[::1\]:\d+/api/v2", simulator.url)
            assert anyio.run(cancel_all, simulator.url, [ID]) == [200]
    except RefusedError:
        pytest.skip("this machine has no IPv6 loopback")


def test_the_ledgers_file_equals_the_ledger(tmp_path: Path) -> None:
    """Each request is in the file before it is answered; effects that come later are joined."""
    path = tmp_path / "ledger.jsonl"
    faults = tuple(map(parse_fault, ("hangup-after@b", "late:0.05@c", "stale-delayed:0.05@d")))
    with SimulatorThread(SimulatorOptions(ledger_path=path, faults=faults)) as simulator:
        anyio.run(cancel_all, simulator.url, ["a", "c", "d,e"])
        assert len(read_ledger(path)) == 3
        with raw_cancel(simulator.url, "b") as connection:
            assert connection.recv(1) == b""
        while simulator.ledger.summary().effects < 4:
            time.sleep(0.01)
        assert read_ledger(path) == simulator.ledger.entries()
    states = {entry.ids: (entry.applied, entry.states) for entry in read_ledger(path)}
    assert states == {
        ("a",): (True, ("CANCELLED",)),
        ("b",): (True, ("CANCELLED",)),
        ("c",): (True, ("CANCELLED",)),
        ("d", "e"): (True, ("CANCELLED", "CANCELLED")),
    }
    assert "simulator-token" not in path.read_text(encoding="utf-8")


def test_a_ledgers_file_that_is_none_is_refused(tmp_path: Path) -> None:
    """Missing, or not a ledger: a sentence; a line that is being written is left out."""
    with pytest.raises(ReportError, match="can't be read"):
        read_ledger(tmp_path / "none")
    path = tmp_path / "other"
    for text in ("x\n", "5\n", '{"event":"request"}\n', '{"event":"effect","sequence":1}\n'):
        path.write_text(text, encoding="utf-8")
        with pytest.raises(ReportError, match="not a ledger"):
            read_ledger(path)
    path.write_text('{"event":"requ', encoding="utf-8")
    assert read_ledger(path) == ()


def test_a_ledger_that_cannot_be_opened_is_refused(tmp_path: Path) -> None:
    """Before anything is served."""
    with pytest.raises(RefusedError, match="can't be opened"):
        SimulatorThread(SimulatorOptions(ledger_path=tmp_path)).start()


def test_a_ledger_that_cannot_be_written_ends_the_simulator() -> None:
    """A full device: no answer is given, and who runs it is told."""
    simulator = SimulatorThread(SimulatorOptions(ledger_path=Path("/dev/full")))
    simulator.start()
    with raw_cancel(simulator.url) as connection:
        assert connection.recv(1) == b""
    with pytest.raises(ReportError, match="/dev/full can't be written"):
        simulator.stop()


def test_a_defect_of_the_simulator_ends_it(monkeypatch: pytest.MonkeyPatch) -> None:
    """An exception that should not be is told to who runs it, not swallowed by the server."""

    def broken(*_: object, **__: object) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr("bulkcancel.simulator.deeds.Doer.cancel", broken)
    simulator = SimulatorThread()
    simulator.start()
    with raw_cancel(simulator.url) as connection:
        assert connection.recv(12) == b"HTTP/1.1 500"
    with pytest.raises(ZeroDivisionError):
        simulator.stop()
    assert not any(thread.name == "simulator" for thread in threading.enumerate())


def test_requests_that_are_no_http_do_no_harm(capfd: pytest.CaptureFixture[str]) -> None:
    """Garbage and half requests are answered 400 or dropped; nothing is printed, it goes on."""
    with SimulatorThread() as simulator:
        where = urlsplit(simulator.url)
        for garbage in (b"\x16\x03\x01\x02\x00", b"PUT\r\n\r\n", b"PUT / HTTP/1.1\r\nContent-"):
            address = (where.hostname or "", where.port or 0)
            with socket.create_connection(address, timeout=30) as connection:
                connection.sendall(garbage)
                connection.shutdown(socket.SHUT_WR)
                connection.recv(1 << 16)
        head = "POST /v1/token HTTP/1.1\r\nHost: x\r\nContent-Length: 99\r\n\r\ngrant"
        with socket.create_connection(address, timeout=30) as connection:
            connection.sendall(head.encode())
        assert anyio.run(cancel_all, simulator.url, [ID]) == [200]
    assert capfd.readouterr() == ("", "")


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_ends_the_server(number: signal.Signals, tmp_path: Path) -> None:
    """With a hanging and a slow client: exit 0, nothing on standard error, the ledger whole."""
    path = tmp_path / "ledger.jsonl"
    with _process(path, "60", "hang@a", "drip@b") as process:
        url = _url(process)
        hanging, slow = raw_cancel(url, "a"), raw_cancel(url, "b")
        assert anyio.run(cancel_all, url, ["c"]) == [200]
        while len(read_ledger(path)) < 3:
            time.sleep(0.01)
        process.send_signal(number)
        _, errors = process.communicate(timeout=60)
    hanging.close()
    slow.close()
    assert (process.returncode, errors) == (0, "")
    assert {entry.ids: entry.applied for entry in read_ledger(path)} == {
        ("a",): False,
        ("b",): True,
        ("c",): True,
    }


def test_the_server_ends_by_itself(tmp_path: Path) -> None:
    """``shutdown_after``: exit 0 without a signal."""
    with _process(tmp_path / "ledger", "0.2") as process:
        assert _url(process).startswith("http://127.0.0.1:")
        _, errors = process.communicate(timeout=60)
    assert (process.returncode, errors) == (0, "")


def _process(*arguments: str | Path) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-W", "error", "-X", "dev", "-c", SERVE, *map(str, arguments)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def _url(process: subprocess.Popen[str]) -> str:
    assert process.stdout is not None
    return process.stdout.readline().strip()
