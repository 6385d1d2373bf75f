"""`outgate run --sealed`: a program of which nothing gets past the gate, whatever it heeds."""

import sys
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from spoken import Spoken, speaking

from app.demo.internet import StandInInternet
from app.sealing import why_not_sealed
from tests.scenarios.conftest import Outgate, summary

pytestmark = pytest.mark.skipif(why_not_sealed() is not None, reason=str(why_not_sealed()))

BARE = """
import http.client, ssl, sys

def ask(host):
    c = http.client.HTTPSConnection(host, timeout=20)
    c.request("POST", "/up", body="iban DE90871318609139099603")
    return c.getresponse().status

print(ask("files.example"))
sys.exit(3)
"""

TALK = """
import socket, sys, time
host, port, first, wait = sys.argv[1], int(sys.argv[2]), bytes.fromhex(sys.argv[3]), sys.argv[4] == "wait"
s = socket.create_connection((host, port), 15)
s.settimeout(15)
heard = b""
begun = time.monotonic()
if wait:
    heard = s.recv(4096)
if first:
    s.sendall(first)
try:
    heard += s.recv(4096)
except OSError as error:
    heard += type(error).__name__.encode()
print(heard.hex(), round(time.monotonic() - begun, 2))
"""


@dataclass(frozen=True)
class Tongue:
    """A protocol: where it is spoken, and who says what first."""

    scheme: str
    port: int
    first: bytes
    greeting: bytes = b""

    @property
    def host(self) -> str:
        return f"{self.scheme}-{self.port}.example"


def _pg(code: int) -> bytes:
    return (8).to_bytes(4, "big") + code.to_bytes(4, "big")


TONGUES = (
    Tongue("postgresql", 5432, _pg(80877103)),
    Tongue(
        "postgresql",
        15432,
        (20).to_bytes(4, "big") + (196608).to_bytes(4, "big") + b"user\0x\0\0\0\0\0\0",
    ),
    Tongue("redis", 6379, b"*1\r\n$4\r\nPING\r\n"),
    Tongue("redis", 443, b"*2\r\n$3\r\nGET\r\n$1\r\nk\r\n"),
    Tongue(
        "mongodb", 27017, (58).to_bytes(4, "little") + b"\1\0\0\0\0\0\0\0\xdd\7\0\0" + bytes(42)
    ),
    Tongue("sqlserver", 1433, b"\x12\x01\x00\x2f\0\0\1\0" + bytes(39)),
    Tongue("mysql", 3306, b"\x20\0\0\1\x85\xa6\3\0", b"\x4a\0\0\0\x0a8.4.0\0" + bytes(66)),
    Tongue("cassandra", 9042, b"\4\0\0\0\5\0\0\0\0"),
    Tongue("ssh", 22, b"SSH-2.0-OpenSSH_9.7\r\n", b"SSH-2.0-OpenSSH_9.2\r\n"),
    Tongue("ssh", 443, b"SSH-2.0-OpenSSH_9.7\r\n", b"SSH-2.0-OpenSSH_9.2\r\n"),
    Tongue("smtp", 25, b"EHLO me\r\n", b"220 mail.example ESMTP\r\n"),
    Tongue("smtp", 2525, b"EHLO me\r\n", b"220 mail.example ESMTP\r\n"),
    Tongue("tcp", 4567, b"\x99\x98\x97 an own protocol"),
)


@dataclass
class Sealing(Outgate):
    """An Outgate whose gate serves sealed runs, with servers that speak other protocols."""

    servers: dict[str, Spoken] = field(default_factory=dict)

    @property
    def staging(self) -> list[str]:
        routes: list[str] = []
        for host, server in self.servers.items():
            routes += ["--connect-to", f"{host}::127.0.0.1:{server.port}"]
        return [*routes, *super().staging]

    def sealed(self, *program: str, **more: Any) -> Any:
        return self("run", "--sealed", "--json", "--", *program, **more)

    def talk(self, tongue: Tongue) -> Any:
        script = self.script("talk.py", TALK)
        waits = "wait" if tongue.greeting else "speak"
        words = [tongue.host, str(tongue.port), tongue.first.hex(), waits]
        return self.sealed(sys.executable, str(script), *words)


@pytest.fixture(scope="module")
def sealing(tmp_path_factory: pytest.TempPathFactory, rule_pack: Path) -> Iterator[Sealing]:
    folder = tmp_path_factory.mktemp("sealing")
    with ExitStack() as stack:
        internet = stack.enter_context(StandInInternet(folder / "internet"))
        whole = Sealing(folder, internet, rule_pack)
        for tongue in TONGUES:
            whole.servers[tongue.host] = stack.enter_context(speaking(tongue.greeting))
        whole.start()
        stack.callback(whole.close)
        yield whole


def test_a_client_that_knows_no_proxy_is_inspected(sealing: Sealing) -> None:
    """A bare http.client, which heeds no proxy variable, is inspected like any other client."""
    script = sealing.script("bare.py", BARE)
    done = sealing.sealed(sys.executable, str(script))

    assert (done.returncode, done.stdout.strip()) == (3, "200"), done.stderr
    [record] = summary(done)["records"]
    assert record["destination"]["host"] == "files.example"
    sender = record["sender"]
    assert (sender["certainty"], sender["script"]["path"]) == ("exact", str(script)), sender
    assert sender["line"]["function"] == "ask"
    assert "iban" in {f["kind"] for f in record["findings"]}


@pytest.mark.parametrize("tongue", TONGUES, ids=lambda t: f"{t.scheme}-{t.port}")
def test_what_is_not_http_is_named_and_counted(sealing: Sealing, tongue: Tongue) -> None:
    """A database, mail or SSH connection reaches its server unread; its record names protocol,
    place and script, and counts its bytes.
    """
    done = sealing.talk(tongue)

    heard, seconds = done.stdout.split()
    assert bytes.fromhex(heard) == tongue.greeting + b"answer:" + tongue.first[:32], done.stderr
    [record] = summary(done)["records"]
    place = record["destination"]
    assert (place["host"], place["port"]) == (tongue.host, tongue.port)
    told = " ".join([place["scheme"], *record["notes"]])
    words = {"tcp": "tcp"}.get(tongue.scheme, tongue.scheme)
    assert words in told.lower() or _words(tongue.scheme) in told, told
    assert record["request"]["bytes"] == len(tongue.first)
    assert record["sender"]["certainty"] == "exact"
    assert record["sender"]["script"]["name"] == "talk.py"
    [finding] = record["findings"]
    assert finding["kind"] == "not_inspected"
    assert sealing.servers[tongue.host].heard == [tongue.first]
    assert float(seconds) < 15


def _words(scheme: str) -> str:
    from core.vocabulary.protocols import WORDS

    return WORDS[scheme]
