"""Whom the client trusts: the system's authorities, one file of the user's, and no variable."""

from __future__ import annotations

import ssl
from pathlib import Path

from bulkcancel.errors import RefusedError


def tls_context(ca_file: Path | None) -> ssl.SSLContext:
    """Return a context that verifies the certificate and the host name, always.

    The authorities are those at OpenSSL's built-in places and those of ``ca_file`` (PEM).
    ``SSL_CERT_FILE``, ``SSL_CERT_DIR`` and ``SSLKEYLOGFILE`` are ignored: a forgotten variable
    must change neither whom we trust nor who can read along.

    Raises:
        RefusedError: ``ca_file`` can't be read or holds no certificate.
    """
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.set_alpn_protocols(["http/1.1"])
    places = ssl.get_default_verify_paths()
    if Path(places.openssl_cafile).is_file():
        context.load_verify_locations(cafile=places.openssl_cafile)
    if Path(places.openssl_capath).is_dir():
        context.load_verify_locations(capath=places.openssl_capath)
    if ca_file is not None:
        _add(context, ca_file)
    return context


def _add(context: ssl.SSLContext, ca_file: Path) -> None:
    try:
        context.load_verify_locations(cafile=ca_file)
    except ssl.SSLError:
        raise RefusedError(f"the CA file {ca_file} holds no certificate in PEM form") from None
    except OSError as failure:
        raise RefusedError(f"the CA file {ca_file} can't be read: {failure.strerror}") from None
