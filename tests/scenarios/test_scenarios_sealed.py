"""`outgate run --sealed`: a program of which nothing gets past the gate, whatever it heeds."""

import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from spoken import Spoken, speaking

from app.demo.internet import StandInInternet
from app.sealing import why_not_sealed
from attribution.facts import UNTOLD
from core.fate import SPOKE_OTHERWISE, STOPPED_NOTE, UNREACHED_NOTE
from tests.scenarios.conftest import Outgate, is_sure_or_says_why, summary

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
import socket, sys
host, port, first, wait = sys.argv[1], int(sys.argv[2]), bytes.fromhex(sys.argv[3]), sys.argv[4] == "wait"
s = socket.create_connection((host, port), 60)
heard = b""
if wait:
    heard = s.recv(4096)
if first:
    s.sendall(first)
try:
    heard += s.recv(4096)
except OSError as error:
    heard += type(error).__name__.encode()
print(heard.hex())
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
    Tongue("mysql", 13306, b"\x20\0\0\1\x85\xa6\3\0", b"\x4a\0\0\0\x0a8.4.0\0" + bytes(66)),
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
    is_ruled: bool = False

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
        whole.servers["greets.example"] = stack.enter_context(speaking(b"SSH-2.0-OpenSSH_9.2\r\n"))
        whole.servers["nobody.example"] = Spoken(port=1)
        whole.servers["breaks.example"] = stack.enter_context(speaking(breaks=b"ha"))
        whole.start()
        stack.callback(whole.close)
        yield whole


def test_a_client_that_knows_no_proxy_is_inspected(sealing: Sealing) -> None:
    """A bare http.client, which heeds no proxy variable, is inspected like any other client."""
    script = sealing.script("bare.py", BARE)
    done = sealing.sealed(sys.executable, str(script))

    assert (done.returncode, done.stdout.strip()) == (3, "200"), done.stderr
    [record] = summary(done)["records"]
    assert summary(done)["short_connections"] == {}, "other programs' are none of a sealed run"
    assert record["destination"]["host"] == "files.example"
    sender = record["sender"]
    assert sender["script"]["path"] == str(script), sender
    assert is_sure_or_says_why(sender), sender
    line = sender.get("line")  # not waited for where a machine is too busy to read it in time
    assert line is None or line["function"] == "ask"
    assert "iban" in {f["kind"] for f in record["findings"]}


@pytest.mark.parametrize("tongue", TONGUES, ids=lambda t: f"{t.scheme}-{t.port}")
def test_what_is_not_http_is_named_and_counted(sealing: Sealing, tongue: Tongue) -> None:
    """A database, mail or SSH connection reaches its server unread; its record names protocol,
    place and script, and counts its bytes.
    """
    done = sealing.talk(tongue)

    heard = done.stdout.strip()
    assert bytes.fromhex(heard) == tongue.greeting + b"answer:" + tongue.first[:32], done.stderr
    [record] = summary(done)["records"]
    place = record["destination"]
    assert (place["host"], place["port"]) == (tongue.host, tongue.port)
    told = " ".join([place["scheme"], *record["notes"]])
    words = {"tcp": "tcp"}.get(tongue.scheme, tongue.scheme)
    assert words in told.lower() or _words(tongue.scheme) in told, told
    assert record["request"]["bytes"] == len(tongue.first)
    assert is_sure_or_says_why(record["sender"]), record["sender"]
    assert record["sender"]["script"]["name"] == "talk.py"
    [finding] = record["findings"]
    assert finding["kind"] == "not_inspected"
    assert sealing.servers[tongue.host].heard == [tongue.first]


