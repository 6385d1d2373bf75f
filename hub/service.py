"""The hub as endpoints reach it: HTTPS with certificates of both sides, on aiohttp.

Who speaks is told by the certificate alone. All work on the database is done by a few threads,
each with its own connection; what waits for them is bounded, and what comes on top is asked to come
again later.
"""

import asyncio
import contextlib
import logging
import random
import resource
import ssl
import threading
from asyncio.sslproto import SSLProtocol
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path
from typing import Any

import orjson
from aiohttp import web

from core.errors import InputError, OutgateError, SettingsError
from fleet.wire import MOST_PACKED, BadUpload
from hub.admission import ENROL, UPLOAD, Admission, BusyError
from hub.answering import Hub
from hub.arriving import Arriving
from hub.database import Database, DatabaseDownError
from hub.enrolment import Endpoint, NotAllowedError
from hub.intake import Answer, Gap, Refused
from hub.patience import ENDPOINTS, PULSE, THOROUGH
from hub.pulse import Pulse

log = logging.getLogger("outgate.hub")
_of_http = logging.getLogger("outgate.hub.http")
"""Of what peers send that is no HTTP, and of ends that they make: no fault of the hub's."""
_of_http.setLevel(logging.CRITICAL)

ENDPOINT_HEADER = "Outgate-Endpoint"
_NAMED = web.RequestKey("named", tuple[str, str])
_MOST_JSON = 4 << 20
_MOST_ENROLMENT = 64 << 10
_BODY_S = 60.0
_STRANGERS_BODY_S = 10.0
"""How long a body may take to arrive, of endpoints and of those who are none yet."""
_AT_ONCE = 4
"""Threads for messages, each with its connection to the database; one more does the rest."""
_WATCH_S = 60.0
_AGAIN_S = (5, 30)
_KEEP_ALIVE_S = 10.0
_HANDSHAKE_S = 30.0
"""How long TLS may take to begin; of ten thousand that come back together some wait for it."""
_TLS_BUFFER = 32 << 10
"""Bytes that each connection keeps for reading, of TLS records of 16 kB; asyncio's own are 256 kB,
so that two thousand endpoints which come at the same moment fill 500 MB.
"""


type _Work = Callable[[Endpoint, object], Mapping[str, Any]]


