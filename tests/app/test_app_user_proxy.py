"""The user's own proxy: found in the environment, and shown without its password."""

import pytest

from app.user_proxy import shown, user_proxy
from app.wiring import GateChoices
from certs.client_environment import OWN_VARIABLE


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