HALF = """
import socket, sys
def said(host, port, *parts, greeting=False):
    s = socket.create_connection((host, port), 60)
    heard = b""
    try:
        if greeting:
            heard += s.recv(100)
        for part in parts:
            s.sendall(part)
            heard += s.recv(100)
    except OSError as error:
        heard += type(error).__name__.encode()
    return heard

rest = b" /up HTTP/1.1\\r\\nHost: x\\r\\nContent-Length: 3\\r\\n\\r\\nabc"
print([
    said("tcp-4567.example", 4567, b"HELLO", b"MORE"),
    said("tcp-4567.example", 4568, b"PUT", rest),
    said("tcp-4567.example", 4569, b"HELLO", rest),
    said("ssh-22.example", 4570, b"PUT" + rest, greeting=True),
    said("tcp-4567.example", 4571, b"\\x16\\x03"),
    said("tcp-4567.example", 4572, b"PUT", b" /" + b"a" * 20_000 + rest[4:]),
    said("tcp-4567.example", 4573, b"PUT", rest.replace(b" ", b"\\t")),
    said("tcp-4567.example", 4574, b"GET /up?iban=DE90871318609139099603\\r\\n"),
    said("tcp-4567.example", 4575, b"GET /up", b"?a=b\\r\\n"),
    said("tcp-4567.example", 4576, b"GET /up iban DE90871318609139099603\\r\\n"),
    said("tcp-4567.example", 4577, b"get\\t/up\\r\\n"),
    said("tcp-4567.example", 4578, b"post", b" /up\\rContent-Length: 3\\r\\rabc"),
])
"""


def test_what_is_only_begun_is_not_waited_for_without_end(sealing: Sealing) -> None:
    """A program that says half a line and waits for an answer gets it, soon, and a record tells so;
    one that begins so and then speaks HTTP passes none of it unread. Half of TLS is refused.
    """
    server = sealing.servers["tcp-4567.example"]
    greets = sealing.servers["ssh-22.example"]
    server.heard.clear()
    greets.heard.clear()
    done = sealing.sealed(sys.executable, str(sealing.script("half.py", HALF)), timeout=120)

    assert done.stdout.strip() == str(
        [
            b"answer:HELLOanswer:MORE",
            b"answer:PUTConnectionResetError",
            b"answer:HELLOConnectionResetError",
            b"SSH-2.0-OpenSSH_9.2\r\nConnectionResetError",
            b"ConnectionResetError",
            *[b"answer:PUTConnectionResetError"] * 2,
            b"ConnectionResetError",
            b"answer:GET /upConnectionResetError",
            *[b"ConnectionResetError"] * 2,
            b"answer:postConnectionResetError",
        ]
    ), (done.stdout, done.stderr)
    assert server.heard == [
        b"HELLO",
        b"MORE",
        b"PUT",
        b"HELLO",
        b"PUT",
        b"PUT",
        b"GET /up",
        b"post",
    ]
    assert greets.heard == []
    told = {one["destination"]["port"]: one for one in summary(done)["records"]}
    assert sorted(told) == [*range(4567, 4579)], summary(done)["unknown_senders"]
    assert told[4567]["decision"]["verdict"] == "watch"
    assert "the beginning of a line" in str(told[4567]["findings"])
    sent_of = {4568: 3, 4569: 5, 4570: 0, 4572: 3, 4573: 3, 4575: 7, 4578: 4}
    for port, sent in sent_of.items():
        assert SPOKE_OTHERWISE in told[port]["notes"], told[port]
        assert (told[port]["decision"]["verdict"], told[port]["request"]["bytes"]) == (
            "block",
            sent,
        )
        assert "HTTP" in told[port]["decision"]["reason"]
    assert "cannot be read" in told[4571]["decision"]["reason"]
    for port in (4574, 4576, 4577):
        assert "HTTP/0.9" in told[port]["decision"]["reason"]


def test_such_a_connection_is_an_observation_with_the_names_that_it_says(sealing: Sealing) -> None:
    """Server, protocol, user and volume stand in the evidence, each with how it is known; no
    content does.
    """
    tongue = next(one for one in TONGUES if one.port == 15432)
    before = len(sealing.observations())
    sealing.talk(tongue)
    seen = sealing.wait_for(
        lambda: [
            one
            for one in sealing.observations()[before:]
            if one["about"] == f"a PostgreSQL database at {tongue.host}:15432"
        ]
    )[0]
    told = {name: fact["value"] for name, fact in seen["facts"].items()}
    assert told == {
        "protocol": "postgresql", "server": tongue.host, "port": 15432, "user": "x",
        "bytes_sent": len(tongue.first), "bytes_received": 7 + len(tongue.first),
    }  # fmt: skip
    assert seen["facts"]["protocol"]["how"] == "the connection's first bytes"
    assert (seen["sender"]["script"]["name"], seen["notable"]) == ("talk.py", True)
    assert seen["ended"] is not None


