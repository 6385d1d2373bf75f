"""A pinned client, an exception for it, and its end: real processes, real TLS, proven on the far
side.
"""

import contextlib
import json
import socket
import ssl
import subprocess
import sys
import textwrap
import threading
from datetime import UTC, datetime, timedelta
from pathlib import Path

from certs_samples import make

from tests.scenarios.conftest import Outgate

PINNED = """
import os, ssl, sys, urllib.request, urllib.error
host, roots = sys.argv[1:3]
context = ssl.create_default_context(cafile=roots)
opener = urllib.request.build_opener(
    urllib.request.ProxyHandler({'https': os.environ['HTTPS_PROXY']}), urllib.request.HTTPSHandler(context=context)
)
try:
    print(opener.open(f'https://{host}/', data=b'iban DE90871318609139099603', timeout=30).status)
except urllib.error.HTTPError as error:
    print(error.code)
except urllib.error.URLError as error:
    print(type(error.reason).__name__)
"""
POLICY = """
version: 1
mode: enforce
pass_through:
  - id: vendor-agent
    description: The backup client trusts only its maker's certificate
    owner: IT operations
    hosts: backup.vendor.example
    scripts: "*/agent.py"
    until: {until}
rules:
  - id: no-bank-data
    description: Bank data stays here
    when:
      findings: {{kinds: bank}}
    then: block
"""


def _policy(outgate: Outgate, days: int) -> None:
    until = (datetime.now(UTC) + timedelta(days=days)).date()
    (outgate.home / "outgate.yaml").write_text(POLICY.format(until=until))


def _send(
    outgate: Outgate, behind: dict[str, str], host: str, roots: str, script: str = "agent.py"
) -> str:
    command = [sys.executable, str(outgate.folder / script), host, roots]
    done = subprocess.run(
        command, env=behind, capture_output=True, text=True, timeout=60, check=False
    )
    return done.stdout.strip() or done.stderr


def test_an_exception_from_its_beginning_to_its_end(outgate: Outgate) -> None:
    """A pinned client works while its exception lasts, on its host and for its script; afterwards
    its case says why not.
    """
    for name in ("agent.py", "other.py"):
        outgate.script(name, PINNED)
    _policy(outgate, 30)
    outgate.start()
    behind = outgate.behind()
    own, ours = str(outgate.folder / "internet-root.pem"), behind["SSL_CERT_FILE"]

    assert _send(outgate, behind, "backup.vendor.example", own) == "200"
    assert [a.host for a in outgate.internet.arrivals] == ["backup.vendor.example"]

    # Not for another host, not for another script; and what trusts Outgate is inspected as ever.
    assert _send(outgate, behind, "other.vendor.example", own) == "SSLCertVerificationError"
    assert (
        _send(outgate, behind, "backup.vendor.example", own, "other.py")
        == "SSLCertVerificationError"
    )
    assert _send(outgate, behind, "files.example", ours) == "403"
    assert len(outgate.internet.arrivals) == 1

    _policy(outgate, -1)
    outgate.wait_for(
        lambda: _send(outgate, behind, "backup.vendor.example", own) == "SSLCertVerificationError"
    )
    arrived = len(outgate.internet.arrivals)
    ended = outgate.wait_for(
        lambda: [r for r in outgate.records() if "ended on" in r["decision"]["reason"]]
    )[-1]
    assert "The exception vendor-agent ended on" in ended["decision"]["reason"]
    assert ended["decision"]["degraded"] == ["tls: the client refused Outgate's certificate"]
    assert _send(outgate, behind, "backup.vendor.example", own) == "SSLCertVerificationError"
    assert len(outgate.internet.arrivals) == arrived

    passed = [r for r in outgate.records() if r["decision"]["rule"] == "vendor-agent"]
    assert len(passed) == arrived
    assert {r["sender"]["script"]["name"] for r in passed} == {"agent.py"}
    assert [f["kind"] for f in passed[0]["findings"]] == ["not_inspected"]
    assert passed[0]["request"]["bytes"] > 500
    assert passed[0]["response"]["bytes"] > 500
    assert outgate("verify").returncode == 0


