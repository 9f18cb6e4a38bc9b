"""`playhead web`: the terminal interface in a browser, for who has the address and nobody else."""

from __future__ import annotations

import asyncio
import re
import signal
import subprocess
import sys
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path

import aiohttp
import pytest
from opentelemetry.proto.trace.v1.trace_pb2 import TracesData
from tests.e2e import browser
from tests.e2e.conftest import Demo
from tests.e2e.running import clean_environment, playhead_alone
from yarl import URL


@pytest.fixture(scope="module")
def address(demo: Demo, tmp_path_factory: pytest.TempPathFactory) -> Iterator[URL]:
    """Of a server over the demo's runs, with its key."""
    with serving(demo, tmp_path_factory.mktemp("web")) as (_, url):
        yield url


@contextmanager
def serving(demo: Demo, folder: Path) -> Iterator[tuple[subprocess.Popen[str], URL]]:
    """Ended by a signal, if it was not, it says nothing that it should not."""
    process = subprocess.Popen(
        [sys.executable, "-m", "playhead", "web", "--port", "0"],
        stderr=subprocess.PIPE,
        text=True,
        env=clean_environment(folder, {"PLAYHEAD_STORE": demo.up.store, "XDG_CONFIG_HOME": str(folder)}),
    )
    assert process.stderr is not None
    try:
        said = process.stderr.readline()
        found = re.search(r"http://127\.0\.0\.1:\S+", said)
        assert found is not None, said + process.stderr.read()
        yield process, URL(found[0])
    finally:
        process.send_signal(signal.SIGTERM)
        rest = process.communicate(timeout=60)[1]
    assert process.returncode == 0 and "Traceback" not in rest, rest


class Terminal:
    """What a page's script does: it sends keys, and keeps what is written to it."""

    def __init__(self, socket: aiohttp.ClientWebSocketResponse) -> None:
        self._socket = socket
        self.written = ""
        self.files: list[str] = []

    async def until(self, there: Callable[[], bool]) -> None:
        while not there():
            message = await self._socket.receive(timeout=60)
            assert message.type in (aiohttp.WSMsgType.BINARY, aiohttp.WSMsgType.TEXT), message
            if message.type is aiohttp.WSMsgType.BINARY:
                self.written += browser.ESCAPES.sub("", message.data.decode())
            elif message.json()[0] == "deliver_file_start":
                self.files.append(message.json()[1])

    async def sees(self, words: str) -> None:
        try:
            async with asyncio.timeout(browser.PATIENCE_S):
                await self.until(lambda: words in self.written)
        except TimeoutError:
            raise AssertionError(f"waited for {words!r} in vain; this was shown: {self.written[-3000:]}") from None
        self.written = ""

    async def type(self, keys: str) -> None:
        await self._socket.send_json(["stdin", keys])


@asynccontextmanager
async def opened(address: URL) -> AsyncIterator[tuple[aiohttp.ClientSession, str]]:
    """As a browser that was given the address: its cookie, and where its page finds the terminal."""
    async with aiohttp.ClientSession(cookie_jar=aiohttp.CookieJar(unsafe=True)) as session:
        async with session.get(address) as answer:
            page = await answer.text()
            assert answer.status == 200 and not answer.url.query_string
            assert "default-src 'none'" in answer.headers["Content-Security-Policy"]
        found = re.search(r'data-session-websocket-url="([^"]+)"', page)
        assert found is not None, page
        yield session, found[1]


def test_a_run_is_searched_opened_and_downloaded_over_the_socket_of_a_page(demo: Demo, address: URL) -> None:
    run_id = demo.run_of("refund-loop")

    async def use() -> None:
        async with opened(address) as (session, url), session.ws_connect(f"{url}?width=120&height=36") as socket:
            terminal = Terminal(socket)
            await terminal.sees("live ●")
            # Of keys that come faster than they are handled, none goes to the table.
            await terminal.type(f"/run:{run_id[:12]}\r")
            await terminal.sees(f"{run_id[:12]} · session")
            await terminal.type("\r")
            await terminal.sees("LimitExceeded")
            # What is exported comes to the browser, not into a folder of the server.
            await terminal.type("e")
            await terminal.sees("export to")
            await terminal.type("\r")
            await terminal.until(lambda: bool(terminal.files))
            data = TracesData.FromString(await _download(session, address, terminal.files[0]))
            spans = [span for resource in data.resource_spans for scope in resource.scope_spans for span in scope.spans]
            assert spans and {span.trace_id.hex() for span in spans} == {run_id}
            await terminal.type("qq")
            while (await socket.receive(timeout=60)).type is not aiohttp.WSMsgType.CLOSE:
                pass

    asyncio.run(use())


