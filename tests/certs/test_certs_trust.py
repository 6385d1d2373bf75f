"""Trust: every client is sent through the gate and trusts it, and keeps trusting what it trusted
before.
"""

import ssl
from pathlib import Path

import pytest
from certs_samples import make
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from certs.authority import open_authority
from certs.chain import Authority
from certs.client_environment import (
    client_environment,
)
from certs.matrix import CLIENTS, ProxyUse, past_the_gate
from certs.trust import (
    platform_roots,
    user_roots,
    write_bundle,
    write_more_stores,
    write_wgetrc,
)

GATE = "http://127.0.0.1:8080"


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return open_authority(tmp_path_factory.mktemp("ca"))


def roots_in(path: Path) -> set[bytes]:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.load_verify_locations(path)
    return set(context.get_ca_certs(binary_form=True))


def test_the_bundle_holds_platform_user_and_own_roots_once(
    authority: Authority, tmp_path: Path
) -> None:
    """Whatever a script trusted before, it still trusts, and the gate besides."""
    mine, other, third = make("Own root"), make("Folder root"), make("DER root")
    (tmp_path / "own.pem").write_bytes(b"# comment\n" + mine.key_pem() + mine.pem + mine.pem)
    (tmp_path / "roots").mkdir()
    (tmp_path / "roots" / "a.crt").write_bytes(other.pem)
    (tmp_path / "roots" / "b.der").write_bytes(third.certificate.public_bytes(Encoding.DER))
    (tmp_path / "roots" / "notes.txt").write_text("nothing")
    env = {
        "REQUESTS_CA_BUNDLE": str(tmp_path / "own.pem"),
        "PIP_CERT": str(tmp_path / "own.pem"),
        "SSL_CERT_DIR": str(tmp_path / "roots"),
    }
    bundle = write_bundle(tmp_path / "out" / "bundle.pem", authority, env)
    found = roots_in(bundle.path)
    expected = {c.certificate.public_bytes(Encoding.DER) for c in (mine, other, third)}
    assert expected | {authority.root_der()} | set(platform_roots()) == found
    assert bundle.warnings == ()
    assert len(set(platform_roots())) > 50
    content = bundle.path.read_bytes()
    assert content.count(b"BEGIN CERTIFICATE") == len(found)
    assert b"PRIVATE" not in content
    assert bundle.path.stat().st_mode & 0o444 == 0o444


def test_an_unusable_file_is_named_and_breaks_nothing(authority: Authority, tmp_path: Path) -> None:
    """One bad certificate does not cost a script all the others."""
    good = make("Good root")
    (tmp_path / "bad.pem").write_bytes(
        b"-----BEGIN CERTIFICATE-----\nTm90IGEgY2VydGlmaWNhdGU=\n-----END CERTIFICATE-----\n"
        + good.pem
    )
    env = {"SSL_CERT_FILE": str(tmp_path / "bad.pem"), "CURL_CA_BUNDLE": str(tmp_path / "none.pem")}
    bundle = write_bundle(tmp_path / "bundle.pem", authority, env)
    assert good.certificate.public_bytes(Encoding.DER) in roots_in(bundle.path)
    assert len(bundle.warnings) == 2
    assert "does not exist" in " ".join(bundle.warnings)


def test_a_run_inside_a_run_does_not_keep_an_old_authority(
    authority: Authority, tmp_path: Path
) -> None:
    """An authority that was replaced is trusted no longer."""
    path = tmp_path / "bundle.pem"
    old = open_authority(tmp_path / "old")
    write_bundle(path, old, {})
    write_bundle(path, authority, client_environment(GATE, path, {}))
    assert old.root_der() not in roots_in(path)
    before = path.stat().st_mtime_ns, path.stat().st_ino
    write_bundle(path, authority, {})
    assert (path.stat().st_mtime_ns, path.stat().st_ino) == before


def test_without_platform_roots_the_packaged_ones_serve(monkeypatch: pytest.MonkeyPatch) -> None:
    """A bare container still trusts the public web."""
    nowhere = ssl.get_default_verify_paths()._replace(
        openssl_cafile="/nowhere/f", openssl_capath="/nowhere/d"
    )
    monkeypatch.setattr("certs.trust.ssl.get_default_verify_paths", lambda: nowhere)
    monkeypatch.setattr("certs.trust.SYSTEM_BUNDLES", ())
    assert len(platform_roots()) > 50


def test_the_matrix_names_each_client_once_and_helps_where_it_must() -> None:
    """Whoever reads the doctor's table knows what to do about every client that goes past the
    gate.
    """
    assert len({c.name for c in CLIENTS}) == len(CLIENTS)
    assert all(c.remedy for c in past_the_gate())
    assert {c.name for c in CLIENTS if c.proxy is ProxyUse.LOWER_CASE_ONLY} == {"grpcio"}


def test_a_root_is_looked_at_once_wherever_it_stands(
    authority: Authority, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The system's roots stand in a folder by two names each and in a file: a gate's start would
    look at each of them five times.
    """
    root = make("Often root")
    for name in ("one.pem", "two.pem", "three.pem"):
        (tmp_path / name).write_bytes(root.pem)
    looked: list[bytes] = []
    der = root.certificate.public_bytes(Encoding.DER)
    load = x509.load_der_x509_certificate

    def loaded(content: bytes) -> x509.Certificate:
        looked.append(content)
        return load(content)

    monkeypatch.setattr(x509, "load_der_x509_certificate", loaded)
    named = {"SSL_CERT_DIR": str(tmp_path), "SSL_CERT_FILE": str(tmp_path / "one.pem")}
    assert user_roots(named, tmp_path / "bundle.pem") == [der] * 4
    assert looked.count(der) == 1


@pytest.mark.parametrize(("mode", "copied"), [(0o644, True), (0o640, False), (0o600, False)])
def test_settings_of_wget_that_are_closed_to_others_stay_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, mode: int, copied: bool
) -> None:
    """The machine's settings may hold passwords; what lies beside a bundle is read by everybody."""
    machine = tmp_path / "machine"
    machine.write_text("http_password = hunter2\n")
    machine.chmod(mode)
    monkeypatch.setattr("certs.trust._WGETRCS", (str(machine),))
    bundle = tmp_path / "bundle.pem"
    write_wgetrc(bundle)
    written = (tmp_path / "wgetrc").read_text()
    assert ("hunter2" in written) == copied
    assert written.endswith(f"ca_certificate = {bundle}\n")


def test_gates_that_begin_at_once_leave_each_other_the_files_they_are_writing(
    authority: Authority, tmp_path: Path
) -> None:
    """Of two first `outgate run` one did not start: its file was gone before it had its name."""
    bundle = write_bundle(tmp_path / "bundle.pem", authority, {})
    hashed = tmp_path / "roots"
    hashed.mkdir()
    (hashed / "0a1b2c3d.0").write_bytes(b"a former root")
    (hashed / ".5ea2c3af.0.staged").write_bytes(b"being written by another gate")
    write_more_stores(bundle, (authority.root,), hashed, tmp_path / "roots.jks")
    assert (hashed / ".5ea2c3af.0.staged").exists()
    assert not (hashed / "0a1b2c3d.0").exists()
    assert len(list(hashed.glob("*.0"))) == 1