def _words(scheme: str) -> str:
    from core.vocabulary.protocols import WORDS

    return WORDS[scheme]


POLICY = """
version: 1
mode: enforce
rules:
  - id: no-shells
    description: No shells from here.
    when: {destination: {port: 22}}
    then: block
  - id: no-such-database
    description: This database is not for analysts.
    when: {destination: {host: postgresql-5432.example}}
    then: block
  - id: no-personal-data
    description: No personal data.
    when:
      destination: {host: [redis-6379.example, typed.example, greets.example]}
      findings: {kinds: personal_data}
    then: block
  - id: no-such-protocol
    description: No such databases, wherever they listen.
    when: {destination: {protocol: [mysql, cassandra]}}
    then: block
"""


@pytest.mark.parametrize(
    ("scheme", "port", "rule"),
    [
        ("ssh", 22, "no-shells"),
        ("postgresql", 5432, "no-such-database"),
        ("redis", 6379, "no-personal-data"),
        ("mongodb", 27017, None),
        ("cassandra", 9042, "no-such-protocol"),
        ("mysql", 3306, "no-such-protocol"),
        ("mysql", 13306, "no-such-protocol"),
    ],
)
def test_rules_decide_by_destination(
    sealing: Sealing, scheme: str, port: int, rule: str | None
) -> None:
    """A rule for a host, a port or a protocol stops what is not HTTP before anything leaves, be it
    that the server says first what it is; so does a rule on content, which nobody could read; all
    else passes.
    """
    tongue = next(t for t in TONGUES if (t.scheme, t.port) == (scheme, port))
    server = sealing.servers[tongue.host]
    server.heard.clear()
    _ruled(sealing)
    done = sealing.talk(tongue)
    [record] = summary(done)["records"]
    assert record["decision"]["rule"] == rule, record["decision"]
    assert record["decision"]["verdict"] == ("allow" if rule is None else "block")
    assert record["destination"]["scheme"] == scheme
    assert server.heard == ([tongue.first] if rule is None else [])


def _ruled(sealing: Sealing) -> None:
    if not sealing.is_ruled:
        before = _policy_in_force(sealing)
        (sealing.home / "outgate.yaml").write_text(POLICY)
        sealing.wait_for(lambda: _policy_in_force(sealing) != before)
        sealing.is_ruled = True


def _policy_in_force(sealing: Sealing) -> object:
    from app.gate_registry import find, health

    gate = find(sealing.home / "gate.json")
    told = None if gate is None else health(gate)
    return None if told is None else told["policy"]


LATE = """
import http.client, sys, time
c = http.client.HTTPSConnection("files.example", 443, timeout=20) if sys.argv[1] == "tls" else (
    http.client.HTTPConnection("files.example", 80, timeout=20))
if sys.argv[1] == "tls":
    import socket, ssl
    s = socket.create_connection(("files.example", 443), 20)
    time.sleep(1.5)
    c.sock = ssl.create_default_context().wrap_socket(s, server_hostname="files.example")
else:
    c.connect()
    time.sleep(1.5)
c.request("POST", "/late", body="iban DE90871318609139099603")
print(c.getresponse().status)
"""


@pytest.mark.parametrize("way", ["tls", "plain"])
def test_waiting_is_no_way_around_the_inspection(sealing: Sealing, way: str) -> None:
    """A client that stays silent until the gate has opened the way, and speaks HTTP then, is read
    like any other.
    """
    done = sealing.sealed(sys.executable, str(sealing.script("late.py", LATE)), way)
    assert done.stdout.strip() == "200", done.stderr
    records = summary(done)["records"]
    [read] = [one for one in records if one["request"]["method"] == "POST"]
    assert "iban" in {f["kind"] for f in read["findings"]}
    assert all(one["request"]["bytes"] == 0 for one in records if one is not read)


