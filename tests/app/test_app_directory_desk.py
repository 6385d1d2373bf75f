"""The fleet's desk behind the organisation's directory: the real command, a directory on loopback
under TLS, a real hub's database; and what a ticket is worth.
"""

import asyncio
import os
import ssl
import sys
from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import aiohttp
import directory as fake
import orjson
import pytest
from aiohttp import web
from fleet_world import FleetWorld, a_server, a_world
from ruamel.yaml import YAML

from app import current_user, settings_layers
from core.errors import ForbiddenError
from hub.authority import HubAuthority, load_authority
from hub.desk_ticket import Ticket, read, written
from hub.settings import SETTINGS, init
from hub.sign_in import SignInError
from tests.app.conftest import Runs

MOST_S = 60
NOW = datetime(2026, 11, 26, 9, tzinfo=UTC)
ADA = {"sub": "8f3", "preferred_username": "ada", "groups": ["privacy"]}
BERT = {"sub": "9a1", "preferred_username": "bert"}


def context_of(authority: HubAuthority, folder: Path) -> ssl.SSLContext:
    key, certificate = authority.server(["127.0.0.1"], datetime.now(UTC))
    (folder / "directory.pem").write_bytes(key + certificate)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(folder / "directory.pem")
    return context


async def served(there: fake.Directory, context: ssl.SSLContext) -> web.AppRunner:
    """Serve a directory on loopback."""

    async def described(_: web.Request) -> web.Response:
        return web.json_response(there.described())

    async def keys(_: web.Request) -> web.Response:
        return web.json_response(there.published())

    async def token(request: web.Request) -> web.Response:
        form = {n: one for n, one in (await request.post()).items() if isinstance(one, str)}
        basic = aiohttp.BasicAuth.decode(request.headers["Authorization"])
        try:
            return web.json_response(there.exchanged(form, (basic.login, basic.password)))
        except SignInError:
            return web.json_response({"error": "invalid_grant"}, status=400)

    application = web.Application()
    application.router.add_get("/.well-known/openid-configuration", described)
    application.router.add_get("/keys", keys)
    application.router.add_post("/token", token)
    runner = web.AppRunner(application)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0, ssl_context=context).start()
    there.issuer = f"https://127.0.0.1:{runner.addresses[0][1]}"
    return runner


def free_port() -> int:
    import socket

    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return int(one.getsockname()[1])


class Browser:
    """A browser that trusts the hub's authority and keeps cookies."""

    def __init__(self, address: str, trusted: ssl.SSLContext) -> None:
        self.address = address
        self._session = aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(ssl=trusted), cookie_jar=aiohttp.CookieJar(unsafe=True)
        )

    async def signed_in(self, there: fake.Directory, person: dict[str, Any]) -> tuple[int, str]:
        """Go to the desk, to the directory, and back."""
        async with self._session.get(f"{self.address}/", allow_redirects=False) as answer:
            assert answer.status == 303, await answer.text()
            back = there.visited(answer.headers["Location"], person)
        async with self._session.get(f"{self.address}/signed-in", params=back) as answer:
            return answer.status, await answer.text()

    async def until(self, wanted: bytes, *keys: str, done: Callable[[], bool]) -> None:
        """Open the desk, wait until this is drawn, press keys, and wait until it is done."""
        url = f"{self.address}/ws?width=140&height=40"
        async with self._session.ws_connect(url, headers={"Origin": self.address}) as socket:
            screen = b""
            while wanted not in screen:
                screen += (await socket.receive()).data
            for key in keys:
                await socket.send_json(["stdin", key])
            while not done():
                with suppress(TimeoutError):
                    await socket.receive(0.1)

    async def close(self) -> None:
        await self._session.close()


def a_hub(world: FleetWorld, folder: Path, issuer: str, port: int) -> Path:
    """Make the folder of a hub whose desk is behind a directory."""
    made = init(folder, world.hub.database.url, ("127.0.0.1",), "127.0.0.1:0", datetime.now(UTC))
    (made.folder / "oidc.secret").write_text("s3cret\n")
    yaml, path = YAML(), made.folder / SETTINGS
    value = yaml.load(path.read_text())
    value["sign_in"] = {
        "issuer": issuer,
        "client_id": fake.CLIENT,
        "client_secret_file": "oidc.secret",
        "ca": "authority.pem",
        "address": f"https://127.0.0.1:{port}",
        "listen": f"127.0.0.1:{port}",
        "roles": {"reviewer": ["privacy"]},
    }
    with path.open("w") as file:
        yaml.dump(value, file)
    return made.folder


