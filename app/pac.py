"""A proxy auto-configuration file (PAC), read once to propose the settings that say the same. Pure.

No JavaScript is run. What such files mostly are is read: conditions on the host's name or network,
one after the other, each with its answer. All else is named as not read, by its line.
"""

import ipaddress
from collections.abc import Sequence
from dataclasses import dataclass, field

from app.pac_words import Kind, Word, words
from destinations.networks import is_loopback

DIRECT = "direct"
_MOST_WORDS = 100_000
_DEEPEST = 40
_SCHEMES = {"PROXY": "http", "HTTP": "http", "HTTPS": "https"}
_SAME = frozenset({"==", "==="})
_UNREAD = "its condition is beyond what is read here"


@dataclass(slots=True)
class Proposal:
    """What the settings could say."""

    by_host: dict[str, str] = field(default_factory=dict)
    """Pattern of hosts → a proxy's URL, or `direct`, as in `upstream_proxies`."""
    default: str | None = None
    """For all other hosts; None where it could not be read."""
    unread: list[str] = field(default_factory=list)
    """What was not read, or cannot be said in settings: a sentence each, with its line."""

    def lines(self) -> list[str]:
        """Return the lines of the settings."""
        found = []
        if self.default not in {None, DIRECT}:
            found.append(f"upstream_proxy: {self.default}")
        rules = {host: to for host, to in self.by_host.items() if not _is_here(host)}
        if rules:
            found.append("upstream_proxies:")
            found += [f'  "{host}": {to}' for host, to in rules.items()]
        return found


@dataclass(frozen=True, slots=True)
class _Call:
    name: str
    arguments: tuple["_Value", ...]
    line: int


type _Value = str | _Call | Word | None
"""A text, a call, a name; None for what is not read."""


def read_pac(text: str) -> Proposal:
    """Return what a file says. Never raises: what is not read is told."""
    listed = []
    for word in words(text):
        listed.append(word)
        if len(listed) > _MOST_WORDS:
            return Proposal(unread=["it is too long to be read"])
    reader = _Reader(listed)
    return reader.proposal


