"""The review of the fleet in a browser: the real commands, a real hub's database, a web socket."""

import asyncio
import os
import sys
from pathlib import Path

import aiohttp
from fleet_world import a_server, a_world

from hub.settings import init

MOST_S = 60


async def drawn(address: str, wanted: bytes) -> int:
    """Open the desk as its page does and wait until this is drawn; return the status for somebody
    who comes later with the same address.
    """
    base = address.partition("/?")[0]
    jar = aiohttp.CookieJar(unsafe=True)
    async with aiohttp.ClientSession(cookie_jar=jar) as browser:
        async with browser.get(address) as answer:
            assert (answer.status, answer.url.query_string) == (200, "")
        origin = {"Origin": base}
        async with browser.ws_connect(f"{base}/ws?width=140&height=40", headers=origin) as socket:
            screen = b""
            while wanted not in screen:
                screen += (await socket.receive()).data
        async with aiohttp.ClientSession() as other, other.get(address) as again:
            return again.status


async def test_a_browser_shows_the_queue_of_the_fleet(tmp_path: Path) -> None:
    """`hub review --web` serves what all machines sent, to who opens its address first; and says so
    at once where the database is away.
    """
    with a_server() as server, a_world(server, tmp_path) as world:
        member = world.member("till-1")
        records = member.records(40)
        member.round()
        script = next(r.sender.script for r in records if r.sender.script and r.findings)
        assert script is not None and script.path is not None
        folder = init(
            tmp_path / "hub", world.hub.database.url, ("127.0.0.1",), "127.0.0.1:0", world.clock()
        ).folder
        environment = {**os.environ, "OUTGATE_HOME": str(tmp_path / "home")}
        command = ("-m", "app.cli", "hub", "review", "--web", "--hub", str(folder))
        process = await asyncio.create_subprocess_exec(
            sys.executable, *command, stdout=asyncio.subprocess.PIPE, env=environment
        )
        assert process.stdout is not None
        try:
            async with asyncio.timeout(MOST_S):
                address = (await process.stdout.readline()).decode().split()[-1]
                assert address.startswith("http://127.0.0.1:")
                name = Path(script.path).name.encode()
                assert await drawn(address, name) == 403
        finally:
            process.terminate()
            await process.wait()
    away = await asyncio.create_subprocess_exec(
        sys.executable,
        *command,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
        env=environment,
    )
    out, err = await away.communicate()
    assert (away.returncode != 0, out, err.count(b"\n") <= 2) == (True, b"", True), err
