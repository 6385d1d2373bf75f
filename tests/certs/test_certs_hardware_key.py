"""The authority's key in a token: it signs there, and never comes out (SoftHSM2 stands for one)."""

import os
import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from certs_samples import Made, answered, make, strict_handshake
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID

from app import doctor_checks
from app.cli import code_of
from app.home import Home
from app.settings import Settings
from certs.authority import AUTHORITY_FILE, import_hardware, open_authority
from certs.chain import key_usage
from certs.hardware_key import Place
from certs.leaf import LeafMinter
from core.errors import CertificateError

MODULE = next(
    (p for p in map(Path, ("/usr/lib/softhsm/libsofthsm2.so", "/usr/lib64/softhsm/libsofthsm2.so"))
     if p.is_file()),
    Path("/none"),
)  # fmt: skip
PIN = "481516"
needs_token = pytest.mark.skipif(
    shutil.which("softhsm2-util") is None or not MODULE.is_file(), reason="takes softhsm2"
)


@dataclass(frozen=True)
class Token:
    """A token with one key, and the chain that belongs to it."""

    folder: Path
    chain: bytes
    root: bytes

    def uri(self, *, pin: str = "pin", name: str = "outgate", key: str = "gate") -> str:
        module = f"module-path={MODULE}&pin-source={self.folder / pin}"
        return f"pkcs11:token={name};object={key}?{module}"

    @property
    def chain_file(self) -> Path:
        path = self.folder / "chain.pem"
        path.write_bytes(self.chain)
        return path


def _tool(*words: str) -> None:
    subprocess.run(["softhsm2-util", *words], check=True, capture_output=True)


def _rsa() -> tuple[bytes, bytes, bytes]:
    """Return a key, its chain and its root, PEM."""
    key = rsa.generate_private_key(65537, 2048)
    request = (
        x509.CertificateSigningRequestBuilder()
        .subject_name(x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "pc 7")]))
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(key_usage(sign_certificates=True), critical=True)
        .sign(key, hashes.SHA256())
    )
    pem = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    return pem, *answered(request)


@pytest.fixture(scope="module")
def token(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Token]:
    folder = tmp_path_factory.mktemp("token")
    (folder / "tokens").mkdir()
    (folder / "conf").write_text(f"directories.tokendir = {folder / 'tokens'}\n")
    before = os.environ.get("SOFTHSM2_CONF")
    os.environ["SOFTHSM2_CONF"] = str(folder / "conf")
    root = make("Corp root", days=900)
    own: Made = make("Outgate pc 7", root, path_length=0)
    _tool("--init-token", "--free", "--label", "outgate", "--so-pin", "0000", "--pin", PIN)
    for name, pem in (("gate", own.key_pem()), ("other", make("x").key_pem()), ("rsa", _rsa_pem())):
        (folder / name).write_bytes(pem)
        identity = {"gate": "a1", "other": "a2", "rsa": "a3"}[name]
        words = ("--token", "outgate", "--label", name, "--id", identity, "--pin", PIN)
        _tool("--import", str(folder / name), *words)
        (folder / name).unlink()
    for name, pin in (("pin", PIN), ("wrong", "999999"), ("open", PIN)):
        (folder / name).write_text(f"{pin}\n")
        (folder / name).chmod(0o644 if name == "open" else 0o600)
    yield Token(folder, own.pem + root.pem, root.pem)
    if before is None:
        del os.environ["SOFTHSM2_CONF"]
    else:
        os.environ["SOFTHSM2_CONF"] = before


RSA: list[tuple[bytes, bytes, bytes]] = []


def _rsa_pem() -> bytes:
    RSA[:] = [_rsa()]
    return RSA[0][0]


@needs_token
@pytest.mark.parametrize(
    ("changed", "words"),
    [
        ({"pin": "wrong"}, "the PIN is wrong"),
        ({"pin": "none"}, "cannot be read: No such file"),
        ({"pin": "open"}, "read"),
        ({"name": "elsewhere"}, "there is no such token"),
        ({"key": "missing"}, "the token has no such private key"),
        ({"key": "other"}, "does not belong to the first certificate"),
    ],
)
def test_what_is_wrong_is_said(
    token: Token, tmp_path: Path, changed: dict[str, str], words: str
) -> None:
    """Each fault has its sentence, without the PIN, and the authority that was there stays."""
    before = open_authority(tmp_path / "authority").facts()
    with pytest.raises(CertificateError, match=words) as caught:
        import_hardware(
            tmp_path / "authority", uri=token.uri(**changed), chain_files=(token.chain_file,)
        )
    assert PIN not in f"{caught.value} {caught.value.remedy}"
    assert open_authority(tmp_path / "authority").facts() == before


