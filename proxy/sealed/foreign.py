"""Connections out of a seal that are not HTTP: named, decided by where they go, counted, unread."""

from collections.abc import Awaitable, Callable
from dataclasses import replace

from capture.names_in_clear import KEPT, names_in_clear
from capture.protocols import spoken_by_server
from core.attribution import Attribution
from core.decision import Decision, Verdict
from core.duties import Duty
from core.exchange import Exchange
from core.fate import SPOKE_OTHERWISE
from core.findings import PASS_THROUGH, Finding, not_inspected
from core.ids import utc_now, uuid7
from core.observation import Kind, Observation, Seen
from core.vocabulary.protocols import WEB, WORDS, place_words
from proxy.boundaries import courtesy
from proxy.collecting import unwaited
from proxy.inspection import Inspection
from proxy.sealed.opening import HTTP, Foreign
from proxy.silent_tunnels import SilentTunnel
from proxy.tls_passthrough import Passage, Passages, asked, tunnel
from proxy.transaction import Transaction
from proxy.uploads import settled

_BYTES, _PORT = "the connection's first bytes", "what usually listens at that port"
_CLEAR, _COUNTED, _ASKED = (
    "the connection's first bytes, in clear",
    "counted by Outgate",
    "asked for",
)


class ForeignPassage(Passage):
    """One such connection: asks again when it turns out what it speaks, and is an observation at
    its end.
    """

    def __init__(
        self, inspection: Inspection, transaction: Transaction, foreign: Foreign, *, exempted: bool
    ) -> None:
        super().__init__(inspection, transaction)
        self._target, self._protocol = foreign.target, foreign.protocol
        self._by_port = foreign.silent
        self._exempted = exempted
        self._began = utc_now()
        self._first = {True: b"", False: b""}
        """The first bytes of the client, and of the server."""

    def said(self, data: bytes, *, from_client: bool) -> None:
        """Keep a few first bytes, for names in clear."""
        kept = self._first[from_client]
        if len(kept) < KEPT:
            self._first[from_client] = kept + data[: KEPT - len(kept)]

    def spoke(self, protocol: str) -> bool:
        """Note what it speaks, and ask policy again where that is not what it was asked for."""
        super().spoke(protocol)
        self._by_port = False
        if protocol == self._protocol:
            return True
        self._protocol = protocol
        transaction, deciding = self._transaction, self._inspection.deciding
        seen = transaction.classification
        where = replace(seen.destination, scheme=protocol)
        transaction.learn(replace(seen, destination=where))
        if self._exempted:
            return True
        exchange = replace(transaction.exchange, scheme=protocol)
        known = transaction.sender, transaction.classification
        decision = settled(deciding.decide(exchange, *known))
        if protocol == HTTP:
            reason = "It spoke HTTP after all, where none of it could be read."
            decision = replace(decision, verdict=Verdict.BLOCK, reason=reason)
        elif decision.verdict.passes:
            return True
        transaction.left(self._sent, whole=False)
        transaction.cut(SPOKE_OTHERWISE, decision)
        self._inspection.close(transaction, None)
        return False

    def end(self, note: str | None = None) -> None:
        """Close the record, and tell what the connection was."""
        passed = not self._transaction.over
        super().end(note)
        if passed and (self._sent or self._received):
            with courtesy(Duty.ACTIVITY):
                self._inspection.parts.evidence.observed(self._observation(), unwaited)
        self._first.clear()

    def _observation(self) -> Observation:
        host, port = self._target
        address = self._transaction.exchange.address
        facts = {
            "protocol": Seen(value=self._protocol, how=_PORT if self._by_port else _BYTES),
            "server": Seen(value=host, how=_ASKED),
            "port": Seen(value=port, how=_ASKED),
        }
        if address is not None:
            facts["address"] = Seen(value=address, how=_ASKED)
        told = names_in_clear(self._protocol, self._first[True], self._first[False])
        facts |= {name: Seen(value=text, how=_CLEAR) for name, text in told.items()}
        facts["bytes_sent"] = Seen(value=self._sent, how=_COUNTED)
        facts["bytes_received"] = Seen(value=self._received, how=_COUNTED)
        now = utc_now()
        return Observation(
            id=uuid7(now),
            at=self._began,
            ended=now,
            kind=Kind.CONNECTION,
            about=place_words(self._protocol, host, port),
            sender=self._transaction.sender,
            facts=facts,
            notable=True,
        )


