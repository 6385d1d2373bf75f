"""Several processes of a hub on one port: they end with the first, and begin again alone."""

import asyncio
import os
import signal
import sys
from pathlib import Path

from patience import soon

from app.hub_processes import BESIDE, command, serve_beside
from hub.settings import SETTINGS, init
from tests.app.conftest import Runs

BESIDE_ONE = (
    "import asyncio, os, pathlib, sys\n"
    "from app.hub_processes import stop_with_the_first\n"
    "async def main():\n"
    "    stop = asyncio.Event()\n"
    "    stop_with_the_first(stop)\n"
    "    pathlib.Path(sys.argv[1], str(os.getpid())).touch()\n"
    "    await stop.wait()\n"
    "    pathlib.Path(sys.argv[1], f'{os.getpid()}.ended').touch()\n"
    "asyncio.run(main())\n"
)


def names(folder: Path) -> set[str]:
    return {path.name for path in folder.iterdir()}


async def until(folder: Path, count: int) -> set[str]:
    """Wait until so many files are there."""
    await soon(lambda: len(names(folder)) >= count)
    return names(folder)


async def test_they_end_with_the_first_and_begin_again(tmp_path: Path) -> None:
    """One that is killed is started again; when the first stops, each stops as it does itself."""
    over = asyncio.Event()
    start = (sys.executable, "-c", BESIDE_ONE, str(tmp_path))
    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(serve_beside(_waiting(over), start, 2, again_s=0.0))
        first = await until(tmp_path, 2)
        os.kill(int(min(first)), signal.SIGKILL)
        alive = (await until(tmp_path, 3)) - {min(first)}
        over.set()
    assert {f"{name}.ended" for name in alive} <= names(tmp_path)
    assert BESIDE not in os.environ


async def _waiting(over: asyncio.Event) -> None:
    await over.wait()


async def test_one_process_starts_no_other(tmp_path: Path) -> None:
    """As before."""
    over = asyncio.Event()
    over.set()
    await serve_beside(_waiting(over), ("/nowhere",), 0)
    assert command(tmp_path)[-3:] == ("serve", "--hub", str(tmp_path))


def test_processes_share_a_port_that_is_named(outgate: Runs, tmp_path: Path) -> None:
    """Any free port is not one that they could share; it is said before anything is started."""
    from datetime import UTC, datetime

    at = datetime(2026, 11, 26, tzinfo=UTC)
    folder = init(tmp_path / "hub", "host=/x", ("127.0.0.1",), "127.0.0.1:0", at).folder
    assert (folder / SETTINGS).exists()
    told = outgate("hub", "serve", "--hub", str(folder), "--processes", "2")
    assert told.code == 2 and "a port of their own" in told.line
    assert outgate("hub", "serve", "--hub", str(folder), "--processes", "0").code == 2
