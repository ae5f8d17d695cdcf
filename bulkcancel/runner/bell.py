"""A bell that wakes whoever waits, again and again."""

from __future__ import annotations

import anyio


class Bell:
    """An event that can be rung many times; a ring wakes those who wait at that moment."""

    def __init__(self) -> None:
        # Most rings find nobody waiting, and cost nothing then.
        self._event: anyio.Event | None = None

    def ring(self) -> None:
        """Wake all who wait."""
        if self._event is not None:
            self._event.set()
            self._event = None

    async def wait(self, seconds: float | None = None) -> None:
        """Wait for the next ring, or until that many seconds have passed."""
        event = self._event = self._event or anyio.Event()
        if seconds is None:
            await event.wait()
            return
        with anyio.move_on_after(seconds):
            await event.wait()
