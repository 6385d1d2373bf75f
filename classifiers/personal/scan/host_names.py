"""E-mail and IP addresses: what stands around an `@`, and which addresses can belong to a
person.
"""

import ipaddress
import re

_LOCAL = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._%+'-~" + "".join(
    map(chr, range(0xC0, 0x100))
)
_MAX_LOCAL = 64
_DOMAIN = re.compile(
    r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?(?:\.[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?)+"
)
_NO_TLD_TEXT = """
js ts jsx tsx mjs cjs py pyc rb go rs java kt cs cpp hpp c h php pl lua sh bash ps1 bat png jpg
jpeg gif svg webp ico bmp css scss less html htm xml json yaml yml toml ini cfg conf txt md rst csv
tsv log lock sum mod zip gz tar bz2 xz whl egg jar exe dll so dylib pdf docx xlsx pptx local
internal lan corp intranet svc cluster localdomain home service socket timer target mount slice
scope proto sql db vue ejs wasm map min bundle async
"""
_NO_TLD = frozenset(_NO_TLD_TEXT.split())
_MACHINES = frozenset(
    {"git", "noreply", "no-reply", "donotreply", "do-not-reply", "mailer-daemon", "hg", "svn"}
)


def may_be_domain(text: str, at: int, end: int) -> bool:
    """False where the text behind the `@` at `at` has no ending that a domain can have: most of a
    hostile text.
    """
    dot = text.rfind(".", at, end)
    return dot > at and 2 < end - dot < 26


def email_around(
    text: str, begin: int, at: int, end: int
) -> tuple[int, int, str, str | None] | None:
    """Return (start, end, normal form, why not) of the address whose `@` is at `at`; None when
    there is no local part.
    """
    left = text[max(begin, at - _MAX_LOCAL - 1) : at]
    local = left[len(left.rstrip(_LOCAL)) :].lstrip(".'-~%")
    domain = text[at + 1 : end].lower()
    if not local:
        return None
    start = at - len(local)
    value = f"{local.lower()}@{domain}"
    return start, end, value, _why_not_email(local, domain, text[max(begin, start - 80) : start])


def _why_not_email(local: str, domain: str, before: str) -> str | None:
    tld = domain.rpartition(".")[2]
    if len(local) > _MAX_LOCAL or ".." in local or local.endswith("."):
        return "the part before @ is no mailbox"
    if len(domain) > 253 or not _DOMAIN.fullmatch(domain):
        return "no domain after @"
    if not (tld.isalpha() or tld.startswith("xn--")) or not 2 <= len(tld) <= 24 or tld in _NO_TLD:
        return "the domain has no known kind of ending"
    if local.lower() in _MACHINES:
        return "the mailbox of a machine"
    scheme = before.rfind("://")
    if scheme >= 0 and not any(c in before[scheme + 3 :] for c in " /?\n\t\"'<>,;"):
        return "user name inside a URL"
    return None


def public_ip(text: str) -> str | None:
    """Return the normal form of a public IP address, else None (private, reserved, documentation,
    resolver).
    """
    try:
        address = ipaddress.ip_address(text)
    except ValueError:
        return None
    if not address.is_global or address.is_multicast or str(address) in _RESOLVERS:
        return None
    return str(address)


_RESOLVERS = frozenset(
    {"8.8.8.8", "8.8.4.4", "1.1.1.1", "1.0.0.1", "9.9.9.9", "208.67.222.222", "208.67.220.220"}
)
