"""Behind the organisation's own proxy: found, spoken to with credentials, or refused in words."""

import base64
import socket
import socketserver
import ssl
import sys
import threading
from collections.abc import Iterator
from typing import Any

import pytest

from app.sealing import why_not_sealed
from tests.proxy.test_proxy_far_side import certificate
from tests.scenarios.conftest import Outgate, summary

_SAID = b"Basic " + base64.b64encode(b"anna:geheim-7")
POST = """
import sys, urllib.request
for url in sys.argv[1:]:
    print(urllib.request.urlopen(url, data=b"iban DE90871318609139099603", timeout=30).status)
"""


class _Proxy(socketserver.ThreadingTCPServer):
    """Tunnels to the stand-in internet for whoever says the password."""

    allow_reuse_address = daemon_threads = True

    def __init__(self, internet: tuple[str, int], context: ssl.SSLContext | None = None) -> None:
        super().__init__(("127.0.0.1", 0), _Tunnel)
        if context is not None:
            self.socket = context.wrap_socket(self.socket, server_side=True)
        self.internet = internet
        self.asked: list[str] = []
        self.turned_away = 0


class _Tunnel(socketserver.StreamRequestHandler):
    server: _Proxy

    def handle(self) -> None:
        line = self.rfile.readline().split()
        headers = dict(
            header.strip().split(b": ", 1)
            for header in iter(self.rfile.readline, b"\r\n")
            if header
        )
        said = {name.lower(): value for name, value in headers.items()}
        if said.get(b"proxy-authorization") != _SAID:
            self.server.turned_away += 1
            self.wfile.write(b"HTTP/1.1 407 Who are you\r\nContent-Length: 0\r\n\r\n")
            return
        self.server.asked.append(line[1].decode())
        with socket.create_connection(self.server.internet) as far:
            self.wfile.write(b"HTTP/1.1 200 OK\r\n\r\n")
            threading.Thread(target=_pump, args=(far, self.connection), daemon=True).start()
            _pump(self.connection, far)


def _pump(one: socket.socket, other: socket.socket) -> None:
    try:
        while data := one.recv(65536):
            other.sendall(data)
        other.shutdown(socket.SHUT_WR)
    except OSError:
        return


@pytest.fixture
def corporate(outgate: Outgate) -> Iterator[_Proxy]:
    """A proxy of the organisation's, before the stand-in internet."""
    yield from _serving(outgate, None)


@pytest.fixture
def encrypted(outgate: Outgate) -> Iterator[_Proxy]:
    """One that is spoken to by TLS."""
    authority = outgate.internet.authority
    yield from _serving(outgate, certificate(outgate.folder, authority, "localhost"))


def _serving(outgate: Outgate, context: ssl.SSLContext | None) -> Iterator[_Proxy]:
    [route] = outgate.internet.routes
    _, address, port = route.rsplit(":", 2)
    proxy = _Proxy((address, int(port)), context)
    threading.Thread(target=proxy.serve_forever, daemon=True).start()
    yield proxy
    proxy.shutdown()
    proxy.server_close()


def _run(outgate: Outgate, environment: dict[str, str], *urls: str) -> Any:
    script = outgate.script("post.py", POST)
    root = outgate.folder / "internet-root.pem"
    root.write_bytes(outgate.internet.authority.root_pem())
    command = ("run", "--upstream-ca", str(root), "--json", "--", sys.executable, str(script))
    outgate.more = environment
    return outgate(*command, *urls)


def test_the_users_own_proxy_is_taken_over(outgate: Outgate, corporate: _Proxy) -> None:
    """What HTTPS_PROXY names is used for what goes out, with its credentials, and said so."""
    url = f"http://anna:geheim-7@127.0.0.1:{corporate.server_address[1]}"
    done = _run(outgate, {"HTTPS_PROXY": url}, "https://files.example/")

    assert done.stdout == "200\n", done.stderr
    assert corporate.asked == ["files.example:443"]
    assert "goes out through your proxy, http://127.0.0.1:" in done.stderr
    assert "geheim" not in done.stderr
    [record] = summary(done)["records"]
    assert [finding["kind"] for finding in record["findings"]] == ["iban"]


def test_a_certificate_behind_the_proxy_is_not_the_proxys(
    outgate: Outgate, corporate: _Proxy
) -> None:
    """What is wrong with the destination is told as that, whatever way leads there."""
    outgate.more = {"HTTPS_PROXY": f"http://anna:geheim-7@127.0.0.1:{corporate.server_address[1]}"}
    script = str(outgate.script("post.py", POST))
    done = outgate("run", "--json", "--", sys.executable, script, "https://files.example/")
    assert corporate.asked == ["files.example:443"]
    [record] = summary(done)["records"]
    assert record["notes"][1].startswith("the destination: its certificate"), record["notes"]


