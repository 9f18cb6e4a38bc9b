"""Where a receiver is, and what is sent to it beside a message. Looked at with the settings: what nobody can be told by
would be tried again for a day.

Errors never show a value: addresses of chat services are secrets, and so are headers.
"""

from __future__ import annotations

import re
import ssl
from pathlib import Path
from typing import Annotated
from urllib.parse import urlsplit

from pydantic import AfterValidator, SecretStr

from playhead_collector.alerts.receivers.secret import Secret

_VISIBLE = re.compile(r"[!-~]+")
_HEADER_NAME = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
_HEADER_VALUE = re.compile(r"[\t\x20-\x7e\xa0-\xff]*")
_SCHEMES = ("http", "https")


def _url(given: SecretStr) -> SecretStr:
    text = given.get_secret_value()
    if not _VISIBLE.fullmatch(text):
        raise ValueError("it is empty, or holds a space or another character that no URL has: write others as %20")
    try:
        parts = urlsplit(text)
        host, _ = parts.hostname or "", parts.port
        host.encode("idna")
    except ValueError:
        # What it says holds a part of the address.
        raise ValueError("its host or port is none: write https://HOST:PORT/PATH, the port a number") from None
    if parts.scheme not in _SCHEMES or not host:
        raise ValueError("it is no address of a web server: write https://HOST/PATH or http://HOST/PATH")
    if "@" in parts.netloc or "%" in parts.netloc:
        raise ValueError("it has a user, a password or a % before its path: write https://HOST:PORT/PATH")
    return given


def _header_name(given: str) -> str:
    if not _HEADER_NAME.fullmatch(given):
        raise ValueError("this is no name of a header: use letters, digits and -")
    return given


def _header_value(given: SecretStr) -> SecretStr:
    if not _HEADER_VALUE.fullmatch(given.get_secret_value()):
        raise ValueError("a header is one line of Latin-1: it holds a line's end, or another character")
    return given


def _authorities(path: Path) -> Path:
    try:
        ssl.create_default_context(cafile=str(path))
    except ssl.SSLError:
        raise ValueError(f"the file {path} holds no certificates: name a PEM file of authorities") from None
    except OSError as error:
        raise ValueError(f"the file {path} cannot be read: {error.strerror}; name a PEM file of authorities") from None
    return path


Url = Annotated[Secret, AfterValidator(_url)]
Headers = dict[Annotated[str, AfterValidator(_header_name)], Annotated[Secret, AfterValidator(_header_value)]]
Authorities = Annotated[Path, AfterValidator(_authorities)]
"""A file of certificates that are trusted, for a server that none of the system's authorities knows."""
