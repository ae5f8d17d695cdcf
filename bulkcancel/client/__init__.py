"""The API's client: exactly one wire send per call, and every answer as a value."""

from bulkcancel.client.client import Client, Exchange
from bulkcancel.client.keyrings import KeyringEntry, KeyringToken
from bulkcancel.client.oauth import USUAL_SCOPE, ClientCredentials
from bulkcancel.client.options import ClientOptions
from bulkcancel.client.secret import Secret
from bulkcancel.client.secretfile import secret_in_variable
from bulkcancel.client.target import check_target, site_context
from bulkcancel.client.tokenfile import TokenFile
from bulkcancel.client.tokens import FixedToken, Grant, NoToken, TokenSource, as_source

__all__ = [
    "USUAL_SCOPE",
    "Client",
    "ClientCredentials",
    "ClientOptions",
    "Exchange",
    "FixedToken",
    "Grant",
    "KeyringEntry",
    "KeyringToken",
    "NoToken",
    "Secret",
    "TokenFile",
    "TokenSource",
    "as_source",
    "check_target",
    "secret_in_variable",
    "site_context",
]
