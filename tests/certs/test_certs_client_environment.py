"""The environment of a program behind the gate."""

import urllib.request
from collections.abc import Callable
from urllib.parse import urlsplit

import httpx
import pytest
import requests.utils
from aiohttp.helpers import get_env_proxy_for_url
from yarl import URL

from certs.client_environment import (
    BUNDLE_VARIABLES,
    PROXY_VARIABLES,
    client_environment,
    dropped_exceptions,
)
from certs.matrix import CLIENTS

GATE = "http://127.0.0.1:8080"


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