def children_of(pid: int) -> list[int]:
    return [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


def test_a_server_that_ends_closes_its_pages_and_ends_what_is_behind_them(demo: Demo, tmp_path: Path) -> None:
    async def use(process: subprocess.Popen[str], address: URL) -> list[int]:
        async with opened(address) as (session, url), session.ws_connect(f"{url}?width=80&height=24") as socket:
            await Terminal(socket).sees("live ●")
            behind = children_of(process.pid)
            process.send_signal(signal.SIGTERM)
            while (message := await socket.receive(timeout=60)).type is not aiohttp.WSMsgType.CLOSE:
                pass
            assert message.extra == "playhead web was ended"
            return behind

    with serving(demo, tmp_path) as (process, address):
        behind = asyncio.run(use(process, address))
        process.wait(timeout=60)
    assert behind and not [child for child in behind if Path(f"/proc/{child}").exists()]


async def _download(session: aiohttp.ClientSession, address: URL, key: str) -> bytes:
    async with session.get(address.with_path(f"/download/{key}").with_query(None)) as answer:
        assert answer.status == 200
        return await answer.read()


def test_nobody_without_the_key_gets_in_and_no_page_of_another_address(address: URL) -> None:
    async def knock() -> None:
        socket = address.with_scheme("ws").with_path("/ws").with_query(None)
        async with aiohttp.ClientSession(cookie_jar=aiohttp.CookieJar(unsafe=True)) as session:
            for path in ("/", "/ws", "/static/js/textual.js", "/download/x"):
                async with session.get(address.with_path(path).with_query(None)) as answer:
                    assert answer.status == 403 and "playhead web" in await answer.text()
            async with session.get(address.with_query(key="guessed")) as answer:
                assert answer.status == 403
            await _refused(session.ws_connect(socket))
        async with opened(address) as (session, url):
            await _refused(session.ws_connect(url, origin="http://elsewhere.example"))
            await _refused(session.ws_connect(url, origin=f"http://127.0.0.1:{(address.port or 0) + 1}"))

    asyncio.run(knock())


async def _refused(connecting: Awaitable[object]) -> None:
    with pytest.raises(aiohttp.WSServerHandshakeError) as refused:
        await connecting
    assert refused.value.status == 403


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.0.2.1"])
def test_other_than_loopback_is_refused_with_what_it_would_expose(tmp_path: Path, host: str) -> None:
    said = playhead_alone(tmp_path, "web", "--host", host)
    assert said.status == 2
    assert "reads every run of the project" in said.err and "--insecure" in said.err


@pytest.mark.skipif(browser.installed() is None, reason="no Chromium is installed (PLAYHEAD_CHROMIUM names one)")
def test_a_browser_shows_the_runs_and_hears_keys_and_asks_nobody_else(demo: Demo, address: URL, tmp_path: Path) -> None:
    program = browser.installed()
    assert program is not None
    run_id = demo.run_of("refund-loop")

    async def use() -> None:
        async with browser.page(program, tmp_path) as page:
            await page.open(str(address))
            await page.sees("live ●")
            assert await page.evaluate("location.search") == ""
            empty = await page.picture()
            await page.press("/", 191)
            for letter in f"run:{run_id[:8]}":
                await page.press(letter, ord(letter.upper()))
            await page.press("Enter", 13)
            await page.sees(f"{run_id[:12]} · session")
            await page.press("Enter", 13)
            await page.sees("LimitExceeded")
            assert await page.picture() != empty
            assert {URL(url).authority for url in page.asked_for} == {address.authority}
            # Without a graphics card Chromium says that it draws without one.
            assert [told for told in page.said if "WebGL" not in told] == []

    asyncio.run(use())
