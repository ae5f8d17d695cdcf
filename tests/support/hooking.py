"""A webhook on this machine that keeps what is posted to it, and searches it for secrets."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from sentinels import told


@dataclass(frozen=True, slots=True, kw_only=True)
class Hook:
    """A webhook's address, which is a secret, and the notes that came."""

    url: str
    notes: list[dict[str, Any]] = field(default_factory=list)


@contextmanager
def webhook(status: int = 200) -> Iterator[Hook]:
    """Give a webhook that answers with an HTTP status; no note may hold a secret."""
    posted: list[bytes] = []

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            """Keep a note."""
            posted.append(self.rfile.read(int(self.headers["Content-Length"])))
            hook.notes.append(json.loads(posted[-1]))
            self.send_response(status)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *_: object) -> None:
            """Say nothing on standard error."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        hook = Hook(url=f"http://127.0.0.1:{server.server_port}/services/hook-sentinel-7788")
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield hook
        finally:
            server.shutdown()
            thread.join(10)
    assert not any(told(note.decode()) for note in posted)
