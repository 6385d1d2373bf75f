"""Two persons through two browsers: what one asks for, the other gives, and nobody both."""

import asyncio
import contextlib
import re
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import aiohttp
import pytest

from app.demo.fictional_year import waiting_request
from core.review import Action, ReviewEvent
from evidence.acts import StoredAct
from evidence.factory import open_evidence
from evidence.holds import HeldRequests
from evidence.store import Store
from tui.web_desk import DeskServer, WebDesk, review_command

SETTINGS = "second_person_release_over: 20\nrights:\n  reviewer: [lena, bo]\n"


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """A machine where releasing data of over twenty people takes two, and a request that waits."""
    (tmp_path / "settings.yaml").write_text(SETTINGS, encoding="utf-8")
    evidence = open_evidence(tmp_path / "evidence.db")
    evidence.writer.open(replace(waiting_request(), at=datetime.now(UTC)), lambda _: None)
    evidence.close()
    return tmp_path


_STYLES = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]")


class Hands:
    """A person at a browser: the keys of its page, and what the page is shown."""

    def __init__(self, socket: aiohttp.ClientWebSocketResponse) -> None:
        self._socket, self._seen = socket, ""

    async def press(self, keys: str) -> None:
        """Press keys, one message each, as the page sends them."""
        self._seen = ""
        for key in keys:
            await self._socket.send_json(["stdin", key])

    async def until(self, words: str) -> None:
        """Wait until this was drawn since the last key."""
        async with asyncio.timeout(60):
            while words not in _STYLES.sub("", self._seen):
                self._seen += bytes((await self._socket.receive()).data).decode()


@contextlib.asynccontextmanager
async def browser_of(who: str, home: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Hands]:
    """A review in a browser, started by this person of the operating system."""
    monkeypatch.setenv("OUTGATE_HOME", str(home))
    monkeypatch.setenv("SUDO_USER", who)
    told: asyncio.Future[str] = asyncio.get_running_loop().create_future()
    server = DeskServer(WebDesk(command=review_command(())))
    jar = aiohttp.CookieJar(unsafe=True)  # addresses without names may have cookies, too
    async with asyncio.TaskGroup() as tasks, aiohttp.ClientSession(cookie_jar=jar) as browser:
        tasks.create_task(server.serve(told.set_result, 0.05))
        address = await told
        base = address.partition("/?")[0]
        async with browser.get(address):
            pass
        where = f"{base}/ws?width=120&height=40"
        async with browser.ws_connect(where, headers={"Origin": base}) as socket:
            hands = Hands(socket)
            await hands.until("payroll_letters.py")
            yield hands
        server.stop()


async def test_a_release_over_many_people_takes_two_browsers(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The first asks, and cannot confirm it; the second, another person, lets it go. The evidence
    names both, and that they sat at a browser.
    """
    store = Store(home / "evidence.db")
    holds = HeldRequests(store)
    async with browser_of("lena", home, monkeypatch) as lena:
        for told in ("Asked for.", "You asked for this"):
            await lena.press("ha")
            await lena.until("Esc back")
            await lena.press("\r")
            await lena.until(told)
            assert len(holds.waiting()) == 1
    async with browser_of("bo", home, monkeypatch) as bo:
        await bo.until("lena")
        await bo.press("ha")
        await bo.until("lena asked for its release")
        await bo.press("\r")
        await bo.until("Released")
    assert not holds.waiting()
    acts = [one.act for one in store.iter_acts() if isinstance(one, StoredAct)]
    said = [one for one in acts if isinstance(one, ReviewEvent)]
    assert [(one.action, one.who, one.channel) for one in said] == [
        (Action.ASK_APPROVE, "lena", "browser"),
        (Action.APPROVE, "bo", "browser"),
    ]
    store.close()
