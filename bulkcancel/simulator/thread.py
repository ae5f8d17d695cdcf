"""A simulator in a thread of its own: for tests and the demo."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from concurrent.futures import Future
from types import TracebackType
from typing import Self, TypeVar

from bulkcancel.simulator.faults import Fault
from bulkcancel.simulator.options import SimulatorOptions
from bulkcancel.simulator.server import Simulator
from bulkcancel.simulator.truth import LedgerSnapshot

_T = TypeVar("_T")


class SimulatorThread:
    """A simulator beside whatever the caller does; a context manager.

    All methods may be called from any thread. The ledger can still be read after the stop.

    Raises:
        RefusedError: when it is entered: the port can't be bound, or the ledger's file can't be
            opened.
        ReportError: when it is left: the ledger's file could not be written.
    """

    def __init__(self, options: SimulatorOptions | None = None) -> None:
        self._options = options or SimulatorOptions()
        self._thread: threading.Thread | None = None
        self._ready: Future[Simulator] = Future()
        self._failure: Exception | None = None
        self._lock = threading.Lock()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._stop: asyncio.Event | None = None

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.stop()

    def start(self) -> None:
        """Serve; returns once it can be reached."""
        self._thread = threading.Thread(target=self._run, name="simulator", daemon=True)
        self._thread.start()
        try:
            self._ready.result()
        except BaseException:
            self._thread.join()
            raise

    def stop(self) -> None:
        """Stop, and wait until nothing of it is left; harmless when it has stopped already."""
        with self._lock:
            if self._loop is not None and self._stop is not None:
                self._loop.call_soon_threadsafe(self._stop.set)
        if self._thread is not None:
            self._thread.join()
        if self._failure is not None:
            failure, self._failure = self._failure, None
            raise failure

    @property
    def origin(self) -> str:
        """``http://HOST:PORT``."""
        return self._started().origin

    @property
    def url(self) -> str:
        """The API's base address, ``http://HOST:PORT/api/v2``."""
        return self._started().url

    @property
    def token_url(self) -> str:
        """The address that issues tokens."""
        return self._started().token_url

    @property
    def ledger(self) -> LedgerSnapshot:
        """What has reached it up to now."""
        return self._ask(lambda simulator: simulator.ledger.snapshot())

    def set_faults(self, *faults: Fault) -> None:
        """Put these faults in place of all others; their counts and windows begin anew."""
        self._ask(lambda simulator: simulator.set_faults(*faults))

    def set_rate(
        self,
        rate: float | None,
        *,
        burst: int = 5,
        window: tuple[int, float] | None = None,
        retry_after: str | None = None,
    ) -> None:
        """Put another limit in place; without a rate and a window there is none.

        Raises:
            RefusedError: both a rate and a window, or a value that can't be.
        """
        self._ask(
            lambda simulator: simulator.set_rate(
                rate, burst=burst, window=window, retry_after=retry_after
            )
        )

    def expire_tokens(self) -> None:
        """Let all tokens issued so far be expired; the fixed one stays."""
        self._ask(lambda simulator: simulator.expire_tokens())

    def _started(self) -> Simulator:
        if self._thread is None:
            raise RuntimeError("the simulator has not been started")
        return self._ready.result()

    def _ask(self, question: Callable[[Simulator], _T]) -> _T:
        """Let the simulator's own thread answer; when that has ended, nothing can interfere."""
        simulator = self._started()
        answer: Future[_T] = Future()

        def reply() -> None:
            try:
                answer.set_result(question(simulator))
            except Exception as error:  # noqa: BLE001 - raised again where it was asked
                answer.set_exception(error)

        with self._lock:
            if self._loop is None:
                return question(simulator)
            self._loop.call_soon_threadsafe(reply)
        return answer.result()

    def _run(self) -> None:
        try:
            asyncio.run(self._serve())
        except Exception as error:  # noqa: BLE001 - raised again by start or stop
            if self._ready.done():
                self._failure = error
            else:
                self._ready.set_exception(error)

    async def _serve(self) -> None:
        simulator = Simulator(self._options)
        simulator.own_loop()
        await simulator.start()
        self._stop = asyncio.Event()
        self._loop = asyncio.get_running_loop()
        self._ready.set_result(simulator)
        try:
            await simulator.serve_until(self._stop)
        finally:
            with self._lock:
                self._loop = None
            # Questions that were asked before are still answered here.
            await asyncio.sleep(0)
