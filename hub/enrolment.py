"""Who may speak: one-time tokens, enrolment, renewal, revocation, and who stands behind a
certificate.
"""

import hashlib
import secrets
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from cryptography import x509

from core.errors import InputError, OutgateError
from core.rights import Who, actor
from core.text import printable
from hub.authority import HubAuthority, Signed, speaker
from hub.database import Connection, Database
from hub.deeds import Word, chained
from hub.groups import group_named

TOKEN_LIFE = timedelta(minutes=15)
MOST_CERTIFIED = 20
"""Certificates of one endpoint in a day: it renews one when two thirds of its life are over."""
_CERTIFIED = "SELECT count(*) >= %s FROM certificates WHERE endpoint = %s AND made_at > %s"
_TOKEN_BYTES = 24
_USE = """UPDATE tokens SET used_at = %s
    WHERE hash = %s AND used_at IS NULL AND ends_at > %s RETURNING grouped"""
_MAKE = """INSERT INTO endpoints (id, name, grouped, version, enrolled_at, seen_at)
    VALUES (%s, %s, %s, %s, %s, %s) RETURNING number"""
_MAKE_AGAIN = """INSERT INTO endpoints (id, name, grouped, enrolled_at, seen_at)
    VALUES (%s, %s, %s, %s, %s) ON CONFLICT DO NOTHING"""
_CERTIFY = """INSERT INTO certificates (serial, endpoint, made_at, ends_at)
    VALUES (%s, %s, %s, %s) ON CONFLICT DO NOTHING"""
_WHO = """SELECT e.number, e.name, e.grouped, e.revoked_at IS NOT NULL
    FROM endpoints e JOIN certificates c ON c.endpoint = e.number
    WHERE c.serial = %s AND e.id = %s"""

_ONE_BY_ONE = "SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))"
_OWN = """SELECT e.number, e.id, e.revoked_at IS NOT NULL FROM own_certificates o
    JOIN endpoints e ON e.number = o.endpoint WHERE o.subject = %s"""
_OWNED = "INSERT INTO own_certificates (subject, endpoint, at) VALUES (%s, %s, %s)"


class NotAllowedError(OutgateError):
    """Whoever asks may not."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Endpoint:
    """Who speaks."""

    number: int
    id: str
    name: str
    grouped: str


@dataclass(frozen=True, slots=True)
class Enrolment:
    """Enrols endpoints in one database by one authority."""

    database: Database
    authority: HubAuthority
    clock: Callable[[], datetime]
    own_group: str | None = None
    """Group of endpoints that enrol by a certificate of the organisation's own; None: none do."""

    def token(self, grouped: str, life: timedelta = TOKEN_LIFE) -> str:
        """Return a new token for one endpoint of a group; only its hash is kept.

        Raises InputError.
        """
        token, now = secrets.token_urlsafe(_TOKEN_BYTES), self.clock()
        row = (_hash(token), group_named(grouped), now, now + life)
        with self.database.work() as connection:
            query = "INSERT INTO tokens (hash, grouped, made_at, ends_at) VALUES (%s, %s, %s, %s)"
            connection.execute(query, row)
        return token

    def enrol(self, token: str, request: bytes, name: str, version: str) -> tuple[str, Signed]:
        """Return the new endpoint's id and certificate. A token that was used, or is too old, or
        never was, is refused alike. Raises NotAllowedError, InputError.
        """
        now, id_ = self.clock(), str(uuid.uuid4())
        signed = self.authority.endpoint(request, id_, now)
        with self.database.work() as connection:
            row = connection.execute(_USE, (now, _hash(token), now)).fetchone()
            if row is None:
                raise NotAllowedError(
                    "The token is not valid (any more).",
                    remedy="Ask for another: outgate hub token.",
                )
            made = _make(connection, id_, name, row[0], version, now)
            connection.execute(_CERTIFY, (signed.serial, made, now, signed.ends_at))
            query = "UPDATE tokens SET endpoint = %s WHERE hash = %s"
            connection.execute(query, (made, _hash(token)))
        return id_, signed

    def enrol_by_own(
        self, certificate: bytes, request: bytes, name: str, version: str
    ) -> tuple[str, Signed]:
        """Return id and certificate of the endpoint that shows a certificate (DER) of the
        organisation's own, which TLS has checked. One endpoint for each name in such certificates:
        who was revoked does not come back by another one of that name. Raises NotAllowedError,
        InputError.
        """
        if self.own_group is None or self.authority.signed(certificate):
            raise NotAllowedError(
                "Without a token nobody enrols here by that certificate.",
                remedy="Ask for a token: outgate hub token.",
            )
        now, subject = self.clock(), _subject(certificate)
        with self.database.work() as connection:
            connection.execute(_ONE_BY_ONE, (subject,))
            row = connection.execute(_OWN, (subject,)).fetchone()
            if row is not None and row[2]:
                raise NotAllowedError("The endpoint of that certificate was revoked.")
            id_ = str(uuid.uuid4()) if row is None else str(row[1])
            signed = self.authority.endpoint(request, id_, now)
            if row is None:
                number = _make(connection, id_, name, self.own_group, version, now)
                connection.execute(_OWNED, (subject, number, now))
            else:
                number = int(row[0])
            self._certify(connection, signed, number, now)
        return id_, signed

    def renew(self, endpoint: Endpoint, request: bytes) -> Signed:
        """Return another certificate of the same endpoint. Raises InputError."""
        now = self.clock()
        signed = self.authority.endpoint(request, endpoint.id, now)
        with self.database.work() as connection:
            self._certify(connection, signed, endpoint.number, now)
        return signed

    def _certify(self, connection: Connection, signed: Signed, number: int, now: datetime) -> None:
        """Note a certificate of an endpoint that is there already."""
        told = (MOST_CERTIFIED, number, now - timedelta(days=1))
        row = connection.execute(_CERTIFIED, told).fetchone()
        if row is not None and row[0]:
            raise InputError("This endpoint was given too many certificates today.")
        connection.execute(_CERTIFY, (signed.serial, number, now, signed.ends_at))

    def named(self, certificate: bytes) -> tuple[str, str]:
        """Return the id of the endpoint that a certificate names which TLS has accepted, and its
        serial number; whether it is known here is not asked. Raises NotAllowedError.
        """
        try:
            id_, serial, ends_at = speaker(certificate)
            uuid.UUID(id_)
        except ValueError:
            raise NotAllowedError("The certificate is not one of an endpoint.") from None
        if ends_at < self.clock():  # on a connection that was opened while it was good
            raise NotAllowedError("The certificate ran out.", remedy="outgate fleet enrol --again")
        if self.own_group is not None and not self.authority.signed(certificate):
            raise NotAllowedError(
                "That certificate is good for enrolment alone.", remedy="outgate fleet enrol"
            )
        return id_, serial

    def who(self, certificate: bytes) -> Endpoint:
        """Return who stands behind a certificate that TLS has accepted. Raises NotAllowedError."""
        id_, serial = self.named(certificate)
        with self.database.at_once() as connection:
            row = connection.execute(_WHO, (serial, id_)).fetchone()
        if row is None:
            row = self._after_restoration(certificate, id_, serial)
        if row is None or row[3]:
            raise NotAllowedError("The endpoint was revoked, or is not known here.")
        return Endpoint(number=row[0], id=id_, name=row[1], grouped=row[2])

    def _after_restoration(
        self, certificate: bytes, id_: str, serial: str
    ) -> tuple[int, str, str, bool] | None:
        """Take a certificate of ours that a restored backup does not know, if it is of before then;
        so neither those who enrolled nor those who renewed since the backup are lost.
        """
        found = x509.load_der_x509_certificate(certificate)
        with self.database.work() as connection:
            row = connection.execute("SELECT max(at) FROM restorations").fetchone()
            if row is None or row[0] is None or found.not_valid_before_utc > row[0]:
                return None
            now = self.clock()
            connection.execute(_MAKE_AGAIN, (id_, f"restored-{id_[:8]}", "all", now, now))
            known = "SELECT number FROM endpoints WHERE id = %s"
            number = connection.execute(known, (id_,)).fetchone()
            if number is not None:
                ends = found.not_valid_after_utc
                connection.execute(_CERTIFY, (serial, number[0], found.not_valid_before_utc, ends))
            return connection.execute(_WHO, (serial, id_)).fetchone()


