"""What never came to an inspection becomes a record all the same, once for each run of a program.

A refused certificate, a foreign protocol, a connection or datagrams past the gate: nothing of them
was read, and the record says so.
"""

import time
from collections.abc import Callable, Hashable, Iterable
from dataclasses import replace

from core.attribution import Attribution
from core.decision import Decision, Verdict
from core.exchange import Connection
from core.fate import DATAGRAMS, HALF_HEAD, NOT_FOUND, UNANSWERED
from core.vocabulary.protocols import NO_PORT, UNKNOWN, port_words
from core.vocabulary.sizes import counted
from proxy.collecting import unwaited
from proxy.inspection import Inspection
from proxy.lost_runs import LostRun
from proxy.tls_passthrough import asked, tunnel

AGAIN_S = 60.0
"""A program that keeps trying is on record so often; the next run of it at once."""
DAY_S = 86_400.0
UNKNOWN_HOST = "unknown destination"
_REMEMBERED = 5000
_ANY, _UNTOLD = "any script", "a script that could not be told"
_HTTPS = 443
_TCP, _UDP, _DNS, _HTTP = UNKNOWN, "udp", "dns", "http"
"""Schemes of what was not read: what carried it, or all that was asked for."""
_HTTP3_SENT = "is sending datagrams to a server's HTTPS port (HTTP/3, also called QUIC)"
_HTTP3_READY = (
    "has loaded a library for HTTP/3 (QUIC) and is ready to send; where to cannot be seen"
)

type Told = Callable[[Attribution, str, int], None]
"""Notes what a sender wanted of a host and port, and did not get inspected."""


