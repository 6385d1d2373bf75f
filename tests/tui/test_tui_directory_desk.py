"""The fleet's desk before a directory: sessions of several people, and what ends them."""

import asyncio
import contextlib
import ssl
import sys
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

import aiohttp
import pytest
from fleet_world import HandClock

from core.errors import ForbiddenError
from hub.authority import HubAuthority, make_authority, server_files
from tui.directory_desk import (
    MOST_EACH,
    MOST_SESSIONS,
    Departure,
    DirectoryDesk,
    Entrance,
    ServedDesk,
)

NOW = datetime(2026, 11, 26, 9, tzinfo=UTC)
NAME = "hub.corp.example:8444"
ORIGIN = f"https://{NAME}"
LEFT = "https://login.corp.example/authorize?x=1"
APP = (
    "import sys, os\n"
    "out = sys.stdout.buffer\n"
    "def say(data):\n"
    "    out.write(b'D' + len(data).to_bytes(4, 'big') + data); out.flush()\n"
    "out.write(b'__GANGLION__\\n'); say(os.environ['WHO'].encode())\n"
    "while kind := sys.stdin.buffer.read(1):\n"
    "    text = sys.stdin.buffer.read(int.from_bytes(sys.stdin.buffer.read(4), 'big'))\n"
    "    if b'quit' in text or text == b'q': break\n"
    "    say(kind + text)\n"
)


@dataclass
class FakeDoor:
    """Lets in whoever brings a name back, for an hour; nobody is called eve."""

    clock: HandClock
    kept: list[str] = field(default_factory=list)

    async def leave(self) -> tuple[str, str]:
        return LEFT, "kept-words"

    async def arrive(self, query: Mapping[str, str], kept: str) -> Entrance:
        self.kept.append(kept)
        name = query.get("code", "eve")
        if name == "eve":
            raise ForbiddenError("You, eve, are in no role here.")
        return Entrance(
            person=name,
            until=self.clock() + timedelta(hours=1),
            environment=lambda: {"WHO": f"for {name}"},
            session=query.get("state", ""),
        )

    async def told_out(self, token: str) -> Departure:
        person, _, session = token.partition("/")
        if person == "eve":
            raise ForbiddenError("That tells nothing of somebody who signed out.")
        return Departure(person=person or None, session=session or None)


@dataclass
class Served:
    """A desk that is served, on some port, under the name that browsers know."""

    port: int
    door: FakeDoor
    clock: HandClock
    context: ssl.SSLContext

    @contextlib.asynccontextmanager
    async def browser(self, **headers: str) -> AsyncIterator[aiohttp.ClientSession]:
        base, jar = f"https://127.0.0.1:{self.port}", aiohttp.DummyCookieJar()
        connector = aiohttp.TCPConnector(ssl=self.context)
        told = {"Host": NAME, **headers}
        async with aiohttp.ClientSession(
            base, connector=connector, headers=told, cookie_jar=jar
        ) as session:
            yield session

    async def status(self, path: str, **headers: str) -> int:
        async with self.browser(**headers) as one, one.get(path, allow_redirects=False) as answer:
            return answer.status

    async def told_out(self, token: str | None) -> int:
        """Tell what the directory tells; return the status."""
        form = {} if token is None else {"logout_token": token}
        async with self.browser() as one, one.post("/signed-out", data=form) as answer:
            return answer.status

    async def entered(self, name: str, session: str = "s") -> str:
        """Come back from the directory as somebody; return the cookie."""
        async with (
            self.browser(Cookie="__Host-outgate-leaving=kept-words") as one,
            one.get(f"/signed-in?code={name}&state={session}", allow_redirects=False) as answer,
        ):
            assert (answer.status, answer.headers["Location"]) == (303, "/")
            cookie = answer.cookies["__Host-outgate-desk"]
            assert cookie["secure"] and cookie["httponly"] and cookie["samesite"] == "Lax"
            return f"__Host-outgate-desk={cookie.value}"


@pytest.fixture(scope="module", name="authority")
def authority_fixture(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, HubAuthority]:
    """The hub's authority, whose certificate the desk shows."""
    folder = tmp_path_factory.mktemp("hub")
    return folder, make_authority(folder, datetime.now(UTC))


