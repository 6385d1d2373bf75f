"""Trust: every client is sent through the gate and trusts it, and keeps trusting what it trusted
before.
"""

import ssl
import urllib.request
from collections.abc import Callable
from pathlib import Path
from urllib.parse import urlsplit

import httpx
import pytest
import requests.utils
from aiohttp.helpers import get_env_proxy_for_url
from certs_samples import make
from cryptography.hazmat.primitives.serialization import Encoding
from yarl import URL

from certs.authority import open_authority
from certs.chain import Authority
from certs.matrix import CLIENTS, ProxyUse, past_the_gate
from certs.trust import (
    BUNDLE_VARIABLES,
    PROXY_VARIABLES,
    client_environment,
    dropped_exceptions,
    platform_roots,
    write_bundle,
)

GATE = "http://127.0.0.1:8080"


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return open_authority(tmp_path_factory.mktemp("ca"))


def roots_in(path: Path) -> set[bytes]:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.load_verify_locations(path)
    return set(context.get_ca_certs(binary_form=True))


def test_every_variable_that_a_known_client_reads_is_set() -> None:
    """No client in the matrix is forgotten."""
    environment = client_environment(GATE, "/b.pem", {"PATH": "/bin"})
    assert environment["PATH"] == "/bin"
    assert {environment[name] for name in PROXY_VARIABLES} == {GATE}
    assert {environment[name] for name in BUNDLE_VARIABLES} == {"/b.pem"}
    for client in CLIENTS:
        if client.trust:
            assert client.trust[0] in environment, client.name


def test_a_way_past_the_gate_is_not_inherited() -> None:
    """A script cannot leave unseen because its shell had an exception set."""
    before = {
        "NO_PROXY": "*, .corp.example,127.0.0.0/8",
        "no_proxy": "app.localhost,10.0.0.1",
        "HTTPS_PROXY": "x",
    }
    environment = client_environment(GATE, "/b.pem", before)
    own = client_environment(GATE, "/b.pem", {})["NO_PROXY"].split(",")
    assert environment["NO_PROXY"] == environment["no_proxy"]
    assert environment["NO_PROXY"].split(",") == [*own, "app.localhost"]
    assert set(dropped_exceptions(before)) == {"*", ".corp.example", "10.0.0.1"}
    asked = client_environment(GATE, "/b.pem", before, no_proxy=["db.corp.example"])
    assert asked["NO_PROXY"].endswith("app.localhost,db.corp.example")
    everything = client_environment(GATE, "/b.pem", before, loopback_through_proxy=True)
    assert everything["NO_PROXY"] == ""


_DIRECT = {
    "http://localhost:5000": True,
    "http://localhost.:5000/": True,
    "http://app.localhost:5000/": True,
    "http://127.0.0.1/": True,
    "http://127.0.1.1:631/": True,
    "http://0.0.0.0:8000/": True,
    "http://[::1]:9/": True,
    "http://[::ffff:127.0.0.1]:9/": True,
    "https://api.openai.com": False,
    "https://localhost.example": False,
    "https://notlocalhost/": False,
    "https://127.0.0.1.example/": False,
    "https://128.0.0.1/": False,
    "https://10.0.0.1/": False,
}


def _asked_of_httpx(url: str) -> bool:
    client = httpx.Client(verify=False)
    return client._transport_for_url(httpx.URL(url)) is client._transport


def _asked_of_aiohttp(url: str) -> bool:
    try:
        get_env_proxy_for_url(URL(url))
    except LookupError:
        return True
    return False


_CLIENTS: dict[str, Callable[[str], bool]] = {
    "requests": lambda url: requests.utils.should_bypass_proxies(url, no_proxy=None),
    "urllib": lambda url: bool(urllib.request.proxy_bypass(str(urlsplit(url).hostname))),
    "httpx": _asked_of_httpx,
    "aiohttp": _asked_of_aiohttp,
}


@pytest.mark.parametrize("client", _CLIENTS)
@pytest.mark.parametrize(("url", "direct"), _DIRECT.items())
def test_real_clients_read_the_exceptions_as_meant(
    monkeypatch: pytest.MonkeyPatch, client: str, url: str, direct: bool
) -> None:
    """Services of the machine itself stay reachable by each of its names; everything else goes
    through the gate.
    """
    environment = client_environment(GATE, "/b.pem", {})
    for name in (*PROXY_VARIABLES, "NO_PROXY", "no_proxy"):
        monkeypatch.setenv(name, environment[name])
    assert _CLIENTS[client](url) is direct


