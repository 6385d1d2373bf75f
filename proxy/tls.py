"""TLS towards clients with our own leaves, towards servers with verified certificates."""

from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

from cryptography import x509
from mitmproxy import http
from mitmproxy.addons.tlsconfig import TlsConfig
from mitmproxy.certs import Cert
from mitmproxy.proxy import context


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


class GateTls(TlsConfig):
    """mitmproxy's TLS with Outgate's certificates; a leaf names the SNI and nothing else."""

    name = "tlsconfig"

    def __init__(self, mint: Mint, chain_file: Path) -> None:
        self._mint = mint
        self._chain_file = chain_file
        self.certstore = _NoStore()  # type: ignore[assignment]

    def running(self) -> None:
        """Do nothing: mitmproxy would create an authority of its own here."""

    def configure(self, updated: set[str]) -> None:
        """Do nothing: our options are fixed before the start."""

    def get_cert(self, conn_context: context.Context) -> MintedLeaf:  # type: ignore[override]
        """Mint (or take from the cache) the leaf for the host that the client asked for."""
        client, server = conn_context.client, conn_context.server
        host = client.sni or (server.address[0] if server.address else client.sockname[0])
        certificate, key = self._mint(host)
        return MintedLeaf(cert=Cert(certificate), privatekey=key, chain_file=self._chain_file)

    def request(self, flow: http.HTTPFlow) -> None:
        """Do nothing: no revocation list is served inside other people's host names."""
