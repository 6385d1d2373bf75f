"""One app drawn in a browser: starts it, hands on the keys of the page, and sends on what it draws.

What the app draws goes to the browser as bytes of a terminal, never as markup; and all that the
page needs is served from here.
"""

import asyncio
import contextlib
import json
import os
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import textual_serve
from aiohttp import WSMsgType, web

from core.duties import OWNER, Duty

IN_A_BROWSER = "OUTGATE_REVIEW_IN_A_BROWSER"
"""Set for the app that is drawn in a browser."""
STATIC = Path(textual_serve.__file__).parent / "static"
_READY = b"__GANGLION__\n"
_MOST_BYTES = 1 << 24
MOST_MESSAGE = 1 << 16
_SIDES = range(20, 501)
HEADERS: Mapping[str, str] = {
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; "
        "font-src 'self'; img-src 'self' data:; connect-src 'self'; base-uri 'none'; "
        "form-action 'none'; frame-ancestors 'none'"
    ),
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "no-store",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
}
_PAGE = """<!DOCTYPE html>
<html lang="en"><head><meta charset="utf-8"><title>Outgate review</title>
<link rel="stylesheet" href="/static/css/xterm.css"><link rel="stylesheet" href="/desk.css">
<script src="/static/js/textual.js"></script><script src="/desk.js" defer></script></head>
<body><div id="terminal" class="textual-terminal" data-session-websocket-url="{socket}"
data-font-size="14"></div></body></html>
"""
_STYLE = """@font-face { font-family: "Roboto Mono";
src: url("/static/fonts/RobotoMono-VariableFont_wght.ttf") format("truetype"); }
html, body { margin: 0; height: 100%; background: #11151a; overflow: hidden; }
.textual-terminal { width: 100vw; height: 100vh; }
body.-closed::after { content: "{closed}";
position: fixed; inset: 0; display: flex; align-items: center; justify-content: center;
font: 16px "Roboto Mono", monospace; color: #e8eaed; background: #11151a; }
"""
_KEYS = """"use strict";
const take = () => {
  const keys = document.querySelector(".xterm-helper-textarea");
  if (keys && document.activeElement !== keys) keys.focus({ preventScroll: true });
  return keys !== null;
};
const watch = new MutationObserver(() => { if (take()) watch.disconnect(); });
watch.observe(document, { childList: true, subtree: true });
window.addEventListener("focus", take);
document.addEventListener("focusout", () => setTimeout(take));
take();
"""
"""Nothing else on the page takes keys, so the terminal has them without a click first."""


def page(host: str, *, secure: bool) -> web.Response:
    """Return the page that shows a desk; `host` is a name of this server that was compared."""
    text = _PAGE.format(socket=f"{'wss' if secure else 'ws'}://{host}/ws")
    return web.Response(text=text, content_type="text/html")


def style(closed: str) -> web.Response:
    """Return the page's style, with what it says of a desk that is closed."""
    return web.Response(text=_STYLE.replace("{closed}", closed), content_type="text/css")


def keys() -> web.Response:
    """Return the page's script, which gives the keyboard to the terminal."""
    return web.Response(text=_KEYS, content_type="text/javascript")


async def drive(
    request: web.Request,
    command: Sequence[str],
    more: Mapping[str, str],
    touched: Callable[[], None],
    opened: Callable[[web.WebSocketResponse], None],
) -> bool:
    """Draw the app for the page that asks until either ends; return whether the app ended first.

    `command` starts the app, no shell reads it; `more` is in its environment. `touched` is called
    at each key and click, `opened` with the socket.
    """
    width, height = _side(request, "width", 80), _side(request, "height", 24)
    socket = web.WebSocketResponse(heartbeat=15, max_msg_size=MOST_MESSAGE)
    await socket.prepare(request)
    opened(socket)
    try:
        return await _driven(socket, command, {**_environment(width, height), **more}, touched)
    finally:
        await socket.close()


