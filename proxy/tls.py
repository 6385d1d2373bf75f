"""TLS towards clients with our own leaves, towards servers with verified certificates."""

from collections import OrderedDict
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

from cryptography import x509
from mitmproxy import ctx, http
from mitmproxy.addons import tlsconfig
from mitmproxy.certs import Cert
from mitmproxy.net import tls as net_tls
from mitmproxy.proxy import context
from mitmproxy.proxy.layers import modes
from mitmproxy.tls import TlsData
from OpenSSL import SSL

_KEPT = 256
"""So many hosts have a context of their own that is kept."""
_CIPHERS = tlsconfig._default_ciphers(net_tls.DEFAULT_MIN_VERSION)


class MintedLeaf(NamedTuple):
    """What the TLS layer needs of a leaf; names as mitmproxy reads them."""

    cert: Cert
    privatekey: Any
    chain_file: Path | None
    chain_certs: tuple[Cert, ...] = ()


class _NoStore:
    """Stands where mitmproxy keeps its own authority: it must neither create nor use one."""

    dhparams = None


Mint = Callable[[str], tuple[x509.Certificate, Any]]


class GateTls(tlsconfig.TlsConfig):
    """mitmproxy's TLS with Outgate's certificates; a leaf names the SNI and nothing else."""

    name = "tlsconfig"

    def __init__(self, mint: Mint, chain_file: Path) -> None:
        self._mint = mint
        self._chain_file = chain_file
        self._contexts: OrderedDict[str, tuple[x509.Certificate, SSL.Context]] = OrderedDict()
        self._chain: list[x509.Certificate] | None = None
        self.certstore = _NoStore()  # type: ignore[assignment]

    def running(self) -> None:
        """Do nothing: mitmproxy would create an authority of its own here."""

    def configure(self, updated: set[str]) -> None:
        """Do nothing: our options are fixed before the start."""

    def get_cert(self, conn_context: context.Context) -> MintedLeaf:  # type: ignore[override]
        """Mint (or take from the cache) the leaf for the host that the client asked for."""
        certificate, key = self._mint(_asked_for(conn_context))
        return MintedLeaf(cert=Cert(certificate), privatekey=key, chain_file=self._chain_file)

    def tls_start_client(self, tls_start: TlsData) -> None:
        """Have a host's leaf, key and chain read by OpenSSL once, and not for each connection: its
        context is kept as long as the leaf is the same.
        """
        layers = tls_start.context.layers
        to_the_gate = len(layers) == 2 and isinstance(layers[0], modes.HttpProxy)
        if tls_start.ssl_conn is not None or tls_start.is_dtls or to_the_gate:
            super().tls_start_client(tls_start)
            return
        connection = SSL.Connection(self._context_for(_asked_for(tls_start.context)))
        client, server = tls_start.context.client, tls_start.context.server
        connection.set_app_data(
            tlsconfig.AppData(
                client_alpn=client.alpn, server_alpn=server.alpn, http2=ctx.options.http2
            )
        )
        connection.set_accept_state()
        tls_start.ssl_conn = connection

    def _context_for(self, host: str) -> SSL.Context:
        certificate, key = self._mint(host)
        kept = self._contexts.get(host)
        if kept is None or kept[0] is not certificate:
            kept = self._contexts[host] = certificate, self._made(certificate, key)
            if len(self._contexts) > _KEPT:
                self._contexts.popitem(last=False)
        self._contexts.move_to_end(host)
        return kept[1]

    def _made(self, certificate: x509.Certificate, key: Any) -> SSL.Context:
        if self._chain is None:
            self._chain = x509.load_pem_x509_certificates(self._chain_file.read_bytes())
        made = SSL.Context(SSL.TLS_SERVER_METHOD)
        made.set_min_proto_version(net_tls.DEFAULT_MIN_VERSION.value)
        made.set_options(net_tls.DEFAULT_OPTIONS)
        made.set_cipher_list(":".join(_CIPHERS).encode())
        made.set_session_cache_mode(SSL.SESS_CACHE_OFF)
        made.set_alpn_select_callback(tlsconfig.alpn_select_callback)
        made.use_certificate(certificate)
        made.use_privatekey(key)
        for one in self._chain:
            # A chain that is given is sent as it is; else OpenSSL builds one for each handshake.
            made.add_extra_chain_cert(one)
        return made

    def request(self, flow: http.HTTPFlow) -> None:
        """Do nothing: no revocation list is served inside other people's host names."""


def _asked_for(conn_context: context.Context) -> str:
    client, server = conn_context.client, conn_context.server
    return client.sni or (server.address[0] if server.address else client.sockname[0])
