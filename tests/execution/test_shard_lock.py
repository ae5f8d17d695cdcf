"""Shards of an input work side by side, each once, and never beside a run of the whole."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager
from pathlib import Path

import pytest

from bulkcancel.decision import parse_shard
from bulkcancel.errors import LockedError, RefusedError
from bulkcancel.execution.lock import holder_of, one_at_a_time
from bulkcancel.execution.shardlock import one_of_each
from bulkcancel.model import Target

TARGET = Target(base_url="https://oms.example/api/v2", account="1234abcd5678efgh9ijklmno")
HOLD = """
import sys
from pathlib import Path
from bulkcancel.decision import parse_shard
from bulkcancel.execution.shardlock import one_of_each
from bulkcancel.model import Target
target = Target(base_url=sys.argv[3], account=sys.argv[4])
shard = parse_shard(sys.argv[2])
with one_of_each(Path(sys.argv[1]), target, "d", shard, run_id="other", since="then"):
    print("held", flush=True)
    sys.stdin.read()
"""


def hold(
    folder: Path, shard: str | None, digest: str = "d", run_id: str = "night"
) -> AbstractContextManager[None]:
    """Return the lock of a shard, or of the whole input."""
    if shard is None:
        return one_at_a_time(folder, TARGET, digest, run_id=run_id, since="then")
    return one_of_each(folder, TARGET, digest, parse_shard(shard), run_id=run_id, since="then")


@contextmanager
def held_elsewhere(folder: Path, shard: str) -> Iterator[subprocess.Popen[bytes]]:
    """Hold the lock of a shard in a process of its own."""
    words = [sys.executable, "-c", HOLD, str(folder), shard, TARGET.base_url, TARGET.account]
    with subprocess.Popen(words, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == b"held\n"
        try:
            yield process
        finally:
            process.kill()


def test_all_shards_work_at_once(tmp_path: Path) -> None:
    """None keeps another one out, and each is found by its run."""
    with ExitStack() as held:
        for index in range(1, 5):
            held.enter_context(hold(tmp_path, f"{index}/4", run_id=f"night-{index}"))
        assert holder_of(tmp_path, "night-3").startswith("run night-3, process ")
    assert holder_of(tmp_path, "night-3") == ""


@pytest.mark.parametrize(
    ("first", "second", "words"),
    [
        ("1/4", "1/4", "works on shard 1 of 4 of the same input .*: run first, process "),
        ("1/4", None, "works on the same input .*: a run of a shard, of 4"),
        (None, "1/4", "and not on a shard of 4: run first, process "),
        ("1/4", "1/5", "and not on a shard of 5: a run of a shard, of 4"),
        ("1/1", None, "a run of a shard, of 1"),
    ],
)
def test_nothing_is_worked_on_twice(
    tmp_path: Path, first: str | None, second: str | None, words: str
) -> None:
    """The second one ends with 75 and names the first; afterwards it may begin."""
    with (
        hold(tmp_path, first, run_id="first"),
        pytest.raises(LockedError, match=words),
        hold(tmp_path, second),
    ):
        raise AssertionError("both hold it")
    with hold(tmp_path, second):
        pass


def test_another_number_waits_for_the_last_shard(tmp_path: Path) -> None:
    """As long as one shard of four is at work no shard of five begins, whoever came first."""
    with hold(tmp_path, "2/4"):
        with hold(tmp_path, "1/4"):
            pass
        with pytest.raises(LockedError), hold(tmp_path, "5/5"):
            raise AssertionError("both hold it")
    with hold(tmp_path, "5/5"), pytest.raises(LockedError), hold(tmp_path, "1/4"):
        raise AssertionError("both hold it")


def test_another_input_is_none_of_its_business(tmp_path: Path) -> None:
    """The same shard of another input may work."""
    with hold(tmp_path, "1/4"), hold(tmp_path, "1/4", "e"), hold(tmp_path, None, "f"):
        pass


def test_a_killed_shard_lets_go(tmp_path: Path) -> None:
    """Its lock goes with its process, and so does its part of the input's."""
    with held_elsewhere(tmp_path, "1/4") as process:
        with pytest.raises(LockedError, match="run other, process"), hold(tmp_path, "1/4"):
            raise AssertionError("both hold it")
        with hold(tmp_path, "2/4"):
            pass
        process.kill()
        process.wait(20)
        for shard in ("1/4", "1/5", None):
            with hold(tmp_path, shard):
                pass


def test_a_lock_that_can_not_be_made_is_said(tmp_path: Path) -> None:
    """Where the folder should be is a file: nothing is sent."""
    (tmp_path / "locks").touch()
    with pytest.raises(RefusedError, match="can't be taken"), hold(tmp_path / "locks", "1/2"):
        raise AssertionError("it is held")
