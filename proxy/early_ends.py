"""Exchanges that end in the middle: the client leaves, the server breaks off, the gate is told to
stop. Each has its one record, which says how much of it had left.
"""

import asyncio
from collections.abc import Callable
from dataclasses import replace

from mitmproxy import http

from core.decision import Decision, Verdict
from core.duties import Duty
from core.fate import (
    ANSWERED_EARLY_NOTE,
    BROKEN_OFF_NOTE,
    CUT_NOTE,
    FAULT_NOTE,
    STOPPED_NOTE,
    UNFINISHED_NOTE,
)
from core.vocabulary.sizes import counted, number
from proxy.backpressure import (
    ARRIVES_S,
    behind_its_answer,
    let_arrive,
    look_again,
    unsure_of,
    untaken_of,
)
from proxy.boundaries import courtesy
from proxy.client_certificates import ClientCertificates
from proxy.conversation import GOING_AWAY
from proxy.far_side import was_reached
from proxy.fault_causes import Broken, why_broken
from proxy.inspection import Inspection
from proxy.life_cycle import NOT_OUT
from proxy.transaction import Transaction
from proxy.translate import content_of, exchange_of
from proxy.travel import PastTap

_LEAVING = "Outgate is stopping: connect again"


class EarlyEnds:
    """Knows what is under way, and ends what does not come to its own end. For the event loop."""

    def __init__(self, inspection: Inspection) -> None:
        self._inspection = inspection
        self._under_way: dict[str, tuple[http.HTTPFlow, Transaction]] = {}

    def begun(self, flow: http.HTTPFlow, transaction: Transaction) -> None:
        """This is under way."""
        self._under_way[transaction.reference] = flow, transaction

    def over(self, transaction: Transaction) -> None:
        """This is not any more: what is held of its body is let go, or is about to be."""
        self._under_way.pop(transaction.reference, None)
        transaction.travel.share.give_back()

    async def broke(self, flow: http.HTTPFlow, transaction: Transaction, why: Broken) -> None:
        """The exchange broke off: the record says how far it got."""
        transaction.travel.discard()
        if transaction.passing or transaction.answering:
            await let_arrive(flow, _now() + ARRIVES_S)
        if transaction.over or transaction.failed:
            return
        _tell_what_was_lost(flow, transaction, untaken_of(flow))
        if transaction.state in NOT_OUT:
            await self._inspection.sender(transaction)
            self._unfinished(flow, transaction, _how_far(transaction))
            return
        reader, content = transaction.travel.reader, content_of(flow)
        if reader is None:
            for note in why.no_answer:
                transaction.note(note)
            self._inspection.close(transaction, None)
        else:
            for note in () if reader.ended else why.cut:
                transaction.note(note)
            await self._inspection.answered(transaction, reader, content)

    async def late(self, flow: http.HTTPFlow, transaction: Transaction) -> None:
        """No more leaves of a request whose answer was over before it: its record can be handed
        over.
        """
        travel = transaction.travel
        async with courtesy(Duty.HAND_OVER):
            await let_arrive(flow, _now() + ARRIVES_S)
            if not transaction.over and travel.reader is not None and travel.late is not None:
                _tell_what_was_lost(flow, transaction, untaken_of(flow))
                await self._inspection.answered(transaction, travel.reader, travel.late)
        travel.late = None
        self.over(transaction)

    async def leave(self, may_be_left: Callable[[str], bool]) -> None:
        """The gate is about to stop: end each WebSocket on a connection that may be left, for it
        has no end of its own. Both sides are told, and its client connects anew.
        """
        for flow, transaction in tuple(self._under_way.values()):
            conversation = transaction.travel.conversation
            if conversation is None or conversation.ending is not None:
                continue
            if transaction.answering and may_be_left(flow.client_conn.id):
                transaction.note(STOPPED_NOTE)
                conversation.end(_LEAVING, GOING_AWAY)
                await look_again(flow)

    async def let_arrive(self) -> None:
        """The gate is about to stop: what has left comes there, or is known not to have."""
        until = _now() + ARRIVES_S
        for flow, transaction in tuple(self._under_way.values()):
            if transaction.passing or transaction.answering:
                await let_arrive(flow, until)

    def stop(self) -> None:
        """The gate stops: whatever is under way goes no further, and is on record as that."""
        under_way, self._under_way = self._under_way, {}
        for flow, transaction in under_way.values():
            with courtesy(Duty.HAND_OVER):
                self._stopped(flow, transaction)

    def faulty(self, connection_id: str, reference: str) -> None:
        """The gate failed on what came on a connection: so ends what is under way there."""
        for flow, transaction in tuple(self._under_way.values()):
            if flow.client_conn.id == connection_id:
                self.over(transaction)
                with courtesy(Duty.HAND_OVER):
                    self._stopped(flow, transaction, FAULT_NOTE.format(reference))

    def _stopped(
        self, flow: http.HTTPFlow, transaction: Transaction, why: str = STOPPED_NOTE
    ) -> None:
        transaction.travel.discard()
        if transaction.over or transaction.failed:
            return
        with courtesy(Duty.HAND_OVER):
            _tell_what_was_lost(flow, transaction, unsure_of(flow))
        reader = transaction.travel.reader
        if transaction.state in NOT_OUT:
            self._inspection.sender_now(transaction)
            self._unfinished(flow, transaction, why)
        elif reader is None:
            transaction.note(why)
            self._inspection.close(transaction, None)
        elif (held := transaction.travel.late) is not None:
            transaction.note(why)
            self._inspection.close(transaction, reader.answer(held), reader.tap)
        else:
            transaction.note(CUT_NOTE)
            transaction.note(why)
            self._inspection.close(transaction, reader.answer(content_of(flow)), reader.tap)

    def _unfinished(self, flow: http.HTTPFlow, transaction: Transaction, why: str) -> None:
        """It ended before it could leave: its record says so, and how much of it had come."""
        inspection, came = self._inspection, transaction.travel.came
        policy = inspection.parts.policy.version
        transaction.abandon(Decision(verdict=Verdict.WATCH, policy=policy))
        if not transaction.known:
            unread = exchange_of(flow, transaction, body=b"", body_bytes=came)
            inspection.describe(transaction, replace(unread, complete=False))
        elif came and not transaction.exchange.complete:
            transaction.left(came, whole=False)
        transaction.note(UNFINISHED_NOTE)
        transaction.note(why)
        inspection.close(transaction, None)