class Once:
    """Remembers for some time what was told, a bounded number of things."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._until: dict[tuple[Hashable, ...], float] = {}

    def first(self, key: tuple[Hashable, ...], lasts_s: float) -> bool:
        """Return True when this was not told within the time."""
        if self.knows(key):
            return False
        self.note(key, lasts_s)
        return True

    def note(self, key: tuple[Hashable, ...], lasts_s: float) -> None:
        """Remember that this was told, from now on for so long."""
        self._until.pop(key, None)
        self._until[key] = self._clock() + lasts_s
        if len(self._until) > _REMEMBERED:
            del self._until[next(iter(self._until))]

    def knows(self, key: tuple[Hashable, ...]) -> bool:
        """Return True when this was told within the time."""
        return self._until.get(key, 0.0) > self._clock()


class Uninspected:
    """Writes these records, for each run of a program at most once a minute or a day."""

    def __init__(self, inspection: Inspection, clock: Callable[[], float] = time.monotonic) -> None:
        self._inspection = inspection
        self._once = Once(clock)
        self._answered = Once(clock)
        self._lately = Once(clock)
        """Whose answers need not be noted again for now: most come by the hundred."""

    def lost(self, run: LostRun) -> None:
        """Nobody will tell how this run ended."""
        self._inspection.parts.evidence.observed(run.observation(), unwaited)

    def certificate_refused(self, sender: Attribution, host: str, port: int) -> None:
        """A client ended the TLS handshake because of our certificate: nothing of it left."""
        reason = (
            "The client did not accept Outgate's certificate, so the connection failed and "
            "nothing was inspected."
        )
        _, exception = asked(self._inspection.deciding, sender, (host, port))
        if exception is not None and not exception.verdict.passes:
            reason = f"{reason} {exception.reason}"
        stage = "tls: the client refused Outgate's certificate"
        self._record(sender, (host, port), stage, reason, AGAIN_S)

    def answered(self, sender: Attribution, host: str, port: int) -> None:
        """A client had an answer: in this run it trusts us for this host."""
        process, script = sender.process, sender.script
        if process is not None:
            by = None if script is None else (script.path, script.name, script.sha256)
            seen = (process.pid, process.started_at, process.exe, process.name, by, host, port)
            if not self._lately.first(seen, AGAIN_S):
                return
        for key in _known_as(sender):
            self._answered.note((*key, host, str(port)), DAY_S)

    def _trusts_us(self, sender: Attribution, host: str, port: int) -> bool:
        """Whether this run of a program had an answer there, be it that its script could not be
        told then, or now: a busy machine tells one connection's and not the next's.
        """
        asked = _known_as(sender)[0], (*_process_of(sender), _UNTOLD)
        return any(self._answered.knows((*key, host, str(port))) for key in asked)

    def ended_without_request(self, sender: Attribution, host: str, port: int) -> None:
        """A client took our certificate, looked at it, and went away: as pinned clients do.

        Pools of connections do so too, with one too many: whoever had an answer is not meant.
        """
        if self._trusts_us(sender, host, port):
            return
        reason = (
            "The client ended the encrypted connection without a request: most likely it accepts "
            "only a certificate that it knows, not Outgate's. Nothing was sent."
        )
        stage = "tls: the client ended the connection without a request"
        self._record(sender, (host, port), stage, reason, AGAIN_S)

    def not_http(self, sender: Attribution, host: str, port: int) -> None:
        """A tunnel carries something that is not HTTP: it is refused, unread."""
        reason = (
            "A tunnel was opened for something that is not HTTP; it was refused and could not be "
            "inspected."
        )
        stage = "protocol: what was sent is not HTTP"
        self._record(sender, (host, port), stage, reason, AGAIN_S, _TCP)

    def unreadable(self, sender: Attribution, host: str, port: int) -> None:
        """What came was no request of HTTP that can be read: it is refused."""
        reason = (
            "Something was sent that cannot be read as a request of HTTP (another protocol, an "
            "address of another kind, a head that is not in order); it was refused, and nothing of "
            "it was sent on."
        )
        stage = "protocol: what was sent cannot be read as HTTP"
        self._record(sender, (host, port), stage, reason, AGAIN_S, _TCP)

    def old_request(self, sender: Attribution, host: str, port: int) -> None:
        """A request without a version: it has no head, and what it sends cannot be told from it."""
        reason = (
            "A request of HTTP/0.9 was sent: a line without a version, which cannot be inspected. "
            "It was refused, and nothing of it was sent on."
        )
        stage = "protocol: a request of HTTP/0.9"
        self._record(sender, (host, port), stage, reason, AGAIN_S, _HTTP)

    def half_head(self, sender: Attribution, host: str, port: int, scheme: str = "https") -> None:
        """A client has left in the middle of the head of a request."""
        reason = (
            "The program ended the connection in the middle of the head of a request. Nothing was "
            "sent."
        )
        stage = f"{HALF_HEAD}: the client left before its request was whole"
        self._record(sender, (host, port), stage, reason, AGAIN_S, scheme)

    def half_plain_head(self, sender: Attribution, host: str, port: int) -> None:
        """The same, not encrypted."""
        self.half_head(sender, host, port, _HTTP)

    def asked_nothing(self, sender: Attribution, host: str, port: int) -> None:
        """A client that took our certificate has opened a connection and asked for nothing. One
        that was answered there has one too many, as pools do, and is not meant.
        """
        if self._trusts_us(sender, host, port):
            return
        reason = (
            "The program opened a connection of HTTP/2 and ended it without asking for anything: "
            "it was opened ahead of need. Nothing was sent."
        )
        stage = f"{HALF_HEAD}: the client left before it asked for anything"
        self._record(sender, (host, port), stage, reason, AGAIN_S)

    def silent(self, sender: Attribution, host: str, port: int) -> None:
        """A tunnel in which nothing was asked for: it is ended, unread."""
        reason = (
            f"A tunnel was opened ({port_words(port)}) and nothing was asked for in it, as in "
            "protocols whose server speaks first (mail, SSH, some databases). It was ended, and "
            "nothing was sent."
        )
        stage = "protocol: nothing was asked for in a tunnel"
        self._record(sender, (host, port), stage, reason, AGAIN_S, _TCP)

    def greeted(self, sender: Attribution, host: str, port: int) -> None:
        """A tunnel to a server that speaks first: it is ended, unread."""
        reason = (
            f"A tunnel was opened ({port_words(port)}) to a server that speaks first, as in mail, "
            "SSH and some databases: that is not HTTP. It was ended, and nothing was sent."
        )
        stage = "protocol: a tunnel to a server that speaks first"
        self._record(sender, (host, port), stage, reason, AGAIN_S, _TCP)

    def left_silently(self, sender: Attribution, host: str, port: int) -> None:
        """A client has left a tunnel in which it had asked for nothing. One that was answered there
        has opened a connection too many, as pools do, and is not meant.
        """
        if self._trusts_us(sender, host, port):
            return
        reason = (
            f"A tunnel was opened ({port_words(port)}), and the program left it without asking for "
            "anything: it was opened ahead of need, or for a protocol whose server speaks first. "
            "Nothing was sent."
        )
        stage = "protocol: nothing was asked for in a tunnel"
        self._record(sender, (host, port), stage, reason, AGAIN_S, _TCP)

    def direct(self, sender: Attribution, connection: Connection) -> None:
        """A program talks to the internet without the gate."""
        reason = (
            f"{_program(sender)} is connected directly ({port_words(connection.gate_port)}), past "
            "Outgate; nothing of what it sends there is inspected."
        )
        to = (connection.gate_host, connection.gate_port)
        self._record(sender, to, "bypass: a direct connection past the gate", reason, DAY_S, _TCP)

    def unanswered(self, sender: Attribution, connection: Connection) -> None:
        """A program asks for a connection without the gate, and gets no answer: as where a
        firewall drops what does not come through it.
        """
        reason = (
            f"{_program(sender)} tries to connect directly ({port_words(connection.gate_port)}), "
            "past Outgate, and has had no answer for a second; nothing was sent so far."
        )
        to = (connection.gate_host, connection.gate_port)
        stage = f"{UNANSWERED}: a connection past the gate was not answered"
        self._record(sender, to, stage, reason, DAY_S, _TCP)

    def name_not_found(self, sender: Attribution, host: str, gone: bool) -> None:
        """A program in a seal asked for a name that nobody knows, or that nobody could tell."""
        why = "no such name" if gone else "the name server did not answer"
        reason = f"{host} could not be found: {why}. Nothing was sent."
        self._record(sender, (host, NO_PORT), f"{NOT_FOUND}: {why}", reason, AGAIN_S, _DNS)

    def datagrams_refused(self, sender: Attribution, host: str, port: int, count: int) -> None:
        """A program in a seal sent so many datagrams; without a host, nobody knows where to."""
        where = f"there (UDP, {port_words(port)})" if host else "to places that are not told (UDP)"
        reason = (
            f"{_program(sender)} sent {counted(count, 'datagram')} {where}. A seal lets none out "
            "but questions for names, so nothing left."
        )
        to = (host or UNKNOWN_HOST, port)
        self._record(sender, to, f"{DATAGRAMS}: refused in a seal", reason, 0.0, _UDP)

    def datagrams(self, sender: Attribution, connection: Connection) -> None:
        """A program talks to the internet by UDP, which no proxy of this kind can carry."""
        port = connection.gate_port
        if not connection.gate_host:
            told = _HTTP3_READY
        elif port == _HTTPS:
            told = _HTTP3_SENT
        else:
            told = f"has a socket for datagrams open to there (UDP, {port_words(port)})"
        reason = (
            f"{_program(sender)} {told}, past Outgate; nothing of what it sends there is inspected."
        )
        to = (connection.gate_host or UNKNOWN_HOST, port)
        what = "HTTP/3" if told in {_HTTP3_READY, _HTTP3_SENT} else "datagrams"
        self._record(sender, to, f"bypass: {what} past the gate", reason, DAY_S, _UDP)

    def _record(
        self,
        sender: Attribution,
        to: tuple[str, int],
        stage: str,
        reason: str,
        lasts_s: float,
        scheme: str = "https",
    ) -> None:
        if not self._once.first((*_who(sender), to[0], str(to[1]), stage), lasts_s):
            return
        policy = self._inspection.parts.policy
        decision = Decision(
            verdict=Verdict.WATCH,
            reason=reason,
            degraded=(stage,),
            policy=policy.version,
            contact=policy.organisation.contact,
        )
        exchange = replace(tunnel(self._inspection.deciding, to), scheme=scheme)
        self._inspection.observed(exchange, sender, decision)


def _program(sender: Attribution) -> str:
    """Return what to call it: of a run, any program is told of."""
    return "A Python program" if sender.is_python else "A program that was started behind Outgate"


def _who(sender: Attribution) -> Iterable[str]:
    """Return what tells one run of a program from the next."""
    script = sender.script
    if script is not None:
        yield from (script.path or "", script.name, script.sha256 or "")
    yield from _process_of(sender)


def _process_of(sender: Attribution) -> Iterable[str]:
    process = sender.process
    if process is not None:
        yield from (process.exe or process.name, str(process.pid), str(process.started_at))


def _known_as(sender: Attribution) -> tuple[tuple[str, ...], ...]:
    """Return by what a run of a program is known that had an answer: by its script, and without it.
    A script that could not be told may be any.
    """
    script, process = sender.script, tuple(_process_of(sender))
    if not process:
        return (tuple(_who(sender)),)
    if script is None or not (script.path or script.sha256):
        return (*process, _ANY), (*process, _UNTOLD)
    return tuple(_who(sender)), (*process, _ANY)
