"""Which fault a request meets: decided by seed and count alone, so that a run can be repeated."""

from __future__ import annotations

from collections import Counter
from hashlib import blake2b

from bulkcancel.simulator.faults import Fault

_WHOLE = float(1 << 64)


def chance(*parts: object) -> float:
    """Return a number in [0, 1) that depends on the parts and on nothing else."""
    text = "\0".join(map(str, parts))
    return int.from_bytes(blake2b(text.encode(), digest_size=8).digest(), "big") / _WHOLE


class FaultBook:
    """The faults in place, and who has met them.

    A choice depends on the seed, the allocation, how many requests of this method it has had
    and the fault's place in the list; only a fault's window looks at anything else. ``placed`` is
    the monotonic time at which the faults were put in place, seconds.
    """

    def __init__(self, faults: tuple[Fault, ...], *, seed: int, placed: float) -> None:
        self.faults = faults
        self._seed = seed
        self._placed = placed
        self._total: Counter[str] = Counter()
        self._of_one: Counter[tuple[str, str]] = Counter()
        self._met: Counter[tuple[int, str]] = Counter()

    def choose(self, method: str, key: str, now: float) -> Fault | None:
        """Return the fault that this request meets, and note that it came.

        ``key`` is the allocation's id; ``now`` is a monotonic time, seconds.
        """
        if not self.faults:
            return None
        self._total[method] += 1
        self._of_one[method, key] += 1
        elapsed = now - self._placed
        for place, fault in enumerate(self.faults):
            if self._fits(place, fault, method, key) and self._is_open(fault, elapsed):
                self._met[place, key] += 1
                return fault
        return None

    def _fits(self, place: int, fault: Fault, method: str, key: str) -> bool:
        if method not in _covered(fault) or (fault.ids and key not in fault.ids):
            return False
        if fault.times is not None and self._met[place, key] >= fault.times:
            return False
        if fault.probability >= 1:
            return True
        count = self._of_one[method, key]
        return chance(self._seed, "fault", place, method, count, key) < fault.probability

    def _is_open(self, fault: Fault, elapsed: float) -> bool:
        number = sum(self._total[method] for method in _covered(fault))
        return (
            (fault.after is None or number > fault.after)
            and (fault.until is None or number <= fault.until)
            and (fault.since is None or elapsed >= fault.since)
            and (fault.till is None or elapsed < fault.till)
        )


def _covered(fault: Fault) -> tuple[str, ...]:
    return ("PUT", "GET") if fault.method == "any" else (fault.method,)
