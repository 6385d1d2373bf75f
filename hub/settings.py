"""The folder of a hub: its authority, the key that signs orders, and `hub.yaml`."""

import ipaddress
import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from io import StringIO
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from ruamel.yaml import YAML
from ruamel.yaml.error import YAMLError

from certs.files import PRIVATE_FILE, create_file, replace_file
from core.errors import InputError, SettingsError
from core.text import printable
from core.yaml_faults import NO_VALUE
from hub.authority import make_authority
from hub.desk_certificate import DeskCertificates, read_desk_certificates
from hub.groups import group_named
from hub.inspection import InspectionSettings, read_inspection
from hub.sign_in_settings import SignInSettings, read_roles, read_sign_in
from policy.yaml_places import BEGIN, no_such_value, not_utf8, place_in, refused_at

SETTINGS, POLICY_KEY, POLICY_PUBLIC = "hub.yaml", "policy.key", "policy.pub"
DATABASE_VARIABLE = "OUTGATE_HUB_DATABASE"
_KEY_BYTES = 32
_NAMES = frozenset(
    {
        *("database", "names", "listen", "sign_in", "own_certificates", "inspection"),
        "desk_certificates",
    }
)
_MOST_PORT = 65535


@dataclass(frozen=True, slots=True, kw_only=True)
class HubSettings:
    """What a hub needs to know."""

    folder: Path
    database: str = field(repr=False)
    """Address of the database; may hold a password."""
    names: tuple[str, ...]
    """By which endpoints reach it; they stand in its certificate."""
    listen: tuple[str, int]
    sign_in: SignInSettings | None = None
    """Who lets people in at the desk in a browser; None: whoever sits at the hub's machine."""

    own_authorities: Path | None = None
    """Of the organisation: who shows a certificate of theirs enrols without a token."""
    own_group: str | None = None
    """The group of endpoints that do; None: none do."""

    desk_certificates: DeskCertificates | None = None
    """Whose certificates let people in at a terminal; None: nobody's."""

    inspection: InspectionSettings | None = None
    """What machines are given to inspect with; None: nothing."""

    @property
    def authority_file(self) -> Path:
        """What endpoints are given with the installer."""
        return self.folder / "authority.pem"


def init(
    folder: Path, database: str, names: tuple[str, ...], listen: str, now: datetime
) -> HubSettings:
    """Make the folder of a hub; keys that are there stay. Raises SettingsError."""
    host, port = _listen(listen)
    for name in names:
        _refuse_no_name(name)
    try:
        make_authority(folder, now)
        create_file(folder / POLICY_KEY, os.urandom(_KEY_BYTES), PRIVATE_FILE)
        public = policy_public(folder)
        replace_file(folder / POLICY_PUBLIC, public.hex().encode() + b"\n", PRIVATE_FILE)
        out, yaml = StringIO(), YAML()
        value = _there(yaml, folder / SETTINGS)
        value |= {"database": database, "names": list(names), "listen": f"{host}:{port}"}
        yaml.dump(value, out)
        replace_file(folder / SETTINGS, out.getvalue().encode(), PRIVATE_FILE)
    except OSError as error:
        raise SettingsError(f"Cannot write in {folder}: {error.strerror}.") from None
    return load(folder)


def _there(yaml: YAML, path: Path) -> dict[str, Any]:
    """Return what the file says already: what `init` is not told stays, comments included."""
    if not path.exists():
        return {}
    try:
        value = yaml.load(path.read_text("utf-8"))
    except (YAMLError, *NO_VALUE):
        value = None
    if not isinstance(value, dict):
        raise SettingsError(
            f"{path} is there, and is no list of names with values.",
            remedy="Mend it, or move it away; nothing was changed in it.",
        )
    return value


def load(folder: Path, environment: Mapping[str, str] | None = None) -> HubSettings:
    """Return the settings of the hub in `folder`; the environment's address of the database wins.

    Raises SettingsError.
    """
    path = folder / SETTINGS
    text = ""
    try:
        text = path.read_text("utf-8")
        value = YAML(typ="safe").load(text)
    except OSError:
        raise SettingsError(
            f"There is no hub in {folder}.", remedy="outgate hub init makes one; --hub names it."
        ) from None
    except UnicodeDecodeError as error:
        line, column = not_utf8(error.object) or BEGIN
        raise SettingsError(
            f"{path}:{line}:{column}: this is not YAML.", remedy="Write it in UTF-8."
        ) from None
    except (YAMLError, *NO_VALUE) as error:
        if isinstance(error, YAMLError):
            line, column = refused_at(error, text)
        else:
            line, column = no_such_value(text)[0]
        raise SettingsError(
            f"{path}:{line}:{column}: this is not YAML.", remedy="Check indentation and quotes."
        ) from None
    if isinstance(value, dict) and (unknown := [name for name in value if name not in _NAMES]):
        line, column = place_in(text, (unknown[0],), at_key=True)
        raise SettingsError(
            f"{path}:{line}:{column}: {printable(str(unknown[0]), 40)} is no setting.",
            remedy="See docs/fleet.md.",
        )
    given = os.environ if environment is None else environment
    return _checked(folder, value, given.get(DATABASE_VARIABLE))


