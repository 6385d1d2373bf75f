"""The authority: made once, private, accepted by strict clients, and replaced only by a sound
one.
"""

import os
import subprocess
import sys
from datetime import timedelta
from pathlib import Path

import pytest
from certs_samples import CLIENT_ONLY, NOW, Made, make, strict_handshake
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec

from certs.authority import (
    AUTHORITY_FILE,
    import_authority,
    load_authority,
    open_authority,
    replace_authority,
)
from certs.leaf import LeafMinter
from core.errors import CertificateError


def test_first_use_makes_an_authority_that_strict_clients_accept(tmp_path: Path) -> None:
    """A fresh installation intercepts without any client complaining."""
    authority = open_authority(tmp_path / "ca")
    strict_handshake(LeafMinter(authority).mint("api.openai.com"), authority.root_pem(), tmp_path)


def test_second_use_finds_the_same_authority(tmp_path: Path) -> None:
    """Clients that trust the authority today trust it tomorrow."""
    first, second = open_authority(tmp_path), open_authority(tmp_path)
    assert first.facts() == second.facts()
    assert not first.facts().imported


@pytest.mark.skipif(os.name != "posix", reason="file modes are POSIX")
def test_the_key_is_for_its_owner_only(tmp_path: Path) -> None:
    """No other user of the machine can read the key that could intercept this one."""
    open_authority(tmp_path / "ca")
    assert (tmp_path / "ca").stat().st_mode & 0o777 == 0o700
    assert (tmp_path / "ca" / AUTHORITY_FILE).stat().st_mode & 0o777 == 0o600
    assert [p.name for p in (tmp_path / "ca").iterdir()] == [AUTHORITY_FILE]


@pytest.mark.skipif(os.name != "posix", reason="file modes are POSIX")
def test_a_key_that_others_can_read_is_refused(tmp_path: Path) -> None:
    """A key that was exposed is not used in silence."""
    open_authority(tmp_path)
    (tmp_path / AUTHORITY_FILE).chmod(0o644)
    with pytest.raises(CertificateError, match="other users"):
        load_authority(tmp_path)


