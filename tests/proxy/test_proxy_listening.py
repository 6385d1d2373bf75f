"""An address that cannot be listened on is told with its own reason."""

import errno
import socket

import pytest

from proxy.listening import cannot_listen


def _again(fault: OSError) -> OSError:
    """Return an error as mitmproxy passes it on."""
    told = OSError(fault.errno, "told again")
    told.__cause__ = fault
    return told


@pytest.mark.parametrize(
    ("fault", "words"),
    [
        (OSError(errno.EADDRINUSE, "x"), "Another program uses that port"),
        (OSError(errno.EADDRNOTAVAIL, "x"), "no such address"),
        (OSError(errno.EACCES, "x"), "for the administrator"),
        (OSError(errno.EAFNOSUPPORT, "x"), "IPv6 may be switched off"),
        (socket.gaierror(-2, "x"), "That name has no address"),
        (UnicodeError(), "That name has no address"),
        (OSError(errno.EIO, "x"), "The system refused it"),
        (OSError("could not bind on any address"), "no such address"),
        (_again(socket.gaierror(-2, "x")), "That name has no address"),
        (RuntimeError("x"), "The system refused it"),
        (None, "The system refused it"),
    ],
)
def test_each_reason_has_words_of_its_own(fault: BaseException | None, words: str) -> None:
    """A foreign address is not said to be a taken port."""
    error = cannot_listen("192.0.2.1", 8899, fault)

    assert error.message == "Cannot listen on 192.0.2.1:8899."
    assert words in error.remedy
    assert ("Another program" in error.remedy) is ("Another program" in words)


def test_an_ipv6_address_is_written_as_one() -> None:
    """Address and port can be told apart."""
    assert "[2001:db8::1]:80" in cannot_listen("2001:db8::1", 80, None).message
