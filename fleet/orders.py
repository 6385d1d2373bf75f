"""Orders: what travels back from the hub, signed by the organisation's own key: the policy, and
approvals of versions of scripts. An older version than the one that is followed is refused, so is
what the policy's language does not know; then the last good one stays in force.
"""

import contextlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType
from typing import Any, Protocol

import orjson
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from certs.files import PRIVATE_FILE, replace_file
from core.errors import InputError, OutgateError, SettingsError
from core.json_fields import Fields
from core.text import printable
from fleet.line import HubAwayError, HubRefusesError, Line
from fleet.orders_since import whole

SCHEMA = "outgate.orders/1"
POLICY, APPROVALS, RETENTION, SETTINGS = "policy", "approvals", "retention", "settings"
KINDS = (POLICY, APPROVALS, RETENTION, SETTINGS)
MOST_DAYS = 36_500
MOST_TROUBLE = 400
"""Letters of all that an endpoint says of orders that it cannot follow; the hub goes by the kind
and the version with which each begins.
"""
_SHA256_HEX, _MOST_NAME = 64, 200


class BadOrdersError(InputError):
    """Orders are none, or not signed by the organisation's key."""


def signed_text(body: bytes) -> bytes:
    """Return what is signed."""
    return SCHEMA.encode() + b"\n" + body


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """One order whose signature was checked."""

    kind: str
    version: int
    policy: str | None = None
    approvals: Mapping[str, bool] = MappingProxyType({})
    """SHA-256 of a script in hex → approved, or withdrawn."""
    said_by: Mapping[str, str] = MappingProxyType({})
    """SHA-256 of a script in hex → who said so last at the hub, harmless to show."""
    days: int | None = None
    """How long evidence is kept."""
    settings: str | None = None
    """YAML."""
    made_by: str = ""


NO_APPROVALS = Order(kind=APPROVALS, version=0)


def opened(value: object, public: bytes, kind: str) -> Order:
    """Return the order in an answer of the hub, or in a file. Raises BadOrdersError."""
    try:
        fields = Fields(value, "orders")
        body, signature = fields.text("body").encode(), bytes.fromhex(fields.text("signature"))
        Ed25519PublicKey.from_public_bytes(public).verify(signature, signed_text(body))
        order = _read(orjson.loads(body))
    except InvalidSignature:
        raise BadOrdersError("The orders are not signed by the organisation's key.") from None
    except ValueError:
        raise BadOrdersError("The orders of the hub cannot be read.") from None
    if order.kind != kind:
        raise BadOrdersError("The orders of the hub are of another kind than was asked for.")
    return order


def _read(value: object) -> Order:
    fields = Fields(value, "orders", frozenset({"policy", "approvals", "days", "settings"}))
    kind, version = fields.text("kind"), fields.whole("version")
    if fields.text("schema") != SCHEMA or kind not in KINDS or version < 1:
        raise ValueError("these are no orders that this version knows")
    if kind == POLICY:
        return Order(
            kind=kind,
            version=version,
            policy=fields.text("policy"),
            made_by=fields.text("made_by"),
        )
    if kind == RETENTION:
        days = fields.whole("days")
        if not 1 <= days <= MOST_DAYS:
            raise ValueError("no number of days")
        return Order(kind=kind, version=version, days=days, made_by=fields.text("made_by"))
    if kind == SETTINGS:
        text, by = fields.text("settings"), fields.text("made_by")
        return Order(kind=kind, version=version, settings=text, made_by=by)
    told, said_by = {}, {}
    for one in fields.many("approvals"):
        entry = Fields(one, "approval")
        sha256 = entry.text("sha256")
        if len(bytes.fromhex(sha256)) * 2 != _SHA256_HEX:
            raise ValueError("no hash")
        told[sha256] = entry.flag("approved")
        said_by[sha256] = printable(entry.text("who"), _MOST_NAME)
    by = fields.text("made_by")
    return Order(kind=kind, version=version, approvals=told, said_by=said_by, made_by=by)


@dataclass(frozen=True, slots=True, kw_only=True)
class Following:
    """What is followed."""

    versions: Mapping[str, int]
    trouble: str | None


