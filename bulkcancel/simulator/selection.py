"""Which fault a request meets: decided by seed and count alone, so that a run can be repeated."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
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

    def choose(
        self, method: str, key: str, now: float, *, others: Sequence[str] = ()
    ) -> Fault | None:
        """Return the fault that this request meets as a whole, and note that it came.

        ``key`` is the allocation's id, ``others`` are those that follow it in a list; ``now`` is
        a monotonic time, seconds. A fault is drawn once for a list, by the first id that it is
        for and that has not met it often enough; all of them have met it then.
        """
        if not self.faults:
            return None
        keys = (key, *others)
        self._total[method] += 1
        self._of_one.update((method, one) for one in set(keys))
        elapsed = now - self._placed
        for place, fault in enumerate(self.faults):
            if self._fits(place, fault, method, keys) and self._is_open(fault, elapsed):
                self._met.update((place, one) for one in set(keys))
                return fault
        return None

    def _fits(self, place: int, fault: Fault, method: str, keys: Sequence[str]) -> bool:
        key = next((one for one in keys if self._may_meet(place, fault, one)), None)
        if key is None or method not in _covered(fault):
            return False
        if fault.probability >= 1:
            return True
        count = self._of_one[method, key]
        return chance(self._seed, "fault", place, method, count, key) < fault.probability

    def _may_meet(self, place: int, fault: Fault, key: str) -> bool:
        return (not fault.ids or key in fault.ids) and (
            fault.times is None or self._met[place, key] < fault.times
        )

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
