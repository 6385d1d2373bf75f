"""`sign_in` of `hub.yaml`: the organisation's directory (OpenID Connect) that lets people in at the
desk in a browser, and which of its groups has which role.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from core.errors import SettingsError
from core.rights import GROUP, Person, Rights, Role

_TEXTS = ("issuer", "client_id", "address", "listen", "name_claim", "groups_claim")
_FILES = ("client_secret_file", "ca", "certificate", "key")
_KNOWN = frozenset({*_TEXTS, *_FILES, "scopes", "roles"})
_NEEDED = ("issuer", "client_id", "address", "roles")
_HTTPS_PORT = 443


@dataclass(frozen=True, slots=True, kw_only=True)
class SignInSettings:
    """Who lets people in, and as what."""

    issuer: str
    """The directory, as it names itself in its tokens."""
    client_id: str
    """What the directory calls this desk."""
    address: str
    """Where browsers reach the desk: `https://HOST:PORT`, without a path."""
    listen: tuple[str, int]
    roles: Mapping[Role, Sequence[str]]
    """Groups of the directory that have a role."""
    scopes: Sequence[str] = ("openid", "profile")
    name_claim: str = "preferred_username"
    groups_claim: str = "groups"
    client_secret_file: Path | None = None
    """None: the directory knows the desk by PKCE alone."""
    ca: Path | None = None
    """Authorities that the directory's own certificate is checked with; None: the system's."""
    certificate: Path | None = None
    """PEM chain of the desk; None: the hub's own."""
    key: Path | None = None

    @property
    def host(self) -> str:
        """Host and port as browsers write them."""
        return urlsplit(self.address).netloc.removesuffix(f":{_HTTPS_PORT}")

    def rights(self) -> Rights:
        """Return who has which role, by groups of the directory alone."""
        return Rights(
            holders={role: tuple(GROUP + one for one in of) for role, of in self.roles.items()}
        )

    def person(self, name: str, groups: Sequence[str]) -> Person:
        """Return somebody of the directory, with those of the groups that have a role here."""
        named = {one for of in self.roles.values() for one in of}
        return Person(name=name, groups=frozenset(named.intersection(groups)))

    def client_secret(self) -> str | None:
        """Return the secret that the directory gave this desk. Raises SettingsError."""
        path = self.client_secret_file
        if path is None:
            return None
        try:
            secret = path.read_text("utf-8").strip()
        except (OSError, UnicodeDecodeError):
            secret = ""
        if not secret:
            raise SettingsError(
                f"sign_in: no secret can be read in {path}.", remedy="See docs/fleet.md."
            )
        return secret


def read_sign_in(value: Any, folder: Path) -> SignInSettings:
    """Return what `sign_in` says; paths are those below the hub's folder. Raises SettingsError."""
    if not isinstance(value, dict) or not all(isinstance(name, str) for name in value):
        raise _wrong("is a list of names with values")
    unknown = sorted(value.keys() - _KNOWN)
    if unknown:
        raise _wrong(f"{unknown[0][:40]} is no setting of it")
    lacking = [name for name in _NEEDED if not value.get(name)]
    if lacking:
        raise _wrong(f"{lacking[0]} is missing")
    _refuse_no_texts(value)
    if ("certificate" in value) is not ("key" in value):
        raise _wrong("certificate and key go together")
    texts = {name: value[name] for name in _TEXTS if name in value and name != "listen"}
    texts["address"] = _address(value["address"])
    if not is_https(value["issuer"]):
        raise _wrong("issuer is no address that begins with https://")
    return SignInSettings(
        **texts,
        **{name: folder / value[name] for name in _FILES if name in value},
        listen=_listen(value.get("listen"), texts["address"]),
        scopes=_scopes(value.get("scopes", ["openid", "profile"])),
        roles=read_roles(value["roles"], "sign_in"),
    )


def _refuse_no_texts(value: Mapping[str, Any]) -> None:
    for name in (*_TEXTS, *_FILES):
        given = value.get(name, "x")
        if not isinstance(given, str) or not given or not given.isprintable():
            raise _wrong(f"{name} is no text")


def is_https(address: object) -> bool:
    """Return whether this is an address of a web server under TLS, without a name or password."""
    if not isinstance(address, str) or not address.isprintable() or " " in address:
        return False
    try:
        parts = urlsplit(address)
        named = bool(parts.hostname) and (parts.port is None or parts.port > 0)
    except ValueError:
        return False
    return parts.scheme == "https" and named and "@" not in parts.netloc


def _address(text: str) -> str:
    bare = text.rstrip("/")
    if not is_https(bare) or urlsplit(bare)[2:] != ("", "", ""):
        raise _wrong("address is not https://HOST:PORT")
    parts = urlsplit(bare)
    return f"{parts.scheme}://{parts.netloc.lower()}"


def _listen(given: str | None, address: str) -> tuple[str, int]:
    port = urlsplit(address).port or _HTTPS_PORT
    if given is None:
        return "0.0.0.0", port  # noqa: S104 - browsers of the organisation reach it there
    host, _, number = given.rpartition(":")
    if not host or not (number.isascii() and number.isdigit()) or int(number[:6]) > 65535:
        raise _wrong("listen is not ADDRESS:PORT")
    return host.strip("[]"), int(number)


def _scopes(value: Any) -> tuple[str, ...]:
    texts = _texts(value, "scopes")
    if any(not one.isascii() or " " in one for one in texts):
        raise _wrong("a scope is one word")
    return tuple(dict.fromkeys(("openid", *texts)))


def read_roles(value: Any, setting: str) -> dict[Role, tuple[str, ...]]:
    """Return which groups have which role, as a setting of `hub.yaml` says it. Raises
    SettingsError.
    """
    if not isinstance(value, dict):
        raise _wrong("roles is a list of roles with groups", setting)
    roles = {}
    for name, groups in value.items():
        try:
            role = Role(str(name).replace("-", " "))
        except ValueError:
            known = ", ".join(Role)
            told = f"{str(name)[:40]} is no role; there are {known}"
            raise _wrong(told, setting) from None
        roles[role] = _texts(groups, f"roles: {role}", setting)
    return roles


def _texts(value: Any, name: str, setting: str = "sign_in") -> tuple[str, ...]:
    texts = [value] if isinstance(value, str) else value
    if not isinstance(texts, list) or not texts:
        raise _wrong(f"{name} is a list of texts", setting)
    if not all(isinstance(one, str) and one and one.isprintable() for one in texts):
        raise _wrong(f"{name} is a list of texts", setting)
    return tuple(texts)


def _wrong(what: str, setting: str = "sign_in") -> SettingsError:
    return SettingsError(f"{setting} of hub.yaml: {what}.", remedy="See docs/fleet.md.")
