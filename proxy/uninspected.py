"""What goes past the gate, or tries to, becomes a record: refused certificates, foreign protocols, direct connections."""

import asyncio
import ipaddress
import logging
import re
import time
from collections.abc import Callable, Iterable

from core.attribution import Attribution
from core.decision import Decision, Verdict
from core.exchange import Connection
from core.ports import DirectConnections
from proxy.inspection import Inspection
from proxy.tls_passthrough import asked, tunnel
from proxy.transaction import Ruling

log = logging.getLogger("outgate.gate")
EVERY_S = 10.0
"""How often the connection table is looked at, while it is."""
PYTHON_LATELY_S = 600.0
"""The table is looked at only for so long after a Python program used the gate."""
AGAIN_S = 3600.0
DAY_S = 86_400.0
UNKNOWN_HOST = "unknown destination"
_REMEMBERED = 5000
_MOST_PER_LOOK = 50
_LOOKS_LIKE_HTTP = re.compile(rb"\x16(?:\x03|$)|[A-Za-z!#$%&'*+.^_`|~-]{1,32}(?: |$)")


type Bypass = Callable[[Attribution, str, int, Connection], None]


class Once:
    """Remembers for some time what was told, a bounded number of things."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._until: dict[tuple[str, ...], float] = {}

    def first(self, key: tuple[str, ...], lasts_s: float) -> bool:
        """Return True when this was not told within the time."""
        now = self._clock()
        if self._until.get(key, now) > now:
            return False
        self._until.pop(key, None)
        self._until[key] = now + lasts_s
        if len(self._until) > _REMEMBERED:
            del self._until[next(iter(self._until))]
        return True


class Bypasses:
    """Writes the records of what was not inspected because it never came to an inspection."""

    def __init__(self, inspection: Inspection, clock: Callable[[], float] = time.monotonic) -> None:
        self._inspection = inspection
        self._clock = clock
        self._once = Once(clock)
        self._python_at: float | None = None
        self._known: set[tuple[str, str, int, str, int]] = set()

    def seen(self, sender: Attribution) -> None:
        """Note that this sender uses the gate: scripts that do not may run beside it."""
        if sender.is_python:
            self._python_at = self._clock()

    def certificate_refused(
        self, sender: Attribution, host: str, port: int, connection: Connection
    ) -> None:
        """A client ended the TLS handshake because of our certificate: nothing of it left, nothing was read."""
        _, exception = asked(self._inspection, sender, (host, port))
        self._record(
            sender,
            (host, port, connection),
            "tls: the client refused Outgate's certificate",
            "The client did not accept Outgate's certificate, so the connection failed and nothing was inspected."
            + ("" if exception is None or exception.verdict.passes else f" {exception.reason}"),
            AGAIN_S,
        )

    def not_http(self, sender: Attribution, host: str, port: int, connection: Connection) -> None:
        """A tunnel carries something that is not HTTP: it is refused, unread."""
        self._record(
            sender,
            (host, port, connection),
            "protocol: what was sent is not HTTP",
            "A tunnel was opened for something that is not HTTP; it was refused and could not be inspected.",
            AGAIN_S,
        )

    def direct(self, sender: Attribution, connection: Connection) -> None:
        """A Python process talks to the internet without the gate."""
        self._record(
            sender,
            (connection.gate_host, connection.gate_port, connection),
            "bypass: a direct connection past the gate",
            "A Python program is connected directly, past Outgate; nothing of what it sends there is inspected.",
            DAY_S,
        )

    def datagrams(self, sender: Attribution, connection: Connection) -> None:
        """A Python process talks to the internet by UDP, which no proxy of this kind can carry."""
        if connection.gate_host:
            told = "is sending datagrams to a server's HTTPS port (HTTP/3, also called QUIC)"
        else:
            told = "has loaded a library for HTTP/3 (QUIC) and is ready to send; where to cannot be seen"
        self._record(
            sender,
            (connection.gate_host or UNKNOWN_HOST, connection.gate_port or 443, connection),
            "bypass: HTTP/3 past the gate",
            f"A Python program {told}, past Outgate; nothing of what it sends there is inspected.",
            DAY_S,
        )

    async def watch(self, table: DirectConnections, every_s: float = EVERY_S) -> None:
        """Look at the connection table from time to time while Python programs use the gate. Runs until cancelled."""
        while True:
            await asyncio.sleep(every_s)
            if self._python_at is not None and self._clock() - self._python_at < PYTHON_LATELY_S:
                try:
                    await self.look(table)
                except Exception as error:  # noqa: BLE001 - boundary: the gate serves on, and the next look tries again
                    log.error("the connection table could not be read: %s", type(error).__name__)

    async def look(self, table: DirectConnections) -> None:
        """Look once: each connection is asked about once in its life."""
        listed = await asyncio.to_thread(table.established)
        found = {_ends(c): c for c in listed if not c.gate_host or _is_outside(c.gate_host)}
        fresh = [connection for ends, connection in found.items() if ends not in self._known][
            :_MOST_PER_LOOK
        ]
        self._known &= found.keys()
        self._known.update(map(_ends, fresh))
        for connection in fresh:
            sender = await asyncio.to_thread(
                self._inspection.parts.attributor.attribute, connection
            )
            self._inspection.parts.attributor.forget(connection)
            if not sender.is_python:
                continue
            if connection.transport == "tcp":
                self.direct(sender, connection)
            elif connection.gate_host != "" or await asyncio.to_thread(_speaks_quic, table, sender):
                self.datagrams(sender, connection)

    def _record(
        self,
        sender: Attribution,
        to: tuple[str, int, Connection],
        stage: str,
        reason: str,
        lasts_s: float,
    ) -> None:
        host, port, _ = to
        if not self._once.first((*_who(sender), host, str(port), stage), lasts_s):
            return
        exchange = tunnel(self._inspection, (host, port))
        policy = self._inspection.parts.policy
        decision = Decision(
            verdict=Verdict.WATCH,
            reason=reason,
            degraded=(stage,),
            policy=policy.version,
            contact=policy.organisation.contact,
        )
        ruling: Ruling = self._inspection.undecided(exchange, sender, decision)
        self._inspection.close(ruling, None)


def looks_like_http(data: bytes) -> bool:
    """Return False when the first bytes of a connection are neither TLS nor an HTTP request."""
    return not data or _LOOKS_LIKE_HTTP.match(data) is not None


def _who(sender: Attribution) -> Iterable[str]:
    if sender.script is not None:
        return sender.script.path or "", sender.script.name, sender.script.sha256 or ""
    return sender.process.exe or sender.process.name if sender.process is not None else "", "", ""


def _speaks_quic(table: DirectConnections, sender: Attribution) -> bool:
    return sender.process is not None and table.speaks_quic(sender.process.pid)


def _ends(connection: Connection) -> tuple[str, str, int, str, int]:
    ends = (
        connection.client_host,
        connection.client_port,
        connection.gate_host,
        connection.gate_port,
    )
    return connection.transport, *ends


def _is_outside(address: str) -> bool:
    try:
        parsed = ipaddress.ip_address(address)
    except ValueError:
        return False
    if isinstance(parsed, ipaddress.IPv6Address) and parsed.ipv4_mapped is not None:
        parsed = parsed.ipv4_mapped
    return not (parsed.is_loopback or parsed.is_unspecified or parsed.is_link_local)