class _Reader:
    """Goes through the function once, from its first word on."""

    def __init__(self, listed: Sequence[Word]) -> None:
        self.proposal = Proposal()
        self._words = listed
        self._at = 0
        self._texts: dict[str, str] = {}
        self._depth = 0
        if self._enter():
            self._statements()
            if self.proposal.default is None:
                self._tell(self._line(), "no answer for all other hosts was found")

    # words

    def _peek(self, further: int = 0) -> str:
        at = self._at + further
        if at >= len(self._words) or self._words[at].kind is Kind.TEXT:
            return ""
        return self._words[at].text

    def _line(self) -> int:
        return self._words[min(self._at, len(self._words) - 1)].line

    def _take(self, sign: str) -> bool:
        if self._peek() != sign:
            return False
        self._at += 1
        return True

    def _tell(self, line: int, what: str) -> None:
        self.proposal.unread.append(f"line {line}: {what}")

    def _enter(self) -> bool:
        """Go to the first word of the function; texts that are named before it are kept."""
        while self._at < len(self._words):
            if self._peek() == "function" and self._peek(1) == "FindProxyForURL":
                while self._at < len(self._words) and not self._take("{"):
                    self._at += 1
                return self._at < len(self._words)
            if not self._named_text():
                self._at += 1
        self.proposal.unread.append("there is no FindProxyForURL in it")
        return False

    # statements

    def _statements(self) -> bool:
        """Read to the end of a block; True when it has answered for all that is left."""
        while self._at < len(self._words) and not self._take("}"):
            if self._statement():
                self._skip_block()
                return True
        return False

    def _statement(self) -> bool:
        line = self._line()
        if self._take(";"):
            return False
        if self._take("if"):
            return self._if(line)
        if self._take("return"):
            self.proposal.default = self._answer(line)
            return True
        if not self._named_text():
            self._tell(line, "this statement is beyond what is read here")
            self._skip_statement()
        return False

    def _named_text(self) -> bool:
        """Take `var name = "text";`."""
        at = self._at
        if self._peek() in {"var", "let", "const"}:
            self._at += 1
        name = self._peek()
        self._at += 1
        if name and self._take("=") and isinstance(value := self._value(), str):
            self._texts[name] = value
            self._take(";")
            return True
        self._at = at
        return False

    def _if(self, line: int) -> bool:
        patterns, whole = self._condition()
        answer = self._branch()
        if answer is None or not whole:
            self._tell(line, _UNREAD if not whole else "its answer is beyond what is read here")
        if answer is not None:
            for pattern in patterns:
                self.proposal.by_host.setdefault(pattern, answer)
        # What follows `else` is what follows, for all hosts that have had no answer.
        return self._take("else") and self._take("{") and self._block(line)

    def _block(self, line: int) -> bool:
        """Read a block; one that lies too deep is passed over."""
        if self._depth >= _DEEPEST:
            self._tell(line, "what is in it lies too deep")
            self._skip_block()
            return False
        self._depth += 1
        try:
            return self._statements()
        finally:
            self._depth -= 1

    def _branch(self) -> str | None:
        """Return the answer that a branch is; None where it is more than that."""
        braced = self._take("{")
        line, answer = self._line(), None
        if self._take("return"):
            answer = self._answer(line)
            if braced and not self._take("}"):
                answer = None
                self._skip_block()
        elif braced:
            self._skip_block()
        else:
            self._skip_statement()
        return answer

    def _answer(self, line: int) -> str | None:
        value = self._value()
        self._take(";")
        if not isinstance(value, str):
            self._tell(line, "its answer is beyond what is read here")
            return None
        return self._proxy(line, value)

    def _proxy(self, line: int, value: str) -> str | None:
        choices = [choice.split() for choice in value.split(";") if choice.strip()]
        for at, choice in enumerate(choices):
            if (found := _usable(choice)) is not None:
                if at > 0:
                    self._tell(line, "what it names first cannot be used (HTTP only), the next is")
                if at + 1 < len(choices):
                    self._tell(line, f"what it names after {found} is not proposed")
                return found
        self._tell(line, "it names no proxy that can be used (HTTP only)")
        return None

    # conditions

    def _condition(self) -> tuple[list[str], bool]:
        """Return the patterns that a condition holds for, and whether that is all of it."""
        begin = self._at
        if not self._take("("):
            return [], False
        found: list[str] = []
        whole = True
        while True:
            atom = self._atom()
            whole &= atom is not None
            found += atom or []
            if not self._take("||"):
                break
        if self._take(")"):
            return found, whole
        # What is joined by `and` holds for less than its parts.
        self._at = begin
        self._skip_round()
        return [], False

    def _atom(self) -> list[str] | None:
        if self._peek() == "(":
            patterns, whole = self._nested()
            return patterns if whole else None
        value = self._value()
        if isinstance(value, _Call):
            return _patterns(value)
        if isinstance(value, Word) and value.text == "host" and self._peek() in _SAME:
            self._at += 1
            other = self._value()
            return [other.lower()] if isinstance(other, str) and _is_name(other) else None
        return None

    def _nested(self) -> tuple[list[str], bool]:
        if self._depth >= _DEEPEST:
            self._skip_round()
            return [], False
        self._depth += 1
        try:
            return self._condition()
        finally:
            self._depth -= 1

    def _value(self) -> _Value:
        """Return a text (with texts added to it), a call or a name."""
        first = self._single()
        while isinstance(first, str) and self._take("+"):
            more = self._single()
            first = first + more if isinstance(more, str) else None
        return first

    def _single(self) -> _Value:
        if self._at >= len(self._words):
            return None
        word = self._words[self._at]
        if word.kind is Kind.SIGN:
            return None
        self._at += 1
        if word.kind is Kind.TEXT:
            return word.text
        if self._peek() == "(":
            return _Call(word.text, self._arguments(), word.line)
        return self._texts.get(word.text, word)

    def _arguments(self) -> tuple[_Value, ...]:
        """Return what stands in the brackets of a call; nothing of what is not read to its end."""
        begin, found = self._at, list[_Value]()
        self._at += 1
        if self._depth < _DEEPEST:
            self._depth += 1
            while not self._take(")"):
                before = self._at
                found.append(self._value())
                self._take(",")
                if self._at == before:
                    break
            else:
                self._depth -= 1
                return tuple(found)
            self._depth -= 1
        self._at = begin
        self._skip_round()
        return ()

    # what is passed over

    def _skip_round(self) -> None:
        self._skip_pair("(", ")")

    def _skip_block(self) -> None:
        """Go behind the end of the block that this is in."""
        deep = 1
        while self._at < len(self._words) and deep:
            deep += {"{": 1, "}": -1}.get(self._peek(), 0)
            self._at += 1

    def _skip_pair(self, opens: str, closes: str) -> None:
        deep = 0
        while self._at < len(self._words):
            deep += {opens: 1, closes: -1}.get(self._peek(), 0)
            self._at += 1
            if deep <= 0:
                return

    def _skip_statement(self) -> None:
        while self._at < len(self._words):
            if self._peek() in {"(", "{"}:
                block = self._peek() == "{"
                self._skip_pair(*("{", "}") if block else ("(", ")"))
                if block:
                    return
            elif self._take(";") or self._peek() == "}":
                return
            else:
                self._at += 1