@dataclass
class Server:
    """One hub behind HTTPS; `serve` runs until it is cancelled."""

    hub: Hub
    _pool: ThreadPoolExecutor = field(
        default_factory=lambda: ThreadPoolExecutor(_AT_ONCE, thread_name_prefix="hub")
    )
    _admission: Admission = field(default_factory=Admission)
    _watcher: Hub = field(init=False)
    """Does what is done now and then, which waits for whoever is there."""
    _arriving: Arriving = field(default_factory=Arriving)
    _pulse: Pulse = field(init=False)

    def __post_init__(self) -> None:
        self._watcher = replace(self.hub, database=Database(self.hub.database.url, THOROUGH))
        self.hub.database.patience = ENDPOINTS
        self._pulse = Pulse(self.hub.database, self._watcher.database, patience=PULSE)

    def application(self) -> web.Application:
        """Return the application."""
        app = web.Application(client_max_size=MOST_PACKED + 1, middlewares=[self._bounded])
        app.router.add_post(ENROL, self._enrol)
        app.router.add_post("/v1/renew", self._json(self.hub.renew))
        app.router.add_post("/v1/check-in", self._check_in)
        app.router.add_post("/v1/parts", self._json(self.hub.parts))
        app.router.add_post("/v1/orders", self._json(self.hub.orders))
        app.router.add_post("/v1/holds", self._json(self.hub.held))
        app.router.add_post("/v1/requests", self._json(self.hub.requests))
        app.router.add_post("/v1/inspection", self._json(self.hub.inspect))
        app.router.add_post(UPLOAD, self._upload)
        app.router.add_get("/v1/health", self._health)
        app.cleanup_ctx.append(self._watched)
        return app

    @web.middleware
    async def _bounded(
        self,
        request: web.Request,
        handler: Callable[[web.Request], Awaitable[web.StreamResponse]],
    ) -> web.StreamResponse:
        """Answer whatever goes wrong with one line, and bound what waits."""
        named = self._named(request)
        try:
            if named is None and request.path == ENROL:  # counted when all of it is here
                return await handler(request)
            with self._admission.let_in(None if named is None else named[0], request.path):
                return await handler(request)
        except BusyError:
            return _again("The hub is busy.")
        except web.HTTPException:
            raise
        except NotAllowedError as error:
            return _said(f"{error.message} {error.remedy}".strip(), 403)
        except DatabaseDownError as error:
            log.error("%s", error.message)
            return _again("The hub cannot use its database now.")
        except (OutgateError, BadUpload) as error:
            return _said(str(error), 400)
        except ValueError as error:
            return _said(f"The message is not right: {error}", 400)
        except web.RequestPayloadError:
            return _said("The message cannot be read.", 400)
        except Exception as error:  # noqa: BLE001 - boundary: its words may quote what was sent
            if isinstance(error, ConnectionError) and request.transport is None:
                return _said("Who asked is gone.", 400)  # an ordinary end, and nobody reads this
            log.error("a request failed: %s", type(error).__name__)
            return _said("This is a fault in the hub.", 500)

    def _named(self, request: web.Request) -> tuple[str, str] | None:
        """Return id and serial number of the certificate that is shown; None where it is none of
        an endpoint, which each message says to whom it matters.
        """
        certificate = _shown(request)
        try:
            named = None if certificate is None else self.hub.enrolment.named(certificate)
        except NotAllowedError:
            named = None
        if named is not None:
            request[_NAMED] = named
        return named

    @contextlib.asynccontextmanager
    async def _body(
        self, request: web.Request, most: int, within_s: float | None = None
    ) -> AsyncIterator[bytes]:
        """Give the body, of at most so many bytes, where it came within so many seconds (None: as
        long as an endpoint's may take), and count it until the message is answered.
        """
        named = request.get(_NAMED)
        who = (request.remote or "") if named is None else named[0]
        with self._arriving.body(who, stranger=named is None) as body:
            yield await self._arriving.read(body, request.content, most, within_s or _BODY_S)

    async def _enrol(self, request: web.Request) -> web.Response:
        shown = _shown(request)  # of whoever: no certificate of an endpoint's yet
        async with self._body(request, _MOST_ENROLMENT, _STRANGERS_BODY_S) as data:
            value = _json(data)
            with self._admission.let_in(None, ENROL):
                return _answer(await self._worked(lambda: self.hub.enrol(value, shown)))

    def _json(self, work: _Work) -> Callable[[web.Request], Awaitable[web.Response]]:
        async def handle(request: web.Request) -> web.Response:
            certificate = _certificate(request)
            claimed = request.headers.get(ENDPOINT_HEADER)
            async with self._body(request, _MOST_JSON) as data:
                value = _json(data)
                return _answer(
                    await self._worked(lambda: work(self._speaker(certificate, claimed), value))
                )

        return handle

    async def _check_in(self, request: web.Request) -> web.Response:
        certificate = _certificate(request)
        claimed = request.headers.get(ENDPOINT_HEADER)

        def work(value: object, came_at: datetime) -> Mapping[str, Any]:
            named = request.get(_NAMED) or self.hub.enrolment.named(certificate)
            if claimed in (None, named[0]):
                answer = self.hub.check_in_at_once(named, value)
                if answer is not None:
                    return answer
            return self.hub.check_in(self._speaker(certificate, claimed), value, came_at)

        async with self._body(request, _MOST_JSON) as data:
            value = _json(data)
            came_at = self.hub.clock()  # others may be taken before it comes to its turn
            return _answer(await self._worked(lambda: work(value, came_at)))

    def _speaker(self, certificate: bytes, claimed: str | None) -> Endpoint:
        """Return who speaks: the certificate tells, whatever the message claims."""
        endpoint = self.hub.enrolment.who(certificate)
        if claimed is not None and claimed != endpoint.id:
            self.hub.poses(endpoint)
            raise NotAllowedError("The certificate is another endpoint's.")
        return endpoint

    async def _upload(self, request: web.Request) -> web.Response:
        certificate = _certificate(request)
        claimed = request.headers.get(ENDPOINT_HEADER)
        await self._worked(lambda: self._speaker(certificate, claimed))
        async with self._body(request, MOST_PACKED) as frame:

            def take() -> Answer:
                # Asked again: it may have been revoked while its body came.
                return self.hub.intake.take(self._speaker(certificate, claimed).number, frame)

            taken = await self._worked(take)
        if isinstance(taken, Gap):
            return _answer({"wanted": taken.wanted}, 409)
        if isinstance(taken, Refused):
            return _said(taken.why, 422)
        return _answer({"next": taken.next, "new": taken.new})

    async def _health(self, request: web.Request) -> web.Response:
        self._pulse.felt()
        await self._pulse.asked()
        return _answer({"ok": True, "waiting": self._admission.here})

    async def _worked[T](self, work: Callable[[], T]) -> T:
        """Do it on a thread; what waited for one while the database fell silent waits no more."""

        def felt() -> T:
            self._pulse.felt()
            return work()

        self._pulse.felt()
        return await asyncio.get_running_loop().run_in_executor(self._pool, felt)

    async def _watched(self, app: web.Application) -> AsyncIterator[None]:
        stop, loop = asyncio.Event(), asyncio.get_running_loop()
        own = ThreadPoolExecutor(1, thread_name_prefix="hub-watch")

        async def watch() -> None:
            while not stop.is_set():
                try:
                    await loop.run_in_executor(own, self._watcher.watch)
                except OutgateError as error:
                    log.error("%s", error.message)
                except Exception as error:  # noqa: BLE001 - boundary: the hub goes on serving
                    log.error("what is done now and then failed: %s", type(error).__name__)
                with contextlib.suppress(TimeoutError):
                    await asyncio.wait_for(stop.wait(), _WATCH_S)

        async with asyncio.TaskGroup() as group:
            group.create_task(watch())
            group.create_task(self._pulse.beat(stop))
            yield
            stop.set()
            self._pulse.let_go()
        self._pulse.close()
        for pool in (own, self._pool):
            pool.shutdown(wait=True, cancel_futures=True)
        self._watcher.database.close()


