"""Rules of the long tail: the catalogue's definitions adapted from source files to what travels on
the wire.
"""

import re
from collections.abc import Iterable
from functools import lru_cache
from typing import Any

import hyperscan
import re2

from classifiers.credentials.engines.engine import compile_database, regex
from classifiers.credentials.rules.rule import Rule
from core.findings import Confidence
from destinations.credentials import ISSUERS

FORMAT = 6
"""Raise it whenever the adaptation changes, so that cached packs are made anew."""

_OPERATOR = r"(?:=|>|:{1,3}=|\|\||:|=>|\?=|,)"
_BEFORE = r"""[\s'"]{0,3}"""
_AFTER = r"""[\x60'"\s=]{0,5}"""
_WIRE_OPERATOR = (
    r"""(?:=|>|:{1,3}=|\|\||:|=>|\?=|,|\s(?:is|was)\s|\s{1,3}["']?value["']?\s{0,2}[:=])"""
)
_WIRE_BEFORE = r"""[\s'"\\\])]{0,6}"""
_WIRE_AFTER = r"""[\x60'"\s=\\(\[]{0,7}"""
_WIRE_END = r"(?:[^A-Za-z0-9_+/=-]|$)"
_SUFFIXES = (
    r"""(?:\\?['"\x60]|[\s;]|\\[nr]|$)""",
    r"""(?:[\x60'"\s;]|\\[nr]|$)""",
    r"""(?:[\x60'"\s;]|\\[nr]|$|\b)""",
    r"""(?:(?:\\?(?:["'`]))|(?:[\x09-\x0D\x20;])|(?:\\(?:[NRnr]))|\z))""",
    r"""(?:(?:\\?(?:["'`]))|(?:[\x09-\x0D\x20;])|(?:\\(?:[nr]))|\z))""",
)
"""How the catalogue's patterns end: quotes and line ends of source files, which the wire does not
have.
"""

_LEFT_OUT = frozenset(
    (
        "curl-auth-header curl-auth-user hashicorp-tf-password posthog-project-api-key"
        " generic-credential-uri mongodb-connection-string private-key jwt jwt-base64"
        " gcp-service-account gcp-application-default-credentials kubernetes-secret-yaml"
        " aws-access-token aws-secret-access-key aws-session-token flutterwave-public-key"
        " mailgun-pub-key mapbox-api-token lob-pub-api-key devcycle-client-sdk-key"
        " devcycle-mobile-sdk-key nuget-config-password langfuse-public-key"
        " sidekiq-sensitive-url"
    ).split()
)
"""Covered by our own rules, bound to kinds of files, or public by design."""
_COVERED = frozenset(
    (
        "npmjsaccesstoken sendgrid openrouter postmanapikey grokxaiapikey digitaloceanapikey"
        " herokuplatformkey slackappconfigaccesstoken slackappconfigrefreshtoken"
        " slackappleveltoken github-app-token github-oauth github-refresh-token"
        " github-fine-grained-pat npm-access-token digitalocean-access-token digitalocean-pat"
        " digitalocean-refresh-token huggingface-access-token"
        " huggingface-organization-api-token stripe-access-token sendgrid-api-token"
        " slack-bot-token slack-user-token slack-app-token gcp-api-key"
        " grafana-service-account-token databricks-api-token replicate-api-token gitlab-pat"
        " pypi-upload-token anthropic-admin-api-key groq-api-key github-pat twilio-api-key"
        " linear-api-key sendinblue-api-token openai-api-key anthropic-api-key xai-api-key"
        " openrouter-api-key perplexity-api-key nvidia-api-key cerebras-api-key"
        " togetherai-api-key voyageai-api-key postman-api-token gitlab-pat-routable-versioned"
        " shopify-custom-access-token shopify-private-app-access-token shopify-shared-secret"
        " rubygems-api-token figma-personal-access-token gitlab-pat-routable"
        " shopify-access-token notion-api-token slack-webhook-url azure-ad-client-secret"
    ).split()
)
"""Our own rules find the same and more: running both would only cost time."""
_IDENTIFIER = re.compile(r"-(?:client-id|application-id|account-name|username)$")
_LONG_REPEAT = re.compile(r"\{(\d+),([1-9]\d{3,})\}")


def adapt(details: Iterable[dict[str, Any]]) -> tuple[list[Rule], list[str]]:
    """Return the rules for the wire that RE2 accepts, and the ids of those left out."""
    rules: list[Rule] = []
    left_out: list[str] = []
    for detail in details:
        rule = adapted(detail)
        if rule is None or not _compiles(rule.pattern):
            left_out.append(str(detail["id"]))
        else:
            rules.append(rule)
    names = {rule.name for rule in rules}
    alone = [rule.name for rule in rules if not names.issuperset(rule.requires)]
    return [rule for rule in rules if rule.name not in alone], left_out + alone