TYPED = """
import socket, ssl, threading, time
HOST = "typed.example"
told = {}

def slowly(name, port, tls):
    s = socket.create_connection((HOST, port), 60)
    time.sleep(1.4)
    if tls:
        s = ssl.create_default_context().wrap_socket(s, server_hostname=HOST)
        time.sleep(1.2)
    for letter in b"GET /typed HTTP/1.1\\r\\nHost: typed.example\\r\\n":
        s.sendall(bytes([letter]))
    time.sleep(0.3)
    s.sendall(b"Connection: close\\r\\n\\r\\n")
    told[name] = s.recv(100).split(b" ")[1].decode()

def ahead():
    s = socket.create_connection((HOST, 8080), 20)
    time.sleep(1.4)
    s.close()

def waits():
    s = socket.create_connection(("greets.example", 4600), 60)
    try:
        heard = s.recv(100)
    except ConnectionResetError:
        heard = "broken"
    except TimeoutError:
        heard = "nobody's end"
    told["greeting"] = heard

work = [(slowly, ("web", 80, False)), (slowly, ("tls", 443, True)), (ahead, ()), (waits, ()),
        (slowly, ("own port", 4599, False))]
threads = [threading.Thread(target=one, args=given) for one, given in work]
for one in threads: one.start()
for one in threads: one.join()
print(sorted(told.items()))
"""


def test_who_is_slow_to_speak_is_waited_for_where_nothing_may_pass_unread(sealing: Sealing) -> None:
    """A person who types, a slow client of TLS, a pool that connects ahead: under a rule on content
    they are kept, unread and undecided, until they say something, and read then. What waits for its
    server's first word is refused and named: it would wait for ever.
    """
    _ruled(sealing)
    server = sealing.servers["greets.example"]
    server.heard.clear()
    done = sealing.sealed(sys.executable, str(sealing.script("typed.py", TYPED)))
    told_there = {"greeting": "broken", "own port": "200", "tls": "200", "web": "200"}
    assert done.stdout.strip() == str(sorted(told_there.items())), (done.stdout, done.stderr)
    told = summary(done)["records"]
    asked = [one["destination"]["port"] for one in told if one["request"]["method"] == "GET"]
    assert sorted(asked) == [80, 443, 4599]
    [left] = [one for one in told if one["destination"]["port"] == 8080]
    assert "left it without asking" in left["decision"]["reason"]
    [refused] = [one for one in told if one["destination"]["port"] == 4600]
    assert refused["decision"]["verdict"] == "block"
    assert refused["destination"]["scheme"] == "ssh"
    assert len(told) == 5
    assert not any(server.heard)


BROKEN = """
import socket
for host in ("nobody.example", "breaks.example"):
    s = socket.create_connection((host, 4570), 15)
    s.settimeout(15)
    heard = b""
    try:
        s.sendall(b"\\x99\\x98 an own protocol")
        while piece := s.recv(100):
            heard += piece
        heard += b" and no more"
    except ConnectionError:
        heard += b", broken"
    print(heard.decode())
"""


def test_a_connection_that_breaks_unread_is_broken_to_the_program(sealing: Sealing) -> None:
    """Half of what a server says never looks like all of it, and a server that is not there like
    one that has nothing to say; nothing is told as passed that did not arrive.
    """
    done = sealing.sealed(sys.executable, str(sealing.script("broken.py", BROKEN)))
    assert done.stdout == ", broken\nha, broken\n", (done.stdout, done.stderr)
    told = {one["destination"]["host"]: one for one in summary(done)["records"]}
    why = "the destination: it refused the connection"
    assert told["nobody.example"]["notes"] == [UNREACHED_NOTE, why]
    assert told["nobody.example"]["request"]["bytes"] == 0
    assert "the server broke the connection" in told["breaks.example"]["notes"]


def test_a_proxy_that_is_written_into_a_program_is_the_gate(sealing: Sealing) -> None:
    """A program that insists on a proxy of its own finds the gate there, and is inspected."""
    code = (
        "import urllib.request as u\n"
        "o = u.build_opener(u.ProxyHandler({'https': 'http://proxy.corp.example:3128',\n"
        "                                   'http': 'http://proxy.corp.example:3128'}))\n"
        "print(o.open('https://files.example/a', timeout=20).status,\n"
        "      o.open('http://plain.example/b', timeout=20).status)\n"
    )
    done = sealing.sealed(sys.executable, "-c", code)
    assert done.stdout.split() == ["200", "200"], done.stderr
    hosts = {record["destination"]["host"] for record in summary(done)["records"]}
    assert hosts == {"files.example", "plain.example"}


