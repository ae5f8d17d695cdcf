"""The API's client: exactly one wire send per call, and every answer as a value."""

from bulkcancel.client.client import Client, Exchange
from bulkcancel.client.options import ClientOptions
from bulkcancel.client.secret import Secret
from bulkcancel.client.target import check_target, site_context
from bulkcancel.client.tokens import token_from

__all__ = [
    "Client",
    "ClientOptions",
    "Exchange",
    "Secret",
    "check_target",
    "site_context",
    "token_from",
]
