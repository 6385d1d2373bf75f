"""The review in a browser: who is let in, what is asked of nobody, and what a browser shows."""

import asyncio
import base64
import contextlib
import hashlib
import os
import ssl
import sys
from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import aiohttp
import pytest
from browser import CHROMIUM, opened
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from invented_day import finding, place, record, sample_records, sender

from app.home import Home
from app.web_review import _context
from certs.authority import open_authority
from core.classification import Category, LlmCall
from core.decision import Verdict
from core.errors import SettingsError
from core.record import Record
from tui.web_desk import DeskServer, WebDesk, review_command

ECHO = (
    "import sys, os\n"
    "out = sys.stdout.buffer\n"
    "def say(data):\n"
    "    out.write(b'D' + len(data).to_bytes(4, 'big') + data); out.flush()\n"
    "out.write(b'__GANGLION__\\n'); say(os.environ['COLUMNS'].encode())\n"
    "while kind := sys.stdin.buffer.read(1):\n"
    "    text = sys.stdin.buffer.read(int.from_bytes(sys.stdin.buffer.read(4), 'big'))\n"
    "    if b'quit' in text: break\n"
    "    say(kind + text)\n"
)
HOSTILE = "<img src=x onerror=alert(1)>\x1b]52;c;eA==\x07<script>document.title='owned'</script>.py"


class Served:
    """A desk that is served."""

    def __init__(self, server: DeskServer, address: str) -> None:
        self.server, self.address = server, address
        self.base, _, self.token = address.partition("/?token=")


@contextlib.asynccontextmanager
async def served(desk: WebDesk, clock: Callable[[], float] | None = None) -> AsyncIterator[Served]:
    server = DeskServer(desk) if clock is None else DeskServer(desk, clock)
    told: asyncio.Future[str] = asyncio.get_running_loop().create_future()
    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(server.serve(told.set_result, 0.05))
        try:
            yield Served(server, await told)
        finally:
            server.stop()


@pytest.fixture
async def desk() -> AsyncIterator[Served]:
    """A desk whose app says back what it hears."""
    async with served(WebDesk(command=(sys.executable, "-c", ECHO))) as one:
        yield one


@pytest.fixture
async def browser() -> AsyncIterator[aiohttp.ClientSession]:
    jar = aiohttp.CookieJar(unsafe=True)  # addresses without names may have cookies, too
    async with aiohttp.ClientSession(cookie_jar=jar) as session:
        yield session


async def enter(browser: aiohttp.ClientSession, desk: Served) -> None:
    async with browser.get(desk.address) as answer:
        assert (answer.status, answer.url.query_string) == (200, "")


async def status(browser: aiohttp.ClientSession, address: str, **headers: str) -> int:
    async with browser.get(address, headers=headers, allow_redirects=False) as answer:
        return answer.status


async def test_the_address_lets_in_once(desk: Served, browser: aiohttp.ClientSession) -> None:
    """Whoever finds it later in a history or a log gets nowhere."""
    await enter(browser, desk)
    assert await status(browser, desk.base + "/") == 200
    async with aiohttp.ClientSession() as other:
        assert await status(other, desk.address) == 403
        assert await status(other, desk.base + "/") == 403


@pytest.mark.parametrize(
    "path",
    ["/", "/ws", "/desk.css", "/desk.js", "/static/js/textual.js", "/static/", "/x", "/?token=x"],
)
async def test_nobody_else_gets_anything(
    desk: Served, browser: aiohttp.ClientSession, path: str
) -> None:
    """Not even the script of the page; a guess does not use up the token."""
    assert await status(browser, desk.base + path) == 403
    await enter(browser, desk)


@pytest.mark.parametrize(
    "host", ["evil.example", "127.0.0.1", "localhost", "127.0.0.1:1", "127.0.0.1.evil.example", ""]
)
async def test_another_name_is_another_server(
    desk: Served, browser: aiohttp.ClientSession, host: str
) -> None:
    """So that no page of somebody else's gets in by a name that it lets point here."""
    await enter(browser, desk)
    assert await status(browser, desk.base + "/", Host=host) == 421