def test_a_gate_of_ones_own_seals_as_well(outgate: Outgate) -> None:
    """Without a running gate a private one takes the run; the beacon's folder is seen inside."""
    code = (
        "import os, urllib.request as u\n"
        "print(u.urlopen('https://files.example/', timeout=30).status)\n"
        "print(sorted(k for k in os.environ if 'proxy' in k.lower()))\n"
        "print(sorted(os.listdir(os.environ['OUTGATE_HOME'])))\n"
    )
    script = str(outgate.script("own.py", code))
    done = outgate.run(sys.executable, script, options=("--sealed", "--json"))
    assert done.stdout.splitlines()[:2] == ["200", "[]"], done.stderr
    assert "evidence.db" not in done.stdout
    assert "authority" not in done.stdout
    assert "beacons" in done.stdout
    [record] = summary(done)["records"]
    assert record["sender"]["certainty"] == "exact", record["sender"]


def test_where_no_seal_can_be_made_it_is_said(outgate: Outgate) -> None:
    """Where this machine allows no seal, a run that needs one does not start, and one that would
    only like one is told, and heeds its variables.
    """
    without = outgate.script(
        "without.py",
        "import errno, sys\n"
        "from capture import network\n"
        "def refuse():\n    raise OSError(errno.EPERM, 'no')\n"
        "network.enter_new_namespaces = refuse\n"
        "from app.cli import main\nmain(sys.argv[1:])\n",
    )
    marker = outgate.folder / "ran"
    touch = ["--", sys.executable, "-c", f"open({str(marker)!r}, 'w')"]

    def tried(settings: str, *options: str) -> Any:
        marker.unlink(missing_ok=True)
        (outgate.home / "settings.yaml").write_text(settings)
        command = [sys.executable, str(without), "run", *options, *touch]
        return subprocess.run(
            command, env=outgate.environment, cwd=outgate.folder, capture_output=True, text=True
        )

    for settings, options in (("require_seal: true", ()), ("sealed: false", ("--sealed",))):
        done = tried(settings, *options)
        assert (done.returncode, marker.exists()) == (2, False), done.stderr
        assert "lets no ordinary user make namespaces" in done.stderr
    done = tried("require_seal: true", "--no-sealed")
    assert (done.returncode, marker.exists()) == (2, False)
    done = tried("sealed: true")
    assert (done.returncode, marker.exists()) == (0, True), done.stderr
    assert "not sealed" in done.stderr
    done = tried("sealed: true", "--no-sealed")
    assert (done.returncode, "not sealed" in done.stderr) == (0, False)


def test_a_seal_inside_a_seal_says_why_it_is_none(sealing: Sealing) -> None:
    """Who asks for a run inside a sealed one is told that it is sealed already, in one line."""
    inner = [sys.executable, "-m", "app.cli", "run"]
    for options in ((), ("--sealed",)):
        done = sealing.sealed(*inner, *options, "--", "true")
        assert done.returncode == 2, done.stderr
        [line] = [line for line in done.stderr.splitlines() if "seal already" in line]
        assert "without outgate run" in line


ASKS = """
import socket, sys
for name in sys.argv[1:]:
    try:
        socket.getaddrinfo(name, 443)
    except socket.gaierror:
        print("no", name, flush=True)
"""
_NO_NETWORK = ["unshare", "-n", "sh", "-c", 'ip link set lo up && exec "$@"', "sh"]
"""A network in which no name server can be reached."""


