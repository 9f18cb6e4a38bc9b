"""Every client asks the same things of the same server, whole and in pieces, and tells what it saw."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Any

import aiohttp
import httpx2
import requests
import urllib3

PATIENT = 120.0
"""For whatever comes in the end: a busy machine may take its time."""
LATE = {"never": 0.3, "stalled": 1.5}
"""For what does not. What `stalled` begins with must have come by then."""
BODY = b"0123456789" * 200_000
WHOLE = ["json", "packed", "packed-pieces", "large", "large-pieces", "events", "moved", "missing", "nothing"]
FAILING = ["never", "stalled", "broken", "broken-whole", "unheard"]
# Read in pieces: to the end, whatever it is, or left after so many.
PIECES = ["json", "events", "large", "large-pieces", "packed-pieces", "broken", "broken-whole", "stalled"]
LEFT = [("events", 2), ("large-pieces", 1)]

Seen = dict[str, Any]


def patience(url: str) -> float:
    """How long to wait for the next of an answer."""
    return LATE.get(url.rpartition("/")[2], PATIENT)


def told(status: int, headers: Any, body: bytes) -> Any:
    kept = ("content-length", "content-encoding", "transfer-encoding", "content-type", "x-twice")
    return [status, {name: headers.get(name) for name in kept}, len(body), hashlib.sha256(body).hexdigest()]


def failed(error: BaseException) -> Any:
    return [type(error).__name__, str(error)]


# Nobody listens there.
REFUSED = "http://127.0.0.1:1/json"


def asked(url: str, ask: Callable[..., Any], pieces: Callable[..., Any]) -> Seen:
    seen: Seen = {}

    def kept(name: str, call: Callable[[], Any]) -> None:
        try:
            seen[name] = call()
        except Exception as error:
            seen[name] = failed(error)

    for name in WHOLE + FAILING:
        kept(name, partial(ask, "GET", f"{url}/{name}"))
    kept("head", lambda: ask("HEAD", f"{url}/json"))
    kept("sent", lambda: ask("POST", f"{url}/take", BODY))
    kept("sent in pieces", lambda: ask("POST", f"{url}/take", iter([BODY[:100], BODY[100:]])))
    kept("refused", lambda: ask("GET", REFUSED))
    for name in PIECES:
        kept(f"{name} in pieces", partial(pieces, f"{url}/{name}", None))
    for name, limit in LEFT:
        kept(f"{name} left", partial(pieces, f"{url}/{name}", limit))
    with ThreadPoolExecutor(8) as pool:
        seen["side by side"] = list(pool.map(lambda name: ask("GET", f"{url}/{name}"), ["json", "large", "events"] * 4))
    return seen


async def asked_async(url: str, ask: Callable[..., Any], pieces: Callable[..., Any]) -> Seen:
    seen: Seen = {}

    async def kept(name: str, call: Awaitable[Any]) -> None:
        try:
            seen[name] = await call
        except Exception as error:
            seen[name] = failed(error)

    async def body() -> Any:
        yield BODY[:100]
        yield BODY[100:]

    for name in WHOLE + FAILING:
        await kept(name, ask("GET", f"{url}/{name}"))
    await kept("head", ask("HEAD", f"{url}/json"))
    await kept("sent", ask("POST", f"{url}/take", BODY))
    await kept("sent in pieces", ask("POST", f"{url}/take", body()))
    await kept("refused", ask("GET", REFUSED))
    for name in PIECES:
        await kept(f"{name} in pieces", pieces(f"{url}/{name}", None))
    for name, limit in LEFT:
        await kept(f"{name} left", pieces(f"{url}/{name}", limit))
    seen["side by side"] = await asyncio.gather(*(ask("GET", f"{url}/{n}") for n in ["json", "large", "events"] * 4))
    return seen


def of_iterator(parts: Any, limit: int | None) -> Any:
    seen: list[Any] = []
    try:
        for part in parts:
            seen.append(part.decode("latin-1"))
            if limit is not None and len(seen) >= limit:
                break
    except Exception as error:
        seen.append(failed(error))
    return seen


async def of_iterator_async(parts: Any, limit: int | None) -> Any:
    seen: list[Any] = []
    try:
        async for part in parts:
            seen.append(part.decode("latin-1"))
            if limit is not None and len(seen) >= limit:
                break
    except Exception as error:
        seen.append(failed(error))
    return seen


def httpx_sync(url: str) -> Seen:
    with httpx2.Client(follow_redirects=True) as client:

        def ask(method: str, to: str, body: Any = None) -> Any:
            answer = client.request(method, to, content=body, timeout=httpx2.Timeout(PATIENT, read=patience(to)))
            return [
                *told(answer.status_code, answer.headers, answer.content),
                answer.http_version,
                answer.reason_phrase,
            ]

        def pieces(to: str, limit: int | None) -> Any:
            with client.stream("GET", to, timeout=httpx2.Timeout(PATIENT, read=patience(to))) as answer:
                return of_iterator(answer.iter_bytes(), limit)

        return asked(url, ask, pieces)


def httpx_async(url: str) -> Seen:
    async def main() -> Seen:
        async with httpx2.AsyncClient(follow_redirects=True) as client:

            async def ask(method: str, to: str, body: Any = None) -> Any:
                answer = await client.request(
                    method, to, content=body, timeout=httpx2.Timeout(PATIENT, read=patience(to))
                )
                return told(answer.status_code, answer.headers, answer.content)

            async def pieces(to: str, limit: int | None) -> Any:
                async with client.stream("GET", to, timeout=httpx2.Timeout(PATIENT, read=patience(to))) as answer:
                    return await of_iterator_async(answer.aiter_bytes(), limit)

            return await asked_async(url, ask, pieces)

    return asyncio.run(main())


def requests_sync(url: str) -> Seen:
    with requests.Session() as session:

        def ask(method: str, to: str, body: Any = None) -> Any:
            answer = session.request(method, to, data=body, timeout=(PATIENT, patience(to)))
            return [*told(answer.status_code, answer.headers, answer.content), answer.reason, answer.cookies.get_dict()]

        def pieces(to: str, limit: int | None) -> Any:
            with session.get(to, stream=True, timeout=(PATIENT, patience(to))) as answer:
                return of_iterator(answer.iter_content(None), limit)

        return asked(url, ask, pieces)


def urllib3_sync(url: str) -> Seen:
    with urllib3.PoolManager(retries=urllib3.Retry(1, backoff_factor=0)) as pool:

        def ask(method: str, to: str, body: Any = None) -> Any:
            answer = pool.request(method, to, body=body, timeout=urllib3.Timeout(connect=PATIENT, read=patience(to)))
            return told(answer.status, answer.headers, answer.data)

        def pieces(to: str, limit: int | None) -> Any:
            answer = pool.request(
                "GET", to, preload_content=False, timeout=urllib3.Timeout(connect=PATIENT, read=patience(to))
            )
            try:
                return of_iterator(answer.stream(1 << 14, decode_content=True), limit)
            finally:
                answer.close()

        return asked(url, ask, pieces)


def aiohttp_async(url: str) -> Seen:
    async def main() -> Seen:
        async with aiohttp.ClientSession() as session:

            async def ask(method: str, to: str, body: Any = None) -> Any:
                limit = aiohttp.ClientTimeout(sock_read=patience(to))
                async with session.request(method, to, data=body, timeout=limit) as answer:
                    data = await answer.read()
                    return [*told(answer.status, answer.headers, data), answer.reason, [*answer.cookies], answer.ok]

            async def pieces(to: str, limit: int | None) -> Any:
                async with session.get(to, timeout=aiohttp.ClientTimeout(sock_read=patience(to))) as answer:
                    return await of_iterator_async(answer.content.iter_any(), limit)

            seen = await asked_async(url, ask, pieces)
            async with session.get(f"{url}/events") as answer:
                seen["in lines"] = [line.decode() async for line in answer.content]
            async with session.get(f"{url}/events") as answer:
                # Whether a chunk's end comes with its data, or behind it, is the network's doing.
                parts = [data.decode() + "|" * end async for data, end in answer.content.iter_chunks()]
                seen["as sent"] = "".join(parts).replace("||", "|")
            try:
                async with asyncio.timeout(LATE["never"]), session.get(f"{url}/never") as answer:
                    seen["too late"] = answer.status
            except TimeoutError as error:
                seen["too late"] = failed(error)
            try:
                async with session.get(f"{url}/never", timeout=aiohttp.ClientTimeout(total=LATE["never"])) as answer:
                    seen["too late in all"] = answer.status
            except TimeoutError as error:
                seen["too late in all"] = failed(error)
            return seen

    return asyncio.run(main())
