"""The review in a browser of this machine: its own loopback server around the app of the terminal.

One person, let in by a token that works once; a cookie keeps that browser in. Every request must
name this server as its host, and a web socket must come from its page. All that the page needs is
served from here. What the app draws goes to the browser as bytes of a terminal, never as markup.
"""

import asyncio
import contextlib
import hmac
import json
import os
import secrets
import ssl
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import textual_serve
from aiohttp import WSMsgType, web

from core.duties import OWNER, Duty
from core.errors import SettingsError

HOST = "127.0.0.1"
IN_A_BROWSER = "OUTGATE_REVIEW_IN_A_BROWSER"
"""Set for the app that is drawn in a browser."""
_COOKIE = "outgate-review"
_STATIC = Path(textual_serve.__file__).parent / "static"
_READY = b"__GANGLION__\n"
_MOST_BYTES = 1 << 24
_MOST_MESSAGE = 1 << 16
_SIDES = range(20, 501)
_TOKEN_BYTES = 32
_HEADERS: Mapping[str, str] = {
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
<script src="/static/js/textual.js"></script></head>
<body><div id="terminal" class="textual-terminal" data-session-websocket-url="{socket}"
data-font-size="14"></div></body></html>
"""
_STYLE = """@font-face { font-family: "Roboto Mono";
src: url("/static/fonts/RobotoMono-VariableFont_wght.ttf") format("truetype"); }
html, body { margin: 0; height: 100%; background: #11151a; overflow: hidden; }
.textual-terminal { width: 100vw; height: 100vh; }
body.-closed::after { content: "The review is closed. Start outgate review --web again.";
position: fixed; inset: 0; display: flex; align-items: center; justify-content: center;
font: 16px "Roboto Mono", monospace; color: #e8eaed; background: #11151a; }
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class WebDesk:
    """What is served, and how."""

    command: Sequence[str]
    """Starts the app; no shell reads it."""
    port: int = 0
    """0: any that is free."""
    idle_s: float = 900.0
    """After so long without a key or a click the server ends."""
    context: ssl.SSLContext | None = None
    """Serves under TLS."""


class _Guard:
    """Who is let in."""

    def __init__(self, names: frozenset[str], scheme: str) -> None:
        self.names = names
        """Hosts with their port, as a browser may write them."""
        self._origins = frozenset(f"{scheme}://{name}" for name in names)
        self.token: str | None = secrets.token_urlsafe(_TOKEN_BYTES)
        """None once it was used."""
        self._session = ""

    def enter(self, token: str) -> str | None:
        """Take the token, once; return what the cookie holds."""
        if self.token is None or not hmac.compare_digest(token.encode(), self.token.encode()):
            return None
        self.token, self._session = None, secrets.token_urlsafe(_TOKEN_BYTES)
        return self._session

    def is_known(self, request: web.Request) -> bool:
        """Return whether this browser was let in."""
        given = request.cookies.get(_COOKIE, "")
        return bool(self._session) and hmac.compare_digest(given.encode(), self._session.encode())

    def is_for_us(self, request: web.Request) -> bool:
        """Return whether the request names this server, and comes from no other's page."""
        origin = request.headers.get("Origin")
        return request.headers.get("Host", "") in self.names and (
            origin is None or origin in self._origins
        )

    def is_our_page(self, request: web.Request) -> bool:
        """Return whether a page of this server asks; web sockets always say which."""
        return request.headers.get("Origin", "") in self._origins


class DeskServer:
    """Serves one desk until it is idle, or stopped."""

    def __init__(self, desk: WebDesk, clock: Callable[[], float] = time.monotonic) -> None:
        self._desk, self._clock = desk, clock
        self._guard = _Guard(frozenset(), "http")
        self._seen = clock()
        self._over = asyncio.Event()
        self._open: set[web.WebSocketResponse] = set()

    @property
    def is_idle(self) -> bool:
        """Return whether nobody has touched a key for too long."""
        return self._clock() - self._seen >= self._desk.idle_s

    def stop(self) -> None:
        """End it."""
        self._over.set()

    async def serve(self, tell: Callable[[str], None], look_every_s: float = 5.0) -> None:
        """Serve until it is over; `tell` is given the address with its token. Raises
        SettingsError.
        """
        application = web.Application(middlewares=[self._checked], client_max_size=_MOST_MESSAGE)
        application.router.add_get("/", self._page)
        application.router.add_get("/desk.css", self._style)
        application.router.add_get("/ws", self._socket)
        application.router.add_static("/static", _STATIC)
        runner = web.AppRunner(application, access_log=None)
        await runner.setup()
        try:
            tell(await self._listen(runner))
            while not self._over.is_set() and not self.is_idle:
                with contextlib.suppress(TimeoutError):
                    async with asyncio.timeout(look_every_s):
                        await self._over.wait()
        finally:
            for socket in tuple(self._open):
                await socket.close()
            await runner.cleanup()

    async def _listen(self, runner: web.AppRunner) -> str:
        desk = self._desk
        site = web.TCPSite(runner, HOST, desk.port, ssl_context=desk.context)
        try:
            await site.start()
        except OSError as error:
            raise SettingsError(
                f"Cannot listen on {HOST}:{desk.port}: {error.strerror}.",
                remedy="Choose another port with --port, or leave it out.",
            ) from None
        port = runner.addresses[0][1]
        scheme = "http" if desk.context is None else "https"
        names = frozenset(f"{name}:{port}" for name in (HOST, "localhost"))
        self._guard = _Guard(names, scheme)
        return f"{scheme}://{HOST}:{port}/?token={self._guard.token}"

    @web.middleware
    async def _checked(self, request: web.Request, handler: Any) -> web.StreamResponse:
        if not self._guard.is_for_us(request):
            answer: web.StreamResponse = web.Response(status=421, text="Not for this server.\n")
        elif request.path != "/" and not self._guard.is_known(request):
            answer = web.Response(status=403, text="Not let in.\n")
        else:
            try:
                answer = await handler(request)
            except web.HTTPException as error:
                answer = web.Response(status=error.status, text=f"{error.reason}\n")
        if not answer.prepared:
            answer.headers.update(_HEADERS)
        return answer

    async def _page(self, request: web.Request) -> web.StreamResponse:
        if (token := request.query.get("token")) is not None:
            session = self._guard.enter(token)
            if session is None:
                text = "This address was used already. Start outgate review --web again.\n"
                return web.Response(status=403, text=text)
            answer = web.Response(status=303, headers={"Location": "/"})
            secure = self._desk.context is not None
            answer.set_cookie(_COOKIE, session, httponly=True, samesite="Strict", secure=secure)
            return answer
        if not self._guard.is_known(request):
            return web.Response(status=403, text="Open the address that outgate printed.\n")
        self._seen = self._clock()
        scheme = "ws" if self._desk.context is None else "wss"
        # The host is one of two names that were compared, and no text of anybody else's.
        page = _PAGE.format(socket=f"{scheme}://{request.headers['Host']}/ws")
        return web.Response(text=page, content_type="text/html")

    async def _style(self, _: web.Request) -> web.StreamResponse:
        return web.Response(text=_STYLE, content_type="text/css")

    async def _socket(self, request: web.Request) -> web.StreamResponse:
        if not self._guard.is_our_page(request):
            return web.Response(status=403, text="Not from this page.\n")
        for other in tuple(self._open):  # one desk: the page that was opened last has it
            await other.close()
        socket = web.WebSocketResponse(heartbeat=15, max_msg_size=_MOST_MESSAGE)
        await socket.prepare(request)
        self._open.add(socket)
        try:
            await self._drive(socket, _side(request, "width", 80), _side(request, "height", 24))
        finally:
            self._open.discard(socket)
            await socket.close()
        return socket

    async def _drive(self, socket: web.WebSocketResponse, width: int, height: int) -> None:
        process = await asyncio.create_subprocess_exec(
            *self._desk.command,
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.DEVNULL,
            env=_environment(width, height),
        )
        assert process.stdin is not None and process.stdout is not None
        drawing = asyncio.get_running_loop().create_task(
            OWNER.task(Duty.BROWSER, _draw(process.stdout, socket))
        )
        try:
            await self._listen_to(socket, process.stdin)
        finally:
            with contextlib.suppress(OSError, RuntimeError):
                await _put(process.stdin, b"M", json.dumps({"type": "quit"}).encode())
            await _ended(process)
            drawing.cancel()

    async def _listen_to(
        self, socket: web.WebSocketResponse, keyboard: asyncio.StreamWriter
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
                self._seen = self._clock()
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


async def _draw(screen: asyncio.StreamReader, socket: web.WebSocketResponse) -> None:
    """Send on what the app draws. Files and addresses that it would open are no business of a
    browser.
    """
    with contextlib.suppress(asyncio.IncompleteReadError, ConnectionError):
        while await screen.readline() != _READY:
            if screen.at_eof():
                break
        while not screen.at_eof():
            kind = await screen.readexactly(1)
            size = int.from_bytes(await screen.readexactly(4), "big")
            if size > _MOST_BYTES:
                break
            payload = await screen.readexactly(size)
            if kind == b"D":
                await socket.send_bytes(payload)
            elif kind == b"M" and json.loads(payload).get("type") == "exit":
                break
    await socket.close()


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


def review_command(words: Sequence[str], command: Sequence[str] = ("review",)) -> tuple[str, ...]:
    """Return what starts the review in a process of its own, with these words; `command` is that of
    outgate which opens it.
    """
    return (sys.executable, "-m", "app.cli", *command, *words)