def test_a_name_that_is_not_found_is_told(outgate: Outgate) -> None:
    """Whose name cannot be found is told so when the run ends, and it is on record with its script;
    a name that is there is not.
    """
    if subprocess.run([*_NO_NETWORK, "true"], capture_output=True, check=False).returncode:
        pytest.skip("no network of its own can be made here")
    script = str(outgate.script("asks.py", ASKS))
    command = [*_NO_NETWORK, sys.executable, "-m", "app.cli", "run", "--sealed", "--"]
    done = subprocess.run(
        [*command, sys.executable, script, "mistyped.invalid", "localhost"],
        env=outgate.environment,
        cwd=outgate.folder,
        text=True,
        capture_output=True,
        timeout=90,
        check=False,
    )
    assert done.stdout.split() == ["no", "mistyped.invalid"], done.stderr
    why = "mistyped.invalid could not be found: the name server did not answer. Nothing was sent."
    assert why in done.stderr
    assert "localhost" not in done.stderr
    [record] = outgate.records()
    assert record["destination"]["host"] == "mistyped.invalid"
    # The kernel tells of programs' beginnings in the machine's own network alone.
    assert (record["sender"]["certainty"], record["sender"]["reason"]) == ("likely", UNTOLD)
    assert record["sender"]["script"]["name"] == "asks.py"


DATAGRAMS = """
import socket, sys, time
names = socket.getaddrinfo("files.example", 443, socket.AF_INET)
kept = []
places = [(names[0][4][0], 443), ("198.51.100.9", 123), ("127.0.0.1", int(sys.argv[1]))]
for place in places:
    for _ in range(3):
        s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        kept.append(s)
        try:
            s.connect(place)
            s.send(b"iban DE90871318609139099603")
            s.settimeout(0.2)
            print(s.recv(99))
        except OSError as error:
            print(type(error).__name__)
own = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
own.bind(("127.0.0.1", 0))
time.sleep(1)
s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
s.sendto(b"mine", own.getsockname())
print(own.recv(99))
"""


def test_datagrams_are_refused_and_on_record(sealing: Sealing) -> None:
    """HTTP/3, the time, a collector of metrics on this machine that would answer: nothing that is
    sent by UDP leaves, and the record tells who sent how much where to. The program's own servers
    are its own affair.
    """
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as there:
        there.bind(("127.0.0.1", 0))
        there.setblocking(False)
        port = there.getsockname()[1]
        script = str(sealing.script("datagrams.py", DATAGRAMS))
        done = sealing.sealed(sys.executable, script, str(port))
        with pytest.raises(BlockingIOError):
            there.recv(99)
    assert done.stdout.split() == ["ConnectionRefusedError"] * 9 + ["b'mine'"], done.stderr
    told: dict[tuple[str, int], int] = {}
    for one in summary(done)["records"]:
        assert is_sure_or_says_why(one["sender"]), one["sender"]
        assert one["request"]["bytes"] == 0, one
        assert "nothing left" in one["decision"]["reason"]
        count = int(one["decision"]["reason"].partition(" sent ")[2].partition(" ")[0])
        place = one["destination"]["host"], one["destination"]["port"]
        told[place] = told.get(place, 0) + count
    assert told == {("files.example", 443): 3, ("198.51.100.9", 123): 3, ("127.0.0.1", port): 3}


ASKS_ONE_THAT_STAYS = """
import socket, sys
c = socket.create_connection(("127.0.0.1", int(sys.argv[1])), 5)
c.sendall(b"LOGIN anna\\n")
print(c.recv(9))
"""


def test_a_server_that_stays_when_its_client_has_gone_hides_nothing(outgate: Outgate) -> None:
    """What passed unread is told at the end of the run, though its server never ends: the gate is
    waited for until it has cut that connection.
    """
    with socket.create_server(("127.0.0.1", 0)) as there:
        port = there.getsockname()[1]
        kept: list[socket.socket] = []

        def answer() -> None:
            one, _ = there.accept()
            kept.append(one)
            one.recv(99)
            one.sendall(b"welcome")

        threading.Thread(target=answer, daemon=True).start()
        script = str(outgate.script("asks.py", ASKS_ONE_THAT_STAYS))
        done = outgate("run", "--sealed", "--json", "--", sys.executable, script, str(port))
        assert "welcome" in done.stdout, done.stderr
        [one] = kept
        one.close()
    assert "killed" not in done.stderr
    [record] = summary(done)["records"]
    assert record["request"]["bytes"] == len("LOGIN anna\n")
    assert STOPPED_NOTE in record["notes"], record