@pytest.mark.parametrize("way", ["environment", "settings", "by host"])
def test_a_proxy_is_spoken_to_by_tls(outgate: Outgate, encrypted: _Proxy, way: str) -> None:
    """An `https://` proxy hears the password where nobody else does, whoever names it; one whose
    certificate is not its own hears nothing.
    """
    secret = outgate.folder / "proxy.credentials"
    environment = {}
    for name in ("localhost", "127.0.0.1"):
        where = f"{name}:{encrypted.server_address[1]}"
        if way == "environment":
            environment = {"HTTPS_PROXY": f"https://anna:geheim-7@{where}"}
        else:
            secret.write_text(f"https://{where} anna:geheim-7\n")
            secret.chmod(0o600)
            names = "" if way == "settings" else "upstream_proxies:\n  files.example: "
            named = f"upstream_proxy: https://{where}" if not names else f"{names}https://{where}"
            (outgate.home / "settings.yaml").write_text(
                f"{named}\nupstream_proxy_credentials: {secret}\n"
            )
        done = _run(outgate, environment, "https://files.example/")
        if name == "localhost":
            assert done.stdout == "200\n", done.stderr
            assert encrypted.asked == ["files.example:443"]
            continue
        assert done.returncode == 1
        assert encrypted.asked == ["files.example:443"] and encrypted.turned_away == 0
        [record] = summary(done)["records"]
        assert "the proxy" in str(record["notes"]), record["notes"]
        assert summary(done)["totals"]["bytes_sent"] == 0


@pytest.mark.skipif(why_not_sealed() is not None, reason=str(why_not_sealed()))
def test_a_sealed_program_goes_out_through_it_too(outgate: Outgate, corporate: _Proxy) -> None:
    """What a sealed program sends, HTTP or not, takes the organisation's way out, by names that
    only the proxy can look up.
    """
    code = (
        "import http.client, socket\n"
        "c = http.client.HTTPSConnection('files.example', timeout=20)\n"
        "c.request('POST', '/', body='iban DE90871318609139099603')\n"
        "print(c.getresponse().status)\n"
        "s = socket.create_connection(('far.example', 4567), 20)\n"
        "s.sendall(b'\\x99 no words of ours\\n\\n')\n"
        "s.settimeout(20)\nprint(len(s.recv(99)) > 0)\n"
    )
    outgate.more = {"HTTPS_PROXY": f"http://anna:geheim-7@127.0.0.1:{corporate.server_address[1]}"}
    root = outgate.folder / "internet-root.pem"
    root.write_bytes(outgate.internet.authority.root_pem())
    options = ("--upstream-ca", str(root), "--json", "--sealed")
    done = outgate("run", *options, "--", sys.executable, "-c", code)

    assert done.stdout.split() == ["200", "True"], done.stderr
    assert corporate.asked == ["files.example:443", "far.example:4567"]
    found = [[f["kind"] for f in record["findings"]] for record in summary(done)["records"]]
    assert found == [["iban"], ["not_inspected"]]


def test_the_settings_name_proxy_and_credentials(outgate: Outgate, corporate: _Proxy) -> None:
    """The password stands in a private file; neither record nor evidence holds it."""
    secret = outgate.folder / "proxy.credentials"
    secret.write_text("anna:geheim-7\n")
    secret.chmod(0o600)
    (outgate.home / "settings.yaml").write_text(
        f"upstream_proxy: http://127.0.0.1:{corporate.server_address[1]}\n"
        f"upstream_proxy_credentials: {secret}\n"
    )
    done = _run(outgate, {}, "https://files.example/")

    assert done.stdout == "200\n", done.stderr
    assert corporate.asked == ["files.example:443"]
    kept = [path.read_bytes() for path in outgate.home.rglob("*") if path.is_file()]
    assert not [data for data in kept if b"geheim" in data or _SAID[6:] in data]


def test_wrong_credentials_are_no_hang(outgate: Outgate, corporate: _Proxy) -> None:
    """A proxy that turns us away is an error the script sees; nothing is said to be sent."""
    url = f"http://anna:falsch@127.0.0.1:{corporate.server_address[1]}"
    done = _run(outgate, {"HTTPS_PROXY": url}, "https://files.example/")

    assert done.returncode == 1
    assert corporate.turned_away >= 1
    assert "falsch" not in done.stderr.splitlines()[-1]
    assert summary(done)["totals"]["bytes_sent"] == 0


@pytest.mark.parametrize(
    ("mode", "words"), [(0o644, "can be read by others"), (None, "Cannot read")]
)
def test_a_bad_file_of_credentials_is_one_line(
    outgate: Outgate, mode: int | None, words: str
) -> None:
    """A file that others can read, or that is not there, is said before anything runs."""
    secret = outgate.folder / "proxy.credentials"
    if mode is not None:
        secret.write_text("anna:geheim-7\n")
        secret.chmod(mode)
    (outgate.home / "settings.yaml").write_text(
        f"upstream_proxy: http://127.0.0.1:9\nupstream_proxy_credentials: {secret}\n"
    )
    done = _run(outgate, {}, "https://files.example/")

    assert done.returncode == 2
    assert words in done.stderr and "Traceback" not in done.stderr
    assert "geheim" not in done.stderr


def test_no_program_runs_without_the_gate_where_it_is_required(outgate: Outgate) -> None:
    """With `require_gate` nothing falls back to a private gate: the program is not started."""
    (outgate.home / "settings.yaml").write_text("require_gate: true\n")
    done = outgate.run(sys.executable, "-c", "print('ran')")

    assert done.returncode == 2
    assert done.stdout == ""
    assert "does not answer" in done.stderr and "outgate start" in done.stderr
    outgate.start()
    assert outgate("run", "--", sys.executable, "-c", "print('ran')").stdout == "ran\n"
