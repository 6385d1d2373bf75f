"""What requests and answers tell of accounts, and the readers that several services share."""

import base64
import binascii
import re
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple
from urllib.parse import parse_qs, unquote

import orjson

from core.classification import AccountKind
from core.exchange import Exchange

_MAX_FORM = 64 * 1024
_MAX_TOKEN = 32_768
_PROJECT = re.compile(r"/projects/([^/?]+)")
MAX_ID = 200
"""Longest account id that is kept, in characters."""

Json = Mapping[str, Any]


class Signal(NamedTuple):
    """What a request or an answer tells of the account.

    Evidence, not proof: no signature is checked.
    """

    id: str | None
    evidence: str
    personal: bool | None = None
    """True for a consumer's account, False for an organisation's, None when this does not tell."""
    domain: str | None = None
    """The organisation's domain, where the account is known by it."""
    also: str | None = None
    """A second id that makes the account the organisation's when it lists it, such as a bucket."""
    nature: AccountKind | None = None
    """What every account here is, whatever else is known: a consumer service's, or nobody's."""


class Request(NamedTuple):
    """What readers look at. Holds payload: never log it."""

    host: str
    path: str
    headers: Mapping[str, str]
    body: bytes

    def __repr__(self) -> str:
        return f"<Request {len(self.headers)} headers, {len(self.body)} bytes>"

    @property
    def bearer(self) -> str | None:
        """The bearer token, or None."""
        value = self.headers.get("authorization", "")
        return value[7:].strip() if value[:7].lower() == "bearer " else None


Reader = Callable[[Request], Signal | None]
"""Reads from one request whose account of a service it uses. Never raises, whatever the request."""

Learner = Callable[[Exchange, Json], Signal | None]
"""Reads from the JSON of a successful answer whose account the request used. Never raises."""


_CONSUMER = Signal(None, "host: consumer service", nature=AccountKind.PERSONAL)
_ANONYMOUS = Signal(None, "host: anonymous by nature", nature=AccountKind.ANONYMOUS)


def opaque(_request: Request) -> Signal | None:
    """Requests tell nothing: only answers, or the organisation's own list of keys, do."""
    return None


def consumer(_request: Request) -> Signal | None:
    """Every account of the service is a person's."""
    return _CONSUMER


def anonymous(_request: Request) -> Signal | None:
    """The service is used without an account."""
    return _ANONYMOUS


def host_label(request: Request) -> Signal | None:
    """The first label of the host is the account: `acme.zendesk.com`."""
    return Signal(first_label(request.host), "account in the host name")


def path_owner(request: Request) -> Signal | None:
    """The first segment of the path is the owner: `/acme/project`."""
    name = segment(request.path)
    return Signal(name, "owner in the path") if name and name != "api" else None


def path_project(request: Request) -> Signal | None:
    """The path names a project of the organisation's: `/projects/acme/…`."""
    match = _PROJECT.search(request.path)
    if match is None:
        return None
    return Signal(match[1][:MAX_ID], "project in the path", personal=False)


def first_label(host: str) -> str:
    """Return the first label of a host name."""
    return host.partition(".")[0]


def segment(path: str) -> str:
    """Return the first segment of a path, decoded; empty where there is none."""
    name = path.partition("?")[0].split("/", 2)[1:2]
    return unquote(name[0])[:MAX_ID] if name else ""


def claims(token: str) -> dict[str, Any] | None:
    """Return the claims of a JWT (unverified), or None when it is no JWT."""
    parts = token.split(".")
    if len(parts) != 3 or not token.startswith("eyJ") or len(token) > _MAX_TOKEN:
        return None
    try:
        found = orjson.loads(base64.urlsafe_b64decode(parts[1] + "=" * (-len(parts[1]) % 4)))
    except (binascii.Error, ValueError):
        return None
    return found if isinstance(found, dict) else None


def assertion(body: bytes) -> dict[str, Any] | None:
    """Return the claims of the JWT that an OAuth token request asserts, or None."""
    if b"assertion=" not in body[:_MAX_FORM]:
        return None
    form = parse_qs(body[:_MAX_FORM].decode("ascii", "replace"))
    return claims(form.get("assertion", [""])[0])


def text(body: Json, *keys: str) -> str | None:
    """Return the text at a path of keys, or None where there is none."""
    value: object = body
    for key in keys:
        value = value.get(key) if isinstance(value, dict) else None
    return value[:MAX_ID] if isinstance(value, str) and value else None
