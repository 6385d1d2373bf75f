"""The life of an exchange: what may happen when is one table, and nothing happens beside it."""

import ast
import asyncio
import contextlib
from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.attribution import UNATTRIBUTED
from core.classification import Category, Classification, Destination
from core.decision import Decision, HoldOutcome, Verdict
from core.errors import EvidenceError
from core.exchange import Exchange
from core.ids import utc_now
from examples import most
from proxy.drawing import page
from proxy.life_cycle import (
    ANY_WAY,
    ENDS,
    ROWS,
    STEPS,
    Event,
    OrderError,
    Proof,
    State,
    Way,
    way_of,
)
from proxy.transaction import Acknowledgement, Transaction

ROOT = Path(__file__).resolve().parents[2]
ALLOWED = Decision(verdict=Verdict.ALLOW)
BLOCKED = Decision(verdict=Verdict.BLOCK, rule="no", reason="It is not allowed.")
ASKED = Decision(verdict=Verdict.HOLD, rule="ask", reason="A person decides.")
CHANGED = Decision(verdict=Verdict.REDACT, rule="r", redact_kinds=frozenset({"secret"}))
SEEN = Classification(
    destination=Destination(
        scheme="https",
        host="files.example",
        port=443,
        path="/",
        service=None,
        category=Category.OTHER,
    )
)
EXCHANGE = Exchange(
    id="a", at=utc_now(), scheme="https", host="files.example", port=443, method="POST", path="/"
)

type Act = Callable[[Transaction], None]


@pytest.fixture(scope="module")
def loop() -> Iterator[asyncio.AbstractEventLoop]:
    loop = asyncio.new_event_loop()
    yield loop
    loop.close()


def word(loop: asyncio.AbstractEventLoop, *said: EvidenceError | None) -> Acknowledgement:
    """Return what the writer says of some evidence; without `said`, it has not said it yet."""
    acknowledgement: Acknowledgement = loop.create_future()
    for outcome in said:
        acknowledgement.set_result(outcome)
    return acknowledgement


def acts(
    loop: asyncio.AbstractEventLoop, decision: Decision, ack: Acknowledgement
) -> dict[Event, Act]:
    """Return how each event of the table is asked for."""
    known = EXCHANGE, UNATTRIBUTED, SEEN
    return {
        Event.ANSWER_HERE: lambda t: t.answer_here(),
        Event.DECIDE: lambda t: t.decide(*known, decision),
        Event.FALL_BACK: lambda t: t.fall_back(decision),
        Event.KEEP: lambda t: t.keep(),
        Event.READ: lambda t: t.read(decision),
        Event.HOLD: lambda t: t.hold("key", 20.0),
        Event.RECALL: lambda t: t.recall("officer"),
        Event.WAIT: lambda t: t.wait(),
        Event.HEAR: lambda t: t.hear(HoldOutcome.APPROVED, "approved by officer", "Yes."),
        Event.REDACT: lambda t: t.redact({"<SECRET_1>": "x"}),
        Event.JOURNAL: lambda t: t.journal(ack),
        Event.PASS_ON: lambda t: t.pass_on(),
        Event.REVISE: lambda t: t.revise(decision),
        Event.ANSWER: lambda t: t.answer(),
        Event.STREAM: lambda t: t.stream(),
        Event.CONVERSE: lambda t: t.converse(),
        Event.REFUSE: lambda t: t.refuse(),
        Event.CUT: lambda t: t.cut("cut", decision),
        Event.FAIL: lambda t: t.fail(decision),
        Event.DESCRIBE: lambda t: t.describe(*known),
        Event.OBSERVE: lambda t: t.observe(),
        Event.ABANDON: lambda t: t.abandon(decision),
        Event.CLOSE: lambda t: t.close(ack),
        Event.DELIVER: lambda t: t.deliver(),
    }


def snapshot(transaction: Transaction) -> tuple[object, ...]:
    """Return all that a transaction holds."""
    return tuple(
        list(value) if isinstance(value, list) else value
        for value in (getattr(transaction, name) for name in Transaction.__slots__)
    )


def expected(transaction: Transaction, event: Event, decision: Decision) -> bool:
    """Return whether the table, read by hand, lets this happen now."""
    row = next((r for r in ROWS if r.event is event and transaction.state in r.origins), None)
    if row is None:
        return False
    needed = row.needs
    if event is Event.PASS_ON and transaction.strict:
        needed = Proof.DURABLE
    if needed is not Proof.NONE and transaction.proof < needed:
        return False
    if row.by == ANY_WAY:
        return True
    return way_of(decision if event is Event.REVISE else transaction.decision) in row.by


def test_every_event_has_a_method_and_every_method_that_moves_is_an_event() -> None:
    """What can happen to an exchange and what is in the table are the same list."""
    assert all(callable(getattr(Transaction, event.value)) for event in Event)
    assert {row.event for row in ROWS} == set(Event)