@pytest.fixture(name="desk")
async def desk_fixture(authority: tuple[Path, HubAuthority]) -> AsyncIterator[Served]:
    """A desk that looks for what is over without waiting."""
    folder, signer = authority
    clock = HandClock(NOW)
    door = FakeDoor(clock)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(server_files(signer, folder, ["127.0.0.1"], datetime.now(UTC)))
    server = DirectoryDesk(
        ServedDesk(
            command=(sys.executable, "-c", APP),
            address=ORIGIN,
            host=NAME,
            listen=("127.0.0.1", 0),
            context=context,
            idle=timedelta(minutes=15),
            door=door,
            clock=clock,
        )
    )
    told: asyncio.Future[int] = asyncio.get_running_loop().create_future()
    trusted = ssl.create_default_context(cadata=signer.pem.decode())
    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(server.serve(told.set_result, 0.02))
        try:
            yield Served(await told, door, clock, trusted)
        finally:
            server.stop()


async def first(socket: aiohttp.ClientWebSocketResponse) -> bytes:
    return bytes((await socket.receive(10)).data)


async def test_whoever_is_not_signed_in_is_sent_to_the_directory(desk: Served) -> None:
    """With a cookie of this browser alone, that no script reads; and gets nothing else."""
    async with desk.browser() as one, one.get("/", allow_redirects=False) as answer:
        assert (answer.status, answer.headers["Location"]) == (303, LEFT)
        cookie = answer.cookies["__Host-outgate-leaving"]
        assert (cookie.value, cookie["path"], cookie["domain"]) == ("kept-words", "/", "")
        assert cookie["secure"] and cookie["httponly"] and cookie["samesite"] == "Lax"
        assert "frame-ancestors 'none'" in answer.headers["Content-Security-Policy"]
    for path in ("/ws", "/desk.css", "/desk.js", "/static/js/textual.js", "/x"):
        assert await desk.status(path) == 403
        assert await desk.status(path, Cookie="__Host-outgate-desk=x") == 403


@pytest.mark.parametrize(
    ("token", "left"),
    [
        ("ada/", ["", "", "b1"]),
        ("ada/a1", ["", "a2", "b1"]),
        ("/a2", ["a1", "", "b1"]),
        ("bert/a1", ["a1", "a2", "b1"]),
        ("eve/", ["a1", "a2", "b1"]),
        (None, ["a1", "a2", "b1"]),
        ("ada/" + "x" * 20_000, ["a1", "a2", "b1"]),
    ],
)
async def test_whoever_signs_out_at_the_directory_is_out_here(
    desk: Served, token: str | None, left: list[str]
) -> None:
    """At once, on open pages too; of several sessions the one that is named, and nobody else's."""
    names = [("ada", "a1"), ("ada", "a2"), ("bert", "b1")]
    cookies = [await desk.entered(*one) for one in names]
    async with (
        desk.browser(Cookie=cookies[0], Origin=ORIGIN) as one,
        one.ws_connect("/ws") as page,
    ):
        assert b"for ada" in await first(page)
        known = token is not None and len(token) < 100 and token != "eve/"
        assert await desk.told_out(token) == (200 if known else 400)
        if not left[0]:
            assert (await page.receive(10)).type in (
                aiohttp.WSMsgType.CLOSE,
                aiohttp.WSMsgType.CLOSED,
            )
    there = [await desk.status("/desk.css", Cookie=cookie) == 200 for cookie in cookies]
    assert there == [bool(one) for one in left]


@pytest.mark.parametrize(
    ("headers", "path"),
    [
        ({"Host": "evil.example"}, "/"),
        ({"Host": "hub.corp.example"}, "/"),
        ({"Host": "127.0.0.1"}, "/signed-in?code=ada"),
        ({"Origin": "https://evil.example"}, "/"),
        ({"Origin": "null"}, "/signed-in?code=ada"),
        ({"Origin": "http://hub.corp.example:8444"}, "/"),
    ],
)
async def test_another_name_or_page_is_another_server(
    desk: Served, headers: dict[str, str], path: str
) -> None:
    """So that no page of somebody else's begins or ends a sign-in here."""
    assert await desk.status(path, **headers) == 421
    assert desk.door.kept == []


