"""How an app that draws the fleet's desk in a browser knows for whom it acts: a ticket that the
server of the desk wrote, under a key of the hub's folder. A variable alone makes nobody anybody.
"""

import base64
import binascii
import hmac
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import orjson

from core.errors import ForbiddenError
from hub.council import key_of

KEY_FILE = "desk.key"
_STARTS_WITHIN = timedelta(minutes=1)
_MOST = 65_536


@dataclass(frozen=True, slots=True, kw_only=True)
class Ticket:
    """Somebody whom the directory let in."""

    name: str
    subject: str
    """Issuer and subject of the directory's token."""
    groups: tuple[str, ...]
    """Those that have a role here."""


def written(folder: Path, ticket: Ticket, now: datetime) -> str:
    """Return the text of a ticket for an app that starts within a minute. Raises SettingsError."""
    told = {"name": ticket.name, "subject": ticket.subject, "groups": ticket.groups}
    body = orjson.dumps({**told, "at": now.timestamp()})
    seal = hmac.digest(key_of(folder, KEY_FILE), body, "sha256")
    return base64.urlsafe_b64encode(seal + body).decode()


def read(folder: Path, text: str, now: datetime) -> Ticket:
    """Return a ticket. Raises ForbiddenError where it is none of this hub's, or was written some
    time ago; SettingsError.
    """
    try:
        data = base64.b64decode(text[:_MOST].encode("ascii"), b"-_", validate=True)
        seal, body = data[:32], data[32:]
        if not hmac.compare_digest(seal, hmac.digest(key_of(folder, KEY_FILE), body, "sha256")):
            raise ValueError("another's")
        value: Any = orjson.loads(body)
        if (
            not timedelta(seconds=-5)
            <= now - datetime.fromtimestamp(value["at"], now.tzinfo)
            <= (_STARTS_WITHIN)
        ):
            raise ValueError("old")
    except (ValueError, binascii.Error):
        raise ForbiddenError(
            "Nobody has signed in.", remedy="Open the address of the desk in a browser."
        ) from None
    return Ticket(name=value["name"], subject=value["subject"], groups=tuple(value["groups"]))