def _now() -> float:
    return asyncio.get_running_loop().time()


def why_of(
    flow: http.HTTPFlow, transaction: Transaction, certificates: ClientCertificates
) -> Broken:
    """Return why an exchange broke off, as its flow and its connections tell it."""
    said = flow.server_conn.error or (flow.error.msg if flow.error else "")
    return why_broken(
        certificates.meant(flow.client_conn.id, said),
        reached=was_reached(flow) or not transaction.passing,
        proxied=flow.server_conn.via is not None,
        of_the_end=not certificates.is_proxys(flow),
        client_left=not flow.client_conn.connected,
    )


def _tell_what_was_lost(flow: http.HTTPFlow, transaction: Transaction, lost: int | None) -> None:
    """Have the record of a body that was not answered, or did not come to its end, tell what the
    server is known to have where so much did not reach it.
    """
    travel = transaction.travel
    if isinstance(travel.body, PastTap):
        if travel.reader is None or not transaction.exchange.complete:
            travel.body.tap.broken(lost)
    elif (transaction.passing or transaction.answering) and was_reached(flow):
        _tell_what_arrived(flow, transaction, lost, BROKEN_OFF_NOTE)


def tell_what_was_answered(flow: http.HTTPFlow, transaction: Transaction) -> None:
    """An answer is over. Where its server did not wait for the end of a body that was read before
    any of it left, have the record tell how much of it the server is known to have.
    """
    if transaction.exchange.body_bytes and not isinstance(transaction.travel.body, PastTap):
        lost = behind_its_answer(flow)
        _tell_what_arrived(flow, transaction, lost, ANSWERED_EARLY_NOTE)


def _tell_what_arrived(
    flow: http.HTTPFlow, transaction: Transaction, lost: int | None, why: str
) -> None:
    """Have the record of a body that was read to its end before any of it left tell so many bytes
    as the server is known to have: none where nobody knows.
    """
    size = transaction.exchange.body_bytes
    if size and lost != 0:
        body = flow.request.raw_content if flow.websocket is None else None  # else: its messages
        written = size if body is None else len(body)
        taken = 0 if lost is None else max(0, min(size, written) - lost)
        transaction.left(taken, whole=True)
        transaction.note(why)
        transaction.note(f"{counted(size, 'byte')} were let out, and all of them were read before")


def _how_far(transaction: Transaction) -> str:
    """Return how much of a request had come when its client left."""
    came, size = transaction.travel.came, transaction.travel.stated_size
    of = counted(came, "byte") if size is None else f"{number(came)} of {counted(size, 'byte')}"
    return f"the client left when {of} of its body had come"
