"""A server that asks for a certificate of the client and answers that it is missing, as nginx
does.
"""

from types import SimpleNamespace
from typing import Any, cast

import pytest
from mitmproxy import http, tls
from mitmproxy.connection import Server

from core.fate import WANTS_CERTIFICATE
from proxy.client_certificates import ClientCertificates


class Handshake:
    """What OpenSSL tells of a handshake."""

    def __init__(self, authorities: int, certificate: bool) -> None:
        self._authorities, self._certificate = authorities, certificate

    def get_client_ca_list(self) -> list[str]:
        return ["CN=Own clients"] * self._authorities

    def get_peer_certificate(self) -> object | None:
        return object() if self._certificate else None


def data(server: Server, authorities: int = 0, *, certificate: bool = True) -> tls.TlsData:
    """Return what a hook is given."""
    context = SimpleNamespace(client=SimpleNamespace(id="client"))
    return tls.TlsData(server, cast(Any, context), cast(Any, Handshake(authorities, certificate)))


def answered(server: Server, status: int) -> http.HTTPFlow:
    flow = SimpleNamespace(server_conn=server, response=http.Response.make(status))
    return cast(http.HTTPFlow, flow)


@pytest.mark.parametrize(
    ("authorities", "status", "noted"),
    [
        (1, 400, True),
        (3, 403, True),
        (1, 496, True),
        (1, 200, False),
        (1, 404, False),
        (0, 400, False),
    ],
)
def test_only_a_refusal_of_one_that_asked_is_for_want_of_it(
    authorities: int, status: int, noted: bool
) -> None:
    """Not every 400 is for want of a certificate, nor is whoever asked in need of one."""
    server = Server(address=("bank.example", 443))
    certificates = ClientCertificates()
    certificates.established(data(server, authorities))

    assert list(certificates.notes(answered(server, status))) == [WANTS_CERTIFICATE] * noted
    certificates.closed(server.id)
    assert list(certificates.notes(answered(server, status))) == []


@pytest.mark.parametrize(
    ("error", "certificate", "wanted"),
    [
        ("tls alert handshake failure", True, True),
        ("tls alert handshake failure", False, False),
        ("certificate has expired", True, False),
        ("tls alert protocol version", True, False),
    ],
)
def test_a_handshake_refused_after_the_servers_certificate_is_for_want_of_ours(
    error: str, certificate: bool, wanted: bool
) -> None:
    """Ciphers and versions are refused before it."""
    server = Server(address=("bank.example", 443))
    server.error = error
    certificates = ClientCertificates()
    certificates.failed(data(server, certificate=certificate))

    assert ("certificate required" in certificates.meant("client", error)) is wanted
    assert certificates.meant("another", error) == error
    assert certificates.meant("client", "it timed out") == "it timed out"
    certificates.closed("client")
    assert certificates.meant("client", error) == error