def test_no_row_contradicts_another() -> None:
    """The table gives one answer for each event in each state."""
    pairs = [(row.event, origin) for row in ROWS for origin in row.origins]
    assert len(pairs) == len(set(pairs))


def reachable(start: Iterable[State]) -> set[State]:
    found, fresh = set(start), set(start)
    while fresh:
        fresh = {steps[s].to for steps in STEPS.values() for s in fresh if s in steps} - found
        found |= fresh
    return found


def test_every_state_is_reached_and_every_life_ends() -> None:
    """There is a way into every state from the first, and a way to an end out of every one."""
    assert reachable([State.OPEN]) == set(State)
    assert all(reachable([state]) & ENDS for state in State)
    assert all(not reachable([state]) - {state} for state in ENDS)


@pytest.mark.parametrize("state", [s for s in State if s not in {*ENDS, State.FAILED}])
def test_a_failure_of_the_gate_may_come_at_any_time(state: State) -> None:
    """Wherever an exchange is, the gate can fail on it, and that is no second failure."""
    assert STEPS[Event.FAIL][state].to is State.FAILED


def test_nothing_leads_to_passing_but_the_journal() -> None:
    """There is one door out, and evidence stands before it."""
    doors = {
        (event, origin)
        for event, steps in STEPS.items()
        for origin, step in steps.items()
        if step.to is State.PASSING and origin is not State.PASSING
    }
    assert doors == {(Event.PASS_ON, State.JOURNALLED)}
    assert STEPS[Event.PASS_ON][State.JOURNALLED].needs is Proof.HANDED
    for event in (Event.DELIVER, Event.STREAM, Event.CONVERSE, Event.WAIT):
        assert {step.needs for step in STEPS[event].values()} == {Proof.DURABLE}


@settings(max_examples=most(400), deadline=None)
@given(data=st.data(), strict=st.booleans())
def test_any_order_of_events_is_either_in_the_table_or_refused(
    data: st.DataObject, strict: bool
) -> None:
    """Mixed up as events may be, each is legal with the outcome of the table, or changes nothing.

    What is not legal is an error that names it; nothing ever passes undecided, refused or without
    evidence.
    """
    loop = asyncio.new_event_loop()
    with contextlib.closing(loop):
        transaction = Transaction("a", strict=strict)
        closed = 0
        for _ in range(data.draw(st.integers(1, 14))):
            legal = [e for e in Event if transaction.state in STEPS[e]]
            event = data.draw(st.sampled_from(legal * 3 + list(Event)))
            decision = data.draw(st.sampled_from([ALLOWED, BLOCKED, ASKED, CHANGED]))
            said = data.draw(st.sampled_from([(), (None,), (EvidenceError("full"),)]))
            may = expected(transaction, event, decision)
            before, state = snapshot(transaction), transaction.state
            ack = word(loop, *said)
            if may:
                acts(loop, decision, ack)[event](transaction)
                assert transaction.state is STEPS[event][state].to
                closed += event is Event.CLOSE
            else:
                with pytest.raises(OrderError, match=event.value) as wrong:
                    acts(loop, decision, ack)[event](transaction)
                assert state.value in str(wrong.value)
                assert snapshot(transaction) == before
            if may and event is Event.PASS_ON:
                assert transaction.decision.left
                assert transaction.proof >= (Proof.DURABLE if strict else Proof.HANDED)
            if may and event in {Event.STREAM, Event.CONVERSE, Event.DELIVER, Event.WAIT}:
                assert transaction.proof is Proof.DURABLE
            assert closed <= 1


def decided(decision: Decision = ALLOWED, *, strict: bool = False) -> Transaction:
    transaction = Transaction("a", strict=strict)
    transaction.decide(EXCHANGE, UNATTRIBUTED, SEEN, decision)
    return transaction


def test_a_request_leaves_only_after_its_evidence_is_handed_over() -> None:
    """Forgetting the evidence is an error that says so, not a request that is gone."""
    with pytest.raises(OrderError, match=r"from decided by pass_on to passing"):
        decided().pass_on()


def test_in_strict_mode_handed_over_is_not_enough(loop: asyncio.AbstractEventLoop) -> None:
    """Strict evidence is durable before anything leaves; the order is held by the value itself."""
    transaction = decided(strict=True)
    transaction.journal(word(loop))
    with pytest.raises(OrderError, match="must be durable and is handed"):
        transaction.pass_on()
    transaction.journal(word(loop, None))
    transaction.pass_on()
    assert transaction.state is State.PASSING


def test_an_answer_is_not_delivered_before_its_evidence_is_durable(
    loop: asyncio.AbstractEventLoop,
) -> None:
    """The client has its answer when the record is on the disk, and not when it is on its way."""
    for said, delivered in (((), False), ((EvidenceError("full"),), False), ((None,), True)):
        transaction = decided()
        transaction.journal()
        transaction.pass_on()
        transaction.answer()
        transaction.close(word(loop, *said))
        with contextlib.nullcontext() if delivered else pytest.raises(OrderError, match="durable"):
            transaction.deliver()


