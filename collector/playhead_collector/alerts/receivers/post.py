"""One HTTP request with a body, and its failure in words that hold no address: those of chat services are secrets."""

from __future__ import annotations

import http.client
import ssl
import urllib.error
import urllib.request
from collections.abc import Mapping
from pathlib import Path

from playhead_collector.alerts.receivers.message import Undelivered


def post(url: str, body: bytes, headers: Mapping[str, str], *, timeout_s: float, ca_cert: Path | None = None) -> None:
    """Raises Undelivered unless it is answered with a status of success. Redirections are not followed."""
    handlers: list[urllib.request.BaseHandler] = [_NoRedirection()]
    if ca_cert is not None:
        handlers.append(urllib.request.HTTPSHandler(context=ssl.create_default_context(cafile=str(ca_cert))))
    request = urllib.request.Request(url, body, dict(headers), method="POST")  # noqa: S310 - http(s), checked with the settings
    try:
        with urllib.request.build_opener(*handlers).open(request, timeout=timeout_s) as answer:
            answer.read(65536)
    except urllib.error.HTTPError as error:
        with error:
            raise Undelivered(f"it answered with HTTP {error.code}") from None
    except http.client.InvalidURL:
        # What that says holds a part of the address.
        raise Undelivered("its address is none that can be asked: look at its url in the settings") from None
    except (OSError, http.client.HTTPException) as error:
        reason = getattr(error, "reason", None) or error
        raise Undelivered(f"it did not answer: {type(reason).__name__}: {str(reason)[:200]}") from None


class _NoRedirection(urllib.request.HTTPRedirectHandler):
    """A secret is for the address that was given, and for no other."""

    def redirect_request(self, *_: object, **__: object) -> None:
        return None
