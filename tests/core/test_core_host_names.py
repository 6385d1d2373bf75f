"""Hosts in one spelling: the same host is found the same, and no other."""

import ipaddress
import socket

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.host_names import address_of, authority_of, host_meant, host_of

LOOPBACK = (
    "127.0.0.1",
    "0x7f000001",
    "0X7F000001",
    "0177.0.0.1",
    "2130706433",
    "127.1",
    "127.0.1",
    "0x7f.1",
    "0x7f.0x0.0x0.0x1",
    "017700000001",
    "127.0.0.1.",
    "[::ffff:127.0.0.1]",
    "::ffff:7f00:1",
    "::FFFF:127.0.0.1",
    "[::ffff:127.0.0.1%eth0]",
    "64:ff9b::7f00:1",
    "[64:ff9b::127.0.0.1]",
    "64:ff9b:1::127.0.0.1",
    "::127.0.0.1",
    "127。0。0。1",
    "１２７.0.0.1",
    " 127.0.0.1 ",
    "0000:0000:0000:0000:0000:FFFF:7F00:0001",
)


@pytest.mark.parametrize("spelling", LOOPBACK)
def test_an_address_is_known_in_every_spelling(spelling: str) -> None:
    """Whoever writes an address in another way writes the same address."""
    assert host_of(spelling) == "127.0.0.1"


@pytest.mark.parametrize(
    "spelling",
    [
        "127.0.0.2",
        "127.0.0.1.example",
        "0x7f000001.example",
        "127-0-0-1",
        "1.2.3.4.5",
        "256.1.1.1",
        "08.0.0.1",
        "0x",
        "::1",
        "localhost",
        "a127.0.0.1",
        "4294967296",
        "127.0.0.1x",
        "127..1",
        "fe80::1",
        "xn--127",
        "",
    ],
)
def test_what_is_no_spelling_of_it_is_not_taken_for_it(spelling: str) -> None:
    """Names with digits in them, and other addresses, stay what they are."""
    assert host_of(spelling) != "127.0.0.1"


@given(st.integers(0, 2**32 - 1), st.sampled_from(["{:d}", "{:#x}", "0{:o}"]))
def test_numbers_mean_what_the_system_takes_them_for(number: int, form: str) -> None:
    """One number is the address that the operating system would connect to."""
    text = form.format(number)
    assert host_of(text) == str(ipaddress.IPv4Address(number))
    assert socket.inet_ntoa(socket.inet_aton(text)) == host_of(text)


@given(st.text("0123456789abcdefxX.", max_size=18))
def test_no_spelling_that_the_system_reads_is_missed(text: str) -> None:
    """What the operating system takes for an address is one here, too."""
    try:
        packed = socket.inet_aton(text)
    except OSError:
        return
    assert host_of(text) == socket.inet_ntoa(packed)


@given(st.text(max_size=80))
def test_every_text_has_one_spelling(text: str) -> None:
    """To bring a host into its one spelling twice changes nothing, whatever it is."""
    assert host_of(host_of(text)) == host_of(text)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("münchen.example", "xn--mnchen-3ya.example"),
        ("MÜNCHEN.Example.", "xn--mnchen-3ya.example"),
        ("mu\u0308nchen.example", "XN--MNCHEN-3YA.EXAMPLE"),
        ("faß.example", "xn--fa-hia.example"),
        ("例え。テスト", "xn--r8jz45g.xn--zckzah"),
        ("ｆｉｌｅｓ.example", "files.example"),
        ("fi\u00adles.example", "files.example"),
        ("[2001:DB8:0:0::1]", "2001:db8::1"),
        ("fe80::1%en0", "FE80::1"),
        ("Files.Example.", "files.example"),
    ],
)
def test_two_spellings_of_a_host_are_one(one: str, other: str) -> None:
    """Letters of any script, capitals, a dot at the end and zones make no other host."""
    assert host_of(one) == host_of(other)


@pytest.mark.parametrize(
    ("text", "host", "port"),
    [
        ("files.example", "files.example", None),
        ("files.example:8443", "files.example", 8443),
        ("files.example:", "files.example", None),
        ("[::1]:443", "::1", 443),
        ("[::1]", "::1", None),
        ("::1", "::1", None),
        ("user:pass@files.example:1", "files.example", 1),
        ("files.example:99999", "files.example", 0),
        ("0x7f.1:80", "127.0.0.1", 80),
    ],
)
def test_an_authority_names_host_and_port(text: str, host: str, port: int | None) -> None:
    """The port is none where none is named."""
    assert authority_of(text) == (host, port)


def test_a_name_is_no_address() -> None:
    """Only what is connected to without a look-up is an address."""
    assert address_of("files.example") is None
    assert address_of("a.1b") is None


@pytest.mark.parametrize(
    ("text", "meant"),
    [
        ("https://api.example.com/", "api.example.com"),
        ("https://api.example.com", "api.example.com"),
        ("HTTPS://API.example.com:8443/v1?x=1#y", "API.example.com"),
        ("https://user:pw@api.example.com/", "api.example.com"),
        ("user@api.example.com", "api.example.com"),
        ("api.example.com:443", "api.example.com"),
        ("api.example.com/v1", "api.example.com"),
        ("*.example.com/*", "*.example.com"),
        ("*.example.com:*", "*.example.com"),
        ("[2001:db8::1]:443", "2001:db8::1"),
        ("http://[::1]/", "::1"),
        ("https://", ""),
        ("//api.example.com", ""),
        (" api.example.com ", None),
        ("api.example.com", None),
        ("api?.example.com", None),
        ("*.example.com", None),
        ("*", None),
        ("2001:db8::1", None),
        ("[2001:db8::1]", None),
        ("::ffff:127.0.0.1", None),
        ("10.0.0.1", None),
        ("MÜNCHEN.example.", None),
    ],
)
def test_more_than_a_host_is_told_from_one(text: str, meant: str | None) -> None:
    """Whoever writes an address of the web where a host belongs means its host."""
    assert host_meant(text) == meant


@given(st.text(max_size=80))
def test_what_is_meant_is_a_host(text: str) -> None:
    """Whatever was written, what is meant by it is no more than a host."""
    meant = host_meant(text)
    assert meant is None or not set(meant) & set("/#@")