@pytest.mark.parametrize("origin", [None, "null", "http://evil.example", "http://127.0.0.1:1"])
async def test_a_socket_comes_from_our_page(
    desk: Served, browser: aiohttp.ClientSession, origin: str | None
) -> None:
    """A cookie alone opens nothing for another page."""
    await enter(browser, desk)
    headers = {} if origin is None else {"Origin": origin}
    with pytest.raises(aiohttp.WSServerHandshakeError) as caught:
        await browser.ws_connect(desk.base + "/ws", headers=headers)
    assert caught.value.status in {403, 421}


async def test_nothing_may_be_framed_kept_or_fetched_elsewhere(
    desk: Served, browser: aiohttp.ClientSession
) -> None:
    """What a browser is told of each answer, refusals included."""
    await enter(browser, desk)
    for path, code in (("/", 200), ("/x", 404), ("/desk.js", 200), ("/static/css/xterm.css", 200)):
        async with browser.get(desk.base + path) as answer:
            assert answer.status == code
            policy = answer.headers["Content-Security-Policy"]
            assert "default-src 'none'" in policy and "frame-ancestors 'none'" in policy
            assert answer.headers["Cache-Control"] == "no-store"
            assert answer.headers["Referrer-Policy"] == "no-referrer"
    [cookie] = browser.cookie_jar
    assert (cookie["httponly"], cookie["samesite"]) == (True, "Strict")
    assert await status(browser, desk.base + "/static/%2e%2e/server.py") in {403, 404}


@pytest.mark.parametrize(
    "said",
    ["", "x", "[]", "[1]", '["stdin", 5]', '["resize", {"width": 1e9, "height": 30}]', "{}",
     '["resize", {"width": "80"}]', '["exec", "rm"]', "[" * 5000, '["resize", null]'],
)  # fmt: skip
async def test_a_strange_message_does_nothing(
    desk: Served, browser: aiohttp.ClientSession, said: str
) -> None:
    """The app hears only keys, a size, and whether it has the focus."""
    await enter(browser, desk)
    address = desk.base + "/ws?width=90&height=x"
    async with browser.ws_connect(address, headers={"Origin": desk.base}) as socket:
        assert (await socket.receive(20)).data == b"90"
        await socket.send_str(said)
        await socket.send_json(["ping", 7])
        assert (await socket.receive(20)).json() == ["pong", 7]
        await socket.send_json(["stdin", "ä"])
        assert (await socket.receive(20)).data == b"D" + "ä".encode()


async def test_it_ends_when_nobody_touches_a_key() -> None:
    """A desk that somebody left is closed, and its page with it."""
    now = [0.0]
    command = (sys.executable, "-c", ECHO)
    server = DeskServer(WebDesk(command=command, idle_s=60), lambda: now[0])
    told: asyncio.Future[str] = asyncio.get_running_loop().create_future()

    def said(address: str) -> None:
        told.set_result(address)
        now[0] = 61.0

    async with asyncio.timeout(20):
        await server.serve(said, 0.05)
    assert server.is_idle


async def test_a_port_that_is_taken_is_said(desk: Served) -> None:
    """And what to do."""
    port = int(desk.base.rpartition(":")[2])
    with pytest.raises(SettingsError, match="Cannot listen"):
        await DeskServer(WebDesk(command=("true",), port=port)).serve(lambda _: None)


def hostile_everywhere(at: datetime) -> Record:
    """A record with markup, script and controls in every field that a request may fill."""
    return record(
        at,
        replace(sender(HOSTILE), user=HOSTILE, reason=HOSTILE),
        place("x.example", None, Category.OTHER, path=f"/{HOSTILE}"),
        finding(HOSTILE, 3, HOSTILE, where=(HOSTILE,)),
        verdict=Verdict.WATCH,
        rule=HOSTILE,
        reason=HOSTILE,
        notes=(HOSTILE,),
        degraded=(HOSTILE,),
        llm=LlmCall(provider=None, operation=HOSTILE, model=HOSTILE, tools=(HOSTILE,)),
    )