async def test_each_person_has_a_desk_of_his_or_her_own(desk: Served) -> None:
    """Two people at once; each app knows for whom it acts, and neither sees the other's."""
    ada, bert = await desk.entered("ada"), await desk.entered("bert")
    assert desk.door.kept == ["kept-words"] * 2
    async with (
        desk.browser(Cookie=ada, Origin=ORIGIN) as one,
        desk.browser(Cookie=bert, Origin=ORIGIN) as other,
        one.ws_connect("/ws") as hers,
        other.ws_connect("/ws") as his,
    ):
        assert (await first(hers), await first(his)) == (b"for ada", b"for bert")
        await hers.send_json(["stdin", "x"])
        assert await first(hers) == b"Dx"
        async with one.get("/") as page:
            assert f"wss://{NAME}/ws" in await page.text()
        with pytest.raises(aiohttp.WSServerHandshakeError):
            async with desk.browser(Cookie=ada) as nobody:
                await nobody.ws_connect("/ws")


async def test_who_is_refused_is_told_why_and_has_no_session(desk: Served) -> None:
    """In one line, with where to begin again."""
    async with (
        desk.browser() as one,
        one.get("/signed-in?state=s", allow_redirects=False) as answer,
    ):
        assert answer.status == 403 and "Set-Cookie" not in answer.headers
        assert await answer.text() == (f"You, eve, are in no role here. Begin again: {ORIGIN}/\n")
    assert await desk.status("/signed-in?code=ada&code=bert") == 400


@pytest.mark.parametrize("over", ["idle", "token"])
async def test_a_session_ends_by_idleness_and_with_its_token(desk: Served, over: str) -> None:
    """Keys keep it open until the token ends, and no longer; what runs for it is ended."""
    ada = await desk.entered("ada")
    async with (
        desk.browser(Cookie=ada, Origin=ORIGIN) as one,
        one.ws_connect("/ws") as socket,
    ):
        assert await first(socket) == b"for ada"
        for _ in range(3):
            desk.clock.on(minutes=14)
            await socket.send_json(["stdin", "x"])
            assert await first(socket) == b"Dx"
        desk.clock.on(minutes=15 if over == "idle" else 10)
        if over == "token":
            await socket.send_json(["stdin", "x"])
            await first(socket)
            desk.clock.on(minutes=8)
        assert (await socket.receive(10)).type in {
            aiohttp.WSMsgType.CLOSE,
            aiohttp.WSMsgType.CLOSED,
            aiohttp.WSMsgType.CLOSING,
        }
    assert await desk.status("/desk.css", Cookie=ada) == 403
    assert await desk.status("/", Cookie=ada) == 303


async def test_leaving_the_desk_ends_the_session(desk: Served) -> None:
    """A page that is only loaded anew keeps it; leaving the review does not."""
    ada = await desk.entered("ada")
    async with desk.browser(Cookie=ada, Origin=ORIGIN) as one:
        for _ in range(2):
            async with one.ws_connect("/ws") as socket:
                assert await first(socket) == b"for ada"
        async with one.ws_connect("/ws") as socket:
            await first(socket)
            await socket.send_json(["stdin", "q"])
            while (await socket.receive(10)).type != aiohttp.WSMsgType.CLOSED:
                pass
    for _ in range(100):
        if await desk.status("/desk.css", Cookie=ada) == 403:
            return
        await asyncio.sleep(0)
    raise AssertionError("the session is still there")


async def test_a_new_sign_in_is_a_new_session(desk: Served) -> None:
    """A cookie from before names nobody afterwards."""
    ada = await desk.entered("ada")
    async with (
        desk.browser(Cookie=ada) as one,
        one.get("/signed-in?code=bert", allow_redirects=False) as answer,
    ):
        assert answer.status == 303
    assert await desk.status("/desk.css", Cookie=ada) == 403


async def test_nobody_takes_all_places(desk: Served) -> None:
    """A person has a few desks at once: with one more the oldest ends, and nobody else's does."""
    bert = await desk.entered("bert")
    adas = [await desk.entered("ada") for _ in range(MOST_EACH + 1)]
    open_ = [await desk.status("/desk.css", Cookie=one) for one in (bert, *adas)]
    assert open_ == [200, 403, *[200] * MOST_EACH]
    for number in range(MOST_SESSIONS - MOST_EACH - 1):
        await desk.entered(f"p{number}")
    async with desk.browser() as one, one.get("/signed-in?code=late") as answer:
        assert answer.status == 503
    assert await desk.status("/desk.css", Cookie=bert) == 200
