"""The authority on the command line: asked for, imported, rotated, shown."""

import re
from pathlib import Path

import pytest
from certs_samples import answered, make
from cryptography import x509

from tests.scenarios.conftest import Outgate


def test_a_request_is_answered_and_imported(outgate: Outgate) -> None:
    """The organisation signs what this machine asks for, and each fingerprint that is shown is that
    of the certificate beside it.
    """
    request = outgate.folder / "endpoint.csr"
    done = outgate("authority", "csr", "--out", str(request), "--name", "Outgate pc-7")
    assert done.returncode == 0, done.stderr
    pem, _ = answered(x509.load_pem_x509_csr(request.read_bytes()))
    chain = outgate.folder / "chain.pem"
    chain.write_bytes(pem)
    done = outgate("authority", "import", "--chain", str(chain))
    assert done.returncode == 0, done.stderr
    told = re.findall(r"^(subject|root): +(.*)$", done.stdout, re.MULTILINE)
    prints = re.findall(r"^fingerprint: (.*)$", done.stdout, re.MULTILINE)
    own, root = x509.load_pem_x509_certificates(pem)
    assert [name for name, _ in told] == ["subject", "root"]
    assert prints == [_print(own), _print(root)]
    done = outgate("ca", "import", "--chain", str(chain))
    assert done.returncode == 2
    assert "no key of an earlier request" in done.stderr


def _print(certificate: x509.Certificate) -> str:
    from certs.chain import fingerprint

    return fingerprint(certificate)


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ((), "either --pkcs12, or --chain"),
        (("--chain", "a", "--pkcs12", "b"), "either --pkcs12, or --chain"),
        (("--key", "ROOTKEY", "--chain", "ROOT"), "is a root"),
        (("--pkcs12", "ROOT"), "cannot be read as PKCS#12"),
    ],
)
def test_what_cannot_be_imported_is_one_line(
    outgate: Outgate, given: tuple[str, ...], words: str
) -> None:
    """A root's own key, and what is no authority, is refused, and what was there stays."""
    root = make("Corp root", days=900)
    files = {"ROOT": outgate.folder / "root.pem", "ROOTKEY": outgate.folder / "root.key"}
    files["ROOT"].write_bytes(root.pem)
    files["ROOTKEY"].write_bytes(root.key_pem())
    before = outgate("ca", "show").stdout
    done = outgate("ca", "import", *[str(files.get(word, Path(word))) for word in given])
    assert done.returncode == 2
    assert words in done.stderr
    assert len(done.stderr.strip().splitlines()) == 1
    assert outgate("ca", "show").stdout == before


def test_a_rotation_has_two_steps(outgate: Outgate) -> None:
    """The next root is shown and exported before it signs; then it takes over."""
    first = outgate("ca", "show").stdout
    assert outgate("ca", "rotate", "--finish").returncode == 2
    done = outgate("ca", "rotate")
    assert done.returncode == 0, done.stderr
    assert outgate("ca", "show").stdout.startswith(first)
    exported = outgate.folder / "next.pem"
    assert outgate("ca", "export", "--next", "--out", str(exported)).returncode == 0
    following = x509.load_pem_x509_certificate(exported.read_bytes())
    assert _print(following) in done.stdout
    done = outgate("ca", "rotate", "--finish")
    assert done.returncode == 0, done.stderr
    assert _print(following) in outgate("ca", "show").stdout
    assert outgate("ca", "export", "--next", "--out", str(exported)).returncode == 2


def test_an_end_that_is_near_is_told(outgate: Outgate) -> None:
    """Whoever imports, shows, starts or examines hears of an authority that ends within a month."""
    root = make("Corp root", days=25)
    one = make("Corp endpoint", root, path_length=0, days=25)
    key, chain = outgate.folder / "key.pem", outgate.folder / "chain.pem"
    key.write_bytes(one.key_pem())
    chain.write_bytes(one.pem + root.pem)
    done = outgate("ca", "import", "--key", str(key), "--chain", str(chain))
    assert done.returncode == 0, done.stderr
    assert "The authority ends in" in done.stderr
    done = outgate.run("true")
    assert "The authority ends in" in done.stderr