@pytest.mark.parametrize(
    ("entry", "kept"),
    [
        ("127.0.1.1", True),
        ("127.0.0.0/8", True),
        ("localhost.", True),
        ("*.localhost", True),
        (".localhost", True),
        ("::ffff:127.0.0.1", True),
        ("::1", True),
        ("0.0.0.0/0", False),
        ("localhost.example", False),
        ("*", False),
        ("::/0", False),
        ("128.0.0.1", False),
    ],
)
def test_an_exception_of_the_user_for_this_machine_stays(entry: str, kept: bool) -> None:
    """Only what cannot leave the machine is no way past the gate."""
    assert (entry not in dropped_exceptions({"NO_PROXY": entry})) is kept


def test_the_bundle_holds_platform_user_and_own_roots_once(
    authority: Authority, tmp_path: Path
) -> None:
    """Whatever a script trusted before, it still trusts, and the gate besides."""
    mine, other, third = make("Own root"), make("Folder root"), make("DER root")
    (tmp_path / "own.pem").write_bytes(b"# comment\n" + mine.key_pem() + mine.pem + mine.pem)
    (tmp_path / "roots").mkdir()
    (tmp_path / "roots" / "a.crt").write_bytes(other.pem)
    (tmp_path / "roots" / "b.der").write_bytes(third.certificate.public_bytes(Encoding.DER))
    (tmp_path / "roots" / "notes.txt").write_text("nothing")
    env = {
        "REQUESTS_CA_BUNDLE": str(tmp_path / "own.pem"),
        "PIP_CERT": str(tmp_path / "own.pem"),
        "SSL_CERT_DIR": str(tmp_path / "roots"),
    }
    bundle = write_bundle(tmp_path / "out" / "bundle.pem", authority, env)
    found = roots_in(bundle.path)
    expected = {c.certificate.public_bytes(Encoding.DER) for c in (mine, other, third)}
    assert expected | {authority.root_der()} | set(platform_roots()) == found
    assert bundle.warnings == ()
    assert len(set(platform_roots())) > 50
    content = bundle.path.read_bytes()
    assert content.count(b"BEGIN CERTIFICATE") == len(found)
    assert b"PRIVATE" not in content
    assert bundle.path.stat().st_mode & 0o444 == 0o444


def test_an_unusable_file_is_named_and_breaks_nothing(authority: Authority, tmp_path: Path) -> None:
    """One bad certificate does not cost a script all the others."""
    good = make("Good root")
    (tmp_path / "bad.pem").write_bytes(
        b"-----BEGIN CERTIFICATE-----\nTm90IGEgY2VydGlmaWNhdGU=\n-----END CERTIFICATE-----\n"
        + good.pem
    )
    env = {"SSL_CERT_FILE": str(tmp_path / "bad.pem"), "CURL_CA_BUNDLE": str(tmp_path / "none.pem")}
    bundle = write_bundle(tmp_path / "bundle.pem", authority, env)
    assert good.certificate.public_bytes(Encoding.DER) in roots_in(bundle.path)
    assert len(bundle.warnings) == 2
    assert "does not exist" in " ".join(bundle.warnings)


def test_a_run_inside_a_run_does_not_keep_an_old_authority(
    authority: Authority, tmp_path: Path
) -> None:
    """An authority that was replaced is trusted no longer."""
    path = tmp_path / "bundle.pem"
    old = open_authority(tmp_path / "old")
    write_bundle(path, old, {})
    write_bundle(path, authority, client_environment(GATE, path, {}))
    assert old.root_der() not in roots_in(path)
    before = path.stat().st_mtime_ns, path.stat().st_ino
    write_bundle(path, authority, {})
    assert (path.stat().st_mtime_ns, path.stat().st_ino) == before


def test_without_platform_roots_the_packaged_ones_serve(monkeypatch: pytest.MonkeyPatch) -> None:
    """A bare container still trusts the public web."""
    nowhere = ssl.get_default_verify_paths()._replace(
        openssl_cafile="/nowhere/f", openssl_capath="/nowhere/d"
    )
    monkeypatch.setattr("certs.trust.ssl.get_default_verify_paths", lambda: nowhere)
    monkeypatch.setattr("certs.trust.SYSTEM_BUNDLES", ())
    assert len(platform_roots()) > 50


def test_the_matrix_names_each_client_once_and_helps_where_it_must() -> None:
    """Whoever reads the doctor's table knows what to do about every client that goes past the
    gate.
    """
    assert len({c.name for c in CLIENTS}) == len(CLIENTS)
    assert all(c.remedy for c in past_the_gate())
    assert {c.name for c in CLIENTS if c.proxy is ProxyUse.LOWER_CASE_ONLY} == {"grpcio"}
