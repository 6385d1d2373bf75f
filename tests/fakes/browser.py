"""The real Chromium without a window, driven by its own debugging protocol on loopback."""

import asyncio
import base64
import contextlib
import json
import shutil
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import aiohttp

CHROMIUM = shutil.which("chromium") or ""
_READY = "DevTools listening on "


class Page:
    """One page that is open."""

    def __init__(self, socket: aiohttp.ClientWebSocketResponse) -> None:
        self._socket, self._last = socket, 0
        self.asked: list[str] = []
        """Addresses that the page asked for."""

    async def do(self, method: str, **values: Any) -> Any:
        """Ask the browser for something; return its answer."""
        self._last += 1
        number = self._last
        await self._socket.send_json({"id": number, "method": method, "params": values})
        while True:
            told = json.loads((await self._socket.receive(60)).data)
            if told.get("method") == "Network.requestWillBeSent":
                self.asked.append(told["params"]["request"]["url"])
            if told.get("id") == number:
                assert "error" not in told, told
                return told["result"]

    async def value(self, script: str) -> Any:
        """Return what a script says."""
        told = await self.do("Runtime.evaluate", expression=script, returnByValue=True)
        return told["result"].get("value")

    async def until(self, script: str, seconds: float = 40) -> None:
        """Wait until a script says something true."""
        async with asyncio.timeout(seconds):
            while not await self.value(script):  # noqa: ASYNC110 - a page tells nothing by itself
                await asyncio.sleep(0.1)

    async def press(self, key: str) -> None:
        """Press a letter."""
        told = {"key": key, "code": f"Key{key.upper()}", "windowsVirtualKeyCode": ord(key.upper())}
        await self.do("Input.dispatchKeyEvent", type="keyDown", text=key, **told)
        await self.do("Input.dispatchKeyEvent", type="keyUp", **told)

    async def click(self, x: int, y: int) -> None:
        """Click somewhere."""
        for kind in ("mousePressed", "mouseReleased"):
            await self.do(
                "Input.dispatchMouseEvent", type=kind, x=x, y=y, button="left", clickCount=1
            )

    async def picture(self) -> bytes:
        """Return what is seen, as PNG."""
        return base64.b64decode((await self.do("Page.captureScreenshot"))["data"])


@contextlib.asynccontextmanager
async def opened(folder: Path, address: str, trusted: str = "") -> AsyncIterator[Page]:
    """Open a page. `trusted`: the SHA-256 of the public key of an authority, in base64; of no
    other that the machine does not know are certificates taken.
    """
    process = await asyncio.create_subprocess_exec(
        CHROMIUM, "--headless", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage",
        "--remote-debugging-port=0", "--no-first-run", "--disable-background-networking",
        "--disable-component-update", "--host-resolver-rules=MAP * ~NOTFOUND , EXCLUDE 127.0.0.1",
        "--window-size=1200,760", f"--user-data-dir={folder}", "about:blank",
        *([f"--ignore-certificate-errors-spki-list={trusted}"] if trusted else ()),
        stderr=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.DEVNULL,
    )  # fmt: skip
    try:
        assert process.stderr is not None
        async with asyncio.timeout(60):
            while _READY not in (line := (await process.stderr.readline()).decode()):
                assert line, "Chromium has ended"
        port = line.split("127.0.0.1:")[1].split("/")[0]
        async with aiohttp.ClientSession() as session:
            async with session.get(f"http://127.0.0.1:{port}/json") as answer:
                [page, *_] = [one for one in await answer.json() if one["type"] == "page"]
            target = page["webSocketDebuggerUrl"]
            async with session.ws_connect(target, max_msg_size=0) as socket:
                made = Page(socket)
                await made.do("Network.enable")
                await made.do("Page.enable")
                await made.do("Page.navigate", url=address)
                yield made
    finally:
        process.kill()
        await process.wait()
