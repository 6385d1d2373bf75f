"""Whose key a request carries: class, keyed fingerprint, organisation, project. Never the key."""

import re
from collections.abc import Mapping
from typing import NamedTuple
from urllib.parse import parse_qsl

from core.fingerprint import Fingerprinter
from destinations.credentials import (
    KEY_CLASSES,
    KEY_HEADERS,
    organisation_in,
    project_in,
)

_KEY_NAMES = frozenset(KEY_HEADERS)
_CLASSES = {**KEY_CLASSES, "eyJ": "jwt"}
_PREFIX = re.compile("|".join(re.escape(prefix) for prefix in _CLASSES))
_KEY_PARAMETERS = frozenset({"key", "api_key", "api-key", "apikey"})
_AWS_KEY = re.compile(r"Credential=([A-Z0-9]{16,32})/")
_SESSION = re.compile(r"(?:^|;\s*)sessionKey=([^;]+)")


class Identity(NamedTuple):
    """Who calls, as far as the request tells."""

    fingerprint: str | None
    key_class: str | None
    organisation: str | None
    project: str | None


def credential(headers: Mapping[str, str], path: str) -> str | None:
    """Return the credential that the request carries, or None. Hold it briefly: it is a secret."""
    value = headers.get("authorization")
    if value:
        return _authorization(value)
    for name in () if _KEY_NAMES.isdisjoint(headers) else KEY_HEADERS:
        if headers.get(name):
            return headers[name].strip()
    if "key=" in path:
        for name, text in parse_qsl(path.partition("?")[2][:4096]):
            if name in _KEY_PARAMETERS and text:
                return text
    match = _SESSION.search(headers.get("cookie", ""))
    return match[1] if match else None


def _authorization(value: str) -> str | None:
    scheme, _, rest = value.partition(" ")
    if scheme.startswith("AWS4-HMAC"):
        match = _AWS_KEY.search(rest)
        return match[1] if match else None
    return (rest or scheme).strip() or None


def class_of(key: str, headers: Mapping[str, str]) -> str:
    """Return what class of credential this is, by its published prefix."""
    if headers.get("authorization", "").startswith("AWS4-HMAC"):
        return "aws-temporary" if key.startswith("ASIA") else "aws-access-key"
    match = _PREFIX.match(key)
    return _CLASSES[match[0]] if match else "api-key"


def identify(
    headers: Mapping[str, str], path: str, fingerprinter: Fingerprinter | None
) -> Identity:
    """Return the identity of the caller; without a fingerprinter the key's class only."""
    key = credential(headers, path)
    organisation, project = organisation_in(headers), project_in(headers)
    if key is None:
        return Identity(None, None, organisation, project)
    fingerprint = fingerprinter.of("secret", key) if fingerprinter else None
    return Identity(fingerprint, class_of(key, headers), organisation, project)