class ForeignConnections:
    """Asks policy about each, and keeps the record of what passes."""

    def __init__(
        self,
        inspection: Inspection,
        passages: Passages,
        kept: Callable[[SilentTunnel], Awaitable[bytes | None]],
    ) -> None:
        """`kept`: see SilentTunnels.kept."""
        self._inspection = inspection
        self._passages = passages
        self._kept = kept

    async def consider(self, foreign: Foreign) -> bool:
        """Let it pass where policy does, its evidence durable before; True when it may. What may
        not is on record as well; one in which nobody has said anything is kept, if it can be.
        """
        inspection = self._inspection
        address = await inspection.locate(foreign.connection, *foreign.target)
        sender = await inspection.senders.at_opening(foreign.connection)
        await inspection.met(sender)
        exchange, decision, exempted = self._decided(foreign, sender, address)
        if not decision.verdict.passes and await self._is_kept(foreign, sender, address):
            return False
        if not decision.verdict.passes:
            exchange = replace(exchange, scheme=foreign.protocol)
            inspection.observed(exchange, sender, decision, (_unread(foreign),))
            return False
        transaction = await inspection.pass_unread(exchange, sender, decision, _unread(foreign))
        foreign.passage = ForeignPassage(inspection, transaction, foreign, exempted=exempted)
        self._passages.add(foreign.connection, foreign.passage)
        return True

    async def _is_kept(self, foreign: Foreign, sender: Attribution, address: str | None) -> bool:
        """Return whether it waits for the client's first bytes: where no request may go either,
        only at a port of the web, whose clients are told why when they ask.
        """
        host, port = foreign.target
        if not foreign.silent or not (port in WEB or self._may_ask(foreign, sender, address)):
            return False
        silent = SilentTunnel(connection=foreign.connection, target=(host, port))
        heard = await self._kept(silent)
        foreign.may_wait = heard is None
        foreign.heard = heard or b""
        foreign.protocol = spoken_by_server(foreign.heard) or foreign.protocol
        return foreign.may_wait

    def _may_ask(self, foreign: Foreign, sender: Attribution, address: str | None) -> bool:
        deciding = self._inspection.deciding
        exchange = tunnel(deciding, foreign.target, address)
        return deciding.decide(exchange, sender, deciding.on_headers(exchange)).verdict.passes

    def _decided(
        self, foreign: Foreign, sender: Attribution, address: str | None
    ) -> tuple[Exchange, Decision, bool]:
        deciding = self._inspection.deciding
        exchange = tunnel(deciding, foreign.target, address)
        _, exempted = asked(deciding, sender, foreign.target, address)
        exchange = replace(exchange, scheme=foreign.protocol)
        if exempted is not None and exempted.verdict.passes:
            return exchange, exempted, True
        seen = replace(deciding.on_headers(exchange), findings=(_unread(foreign),))
        return exchange, settled(deciding.decide(exchange, sender, seen)), False


def _unread(foreign: Foreign) -> Finding:
    words = WORDS.get(foreign.protocol, foreign.protocol)
    if foreign.heard:
        told = "by what its server says first"
    elif foreign.silent:
        told = "by its port, for nobody had spoken yet"
    elif foreign.half:
        told = "by its port: the client said the beginning of a line, and waited"
    else:
        told = "by its first bytes"
    return not_inspected(f"it is not HTTP: {words}, told {told}", PASS_THROUGH, ("connection",))