def test_processes_that_start_at_once_share_one_authority(tmp_path: Path) -> None:
    """Two gates started together never leave clients trusting the wrong one."""
    program = (
        "import sys, pathlib; from certs.authority import open_authority; sys.stdin.read();"
        "print(open_authority(pathlib.Path(sys.argv[1])).facts().fingerprint_sha256)"
    )
    command = [sys.executable, "-c", program, str(tmp_path / "ca")]
    root = Path(__file__).parents[2]
    runs = [
        subprocess.Popen(
            command, cwd=root, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        for _ in range(4)
    ]
    for run in runs:
        assert run.stdin
        run.stdin.close()
    outcomes = {run.stdout.read() for run in runs if run.stdout}
    assert [run.wait() for run in runs] == [0] * 4
    assert len(outcomes) == 1


def test_nothing_shown_of_an_authority_holds_its_key(tmp_path: Path) -> None:
    """What is printed or logged of an authority is public."""
    authority = open_authority(tmp_path)
    assert (
        "PRIVATE" not in repr(authority) + repr(authority.facts()) + authority.chain_pem().decode()
    )
    assert "key" not in repr(authority)
    assert authority.root_der()[:1] == b"\x30"


def test_a_missing_broken_or_expired_authority_is_named(tmp_path: Path) -> None:
    """Whoever runs Outgate learns what is wrong and what to do."""
    with pytest.raises(CertificateError) as missing:
        load_authority(tmp_path)
    assert "outgate ca create" in missing.value.remedy
    open_authority(tmp_path)
    with pytest.raises(CertificateError, match="expired"):
        load_authority(tmp_path, clock=lambda: NOW + timedelta(days=6 * 365))
    (tmp_path / AUTHORITY_FILE).write_bytes(b"not a key")
    with pytest.raises(CertificateError, match="No private key"):
        load_authority(tmp_path)


def test_replacing_gives_another_root(tmp_path: Path) -> None:
    """After a theft the old authority is gone for good."""
    before = open_authority(tmp_path).facts()
    replaced = replace_authority(tmp_path).facts()
    assert before.fingerprint_sha256 != replaced.fingerprint_sha256
    assert before.subject != replaced.subject
    assert load_authority(tmp_path).facts() == replaced


def write(
    folder: Path, made: Made, *others: Made, passphrase: bytes | None = None
) -> tuple[Path, tuple[Path, ...]]:
    """Write a key, its certificate, and its issuers, as three files."""
    key, own, rest = folder / "key.pem", folder / "own.pem", folder / "rest.pem"
    key.write_bytes(made.key_pem(passphrase))
    own.write_bytes(made.pem)
    rest.write_bytes(b"".join(o.pem for o in others))
    return key, (own, rest)


@pytest.mark.parametrize("sha256_ski", [False, True])
def test_an_enterprise_intermediate_is_sent_with_its_whole_chain(
    tmp_path: Path, sha256_ski: bool
) -> None:
    """A company that distributes only its root gets no broken clients."""
    root = make("Example root")
    policy = make("Example policy authority", root, path_length=1)
    issuing = make("Example issuing authority", policy, path_length=0, sha256_ski=sha256_ski)
    key, chain = write(tmp_path, issuing, policy, root)
    import_authority(tmp_path / "ca", key_file=key, chain_files=chain)
    authority = open_authority(tmp_path / "ca")
    leaf = LeafMinter(authority).mint("graph.microsoft.com")
    assert leaf.certificates_pem().count(b"BEGIN CERTIFICATE") == 4
    assert authority.facts().imported
    strict_handshake(leaf, root.pem, tmp_path)


def test_an_encrypted_key_can_stay_encrypted(tmp_path: Path) -> None:
    """The company's key is in clear on the disk only when the company allows it."""
    passphrase = b"correct horse"
    root = make("Example root")
    issuing = make("Example issuing authority", root, path_length=0)
    key, chain = write(tmp_path, issuing, root, passphrase=passphrase)
    with pytest.raises(CertificateError, match="is encrypted"):
        import_authority(tmp_path / "ca", key_file=key, chain_files=chain)
    with pytest.raises(CertificateError, match="passphrase is wrong"):
        import_authority(tmp_path / "ca", key_file=key, chain_files=chain, passphrase=b"wrong")
    import_authority(
        tmp_path / "ca", key_file=key, chain_files=chain, passphrase=passphrase, keep_encrypted=True
    )
    assert b"ENCRYPTED" in (tmp_path / "ca" / AUTHORITY_FILE).read_bytes()
    with pytest.raises(CertificateError, match="is encrypted"):
        open_authority(tmp_path / "ca")
    assert open_authority(tmp_path / "ca", passphrase=passphrase).facts().imported
    import_authority(tmp_path / "ca", key_file=key, chain_files=chain, passphrase=passphrase)
    assert open_authority(tmp_path / "ca").facts().imported


ROOT = make("Example root")
FAULTY = {
    "no certificate authority": make("Faulty", ROOT, ca=False),
    "not marked critical": make("Faulty", ROOT, bc_critical=False),
    "no key usage": make("Faulty", ROOT, usage=False),
    "does not allow it to sign": make("Faulty", ROOT, can_sign=False),
    "no subject key identifier": make("Faulty", ROOT, ski=False),
    "no authority key identifier": make("Faulty", ROOT, aki=False),
    "its AKI is not": make("Faulty", ROOT, wrong_aki=True),
    "does not allow server certificates": make("Faulty", ROOT, purposes=CLIENT_ONLY),
    "1.2.3.4.5 is marked critical": make(
        "Faulty",
        ROOT,
        extra=((x509.UnrecognizedExtension(x509.ObjectIdentifier("1.2.3.4.5"), b"\5\0"), True),),
    ),
    "many TLS clients refuse": make("Faulty", ROOT, curve=ec.SECP256K1()),
    "expired on": make("Faulty", ROOT, start=NOW - timedelta(days=100)),
    "valid only from": make("Faulty", ROOT, start=NOW + timedelta(days=1)),
}


@pytest.mark.parametrize(("words", "faulty"), FAULTY.items(), ids=list(FAULTY))
def test_a_faulty_intermediate_is_refused_in_words(
    tmp_path: Path, words: str, faulty: Made
) -> None:
    """A fault shows at import, before hundreds of analysts see TLS errors."""
    key, chain = write(tmp_path, faulty, ROOT)
    with pytest.raises(CertificateError, match=words) as refusal:
        import_authority(tmp_path / "ca", key_file=key, chain_files=chain)
    assert refusal.value.remedy
    assert not (tmp_path / "ca").exists()


CONSTRAINED = x509.NameConstraints([x509.DNSName("example.com")], None)


@pytest.mark.parametrize(
    ("root", "own"),
    [
        (None, None),
        (ec.SECP256K1(), None),
        (ec.SECP384R1(), ec.SECP521R1()),
        (ec.SECP521R1(), ec.SECP384R1()),
        (ec.BrainpoolP256R1(), None),
        (None, ec.SECP192R1()),
        (None, ec.SECP224R1()),
    ],
)
@pytest.mark.parametrize(
    "extra",
    [
        (),
        ((CONSTRAINED, True),),
        ((x509.InhibitAnyPolicy(0), True),),
        ((x509.PolicyConstraints(2, None), True),),
        ((x509.SubjectAlternativeName([x509.DNSName("ca.example.com")]), True),),
        ((x509.OCSPNoCheck(), True),),
        ((x509.TLSFeature([x509.TLSFeatureType.status_request]), True),),
        ((x509.UnrecognizedExtension(x509.ObjectIdentifier("1.3.6.1.4.1.1"), b"\5\0"), True),),
        ((x509.UnrecognizedExtension(x509.ObjectIdentifier("1.3.6.1.4.1.1"), b"\5\0"), False),),
    ],
)
def test_what_is_imported_strict_clients_accept(
    tmp_path: Path,
    root: ec.EllipticCurve | None,
    own: ec.EllipticCurve | None,
    extra: tuple[tuple[x509.ExtensionType, bool], ...],
) -> None:
    """Whatever a certificate service made: it is refused at import, or hands are shaken."""
    above = make("Example root", curve=root)
    issuing = make("Example issuing authority", above, path_length=0, curve=own, extra=extra)
    key, chain = write(tmp_path, issuing, above)
    try:
        import_authority(tmp_path / "ca", key_file=key, chain_files=chain)
    except CertificateError:
        assert root or own or extra
        return
    leaf = LeafMinter(open_authority(tmp_path / "ca")).mint("api.example.com")
    strict_handshake(leaf, above.pem, tmp_path)


def test_a_name_of_an_authority_is_shown_inert(tmp_path: Path) -> None:
    root = make("Ro\x1b[31mot\u202e\n2")
    key, chain = write(tmp_path, make("In\x1b]0;x\x07t\r\n", root, path_length=0), root)
    import_authority(tmp_path / "ca", key_file=key, chain_files=chain)
    facts = open_authority(tmp_path / "ca").facts()
    assert all(one.isprintable() for one in (facts.subject, *facts.chain))


def test_chains_that_do_not_hold_together_are_refused(tmp_path: Path) -> None:
    """A chain with a gap, in the wrong order, or with another's key is never sent to clients."""
    policy = make("Example policy authority", ROOT, path_length=1)
    issuing = make("Example issuing authority", policy, path_length=0)
    too_short = make("Example shallow authority", ROOT, path_length=0)
    below = make("Example deep authority", too_short)
    twin = make("Example root")
    cases = (
        (issuing, (policy,), "incomplete: the issuer of"),
        (issuing, (ROOT,), "out of order or incomplete"),
        (issuing, (ROOT, policy), "out of order or incomplete"),
        (policy, (twin,), "did not sign"),
        (below, (too_short, ROOT), "path length"),
    )
    for made, others, words in cases:
        key, chain = write(tmp_path, made, *others)
        with pytest.raises(CertificateError, match=words):
            import_authority(tmp_path / "ca", key_file=key, chain_files=chain)
    key, (own, rest) = write(tmp_path, issuing, policy, ROOT)
    with pytest.raises(CertificateError, match="out of order"):
        import_authority(tmp_path / "ca", key_file=key, chain_files=(rest, own))
    key.write_bytes(twin.key_pem())
    with pytest.raises(CertificateError, match="does not belong"):
        import_authority(tmp_path / "ca", key_file=key, chain_files=(own, rest))
    with pytest.raises(CertificateError, match="cannot be read"):
        import_authority(tmp_path / "ca", key_file=tmp_path / "none.pem", chain_files=(own,))


def test_an_empty_passphrase_is_none(tmp_path: Path) -> None:
    """A file without a passphrase opens no key, and says that one is needed."""
    root = make("Example root")
    own = make("Example intermediate", root)
    key, chain = write(tmp_path, own, root, passphrase=b"long and secret")
    with pytest.raises(CertificateError, match="is encrypted") as told:
        import_authority(tmp_path / "ca", key_file=key, chain_files=chain, passphrase=b"")
    assert "--passphrase-file" in told.value.remedy
    key.write_bytes(own.key_pem())
    import_authority(tmp_path / "ca", key_file=key, chain_files=chain, passphrase=b"")


def test_a_chain_that_cannot_be_read_is_named_itself(tmp_path: Path) -> None:
    """Not the key, which is in order."""
    own = make("Example intermediate", make("Example root"))
    key, _ = write(tmp_path, own)
    broken = tmp_path / "broken.pem"
    broken.write_bytes(b"no certificate")
    with pytest.raises(CertificateError, match=r"broken\.pem: no readable certificate"):
        import_authority(tmp_path / "ca", key_file=key, chain_files=(broken,))


def test_a_root_that_is_there_twice_is_one(tmp_path: Path) -> None:
    """As where each of the files ends with it; its path length counts authorities, not copies."""
    root = make("Example root", path_length=1)
    own = make("Example intermediate", root, path_length=0)
    key, chain = write(tmp_path, own, root, root)
    made = import_authority(tmp_path / "ca", key_file=key, chain_files=chain)
    assert len(made.chain) == 2