async def test_people_of_the_directory_work_at_the_desk(tmp_path: Path) -> None:
    """Ada's group makes her a reviewer: she takes a case over, and name, role, door and subject
    stand in the chain. Bert, of whom the directory says no group, is told so and sees nothing.
    """
    with a_server() as server, a_world(server, tmp_path) as world:
        member = world.member("till-1")
        records = member.records(40)
        member.round()
        script = next(r.sender.script for r in records if r.sender.script and r.findings)
        assert script is not None and script.path is not None
        port, folder = free_port(), tmp_path / "hub"
        init(folder, world.hub.database.url, ("127.0.0.1",), "127.0.0.1:0", datetime.now(UTC))
        there = fake.Directory(now=int(datetime.now(UTC).timestamp()), secret="s3cret")
        directory = await served(there, context_of(load_authority(folder), tmp_path))
        a_hub(world, folder, there.issuer, port)
        trusted = ssl.create_default_context(cafile=str(folder / "authority.pem"))
        environment = {**os.environ, "OUTGATE_HOME": str(tmp_path / "home")}
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "app.cli", "hub", "review", "--web", "--hub", str(folder)),
            stdout=asyncio.subprocess.PIPE,
            env=environment,
        )
        assert process.stdout is not None
        address = f"https://127.0.0.1:{port}"
        ada, bert = Browser(address, trusted), Browser(address, trusted)
        try:
            async with asyncio.timeout(MOST_S):
                assert address in (await process.stdout.readline()).decode()
                code, told = await bert.signed_in(there, BERT)
                assert code == 403 and "You, bert, are in no role here." in told
                assert (await ada.signed_in(there, ADA))[0] == 200
                taken = "SELECT count(*) FROM hub_deeds WHERE word = 'taken'"
                name = Path(script.path).name.encode()
                await ada.until(name, "T", done=lambda: world.value(taken) == 1)
        finally:
            await ada.close()
            await bert.close()
            process.terminate()
            await process.wait()
            await directory.cleanup()
        bodies = world.rows("SELECT word, body FROM hub_deeds ORDER BY seq")
        for word, body in bodies:
            value = orjson.loads(body)
            facts = {k: value["facts"][k] for k in ("role", "channel", "subject")}
            assert value["who"] == "ada", word
            assert facts == {
                "role": "reviewer",
                "channel": "browser",
                "subject": f"{there.issuer} 8f3",
            }
        assert [word for word, _ in bodies] == ["signed-in", "taken"]


def test_a_ticket_is_the_servers_word_for_a_minute(tmp_path: Path) -> None:
    """Neither a text of one's own, nor one of another hub, nor an old one makes anybody anybody."""
    ticket = Ticket(name="ada", subject="x 8f3", groups=("privacy",))
    text = written(tmp_path, ticket, NOW)
    assert read(tmp_path, text, NOW) == read(tmp_path, text, NOW + timedelta(minutes=1)) == ticket
    other = tmp_path / "other"
    other.mkdir()
    forged = (text[:-4] + "AAAA", text[8:], "", "x", "\udce9", "QQ==", text[:40], f"{text}AAAA")
    for now, wrong in (
        *((NOW, one) for one in forged),
        (NOW, written(other, ticket, NOW)),
        (NOW + timedelta(minutes=2), text),
        (NOW - timedelta(minutes=2), text),
    ):
        with pytest.raises(ForbiddenError, match="Nobody has signed in"):
            read(tmp_path, wrong, now)


@pytest.mark.parametrize("ticket", ["", "eyJuYW1lIjoiYWRhIn0=", "valid elsewhere"])
def test_a_variable_opens_no_desk(
    outgate: Runs, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, ticket: str
) -> None:
    """Whoever sits at the hub's machine has the role that its rights say, and no other."""
    machine = tmp_path / "etc"
    machine.mkdir()
    (machine / "settings.yaml").write_text("rights: {reviewer: [ada]}\n")
    (machine / "settings.yaml").chmod(0o644)
    monkeypatch.setattr(settings_layers, "MACHINE", machine)
    monkeypatch.setattr(current_user, "_user", lambda: "carl")
    folder = init(tmp_path / "hub", "host=/x", ("127.0.0.1",), "127.0.0.1:0", NOW).folder
    if ticket == "valid elsewhere":
        ticket = written(folder, Ticket(name="ada", subject="s", groups=("privacy",)), NOW)
    monkeypatch.setenv("OUTGATE_HUB_TICKET", ticket)
    monkeypatch.setenv("TEXTUAL_DRIVER", "x")
    told = outgate("hub", "review", "--hub", str(folder))
    assert (told.code, told.out) == (2, "") and "Nobody has signed in" in told.line
    monkeypatch.delenv("OUTGATE_HUB_TICKET", raising=False)
    told = outgate("hub", "review", "--hub", str(folder))
    assert told.code == 2 and "You, carl, are in no role here." in told.line
