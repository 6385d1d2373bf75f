"""Connections out of a seal that are not HTTP: named, decided by where they go, counted, unread."""

from dataclasses import replace

from core.attribution import Attribution
from core.decision import Decision
from core.exchange import Exchange
from core.findings import PASS_THROUGH, Finding, not_inspected
from core.vocabulary.protocols import WORDS
from proxy.inspection import Inspection
from proxy.sealed.opening import Foreign
from proxy.tls_passthrough import Passage, Passages, asked, tunnel
from proxy.uploads import settled


class ForeignConnections:
    """Asks policy about each, and keeps the record of what passes."""

    def __init__(self, inspection: Inspection, passages: Passages) -> None:
        self._inspection = inspection
        self._passages = passages

    async def consider(self, foreign: Foreign) -> bool:
        """Let it pass where policy does, its evidence durable before; True when it may. What may
        not is on record as well.
        """
        inspection = self._inspection
        address = await inspection.locate(foreign.connection, *foreign.target)
        sender = await inspection.senders.at_opening(foreign.connection)
        await inspection.met(sender)
        exchange, decision = self._decided(foreign, sender, address)
        if not decision.verdict.passes:
            inspection.observed(exchange, sender, decision, (_unread(foreign),))
            return False
        transaction = await inspection.pass_unread(exchange, sender, decision, _unread(foreign))
        foreign.passage = Passage(inspection, transaction)
        self._passages.add(foreign.connection, foreign.passage)
        return True

    def _decided(
        self, foreign: Foreign, sender: Attribution, address: str | None
    ) -> tuple[Exchange, Decision]:
        deciding = self._inspection.deciding
        exchange = tunnel(deciding, foreign.target, address)
        _, exempted = asked(deciding, sender, foreign.target, address)
        exchange = replace(exchange, scheme=foreign.protocol)
        if exempted is not None and exempted.verdict.passes:
            return exchange, exempted
        seen = replace(deciding.on_headers(exchange), findings=(_unread(foreign),))
        return exchange, settled(deciding.decide(exchange, sender, seen))


def _unread(foreign: Foreign) -> Finding:
    words = WORDS.get(foreign.protocol, foreign.protocol)
    told = "by its port, for nobody had spoken yet" if foreign.silent else "by its first bytes"
    return not_inspected(f"it is not HTTP: {words}, told {told}", PASS_THROUGH, ("connection",))
