"""TLS towards clients: what is made once for a host, and what each connection gets."""

import contextlib
import ssl
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from cryptography.hazmat.primitives.serialization import Encoding
from mitmproxy import ctx
from mitmproxy.tls import TlsData
from OpenSSL import SSL

from certs.authority import open_authority
from certs.leaf import LeafMinter
from proxy import tls
from proxy.tls import GateTls


@pytest.fixture
def minter(tmp_path: Path) -> LeafMinter:
    return LeafMinter(open_authority(tmp_path / "authority"))


@pytest.fixture
def ours(minter: LeafMinter, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> GateTls:
    chain = tmp_path / "chain.pem"
    chain.write_bytes(b"".join(c.public_bytes(Encoding.PEM) for c in minter.authority.chain))
    monkeypatch.setattr(ctx, "options", SimpleNamespace(http2=True), raising=False)

    def mint(host: str) -> tuple[Any, Any]:
        leaf = minter.mint(host)
        return leaf.certificate, leaf.key

    return GateTls(mint, chain)


def connection(ours: GateTls, host: str) -> Any:
    """Return what the gate makes for a client that asked for this host."""
    client = SimpleNamespace(sni=host, alpn=None)
    server = SimpleNamespace(alpn=None, address=(host, 443))
    about = SimpleNamespace(client=client, server=server, layers=[])
    start = TlsData(conn=client, context=about)  # type: ignore[arg-type]
    ours.tls_start_client(start)
    return start.ssl_conn


def shaken(gate: Any, root: bytes, host: str, offers: list[str]) -> ssl.SSLObject:
    """Shake hands, in memory, with a client that trusts this root."""
    context = ssl.create_default_context(cadata=root.decode())
    context.set_alpn_protocols(offers)
    inbox, outbox = ssl.MemoryBIO(), ssl.MemoryBIO()
    client = context.wrap_bio(inbox, outbox, server_hostname=host)
    for _ in range(8):
        try:
            client.do_handshake()
            return client
        except ssl.SSLWantReadError:
            gate.bio_write(outbox.read())
            with contextlib.suppress(SSL.WantReadError):
                gate.do_handshake()
            inbox.write(gate.bio_read(65_536))
    raise AssertionError("no handshake")


def test_a_host_has_one_context_and_each_its_own(ours: GateTls, minter: LeafMinter) -> None:
    """The leaf that was read once serves the next client, with the chain and the protocol that
    this one offers; another host gets its own.
    """
    root = minter.authority.root_pem()
    for host, offers, chosen in (
        ("a.example", ["h2", "http/1.1"], "h2"),
        ("a.example", ["http/1.1"], "http/1.1"),
        ("b.example", [], None),
        ("192.0.2.7", ["ftp"], None),
    ):
        client = shaken(connection(ours, host), root, host, offers)
        assert client.selected_alpn_protocol() == chosen
    first, second = connection(ours, "a.example"), connection(ours, "a.example")
    assert first.get_context() is second.get_context()
    assert connection(ours, "b.example").get_context() is not first.get_context()


def test_a_leaf_that_was_minted_anew_is_the_one_that_is_sent(
    ours: GateTls, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A context is kept as long as its leaf is, and no longer."""
    before = connection(ours, "a.example").get_context()
    other = LeafMinter(open_authority(ours._chain_file.parent / "authority")).mint("a.example")
    monkeypatch.setattr(ours, "_mint", lambda _: (other.certificate, other.key))
    assert connection(ours, "a.example").get_context() is not before


def test_not_more_contexts_are_kept_than_are_of_use(
    ours: GateTls, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of many hosts those are kept that were asked for last."""
    monkeypatch.setattr(tls, "_KEPT", 2)
    first = connection(ours, "a.example").get_context()
    connection(ours, "b.example")
    assert connection(ours, "a.example").get_context() is first
    connection(ours, "c.example")
    assert connection(ours, "a.example").get_context() is first
    assert set(ours._contexts) == {"a.example", "c.example"}
