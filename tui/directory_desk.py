"""The fleet's desk in browsers of the organisation: who is let in, its directory says.

Each browser that comes back from the directory has a session of its own: a cookie, and an app that
acts for that person. A session ends after a while without a key, with the directory's token, or
when the person leaves. Every request must name this server as its host, and a web socket must come
from its page.
"""

import asyncio
import contextlib
import hashlib
import secrets
import ssl
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Protocol

from aiohttp import web

from core.errors import OutgateError, SettingsError
from tui.web_terminal import HEADERS, MOST_MESSAGE, STATIC, drive, keys, page, style

MOST_SESSIONS = 32
"""Each has an app of its own, of some 100 MB."""
MOST_EACH = 3
"""Of one person; the oldest ends when another is begun, so that nobody takes all places."""
_SESSION, _LEAVING = "__Host-outgate-desk", "__Host-outgate-leaving"
_TOKEN_BYTES = 32
_OPEN = frozenset({"/", "/signed-in", "/signed-out"})
_LEAVING_S = 600
_MOST_FIELDS = 8
_MOST_TOKEN = 16_384
_CLOSED = "The review is closed. Load this page again to sign in."


@dataclass(frozen=True, slots=True, kw_only=True)
class Entrance:
    """Somebody whom the directory let in."""

    person: str
    """Who it is, by what the directory never gives to another."""
    until: datetime
    environment: Callable[[], Mapping[str, str]]
    """By which an app that starts now knows for whom it acts."""
    session: str = ""
    """As the directory calls it, where it does."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Departure:
    """Whose desks end: of this person, of this session of the directory's, or of both."""

    person: str | None
    session: str | None

    def is_of(self, entrance: Entrance) -> bool:
        """Return whether somebody who was let in is meant."""
        return (self.person in (None, entrance.person)) and (
            self.session in (None, entrance.session)
        )


