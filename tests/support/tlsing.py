"""Servers for what goes wrong before a request: certificates of our own making, and silence."""

from __future__ import annotations

import contextlib
import shutil
import socket
import ssl
import subprocess
import threading
from dataclasses import dataclass, field
from pathlib import Path

OPENSSL = shutil.which("openssl")

_CONFIG = """
[req]
distinguished_name=dn
prompt=no
x509_extensions=ca
[dn]
CN=Test
[ca]
basicConstraints=critical,CA:TRUE
keyUsage=critical,keyCertSign
[good]
subjectAltName=DNS:localhost,IP:127.0.0.1
[other]
subjectAltName=DNS:other.example
"""


def make_certificates(folder: Path) -> None:
    """Make ``ca.pem`` and, signed by it with ``leaf.key``: good, expired and other ``.pem``."""
    (folder / "config").write_text(_CONFIG)

    def openssl(*words: str) -> None:
        assert OPENSSL is not None
        subprocess.run([OPENSSL, *words], cwd=folder, check=True, capture_output=True)

    ours = ("-config", "config", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1")
    openssl("req", "-x509", *ours, "-nodes", "-keyout", "ca.key", "-out", "ca.pem", "-days", "2")
    openssl("req", "-new", *ours, "-nodes", "-keyout", "leaf.key", "-out", "leaf.csr")
    leaves = (("good", "good", 2), ("expired", "good", -1), ("other", "other", 2))
    for name, section, days in leaves:
        openssl(
            "x509", "-req", "-in", "leaf.csr", "-CA", "ca.pem", "-CAkey", "ca.key",
            "-set_serial", "7", "-days", str(days), "-extfile", "config",
            "-extensions", section, "-out", f"{name}.pem",
        )  # fmt: skip


@dataclass
class Doorway:
    """Accepts connections on 127.0.0.1 and passes what comes in on to ``port``, behind TLS.

    Without a ``context`` it accepts and says nothing. ``received`` counts the bytes that came
    through the TLS layer, ``connections`` what was accepted.
    """

    port: int
    context: ssl.SSLContext | None
    received: int = 0
    connections: int = 0
    _open: list[socket.socket] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._listener = socket.create_server(("127.0.0.1", 0), backlog=64)
        self.base_url = f"https://127.0.0.1:{self._listener.getsockname()[1]}/api/v2"
        threading.Thread(target=self._accept, daemon=True).start()

    def close(self) -> None:
        """Close all sockets; the threads end by that."""
        for one in (self._listener, *self._open):
            with contextlib.suppress(OSError):
                one.shutdown(socket.SHUT_RDWR)
            one.close()

    def _accept(self) -> None:
        while True:
            try:
                plain, _ = self._listener.accept()
            except OSError:  # closed: the test is over
                return
            self.connections += 1
            self._open.append(plain)
            if self.context is not None:
                threading.Thread(target=self._serve, args=(plain,), daemon=True).start()

    def _serve(self, plain: socket.socket) -> None:
        assert self.context is not None
        # An OSError (ssl.SSLError is one) is the client refusing us, which is the point.
        with (
            contextlib.suppress(OSError),
            self.context.wrap_socket(plain, server_side=True) as inside,
            socket.create_connection(("127.0.0.1", self.port)) as beyond,
        ):
            back = threading.Thread(target=_pass_on, args=(beyond, inside), daemon=True)
            back.start()
            while piece := inside.recv(65536):
                self.received += len(piece)
                beyond.sendall(piece)
            beyond.shutdown(socket.SHUT_RDWR)
            back.join(10)


def _pass_on(source: socket.socket, sink: socket.socket) -> None:
    with contextlib.suppress(OSError):
        while piece := source.recv(65536):
            sink.sendall(piece)
