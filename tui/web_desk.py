"""The review in a browser of this machine: its own loopback server around the app of the terminal.

One person, let in by a token that works once; a cookie keeps that browser in. Every request must
name this server as its host, and a web socket must come from its page. All that the page needs is
served from here. What the app draws goes to the browser as bytes of a terminal, never as markup.
"""

import asyncio
import contextlib
import hmac
import secrets
import ssl
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from aiohttp import web

from core.errors import SettingsError
from tui.web_terminal import HEADERS, MOST_MESSAGE, STATIC, drive, keys, page, style

HOST = "127.0.0.1"
_COOKIE = "outgate-review"
_TOKEN_BYTES = 32


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
        application = web.Application(middlewares=[self._checked], client_max_size=MOST_MESSAGE)
        application.router.add_get("/", self._page)
        application.router.add_get("/desk.css", self._style)
        application.router.add_get("/desk.js", self._keys)
        application.router.add_get("/ws", self._socket)
        application.router.add_static("/static", STATIC)
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
            answer.headers.update(HEADERS)
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
        self._touched()
        return page(request.headers["Host"], secure=self._desk.context is not None)

    async def _style(self, _: web.Request) -> web.StreamResponse:
        return style("The review is closed. Start outgate review --web again.")

    async def _keys(self, _: web.Request) -> web.StreamResponse:
        return keys()

    async def _socket(self, request: web.Request) -> web.StreamResponse:
        if not self._guard.is_our_page(request):
            return web.Response(status=403, text="Not from this page.\n")
        for other in tuple(self._open):  # one desk: the page that was opened last has it
            await other.close()
        mine: list[web.WebSocketResponse] = []

        def opened(socket: web.WebSocketResponse) -> None:
            mine.append(socket)
            self._open.add(socket)

        try:
            await drive(request, self._desk.command, {}, self._touched, opened)
        finally:
            self._open.difference_update(mine)
        return mine[0]

    def _touched(self) -> None:
        self._seen = self._clock()


def review_command(words: Sequence[str], command: Sequence[str] = ("review",)) -> tuple[str, ...]:
    """Return what starts the review in a process of its own, with these words; `command` is that of
    outgate which opens it.
    """
    return (sys.executable, "-m", "app.cli", *command, *words)
