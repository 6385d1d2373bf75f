"""A proxy auto-configuration file is read, never run; what is not read is told, by its line."""

import pytest
from cpu_time import cpu_limit
from hypothesis import given
from hypothesis import strategies as st

from app.pac import read_pac

WHOLE = "function FindProxyForURL(url, host) {{\n{}\n}}"
CORP = "http://proxy.corp.example:3128"
RETURN = 'return "PROXY proxy.corp.example:3128";'


def read(body: str) -> tuple[dict[str, str], str | None, int]:
    """Return the rules, the default, and how many things were not read."""
    proposal = read_pac(WHOLE.format(body))
    return proposal.by_host, proposal.default, len(proposal.unread)


@pytest.mark.parametrize(
    ("condition", "patterns"),
    [
        ('dnsDomainIs(host, ".corp.example")', ["corp.example"]),
        ("dnsDomainIs(host, 'corp.example')", ["corp.example"]),
        ('shExpMatch(host, "*.corp.example")', ["corp.example"]),
        ('shExpMatch(host, "intranet")', ["intranet"]),
        ('shExpMatch(host, "10.*")', ["10.0.0.0/8"]),
        ('shExpMatch(host, "192.168.*")', ["192.168.0.0/16"]),
        ('isInNet(host, "172.16.0.0", "255.240.0.0")', ["172.16.0.0/12"]),
        ('isInNet(dnsResolve(host), "10.1.0.0", "255.255.0.0")', ["10.1.0.0/16"]),
        ('localHostOrDomainIs(host, "www.corp.example")', ["www.corp.example"]),
        ('host == "partner.example"', ["partner.example"]),
        ('(host === "a.example") || (host == "b.example")', ["a.example", "b.example"]),
        ('((host == "a.example" || host == "b.example"))', ["a.example", "b.example"]),
        ('/* x */ host == "a.example" // y\n', ["a.example"]),
    ],
)
def test_conditions_on_a_host_become_patterns(condition: str, patterns: list[str]) -> None:
    """What a file says of names and networks, the settings can say."""
    wanted = (dict.fromkeys(patterns, "direct"), CORP, 0)
    assert read(f'if ({condition}) return "DIRECT"; {RETURN}') == wanted
    assert read(f'if ({condition}) {{ return "DIRECT"; }} else {{ {RETURN} }}') == wanted
    assert read(f'if ({condition}) return "DIRECT"; else {RETURN}') == wanted


@pytest.mark.parametrize(
    "condition",
    [
        "isPlainHostName(host)",
        'shExpMatch(url, "http:*")',
        'shExpMatch(host, "*corp*")',
        'host != "a.example"',
        '!dnsDomainIs(host, ".a.example")',
        'dnsDomainIs(host, ".a.example") && weekdayRange("MON")',
        'isInNet(myIpAddress(), "10.0.0.0", "255.0.0.0")',
        'isInNet(host, "10.0.0.0", "255.0.255.0")',
        'url.substring(0, 6) == "https:"',
        'dnsDomainIs(url, ".a.example")',
        'dnsDomainIs(host, "")',
        'dnsDomainIs(host, "a b")',
        "true",
        "",
    ],
)
def test_other_conditions_are_told_and_propose_nothing(condition: str) -> None:
    """A rule that says more, or less, than the file is worse than none."""
    by_host, default, unread = read(f'if ({condition}) return "DIRECT"; {RETURN}')
    assert (by_host, default, unread) == ({}, CORP, 1)


