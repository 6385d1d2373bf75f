"""The operating system's store of roots: where a root is laid, what makes the system take it up,
and which file holds all roots then.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from cryptography import x509
from cryptography.hazmat.primitives.hashes import SHA1, SHA256
from cryptography.hazmat.primitives.serialization import Encoding

from certs.placing.tree import Tree

_PREFIX = "outgate-"
_HEX = frozenset("0123456789abcdef")


@dataclass(frozen=True, slots=True, kw_only=True)
class FileStore:
    """A store that takes up what lies in a folder: as Linux distributions do."""

    name: str
    anchors: str
    suffix: str
    tool: tuple[str, ...]
    """The program, by its whole path, and its arguments."""
    bundle: str
    """All roots in one PEM file, made anew by the tool."""
    forgetting: tuple[str, ...] = ()
    """Arguments without which the tool leaves links to what is gone."""

    def is_here(self, tree: Tree) -> bool:
        """True where the system is laid out so."""
        return tree.is_folder(self.anchors) and (
            tree.is_file(self.tool[0]) or tree.is_file(self.bundle)
        )

    def path_of(self, root: x509.Certificate) -> str:
        """Return where this root is laid; its name says which it is."""
        return f"{self.anchors}/{_PREFIX}{root.fingerprint(SHA256()).hex()[:16]}{self.suffix}"

    def ours(self, tree: Tree) -> list[str]:
        """Return the roots that we laid there."""
        found = []
        for name in tree.names(self.anchors):
            middle = name.removeprefix(_PREFIX).removesuffix(self.suffix)
            if name == f"{_PREFIX}{middle}{self.suffix}" and len(middle) == 16:
                found += [f"{self.anchors}/{name}"] if set(middle) <= _HEX else []
        return found


_SUSE = FileStore(
    name="openSUSE",
    anchors="/etc/pki/trust/anchors",
    suffix=".pem",
    tool=("/usr/sbin/update-ca-certificates",),
    bundle="/var/lib/ca-certificates/ca-bundle.pem",
)
FILE_STORES = (
    FileStore(
        name="Fedora",
        anchors="/etc/pki/ca-trust/source/anchors",
        suffix=".pem",
        tool=("/usr/bin/update-ca-trust", "extract"),
        bundle="/etc/pki/ca-trust/extracted/pem/tls-ca-bundle.pem",
    ),
    FileStore(
        name="Arch",
        anchors="/etc/ca-certificates/trust-source/anchors",
        suffix=".crt",
        tool=("/usr/bin/update-ca-trust",),
        bundle="/etc/ca-certificates/extracted/tls-ca-bundle.pem",
    ),
    _SUSE,
    FileStore(
        name="Debian",
        anchors="/usr/local/share/ca-certificates",
        suffix=".crt",
        tool=("/usr/sbin/update-ca-certificates",),
        bundle="/etc/ssl/certs/ca-certificates.crt",
        forgetting=("--fresh",),
    ),
)
"""The more special layouts first: openSUSE's tool has Debian's name."""


def file_store(tree: Tree) -> FileStore | None:
    """Return the store of this system; None where its layout is none that we know."""
    return next((store for store in FILE_STORES if store.is_here(tree)), None)


class CommandStore(Protocol):
    """A store that only programs of the system change: macOS, Windows. Not run by us yet."""

    def add(self, file: str, *, machine: bool) -> Sequence[str]:
        """Return the command that adds the root in this file."""
        ...

    def take_out(self, root: x509.Certificate, *, machine: bool) -> Sequence[str]:
        """Return the command that takes the root out again."""
        ...


class MacStore:
    """The keychains of macOS. Written from Apple's manual; not run by us."""

    def add(self, file: str, *, machine: bool) -> Sequence[str]:
        """Return the command that adds the root in this file."""
        keychain: tuple[str, ...] = ("-k", "login.keychain-db")
        if machine:
            keychain = ("-d", "-k", "/Library/Keychains/System.keychain")
        return ("/usr/bin/security", "add-trusted-cert", *keychain, "-r", "trustRoot", file)

    def take_out(self, root: x509.Certificate, *, machine: bool) -> Sequence[str]:
        """Return the command that takes the root and its trust out again."""
        keychain = "/Library/Keychains/System.keychain" if machine else "login.keychain-db"
        return ("/usr/bin/security", "delete-certificate", "-Z", _sha1(root), "-t", keychain)


class WindowsStore:
    """The stores of Windows. Written from Microsoft's manual; not run by us."""

    def add(self, file: str, *, machine: bool) -> Sequence[str]:
        """Return the command that adds the root in this file."""
        return ("certutil", *(() if machine else ("-user",)), "-addstore", "-f", "Root", file)

    def take_out(self, root: x509.Certificate, *, machine: bool) -> Sequence[str]:
        """Return the command that takes the root out again."""
        user = () if machine else ("-user",)
        return ("certutil", *user, "-delstore", "Root", _sha1(root).lower())


COMMAND_STORES: dict[str, CommandStore] = {"darwin": MacStore(), "win32": WindowsStore()}
"""By `sys.platform`."""


def _sha1(root: x509.Certificate) -> str:
    return root.fingerprint(SHA1()).hex().upper()  # noqa: S303 - a name, not a proof


def pem(root: x509.Certificate) -> bytes:
    """Return the root as these stores take it."""
    return root.public_bytes(Encoding.PEM)
