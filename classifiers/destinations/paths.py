"""Makes a request path fit to be stored: no query values, no tokens, no e-mail addresses."""

import re
from urllib.parse import unquote

from core.discreet import PREFIXED, UUID, opaque, token_mark
from core.text import printable
from destinations.service import pattern

_MAX_PATH = 300
_MAX_SEGMENT = 120
_MAX_NAMES = 30
_EMAIL = re.compile(r"[A-Za-z0-9._%+-]{1,64}(?:@|%40)[A-Za-z0-9-]{1,63}(?:\.[A-Za-z0-9-]{1,63})+")
_NUMBER = re.compile(r"\+?\d[\d .()-]{7,}\d")
_NAME = re.compile(r"[A-Za-z][\w.\-\[\]$:]{0,39}")
_TELEGRAM = re.compile(r"(bot\d+):[\w-]{10,}")


def redact(path: str, hidden: str | None = None) -> str:
    """Return `path` with placeholders for what identifies or authorises: `{email}`, `{uuid}`,
    `{number}`, `{token}`.

    `hidden` is an expression whose first group is a secret in this service's paths. Query names
    stay, values become `…`.
    """
    base, _, query = path.partition("?")
    if hidden is not None and (match := pattern(hidden).search(base)):
        base = base[: match.start(1)] + "{token}" + base[match.end(1) :]
    if len(base) > 4096:
        base = base[:4096] + "…"
    redacted = "/".join(_segment(part) if len(part) > 8 else part for part in base.split("/"))
    if query:
        redacted += "?" + _query(query)
    return printable(redacted, _MAX_PATH)


def _query(query: str) -> str:
    names: dict[str, None] = {}
    for part in query[:8192].split("&")[:_MAX_NAMES]:
        name = part.partition("=")[0]
        fit = _NAME.fullmatch(name) and not opaque(name) and not _NUMBER.search(name)
        names[name if fit else "…"] = None
    return "&".join(f"{name}=…" if name != "…" else name for name in names)


def _segment(raw: str) -> str:
    if _is_word(raw):  # in none of the forms below
        return _word(raw)
    text = unquote(raw) if "%" in raw else raw
    if "@" in text:
        text = _EMAIL.sub("{email}", text)
    if UUID.search(text):
        text = UUID.sub("{uuid}", text)
    text = _TELEGRAM.sub(r"\1:{token}", text)
    text = PREFIXED.sub(token_mark, text)
    if _NUMBER.search(text):
        text = _NUMBER.sub(_number, text)
    if "{" not in text and (len(text) > _MAX_SEGMENT or opaque(text)):
        return "{token}"
    return " ".join(
        "{token}" if "{" not in word and opaque(word) else word for word in text.split(" ")
    ).replace("/", "%2F")


def _is_word(text: str) -> bool:
    """Return True for small letters alone."""
    return text.isalpha() and text.isascii() and text.islower()


def _word(word: str) -> str:
    return "{token}" if len(word) > _MAX_SEGMENT or opaque(word) else word


def _number(match: re.Match[str]) -> str:
    """Dates and versions have up to eight digits; longer numbers may name a person."""
    return "{number}" if sum(c.isdigit() for c in match[0]) >= 9 else match[0]