@pytest.mark.parametrize(
    ("answer", "proxy", "unread"),
    [
        ('"DIRECT"', "direct", 0),
        ('"PROXY a.example:8080"', "http://a.example:8080", 0),
        ("'HTTPS a.example:443'", "https://a.example:443", 0),
        ('"PROXY a.example:1; PROXY b.example:2"', "http://a.example:1", 1),
        ('"SOCKS a.example:1; PROXY b.example:2"', "http://b.example:2", 1),
        ('"SOCKS5 a.example:1080"', None, 2),
        ('"PROXY " + server()', None, 2),
        ('"PROXY a.example:x"', None, 2),
        ('"PROXY user:secret@a.example:1"', None, 2),
        ("corp", "http://c.example:3", 0),
        ('corp + "; DIRECT"', "http://c.example:3", 1),
    ],
)
def test_answers_become_proxies(answer: str, proxy: str | None, unread: int) -> None:
    """The first proxy that can be used is proposed; that others were named is told."""
    proposal = read_pac(f'var corp = "PROXY c.example:3"; {WHOLE.format(f"return {answer};")}')
    assert (proposal.default, len(proposal.unread)) == (proxy, unread)


@pytest.mark.parametrize(
    ("answer", "proxy", "told"),
    [
        ("SOCKS5 a.example:1; PROXY b.example:2", "http://b.example:2", ["first cannot be used"]),
        ("SOCKS a.example:1; DIRECT", "direct", ["first cannot be used"]),
        ("PROXY a.example:1; DIRECT", "http://a.example:1", ["after http://a.example:1 is not"]),
        ("QUIC a:1; HTTPS b.example:2; SOCKS c:3", "https://b.example:2", ["first", "after"]),
    ],
)
def test_of_several_it_is_told_which_one_is_proposed(
    answer: str, proxy: str, told: list[str]
) -> None:
    """Neither that the first is, when it cannot be used, nor that there was no other."""
    proposal = read_pac(WHOLE.format(f'return "{answer}";'))
    assert proposal.default == proxy
    assert len(proposal.unread) == len(told)
    assert all(word in line for word, line in zip(told, proposal.unread, strict=True))


def test_the_first_answer_counts_and_the_rest_is_not_reached() -> None:
    """As in the file itself."""
    body = (
        'if (host == "a.example") return "DIRECT"; if (host == "a.example") return "PROXY b.c:1";'
    )
    assert read(f'{body} {RETURN} if (host == "x.example") return "DIRECT";') == (
        {"a.example": "direct"},
        CORP,
        0,
    )


def test_the_settings_are_written_as_they_are_read() -> None:
    """The lines are those of settings.yaml; this machine itself needs none."""
    from ruamel.yaml import YAML

    from app.settings import Settings

    body = 'if (host == "localhost" || shExpMatch(host, "127.*") || host == "a.example")'
    lines = read_pac(WHOLE.format(f'{body} return "DIRECT"; {RETURN}')).lines()
    settings = Settings.model_validate(YAML(typ="safe").load("\n".join(lines)))
    assert settings.upstream_proxy == CORP
    assert settings.upstream_proxies == {"a.example": "direct"}


@pytest.mark.parametrize("text", ["", "function other() {}", "<html>not found</html>", "\x00\xff"])
def test_what_is_no_such_file_proposes_nothing(text: str) -> None:
    """A page that says that there is none is told from a file."""
    proposal = read_pac(text)
    assert proposal.lines() == []
    assert proposal.unread == ["there is no FindProxyForURL in it"]


_PIECES = st.sampled_from(
    'if ( ) { } else return ; "DIRECT" host == || && ! , dnsDomainIs " \' /* */ // var x = + 1'
    " function \\".split()
)


@given(st.lists(_PIECES, max_size=60).map(" ".join), st.text(max_size=60))
def test_no_text_is_beyond_reading(pieces: str, text: str) -> None:
    """Whatever stands in a file, reading it ends, and nothing is run."""
    read_pac(WHOLE.format(pieces))
    read_pac(pieces + text)


@pytest.mark.parametrize(
    "piece", ["(", "if (", "else {", "f(", "{", "}", '"a" +', "var x = ", "if (host == ", "/*", "'"]
)
def test_long_and_deep_files_are_read_in_a_moment(piece: str) -> None:
    """A file is foreign text: no nesting makes the reading slow, or fail."""
    with cpu_limit(5):
        read_pac(WHOLE.format(piece * 20_000))