def test_a_killed_gate_leaves_the_record_of_what_was_passing(outgate: Outgate) -> None:
    """Should the gate die while a connection passes unread, the evidence still says that it did."""
    outgate.script("agent.py", _HOLDING)
    _policy(outgate, 30)
    gate = outgate.start()
    own = str(outgate.folder / "internet-root.pem")
    command = [sys.executable, str(outgate.folder / "agent.py"), "backup.vendor.example", own]
    with subprocess.Popen(
        command, env=outgate.behind(), stdout=subprocess.PIPE, stdin=subprocess.PIPE
    ) as client:
        assert client.stdout is not None
        assert client.stdout.readline() == b"shaken\n"
        gate.kill()
        gate.wait(20)
        client.communicate(b"\n", timeout=20)
    outgate.start()
    [record] = [r for r in outgate.records() if r["decision"]["rule"] == "vendor-agent"]
    assert record["response"]["status"] is None
    assert any("the gate stopped" in note for note in record["notes"])
    assert any("known only when" in note for note in record["notes"])


_HOLDING = """
import os, socket, ssl, sys, urllib.parse
proxy = urllib.parse.urlsplit(os.environ['HTTPS_PROXY'])
raw = socket.create_connection((proxy.hostname, proxy.port), 30)
raw.sendall(f'CONNECT {sys.argv[1]}:443 HTTP/1.1\\r\\n\\r\\n'.encode())
assert b' 200 ' in raw.recv(4096)
tls = ssl.create_default_context(cafile=sys.argv[2]).wrap_socket(raw, server_hostname=sys.argv[1])
print('shaken', flush=True)
sys.stdin.readline()
"""


def test_the_check_names_every_exception(outgate: Outgate) -> None:
    """`policy check` lists the exceptions in force and says loudly which have ended."""
    _policy(outgate, 30)
    done = outgate("policy", "check")
    assert "vendor-agent" in done.stdout and "30 days" in done.stdout
    _policy(outgate, -1)
    done = outgate("policy", "check")
    assert "WARNING: vendor-agent ENDED on" in done.stderr
    assert json.loads(outgate("policy", "schema").stdout)["$defs"]["PassThrough"]["required"]


MUTUAL = """
import http.client, os, ssl, sys
from urllib.parse import urlsplit
roots, own = sys.argv[1:3]
context = ssl.create_default_context(cafile=roots)
context.load_verify_locations(os.environ["SSL_CERT_FILE"])
context.load_cert_chain(own)
gate = urlsplit(os.environ["HTTPS_PROXY"])
talk = http.client.HTTPSConnection(gate.hostname, gate.port, context=context, timeout=20)
talk.set_tunnel("mutual.example", 443)
try:
    talk.request("GET", "/")
    print(talk.getresponse().status)
except OSError as error:
    print(type(error).__name__)
except http.client.HTTPException as error:
    print(type(error).__name__)
"""


def _serve_mutually(outgate: Outgate) -> tuple[socket.socket, Path]:
    """Serve one host that wants a certificate of its clients; return it and such a certificate."""
    context = outgate.internet.context_for("mutual.example")
    client = make("A client of the bank", usage=False)
    context.load_verify_locations(cadata=client.pem.decode())
    context.verify_mode = ssl.CERT_REQUIRED
    own = outgate.folder / "client.pem"
    own.write_bytes(client.key_pem() + client.pem)
    listening = socket.create_server(("127.0.0.1", 0))

    def answer(plain: socket.socket) -> None:
        with plain.dup() as beneath:
            try:
                with context.wrap_socket(plain, server_side=True) as talk:
                    talk.recv(65536)
                    talk.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")
            except ssl.SSLError:
                # What is left unread would take the alert back.
                while beneath.recv(4096):
                    continue

    def serve() -> None:
        with contextlib.suppress(OSError):
            while True:
                answer(listening.accept()[0])

    threading.Thread(target=serve, daemon=True).start()
    return listening, own


def test_a_server_that_wants_the_programs_own_certificate_is_reached_by_the_lines_that_are_told(
    outgate: Outgate,
) -> None:
    """What the summary says to put into the policy makes it work, and is on record."""
    script = outgate.script("mutual.py", MUTUAL)
    listening, own = _serve_mutually(outgate)
    roots = outgate.folder / "internet-root.pem"
    route = f"mutual.example:443:127.0.0.1:{listening.getsockname()[1]}"
    program = (sys.executable, str(script), str(roots), str(own))
    with listening:
        staged = ("--connect-to", route)
        first = outgate("run", *staged, *outgate.staging, "--", *program)
        assert first.stdout.strip() != "200"
        assert "it wants a certificate of the client (mTLS)" in first.stderr
        lines = first.stderr.partition("by these lines:\n")[2]
        policy = outgate.folder / "policy.yaml"
        policy.write_text(textwrap.dedent(lines) + "version: 1\nmode: watch\nrules: []\n")
        second = outgate("run", *staged, *outgate.staging, "--policy", str(policy), "--", *program)

    assert second.stdout.strip() == "200"
    assert outgate.records()[-1]["decision"]["rule"] == "client-certificate"