def restored(connection: Connection, who: Who, note: str, now: datetime) -> None:
    """Note that the database was restored from a backup by now."""
    query = "INSERT INTO restorations VALUES (%s, %s, %s) ON CONFLICT DO NOTHING"
    connection.execute(query, (now, printable(actor(who).name, 200), printable(note, 400)))
    chained(connection, Word.RESTORED, "database", who=who, note=note, now=now)


def revoke(connection: Connection, wanted: str, now: datetime) -> str:
    """Revoke an endpoint by its id, the beginning of it, or its name; return its name.

    Raises InputError.
    """
    number, name = found(connection, wanted)
    query = "UPDATE endpoints SET revoked_at = %s WHERE number = %s AND revoked_at IS NULL"
    connection.execute(query, (now, number))
    return name


def found(connection: Connection, wanted: str) -> tuple[int, str]:
    """Return the one endpoint with this id, beginning of an id, or name. Raises InputError."""
    query = (
        "SELECT number, name, id::text FROM endpoints WHERE name = %s OR starts_with(id::text, %s)"
    )
    rows = connection.execute(query, (wanted, wanted.lower())).fetchall()
    rows = [row for row in rows if row[2] == wanted.lower()] or rows  # others may be called so
    if not wanted or not rows:
        raise InputError("There is no such endpoint.", remedy="See: outgate hub endpoints")
    if len(rows) > 1:
        raise InputError(
            f"{len(rows)} endpoints are called so.",
            remedy="Name one by its id: outgate hub endpoints",
        )
    return rows[0][0], rows[0][1]


def _make(
    connection: Connection, id_: str, name: str, grouped: str, version: str, now: datetime
) -> int:
    told = (printable(name, 200) or "unnamed", grouped, printable(version, 40))
    made = connection.execute(_MAKE, (id_, *told, now, now)).fetchone()
    assert made is not None
    return int(made[0])


def _subject(certificate: bytes) -> str:
    """Return what stands for whom a certificate names, whichever authority says so. Raises
    NotAllowedError for nobody.
    """
    try:
        name = x509.load_der_x509_certificate(certificate).subject
        told = name.public_bytes() if len(name) else b""
    except ValueError:
        told = b""
    if not told:
        raise NotAllowedError("That certificate names nobody.")
    return hashlib.sha256(told).hexdigest()


def _hash(token: str) -> bytes:
    return hashlib.sha256(token.encode("utf-8", "replace")).digest()
