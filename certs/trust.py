"""The bundle of roots that the variables of a client name, and its other forms."""

import os
import re
import ssl
import stat
import warnings
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from certs.chain import Authority
from certs.client_environment import BUNDLE_VARIABLES, wgetrc_beside
from certs.client_files import SYSTEM_BUNDLES
from certs.files import PUBLIC_FILE, replace_file
from certs.java_store import java_store

_FOLDER_VARIABLES = ("SSL_CERT_DIR", "GIT_SSL_CAPATH")

_WGETRCS = ("/etc/wgetrc", "/usr/local/etc/wgetrc")
_KEPT = 1024
_PEM = re.compile(rb"-----BEGIN CERTIFICATE-----[^-]*-----END CERTIFICATE-----")


@dataclass(frozen=True, slots=True, kw_only=True)
class Bundle:
    """What a written bundle holds."""

    path: Path
    warnings: tuple[str, ...] = ()
    """Files of the user's that could not be used, each in plain words."""


def write_bundle(
    path: Path,
    authority: Authority,
    base_env: Mapping[str, str],
    besides: Iterable[x509.Certificate] = (),
) -> Bundle:
    """Write the roots that clients trust: the platform's, the user's own, the authority's.

    `besides`: roots of ours that came before it, or are to come.

    The file is left alone when it would not change, so that running clients see no needless change.
    """
    platform = dict.fromkeys(platform_roots())
    faults: list[str] = []
    own = dict.fromkeys(_user_roots(base_env, path, faults))
    roots = {
        **dict.fromkeys(c.public_bytes(Encoding.DER) for c in (authority.root, *besides)),
        **platform,
        **own,
    }
    content = b"".join(ssl.DER_cert_to_PEM_cert(der).encode("ascii") for der in roots)
    if not (path.is_file() and path.read_bytes() == content):
        path.parent.mkdir(parents=True, exist_ok=True)
        replace_file(path, content, PUBLIC_FILE)
    write_wgetrc(path)
    return Bundle(path=path, warnings=tuple(faults))


def write_wgetrc(bundle: Path) -> None:
    """Lay the machine's settings for wget beside a bundle, with the bundle for its roots. A bundle
    whose path no line can hold gets none: wget then reads the machine's. Settings that are closed
    to others may hold a password, and are not copied into a file that everybody reads.
    """
    if not str(bundle.absolute()).isprintable():
        return
    machine = next((Path(name) for name in _WGETRCS if Path(name).is_file()), None)
    try:
        is_open = machine is not None and machine.stat().st_mode & stat.S_IROTH
        settings = machine.read_bytes().rstrip() + b"\n" if machine and is_open else b""
    except OSError:
        settings = b""
    content = settings + b"ca_certificate = " + os.fsencode(bundle.absolute()) + b"\n"
    target = wgetrc_beside(bundle)
    if not (target.is_file() and target.read_bytes() == content):
        replace_file(target, content, PUBLIC_FILE)


def user_roots(base_env: Mapping[str, str], bundle: Path) -> list[bytes]:
    """Return the roots that the user's own variables name, DER; not those of our bundle."""
    return list(_user_roots(base_env, bundle, []))


def platform_roots() -> list[bytes]:
    """Return the roots that this platform trusts, DER; those of certifi where it offers none."""
    if os.name == "nt":
        found = ssl.create_default_context().get_ca_certs(binary_form=True)
        if found:
            return found
    defaults = ssl.get_default_verify_paths()
    for file in (defaults.openssl_cafile, *SYSTEM_BUNDLES):
        if roots := _from_file(Path(file), []):
            return roots
    if roots := list(_from_folder(Path(defaults.openssl_capath), [])):
        return roots
    import certifi

    return _from_file(Path(certifi.where()), [])


def _user_roots(env: Mapping[str, str], bundle: Path, faults: list[str]) -> Iterator[bytes]:
    """Our own bundle is skipped, else a script run inside a run would keep authorities that are
    gone.
    """
    places = [env[name] for name in BUNDLE_VARIABLES if env.get(name)]
    places += [p for name in _FOLDER_VARIABLES for p in env.get(name, "").split(os.pathsep) if p]
    for place in map(Path, dict.fromkeys(places)):
        if place.is_dir():
            yield from _from_folder(place, faults)
        elif not place.exists():
            faults.append(f"{place} is named in a trust variable but does not exist")
        elif not (bundle.exists() and place.samefile(bundle)):
            yield from _from_file(place, faults)


def _from_folder(folder: Path, faults: list[str]) -> Iterator[bytes]:
    if not folder.is_dir():
        return
    for file in sorted(folder.iterdir()):
        if file.is_file():
            yield from _from_file(file, faults)


def _from_file(file: Path, faults: list[str]) -> list[bytes]:
    """Return the certificates in a PEM or DER file; keys and anything else in it are not read
    on.
    """
    try:
        content = file.read_bytes()
    except OSError as error:
        faults.append(f"{file} cannot be read: {error.strerror}")
        return []
    blocks = [match.group() for match in _PEM.finditer(content)]
    roots = [der for block in blocks if (der := _der(block)) is not None]
    if not blocks and content[:1] == b"\x30" and (der := _checked(content)) is not None:
        roots.append(der)
    if len(roots) < len(blocks):
        faults.append(f"{file}: {len(blocks) - len(roots)} of its certificates cannot be read")
    return roots


@lru_cache(maxsize=_KEPT)
def _der(block: bytes) -> bytes | None:
    """Kept: the same roots stand in a folder, by two names each, in a bundle, and in what is
    written of both.
    """
    try:
        return _checked(ssl.PEM_cert_to_DER_cert(block.decode("ascii")))
    except ValueError:
        return None


def _checked(der: bytes) -> bytes | None:
    """One broken certificate would make OpenSSL refuse the whole bundle."""
    with warnings.catch_warnings():
        # Some public roots have serial numbers that newer rules forbid; OpenSSL takes them.
        warnings.simplefilter("ignore")
        try:
            x509.load_der_x509_certificate(der)
        except ValueError:
            return None
    return der


def write_more_stores(
    bundle: Bundle, roots: Iterable[x509.Certificate], hashed: Path, java: Path
) -> None:
    """Write our roots as a folder of roots has them, and the bundle as Java does."""
    from OpenSSL import crypto

    hashed.mkdir(parents=True, exist_ok=True)
    named: dict[str, bytes] = {}
    for root in roots:
        digest = crypto.X509.from_cryptography(root).subject_name_hash()
        named[f"{digest:08x}.0"] = root.public_bytes(Encoding.PEM)
    for other in hashed.iterdir():
        # Another gate that begins now may be writing a file, or have removed this one.
        if other.name not in named and not other.name.startswith("."):
            other.unlink(missing_ok=True)
    for name, pem in named.items():
        replace_file(hashed / name, pem, PUBLIC_FILE)
    content = java_store(_from_file(bundle.path, []))
    if not (java.is_file() and java.read_bytes() == content):
        replace_file(java, content, PUBLIC_FILE)