def _usable(choice: Sequence[str]) -> str | None:
    """Return what settings say of one choice of an answer; None where they cannot."""
    kind = choice[0].upper()
    if kind == "DIRECT":
        return DIRECT
    named = kind in _SCHEMES and len(choice) == 2 and _is_authority(choice[1])
    return f"{_SCHEMES[kind]}://{choice[1]}" if named else None


def _patterns(call: _Call) -> list[str] | None:
    """Return the patterns of hosts for which one of the usual functions is true; None where none
    say the same.
    """
    texts = [one for one in call.arguments if isinstance(one, str)]
    if not _is_about_host(call):
        return None
    if call.name in {"dnsDomainIs", "localHostOrDomainIs"} and len(texts) == 1:
        name = texts[0].lower().lstrip(".")
        return [name] if _is_name(name) else None
    if call.name == "isInNet" and len(texts) == 2:
        return _network(*texts)
    if call.name == "shExpMatch" and len(texts) == 1:
        return _of_stars(texts[0].lower())
    return None


def _is_about_host(call: _Call) -> bool:
    """Return whether a call looks at the host, or at the network of its address."""
    about = call.arguments[0] if call.arguments else None
    if isinstance(about, _Call) and about.name == "dnsResolve" and call.name == "isInNet":
        about = about.arguments[0] if about.arguments else None
    return isinstance(about, Word) and about.text == "host"


def _is_here(pattern: str) -> bool:
    """Return whether a pattern is for this machine itself, which no setting sends to a proxy."""
    return is_loopback(pattern.partition("/")[0])


def _of_stars(pattern: str) -> list[str] | None:
    if pattern == "*":
        return ["*"]
    octets = pattern.removesuffix("*").rstrip(".").split(".")
    if pattern.endswith(".*") and len(octets) < 4 and all(map(_is_octet, octets)):
        return [f"{'.'.join(octets + ['0'] * (4 - len(octets)))}/{8 * len(octets)}"]
    name = pattern.removeprefix("*.") if pattern.startswith("*.") else pattern
    return [name] if _is_name(name) else None


def _is_octet(text: str) -> bool:
    return text.isascii() and text.isdigit() and len(text) < 4 and int(text) < 256


def _network(address: str, mask: str) -> list[str] | None:
    try:
        return [str(ipaddress.ip_network(f"{address}/{mask}", strict=False))]
    except ValueError:
        return None


def _is_name(text: str) -> bool:
    """Return whether a text is a host's name and nothing more."""
    plain = text.replace("-", "").replace("_", "").replace(".", "")
    return 0 < len(text) < 254 and plain.isascii() and plain.isalnum()


def _is_authority(text: str) -> bool:
    host, _, port = text.rpartition(":")
    named = host or port
    return _is_name(named) and (not host or (port.isascii() and port.isdigit() and len(port) < 6))