def adapted(detail: dict[str, Any]) -> Rule | None:
    """Return one definition as a rule for the wire, or None when it is not for us."""
    name = name_of(detail["id"])
    if name in _LEFT_OUT or name in _COVERED or detail["path"]:
        return None
    pattern, keyed = wire_pattern(detail["pattern"])
    entropy, excluded, stopwords = exceptions(detail["betterleaks_filter"])
    sure = detail["confidence"] == "high"
    contextual = keyed or "{0,32}?" in pattern or "{0,24}?" in pattern
    return Rule(
        name=name,
        pattern=pattern,
        group=int(detail["betterleaks_secret_group"] or 0) or 1,
        confidence=_confidence(sure, contextual),
        provider=provider_of_rule(name),
        min_entropy=max(entropy, float(detail["min_entropy"] or 0)),
        rank=1 if contextual else 2,
        requires=_companions(detail),
        visible=bool(detail["visible"]) and _IDENTIFIER.search(name) is None,
        excluded=("|".join(f"(?:{p})" for p in excluded),) if excluded else (),
        stopwords=stopwords,
        source="veles" if str(detail["id"]).startswith("veles") else "betterleaks",
    )


def _companions(detail: dict[str, Any]) -> tuple[str, ...]:
    """Return the rules that must have found something, too."""
    needed = (d for d in detail["depends_on_rule"] or () if not d.get("optional"))
    return tuple(name_of(d["rule_id"]) for d in needed)


def name_of(rule_id: str) -> str:
    """Return our kebab-case type for an id of the catalogue: `betterleaks.jwt.1` becomes `jwt`."""
    name = rule_id.removeprefix("betterleaks.").removeprefix("veles.secrets/")
    return re.sub(r"\.\d+$", "", name).replace(".", "-").replace("_", "-").lower()


def _confidence(sure: bool, contextual: bool) -> Confidence:
    if contextual:
        return Confidence.LIKELY if sure else Confidence.POSSIBLE
    return Confidence.CERTAIN if sure else Confidence.LIKELY


def provider_of_rule(name: str) -> str:
    """Return the provider that a rule is named after."""
    known = [p for p in ISSUERS if name.startswith((p + "-", p.replace("-", "") + "-"))]
    if known:
        return ISSUERS[max(known, key=len)]
    first = name.partition("-")[0]
    return "google" if first == "gcp" else first


def wire_pattern(pattern: str) -> tuple[str, bool]:
    """Return the pattern for the wire, and whether it needs a provider's name beside the value."""
    keyed = _OPERATOR in pattern
    pattern = pattern.replace(_BEFORE, _WIRE_BEFORE).replace(
        _OPERATOR + _AFTER, _WIRE_OPERATOR + _WIRE_AFTER
    )
    for suffix in _SUFFIXES:
        if pattern.endswith(suffix):
            tail = ")" if suffix.endswith("))") and suffix.count("(") < suffix.count(")") else ""
            pattern = pattern[: -len(suffix)] + _WIRE_END + tail
            break
    pattern = _LONG_REPEAT.sub(r"{\1,}", pattern)
    if not re.search(r"(?<!\\)\((?!\?)|\(\?P<", pattern):
        left = "" if pattern.startswith((r"\b", "(?:^")) else r"\b"
        right = "" if pattern.endswith((r"\b", r"|\z)", "|$)")) else r"(?:[^A-Za-z0-9]|$)"
        pattern = f"{left}({pattern}){right}"
    return pattern, keyed


def scannable(rules: list[Rule]) -> tuple[list[Rule], list[str]]:
    """Return the rules that Vectorscan compiles one by one, and the names of those that it
    refuses.
    """
    kept: list[Rule] = []
    refused: list[str] = []
    for rule in rules:
        try:
            compile_database([rule.pattern])
        except hyperscan.error:
            refused.append(rule.name)
        else:
            kept.append(rule)
    names = {rule.name for rule in kept}
    return [rule for rule in kept if names.issuperset(rule.requires)], refused


def exceptions(tree: Any) -> tuple[float, tuple[str, ...], tuple[str, ...]]:
    """Return what a filter tree excepts: least entropy, patterns, words. What we do not know is
    left out.
    """
    entropy, patterns, words = 0.0, list[str](), list[str]()
    for term in _alternatives(tree):
        callee = term.get("callee", {}).get("value")
        if term.get("kind") == "call" and _about_secret(term["arguments"][0]):
            values = [
                node["value"]
                for node in term["arguments"][1].get("nodes", ())
                if node.get("kind") == "string"
            ]
            patterns += values if callee == "matchesAny" else []
            words += [value.lower() for value in values] if callee == "containsAny" else []
        elif term.get("kind") == "binary" and term["operator"] in {"<", "<="}:
            left, right = term["left"], term["right"]
            if left.get("callee", {}).get("value") == "entropy" and right.get("kind") in {
                "float",
                "int",
                "integer",
            }:
                entropy = float(right["value"])
    return entropy, tuple(p for p in patterns if _compiles(p)), tuple(words)


def _alternatives(tree: Any) -> list[dict[str, Any]]:
    if not isinstance(tree, dict):
        return []
    if tree.get("kind") == "binary" and tree.get("operator") == "||":
        return _alternatives(tree["left"]) + _alternatives(tree["right"])
    return [tree]


def _about_secret(node: dict[str, Any]) -> bool:
    return node.get("kind") == "member" and node.get("property", {}).get("value") == "secret"


@lru_cache(maxsize=4096)
def _compiles(pattern: str) -> bool:
    try:
        regex(pattern)
    except (re2.error, UnicodeError):
        return False
    return True