def _checked(folder: Path, value: Any, database: str | None) -> HubSettings:
    path = folder / SETTINGS
    if not isinstance(value, dict):
        raise SettingsError(f"{path} is no list of names with values.", remedy="See docs/fleet.md.")
    names, listen = value.get("names"), value.get("listen")
    database = database or value.get("database")
    if not isinstance(database, str) or not database:
        raise SettingsError(
            f"{path} names no database.", remedy=f"Write it there, or set {DATABASE_VARIABLE}."
        )
    if not isinstance(names, list) or not names or not all(isinstance(n, str) for n in names):
        raise SettingsError(
            f"{path}: names is a list of the names that endpoints reach the hub by.",
            remedy="See docs/fleet.md.",
        )
    for name in names:
        _refuse_no_name(name)
    signing = value.get("sign_in")
    inspection = value.get("inspection")
    own, own_group = _own(folder, value.get("own_certificates"))
    return HubSettings(
        folder=folder,
        database=database,
        names=tuple(names),
        listen=_listen(str(listen)),
        own_authorities=own,
        own_group=own_group,
        inspection=None if inspection is None else read_inspection(inspection, folder),
        sign_in=None if signing is None else read_sign_in(signing, folder),
        desk_certificates=_desk(folder, value.get("desk_certificates")),
    )


def _desk(folder: Path, value: Any) -> DeskCertificates | None:
    if value is None:
        return None
    told = value.get("roles") if isinstance(value, dict) else None
    return read_desk_certificates(value, folder, read_roles(told, "desk_certificates"))


def _own(folder: Path, value: Any) -> tuple[Path | None, str | None]:
    """Return file and group of `own_certificates`. Raises SettingsError."""
    if value is None:
        return None, None
    ca = value.get("ca") if isinstance(value, dict) else None
    group = value.get("group", "all") if isinstance(value, dict) else None
    known = isinstance(value, dict) and set(value) <= {"ca", "group"}
    if not known or not (isinstance(ca, str) and ca and isinstance(group, str)):
        raise SettingsError(
            f"{folder / SETTINGS}: own_certificates has `ca`, a file of PEM, and `group`.",
            remedy="See docs/fleet.md.",
        )
    try:
        return folder / ca, group_named(group)
    except (InputError, ValueError):
        raise SettingsError(
            f"{folder / SETTINGS}: own_certificates: that is no group.", remedy="See docs/fleet.md."
        ) from None


def _listen(text: str) -> tuple[str, int]:
    host, _, port = text.rpartition(":")
    if not host or not (port.isascii() and port.isdigit()) or int(port[:6]) > _MOST_PORT:
        raise SettingsError(
            "listen is not ADDRESS:PORT.", remedy="For example 0.0.0.0:8443, or 127.0.0.1:8443."
        )
    return host.strip("[]"), int(port)


def _refuse_no_name(name: str) -> None:
    try:
        ipaddress.ip_address(name)
    except ValueError:
        letters = set(name.lower()) <= set("abcdefghijklmnopqrstuvwxyz0123456789.-*")
        if not name or not letters or len(name) > 253 or name.startswith((".", "-")):
            raise SettingsError(
                "A name of the hub is no host name.", remedy="For example hub.corp.example."
            ) from None


def policy_key(folder: Path) -> Ed25519PrivateKey:
    """Return the organisation's key that signs orders. Raises SettingsError."""
    try:
        return Ed25519PrivateKey.from_private_bytes((folder / POLICY_KEY).read_bytes())
    except OSError:
        raise SettingsError(
            f"The key that signs orders is not in {folder}.",
            remedy="Where it is kept elsewhere, name it with --key.",
        ) from None
    except ValueError:
        raise SettingsError(
            f"{folder / POLICY_KEY} is damaged.", remedy="Restore it from a backup."
        ) from None


def policy_public(folder: Path) -> bytes:
    """Return the public key that endpoints check orders with. Raises SettingsError."""
    public = folder / POLICY_PUBLIC
    try:
        return bytes.fromhex(public.read_text("ascii").strip())
    except OSError:
        return policy_key(folder).public_key().public_bytes_raw()
    except ValueError:
        raise SettingsError(f"{public} is damaged.", remedy="Restore it from a backup.") from None
