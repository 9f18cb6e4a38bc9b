"""A headless Chromium, spoken to in its own protocol: enough to open a page, press keys and see what it shows."""

from __future__ import annotations

import asyncio
import base64
import os
import re
import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import aiohttp

PATIENCE_S = 120.0
_NAMES = ("chromium", "chromium-browser", "google-chrome", "chrome")
ESCAPES = re.compile(r"\x1b(\[[0-9;:?<>=]*[ -/]*[@-~]|\][^\x07]*\x07)")
"""What a terminal obeys."""
_LISTENS = re.compile(r"DevTools listening on (ws://\S+)")


def installed() -> str | None:
    """The browser that there is: PLAYHEAD_CHROMIUM names one that is not on the path."""
    return os.environ.get("PLAYHEAD_CHROMIUM") or next(filter(None, map(shutil.which, _NAMES)), None)


class Page:
    """One tab: what it asked for, what came over its WebSockets, and what it looks like."""

    def __init__(self, socket: aiohttp.ClientWebSocketResponse) -> None:
        self._socket = socket
        self._number = 0
        self._session: str | None = None
        self._came = asyncio.Event()
        self._answers: dict[int, asyncio.Future[dict[str, Any]]] = {}
        self.received = ""
        """What the server wrote to the page's terminal, escape sequences left out."""
        self.asked_for: list[str] = []
        self.said: list[str] = []
        """Errors of the page, and what its console was told."""

    async def listen(self) -> None:
        async for message in self._socket:
            told = message.json()
            if "id" in told:
                self._answers.pop(told["id"]).set_result(told)
                continue
            held = told.get("params", {})
            match told["method"]:
                case "Network.webSocketFrameReceived":
                    frame = held["response"]
                    data = base64.b64decode(frame["payloadData"]) if frame["opcode"] == 2 else b""
                    self.received += ESCAPES.sub("", data.decode())
                    self._came.set()
                case "Network.requestWillBeSent":
                    self.asked_for.append(held["request"]["url"])
                case "Network.webSocketCreated":
                    self.asked_for.append(held["url"])
                case "Runtime.exceptionThrown":
                    self.said.append(held["exceptionDetails"]["text"])
                case "Log.entryAdded":
                    self.said.append(held["entry"]["text"])

    async def do(self, method: str, **parameters: Any) -> dict[str, Any]:
        self._number += 1
        answer: asyncio.Future[dict[str, Any]] = asyncio.get_running_loop().create_future()
        self._answers[self._number] = answer
        command: dict[str, Any] = {"id": self._number, "method": method, "params": parameters}
        if self._session is not None:
            command["sessionId"] = self._session
        await self._socket.send_json(command)
        told = await answer
        assert "error" not in told, told
        return dict(told["result"])

    async def open(self, url: str) -> None:
        target = await self.do("Target.createTarget", url="about:blank")
        attached = await self.do("Target.attachToTarget", targetId=target["targetId"], flatten=True)
        self._session = attached["sessionId"]
        await self.do("Emulation.setFocusEmulationEnabled", enabled=True)
        for domain in ("Page", "Network", "Runtime", "Log"):
            await self.do(f"{domain}.enable")
        await self.do("Page.navigate", url=url)

    async def evaluate(self, script: str) -> Any:
        answer = await self.do("Runtime.evaluate", expression=script, returnByValue=True)
        return answer["result"].get("value")

    async def press(self, key: str, code: int) -> None:
        """A key, by its name and its number in browsers; one of a letter writes it."""
        text = {"text": key if len(key) == 1 else "\r"} if len(key) == 1 or key == "Enter" else {}
        for kind in ("keyDown", "keyUp"):
            more = text if kind == "keyDown" else {}
            await self.do("Input.dispatchKeyEvent", type=kind, key=key, windowsVirtualKeyCode=code, **more)

    async def sees(self, words: str) -> None:
        """Waits until the terminal was told these words."""
        try:
            async with asyncio.timeout(PATIENCE_S):
                while words not in self.received:
                    self._came.clear()
                    await self._came.wait()
        except TimeoutError:
            raise AssertionError(f"waited for {words!r} in vain; this was shown: {self.received[-3000:]}") from None
        self.received = ""

    async def picture(self) -> bytes:
        return base64.b64decode((await self.do("Page.captureScreenshot", format="png"))["data"])


@asynccontextmanager
async def page(program: str, folder: Path) -> AsyncIterator[Page]:
    """A browser with a profile of its own, ended by its id."""
    command = [
        program, "--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--no-first-run",
        "--disable-background-networking", "--disable-component-update", "--window-size=1280,800",
        "--remote-debugging-port=0", f"--user-data-dir={folder}", "about:blank",
    ]  # fmt: skip
    browser = await asyncio.create_subprocess_exec(*command, stderr=asyncio.subprocess.PIPE)
    try:
        async with aiohttp.ClientSession() as session:
            address = await _address(browser)
            async with session.ws_connect(address, max_msg_size=0) as socket:
                page = Page(socket)
                listening = asyncio.create_task(page.listen())
                try:
                    yield page
                finally:
                    listening.cancel()
    finally:
        browser.terminate()
        await browser.communicate()


async def _address(browser: asyncio.subprocess.Process) -> str:
    assert browser.stderr is not None
    said = b""
    while line := await browser.stderr.readline():
        said += line
        if (found := _LISTENS.search(line.decode())) is not None:
            return found[1]
    raise AssertionError(said.decode(errors="replace"))