async def _driven(
    socket: web.WebSocketResponse,
    command: Sequence[str],
    environment: Mapping[str, str],
    touched: Callable[[], None],
) -> bool:
    process = await asyncio.create_subprocess_exec(
        *command,
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.DEVNULL,
        env=environment,
    )
    assert process.stdin is not None and process.stdout is not None
    over = asyncio.Event()
    drawing = asyncio.get_running_loop().create_task(
        OWNER.task(Duty.BROWSER, _draw(process.stdout, socket, over))
    )
    try:
        await _listen_to(socket, process.stdin, touched)
        return over.is_set()
    finally:
        with contextlib.suppress(OSError, RuntimeError):
            await _put(process.stdin, b"M", json.dumps({"type": "quit"}).encode())
        await _ended(process)
        drawing.cancel()


async def _listen_to(
    socket: web.WebSocketResponse, keyboard: asyncio.StreamWriter, touched: Callable[[], None]
) -> None:
    async for message in socket:
        told = _understood(message.data) if message.type is WSMsgType.TEXT else None
        if told is None:
            continue
        kind, value = told
        if kind == "ping":
            await socket.send_json(["pong", value])
            continue
        packet = _packet(kind, value)
        if packet is None:
            continue
        if kind == "stdin":
            touched()
        try:
            await _put(keyboard, *packet)
        except (OSError, RuntimeError):
            return


def _understood(text: str) -> tuple[str, Any] | None:
    """Return kind and value of what the page says; None for anything else."""
    try:
        told = json.loads(text)
    except (ValueError, RecursionError):
        return None
    if not isinstance(told, list) or not told or not isinstance(told[0], str):
        return None
    return told[0], told[1] if len(told) > 1 else None


def _packet(kind: str, value: Any) -> tuple[bytes, bytes] | None:
    """Return what the app is told."""
    if kind == "stdin" and isinstance(value, str):
        return b"D", value.encode("utf-8", "replace")
    if kind in {"focus", "blur"}:
        return b"M", json.dumps({"type": kind}).encode()
    if kind == "resize" and isinstance(value, dict):
        sides = [value.get("width"), value.get("height")]
        if all(isinstance(side, int) and side in _SIDES for side in sides):
            told = {"type": "resize", "width": sides[0], "height": sides[1]}
            return b"M", json.dumps(told).encode()
    return None


async def _put(keyboard: asyncio.StreamWriter, kind: bytes, payload: bytes) -> None:
    keyboard.write(kind + len(payload).to_bytes(4, "big") + payload)
    await keyboard.drain()


async def _draw(
    screen: asyncio.StreamReader, socket: web.WebSocketResponse, over: asyncio.Event
) -> None:
    """Send on what the app draws; `over` is set when it draws no more. Files and addresses that it
    would open are no business of a browser.
    """
    with contextlib.suppress(ConnectionError):
        with contextlib.suppress(asyncio.IncompleteReadError):
            await _drawn(screen, socket)
        over.set()
    await socket.close()


async def _drawn(screen: asyncio.StreamReader, socket: web.WebSocketResponse) -> None:
    while await screen.readline() != _READY:
        if screen.at_eof():
            return
    while not screen.at_eof():
        kind = await screen.readexactly(1)
        size = int.from_bytes(await screen.readexactly(4), "big")
        if size > _MOST_BYTES:
            return
        payload = await screen.readexactly(size)
        if kind == b"D":
            await socket.send_bytes(payload)
        elif kind == b"M" and json.loads(payload).get("type") == "exit":
            return


async def _ended(process: asyncio.subprocess.Process) -> None:
    """Wait until the app has written what was decided; end it where it does not."""
    try:
        async with asyncio.timeout(5):
            await process.wait()
    except TimeoutError:
        with contextlib.suppress(ProcessLookupError):
            process.kill()
        await process.wait()


def _environment(width: int, height: int) -> dict[str, str]:
    return {
        **os.environ,
        "TEXTUAL_DRIVER": "textual.drivers.web_driver:WebDriver",
        "TEXTUAL_COLOR_SYSTEM": "truecolor",
        "TERM_PROGRAM": "textual",
        "COLUMNS": str(width),
        "ROWS": str(height),
        IN_A_BROWSER: "1",
    }


def _side(request: web.Request, name: str, default: int) -> int:
    text = request.query.get(name, "")
    given = int(text) if text.isascii() and text.isdecimal() and len(text) < 6 else default
    return given if given in _SIDES else default
