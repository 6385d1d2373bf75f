"""Servers that want a certificate of the client (mTLS): only the program itself can show one, so
the record says that this is why it did not work.
"""

from collections.abc import Iterable

from mitmproxy import http, tls
from mitmproxy.connection import Server

from core.fate import WANTS_CERTIFICATE

_ALERT = "alert certificate required"
_REFUSED = "alert handshake failure"
_REFUSING = frozenset({400, 401, 403, 495, 496})
"""How servers answer a request that came without the certificate they had asked for."""


class ClientCertificates:
    """Knows which connections to servers were asked for a certificate."""

    def __init__(self) -> None:
        self._asked: set[str] = set()
        self._refused: set[str] = set()
        """Clients: what fails before a request gets its connection has no other mark in common."""
        self._failed_at: dict[str, tuple[str, int]] = {}
        """Client → where a handshake on its behalf failed last."""

    def established(self, data: tls.TlsData) -> None:
        """A handshake is done: the server may have asked, and go on without."""
        if _was_asked(data):
            self._asked.add(data.conn.id)

    def failed(self, data: tls.TlsData) -> None:
        """A handshake failed. Before TLS 1.3 there is no alert of its own for a missing
        certificate: but what else a server refuses, it refuses before it shows its own.
        """
        if isinstance(data.conn, Server) and data.conn.address is not None:
            self._failed_at[data.context.client.id] = data.conn.address[:2]
        refused = _REFUSED in (data.conn.error or "")
        if refused and data.ssl_conn is not None and data.ssl_conn.get_peer_certificate():
            self._refused.add(data.context.client.id)

    def meant(self, client_id: str, error: str) -> str:
        """Return what an error of a client's exchange means, as OpenSSL would say it."""
        return f"{error} ({_ALERT})" if client_id in self._refused and _REFUSED in error else error

    def is_proxys(self, flow: http.HTTPFlow) -> bool:
        """Return whether the handshake that failed was with the proxy on the way, which is spoken
        to by TLS, and not with the destination through it.
        """
        via = flow.server_conn.via
        return via is not None and self._failed_at.get(flow.client_conn.id) == tuple(via[1][:2])

    def notes(self, flow: http.HTTPFlow) -> Iterable[str]:
        """Return what to note of an answer that refuses for want of a certificate."""
        answer = flow.response
        refused = answer is not None and answer.status_code in _REFUSING
        return (WANTS_CERTIFICATE,) if refused and flow.server_conn.id in self._asked else ()

    def closed(self, connection_id: str) -> None:
        """Forget a connection, to a server or of a client."""
        self._asked.discard(connection_id)
        self._refused.discard(connection_id)
        self._failed_at.pop(connection_id, None)


def _was_asked(data: tls.TlsData) -> bool:
    """Return whether the server named authorities whose certificates it would take. Some ask and
    name none: OpenSSL does not tell us of those.
    """
    return data.ssl_conn is not None and bool(data.ssl_conn.get_client_ca_list())