class Door(Protocol):
    """The directory. Each raises OutgateError, in words for whoever stands before it."""

    async def leave(self) -> tuple[str, str]:
        """Return where a browser goes, and what it keeps until it is back."""

    async def arrive(self, query: Mapping[str, str], kept: str) -> Entrance:
        """Take a browser that is back."""

    async def told_out(self, token: str) -> Departure:
        """Take what the directory tells of somebody who signed out there."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ServedDesk:
    """What is served, and to whom."""

    command: Sequence[str]
    """Starts the app; no shell reads it."""
    address: str
    """As browsers reach it: `https://HOST:PORT`."""
    host: str
    """Host and port, as browsers write them."""
    listen: tuple[str, int]
    context: ssl.SSLContext
    idle: timedelta
    door: Door
    clock: Callable[[], datetime]


@dataclass(slots=True)
class _Session:
    entrance: Entrance
    seen: datetime
    sockets: set[web.WebSocketResponse] = field(default_factory=set)


class DirectoryDesk:
    """Serves one desk to many people until it is stopped."""

    def __init__(self, desk: ServedDesk) -> None:
        self._desk = desk
        self._sessions: dict[str, _Session] = {}
        self._over = asyncio.Event()

    def stop(self) -> None:
        """End it."""
        self._over.set()

    async def serve(self, tell: Callable[[int], None], look_every_s: float = 5.0) -> None:
        """Serve until it is over; `tell` is given the port. Raises SettingsError."""
        application = web.Application(middlewares=[self._checked], client_max_size=MOST_MESSAGE)
        application.router.add_get("/", self._page)
        application.router.add_get("/signed-in", self._arrived)
        application.router.add_post("/signed-out", self._told_out)
        application.router.add_get("/desk.css", self._style)
        application.router.add_get("/desk.js", self._keys)
        application.router.add_get("/ws", self._socket)
        application.router.add_static("/static", STATIC)
        runner = web.AppRunner(application, access_log=None)
        await runner.setup()
        try:
            tell(await self._listen(runner))
            while not self._over.is_set():
                with contextlib.suppress(TimeoutError):
                    async with asyncio.timeout(look_every_s):
                        await self._over.wait()
                await self._end_what_is_over()
        finally:
            for key in tuple(self._sessions):
                await self._end(key)
            await runner.cleanup()

    async def _listen(self, runner: web.AppRunner) -> int:
        host, port = self._desk.listen
        try:
            await web.TCPSite(runner, host, port, ssl_context=self._desk.context).start()
        except OSError as error:
            raise SettingsError(
                f"Cannot listen on {host}:{port}: {error.strerror}.",
                remedy="Choose another address with `listen` of sign_in in hub.yaml.",
            ) from None
        return int(runner.addresses[0][1])

    @web.middleware
    async def _checked(self, request: web.Request, handler: Any) -> web.StreamResponse:
        origin = request.headers.get("Origin")
        if request.headers.get("Host", "").lower() != self._desk.host or (
            origin is not None and origin != self._desk.address
        ):
            answer: web.StreamResponse = _said("Not for this server.", 421)
        elif request.path not in _OPEN and self._session(request) is None:
            answer = _said("Not let in.", 403)
        else:
            try:
                answer = await handler(request)
            except OutgateError as error:
                answer = _said(f"{error.message} Begin again: {self._desk.address}/", 403)
            except web.HTTPException as error:
                answer = _said(error.reason, error.status)
        if not answer.prepared:
            answer.headers.update(HEADERS)
        return answer

    async def _page(self, request: web.Request) -> web.StreamResponse:
        session = self._session(request)
        if session is not None:
            session.seen = self._desk.clock()
            return page(self._desk.host, secure=True)
        address, kept = await self._desk.door.leave()
        answer = web.Response(status=303, headers={"Location": address})
        _set(answer, _LEAVING, kept, _LEAVING_S)
        return answer

    async def _arrived(self, request: web.Request) -> web.StreamResponse:
        query = dict(request.query)
        if len(query) < len(request.query) or len(query) > _MOST_FIELDS:
            return _said("That is no answer of the directory.", 400)
        await self._end_what_is_over()
        if len(self._sessions) >= MOST_SESSIONS:
            return _said("Too many desks are open. Try again a little later.", 503)
        entrance = await self._desk.door.arrive(query, request.cookies.get(_LEAVING, ""))
        await self._make_room(_key(request), entrance.person)
        token = secrets.token_urlsafe(_TOKEN_BYTES)
        self._sessions[_hashed(token)] = _Session(entrance, self._desk.clock())
        answer = web.Response(status=303, headers={"Location": "/"})
        _set(answer, _SESSION, token, None)
        answer.del_cookie(_LEAVING, path="/", secure=True, httponly=True, samesite="Lax")
        return answer

    async def _told_out(self, request: web.Request) -> web.StreamResponse:
        """Take what the directory itself says, from server to server."""
        token = (await request.post()).get("logout_token")
        if not isinstance(token, str) or len(token) > _MOST_TOKEN:
            return _said("That is no word of the directory.", 400)
        try:
            left = await self._desk.door.told_out(token)
        except OutgateError as error:
            return _said(error.message, 400)
        for key, session in tuple(self._sessions.items()):
            if left.is_of(session.entrance):
                await self._end(key)
        return web.Response(headers={"Cache-Control": "no-store"})

    async def _style(self, _: web.Request) -> web.StreamResponse:
        return style(_CLOSED)

    async def _keys(self, _: web.Request) -> web.StreamResponse:
        return keys()

    async def _socket(self, request: web.Request) -> web.StreamResponse:
        session = self._session(request)
        if session is None or request.headers.get("Origin") != self._desk.address:
            return _said("Not from this page.", 403)
        for other in tuple(session.sockets):  # the page that was opened last has the desk
            await other.close()
        mine: list[web.WebSocketResponse] = []

        def touched() -> None:
            session.seen = self._desk.clock()

        def opened(socket: web.WebSocketResponse) -> None:
            mine.append(socket)
            session.sockets.add(socket)

        environment = session.entrance.environment()
        try:
            if await drive(request, self._desk.command, environment, touched, opened):
                await self._end(_key(request))
        finally:
            session.sockets.difference_update(mine)
        return mine[0]

    def _session(self, request: web.Request) -> _Session | None:
        session = self._sessions.get(_key(request))
        return None if session is None or self._is_over(session) else session

    def _is_over(self, session: _Session) -> bool:
        now = self._desk.clock()
        return now >= session.entrance.until or now - session.seen >= self._desk.idle

    async def _end_what_is_over(self) -> None:
        for key, session in tuple(self._sessions.items()):
            if self._is_over(session):
                await self._end(key)

    async def _make_room(self, before: str, person: str) -> None:
        """End this browser's session of before, and the oldest where a person has several."""
        await self._end(before)
        mine = [key for key, one in self._sessions.items() if one.entrance.person == person]
        for key in mine[: len(mine) - MOST_EACH + 1]:
            await self._end(key)

    async def _end(self, key: str) -> None:
        session = self._sessions.pop(key, None)
        for socket in () if session is None else tuple(session.sockets):
            await socket.close()


def _key(request: web.Request) -> str:
    return _hashed(request.cookies.get(_SESSION, ""))


def _hashed(token: str) -> str:
    """Return what a session is found by: comparing it tells nothing of the cookie."""
    return hashlib.sha256(token.encode("utf-8", "replace")).hexdigest()


def _set(answer: web.Response, name: str, value: str, lasts_s: int | None) -> None:
    # Lax: the directory sends the browser here, and no browser shows a strict cookie then.
    answer.set_cookie(
        name, value, max_age=lasts_s, path="/", secure=True, httponly=True, samesite="Lax"
    )


def _said(words: str, status: int) -> web.Response:
    return web.Response(status=status, text=f"{words}\n")
