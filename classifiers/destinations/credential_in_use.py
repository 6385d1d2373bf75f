"""Whose key a model call carries: its class and keyed fingerprint, organisation and project. Never the key itself."""

import re
from collections.abc import Mapping
from typing import NamedTuple
from urllib.parse import parse_qsl

from core.fingerprint import Fingerprinter

_CLASSES: dict[str, str] = {
    "sk-proj-": "project", "sk-svcacct-": "service-account", "sk-admin-": "admin", "sk-ant-api": "api-key",
    "sk-ant-oat": "oauth", "sk-ant-admin": "admin", "sk-ant-sid": "session", "sk-or-v1-": "api-key", "sk-": "legacy",
    "AIza": "api-key", "ya29.": "oauth", "ABSK": "bedrock-api-key", "bedrock-api-key-": "bedrock-api-key",
    "gsk_": "api-key", "xai-": "api-key", "hf_": "api-key", "r8_": "api-key", "pplx-": "api-key", "nvapi-": "api-key",
    "dapi": "api-key", "github_pat_": "personal-token", "ghp_": "personal-token", "gho_": "oauth", "ghu_": "oauth",
    "ghs_": "service-account", "eyJ": "jwt",
}  # fmt: skip
"""Published prefixes of keys, the longer before the shorter."""
_PREFIX = re.compile("|".join(re.escape(prefix) for prefix in _CLASSES))
_KEY_HEADERS = (
    "x-api-key",
    "api-key",
    "x-goog-api-key",
    "xi-api-key",
    "x-portkey-api-key",
    "ocp-apim-subscription-key",
)
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
        scheme, _, rest = value.partition(" ")
        if scheme.startswith("AWS4-HMAC"):
            match = _AWS_KEY.search(rest)
            return match[1] if match else None
        return (rest or scheme).strip() or None
    for name in _KEY_HEADERS:
        if headers.get(name):
            return headers[name].strip()
    if "key=" in path:
        for name, text in parse_qsl(path.partition("?")[2][:4096]):
            if name in {"key", "api_key", "api-key", "apikey"} and text:
                return text
    match = _SESSION.search(headers.get("cookie", ""))
    return match[1] if match else None


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
    organisation = headers.get("openai-organization") or headers.get("x-hf-bill-to")
    project = (
        headers.get("openai-project") or headers.get("anthropic-workspace-id") or headers.get("x-goog-user-project")
        or headers.get("x-dashscope-workspace")
    )  # fmt: skip
    if organisation is None:
        organisation = headers.get("chatgpt-account-id")
    if key is None:
        return Identity(None, None, organisation, project)
    fingerprint = fingerprinter.of("secret", key) if fingerprinter else None
    return Identity(fingerprint, class_of(key, headers), organisation, project)
