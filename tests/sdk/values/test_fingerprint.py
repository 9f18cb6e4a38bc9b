"""Requests that are the same have one fingerprint; requests that are not have two."""

from __future__ import annotations

import pytest

from playhead.values.encoding import encode
from playhead.values.fingerprint import fingerprint, normal_url, request_fingerprint

URL = "https://api.openai.com/v1/chat/completions"
HEADERS = (("Content-Type", "application/json"), ("Accept", "text/event-stream"))
BODY = b'{"model":"m","messages":[]}'


def seen(
    url: str = URL, headers: tuple[tuple[str, str], ...] = HEADERS, body: bytes = BODY, method: str = "POST"
) -> str:
    return request_fingerprint(method, url, headers, body)


@pytest.mark.parametrize(
    "name",
    [
        "User-Agent",
        "X-Stainless-Retry-Count",
        "x-stainless-lang",
        "Date",
        "traceparent",
        "tracestate",
        "Idempotency-Key",
        "Authorization",
        "Cookie",
        "X-Api-Key",
        "api-key",
        "Host",
        "Content-Length",
        "Accept-Encoding",
        "X-Amz-Date",
        "amz-sdk-invocation-id",
        "x-request-id",
        "Connection",
        "sentry-trace",
        "baggage",
    ],
)
def test_what_varies_by_itself_does_not_count(name: str) -> None:
    assert seen(headers=(*HEADERS, (name, "one"))) == seen(headers=((name, "other"), *HEADERS)) == seen()


@pytest.mark.parametrize(
    "other",
    [
        {"method": "PUT"},
        {"url": f"{URL}?x=1"},
        {"url": URL.replace("openai", "other")},
        {"headers": (*HEADERS, ("X-Tenant", "b"))},
        {"headers": HEADERS[:1]},
        {"body": BODY + b" "},
        {"body": b'{"messages":[],"model":"m"}'},
    ],
)
def test_what_the_agent_decides_counts(other: dict[str, object]) -> None:
    assert seen(**other) != seen()  # type: ignore[arg-type]


def test_the_order_and_case_of_headers_do_not_count() -> None:
    assert seen(headers=tuple((name.upper(), value) for name, value in reversed(HEADERS))) == seen()


def test_the_boundary_of_a_multipart_body_does_not_count_and_its_parts_do() -> None:
    def upload(boundary: str, content: str) -> str:
        kind = (("content-type", f'multipart/form-data; boundary="{boundary}"'),)
        body = f"--{boundary}\r\nContent-Disposition: form-data\r\n\r\n{content}\r\n--{boundary}--\r\n"
        return seen(headers=kind, body=body.encode())

    assert upload("a1b2c3d4", "x") == upload("99887766", "x")
    assert upload("a1b2c3d4", "x") != upload("a1b2c3d4", "y")


@pytest.mark.parametrize(
    ("url", "normal"),
    [
        ("HTTPS://API.Example.org:443/a", "https://api.example.org/a"),
        ("http://h:80", "http://h/"),
        ("http://h:8080/a%7eb?q=%2f%7E#frag", "http://h:8080/a~b?q=%2F~"),
        ("https://user:pw@h/a?b=1&a=2", "https://h/a?b=1&a=2"),
        ("http://[::1]:80/x", "http://[::1]/x"),
        ("http://h/caf\u00e9", "http://h/caf%C3%A9"),
        ("http://h:99999/", "http://h:99999/"),
    ],
)
def test_an_address_has_one_spelling(url: str, normal: str) -> None:
    assert normal_url(url) == normal
    assert normal_url(normal) == normal


def test_a_value_has_the_fingerprint_of_its_encoding() -> None:
    assert fingerprint(encode({1, 2, 3}).json) == fingerprint(encode({3, 2, 1}).json)
    assert fingerprint(encode([1, 2]).json) != fingerprint(encode((1, 2)).json)
    assert fingerprint("\ud800") != fingerprint("")
    assert len(fingerprint(b"")) == 32