def server_context(server: Path, authority: Path, own: Path | None = None) -> ssl.SSLContext:
    """Return the context that asks endpoints for their certificates: optional, for whoever is not
    enrolled yet has none. `own`: authorities of the organisation, good for enrolment alone.

    Raises SettingsError.
    """
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.load_cert_chain(server)
    context.load_verify_locations(authority)
    if own is not None:
        try:
            context.load_verify_locations(own)
        except (OSError, ssl.SSLError):
            raise SettingsError(
                f"own_certificates of hub.yaml: {own} holds no authorities.",
                remedy="`ca` is a file of PEM certificates.",
            ) from None
    context.verify_mode = ssl.CERT_OPTIONAL
    context.options |= ssl.OP_NO_TICKET
    context.num_tickets = 0  # nor does it remember sessions: each would stay in memory
    return context


async def serve(
    hub: Hub,
    context: ssl.SSLContext,
    listen: tuple[str, int],
    ready: Callable[[int], None] = lambda port: None,
    stop: asyncio.Event | None = None,
) -> None:
    """Serve until `stop` is set; `ready` is told the port."""
    SSLProtocol.max_size = _TLS_BUFFER
    runner = web.AppRunner(
        Server(hub).application(),
        access_log=None,
        keepalive_timeout=_KEEP_ALIVE_S,
        logger=_of_http,
    )
    _room_for_connections()
    await runner.setup()
    server: asyncio.Server | None = None
    try:
        assert runner.server is not None
        server = await asyncio.get_running_loop().create_server(
            runner.server,
            *listen,
            ssl=context,
            ssl_handshake_timeout=_HANDSHAKE_S,
            backlog=4096,
            reuse_port=True,
        )
        ready(server.sockets[0].getsockname()[1])
        await (stop or asyncio.Event()).wait()
    finally:
        if server is not None:
            server.close()
        await runner.cleanup()


def _room_for_connections() -> None:
    """Take as many open files as this process may have: each connection is one, and most systems
    begin with 1,024.
    """
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    with contextlib.suppress(OSError, ValueError):
        resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))


class Serving:
    """A hub in a thread of its own: for the demonstration, tests and benchmarks."""

    def __init__(self, hub: Hub, context: ssl.SSLContext) -> None:
        self._hub, self._context = hub, context
        self._loop: asyncio.AbstractEventLoop | None = None
        self._stop = asyncio.Event()
        self._ready = threading.Event()
        self.port = 0
        self._thread = threading.Thread(target=self._run, name="hub", daemon=True)

    def _run(self) -> None:
        def ready(port: int) -> None:
            self.port = port
            self._ready.set()

        place = ("127.0.0.1", self.port)
        with asyncio.Runner() as runner:  # which ends connections that are still open
            self._loop = runner.get_loop()
            runner.run(serve(self._hub, self._context, place, ready, self._stop))

    def __enter__(self) -> "Serving":
        self._thread.start()
        if not self._ready.wait(20):
            raise InputError("The hub does not start.")
        return self

    def __exit__(self, *_: object) -> None:
        if self._loop is not None:
            self._loop.call_soon_threadsafe(self._stop.set)
        self._thread.join(20)


def _shown(request: web.Request) -> bytes | None:
    transport = request.transport
    tls = None if transport is None else transport.get_extra_info("ssl_object")
    return (tls.getpeercert(binary_form=True) or None) if tls is not None else None


def _certificate(request: web.Request) -> bytes:
    certificate = _shown(request)
    if certificate is None:
        raise NotAllowedError(
            "No certificate was shown.", remedy="Enrol first: outgate fleet enrol."
        )
    return certificate


def _json(data: bytes) -> object:
    try:
        return orjson.loads(data)
    except orjson.JSONDecodeError:
        raise InputError("The message is no JSON.") from None


def _answer(value: Mapping[str, Any], status: int = 200) -> web.Response:
    body = orjson.dumps(value)
    return web.Response(body=body, status=status, content_type="application/json")


def _said(words: str, status: int) -> web.Response:
    return _answer({"error": words}, status)


def _again(words: str) -> web.Response:
    answer = _said(words, 503)
    answer.headers["Retry-After"] = str(random.randint(*_AGAIN_S))  # noqa: S311 - spreads, hides nothing
    return answer
