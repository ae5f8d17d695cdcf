"""The simulator as a server: binds, serves until it is told to stop, leaves nothing behind."""

from __future__ import annotations

import asyncio
import logging
import os
import signal
from collections.abc import Callable
from typing import Any

from aiohttp import web
from aiohttp.http_exceptions import HttpProcessingError

from bulkcancel.errors import RefusedError
from bulkcancel.simulator.admin import ADMIN_PATH, administer
from bulkcancel.simulator.app import BASE_PATH, App
from bulkcancel.simulator.faults import Fault
from bulkcancel.simulator.ledger import TOKEN_PATH, Ledger
from bulkcancel.simulator.options import SimulatorOptions

_BACKLOG = 1024
_PATIENCE = 1.0
"""Seconds that an answer under way gets at the stop; whatever merely waits is let go at once."""


class Simulator:
    """An API on a loopback port, in the running loop.

    Raises:
        RefusedError: the ledger's file can't be opened.
    """

    def __init__(self, options: SimulatorOptions | None = None) -> None:
        self.options = options or SimulatorOptions()
        self._app = App(self.options)
        self._runner: web.ServerRunner | None = None
        self._origin = ""

    @property
    def origin(self) -> str:
        """``http://HOST:PORT``, known once it has started."""
        return self._origin

    @property
    def url(self) -> str:
        """The API's base address, ``http://HOST:PORT/api/v2``."""
        return f"{self._origin}{BASE_PATH}"

    @property
    def token_url(self) -> str:
        """The address that issues tokens."""
        return f"{self._origin}{TOKEN_PATH}"

    @property
    def ledger(self) -> Ledger:
        """What reached it so far; it goes on growing."""
        return self._app.ledger

    async def start(self) -> None:
        """Bind and serve.

        Raises:
            RefusedError: the port can't be bound.
        """
        self._app.open()
        logger = logging.Logger("simulator", logging.ERROR)  # noqa: LOG001 - of this server only
        logger.addHandler(_Defects(self._app))
        server = web.Server(self._handle, access_log=None, logger=logger)
        self._runner = web.ServerRunner(server, shutdown_timeout=_PATIENCE)
        await self._runner.setup()
        host, port = self.options.host, self.options.port
        try:
            await web.TCPSite(self._runner, host, port, backlog=_BACKLOG).start()
        except OSError as error:
            await self.stop()
            why = os.strerror(error.errno) if error.errno else "unknown reason"
            raise RefusedError(
                f"The simulator can't listen on {host} port {port}: {why}. Give another port, "
                "or 0 for any free one."
            ) from error
        port = self._runner.addresses[0][1]
        self._origin = f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"

    async def stop(self) -> None:
        """Stop listening, let go of what hangs, close all connections and the ledger's file.

        Raises:
            ReportError: the ledger's file could not be written.
            Exception: a defect of the simulator showed itself; it is told once.
        """
        self._app.close()
        if self._runner is not None:
            await self._runner.cleanup()
            self._runner = None
        self._app.ledger.close()
        failure, self._app.failure = self._app.failure, None
        if failure is not None:
            raise failure

    async def serve_until(self, stop: asyncio.Event) -> None:
        """Serve until ``stop`` is set, ``shutdown_after`` has passed or it fails; then stop.

        Raises:
            ReportError: the ledger's file could not be written.
            Exception: a defect of the simulator showed itself.
        """
        finished = self._app.finished
        timer = None
        if self.options.shutdown_after is not None:
            loop = asyncio.get_running_loop()
            timer = loop.call_later(self.options.shutdown_after, finished.set)
        waits = [asyncio.create_task(event.wait()) for event in (stop, finished)]
        try:
            await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for wait in waits:
                wait.cancel()
            if timer is not None:
                timer.cancel()
            await self.stop()

    def set_faults(self, *faults: Fault) -> None:
        """Put these faults in place of all others; their counts and windows begin anew."""
        self._app.set_faults(faults)

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
        self._app.gate.set_rate(rate, burst=burst, window=window, retry_after=retry_after)

    def expire_tokens(self) -> None:
        """Let all tokens issued so far be expired; the fixed one stays."""
        self._app.tokens.expire()

    def own_loop(self) -> None:
        """Let an exception in a callback of the running loop end the simulator too.

        For a loop that serves this simulator only.
        """

        def handle(loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
            error = context.get("exception")
            if isinstance(error, Exception) and not isinstance(error, OSError):
                self._app.fail(error)
            else:
                loop.default_exception_handler(context)

        asyncio.get_running_loop().set_exception_handler(handle)

    async def _handle(self, request: web.BaseRequest) -> web.StreamResponse:
        if request.raw_path.startswith(ADMIN_PATH):
            return await administer(self._app, request)
        return await self._app.handle(request)


class _Defects(logging.Handler):
    """Turns what the server can only log, an exception of ours, into a failure that ends it.

    A request that is no HTTP (answered 400) and a client that went away are no defects.
    """

    def __init__(self, app: App) -> None:
        super().__init__()
        self._app = app

    def emit(self, record: logging.LogRecord) -> None:
        """Take one record."""
        error = record.exc_info[1] if record.exc_info else None
        if error is None:
            error = RuntimeError(record.getMessage())
        if not isinstance(error, HttpProcessingError | ConnectionError):
            self._app.fail(error)


def serve(options: SimulatorOptions, ready: Callable[[str], None]) -> None:
    """Serve until SIGINT, SIGTERM or ``shutdown_after``; call from the main thread.

    ``ready`` is called with the base address once it can be reached.

    Raises:
        RefusedError: the port can't be bound, or the ledger's file can't be opened.
        ReportError: the ledger's file could not be written.
    """
    asyncio.run(_serve(options, ready))


async def _serve(options: SimulatorOptions, ready: Callable[[str], None]) -> None:
    simulator = Simulator(options)
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    simulator.own_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stop.set)
    try:
        await simulator.start()
        ready(simulator.url)
        await simulator.serve_until(stop)
    finally:
        for number in (signal.SIGINT, signal.SIGTERM):
            loop.remove_signal_handler(number)
        await simulator.stop()