def authority_of(home: Home) -> tuple[str, ssl.SSLContext]:
    """Return the fingerprint of the key of the installation's authority, and what serves by it."""
    context = _context(home)
    key = open_authority(home.authority).root.public_key()
    spki = key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    return base64.b64encode(hashlib.sha256(spki).digest()).decode(), context


async def test_under_tls_the_authority_of_the_installation_vouches(tmp_path: Path) -> None:
    """Whoever trusts it is let in, and nobody has to trust blindly."""
    home = Home(tmp_path)
    _, context = authority_of(home)
    root = open_authority(home.authority).root.public_bytes(Encoding.PEM).decode()
    known = ssl.create_default_context(cadata=root)
    jar = aiohttp.CookieJar(unsafe=True)
    async with (
        served(WebDesk(command=(sys.executable, "-c", ECHO), context=context)) as desk,
        aiohttp.ClientSession(cookie_jar=jar) as browser,
    ):
        with pytest.raises(aiohttp.ClientConnectorCertificateError):
            await browser.get(desk.address)
        async with browser.get(desk.address, ssl=known) as answer:
            assert answer.status == 200 and "wss://" in await answer.text()
        [cookie] = jar
        assert cookie["secure"]
        base = desk.base.replace("https", "http")
        headers = {"Origin": base}
        with pytest.raises(aiohttp.WSServerHandshakeError):
            await browser.ws_connect(desk.base + "/ws", headers=headers, ssl=known)


@pytest.mark.skipif(not CHROMIUM, reason="no chromium here")
async def test_a_browser_shows_the_review(
    written: Callable[[Path, Sequence[Record]], None],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The real app in the real Chromium: keys arrive without a click, hostile names are text, and
    nothing is asked of any other host.
    """
    now = datetime.now(UTC)
    home = tmp_path / "home"
    home.mkdir(mode=0o700)
    written(home / "evidence.db", [*sample_records(now), hostile_everywhere(now)])
    monkeypatch.setenv("OUTGATE_HOME", str(home))
    key, context = authority_of(Home(home))
    async with (
        served(WebDesk(command=review_command(["all", "img"]), context=context)) as desk,
        opened(tmp_path / "profile", desk.address, key) as page,
    ):
        await page.until("document.body && document.body.classList.contains('-first-byte')")
        async with asyncio.timeout(40):
            while len(picture := await page.picture()) < 40_000:  # nothing is drawn yet
                pass
        if kept := os.environ.get("OUTGATE_KEEP_PICTURE"):
            await asyncio.to_thread(Path(kept).write_bytes, picture)
        assert await page.value("document.title") == "Outgate review"
        assert await page.value("document.querySelectorAll('img, script:not([src])').length") == 0
        strangers = [one for one in page.asked if not one.startswith(desk.base)]
        assert [one for one in strangers if not one.startswith("data:")] == []
        await page.until("document.activeElement.className === 'xterm-helper-textarea'")
        await page.do("Emulation.setFocusEmulationEnabled", enabled=True)
        await page.value("document.activeElement.blur()")  # as a click beside the terminal does
        await page.until("document.activeElement.className === 'xterm-helper-textarea'")
        await page.press("t")
        async with asyncio.timeout(20):
            while (lit := await page.picture()) == picture:
                pass
        await page.click(300, 120)
        await page.press("w")  # the whole screen for the hostile case, all its fields
        async with asyncio.timeout(20):
            while await page.picture() == lit:
                pass
        if kept:
            await asyncio.to_thread(Path(f"{kept}.why.png").write_bytes, await page.picture())
        assert await page.value("document.title") == "Outgate review"
        assert await page.value("document.querySelectorAll('img, script:not([src])').length") == 0
        await page.press("q")
        await page.until("document.body.classList.contains('-closed')")
        await page.do("Page.navigate", url=desk.address)
        await page.until("document.body && document.body.innerText.includes('used already')")