@needs_token
@pytest.mark.parametrize("kind", ["elliptic", "rsa"])
def test_leaves_are_signed_in_the_token(token: Token, tmp_path: Path, kind: str) -> None:
    """Strict clients accept what it signs; neither key nor PIN lies on the disk."""
    uri, chain, root = token.uri(), token.chain_file, token.root
    if kind == "rsa":
        chain = tmp_path / "rsa.pem"
        chain.write_bytes(RSA[0][1])
        uri, root = token.uri(key="rsa"), RSA[0][2]
    import_hardware(tmp_path / "authority", uri=uri, chain_files=(chain,))

    kept = (tmp_path / "authority" / AUTHORITY_FILE).read_text()
    assert "PRIVATE" not in kept and PIN not in kept
    authority = open_authority(tmp_path / "authority")
    assert authority.facts().key_place == "in the token “outgate” (libsofthsm2.so)"
    strict_handshake(LeafMinter(authority).mint("api.example.com"), root, tmp_path)
    with pytest.raises(CertificateError, match="cannot be taken out"):
        authority.key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())


@needs_token
def test_the_commands_name_the_token(
    token: Token,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """Import, show and doctor say where the key is; an import that fails ends with 2 and one
    line.
    """
    monkeypatch.setenv("OUTGATE_HOME", str(tmp_path / "home"))
    chain = ["ca", "import", "--chain", str(token.chain_file)]
    assert code_of([*chain, "--pkcs11", token.uri(key="missing")]) == 2
    assert code_of([*chain, "--pkcs11", token.uri(), "--key", "/x"]) == 2
    assert capsys.readouterr().err.count("\n") == 2
    assert code_of([*chain, "--pkcs11", token.uri()]) == 0
    assert "key:         in the token “outgate”" in capsys.readouterr().out
    [told, *_] = doctor_checks._authority(Home(tmp_path / "home"), Settings())
    assert "its key in the token “outgate”" in told.words


@pytest.mark.parametrize(
    ("uri", "words"),
    [
        ("pkcs11:", "module-path is missing"),
        ("pkcs11:object=x", "module-path is missing"),
        ("pkcs11:token=x?module-path=/m", "object"),
        ("pkcs11:object=x?module-path=/m&pin-value=123456", "PIN in the address"),
        ("pkcs11:object=x;slot-id=3?module-path=/m", "slot-id means nothing"),
        ("pkcs11:object=x;object=y?module-path=/m", "two"),
        ("pkcs11:object?module-path=/m", "no value"),
        ("pkcs11:object=é?module-path=/m", "percent"),
        ("pkcs11:object=x?module-path=/m\n", "percent"),
        ("pkcs11:object=" + "x" * 3000, "too long"),
    ],
)
def test_an_address_that_means_nothing_is_refused(uri: str, words: str) -> None:
    """A fault in the address is named before anything is asked; a PIN in it is never told on."""
    with pytest.raises(CertificateError, match=words) as caught:
        Place.parse(uri)
    assert "123456" not in f"{caught.value} {caught.value.remedy}"


def test_an_address_is_read_as_it_is_written() -> None:
    """Percent signs stand for what they stand for; an id is bytes."""
    place = Place.parse("pkcs11:token=my%20token;id=%A1%00?module-path=/m&pin-source=file:/p")
    assert (place.token, place.identity, place.pin_file) == ("my token", b"\xa1\0", Path("/p"))


def test_without_a_module_it_is_said(tmp_path: Path) -> None:
    """The library of a token that is not installed is named, with what to do."""
    root = make("Corp root", days=900)
    chain = tmp_path / "chain.pem"
    chain.write_bytes(make("pc 7", root, path_length=0).pem + root.pem)
    uri = "pkcs11:object=x?module-path=/usr/lib/no-such-token.so"
    with pytest.raises(CertificateError, match="There is no PKCS#11 module"):
        import_hardware(tmp_path / "authority", uri=uri, chain_files=(chain,))