NO_ORDERS = Following(versions=dict.fromkeys(KINDS, 0), trouble=None)


class Orders(Protocol):
    """Takes orders."""

    def following(self) -> Following:
        """Return what is followed now."""

    def take(self, line: Line, offered: Mapping[str, Any]) -> None:
        """Fetch and follow what is newer; what is wrong with it is told in `following`."""


@dataclass
class KeptOrders:
    """Orders kept in the folder of a membership, the policy put where the gate reads it."""

    folder: Path
    public: bytes
    policy_file: Path
    check: Callable[[bytes], None]
    """Raises SettingsError for what is no policy."""
    check_settings: Callable[[str], None] = lambda text: None
    """Raises SettingsError for what this version cannot read as settings."""
    _trouble: dict[str, str] = field(default_factory=dict)

    def following(self) -> Following:
        """Return what is followed now."""
        versions = {}
        for kind in KINDS:
            order = self.kept(kind)
            versions[kind] = 0 if order is None else order.version
        most = MOST_TROUBLE // max(1, len(self._trouble)) - len("; ")
        told = [printable(self._trouble[kind], most) for kind in sorted(self._trouble)]
        return Following(versions=versions, trouble="; ".join(told) or None)

    def kept(self, kind: str) -> Order | None:
        """Return the order of a kind that is followed; None where there is none."""
        try:
            value = orjson.loads(self._file(kind).read_bytes())
            return opened(value, self.public, kind)
        except (OSError, ValueError, BadOrdersError):
            return None

    def take(self, line: Line, offered: Mapping[str, Any]) -> None:
        """Fetch and follow what is newer. Raises HubAwayError, HubRefusesError."""
        for kind in KINDS:
            known = self.kept(kind)
            version = 0 if known is None else known.version
            told = offered.get(kind)
            if type(told) is not int or told <= version:
                self._trouble.pop(kind, None)  # it is not meant for this endpoint any more
                continue
            try:
                self._follow(kind, self._fetched(line, kind, version), version)
                self._trouble.pop(kind, None)
            except (HubAwayError, HubRefusesError):
                raise
            except (OutgateError, OSError) as error:
                self._trouble[kind] = f"{kind} {told}: {error}"
        self.put_back()

    def _fetched(self, line: Line, kind: str, have: int) -> Mapping[str, Any]:
        """Return orders as signed: of approvals, what was said since those that are kept, put to
        them; all where they do not fit.
        """
        if kind == APPROVALS and have:
            told = orjson.dumps({"kind": kind, "have": have})
            answer = line.send("/v1/orders", told).value
            if "since" not in answer:
                return answer
            body = whole(orjson.loads(self._file(kind).read_bytes())["body"], answer["since"])
            made = {"body": body, "signature": answer.get("signature")}
            with contextlib.suppress(BadOrdersError):
                opened(made, self.public, kind)
                return made
        return line.send("/v1/orders", orjson.dumps({"kind": kind})).value

    def _file(self, kind: str) -> Path:
        return self.folder / f"{kind}.orders"

    def _follow(self, kind: str, answer: Mapping[str, Any], version: int) -> None:
        order = opened(answer, self.public, kind)
        if order.version <= version:
            raise BadOrdersError("The orders are older than those that are followed.")
        if order.policy is not None:
            self.check(order.policy.encode())
        if order.settings is not None:
            self.check_settings(order.settings)
        kept = orjson.dumps({name: answer[name] for name in ("body", "signature")})
        replace_file(self._file(kind), kept, PRIVATE_FILE)

    def put_back(self) -> None:
        """Put the fleet's policy where the gate reads it, where something else stands there."""
        order = self.kept(POLICY)
        if order is None or order.policy is None:
            return
        content = order.policy.encode()
        try:
            there = self.policy_file.read_bytes() if self.policy_file.exists() else None
            if there == content:
                return
            before = self.policy_file.with_name(self.policy_file.name + ".before-fleet")
            if there is not None and not before.exists():
                replace_file(before, there, PRIVATE_FILE)
            replace_file(self.policy_file, content, PRIVATE_FILE)
        except OSError as error:
            raise SettingsError(
                f"The fleet's policy cannot be put in place: {error.strerror}."
            ) from None
