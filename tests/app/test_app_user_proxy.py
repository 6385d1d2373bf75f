"""The user's own proxy: found in the environment, and shown without its password."""

from pathlib import Path

import pytest

from app.client import proxy_remarks
from app.home import Home
from app.settings import Settings
from app.user_proxy import shown, unused_proxy, user_direct, user_proxy
from app.wiring import GateChoices, proxies_of
from certs.client_environment import OWN_VARIABLE, PROXY_VARIABLES


@pytest.mark.parametrize(
    ("environment", "found"),
    [
        ({}, None),
        ({"HTTPS_PROXY": "http://a:1"}, "http://a:1"),
        ({"all_proxy": "b:2"}, "b:2"),
        ({"HTTP_PROXY": "http://a:1"}, None),
        ({"HTTPS_PROXY": "http://gate:1", OWN_VARIABLE: "http://gate:1"}, None),
        ({"HTTPS_PROXY": "  "}, None),
    ],
)
def test_it_is_found_where_clients_look(environment: dict[str, str], found: str | None) -> None:
    """A gate of ours in the environment is nobody's own proxy."""
    assert user_proxy(environment) == found


@pytest.mark.parametrize(
    ("environment", "unused"),
    [
        ({}, None),
        ({"HTTP_PROXY": "http://a:1"}, "http://a:1"),
        ({"http_proxy": "http://a:1", "HTTPS_PROXY": "http://b:2"}, "http://a:1"),
        ({"HTTP_PROXY": "http://a:1", "HTTPS_PROXY": "http://a:1"}, None),
        ({"HTTP_PROXY": "http://gate:1", OWN_VARIABLE: "http://gate:1"}, None),
        ({"HTTPS_PROXY": "http://a:1"}, None),
    ],
)
def test_a_proxy_for_http_in_clear_is_told_where_it_is_another(
    environment: dict[str, str], unused: str | None, monkeypatch: pytest.MonkeyPatch, home: Path
) -> None:
    """The gate has one way out by host: a proxy for http:// alone is never left without a word."""
    assert unused_proxy(environment) == unused
    for name in (*PROXY_VARIABLES, OWN_VARIABLE):
        monkeypatch.delenv(name, raising=False)
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    for settings in (Settings(), Settings(upstream_proxy="http://c:3")):
        told = [
            line for line in proxy_remarks(Home(home), settings, own=True) if "HTTP_PROXY" in line
        ]
        assert any(line.startswith("http://a:1 in HTTP_PROXY is not used") for line in told) is (
            unused is not None
        )


@pytest.mark.parametrize(
    "url",
    [
        "http://anna:geheim-7@proxy.example:3128",
        "anna:geheim-7@proxy.example:3128",
        "http://anna:geheim@geheim-7@proxy.example:3128/geheim",
        "socks5://anna:geheim-7@[x",
    ],
)
def test_no_password_is_shown(url: str) -> None:
    """Neither in what is told of it, however it is written, nor in a picture of the choices."""
    assert "geheim" not in shown(url)
    assert "geheim" not in repr(GateChoices(upstream_proxy=url))


@pytest.mark.parametrize(
    ("host", "directly"),
    [
        ("git.corp.example", True),
        ("10.1.2.3", True),
        ("files.example", False),
        ("one.example", False),
        ("2001:db8::7", True),
    ],
)
def test_what_no_proxy_excepts_is_reached_without_it(host: str, directly: bool) -> None:
    """A proxy seldom reaches the organisation's own hosts; a gate behind it goes there itself."""
    excepted = "localhost, .corp.example,10.0.0.0/8,one.example:8443,2001:db8::7"
    choices = GateChoices(
        upstream_proxy="http://a:1", upstream_direct=user_direct({"NO_PROXY": excepted})
    )
    assert (proxies_of(Settings(), choices).of(host) is None) is directly


def test_the_settings_proxies_have_the_settings_exceptions() -> None:
    """What a user excepts does not count where the organisation names the way."""
    choices = GateChoices(upstream_proxy="http://a:1", upstream_direct=("*",))
    proxy = proxies_of(Settings(upstream_proxy="http://b:2"), choices).of("files.example")
    assert proxy is not None and proxy.url == "http://b:2"
