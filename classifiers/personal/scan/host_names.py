"""E-mail and IP addresses: what stands around an `@`, and which addresses can belong to a
person.
"""

import ipaddress
import re

from classifiers.personal.scan import suffixes

_LOCAL = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._%+'-~" + "".join(
    map(chr, range(0xC0, 0x100))
)
_MAX_LOCAL = 64
_DOMAIN = re.compile(
    r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?(?:\.[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?)+"
)
_FILE_ENDINGS_TEXT = """
java map md pl py rs sh so target zip mov app ps cc tel cab
"""
_FILE_ENDINGS = frozenset(_FILE_ENDINGS_TEXT.split())
"""Suffixes of domains that files end with as well: more is asked of what stands around them."""
INTERNAL_ENDING = "the domain is one of an organisation's own network"
_EXAMPLE_ENDINGS = frozenset("example test invalid localhost".split())
_MACHINES = frozenset(
    {"git", "noreply", "no-reply", "donotreply", "do-not-reply", "mailer-daemon", "hg", "svn"}
)


def may_be_domain(text: str, at: int, end: int) -> bool:
    """False where the text behind the `@` at `at` has no ending that a domain can have: most of a
    hostile text.
    """
    dot = text.rfind(".", at, end)
    return dot > at and 2 < end - dot < 30


def email_around(
    text: str, begin: int, at: int, end: int
) -> tuple[int, int, str, str | None] | None:
    """Return (start, end, normal form, why not) of the address whose `@` is at `at`; None when
    there is no local part.
    """
    left = text[max(begin, at - _MAX_LOCAL - 1) : at]
    local = left[len(left.rstrip(_LOCAL)) :].lstrip(".'-~%")
    if not local:
        return None
    end = _end_of_domain(text, at, end)
    spelled = text[at + 1 : end].lower()
    domain = spelled if spelled.isascii() else suffixes.ascii_form(spelled)
    start = at - len(local)
    value = f"{local.lower()}@{domain or spelled}"
    around = text[max(begin, start - 80) : start], text[end : end + 2]
    return start, end, value, _why_not_email(local, domain or "", *around)


def _end_of_domain(text: str, at: int, end: int) -> int:
    """Return where the domain ends: the one pass takes letters that it cannot tell apart, and
    signs that only stand for them.
    """
    if text.find("?", at, end) >= 0:
        end = text.index("?", at, end)
    while end > at and not text[end - 1].isalnum():
        end -= 1
    return end


def _why_not_email(local: str, domain: str, before: str, behind: str) -> str | None:
    tld = domain.rpartition(".")[2]
    if len(local) > _MAX_LOCAL or ".." in local or local.endswith("."):
        return "the part before @ is no mailbox"
    if len(domain) > 253 or not _DOMAIN.fullmatch(domain):
        return "no domain after @"
    if tld in suffixes.INTERNAL:
        return INTERNAL_ENDING
    if not suffixes.is_suffix(tld) and tld not in _EXAMPLE_ENDINGS:
        return "the domain has no known ending"
    if tld in _FILE_ENDINGS and _may_be_file(local, before, behind):
        return "a file or a package with a version"
    if local.lower() in _MACHINES:
        return "the mailbox of a machine"
    scheme = before.rfind("://")
    if scheme >= 0 and not any(c in before[scheme + 3 :] for c in " /?\n\t\"'<>,;"):
        return "user name inside a URL"
    return None


def _may_be_file(local: str, before: str, behind: str) -> bool:
    if not local[0].isalpha() or before[-1:] in {"/", "\\", ".", "@", "-", "+"}:
        return True
    return behind[:1] in {"-", "/", "\\", "_"} or (behind[:1] == "." and behind[1:2].isalnum())


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
