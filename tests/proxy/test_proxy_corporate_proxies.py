"""The organisation's own proxies: which host goes through which, and bad settings told."""

import pytest

from core.errors import SettingsError
from proxy.corporate_proxies import CorporateProxies, fits, parse_proxies, parse_proxy


@pytest.mark.parametrize(
    ("text", "url"),
    [
        ("http://proxy.corp.example:3128", "http://proxy.corp.example:3128"),
        ("proxy.corp.example:3128", "http://proxy.corp.example:3128"),
        ("http://proxy.corp.example", "http://proxy.corp.example:80"),
        ("https://proxy.corp.example", "https://proxy.corp.example:443"),
        ("http://[2001:db8::1]:8080", "http://[2001:db8::1]:8080"),
        ("http://proxy.corp.example:3128/", "http://proxy.corp.example:3128"),
    ],
)
def test_addresses_are_read_as_people_write_them(text: str, url: str) -> None:
    """With and without scheme and port."""
    assert parse_proxy(text).url == url


@pytest.mark.parametrize(
    "text",
    [
        "",
        "http://",
        "socks5://proxy:1080",
        "http://proxy:port",
        "http://proxy:99999",
        "://",
        "http://[x",
    ],
)
@pytest.mark.parametrize("own", [True, False])
def test_what_is_no_http_proxy_is_refused_in_words(text: str, own: bool) -> None:
    """A SOCKS proxy or a typing error is one clear line, at the start and not at a request."""
    with pytest.raises(SettingsError, match=r"http://HOST:PORT"):
        parse_proxy(text, own=own)


def test_credentials_in_an_address_are_refused_unseen() -> None:
    """Settings are read by many: the password stands in a file of its own, and in no error."""
    with pytest.raises(SettingsError) as raised:
        parse_proxy("http://anna:geheim-7@proxy.corp.example:3128")
    assert "geheim" not in str(raised.value)
    assert "upstream_proxy_credentials" in raised.value.remedy


def test_credentials_of_the_environment_are_taken() -> None:
    """In HTTPS_PROXY they stand by custom, with escapes; no picture of the value shows them."""
    proxy = parse_proxy("http://anna:ge%40heim@proxy.corp.example:3128", own=True)
    assert proxy.credentials == "anna:ge@heim"
    assert "heim" not in repr(proxy) and "heim" not in proxy.url
    [said] = {CorporateProxies(proxy).authorization(("proxy.corp.example", 3128))}
    assert said == b"Basic YW5uYTpnZUBoZWlt"


@pytest.mark.parametrize(
    ("pattern", "host", "whether"),
    [
        ("corp.example", "corp.example", True),
        ("corp.example", "git.corp.example", True),
        (".corp.example", "git.corp.example", True),
        ("*.corp.example", "git.CORP.example.", True),
        ("corp.example", "notcorp.example", False),
        ("corp.example", "corp.example.evil.example", False),
        ("10.0.0.0/8", "10.1.2.3", True),
        ("10.0.0.0/8", "11.1.2.3", False),
        ("10.0.0.0/8", "10.example", False),
        ("192.0.2.7", "192.0.2.7", True),
        ("*", "anything.example", True),
        ("", "anything.example", False),
        (".", "anything.example", False),
    ],
)
def test_patterns_are_those_of_no_proxy(pattern: str, host: str, whether: bool) -> None:
    """A domain means itself and what is below it, and nothing that merely ends alike."""
    assert fits(pattern, host) is whether


def test_the_first_pattern_wins_and_the_rest_takes_the_default() -> None:
    """Hosts with a way of their own, hosts without any proxy, and all others."""
    settings = {"git.corp.example": "http://other:8080", "corp.example": "direct"}
    proxies = parse_proxies("http://proxy:3128", settings, "anna:geheim")

    ways = [proxies.of(h) for h in ("git.corp.example", "www.corp.example", "files.example")]
    assert [way and way.url for way in ways] == ["http://other:8080", None, "http://proxy:3128"]
    assert proxies.authorization(("proxy", 3128)) == proxies.authorization(("other", 8080))
    assert proxies.authorization(("files.example", 443)) is None


def test_credentials_without_a_colon_are_refused() -> None:
    """What is no USER:PASSWORD is said at the start, without quoting it."""
    with pytest.raises(SettingsError) as raised:
        parse_proxies("http://proxy:3128", {}, "geheim")
    assert "geheim" not in str(raised.value)


@pytest.mark.parametrize(
    ("host", "through"),
    [
        ("localhost", False),
        ("localhost.", False),
        ("app.localhost", False),
        ("127.0.1.1", False),
        ("127.1", False),
        ("::1", False),
        ("::ffff:127.0.0.1", False),
        ("0.0.0.0", False),
        ("localhost.example", True),
        ("128.0.0.1", True),
        ("2002:7f00:1::", True),
    ],
)
def test_what_listens_on_this_machine_is_asked_of_no_proxy(host: str, through: bool) -> None:
    """Another machine's proxy would look for it on itself."""
    proxies = parse_proxies(
        "http://proxy.corp.example:3128", {"*": "http://other.example:80"}, None
    )
    assert (proxies.of(host) is not None) is through


_TWO = {"lab.example": "http://two.example:8080", "near.example": "direct"}


@pytest.mark.parametrize(
    ("credentials", "said"),
    [
        (None, (None, None)),
        ("anna:geheim 7", ("anna:geheim 7", "anna:geheim 7")),
        ("http://one.example:3128 anna:a b", ("anna:a b", None)),
        ("http://one.example:3128 a:1\n\nhttp://two.example:8080/  b:2\n", ("a:1", "b:2")),
    ],
)
def test_each_proxy_hears_its_own_password(
    credentials: str | None, said: tuple[str | None, str | None]
) -> None:
    """One line is for all; with an address before it, it is for that one and no other."""
    proxies = parse_proxies("http://one.example:3128", _TWO, credentials)
    found = [proxies.of(host) for host in ("far.example", "lab.example")]
    assert tuple(one.credentials for one in found if one is not None) == said
    heard = [proxies.authorization((one.host, one.port)) for one in found if one is not None]
    assert [one is None for one in heard] == [one is None for one in said]


@pytest.mark.parametrize(
    "credentials",
    [
        "geheim",
        "a:geheim\nb:geheim",
        "http://one.example:3128 geheim",
        "http://one.example:3128",
        "http://one.example:3128 a:geheim\nb:geheim",
        "http://three.example:3128 a:geheim",
        "http://a:geheim@one.example:3128 a:geheim",
    ],
)
def test_credentials_that_say_no_proxy_are_refused_unseen(credentials: str) -> None:
    """Whoever mistyped a line hears of it at the start, without what stands in it."""
    with pytest.raises(SettingsError) as raised:
        parse_proxies("http://one.example:3128", _TWO, credentials)
    assert "geheim" not in f"{raised.value}{raised.value.remedy}"