@pytest.mark.parametrize(
    ("decision", "way"), [(BLOCKED, Way.SHUT), (ASKED, Way.ASKED), (CHANGED, Way.CHANGED)]
)
def test_nothing_leaves_as_it_came_but_what_a_rule_lets_out(decision: Decision, way: Way) -> None:
    """What is refused, waits for a person or is to be redacted has no straight way out."""
    transaction = decided(decision)
    with pytest.raises(OrderError, match=f"from decided by journal .* its way is {way}"):
        transaction.journal()


def test_what_is_let_out_cannot_be_refused() -> None:
    """The decision on record and what happened cannot differ."""
    with pytest.raises(OrderError, match="its way is out"):
        decided(ALLOWED).refuse()


@pytest.mark.parametrize(
    "decision", [BLOCKED, ASKED, replace(ASKED, hold_outcome=HoldOutcome.REFUSED)]
)
def test_what_passes_does_not_go_on_under_a_decision_that_refuses(decision: Decision) -> None:
    """A stream whose decision turns is cut; it cannot go on with a refusal in its record."""
    transaction = decided()
    transaction.journal()
    transaction.pass_on()
    with pytest.raises(OrderError, match="its way is"):
        transaction.revise(decision)
    transaction.cut("cut after 5 bytes had left", decision)
    assert transaction.record().decision is decision


def test_a_held_request_waits_only_where_a_person_can_see_it(
    loop: asyncio.AbstractEventLoop,
) -> None:
    """Nobody is asked about a request that is not on the disk yet."""
    transaction = decided(ASKED)
    transaction.hold("key", 20.0)
    transaction.journal(word(loop))
    with pytest.raises(OrderError, match="must be durable"):
        transaction.wait()
    transaction.journal(word(loop, None))
    transaction.wait()
    transaction.hear(HoldOutcome.APPROVED, "approved by officer", "Yes.")
    assert transaction.leaves
    assert transaction.record().decision.hold_key == "key"


def test_what_was_not_decided_cannot_be_asked_for() -> None:
    """There is no decision, sender or content of an exchange before there is one."""
    for name in ("exchange", "sender", "classification", "decision", "leaves"):
        with pytest.raises(OrderError, match="it is open"):
            getattr(Transaction("a"), name)


def test_values_are_kept_no_longer_than_the_answer_lasts(loop: asyncio.AbstractEventLoop) -> None:
    """What placeholders stand for is forgotten with the record."""
    transaction = decided(CHANGED)
    transaction.redact({"<SECRET_1>": "TOP-SECRET"})
    transaction.journal()
    transaction.pass_on()
    assert transaction.values == {"<SECRET_1>": "TOP-SECRET"}
    transaction.close(word(loop))
    assert transaction.values == {}


def test_neither_its_words_nor_its_errors_show_payload() -> None:
    """What holds a body, placeholders and a path shows none of them."""
    exchange = replace(EXCHANGE, body=b"TOP-SECRET", path="/TOP-SECRET")
    transaction = Transaction("a")
    transaction.decide(exchange, UNATTRIBUTED, SEEN, CHANGED)
    transaction.redact({"<SECRET_1>": "TOP-SECRET"})
    with pytest.raises(OrderError) as wrong:
        transaction.deliver()
    assert "TOP-SECRET" not in repr(transaction) + str(wrong.value) + repr(wrong.value)


def test_the_page_shows_the_table() -> None:
    """docs/transaction.md is what the table draws: `python -m proxy.drawing >
    docs/transaction.md`.
    """
    assert (ROOT / "docs" / "transaction.md").read_text() == page()


def trees() -> Iterator[tuple[str, ast.Module]]:
    for path in sorted((ROOT / "proxy").rglob("*.py")):
        yield str(path.relative_to(ROOT)), ast.parse(path.read_text())


def test_a_flow_has_one_key_of_ours() -> None:
    """What an exchange is stands in its transaction; a flow's metadata leads there and holds
    nothing else."""
    users = {
        name
        for name, tree in trees()
        for node in ast.walk(tree)
        if isinstance(node, ast.Attribute) and node.attr == "metadata"
    }
    assert users == {"proxy/binding.py"}


def test_nobody_else_writes_what_a_transaction_holds() -> None:
    """Decision, exchange, sender, content and state change by its methods only, whoever asks."""
    held = {name.removeprefix("_") for name in Transaction.__slots__} - {"travel"}
    written = {
        (name, target.attr)
        for name, tree in trees()
        if name != "proxy/transaction.py"
        for node in ast.walk(tree)
        if isinstance(node, ast.Assign | ast.AugAssign | ast.AnnAssign)
        for target in (node.targets if isinstance(node, ast.Assign) else [node.target])
        if isinstance(target, ast.Attribute)
        and target.attr in held
        and not (isinstance(target.value, ast.Name) and target.value.id == "self")
    }
    # Of a connection of mitmproxy's, which has a state of its own.
    assert written == {("proxy/backpressure.py", "state")}
